"""The way in for offices: a report is pushed with a key, and "accepted" means that the broker has stored it.

A process and an origin of its own. A key belongs to one office and is good for its own documents only: it
can neither order for another ward nor say that it is the weather. Keys are kept as hashes, compared in
constant time, and there is none unless the operator made one.
"""

import hashlib
import hmac
import logging
import time
import tomllib
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Protocol

from fastapi import FastAPI, Header, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.concurrency import run_in_threadpool

from alerts.report import Report
from api.http.errors import ApiError
from api.http.metrics import ApiMetrics
from api.http.problem import answer_problems
from api.http.rate import RateLimit
from api.http.security import Guard, policy_for
from api.http.turns import Turns
from feeds.dis.document import MAX_BYTES
from feeds.errors import FeedError
from feeds.read import read
from feeds.sources import MUNICIPAL_FEEDS
from streams.brokers.client import Stored
from streams.brokers.errors import StreamsError
from streams.ingest.acceptance import receive

log = logging.getLogger(__name__)

# 32 random bytes in base64url have 43 characters; nobody types a key, so a short one is a mistake.
SHORTEST_KEY = 32
_LONGEST_KEY = 200
_MOST_KEYS = 2_000
# A system in trouble repeats itself; an office that types has a report a minute at most.
_BURST, _PER_MINUTE = 30, 60.0
_STORED_WITHIN_SECONDS = 10.0
_TYPES = ("application/json", "text/csv", "application/xml", "text/xml", "application/octet-stream")


class KeysError(ValueError):
    """Say which key of the file cannot be used, never the key itself."""


@dataclass(frozen=True, slots=True)
class IntakeKey:
    """Who may push what: *digest* is the SHA-256 of the key, *codes* are the municipalities that it speaks for."""

    name: str
    digest: bytes
    feed: str
    codes: frozenset[str]


class Producing(Protocol):
    """The part of a producer that acceptance needs."""

    def send(
        self, topic: str, key: bytes, value: bytes | None, headers: Mapping[str, bytes] | None = None
    ) -> "Future[Stored]": ...


def keys_at(path: Path) -> tuple[IntakeKey, ...]:
    """Return the keys of the TOML file at *path*: `[[key]]` with name, sha256, feed and codes."""
    try:
        plain = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise KeysError(f"{path.name}: {error}") from error
    rows = plain.get("key", [])
    if not isinstance(rows, list) or not rows or len(rows) > _MOST_KEYS:
        raise KeysError(f"{path.name}: write 1 to {_MOST_KEYS} [[key]]")
    keys = tuple(_key(row, number) for number, row in enumerate(rows, start=1))
    if len({key.digest for key in keys}) < len(keys) or len({key.name for key in keys}) < len(keys):
        raise KeysError(f"{path.name}: two keys are the same or have one name")
    return keys


def _key(row: Mapping[str, Any], number: int) -> IntakeKey:
    name, digest, feed, codes = (row.get(field) for field in ("name", "sha256", "feed", "codes"))
    place = f"key {number}"
    if not isinstance(name, str) or not name:
        raise KeysError(f"{place} has no name")
    if not isinstance(digest, str) or len(digest) != 64:
        raise KeysError(f"{place}: sha256 is the 64 hexadecimal digits of its hash, never the key itself")
    if feed not in MUNICIPAL_FEEDS:
        raise KeysError(f"{place}: feed is one of {', '.join(MUNICIPAL_FEEDS)}")
    if not isinstance(codes, list) or not codes or not all(isinstance(c, str) and len(c) == 5 for c in codes):
        raise KeysError(f"{place}: codes are the five digits of the municipalities that it speaks for")
    try:
        return IntakeKey(name, bytes.fromhex(digest), str(feed), frozenset(codes))
    except ValueError:
        raise KeysError(f"{place}: sha256 is not hexadecimal") from None


