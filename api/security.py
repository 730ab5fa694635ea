"""What every answer carries, and what is counted of every request: never who asked or for what place."""

import base64
import hashlib
import time
from collections.abc import Iterable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.metrics import ApiMetrics, Route


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


class Guard:
    """Add the security headers to every answer and count it under its route's template."""

    def __init__(self, app: ASGIApp, *, policy: str, metrics: ApiMetrics, forms: bool = False) -> None:
        self._app = app
        self._metrics = metrics
        self._headers = [
            (b"content-security-policy", policy.encode()),
            (b"x-content-type-options", b"nosniff"),
            # Under no-referrer a browser sends `Origin: null` with a form, and we could not tell ours from another's.
            (b"referrer-policy", b"same-origin" if forms else b"no-referrer"),
            (b"permissions-policy", b"geolocation=(self), camera=(), microphone=()"),
            (b"cross-origin-opener-policy", b"same-origin"),
            (b"cross-origin-resource-policy", b"same-origin"),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 500

        async def guarded(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), *self._headers]
            await send(message)

        try:
            await self._app(scope, receive, guarded)
        finally:
            self._metrics.request(_route_of(scope), status, time.perf_counter() - started)


def _route_of(scope: Scope) -> Route:
    try:
        return Route(getattr(scope.get("route"), "path", ""))
    except ValueError:
        return Route.OTHER
