"""Read CAP 1.0, 1.1 and 1.2 messages; `feeds.cap_write` writes 1.2.

CAP writes positions as lat,lon. A message with status Actual that speaks of no place is refused: a
missing area never means everybody (Los Angeles 2025). A signature is checked where a certificate is pinned
to the sender.
"""

import hashlib
import math
import re
from datetime import datetime

from alerts.alert import Alert, AlertInfo, Area, Geocode, Reference
from alerts.cap import Category, Certainty, MsgType, ResponseType, Scope, Severity, Status, Urgency
from alerts.hazard import HazardKind
from alerts.level import Level
from alerts.place import Circle, LatLng, Ring
from alerts.report import Linkage, Report
from feeds.cap_hazard import hazard_of
from feeds.cap_schema import check_schema, time_of
from feeds.cap_signature import NO_SIGNERS, Signers, check_signature
from feeds.errors import CapError
from feeds.xml import Element, parse

FEED = "cap"
# Japan has no national CAP profile: ours names what stands beside CAP (standards: CAP 11).
LEVEL_PARAMETER = "警戒レベル"
HAZARD_PARAMETER = "shirase.hazard"
CODE_PARAMETER = "shirase.code"
# Senders that give no language speak American English, says the standard.
DEFAULT_LANGUAGE = "en-US"

MAX_VERTICES = 10_000
MAX_RINGS = 100
# Half of the Earth's circumference: no circle on it is wider.
MAX_RADIUS_KM = 20_038.0


def read_cap(
    raw: bytes, name: str, received: datetime, root: Element | None = None, signers: Signers = NO_SIGNERS
) -> Report:
    """Return what the CAP message *raw* says; raise `FeedError` with a stable reason.

    All infos are kept: they are languages or different dangers. *name* is where it came from, *root* its
    tree where there is one already, *signers* the certificates that are pinned to senders.
    """
    root = parse(raw) if root is None else root
    version = check_schema(root)
    alert = _alert(root, version)
    acts = alert.status is Status.ACTUAL and alert.msg_type in (MsgType.ALERT, MsgType.UPDATE)
    if acts and not any(_has_place(area) for info in alert.infos for area in info.areas):
        raise CapError("cap-no-area", f"{name}: status Actual, and no info has a polygon, circle or geocode")
    check = check_signature(root, alert.sender, signers, received)
    return Report(
        document=hashlib.sha256(raw).hexdigest(),
        feed=FEED,
        kind=f"CAP-{version}",
        series=f"cap:{alert.sender}",
        linkage=Linkage.REFERENCES,
        alert=alert,
        received=received,
        hold=check.hold,
        signature=check.signed.value,
    )


def _has_place(area: Area) -> bool:
    return bool(area.polygons or area.circles or area.geocodes)


# ------------------------------------------------------------------------------------- the elements


def _texts(element: Element, name: str) -> list[str]:
    return [(child.text or "").strip() for child in element if str(child.tag).rpartition("}")[2] == name]


def _text(element: Element, name: str) -> str:
    return next(iter(_texts(element, name)), "")


def _children(element: Element, name: str) -> list[Element]:
    return [child for child in element if str(child.tag).rpartition("}")[2] == name]


def _time(element: Element, name: str) -> datetime | None:
    text = _text(element, name)
    return time_of(text) if text else None


def _alert(root: Element, version: str) -> Alert:
    sent_text = _text(root, "sent")
    return Alert(
        identifier=_text(root, "identifier"),
        sender=_text(root, "sender"),
        sent=time_of(sent_text),
        sent_text=sent_text,
        status=Status(_text(root, "status")),
        msg_type=MsgType(_text(root, "msgType")),
        scope=Scope(_text(root, "scope") or Scope.PUBLIC),
        source=_text(root, "source"),
        restriction=_text(root, "restriction"),
        note=_text(root, "note"),
        codes=tuple(_texts(root, "code")),
        references=_references(_text(root, "references"), version),
        incidents=tuple(_text(root, "incidents").split()),
        infos=tuple(_info(info, version) for info in _children(root, "info")),
    )


def _references(text: str, version: str) -> tuple[Reference, ...]:
    references = []
    for item in text.split():
        sender, _, rest = item.partition(",")
        identifier, _, sent = rest.rpartition(",")
        if sender and identifier and sent:
            references.append(Reference(sender, identifier, sent))
        elif version == "1.0" and "/" in item:
            # 1.0 names a message by identifier/sender, without its time.
            identifier, _, sender = item.rpartition("/")
            references.append(Reference(sender.rstrip(","), identifier, ""))
        else:
            raise CapError("cap-references", f"{item[:80]!r} is not sender,identifier,sent")
    return tuple(references)


