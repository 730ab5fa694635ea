"""Documents of our own console: a closure, a shelter's state, an incident or an order to leave, as given there.

    {"shirase": "console/1", "kind": "closure", "id": "...", "status": "Actual", "by": "duty officer",
     "at": "2026-09-18T18:40:00+09:00", "confidence": "confirmed", ...}

They go the way of every other document, so that they can be replayed. Only what came in under the
feed `console` is believed: whoever can send us a file must not be able to close a bridge with it.
An order names its ward as the issuer, for residents; who wrote it stays in the sender, for the approver.
"""

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, TypeVar

from alerts.alert import GEOCODE_CLASS20, Alert, AlertInfo, Area, Geocode
from alerts.cap import Certainty, MsgType, ResponseType, Scope, Severity, Status, Urgency
from alerts.drill import drill_words
from alerts.fact import CLOCK_TOLERANCE, Attribution, Confidence
from alerts.hazard import HazardKind, category_of
from alerts.incident import IncidentKind, IncidentReport
from alerts.level import Level
from alerts.order_words import ORDER_NAMES_JA
from alerts.place import LatLng, Ring
from alerts.report import Facts, Linkage, Report
from alerts.road import RoadCause, RoadPlace, RoadReport
from alerts.shelter import Accepts, OccupancyBand, ShelterReport, ShelterState, SiteClass
from feeds.errors import ConsoleError

FEED = "console"
FORMAT = "console/1"
SOURCE = "console"
# A form has a few lines; what is longer was not typed by anybody.
MAX_BYTES = 65_536
MAX_POINTS = 1_000
MAX_TEXT = 500
MAX_NAME = 60
MAX_PEOPLE = 10_000_000
MAX_AREAS = 100
# Longer than any order of one disaster's day; a mistyped year would tell people to stay away for ever.
LONGEST_ORDER = timedelta(days=3)
_MAX_DEPTH = 8

_E = TypeVar("_E", bound=Enum)


@dataclass(frozen=True, slots=True)
class _Form:
    """The fields that every document has."""

    id: str
    attribution: Attribution
    undo: bool


def read_console(raw: bytes, *, received: datetime, feed: str) -> Report:
    """Return what the console's document *raw* says, or raise `ConsoleError` with a stable reason."""
    if feed != FEED:
        raise ConsoleError("console-by-another-feed", f"it came by {feed or 'an unnamed feed'}")
    plain = parse_json(raw)
    if not isinstance(plain, dict) or plain.get("shirase") != FORMAT:
        raise ConsoleError("console-format", f"only {FORMAT} is read")
    kind = _text(plain, "kind", MAX_NAME)
    reader = _READERS.get(kind)
    if reader is None:
        raise ConsoleError("console-kind", f"one of {', '.join(_READERS)}")
    _refuse_unknown(plain, kind)
    status = _member(Status, plain.get("status", Status.ACTUAL.value), "status")
    at = _time(plain, "at")
    if at is None or at > received + CLOCK_TOLERANCE:
        raise ConsoleError("console-time", "`at` is when it was so: it is needed, and not in the future")
    confidence = _member(Confidence, plain.get("confidence", Confidence.CONFIRMED.value), "confidence")
    if confidence is Confidence.OFFICIAL:
        raise ConsoleError("console-confidence", "reported or confirmed")
    form = _Form(_text(plain, "id", MAX_NAME), Attribution(SOURCE, at, received, confidence), _flag(plain, "undo"))
    document = hashlib.sha256(raw).hexdigest()
    said = reader(plain, form)
    infos = (said,) if isinstance(said, AlertInfo) else ()
    drill = drill_words(str(plain.get(field, "")) for field in ("name", "title", "text", "id"))
    return Report(
        document=document,
        feed=FEED,
        kind=f"console-{kind}",
        series=series_of_console(raw),
        linkage=Linkage.SERIES,
        alert=Alert(
            identifier=document[:24],
            sender=f"{FEED}:{_text(plain, 'by', MAX_NAME)}",
            sent=at,
            status=status,
            msg_type=MsgType.UPDATE,
            scope=Scope.PUBLIC,
            infos=infos,
        ),
        received=received,
        hold="drill-words-under-actual" if drill and status is Status.ACTUAL else "",
        informational="" if infos else "facts",
        facts=said if isinstance(said, Facts) else Facts(),
    )


