"""The short way: what is ready as bytes is answered before any routing.

In a rush nearly every question is one of these. Parsing parameters and compressing cost ten times as much as
the answer itself; whatever has no ready answer goes on to the routes, which say what is wrong with it.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from starlette.types import ASGIApp, Receive, Scope, Send

from api.http.metrics import ApiMetrics, Route, route_named
from api.http.reader import Freshness
from api.live.board import LiveBoard
from api.live.body import Body
from api.live.facts import Section

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
    # The same as bytes from the status line on, for who answers without any application.
    plain_head: bytes
    gzipped_head: bytes
    known_head: bytes
    route: Route


class Ready:
    """What is ready as bytes: by path, made anew when its body changes."""

    def __init__(self, board: LiveBoard, freshness: Callable[[], Freshness], common: Headers) -> None:
        """*common* are the headers that every answer of the process has."""
        self._board = board
        self._freshness = freshness
        self._common = common
        self._prepared: dict[str, _Ready] = {}

    def find(self, path: str) -> _Ready | None:
        """Return what is ready for *path*, if anything is."""
        body = self._board.answers.bodies.get(path)
        if body is None:
            return None
        ready = self._prepared.get(path)
        if ready is None or ready.body is not body:
            ready = self._prepared[path] = _prepare(path, body, self._common)
        return ready

    def freshness(self) -> Freshness:
        """Say how current it is."""
        return self._freshness()


class Lane:
    """Answer what is ready, and pass on everything else."""

    def __init__(self, app: ASGIApp, *, ready: Ready) -> None:
        self._app = app
        self._ready = ready

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        ready = self._ready.find(scope["path"]) if scope["type"] == "http" else None
        fresh = self._ready.freshness()
        if ready is None or scope["method"] != "GET" or not fresh.ready:
            await self._app(scope, receive, send)
            return
        body = ready.body
        scope["route"] = ready.template
        known, encodings = _asked(scope["headers"])
        age = [(b"age", b"%d" % fresh.age_seconds)] if fresh.age_seconds is not None else []
        if _is_known(known, body):
            await _send(send, 304, ready.known + age, b"")
        elif body.gzipped is not None and b"gzip" in encodings:
            await _send(send, 200, ready.gzipped + age, body.gzipped)
        else:
            await _send(send, 200, ready.plain + age, body.raw)


class Front:
    """Answer a whole question from its bytes; None sends it the long way, which says what is wrong with it.

    Only the plainest kind: one GET of HTTP/1.1 in one piece, without a body, for what is ready. All else a client may
    say in its headers changes nothing about the answer, or is in `_LONG_WAY`.
    """

    def __init__(self, ready: Ready, metrics: ApiMetrics) -> None:
        self._ready = ready
        self._metrics = metrics

    def __call__(self, data: bytes, default: Headers) -> bytes | None:
        """Return the answer to the question in *data*, with the server's own *default* headers."""
        began = time.perf_counter()
        if not data.startswith(b"GET /") or len(data) > _LONGEST_QUESTION or data.find(_END) != len(data) - len(_END):
            return None
        line, _, headers = data.partition(b"\r\n")
        if not line.endswith(_HTTP) or not line.isascii():
            return None
        ready = self._ready.find(line[4 : -len(_HTTP)].decode("ascii"))
        fresh = self._ready.freshness()
        lower = headers.lower()
        if ready is None or not fresh.ready or not _is_plain(lower):
            return None
        body, content = ready.body, b""
        if _is_known(_value(headers, lower, b"if-none-match:"), body):
            status, head = 304, ready.known_head
        elif body.gzipped is not None and b"gzip" in _value(headers, lower, b"accept-encoding:"):
            status, head, content = 200, ready.gzipped_head, body.gzipped
        else:
            status, head, content = 200, ready.plain_head, body.raw
        own = b"".join([b"%b: %b\r\n" % header for header in default])
        age = b"" if fresh.age_seconds is None else b"age: %d\r\n" % fresh.age_seconds
        self._metrics.request(ready.route, status, time.perf_counter() - began)
        return b"".join((head, own, age, b"\r\n", content))


_END, _HTTP = b"\r\n\r\n", b" HTTP/1.1"
_LONGEST_QUESTION = 8_192
# A body, an answer that is no plain one, or a line that goes on in the next: such a question is parsed in full.
_LONG_WAY = (b"content-length", b"transfer-encoding", b"expect:", b"upgrade:", b"\r\n ", b"\r\n\t", b"\x00")


def _is_plain(lower: bytes) -> bool:
    """Say whether nothing in the headers asks for more than an answer."""
    if any(word in lower for word in _LONG_WAY) or lower.count(b"\n") != lower.count(b"\r\n"):
        return False
    connection = _value(lower, lower, b"connection:").strip()
    return connection in (b"", b"keep-alive")


def _value(headers: bytes, lower: bytes, name: bytes) -> bytes:
    """Return what the first header *name* (with its colon) says, b"" where there is none."""
    at = 0 if lower.startswith(name) else lower.find(b"\r\n" + name) + 2
    if at == 1:
        return b""
    return headers[at + len(name) : headers.index(b"\r", at)]


def _is_known(known: bytes, body: Body) -> bool:
    return known.strip() == b"*" or body.etag.encode() in known


def _prepare(path: str, body: Body, common: Headers) -> _Ready:
    known: Headers = [
        (b"etag", body.etag.encode()),
        (b"cache-control", CACHE_CONTROL.encode()),
        (b"vary", b"Accept-Encoding"),
    ]
    typed = [*known, (b"content-type", body.media_type.encode())]
    plain = [*typed, (b"content-length", b"%d" % len(body.raw))]
    packed = b"" if body.gzipped is None else body.gzipped
    gzipped = [*typed, (b"content-length", b"%d" % len(packed)), (b"content-encoding", b"gzip")]
    template = _template(path)
    return _Ready(
        body,
        plain,
        gzipped,
        known,
        _Template(template),
        _head(b"200 OK", plain + common),
        _head(b"200 OK", gzipped + common),
        _head(b"304 Not Modified", known + common),
        route_named(template),
    )


def _head(status: bytes, headers: Headers) -> bytes:
    return b"HTTP/1.1 %b\r\n" % status + b"".join(b"%b: %b\r\n" % header for header in headers)


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
