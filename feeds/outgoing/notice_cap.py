"""An approved revision as a CAP 1.2 alert: what Atom feeds link to and other systems read.

One info for each part and language, its words byte for byte those that were approved. What is not Actual says so in
`status`, so that no reader that keeps to CAP takes a drill for real.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from alerts.alert import Alert, AlertInfo, Area, Reference
from alerts.cap import Certainty, MsgType, ResponseType, Status, Urgency
from alerts.claim import Lane
from alerts.hazard import HazardKind, category_of
from alerts.languages.known import words_of
from alerts.level import Level
from alerts.notice import ENDS, Notice, NoticeKind, NoticePart, Phase, Recipients, Text
from alerts.order_words import ORDER_NAMES_JA
from alerts.place import Cells, Ring
from alerts.words import HAZARDS_JA
from feeds.cap_write import time_text

# CAP wants RFC 3066 tags; our "ja-Hira" is one.
_LANGUAGES = {"ja": "ja-JP", "en": "en-US"}
_STATUSES = {Lane.DRILL: Status.EXERCISE, Lane.CANARY: Status.TEST}


def status_of(lane: Lane) -> Status:
    """Return the CAP status of what goes out in *lane*: Actual for what is live and for nothing else."""
    return _STATUSES.get(lane, Status.ACTUAL)


def message_type(notice: Notice) -> MsgType:
    """Return what *notice* does to its lineage: the first is an Alert, one that only withdraws a Cancel."""
    if notice.parts and all(part.phase is Phase.CANCELLED for part in notice.parts):
        return MsgType.CANCEL
    return MsgType.ALERT if notice.revision <= 1 else MsgType.UPDATE


def is_correction(notice: Notice) -> bool:
    """Say whether *notice* takes back or mends something that was said."""
    return any(part.phase in (Phase.CORRECTED, Phase.CANCELLED) for part in notice.parts)


def identifier_of(notice: Notice) -> str:
    """Return the CAP identifier: lineage and revision, so that every channel sees the same numbers rise."""
    return f"{notice.lineage}.{notice.revision}"


def alert_of(
    notice: Notice,
    sender: str,
    *,
    earlier: Sequence[Notice] = (),
    outline: Callable[[Cells], tuple[Ring, ...]] | None = None,
) -> Alert:
    """Return *notice* as a CAP alert of *sender*; *earlier* are the revisions that it takes the place of.

    Give *outline* to write the approved cells as polygons; without it the areas are named only. Of kind 3 each cell
    has its own way, so that there is an info for each part that has words.
    """
    parts = [part for part in notice.parts if part.texts and part.recipients is not Recipients.NOBODY]
    infos = tuple(_info(notice, part, text, outline) for part in parts for text in part.texts)
    older = sorted((one for one in earlier if one.revision < notice.revision), key=lambda one: one.revision)
    return Alert(
        identifier=identifier_of(notice),
        sender=sender,
        sent=notice.approved_at.replace(microsecond=0),
        status=status_of(notice.lane),
        msg_type=message_type(notice),
        note="訓練です。実際の災害ではありません。" if notice.lane is Lane.DRILL else "",
        references=tuple(Reference(sender, identifier_of(one), time_text(one.approved_at)) for one in older),
        infos=infos,
    )


def _info(
    notice: Notice, part: NoticePart, text: Text, outline: Callable[[Cells], tuple[Ring, ...]] | None
) -> AlertInfo:
    hazard = part.hazards[0] if part.hazards else HazardKind.OTHER
    description = "、".join(part.area_names) or notice.issuer or "対象の地域"
    area = Area(description)
    if outline is not None and part.cells:
        area = replace(area, polygons=outline(part.cells))
    return AlertInfo(
        event=_event(part, text, hazard),
        hazard=hazard,
        urgency=Urgency.IMMEDIATE if (part.level or 0) >= Level.ALL_LEAVE else Urgency.EXPECTED,
        severity=part.severity,
        certainty=Certainty.LIKELY,
        categories=(category_of(hazard),),
        language=_LANGUAGES.get(text.language, text.language),
        level=part.level,
        response_types=(_response(notice, part),),
        effective=notice.sent.replace(microsecond=0),
        expires=notice.expires.replace(microsecond=0),
        sender_name=notice.issuer,
        headline=text.title,
        description=text.body,
        areas=(area,),
    )


def _event(part: NoticePart, text: Text, hazard: HazardKind) -> str:
    order = ORDER_NAMES_JA.get(part.level) if part.level is not None else None
    if order and order in text.title:
        return order
    words = words_of(text.language)
    return words.names.hazards[hazard] if words is not None else HAZARDS_JA[hazard]


def _response(notice: Notice, part: NoticePart) -> ResponseType:
    # As our reader takes it: this word ends. That it is no sign of safety stands in the text (R10).
    if part.phase in ENDS:
        return ResponseType.ALL_CLEAR
    if notice.kind is NoticeKind.GO_THERE or any(name in part.texts[0].title for name in ORDER_NAMES_JA.values()):
        return ResponseType.EVACUATE
    return ResponseType.PREPARE if (part.level or 0) >= Level.CHECK_ACTION else ResponseType.MONITOR