def series_of_console(raw: bytes) -> str:
    """Return the key of a console document's series: what it speaks of; never raise."""
    try:
        plain = parse_json(raw)
        return f"console:{_text(plain, 'kind', MAX_NAME)}:{_text(plain, 'id', MAX_NAME)}"
    except (ConsoleError, AttributeError):
        return f"unreadable:{FEED}"


def looks_like_console(raw: bytes) -> bool:
    """Return whether *raw* begins as a JSON object that names our format."""
    head = raw[:200].lstrip()
    return head.startswith(b"{") and b'"shirase"' in head


def parse_json(raw: bytes) -> Any:
    """Return the JSON in *raw*. Refused: what two readers could read in two ways, and what is endless."""
    if len(raw) > MAX_BYTES:
        raise ConsoleError("json-too-large", f"{len(raw)} bytes, the limit is {MAX_BYTES}")
    depth = deepest = 0
    for byte in raw:
        depth += (byte in b"{[") - (byte in b"}]")
        deepest = max(deepest, depth)
    if deepest > _MAX_DEPTH:
        raise ConsoleError("json-too-deep", f"{deepest} levels, the limit is {_MAX_DEPTH}")
    try:
        text = raw.decode("utf-8")
        plain = json.loads(text, object_pairs_hook=_without_twins, parse_constant=_no_constant)
        # A lone surrogate, written as \ud800, is no text that could be written anywhere.
        json.dumps(plain, ensure_ascii=False).encode("utf-8")
    except UnicodeError:
        raise ConsoleError("json-not-utf8", "the text is not UTF-8") from None
    except (ValueError, RecursionError) as error:
        raise ConsoleError("json-malformed", str(error)) from None
    return plain


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ConsoleError("json-duplicate-key", "a field stands there twice")
    return found


def _no_constant(name: str) -> Any:
    raise ConsoleError("json-number", f"{name} is no number")


# ── the four kinds ────────────────────────────────────────────────────────────────────────────────


def _closure(plain: Mapping[str, Any], form: _Form) -> Facts:
    place = RoadPlace(
        point=_point(plain, "point"),
        line=_points(plain, "line", 2),
        polygon=_ring(plain, "polygon"),
        road_ids=_texts(plain, "roads"),
        name=_optional(plain, "name", MAX_NAME),
    )
    lifted = _flag(plain, "lifted") or form.undo
    if not lifted and not (place.point or place.line or place.polygon or place.road_ids):
        raise ConsoleError("console-no-place", "a closure needs a point, a line, a polygon or roads")
    begins = _time(plain, "valid_from") or form.attribution.fact_at
    ends = _time(plain, "valid_until")
    if ends is not None and ends <= begins:
        raise ConsoleError("console-ends-before-it-begins", f"{ends.isoformat()} is not after {begins.isoformat()}")
    if ends is not None and ends > begins + timedelta(days=366):
        raise ConsoleError("console-time", "a closure of more than a year is no closure but a map that is old")
    report = RoadReport(
        id=form.id,
        place=place,
        cause=_member(RoadCause, plain.get("cause", RoadCause.OTHER.value), "cause"),
        attribution=form.attribution,
        valid_from=begins,
        valid_until=ends,
        lifted=lifted,
        text=_optional(plain, "text", MAX_TEXT),
        ward=_optional(plain, "ward", MAX_NAME),
        undo=form.undo,
    )
    return Facts(roads=(report,))


def _shelter(plain: Mapping[str, Any], form: _Form) -> Facts:
    report = ShelterReport(
        id=form.id,
        name=_optional(plain, "name", MAX_NAME),
        attribution=form.attribution,
        state=_member(ShelterState, plain.get("state", ShelterState.UNKNOWN.value), "state"),
        point=_point(plain, "point"),
        ward=_optional(plain, "ward", MAX_NAME),
        site_class=_maybe(SiteClass, plain, "site_class"),
        capacity=_people(plain, "capacity"),
        occupants=_people(plain, "occupants"),
        band=_maybe(OccupancyBand, plain, "band"),
        accepts=_maybe(Accepts, plain, "accepts"),
        undo=form.undo,
    )
    return Facts(shelters=(report,))


