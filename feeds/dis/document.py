"""A municipal report in its plain form becomes a report of ours: orders as an alert, the rest as facts.

Every way in (JSON, tables, L-Alert, the supply system) ends in the same plain form, so that there is one
reading of what an office says. Orders fail closed: one that cannot be read refuses the document. Facts
are read row by row.
"""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from alerts.alert import GEOCODE_AREA_NAME, GEOCODE_CLASS20, Alert, AlertInfo, Area, Geocode
from alerts.cap import Certainty, MsgType, ResponseType, Severity, Status, Urgency
from alerts.drill import drill_words
from alerts.fact import Attribution, Confidence
from alerts.hazard import category_of
from alerts.level import Level
from alerts.order_words import ORDER_NAMES_JA
from alerts.place import LatLng
from alerts.report import Facts, Linkage, RefusedRow, Report
from feeds.dis.area_names import is_everywhere, names_meant
from feeds.dis.clock import time_of
from feeds.dis.facts import RowRefused, incident_of, road_of, shelter_of
from feeds.dis.form import first_error
from feeds.dis.words import (
    CORRECTIONS,
    HAZARDS,
    LEVELS,
    ORDER_STATES,
    STATUSES,
    TYPES,
    OrderState,
    look_up,
)
from feeds.errors import DisError

FEED = "dis"
KIND = "DIS-1"
FACTS_ONLY = "facts-only"
OWN_REPORT = "own-report"
DRILL_WORDS = "drill-words-under-actual"

TRUSTED_WAYS = frozenset({"", FEED, "l-alert", "supply", "own"})
# A table of shelters may name its municipality in words only; an order may not.
CODE_NOT_GIVEN = "00000"

# A document is stored once more as what it was read to, with all its rows; a topic's record has its limit.
MAX_BYTES = 1024 * 1024

Plain = Mapping[str, Any]
_T = TypeVar("_T")


def issuer_code(code: str) -> str:
    """Return the five digits of a municipality of 5, 6 (with its check digit) or 7 (the JMA's) digits."""
    if not re.fullmatch(r"\d{5,7}", code):
        raise DisError("dis-issuer", f"{code[:20]!r} is no code of a municipality")
    if len(code) == 6 and _check_digit(code[:5]) != int(code[5]):
        raise DisError("dis-issuer", f"{code} has a wrong check digit")
    return code[:5]


def _check_digit(code: str) -> int:
    weighted = sum(int(digit) * weight for digit, weight in zip(code, (6, 5, 4, 3, 2), strict=True))
    return (11 - weighted % 11) % 10


