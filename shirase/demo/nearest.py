"""Say where the nearest open and fit shelter of a cell is in the demo city, and whether it can be walked.

Safe in the stated direction (R1): the walk is counted at the slow pace, and one that is too long is
said to be too long instead of being advised.
"""

from dataclasses import dataclass
from functools import lru_cache

import h3.api.basic_int as h3

from alerts.hazard import HazardKind
from alerts.place import LatLng
from routing.forest import Forest, NoWay, NoWayReason, Way, grow
from routing.network import WALK_METRES_PER_SECOND
from routing.shelter import Shelter
from shirase.demo.city import City, city

# R1: 0.5 m/s is the pace of those who are slow, and nobody is sent on a walk of more than an hour.
SLOW_METRES_PER_SECOND = 0.5
LONGEST_WALK_MINUTES = 60
# Streets are 200 m apart: a cell further off than this has none, and is outside the demo city.
_FURTHEST_STREET_M = 600.0


@dataclass(frozen=True, slots=True)
class Nearest:
    """A shelter and how far it is, or the reason why there is none to name."""

    hazard: HazardKind
    shelter: Shelter | None
    walk_minutes: int | None
    slow_walk_minutes: int | None
    reason: str  # "walkable", "too-far", "outside-the-city" or a NoWayReason

    @property
    def text(self) -> str:
        """Return one line for an officer."""
        if self.shelter is None:
            return f"{self.hazard.value}: no shelter to name ({self.reason})"
        return (
            f"{self.hazard.value}: {self.shelter.name}, {self.walk_minutes} min on foot, "
            f"{self.slow_walk_minutes} min at a slow pace ({self.reason})"
        )


def nearest_shelter(town: City, cell: int, hazard: HazardKind) -> Nearest:
    """Return the nearest usable shelter from the middle of *cell*."""
    lat, lng = h3.cell_to_latlng(cell)
    node, metres = town.streets.nearest_node(LatLng(lat, lng))
    if metres > _FURTHEST_STREET_M:
        return Nearest(hazard, None, None, None, "outside-the-city")
    way = _forest(town.seed, hazard).way_from(node)
    if isinstance(way, NoWay):
        return Nearest(hazard, None, None, None, NoWayReason(way.reason).value)
    return _walked(town, hazard, way, metres)


def _walked(town: City, hazard: HazardKind, way: Way, metres_to_street: float) -> Nearest:
    shelter = next(shelter for shelter in town.shelters if shelter.id == way.shelter_id)
    seconds = way.walk_seconds + metres_to_street / WALK_METRES_PER_SECOND
    slow_minutes = _minutes(seconds * WALK_METRES_PER_SECOND / SLOW_METRES_PER_SECOND)
    reason = "walkable" if slow_minutes <= LONGEST_WALK_MINUTES else "too-far"
    return Nearest(hazard, shelter, _minutes(seconds), slow_minutes, reason)


def _minutes(seconds: float) -> int:
    return int(-(-seconds // 60))


@lru_cache(maxsize=16)
def _forest(seed: int, hazard: HazardKind) -> Forest:
    town = city(seed)
    return grow(town.streets, town.shelters, hazard)
