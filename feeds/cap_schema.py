"""The order, number and values of CAP's elements, for the three versions that are still about.

OASIS publishes XSDs; the rules are written here in our own form, so that a refusal has a reason code
of ours and nothing else has to be shipped. The tests compare each verdict with the real XSDs.

Wider than the XSD in one point: a time that ends in ``Z`` is read in 1.2 too, because senders write it.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from feeds.errors import CapError
from feeds.moment import in_range
from feeds.xml import Element

NAMESPACES = {
    "http://www.incident.com/cap/1.0": "1.0",
    "urn:oasis:names:tc:emergency:cap:1.1": "1.1",
    "urn:oasis:names:tc:emergency:cap:1.2": "1.2",
}
_SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}"
_SCHEMA_INSTANCE = "{http://www.w3.org/2001/XMLSchema-instance}"

# How often: "!" once, "?" at most once, "+" at least once, "*" any number; after ":" what it holds.
_ALERT_10 = (
    "identifier! sender! sent!:time status!:status msgType!:msgType password? source? scope?:scope restriction?"
    " addresses? code* note? references? incidents? info*:info"
)
_INFO_10 = (
    "language?:language category*:category event! urgency!:urgency severity!:severity certainty!:certainty audience?"
    " eventCode* effective?:time onset?:time expires?:time senderName? headline? description? instruction? web?"
    " contact? parameter* resource*:resource area*:area"
)
_AREA_10 = "areaDesc! polygon* circle* geocode* altitude? ceiling?"
_ALERT = (
    "identifier! sender! sent!:time status!:status msgType!:msgType source? scope!:scope restriction? addresses? code*"
    " note? references? incidents? info*:info"
)
_INFO = (
    "language?:language category+:category event! responseType*:responseType urgency!:urgency severity!:severity"
    " certainty!:certainty audience? eventCode*:named effective?:time onset?:time expires?:time senderName? headline?"
    " description? instruction? web? contact? parameter*:named resource*:resource area*:area"
)
_RESOURCE = "resourceDesc! mimeType! size?:integer uri? derefUri? digest?"
_AREA = "areaDesc! polygon* circle* geocode*:named"

_GROUPS: dict[str, dict[str, str]] = {
    "1.0": {
        "alert": _ALERT_10,
        "info": _INFO_10,
        "resource": "resourceDesc! mimeType? size?:integer uri? digest?",
        "area": _AREA_10,
    },
    "1.1": {
        "alert": _ALERT,
        "info": _INFO,
        "resource": _RESOURCE,
        "area": f"{_AREA} altitude? ceiling?",
        "named": "valueName! value!",
    },
    "1.2": {
        "alert": _ALERT,
        "info": _INFO,
        "resource": _RESOURCE,
        "area": f"{_AREA} altitude?:decimal ceiling?:decimal",
        "named": "valueName! value!",
    },
}

_VALUES_12: dict[str, str] = {
    "status": "Actual Exercise System Test Draft",
    "msgType": "Alert Update Cancel Ack Error",
    "scope": "Public Restricted Private",
    "category": "Geo Met Safety Security Rescue Fire Health Env Transport Infra CBRNE Other",
    "responseType": "Shelter Evacuate Prepare Execute Avoid Monitor Assess AllClear None",
    "urgency": "Immediate Expected Future Past Unknown",
    "severity": "Extreme Severe Moderate Minor Unknown",
    "certainty": "Observed Likely Possible Unlikely Unknown",
}
_VALUES: dict[str, dict[str, frozenset[str]]] = {
    version: {name: frozenset(values.split()) for name, values in (_VALUES_12 | changed).items()}
    for version, changed in {
        "1.0": {
            "status": "Actual Exercise System Test",
            "category": "Geo Met Safety Security Rescue Fire Health Env Transport Infra Other",
            "certainty": "Likely Possible Unlikely Unknown",
        },
        "1.1": {"responseType": "Shelter Evacuate Prepare Execute Monitor Assess None"},
        "1.2": {},
    }.items()
}
_VALUES["1.0"]["certainty"] |= {"Very Likely"}

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[-+]\d\d:\d\d)?")
_TIME_12 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[-+]\d\d:\d\d)")
_FORMS = {
    "language": re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*"),
    "integer": re.compile(r"[-+]?\d+"),
    "decimal": re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)"),
}

# Prose has no limit in CAP; ours keeps one message from filling a topic. Far above any real one.
MAX_NAME_CHARACTERS = 8_192
MAX_PROSE_CHARACTERS = 65_536
_PROSE = frozenset({"description", "instruction", "note", "references", "areaDesc"})
# Held back by their own limits: a polygon by its vertices, a picture by the size of the document.
_UNLIMITED = frozenset({"polygon", "derefUri"})


@dataclass(frozen=True, slots=True)
class _Row:
    name: str
    least: int
    most: int | None
    holds: str


def _rows(text: str) -> tuple[_Row, ...]:
    rows = []
    for token in text.split():
        head, _, holds = token.partition(":")
        least, most = {"!": (1, 1), "?": (0, 1), "+": (1, None), "*": (0, None)}[head[-1]]
        rows.append(_Row(head[:-1], least, most, holds or "text"))
    return tuple(rows)


_ROWS = {version: {name: _rows(text) for name, text in groups.items()} for version, groups in _GROUPS.items()}


def version_of(root: Element) -> str:
    """Return the CAP version of *root*, or raise where it is not a CAP alert of a known version."""
    namespace, _, name = str(root.tag).rpartition("}")
    version = NAMESPACES.get(namespace.lstrip("{"))
    if version is None or name != "alert":
        raise CapError("cap-version", f"root {str(root.tag)[:80]} is not an alert of CAP 1.0, 1.1 or 1.2")
    return version


def check_schema(root: Element) -> str:
    """Raise `CapError` where *root* breaks its version's schema; return the version."""
    version = version_of(root)
    namespace = str(root.tag).rpartition("}")[0] + "}"
    _check_group(root, "alert", version, namespace)
    return version