def read_document(
    plain: Plain, raw: bytes, *, received: datetime, came_by: str = "", feed: str = FEED, kind: str = KIND
) -> Report:
    """Return what the plain document says; raise `DisError` where it breaks its form.

    *came_by* is the way it came, *feed* the name that policy goes by. An office's word is believed by the
    ways that ask for a key, and in a replay, which names no way: whoever serves us weather must not be
    able to order people out of their houses.
    """
    if came_by not in TRUSTED_WAYS:
        raise DisError("dis-by-another-feed", f"it came by {came_by[:40]}")
    if len(raw) > MAX_BYTES:
        raise DisError("too-large", f"{len(raw)} bytes, the limit is {MAX_BYTES}")
    plain = cleaned(plain)
    broken = first_error(plain)
    if broken:
        raise DisError("dis-schema", broken)
    status = STATUSES[plain["status"]]
    code = issuer_code(plain["issuer"]["code"])
    sent = time_of(plain["sent"])
    if sent is None:
        raise DisError("dis-time", f"{plain['sent']} is no time")
    msg_type = TYPES[plain["type"]]
    # An empty list of orders is silence, and silence is no all-clear: an order ends by a row that says so.
    says_orders = bool(plain.get("orders")) or msg_type is MsgType.CANCEL
    if says_orders and code == CODE_NOT_GIVEN:
        raise DisError("dis-issuer", "an order, and no code says which municipality gave it")
    infos = tuple(_order(order, number, plain, code) for number, order in enumerate(plain.get("orders", ()), start=1))
    if msg_type is MsgType.CANCEL:
        infos = ()
    issuer = code if code != CODE_NOT_GIVEN else plain["issuer"]["name"]
    facts = _facts(plain, feed, issuer, received)
    rows = facts.shelters or facts.roads or facts.incidents or facts.refused
    if not says_orders and not rows:
        raise DisError("dis-nothing-said", "no order and no row of facts")
    word = drill_words(_texts(plain)) if status is Status.ACTUAL else None
    return Report(
        document=hashlib.sha256(raw).hexdigest(),
        feed=feed,
        kind=kind,
        series=series_of_issuer(issuer),
        linkage=Linkage.SERIES,
        alert=Alert(
            identifier=f"{plain['id']}|{plain['revision']}",
            sender=code,
            sent=sent,
            sent_text=plain["sent"],
            status=status,
            msg_type=msg_type,
            source=plain["issuer"]["name"],
            note="訂正" if plain["type"] in CORRECTIONS else plain.get("note", ""),
            infos=infos,
        ),
        received=received,
        hold=DRILL_WORDS if word else "",
        # What we sent out ourselves is read back so that it is known when it returns; it is no news (R16).
        informational=OWN_REPORT if came_by == "own" else "" if says_orders else FACTS_ONLY,
        # What is not meant as real, or may not be, is no fact about the ground.
        facts=Facts()
        if came_by == "own" or word or status is not Status.ACTUAL or msg_type is MsgType.CANCEL
        else facts,
        thread=plain["id"],
        serial=plain["revision"],
    )


def series_of_issuer(issuer: str) -> str:
    """Return the key under which everything that a municipality says stays in order, by whatever feed (R16)."""
    return f"municipality:{issuer}"


def series_of_document(plain: Plain) -> str:
    """Return the series of a document that may break its form in any other way; raise where it names no issuer."""
    issuer = plain.get("issuer")
    if not isinstance(issuer, Mapping) or not isinstance(issuer.get("code"), str):
        raise DisError("dis-issuer", "no code says whose document it is")
    code = issuer_code(issuer["code"])
    return series_of_issuer(code if code != CODE_NOT_GIVEN else str(issuer.get("name", "")))


