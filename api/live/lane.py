"""The short way: what is ready as bytes is answered before any routing.

In a rush nearly every question is one of these. Parsing parameters and compressing cost ten times as much as
the answer itself; whatever has no ready answer goes on to the routes, which say what is wrong with it.
"""

from collections.abc import Callable
from dataclasses import dataclass

from starlette.types import ASGIApp, Receive, Scope, Send

from api.live.board import LiveBoard
from api.live.body import Body
from api.live.facts import Section
from api.reader import Freshness

# A shared cache may answer a rush with a copy that is at most this old, and go on with it when we are gone.
FRESH_SECONDS = 5
CACHE_CONTROL = f"public, max-age={FRESH_SECONDS}, stale-if-error=86400"

Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class _Template:
    """Stands in for the route that would have answered, so that the answer is counted under its template."""

    path: str


@dataclass(frozen=True, slots=True)
class _Ready:
    body: Body
    plain: Headers
    gzipped: Headers
    known: Headers
    template: _Template


class Lane:
    """Answer what is ready, and pass on everything else."""

    def __init__(self, app: ASGIApp, *, board: LiveBoard, freshness: Callable[[], Freshness]) -> None:
        self._app = app
        self._board = board
        self._freshness = freshness
        self._ready: dict[str, _Ready] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        body = self._board.answers.bodies.get(scope["path"]) if scope["type"] == "http" else None
        fresh = self._freshness()
        if body is None or scope["method"] != "GET" or not fresh.ready:
            await self._app(scope, receive, send)
            return
        ready = self._prepared(scope["path"], body)
        scope["route"] = ready.template
        known, encodings = _asked(scope["headers"])
        age = [(b"age", b"%d" % fresh.age_seconds)] if fresh.age_seconds is not None else []
        if known.strip() == b"*" or body.etag.encode() in known:
            await _send(send, 304, ready.known + age, b"")
        elif body.gzipped is not None and b"gzip" in encodings:
            await _send(send, 200, ready.gzipped + age, body.gzipped)
        else:
            await _send(send, 200, ready.plain + age, body.raw)

    def _prepared(self, path: str, body: Body) -> _Ready:
        ready = self._ready.get(path)
        if ready is None or ready.body is not body:
            ready = self._ready[path] = _prepare(path, body)
        return ready


def _prepare(path: str, body: Body) -> _Ready:
    known: Headers = [
        (b"etag", body.etag.encode()),
        (b"cache-control", CACHE_CONTROL.encode()),
        (b"vary", b"Accept-Encoding"),
    ]
    typed = [*known, (b"content-type", body.media_type.encode())]
    plain = [*typed, (b"content-length", b"%d" % len(body.raw))]
    packed = b"" if body.gzipped is None else body.gzipped
    gzipped = [*typed, (b"content-length", b"%d" % len(packed)), (b"content-encoding", b"gzip")]
    return _Ready(body, plain, gzipped, known, _Template(_template(path)))


def _template(path: str) -> str:
    if path.startswith("/here/"):
        return Section.HERE.path("{shard}")
    name = path.rpartition("/")[2]
    return f"/live/{{shard}}/{name}" if name in set(Section) else path


def _asked(headers: Headers) -> tuple[bytes, bytes]:
    known = encodings = b""
    for name, value in headers:
        if name == b"if-none-match":
            known = value
        elif name == b"accept-encoding":
            encodings = value
    return known, encodings


async def _send(send: Send, status: int, headers: Headers, content: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