def _incident(plain: Mapping[str, Any], form: _Form) -> Facts:
    report = IncidentReport(
        id=form.id,
        kind=_member(IncidentKind, plain.get("incident", IncidentKind.OTHER.value), "incident"),
        title=_text(plain, "title", MAX_NAME),
        attribution=form.attribution,
        point=_point(plain, "point"),
        area=_ring(plain, "polygon"),
        ward=_optional(plain, "ward", MAX_NAME),
        text=_optional(plain, "text", MAX_TEXT),
        ended=_flag(plain, "ended") or form.undo,
    )
    return Facts(incidents=(report,))


def _order(plain: Mapping[str, Any], form: _Form) -> AlertInfo:
    level = plain.get("level")
    if type(level) is not int or level not in ORDER_NAMES_JA:
        raise ConsoleError("console-level", "an order to leave has level 3, 4 or 5")
    hazard, begins, ends = _member(HazardKind, plain.get("hazard"), "hazard"), form.attribution.fact_at, None
    lifted = _flag(plain, "ended") or form.undo
    if not lifted:
        ends = _time(plain, "valid_until")
        if ends is None or not timedelta(0) < ends - begins <= LONGEST_ORDER:
            raise ConsoleError("console-time", "an order ends by itself: `valid_until`, within three days")
    areas = plain.get("areas")
    if (
        not isinstance(areas, list)
        or not 0 < len(areas) <= MAX_AREAS
        or not all(isinstance(one, dict) for one in areas)
    ):
        raise ConsoleError("console-no-place", f"an order names 1 to {MAX_AREAS} areas, each with code and name")
    # Level 5 asks for the safest place within reach, which may be upstairs.
    leave = (ResponseType.EVACUATE, ResponseType.SHELTER)[: 2 if level == Level.SECURE_LIFE else 1]
    return AlertInfo(
        event=ORDER_NAMES_JA[Level(level)],
        hazard=hazard,
        urgency=Urgency.EXPECTED if level == Level.ELDERLY_LEAVE else Urgency.IMMEDIATE,
        severity=Severity.SEVERE if level == Level.ELDERLY_LEAVE else Severity.EXTREME,
        certainty=Certainty.OBSERVED if level == Level.SECURE_LIFE else Certainty.LIKELY,
        categories=(category_of(hazard),),
        level=Level(level),
        response_types=(ResponseType.ALL_CLEAR,) if lifted else leave,
        effective=begins,
        onset=begins,
        expires=ends,
        sender_name=_text(plain, "issuer", MAX_NAME),
        description=_optional(plain, "text", MAX_TEXT),
        code=str(level),
        areas=tuple(
            Area(_text(one, "name", MAX_NAME), geocodes=(Geocode(GEOCODE_CLASS20, _code(one)),)) for one in areas
        ),
    )


def _code(area: Mapping[str, Any]) -> str:
    code = _text(area, "code", MAX_NAME)
    if not (len(code) == 7 and code.isascii() and code.isdecimal()):
        raise ConsoleError("console-area", f"{code} is no municipal code of seven digits")
    return code


_READERS: Mapping[str, Callable[[Mapping[str, Any], _Form], Facts | AlertInfo]] = {
    "closure": _closure,
    "shelter": _shelter,
    "incident": _incident,
    "order": _order,
}
_COMMON = frozenset({"shirase", "kind", "id", "status", "by", "at", "confidence", "undo", "text", "ward", "point"})
_FIELDS: Mapping[str, frozenset[str]] = {
    "closure": _COMMON | {"line", "polygon", "roads", "name", "cause", "valid_from", "valid_until", "lifted"},
    "shelter": _COMMON | {"name", "state", "site_class", "capacity", "occupants", "band", "accepts"},
    "incident": _COMMON | {"incident", "title", "polygon", "ended"},
    "order": (_COMMON | {"level", "hazard", "areas", "issuer", "valid_until", "ended"}) - {"point", "ward"},
}


