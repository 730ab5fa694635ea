"""What every answer carries, and what is counted of every request: never who asked or for what place."""

import base64
import hashlib
import time
from collections.abc import Iterable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.errors import ApiError
from api.http.metrics import ApiMetrics, Route, route_named
from api.http.problem import unexpected

# More than a report of an office (1 MiB) and than any form of ours.
MOST_BYTES = 1_100_000


def policy_for(styles: Iterable[str], *, forms: bool = False) -> str:
    """Return the Content-Security-Policy that allows exactly *styles* inline and nothing from elsewhere.

    *forms* allows forms that are sent back to where they came from.
    """
    target = "'self'" if forms else "'none'"
    hashes = " ".join(f"'sha256-{_sha256(style)}'" for style in styles)
    return (
        f"default-src 'none'; style-src 'self' {hashes}; script-src 'self'; connect-src 'self'; "
        "img-src 'self' data: blob:; worker-src 'self'; manifest-src 'self'; "
        f"base-uri 'none'; form-action {target}; frame-ancestors 'none'"
    )


def _sha256(style: str) -> str:
    return base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()


def guard_headers(policy: str, *, forms: bool = False) -> list[tuple[bytes, bytes]]:
    """Return the headers that every answer carries; *forms* where forms of ours are sent back."""
    return [
        (b"content-security-policy", policy.encode()),
        (b"x-content-type-options", b"nosniff"),
        # Under no-referrer a browser sends `Origin: null` with a form, and we could not tell ours from another's.
        (b"referrer-policy", b"same-origin" if forms else b"no-referrer"),
        (b"permissions-policy", b"geolocation=(self), camera=(), microphone=()"),
        (b"cross-origin-opener-policy", b"same-origin"),
        (b"cross-origin-resource-policy", b"same-origin"),
        # Without TLS a browser passes over it; with it there is no way back to a line that can be read on the way.
        (b"strict-transport-security", b"max-age=31536000"),
    ]


class Guard:
    """Add the security headers to every answer, count it under its route's template, and bound what is read for it."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        policy: str,
        metrics: ApiMetrics,
        forms: bool = False,
        most_bytes: int = MOST_BYTES,
        unforeseen: str = "",
    ) -> None:
        """*unforeseen* is what somebody reads whose form failed as nobody foresaw."""
        self._app = app
        self._metrics = metrics
        self._most_bytes = most_bytes
        self._unforeseen = unforeseen
        self._headers = guard_headers(policy, forms=forms)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status, read, begun = 500, 0, False

        async def bounded() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > self._most_bytes:
                # Before the rest is read: an application that asks for the whole body would have it in memory first.
                raise ApiError(413, "too-large", f"A request has at most {self._most_bytes} bytes")
            return message

        async def guarded(message: Message) -> None:
            nonlocal status, begun
            if message["type"] == "http.response.start":
                status, begun = message["status"], True
                message["headers"] = [*message.get("headers", ()), *self._headers]
            await send(message)

        try:
            await self._app(scope, bounded, guarded)
        except Exception as error:
            if begun:
                raise  # half an answer has left: the connection ends with it
            # Here and not outside: an answer to what nobody foresaw has the headers too.
            await unexpected(error, self._unforeseen if scope["method"] == "POST" else "")(scope, receive, guarded)
        finally:
            self._metrics.request(_route_of(scope), status, time.perf_counter() - started)


def _route_of(scope: Scope) -> Route:
    return route_named(getattr(scope.get("route"), "path", ""))
