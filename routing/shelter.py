"""Shelters on the walking network: what each is fit for, whom it takes, and whether it may be offered.

Safe in the stated direction: for a danger that is forecast a shelter that nobody has said to be open
is not one to send people to; for one that strikes without warning a site in the open is offered at
once and a staffed one only as "designated, not confirmed open" (R11). A capacity that nobody knows is
unknown, never infinite and never zero.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from alerts.hazard import HazardKind
from alerts.place import LatLng
from alerts.shelter import Accepts, ShelterState, SiteClass
from routing.node import Node

__all__ = [
    "SUDDEN",
    "Accepts",
    "Offer",
    "Shelter",
    "ShelterState",
    "SiteClass",
    "Unusable",
    "offer_of",
    "takes",
    "why_unusable",
]

# What strikes without a forecast: nobody had the time to open a school and to say so.
SUDDEN = frozenset({HazardKind.EARTHQUAKE, HazardKind.TSUNAMI, HazardKind.FIRE, HazardKind.VOLCANO})


class Offer(StrEnum):
    """How sure it is that somebody who arrives is let in."""

    OPEN = "open"  # its staff or the ward said so
    ALWAYS_OPEN = "always-open"  # nobody has to open it
    DESIGNATED = "designated-not-confirmed-open"


class Unusable(StrEnum):
    """Why a shelter is not offered."""

    NOT_FIT = "not-fit"
    FULL = "full"
    CLOSED = "closed"
    UNKNOWN = "state-unknown"
    NOT_FOR_EVERYBODY = "not-for-everybody"  # a welfare or temporary-stay site has its own people
    NOT_STEP_FREE = "not-step-free"
    IN_DANGER = "in-danger"  # it lies inside a danger that it is not fit for


@dataclass(frozen=True, slots=True)
class Shelter:
    """A site, its entrance on the walking network, and the dangers that it is designated for.

    `capacity` and `occupants` are people; None is unknown. `ward` is a label, for R17 only.
    """

    id: str
    name: str
    point: LatLng
    node: Node
    fit_for: frozenset[HazardKind]
    capacity: int | None
    state: ShelterState = ShelterState.UNKNOWN
    site_class: SiteClass = SiteClass.STAFFED
    step_free: bool | None = None
    ward: str = ""
    accepts: Accepts = Accepts.ANYONE
    agreed_wards: frozenset[str] = frozenset()
    occupants: int | None = None
    state_at: datetime | None = None

    @property
    def places(self) -> int | None:
        """Return how many more people it takes; None where its capacity is unknown."""
        if self.capacity is None:
            return None
        return max(0, self.capacity - (self.occupants or 0))


def why_unusable(
    shelter: Shelter, hazard: HazardKind | Collection[HazardKind], *, step_free: bool = False
) -> Unusable | None:
    """Return why nobody should be sent to *shelter* in *hazard*, or None when they may be.

    Several hazards: it must be fit for each. It is offered as not confirmed only when all of them are
    sudden. With *step_free*, a site that is not known to be step-free is refused (R3).
    """
    hazards = {hazard} if isinstance(hazard, HazardKind) else set(hazard)
    if not hazards <= shelter.fit_for:
        return Unusable.NOT_FIT
    if shelter.site_class in (SiteClass.WELFARE, SiteClass.TEMPORARY_STAY):
        return Unusable.NOT_FOR_EVERYBODY
    if step_free and not shelter.step_free:
        return Unusable.NOT_STEP_FREE
    if shelter.places == 0:
        return Unusable.FULL
    if shelter.state is ShelterState.UNKNOWN and hazards <= SUDDEN:
        return None
    return {
        ShelterState.OPEN: None,
        ShelterState.FULL: Unusable.FULL,
        ShelterState.CLOSED: Unusable.CLOSED,
        ShelterState.UNKNOWN: Unusable.UNKNOWN,
    }[shelter.state]


def offer_of(shelter: Shelter) -> Offer:
    """Return how sure an offer of a usable *shelter* is."""
    if shelter.state is ShelterState.OPEN:
        return Offer.OPEN
    return Offer.ALWAYS_OPEN if shelter.site_class is SiteClass.ALWAYS_OPEN else Offer.DESIGNATED


def takes(shelter: Shelter, ward: str) -> bool:
    """Return whether *shelter* takes the people of *ward* (R17); an unnamed ward is anybody's."""
    match shelter.accepts:
        case Accepts.ANYONE:
            return True
        case Accepts.OWN_WARD:
            return not ward or ward == shelter.ward
        case Accepts.AGREED_WARDS:
            return not ward or ward == shelter.ward or ward in shelter.agreed_wards
