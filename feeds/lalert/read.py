"""Read L-Alert documents: wrapper first, then whether the inside agrees with it, then the body.

A document says twice what it is: in the EDXL wrapper for whoever passes it on, and inside for whoever
acts on it. Where the two disagree a person decides: one of them may be a drill.
"""

import hashlib
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from alerts.alert import Alert
from alerts.cap import MsgType, Status
from alerts.report import Linkage, Report
from feeds.dis.clock import time_of
from feeds.dis.document import TRUSTED_WAYS, issuer_code, read_document, series_of_issuer
from feeds.dis.form import FORMAT
from feeds.dis.words import HAZARDS
from feeds.errors import LAlertError
from feeds.lalert.names import EVACUATION_BODY, EVERYWHERE, FEED, KIND, ROOT, SHELTER_BODY, TYPES
from feeds.xml import Element

STATUS_DISAGREES = "l-alert-status-disagrees"
IDENTITY_DISAGREES = "l-alert-identity-disagrees"
INFORMATIONAL = "kind-informational"


def is_l_alert(root: Element) -> bool:
    """Say whether *root* is an EDXL wrapper."""
    return root.tag == ROOT


def read_l_alert(root: Element, raw: bytes, *, received: datetime, came_by: str) -> Report:
    """Return what the document says; raise `LAlertError` where nobody could act on it."""
    if came_by not in TRUSTED_WAYS:
        raise LAlertError("dis-by-another-feed", f"it came by {came_by[:40]}")
    content, report = _one(root, "contentObject"), _one(root, "Report")
    control, head = _one(report, "Control"), _one(report, "Head")
    code, name = _issuer(root, control)
    statuses = _text(root, "distributionStatus"), _text(control, "distributionStatus")
    identities = [_identity(content), _identity(head)]
    if statuses[0] not in set(Status) or statuses[1] not in set(Status):
        raise LAlertError("l-alert-status", f"{statuses[0][:20]!r}, {statuses[1][:20]!r}")
    kind = _text(root, "distributionType")
    body = next((child for child in report if _name(child) not in ("Control", "Head")), None)
    if body is None:
        raise LAlertError("l-alert-body", "no body")
    document, revision = identities[0]
    hold = ""
    if statuses[0] != statuses[1]:
        hold = STATUS_DISAGREES
    elif identities[0] != identities[1] or _text(head, "distributionType") != kind:
        hold = IDENTITY_DISAGREES
    if hold or kind not in TYPES or _name(body) not in (EVACUATION_BODY, SHELTER_BODY):
        return _recorded(root, raw, received, code, statuses, kind, _name(body), hold)
    plain: dict[str, Any] = {
        "format": FORMAT,
        "version": 1,
        "id": "".join(document.split()),
        "revision": revision,
        "issuer": {"code": code, "name": name},
        "sent": _time(head, "ReportDateTime") or _time(root, "dateTimeSent"),
        "status": statuses[0],
        "type": "訂正" if _find(control, "Errata") is not None and kind == "Update" else TYPES[kind],
        "note": _text(control, "Description"),
    }
    if _name(body) == EVACUATION_BODY:
        plain["orders"] = list(_orders(body, code, name, plain["sent"], _text(head, "Text")))
    else:
        plain["shelters"] = list(_shelters(body, plain["sent"]))
    return read_document(plain, raw, received=received, came_by=came_by, feed=FEED, kind=f"{KIND}-{_name(body)}")


def _orders(body: Element, code: str, name: str, sent: str, headline: str) -> Iterator[dict[str, Any]]:
    hazard = _hazard(_text(body, "DisasterName"))
    for detail in _all(body, "Detail"):
        by_time: dict[str, list[dict[str, Any]]] = {}
        for area in _all(detail, "Area"):
            place = _text(area, "areaName")
            said: dict[str, Any] = {"name": place}
            if place in (name, f"{name}{EVERYWHERE}", EVERYWHERE) or _text(area, "jisX0402") == code:
                said["code"] = code
            by_time.setdefault(_time(area, "DateTime") or sent, []).append(said)
        if not by_time:
            raise LAlertError("l-alert-no-area", f"{_text(detail, 'Sort')[:20]} for nowhere")
        for at, areas in by_time.items():
            yield {
                "level": _text(detail, "Sort"),
                "state": _text(detail, "IssueOrLift"),
                "hazard": hazard,
                "areas": areas,
                "issued_at": at,
                "text": headline,
            }