def key_of(keys: Iterable[IntakeKey], authorization: str) -> IntakeKey | None:
    """Return whose key *authorization* holds. All keys are compared, each in constant time."""
    scheme, _, key = authorization.partition(" ")
    usable = scheme.lower() == "bearer" and SHORTEST_KEY <= len(key) <= _LONGEST_KEY
    digest = hashlib.sha256(key.encode("utf-8", "replace")).digest()
    found = None
    for one in keys:
        if hmac.compare_digest(digest, one.digest) and usable:
            found = one
    return found


def intake_app(
    keys: tuple[IntakeKey, ...],
    producer: Producing,
    registry: CollectorRegistry,
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    monotonic: Callable[[], float] = time.monotonic,
    events: Callable[[], Mapping[str, bytes]] | None = None,
) -> FastAPI:
    """Return the application that takes reports and hands them to *producer*.

    With *events* (the keys of those that are on) shelters report themselves by the pass at their door.
    """
    from api.intake.gate import gate_routes
    from api.intake.gate_page import STYLE

    app = FastAPI(title="Shirase intake", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(Guard, policy=policy_for([STYLE], forms=True), metrics=ApiMetrics(registry), forms=True)
    answer_problems(app)
    if events is not None:
        app.include_router(gate_routes(events, producer, now=now, monotonic=monotonic))
    limit = RateLimit(_BURST, _PER_MINUTE)
    turns = Turns()

    @app.post("/reports", status_code=202)
    async def push(
        request: Request,
        authorization: Annotated[str, Header()] = "",
        content_type: Annotated[str, Header()] = "",
    ) -> Response:
        key = key_of(keys, authorization)
        if key is None:
            raise ApiError(401, "key-unknown", "Give the key of your office as a bearer token")
        if limit.wait_seconds(key.name, monotonic()) > 0:
            raise ApiError(429, "too-many-requests", "Too many reports at once; send this one again in a minute")
        if content_type.partition(";")[0].strip().lower() not in _TYPES:
            raise ApiError(415, "content-type", f"A report is one of {', '.join(_TYPES[:4])}")
        raw = await _body(request)
        report = await run_in_threadpool(_readable, raw, key, now())
        receipt = await turns.take("", _stored, producer, raw, key, now())
        log.info("report accepted", extra={"office": key.name, "receipt": receipt, "document": report.document[:12]})
        return Response(f'{{"receipt":"{receipt}"}}', 202, media_type="application/json")

    @app.get("/health")
    def health() -> Response:
        return Response('{"status":"ok"}', media_type="application/json")

    @app.get("/metrics")
    def metrics() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return app


async def _body(request: Request) -> bytes:
    """Return the body; more than a report may have is refused while it comes in, not afterwards."""
    raw = bytearray()
    async for piece in request.stream():
        raw += piece
        if len(raw) > MAX_BYTES:
            raise ApiError(413, "too-large", f"A report has at most {MAX_BYTES} bytes")
    return bytes(raw)


def _readable(raw: bytes, key: IntakeKey, at: datetime) -> Report:
    """Return what *raw* says; what cannot be read is refused to its sender's face and goes no further."""
    try:
        report = read(raw, name=f"push:{key.name}", received=at, feed=key.feed)
    except FeedError as error:
        log.warning("report refused", extra={"office": key.name, "reason": error.reason})
        raise ApiError(422, error.reason, "The report cannot be read", error.detail) from None
    if report.feed != key.feed or report.alert.sender not in key.codes:
        log.warning("report refused", extra={"office": key.name, "reason": "issuer-not-yours"})
        raise ApiError(403, "issuer-not-yours", "This key does not speak for the issuer of the report")
    return report


def _stored(producer: Producing, raw: bytes, key: IntakeKey, at: datetime) -> str:
    """Store *raw* and return its receipt. Where the broker does not answer, to send it again is safe."""
    try:
        accepted = receive(producer, raw, name=f"push:{key.name}", feed=key.feed, received=at)  # type: ignore[arg-type]
        accepted.stored.result(_STORED_WITHIN_SECONDS)
    except (StreamsError, TimeoutError):
        log.warning("report not stored", extra={"office": key.name})
        raise ApiError(
            503, "not-stored", "Not known to be stored: send it again", "The same bytes twice are one report."
        ) from None
    return accepted.receipt