def _info(element: Element, version: str) -> AlertInfo:
    categories = tuple(Category(text) for text in _texts(element, "category"))
    event = _text(element, "event")
    parameters = _named(element, "parameter", version)
    ours = {parameter.value_name: parameter.value for parameter in parameters}
    certainty = _text(element, "certainty")
    return AlertInfo(
        event=event,
        hazard=_hazard(ours.get(HAZARD_PARAMETER, ""), event, categories),
        urgency=Urgency(_text(element, "urgency")),
        severity=Severity(_text(element, "severity")),
        certainty=Certainty.LIKELY if certainty == "Very Likely" else Certainty(certainty),
        categories=categories,
        language=_text(element, "language") or DEFAULT_LANGUAGE,
        level=_level(ours.get(LEVEL_PARAMETER, "")),
        response_types=tuple(ResponseType(text) for text in _texts(element, "responseType")),
        effective=_time(element, "effective"),
        onset=_time(element, "onset"),
        expires=_time(element, "expires"),
        sender_name=_text(element, "senderName"),
        headline=_text(element, "headline"),
        description=_text(element, "description"),
        instruction=_text(element, "instruction"),
        web=_text(element, "web"),
        code=ours.get(CODE_PARAMETER, ""),
        event_codes=_named(element, "eventCode", version),
        parameters=tuple(
            parameter
            for parameter in parameters
            if parameter.value_name not in (LEVEL_PARAMETER, HAZARD_PARAMETER, CODE_PARAMETER)
        ),
        areas=tuple(_area(area, version) for area in _children(element, "area")),
    )


def _hazard(named: str, event: str, categories: tuple[Category, ...]) -> HazardKind:
    try:
        return HazardKind(named)
    except ValueError:
        return hazard_of(event, categories)


def _level(text: str) -> Level | None:
    # A level that cannot be read is unknown, and unknown is never the lowest.
    return Level(int(text)) if re.fullmatch(r"[1-5]", text) else None


def _named(element: Element, name: str, version: str) -> tuple[Geocode, ...]:
    if version == "1.0":
        pairs = (text.partition("=") for text in _texts(element, name))
        return tuple(Geocode(key.strip(), value.strip()) for key, _, value in pairs)
    return tuple(Geocode(_text(child, "valueName"), _text(child, "value")) for child in _children(element, name))


def _area(element: Element, version: str) -> Area:
    rings = [text for text in _texts(element, "polygon") if text]
    if len(rings) > MAX_RINGS:
        raise CapError("cap-too-many-polygons", f"{len(rings)} in one area, the limit is {MAX_RINGS}")
    return Area(
        description=_text(element, "areaDesc"),
        polygons=tuple(_ring(text) for text in rings),
        circles=tuple(_circle(text) for text in _texts(element, "circle") if text),
        geocodes=tuple(code for code in _named(element, "geocode", version) if code.value),
    )


def _number(text: str) -> float:
    # float() also reads "nan", "1e999" and "1_0": none of them is a coordinate.
    if not re.fullmatch(r"[-+]?\d{1,9}(\.\d{0,20})?|[-+]?\.\d{1,20}", text):
        raise CapError("cap-number", f"{text[:40]!r} is not a decimal number")
    return float(text)


def _position(text: str) -> LatLng:
    lat_text, comma, lng_text = text.partition(",")
    if not comma:
        raise CapError("cap-position", f"{text[:40]!r} is not lat,lon")
    lat, lng = _number(lat_text), _number(lng_text)
    if not (-90 <= lat <= 90 and -180 <= lng <= 180):
        raise CapError("cap-position", f"{text[:40]!r} is not on Earth; CAP writes lat,lon")
    return LatLng(lat=lat, lng=lng)


def _ring(text: str) -> Ring:
    pairs = text.split()
    if len(pairs) > MAX_VERTICES:
        raise CapError("cap-too-many-vertices", f"{len(pairs)}, the limit is {MAX_VERTICES}")
    ring = tuple(_position(pair) for pair in pairs)
    if len(ring) < 4 or ring[0] != ring[-1]:
        raise CapError("cap-polygon-not-closed", f"{len(ring)} points; at least four, the last like the first")
    return ring


def _circle(text: str) -> Circle:
    parts = text.split()
    if len(parts) != 2:
        raise CapError("cap-circle", f"{text[:40]!r} is not lat,lon and a radius in km")
    radius_km = _number(parts[1])
    if not 0 <= radius_km <= MAX_RADIUS_KM or not math.isfinite(radius_km):
        raise CapError("cap-circle", f"a radius of {radius_km} km")
    return Circle(_position(parts[0]), radius_km)