def _refuse_unknown(plain: Mapping[str, Any], kind: str) -> None:
    # A misspelt `valid_until` would close a road for ever.
    unknown = sorted(plain.keys() - _FIELDS[kind])
    if unknown:
        raise ConsoleError("console-unknown-field", ", ".join(unknown[:5]))


# ── fields ────────────────────────────────────────────────────────────────────────────────────────


def _text(plain: Mapping[str, Any], field: str, most: int) -> str:
    found = _optional(plain, field, most)
    if not found:
        raise ConsoleError("console-field-missing", field)
    return found


def _optional(plain: Mapping[str, Any], field: str, most: int) -> str:
    value = plain.get(field, "")
    if not isinstance(value, str):
        raise ConsoleError("console-field", f"{field} is no text")
    if len(value) > most:
        raise ConsoleError("console-field", f"{field} has {len(value)} characters, the limit is {most}")
    # Controls, line ends and marks that turn a line around have no place in a name (U+202E and its like).
    if any(not letter.isprintable() for letter in value):
        raise ConsoleError("console-field", f"{field} holds characters that cannot be shown")
    return value.strip()


def _texts(plain: Mapping[str, Any], field: str) -> tuple[str, ...]:
    values = plain.get(field, [])
    if not isinstance(values, list) or len(values) > MAX_POINTS:
        raise ConsoleError("console-field", f"{field} is no list of at most {MAX_POINTS}")
    return tuple(_text({field: value}, field, MAX_NAME) for value in values)


def _flag(plain: Mapping[str, Any], field: str) -> bool:
    value = plain.get(field, False)
    if not isinstance(value, bool):
        raise ConsoleError("console-field", f"{field} is not true or false")
    return value


def _people(plain: Mapping[str, Any], field: str) -> int | None:
    value = plain.get(field)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_PEOPLE:
        raise ConsoleError("console-field", f"{field} is no number of people")
    return value


def _time(plain: Mapping[str, Any], field: str) -> datetime | None:
    value = plain.get(field)
    if value is None:
        return None
    try:
        at = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise ConsoleError("console-time", f"{field} is no time") from None
    if at.utcoffset() is None or not 2000 <= at.year <= 2100:
        raise ConsoleError("console-time", f"{field} has no offset, or a year that nobody meant")
    return at


def _member(kind: type[_E], value: object, field: str) -> _E:
    try:
        return kind(value)
    except ValueError:
        raise ConsoleError("console-field", f"{field}: one of {_values(kind)}") from None


def _maybe(kind: type[_E], plain: Mapping[str, Any], field: str) -> _E | None:
    return None if plain.get(field) is None else _member(kind, plain[field], field)


def _values(kind: Iterable[Enum]) -> str:
    return ", ".join(str(member.value) for member in kind)


def _point(plain: Mapping[str, Any], field: str) -> LatLng | None:
    value = plain.get(field)
    return None if value is None else _lat_lng(value, field)


def _points(plain: Mapping[str, Any], field: str, least: int) -> tuple[LatLng, ...]:
    values = plain.get(field, [])
    if not isinstance(values, list) or len(values) > MAX_POINTS or 0 < len(values) < least:
        raise ConsoleError("console-field", f"{field} has {least} to {MAX_POINTS} points")
    return tuple(_lat_lng(value, field) for value in values)


def _ring(plain: Mapping[str, Any], field: str) -> Ring:
    points = _points(plain, field, 4)
    if points and points[0] != points[-1]:
        raise ConsoleError("console-field", f"{field} does not end where it begins")
    return points


def _lat_lng(value: object, field: str) -> LatLng:
    """Return a point written as [lat, lng], CAP's order."""
    if not isinstance(value, list) or len(value) != 2 or not all(type(number) in (int, float) for number in value):
        raise ConsoleError("console-field", f"{field}: a point is [lat, lng]")
    lat, lng = float(value[0]), float(value[1])
    if not (math.isfinite(lat) and math.isfinite(lng) and -90 <= lat <= 90 and -180 <= lng <= 180):
        raise ConsoleError("console-field", f"{field}: latitude first, in degrees")
    return LatLng(lat, lng)
