"""The built pages: files of one folder, read once, served from memory with their hash as ETag.

Names in `assets/` carry a hash of their content and may be kept for ever; the worker and the manifest
may not, or a phone would keep an old worker through a disaster.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Header, Response

from api.http.errors import ApiError

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webmanifest": "application/manifest+json",
    ".json": "application/json",
}
# What the console's pages ask for where it was built; they work without.
CONSOLE_SCRIPT = "console.js"
PASSKEY_SCRIPT = "passkey.js"
DUTY_SCRIPT = "duty.js"
FRESH_SCRIPT = "fresh.js"
OFFICER_WORKER = "officer-sw.js"
_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"


@dataclass(frozen=True, slots=True)
class _File:
    content: bytes
    media_type: str
    etag: str
    caching: str


def web_routes(folder: Path) -> APIRouter:
    """Return the routes over the files in *folder*; raises FileNotFoundError when it was not built."""
    if not (folder / "sw.js").is_file():
        raise FileNotFoundError(f"{folder} has no sw.js: build the pages with `make web`")
    answer, router = _answers(folder), APIRouter()

    @router.get("/signup", include_in_schema=False)
    def signup(if_none_match: Annotated[str, Header()] = "") -> Response:
        return answer("signup.html", if_none_match)

    @router.get("/map", include_in_schema=False)
    def here_and_now(if_none_match: Annotated[str, Header()] = "") -> Response:
        # Which place is asked about stands behind the #, which no browser sends.
        return answer("now.html", if_none_match)

    @router.get("/sw.js", include_in_schema=False)
    def worker(if_none_match: Annotated[str, Header()] = "") -> Response:
        # At the root, because a worker governs only what lies below its own address.
        return answer("sw.js", if_none_match)

    @router.get("/drill-sw.js", include_in_schema=False)
    def drill_worker(if_none_match: Annotated[str, Header()] = "") -> Response:
        return answer("drill-sw.js", if_none_match)

    @router.get("/manifest.webmanifest", include_in_schema=False)
    def manifest(if_none_match: Annotated[str, Header()] = "") -> Response:
        return answer("manifest.webmanifest", if_none_match)

    router.include_router(_assets(answer))
    return router


def asset_routes(folder: Path) -> APIRouter:
    """Return the routes over the files alone, for pages that the server writes itself, and their worker."""
    answer = _answers(folder)
    router = _assets(answer)

    @router.get("/duty/worker.js", include_in_schema=False)
    def worker(if_none_match: Annotated[str, Header()] = "") -> Response:
        found = answer(OFFICER_WORKER, if_none_match)
        found.headers["service-worker-allowed"] = "/"
        return found

    return router


def has_console(folder: Path) -> bool:
    """Say whether the console's script was built into *folder*."""
    return (folder / CONSOLE_SCRIPT).is_file()


def _assets(answer: Callable[[str, str], Response]) -> APIRouter:
    router = APIRouter()

    @router.get("/web/{path:path}", include_in_schema=False)
    def asset(path: str, if_none_match: Annotated[str, Header()] = "") -> Response:
        return answer(path, if_none_match)

    return router


def _answers(folder: Path) -> Callable[[str, str], Response]:
    files = {path.relative_to(folder).as_posix(): _read(path) for path in folder.rglob("*") if path.suffix in _TYPES}

    def answer(name: str, known: str) -> Response:
        file = files.get(name)
        if file is None:
            raise ApiError(404, "not-found", "There is no such page")
        headers = {"etag": file.etag, "cache-control": file.caching}
        if file.etag in known:
            return Response(status_code=304, headers=headers)
        return Response(file.content, headers=headers, media_type=file.media_type)

    return answer


def _read(path: Path) -> _File:
    content = path.read_bytes()
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    return _File(content, _TYPES[path.suffix], etag, _FOR_EVER if path.parent.name == "assets" else _ASK_AGAIN)
