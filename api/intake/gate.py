"""Shelters report themselves: a QR code opens a page for one shelter, and each press is a report (R17).

What is pressed becomes the console's document about that shelter, with the time of the press, and goes the way of
every document. A pass can speak for its own shelter and for nothing else.
"""

import logging
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated
from urllib.parse import parse_qs

from fastapi import APIRouter, Header, Request, Response

from alerts.fact import CLOCK_TOLERANCE
from alerts.shelter import OccupancyBand, ShelterState
from api.http.elsewhere import elsewhere
from api.http.errors import ApiError
from api.http.rate import RateLimit
from api.http.turns import Turns
from api.intake.app import Producing
from api.intake.gate_page import BANDS, NEEDS, SCRIPT, WORKER, done_line, gate_page
from api.intake.gate_pass import GatePass, opened
from api.officers.form import page
from feeds.console import FEED
from feeds.console_write import console_document
from streams.brokers.errors import StreamsError
from streams.ingest.acceptance import receive

log = logging.getLogger(__name__)

# A press a second by an impatient thumb is fine; a script is not.
_BURST, _PER_MINUTE = 20, 12.0
_LONGEST_FORM = 2_000
_STORED_WITHIN_SECONDS = 10.0
# What was pressed without network longer ago says nothing about now.
_OLDEST = timedelta(hours=12)
_SCRIPTS = {"cache-control": "no-cache"}


def gate_routes(
    keys: Callable[[], Mapping[str, bytes]],
    producer: Producing,
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    monotonic: Callable[[], float] = time.monotonic,
) -> APIRouter:
    """Return the routes of the shelters' pages; *keys* are those of the events that are on, asked anew each time."""
    router = APIRouter(prefix="/s")
    limit = RateLimit(_BURST, _PER_MINUTE)
    # Apart from the reports of offices: neither keeps the other waiting, nor the pages.
    turns = Turns()

    @router.get("/gate.js")
    def script() -> Response:
        return Response(SCRIPT, headers=_SCRIPTS, media_type="text/javascript; charset=utf-8")

    @router.get("/sw.js")
    def worker() -> Response:
        return Response(WORKER, headers=_SCRIPTS, media_type="text/javascript; charset=utf-8")

    @router.get("/{token}")
    def show(token: str, done: str = "") -> Response:
        gate = opened(keys(), token, now().timestamp())
        label = _labels().get(done, "")
        return page(gate_page(gate, done_line(label, now()) if label else ""))

    @router.post("/{token}")
    async def press(request: Request, token: str, accept: Annotated[str, Header()] = "") -> Response:
        gate = opened(keys(), token, now().timestamp())
        if limit.wait_seconds(f"{gate.event} {gate.shelter}", monotonic()) > 0:
            raise ApiError(429, "too-many-requests", "Too many presses; the last one counts in a minute")
        fields = await _fields(request)
        pressed = fields.get("band") or fields.get("need", "")
        raw = _document(gate, fields, now())
        await turns.take("", _store, producer, raw, gate, now())
        if "json" in accept:
            return Response('{"stored":true}', 202, media_type="application/json")
        return elsewhere(f"/s/{token}?done={pressed}")

    return router


def _labels() -> dict[str, str]:
    return {band.value: ja for band, (ja, _) in BANDS.items()} | {need: ja for need, (ja, _) in NEEDS.items()}


async def _fields(request: Request) -> dict[str, str]:
    body = await request.body()
    if len(body) > _LONGEST_FORM:
        raise ApiError(413, "form-too-long", "The form is too long")
    try:
        pairs = parse_qs(body.decode("utf-8"), max_num_fields=8, strict_parsing=bool(body))
    except ValueError:
        raise ApiError(422, "form-malformed", "The form cannot be read") from None
    return {name: values[0] for name, values in pairs.items()}


def _document(gate: GatePass, fields: Mapping[str, str], at: datetime) -> bytes:
    """Return the document of one press."""
    band, need = fields.get("band", ""), fields.get("need", "")
    if band not in set(OccupancyBand) and need not in NEEDS:
        raise ApiError(422, "nothing-pressed", "Press one of the buttons")
    pressed = _pressed_at(fields.get("at", ""), at)
    said = {"name": gate.name, "ward": gate.ward}
    if band:
        state = ShelterState.FULL if band == OccupancyBand.FULL.value else ShelterState.OPEN
        return console_document(
            "shelter", gate.shelter, by="避難所職員", at=pressed, band=band, state=state.value, **said
        )
    return console_document("shelter", gate.shelter, by="避難所職員", at=pressed, needs=(need,), **said)


def _pressed_at(written: str, now: datetime) -> datetime:
    """Return when it was pressed. A phone's clock that runs ahead is not believed; too long ago is refused."""
    if not written:
        return now
    try:
        at = datetime.fromisoformat(written)
    except ValueError:
        raise ApiError(422, "time-malformed", "The time of the press cannot be read") from None
    if at.tzinfo is None or at > now + CLOCK_TOLERANCE:
        return now
    if at < now - _OLDEST:
        raise ApiError(422, "too-old", "Pressed too long ago", "Say how it is now.")
    return at


def _store(producer: Producing, raw: bytes, gate: GatePass, at: datetime) -> None:
    try:
        name = f"gate:{gate.event}:{gate.shelter}"
        accepted = receive(producer, raw, name=name, feed=FEED, received=at)  # type: ignore[arg-type]
        accepted.stored.result(_STORED_WITHIN_SECONDS)
    except (StreamsError, TimeoutError):
        log.warning("a shelter's report was not stored", extra={"shelter": gate.shelter})
        raise ApiError(503, "not-stored", "Not known to be stored: press again") from None
    log.info("a shelter reports", extra={"shelter": gate.shelter, "event": gate.event})
