"""Documents of our own console: a closure, a shelter's state, an incident or an order to leave, as given there.

    {"shirase": "console/1", "kind": "closure", "id": "...", "status": "Actual", "by": "duty officer",
     "at": "2026-09-18T18:40:00+09:00", "confidence": "confirmed", ...}

They go the way of every other document, so that they can be replayed. Only what came in under the
feed `console` is believed: whoever can send us a file must not be able to close a bridge with it.
An order names its ward as the issuer, for residents; who wrote it stays in the sender, for the approver.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from alerts.alert import GEOCODE_AREA_NAME, GEOCODE_CLASS20, Alert, AlertInfo, Area, Geocode
from alerts.cap import Certainty, MsgType, ResponseType, Scope, Severity, Status, Urgency
from alerts.drill import drill_words
from alerts.fact import CLOCK_TOLERANCE, Attribution, Confidence
from alerts.hazard import HazardKind, category_of
from alerts.incident import IncidentKind, IncidentReport
from alerts.level import Level
from alerts.order_words import ORDER_NAMES_JA
from alerts.place import Circle
from alerts.reception import WardCap, cap_id
from alerts.report import Facts, Linkage, Report
from alerts.road import RoadCause, RoadPlace, RoadReport
from alerts.shelter import Accepts, OccupancyBand, ShelterReport, ShelterState, SiteClass
from feeds import console_fields as fields
from feeds.console_fields import MAX_NAME
from feeds.errors import ConsoleError

FEED = "console"
FORMAT = "console/1"
SOURCE = "console"
# A form has a few lines; what is longer was not typed by anybody.
MAX_BYTES = 65_536
MAX_TEXT = 500
MAX_AREAS = 100
# Wider than any ward: who means more names wards.
MAX_RADIUS_KM = 20.0
# Longer than any order of one disaster's day; a mistyped year would tell people to stay away for ever.
LONGEST_ORDER = timedelta(days=3)
_MAX_DEPTH = 8


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
    kind = fields.text(plain, "kind", MAX_NAME)
    reader = _READERS.get(kind)
    if reader is None:
        raise ConsoleError("console-kind", f"one of {', '.join(_READERS)}")
    _refuse_unknown(plain, kind)
    status = fields.member(Status, plain.get("status", Status.ACTUAL.value), "status")
    at = fields.time(plain, "at")
    if at is None or at > received + CLOCK_TOLERANCE:
        raise ConsoleError("console-time", "`at` is when it was so: it is needed, and not in the future")
    confidence = fields.member(Confidence, plain.get("confidence", Confidence.CONFIRMED.value), "confidence")
    if confidence is Confidence.OFFICIAL:
        raise ConsoleError("console-confidence", "reported or confirmed")
    form = _Form(
        fields.text(plain, "id", MAX_NAME), Attribution(SOURCE, at, received, confidence), fields.flag(plain, "undo")
    )
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
            sender=f"{FEED}:{fields.text(plain, 'by', MAX_NAME)}",
            sent=at,
            status=status,
            # An order that was a mistake is cancelled: that reaches whoever was told, wherever they are now.
            msg_type=MsgType.CANCEL if kind == "order" and form.undo else MsgType.UPDATE,
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
        return f"console:{fields.text(plain, 'kind', MAX_NAME)}:{fields.text(plain, 'id', MAX_NAME)}"
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
        point=fields.point(plain, "point"),
        line=fields.points(plain, "line", 2),
        polygon=fields.ring(plain, "polygon"),
        road_ids=fields.texts(plain, "roads"),
        name=fields.optional(plain, "name", MAX_NAME),
    )
    lifted = fields.flag(plain, "lifted") or form.undo
    if not lifted and not (place.point or place.line or place.polygon or place.road_ids):
        raise ConsoleError("console-no-place", "a closure needs a point, a line, a polygon or roads")
    begins = fields.time(plain, "valid_from") or form.attribution.fact_at
    ends = fields.time(plain, "valid_until")
    if ends is not None and ends <= begins:
        raise ConsoleError("console-ends-before-it-begins", f"{ends.isoformat()} is not after {begins.isoformat()}")
    if ends is not None and ends > begins + timedelta(days=366):
        raise ConsoleError("console-time", "a closure of more than a year is no closure but a map that is old")
    report = RoadReport(
        id=form.id,
        place=place,
        cause=fields.member(RoadCause, plain.get("cause", RoadCause.OTHER.value), "cause"),
        attribution=form.attribution,
        valid_from=begins,
        valid_until=ends,
        lifted=lifted,
        text=fields.optional(plain, "text", MAX_TEXT),
        ward=fields.optional(plain, "ward", MAX_NAME),
        undo=form.undo,
    )
    return Facts(roads=(report,))


def _shelter(plain: Mapping[str, Any], form: _Form) -> Facts:
    report = ShelterReport(
        id=form.id,
        name=fields.optional(plain, "name", MAX_NAME),
        attribution=form.attribution,
        state=fields.member(ShelterState, plain.get("state", ShelterState.UNKNOWN.value), "state"),
        point=fields.point(plain, "point"),
        ward=fields.optional(plain, "ward", MAX_NAME),
        site_class=fields.maybe(SiteClass, plain, "site_class"),
        capacity=fields.people(plain, "capacity"),
        occupants=fields.people(plain, "occupants"),
        band=fields.maybe(OccupancyBand, plain, "band"),
        accepts=fields.maybe(Accepts, plain, "accepts"),
        needs=fields.texts(plain, "needs"),
        agreed_wards=fields.texts(plain, "agreed_wards") if "agreed_wards" in plain else None,
        undo=form.undo,
    )
    return Facts(shelters=(report,))


def _incident(plain: Mapping[str, Any], form: _Form) -> Facts:
    report = IncidentReport(
        id=form.id,
        kind=fields.member(IncidentKind, plain.get("incident", IncidentKind.OTHER.value), "incident"),
        title=fields.text(plain, "title", MAX_NAME),
        attribution=form.attribution,
        point=fields.point(plain, "point"),
        area=fields.ring(plain, "polygon"),
        ward=fields.optional(plain, "ward", MAX_NAME),
        text=fields.optional(plain, "text", MAX_TEXT),
        ended=fields.flag(plain, "ended") or form.undo,
    )
    return Facts(incidents=(report,))


def _cap(plain: Mapping[str, Any], form: _Form) -> Facts:
    origin, target = fields.text(plain, "from_ward", MAX_NAME), fields.text(plain, "to_ward", MAX_NAME)
    if origin == target or form.id != cap_id(origin, target):
        raise ConsoleError("console-cap", "a cap is of one line between two wards, and its id names both")
    lifted = fields.flag(plain, "lifted") or form.undo
    most = fields.people(plain, "most")
    if most is None and not lifted:
        raise ConsoleError("console-field-missing", "most")
    return Facts(caps=(WardCap(form.id, origin, target, most or 0, form.attribution, lifted, form.undo),))


def _order(plain: Mapping[str, Any], form: _Form) -> AlertInfo:
    level = plain.get("level")
    if type(level) is not int or level not in ORDER_NAMES_JA:
        raise ConsoleError("console-level", "an order to leave has level 3, 4 or 5")
    hazard, begins, ends = fields.member(HazardKind, plain.get("hazard"), "hazard"), form.attribution.fact_at, None
    lifted = fields.flag(plain, "ended") or form.undo
    if not lifted:
        ends = fields.time(plain, "valid_until")
        if ends is None or not timedelta(0) < ends - begins <= LONGEST_ORDER:
            raise ConsoleError("console-time", "an order ends by itself: `valid_until`, within three days")
    areas = plain.get("areas")
    if (
        not isinstance(areas, list)
        or not 0 < len(areas) <= MAX_AREAS
        or not all(isinstance(one, dict) for one in areas)
    ):
        raise ConsoleError("console-no-place", f"an order names 1 to {MAX_AREAS} areas")
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
        sender_name=fields.text(plain, "issuer", MAX_NAME),
        description=fields.optional(plain, "text", MAX_TEXT),
        code=str(level),
        areas=tuple(map(console_area, areas)),
    )


def console_area(one: Mapping[str, Any]) -> Area:
    """Return an area of an order: a municipality, a 町丁目 (`chome`: 「13108 亀戸一丁目」), an outline or a circle."""
    name, given = fields.text(one, "name", MAX_NAME), sorted(one.keys() - {"name"})
    match given:
        case ["code"]:
            return Area(name, geocodes=(Geocode(GEOCODE_CLASS20, _code(one)),))
        case ["chome"]:
            return Area(name, geocodes=(Geocode(GEOCODE_AREA_NAME, fields.text(one, "chome", MAX_NAME)),))
        case ["polygon"] if one["polygon"]:
            return Area(name, polygons=(fields.ring(one, "polygon"),))
        case ["circle"]:
            circle = one["circle"]
            if not isinstance(circle, list) or len(circle) != 3 or type(circle[2]) not in (int, float):
                raise ConsoleError("console-area", "a circle is [lat, lng, radius in km]")
            if not 0 < circle[2] <= MAX_RADIUS_KM:
                raise ConsoleError("console-area", f"a radius is more than 0 and at most {MAX_RADIUS_KM:g} km")
            return Area(name, circles=(Circle(fields.lat_lng(circle[:2], "circle"), float(circle[2])),))
    raise ConsoleError("console-area", "an area has a name and one of code, chome, polygon, circle")


def _code(area: Mapping[str, Any]) -> str:
    code = fields.text(area, "code", MAX_NAME)
    if not (len(code) == 7 and code.isascii() and code.isdecimal()):
        raise ConsoleError("console-area", f"{code} is no municipal code of seven digits")
    return code


_READERS: Mapping[str, Callable[[Mapping[str, Any], _Form], Facts | AlertInfo]] = {
    "closure": _closure,
    "shelter": _shelter,
    "incident": _incident,
    "order": _order,
    "cap": _cap,
}
_COMMON = frozenset({"shirase", "kind", "id", "status", "by", "at", "confidence", "undo", "text", "ward", "point"})
_FIELDS: Mapping[str, frozenset[str]] = {
    "closure": _COMMON | {"line", "polygon", "roads", "name", "cause", "valid_from", "valid_until", "lifted"},
    "shelter": _COMMON
    | {"name", "state", "site_class", "capacity", "occupants", "band", "accepts", "agreed_wards", "needs"},
    "incident": _COMMON | {"incident", "title", "polygon", "ended"},
    "order": (_COMMON | {"level", "hazard", "areas", "issuer", "valid_until", "ended"}) - {"point", "ward"},
    "cap": (_COMMON | {"from_ward", "to_ward", "most", "lifted"}) - {"point", "ward", "confidence"},
}


def _refuse_unknown(plain: Mapping[str, Any], kind: str) -> None:
    # A misspelt `valid_until` would close a road for ever.
    unknown = sorted(plain.keys() - _FIELDS[kind])
    if unknown:
        raise ConsoleError("console-unknown-field", ", ".join(unknown[:5]))
