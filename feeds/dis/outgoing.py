"""An order as it went out, as a municipal report: what other channels are given, word for word its areas (R16).

The document's id is the lineage's, its revision the notice's, so that every channel sees the same numbers
rise, and a return is known by what it orders.
"""

from typing import Any

from alerts.alert import GEOCODE_AREA_NAME, GEOCODE_CLASS20, AlertInfo, Area, Geocode
from alerts.cap import Certainty, MsgType, ResponseType, Severity, Status, Urgency
from alerts.claim import Lane
from alerts.hazard import HazardKind, category_of
from alerts.level import Level
from alerts.notice import ENDS, Notice, NoticePart, Phase
from alerts.order_words import ORDER_NAMES_JA
from feeds.dis.write import OWN_PREFIX, plain_document

_CORRECTION = "訂正"
# A drill that leaves without saying so would be real wherever it arrives.
_STATUSES = {Lane.DRILL: Status.EXERCISE, Lane.CANARY: Status.TEST}


def is_outgoing(notice: Notice) -> bool:
    """Say whether *notice* tells of a municipality's order or its end: what other channels are owed."""
    titles = " ".join(text.title for part in notice.parts for text in part.texts)
    return any(name in titles for name in ORDER_NAMES_JA.values())


def document_of(notice: Notice, code: str, *, restate: bool = False) -> dict[str, Any]:
    """Return the plain document of an order's *notice*, given by the municipality *code* (five digits).

    A withdrawal holds no orders, unless *restate* asks for those that it takes back: each L-Alert document is
    about one danger, and which of them are withdrawn is told by their dangers.
    """
    cancelled = bool(notice.parts) and all(part.phase is Phase.CANCELLED for part in notice.parts)
    kind = MsgType.CANCEL if cancelled else MsgType.ALERT if notice.revision == 1 else MsgType.UPDATE
    infos = [_info(part, notice, code) for part in notice.parts if part.level in ORDER_NAMES_JA and part.area_names]
    plain = plain_document(
        document=f"{OWN_PREFIX}{notice.lineage}",
        revision=notice.revision,
        issuer=code,
        issuer_name=notice.issuer,
        sent=notice.approved_at,
        infos=infos if restate or not cancelled else (),
        status=_STATUSES.get(notice.lane, Status.ACTUAL),
        msg_type=kind,
    )
    if kind is MsgType.UPDATE and any(part.phase is Phase.CORRECTED for part in notice.parts):
        plain["type"] = _CORRECTION
    return plain


def _info(part: NoticePart, notice: Notice, code: str) -> AlertInfo:
    level = part.level or Level.ALL_LEAVE
    hazard = part.hazards[0] if part.hazards else HazardKind.OTHER
    return AlertInfo(
        event=ORDER_NAMES_JA[level],
        hazard=hazard,
        urgency=Urgency.IMMEDIATE,
        severity=Severity.EXTREME,
        certainty=Certainty.LIKELY,
        categories=(category_of(hazard),),
        level=level,
        response_types=(ResponseType.ALL_CLEAR if part.phase in ENDS else ResponseType.EVACUATE,),
        effective=notice.sent,
        sender_name=notice.issuer,
        areas=tuple(_area(name, notice.issuer, code) for name in part.area_names),
    )


def _area(name: str, issuer: str, code: str) -> Area:
    # The whole municipality only where the order said so: by its own name.
    geocode = Geocode(GEOCODE_CLASS20, f"{code}00") if name == issuer else Geocode(GEOCODE_AREA_NAME, f"{code} {name}")
    return Area(name, geocodes=(geocode,))
