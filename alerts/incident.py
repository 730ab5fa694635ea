"""What a source says has happened: damage, lifelines, people cut off."""

from dataclasses import dataclass
from enum import StrEnum

from alerts.fact import Attribution
from alerts.place import LatLng, Ring


class IncidentKind(StrEnum):
    """Kinds of the municipal report forms; the wide-area themes are told apart by their category."""

    DAMAGE = "damage"  # 被害: houses, people, facilities
    LIFELINE = "lifeline"  # 停電・断水・ガス・通信
    ISOLATED = "isolated"  # 孤立集落
    FIRE = "fire"
    FLOODING = "flooding"  # 浸水の発生
    NEED = "need"  # a shelter's or an area's request for supplies
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class IncidentReport:
    """One source's word on one incident. `ended` says that it is over; `counts` are the form's figures."""

    id: str
    kind: IncidentKind
    title: str
    attribution: Attribution
    point: LatLng | None = None
    area: Ring = ()
    area_codes: tuple[str, ...] = ()
    ward: str = ""
    text: str = ""
    counts: tuple[tuple[str, int], ...] = ()
    ended: bool = False
