"""The forms of one approved revision: the same revision gives the same bytes, whoever asks and whenever (R16).

Words are those that were approved, never written anew; only the loudspeaker's script is made from level, danger and
names, because a minute of speech is not a text to be read. What leaves carries its revision, says that it corrects and
says that it is a drill.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from alerts.claim import Lane
from alerts.notice import Notice, NoticeKind
from alerts.place import Cells, Ring
from alerts.ward import USUAL_LANGUAGES
from feeds.cap_write import write_cap
from feeds.dis.outgoing import document_of, is_outgoing
from feeds.dis.write import to_json, to_table
from feeds.lalert.write import write_orders
from feeds.outgoing.notice_cap import alert_of, identifier_of, is_correction, message_type, status_of
from feeds.outgoing.script import script_of
from feeds.outgoing.signage import signage_page


class Form(StrEnum):
    """In which form a revision leaves."""

    L_ALERT = "l-alert"
    DIS = "dis"
    CAP = "cap"
    SIGNAGE = "signage"
    SCRIPT = "loudspeaker"
    WEBHOOK = "webhook"


@dataclass(frozen=True, slots=True)
class Municipality:
    """Who speaks: five digits, the name by which it signs, readings of its names in kana, its screens' languages."""

    code: str
    name: str
    readings: Mapping[str, str]
    languages: tuple[str, ...] = USUAL_LANGUAGES


@dataclass(frozen=True, slots=True)
class Leaf:
    """One document of a form. `name` is its file's, and tells one revision from the next."""

    name: str
    content_type: str
    body: bytes


def why_not(form: Form, notice: Notice, ward: Municipality) -> str:
    """Return why *notice* has no *form* by a stable code, "" when it has one.

    L-Alert and DIS carry orders of the municipality itself; ways are cell by cell and go to telephones only.
    """
    if notice.kind is NoticeKind.GO_THERE:
        return "ways-are-for-telephones"
    if not any(part.texts for part in notice.parts):
        return "nothing-said"
    if form in (Form.L_ALERT, Form.DIS) and not (is_outgoing(notice) and notice.issuer == ward.name):
        return "no-order-of-its-own"
    return ""


def leaves_of(
    form: Form,
    notice: Notice,
    ward: Municipality,
    *,
    sender: str,
    earlier: Sequence[Notice] = (),
    in_force: Sequence[Notice] = (),
    outline: Callable[[Cells], tuple[Ring, ...]] | None = None,
) -> tuple[Leaf, ...]:
    """Return *notice* in *form*; *earlier* are the lineage's older revisions, *in_force* all that a screen shows.

    Empty where the form has no document for it, e.g. a loudspeaker's script for what has no words.
    """
    if why_not(form, notice, ward):
        return ()
    stem = identifier_of(notice)
    match form:
        case Form.L_ALERT:
            bodies = write_orders(document_of(notice, ward.code, restate=True))
            return tuple(
                Leaf(f"{stem}.l-alert-{number}.xml", "application/xml", body)
                for number, body in enumerate(bodies, start=1)
            )
        case Form.DIS:
            plain = document_of(notice, ward.code)
            files = [Leaf(f"{stem}.json", "application/json", to_json(plain))]
            if plain.get("orders"):
                files.append(Leaf(f"{stem}.csv", "text/csv", to_table(plain, "orders")))
            return tuple(files)
        case Form.CAP:
            alert = alert_of(notice, sender, earlier=earlier, outline=outline)
            return (Leaf(f"{stem}.cap.xml", "application/cap+xml", write_cap(alert)),)
        case Form.SIGNAGE:
            shown = in_force or (notice,)
            return (
                Leaf(f"{ward.code}.html", "text/html; charset=utf-8", signage_page(ward.name, shown, ward.languages)),
            )
        case Form.SCRIPT:
            script = script_of(notice, ward.name, ward.readings)
            if script is None:
                return ()
            return (Leaf(f"{stem}.{ward.code}.txt", "text/plain; charset=utf-8", script.to_bytes()),)
        case Form.WEBHOOK:
            return (Leaf(f"{stem}.{ward.code}.json", "application/json", webhook_body(notice, ward)),)


def webhook_body(notice: Notice, ward: Municipality) -> bytes:
    """Return what a ward's own mail or LINE gateway is given: the approved words, to be passed on as they are."""
    plain = {
        "v": 1,
        "lineage": notice.lineage,
        "revision": notice.revision,
        "status": status_of(notice.lane).value,
        "type": message_type(notice).value,
        "correction": is_correction(notice),
        "drill": notice.lane is Lane.DRILL,
        "ward": ward.code,
        "issuer": notice.issuer,
        "sent": notice.sent.isoformat(),
        "expires": notice.expires.isoformat(),
        "approved": notice.digest,
        "parts": [
            {
                "phase": part.phase.value,
                "level": None if part.level is None else int(part.level),
                "severity": part.severity.value,
                "hazards": [hazard.value for hazard in part.hazards],
                "areas": list(part.area_names),
                "texts": [{"language": text.language, "title": text.title, "body": text.body} for text in part.texts],
            }
            for part in notice.parts
            if part.texts
        ],
    }
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()