def time_of(text: str) -> datetime:
    """Return the time that *text* names; raise where it has no offset, because nine hours is a night."""
    try:
        time = datetime.fromisoformat(text.strip())
    except ValueError:
        raise CapError("cap-schema-time", text[:40]) from None
    if time.tzinfo is None:
        raise CapError("cap-time-without-offset", text[:40])
    if not in_range(time):
        raise CapError("cap-time-range", text[:40])
    return time


def _check_group(element: Element, group: str, version: str, namespace: str) -> None:
    _check_frame(element, holds_elements=True)
    rows = _ROWS[version][group]
    children = list(element)
    position = 0
    for row in rows:
        count = 0
        while position < len(children) and children[position].tag == namespace + row.name:
            count += 1
            if row.most is not None and count > row.most:
                raise CapError("cap-schema-repeated", f"{row.name} occurs more than once in {group}")
            _check_value(children[position], row, version, namespace)
            position += 1
        if count < row.least:
            later = any(child.tag == namespace + row.name for child in children)
            raise CapError("cap-schema-order" if later else "cap-schema-missing", f"{row.name} in {group}")
    if group == "alert" and version == "1.2":
        # A signature is let through here; `feeds.cap_signature` checks it.
        while position < len(children) and str(children[position].tag).startswith(_SIGNATURE):
            position += 1
    if position < len(children):
        name = str(children[position].tag).removeprefix(namespace)
        reason = {row.name: row for row in rows}.get(name)
        if reason is None:
            raise CapError("cap-schema-element", f"{name[:60]} in {group}")
        seen = any(child.tag == children[position].tag for child in children[:position])
        repeated = seen and reason.most == 1
        raise CapError("cap-schema-repeated" if repeated else "cap-schema-order", f"{name} in {group}")


def _check_frame(element: Element, *, holds_elements: bool) -> None:
    name = str(element.tag).rpartition("}")[2][:60]
    if any(not str(attribute).startswith(_SCHEMA_INSTANCE) for attribute in element.attrib):
        raise CapError("cap-schema-attribute", f"CAP has no attributes; one is in {name}")
    if not holds_elements:
        if len(element):
            raise CapError("cap-schema-nested", f"{name} holds elements, it should hold text")
        return
    between = [element.text, *(child.tail for child in element)]
    if any(text and text.strip(" \t\r\n") for text in between):
        raise CapError("cap-schema-text", f"text between the elements of {name}")


def _check_value(element: Element, row: _Row, version: str, namespace: str) -> None:
    if row.holds in _ROWS[version]:
        _check_group(element, row.holds, version, namespace)
        return
    _check_frame(element, holds_elements=False)
    text = element.text or ""
    limit = MAX_PROSE_CHARACTERS if row.name in _PROSE else MAX_NAME_CHARACTERS
    if len(text) > limit and row.name not in _UNLIMITED:
        raise CapError("cap-text-too-long", f"{row.name} has {len(text)} characters, the limit is {limit}")
    if row.name in ("identifier", "sender") and not text.strip():
        raise CapError("cap-schema-empty", row.name)
    allowed = _VALUES[version].get(row.holds)
    if allowed is not None:
        if text not in allowed:
            raise CapError("cap-schema-value", f"{row.name} is {text[:40]!r}")
        return
    collapsed = text.strip()
    if row.holds == "time":
        form = _TIME_12 if version == "1.2" else _TIME
        if not form.fullmatch(collapsed):
            raise CapError("cap-schema-time", f"{row.name} is {text[:40]!r}")
        time_of(collapsed)
    elif row.holds in _FORMS and not _FORMS[row.holds].fullmatch(collapsed):
        raise CapError("cap-schema-value", f"{row.name} is {text[:40]!r}")