def cleaned(value: Any) -> Any:
    """Return *value* with each text freed of what could break a line or turn it round (CR, LF, U+202E)."""
    if isinstance(value, str):
        if value.isprintable():
            return value
        letters = (" " if unicodedata.category(letter) in ("Cc", "Cf", "Zl", "Zp") else letter for letter in value)
        return " ".join("".join(letters).split())
    if isinstance(value, Mapping):
        return {cleaned(name): cleaned(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [cleaned(inner) for inner in value]
    return value


# ------------------------------------------------------------------------------------------- orders


def _order(order: Plain, number: int, plain: Plain, code: str) -> AlertInfo:
    place = f"order {number}"
    level = look_up(LEVELS, str(order["level"]))
    state = look_up(ORDER_STATES, order["state"])
    hazard = look_up(HAZARDS, order["hazard"])
    issued = time_of(order["issued_at"])
    expires = time_of(order["expires_at"]) if "expires_at" in order else None
    if level is None or state is None:
        raise DisError("dis-order", f"{place}: {str(order['level'])[:20]} {str(order['state'])[:20]}")
    if hazard is None:
        raise DisError("dis-hazard", f"{place}: {order['hazard'][:20]} is not a danger that we know")
    if issued is None or ("expires_at" in order and expires is None):
        raise DisError("dis-time", f"{place}: a time that is none")
    if expires is not None and expires <= issued:
        raise DisError("dis-order", f"{place} ends before it begins")
    return AlertInfo(
        event=ORDER_NAMES_JA[level],
        hazard=hazard,
        urgency=Urgency.EXPECTED if level is Level.ELDERLY_LEAVE else Urgency.IMMEDIATE,
        severity=Severity.SEVERE if level is Level.ELDERLY_LEAVE else Severity.EXTREME,
        certainty=Certainty.OBSERVED if level is Level.SECURE_LIFE else Certainty.LIKELY,
        categories=(category_of(hazard),),
        level=level,
        response_types=_responses(level, state),
        effective=issued,
        onset=issued,
        expires=expires,
        sender_name=plain["issuer"]["name"],
        headline=f"{ORDER_NAMES_JA[level]}（{order['hazard']}）",
        description=order.get("text", ""),
        code=str(int(level)),
        areas=tuple(_area(area, code, plain["issuer"]["name"], place) for area in order["areas"]),
    )


def _responses(level: Level, state: OrderState) -> tuple[ResponseType, ...]:
    if state is OrderState.LIFTED:
        return (ResponseType.ALL_CLEAR,)
    # Level 5 asks for the safest place within reach, which may be upstairs.
    return (ResponseType.EVACUATE, ResponseType.SHELTER) if level is Level.SECURE_LIFE else (ResponseType.EVACUATE,)


def _area(area: Plain, issuer: str, municipality: str, place: str) -> Area:
    if "code" in area:
        code = issuer_code(area["code"])
        if code != issuer:
            # Its area lies inside its issuer (R7): another's number is a slip of the hand, or worse.
            raise DisError("dis-area-not-issuer", f"{place}: {area['code']} is not of {issuer}")
        # The area's own seven digits where the municipality is split; the table knows its parts.
        whole = area["code"] if len(area["code"]) == 7 else f"{code}00"
        geocodes: tuple[Geocode, ...] = (Geocode(GEOCODE_CLASS20, whole),)
    elif "polygon" in area:
        geocodes = ()
    elif is_everywhere(area["name"], municipality):
        geocodes = (Geocode(GEOCODE_CLASS20, f"{issuer}00"),)
    else:
        geocodes = tuple(Geocode(GEOCODE_AREA_NAME, f"{issuer} {name}") for name in names_meant(area["name"]))
    polygons = (tuple(LatLng(lat, lng) for lat, lng in area["polygon"]),) if "polygon" in area else ()
    return Area(area["name"], polygons=polygons, geocodes=geocodes)


# -------------------------------------------------------------------------------------------- facts


def _facts(plain: Plain, feed: str, issuer: str, received: datetime) -> Facts:
    refused: list[RefusedRow] = []
    ward, source = plain["issuer"]["name"], f"{feed}:{issuer}"

    def rows(part: str, kind: str, build: Callable[[Plain], _T]) -> tuple[_T, ...]:
        found: list[_T] = []
        for number, row in enumerate(plain.get(part, ()), start=1):
            broken = first_error(row, kind)
            if broken:
                refused.append(RefusedRow(part, number, "row-schema", broken))
                continue
            try:
                found.append(build(row))
            except RowRefused as error:
                refused.append(RefusedRow(part, number, error.reason, error.detail))
        return tuple(found)

    def said(row: Plain, confidence: Confidence) -> Attribution:
        at = time_of(row["as_of"])
        if at is None:
            raise RowRefused("row-time", row["as_of"][:40])
        return Attribution(source=source, fact_at=at, received_at=received, confidence=confidence)

    shelters = rows("shelters", "shelter", lambda row: shelter_of(row, said(row, Confidence.OFFICIAL), ward, issuer))
    roads = rows("roads", "road", lambda row: road_of(row, said, ward, issuer))
    incidents = rows("incidents", "incident", lambda row: incident_of(row, said, ward, issuer))
    return Facts(shelters=shelters, roads=roads, incidents=incidents, refused=tuple(refused))


def _texts(plain: Plain) -> Iterable[str]:
    """Return what a person would read; never names of places, which may hold any word."""
    yield plain.get("note", "")
    for part in ("orders", "roads", "incidents"):
        for row in plain.get(part, ()):
            if isinstance(row, Mapping):
                yield from (text for key in ("text", "title") if isinstance(text := row.get(key), str))
