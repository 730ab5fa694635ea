"""Shelters: what each is fit for, and in what state it was last said to be.

Safe in the stated direction (R11): a shelter that nobody has said to be open is not one to send
people to; `unknown` is therefore a reason of its own and not a kind of open.
"""

from dataclasses import dataclass
from enum import StrEnum

from alerts.hazard import HazardKind
from alerts.place import LatLng
from alerts.shelter import ShelterState
from routing.network import Node


class Unusable(StrEnum):
    """Why a shelter is not offered."""

    NOT_FIT = "not-fit"
    FULL = "full"
    CLOSED = "closed"
    UNKNOWN = "state-unknown"


@dataclass(frozen=True, slots=True)
class Shelter:
    """A site, its entrance on the walking network, and the dangers that it is designated for."""

    id: str
    name: str
    point: LatLng
    node: Node
    fit_for: frozenset[HazardKind]
    capacity: int
    state: ShelterState = ShelterState.UNKNOWN


def why_unusable(shelter: Shelter, hazard: HazardKind) -> Unusable | None:
    """Return why nobody should be sent to *shelter* in *hazard*, or None when they may be."""
    if hazard not in shelter.fit_for:
        return Unusable.NOT_FIT
    return {
        ShelterState.OPEN: None,
        ShelterState.FULL: Unusable.FULL,
        ShelterState.CLOSED: Unusable.CLOSED,
        ShelterState.UNKNOWN: Unusable.UNKNOWN,
    }[shelter.state]
