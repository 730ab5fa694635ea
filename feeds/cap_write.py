"""Write CAP 1.2: fixed order, numeric offsets, UTC as -00:00, and the level where Japan has no profile."""

from datetime import datetime, timedelta
from typing import Any

from lxml import etree

from alerts.alert import Alert, AlertInfo, Area, Geocode
from alerts.place import LatLng
from feeds.cap import CODE_PARAMETER, HAZARD_PARAMETER, LEVEL_PARAMETER
from feeds.cap_hazard import hazard_of
from feeds.cap_schema import check_schema, time_of
from feeds.errors import CapError
from feeds.xml import Element

_NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
# None is the default namespace; lxml takes it, its published types do not.
_PREFIXES: Any = {None: _NAMESPACE}


def write_cap(alert: Alert) -> bytes:
    """Return *alert* as a CAP 1.2 message that `read_cap` reads back equal.

    Raises `CapError` rather than write what the schema forbids. Fractions of seconds have no place in
    CAP 1.2 and are dropped.
    """
    root = etree.Element(f"{{{_NAMESPACE}}}alert", nsmap=_PREFIXES)
    try:
        _write_alert(root, alert)
    except ValueError as error:
        raise CapError("cap-write-text", str(error)) from None
    check_schema(root)
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return written


def time_text(at: datetime) -> str:
    """Return *at* as CAP 1.2 writes it: never ``Z``, and -00:00 for UTC (CAP 1.2, 3.3.2)."""
    if at.utcoffset() is None:
        raise CapError("cap-time-without-offset", at.isoformat())
    text = at.replace(microsecond=0).isoformat()
    return f"{text[:-6]}-00:00" if at.utcoffset() == timedelta(0) else text


def _write_alert(root: Element, alert: Alert) -> None:
    _add(root, "identifier", alert.identifier)
    _add(root, "sender", alert.sender)
    _add(root, "sent", _sent(alert))
    _add(root, "status", alert.status.value)
    _add(root, "msgType", alert.msg_type.value)
    _option(root, "source", alert.source)
    _add(root, "scope", alert.scope.value)
    _option(root, "restriction", alert.restriction)
    for code in alert.codes:
        _add(root, "code", code)
    _option(root, "note", alert.note)
    triples = (f"{reference.sender},{reference.identifier},{reference.sent}" for reference in alert.references)
    _option(root, "references", " ".join(triples))
    _option(root, "incidents", " ".join(alert.incidents))
    for info in alert.infos:
        _write_info(_add(root, "info"), info)


def _sent(alert: Alert) -> str:
    # References repeat the bytes of `sent`; only a Z, which we never write, is worth breaking them.
    text = alert.sent_text
    if text and not text.endswith("Z") and "." not in text and time_of(text) == alert.sent:
        return text
    return time_text(alert.sent)


def _write_info(element: Element, info: AlertInfo) -> None:
    _add(element, "language", info.language)
    for category in info.categories:
        _add(element, "category", category.value)
    _add(element, "event", info.event)
    for response in info.response_types:
        _add(element, "responseType", response.value)
    _add(element, "urgency", info.urgency.value)
    _add(element, "severity", info.severity.value)
    _add(element, "certainty", info.certainty.value)
    for code in info.event_codes:
        _named(element, "eventCode", code)
    for name, at in (("effective", info.effective), ("onset", info.onset), ("expires", info.expires)):
        if at is not None:
            _add(element, name, time_text(at))
    _option(element, "senderName", info.sender_name)
    _option(element, "headline", info.headline)
    _option(element, "description", info.description)
    _option(element, "instruction", info.instruction)
    _option(element, "web", info.web)
    for parameter in (*_ours(info), *info.parameters):
        _named(element, "parameter", parameter)
    for area in info.areas:
        _write_area(_add(element, "area"), area)


def _ours(info: AlertInfo) -> tuple[Geocode, ...]:
    """Return what stands beside CAP; the kind of danger only where a reader would guess another."""
    parameters = []
    if info.level is not None:
        parameters.append(Geocode(LEVEL_PARAMETER, str(info.level.value)))
    if info.hazard is not hazard_of(info.event, info.categories):
        parameters.append(Geocode(HAZARD_PARAMETER, info.hazard.value))
    if info.code:
        parameters.append(Geocode(CODE_PARAMETER, info.code))
    return tuple(parameters)


def _write_area(element: Element, area: Area) -> None:
    _add(element, "areaDesc", area.description)
    for ring in area.polygons:
        _add(element, "polygon", " ".join(_position(point) for point in ring))
    for circle in area.circles:
        _add(element, "circle", f"{_position(circle.centre)} {_decimal(circle.radius_km)}")
    for code in area.geocodes:
        _named(element, "geocode", code)


def _position(point: LatLng) -> str:
    return f"{_decimal(point.lat)},{_decimal(point.lng)}"


def _decimal(number: float) -> str:
    # repr() turns to exponents below 1e-4, which CAP readers do not know; a tenth of a millimetre is enough.
    return f"{number:.9f}".rstrip("0").rstrip(".")


def _add(parent: Element, name: str, text: str | None = None) -> Element:
    child = etree.SubElement(parent, f"{{{_NAMESPACE}}}{name}")
    child.text = text
    return child


def _option(parent: Element, name: str, text: str) -> None:
    if text:
        _add(parent, name, text)


def _named(parent: Element, name: str, pair: Geocode) -> None:
    child = _add(parent, name)
    _add(child, "valueName", pair.value_name)
    _add(child, "value", pair.value)