def _hazard(disaster: str) -> str:
    """Return the danger that a disaster's name speaks of (「台風第3号による洪水」); other where it names none."""
    named = [word for word in HAZARDS if len(word) > 1 and not word.isascii() and word in disaster]
    if named:
        return max(named, key=len)
    return "大雨" if "台風" in disaster else "その他"


def _shelters(body: Element, sent: str) -> Iterator[dict[str, Any]]:
    for one in _all(body, "Information"):
        name = _text(one, "areaName")
        said: dict[str, Any] = {
            "id": "".join(name.split()) or "?",
            "name": name,
            "as_of": _time(one, "CheckedDateTime") or _time(one, "DateTime") or sent,
            "state": _text(one, "Sort"),
            "address": _text(one, "Address"),
            "class": _text(one, "Type"),
            "capacity": _text(one, "Capacity"),
            "occupants": _text(one, "HeadCount"),
            "band": _text(one, "Status"),
        }
        circle = _text(one, "circle").replace(",", " ").split()
        if len(circle) >= 2:
            said["lat"], said["lng"] = (_number(part) for part in circle[:2])
        yield {key: value for key, value in said.items() if value != ""}


def _recorded(
    root: Element,
    raw: bytes,
    received: datetime,
    code: str,
    statuses: tuple[str, str],
    kind: str,
    body: str,
    hold: str,
) -> Report:
    """Return a document that is held or only recorded; of what is held nothing is believed, not even its status."""
    sent = time_of(_text(root, "dateTimeSent"))
    if sent is None:
        raise LAlertError("l-alert-time", "dateTimeSent is no time")
    return Report(
        document=hashlib.sha256(raw).hexdigest(),
        feed=FEED,
        kind=f"{KIND}-{body[:40]}",
        series=series_of_issuer(code),
        linkage=Linkage.SERIES,
        alert=Alert(
            identifier=_text(root, "distributionID")[:120],
            sender=code,
            sent=sent,
            sent_text=_text(root, "dateTimeSent"),
            status=Status.ACTUAL if hold else Status(statuses[0]),
            msg_type=MsgType.ALERT,
            note=kind[:40],
        ),
        received=received,
        hold=hold,
        informational="" if hold else INFORMATIONAL,
    )


# ------------------------------------------------------------------------------------- the elements


def _issuer(root: Element, control: Element) -> tuple[str, str]:
    area = _one(root, "targetArea")
    code, name = _text(area, "jisX0402"), _text(area, "areaName") or _text(control, "OfficeName")
    if not code or not name:
        raise LAlertError("l-alert-issuer", "targetArea names no municipality")
    return issuer_code(code), name


def _identity(element: Element) -> tuple[str, int]:
    found = {_name(child): (child.text or "").strip() for child in element}
    document, revision = found.get("documentID", ""), found.get("documentRevision", "")
    if not document or not (revision.isascii() and revision.isdecimal() and len(revision) < 7):
        raise LAlertError("l-alert-identity", f"documentID {document[:40]!r}, documentRevision {revision[:20]!r}")
    return document, int(revision)


def _name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _all(element: Element, name: str) -> Iterator[Element]:
    return (one for one in element.iter() if _name(one) == name)


def _find(element: Element, name: str) -> Element | None:
    return next(_all(element, name), None)


def _one(element: Element, name: str) -> Element:
    found = _find(element, name)
    if found is None:
        raise LAlertError("l-alert-structure", f"no {name}")
    return found


def _text(element: Element, name: str) -> str:
    """Return the text of the first *name* below *element*, the nearest to it first."""
    for child in element:
        if _name(child) == name:
            return (child.text or "").strip()
    found = _find(element, name)
    return ((found.text if found is not None else None) or "").strip()


def _time(element: Element, name: str) -> str:
    said = _text(element, name)
    at = time_of(said) if said else None
    if said and at is None:
        raise LAlertError("l-alert-time", f"{name} {said[:40]!r}")
    return at.isoformat() if at is not None else ""


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text
