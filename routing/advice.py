"""R1: GO only where it can be walked; otherwise leave early, go up, or stay, each with its reason.

Safe in the stated direction: the walk is counted at the slow pace for everybody, because needs stay
on the phone and the server assumes the slowest reader (R2). What is not known counts as the worse:
an unknown depth is water, an unknown arrival of a forecast danger is soon.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from alerts.hazard import HazardKind
from alerts.place import Cell
from alerts.ward import WithoutSite
from routing.go_up import FLOORS, TWO_STOREYS, WATER
from routing.ground import NO_MODES, Ground, Outlook, Situation, WardModes
from routing.plan import Advice, Answer, Route, Why
from routing.shelter import SUDDEN, Offer

SLOW_METRES_PER_SECOND = 0.5
NIGHT_FACTOR = 0.8
LONGEST_WALK = timedelta(minutes=60)
# Before a typhoon the railways stop by plan, announced the day before; from six hours before the
# danger on, telling people to take a train strands them on a platform.
LAST_TRAIN_BEFORE = timedelta(hours=6)
# The hour that is told as the last sensible one leaves this much for the journey itself.
JOURNEY = timedelta(hours=2)
_INSIDE = (WithoutSite.GO_UP, WithoutSite.STAY)


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast people are taken to walk, and how long at most (settings; R1's first values)."""

    slow_metres_per_second: float = SLOW_METRES_PER_SECOND
    night_factor: float = NIGHT_FACTOR
    longest_walk: timedelta = LONGEST_WALK
    last_train_before: timedelta = LAST_TRAIN_BEFORE
    journey: timedelta = JOURNEY

    def slow_seconds(self, walk_seconds: int, *, night: bool) -> int:
        """Return how long a walk of *walk_seconds* at the general pace (1 m/s) takes the slow."""
        return math.ceil(walk_seconds / self.slow_metres_per_second / (self.night_factor if night else 1.0))

    def longest_seconds(self, *, night: bool) -> int:
        """Return the longest walk at the general pace that the slow still finish in time."""
        pace = self.slow_metres_per_second * (self.night_factor if night else 1.0)
        return math.floor(self.longest_walk.total_seconds() * pace)


PACE = Pace()


def stays_put(situation: Situation, cell: Cell) -> bool:
    """Return whether the people of *cell* are told to stay or go up whatever way they have."""
    ground, outlook = situation.ground_of(cell), situation.outlook_of(cell)
    sudden = situation.hazards <= SUDDEN
    if ground.stays and sudden and not outlook.active:
        return True
    return not _in_zone(ground, outlook, situation) or (outlook.active and not sudden)


def why_not_walked(slow_seconds: int, outlook: Outlook, situation: Situation, pace: Pace = PACE) -> Why | None:
    """Return why a walk of *slow_seconds* that begins now is no advice, or None when it can be done."""
    if outlook.storm_from is not None and outlook.storm_from < situation.at + timedelta(seconds=slow_seconds):
        return Why.STORM
    sudden = situation.hazards <= SUDDEN
    if sudden and outlook.active:
        return None  # a fire in the cell: out of it is better than any wait, however long the walk
    if slow_seconds > pace.longest_walk.total_seconds():
        return Why.TOO_FAR
    if sudden:
        return None  # it is here already: the roads that it closes are closed (`routing.passable`)
    if outlook.active:
        return Why.WATER_COMES_FIRST
    if outlook.arrives_at is not None and outlook.arrives_at <= situation.at + timedelta(seconds=slow_seconds):
        return Why.WATER_COMES_FIRST
    return None


def decide(
    ground: Ground,
    outlook: Outlook,
    way: Route | Why,
    situation: Situation,
    pace: Pace = PACE,
    *,
    key: str = "",
    modes: WardModes = NO_MODES,
) -> Answer:
    """Return what the people of a cell are to do, given their *way* or why they have none.

    *key* names the row of the "go up" table for their ground and need (`routing.go_up`); empty where
    going up does not help. *modes* are their ward's.
    """
    if ground.stays and situation.hazards <= SUDDEN and not outlook.active:
        return _without_way(Advice.STAY, Why.DISTRICT_STAYS)
    if not _in_zone(ground, outlook, situation):
        return _without_way(Advice.STAY, Why.NOT_IN_ZONE)
    if isinstance(way, Why):
        refusal = way
    elif (refused := why_not_walked(way.slow_seconds, outlook, situation, pace)) is not None:
        refusal = refused
    else:
        why = Why.NOT_CONFIRMED_OPEN if way.offer is Offer.DESIGNATED else Why.WALKABLE
        return Answer(Advice.GO, why, way)
    leave_by = last_hour(outlook, situation, pace)
    if leave_by is not None and not _kept_inside(ground, outlook, situation, modes):
        return Answer(Advice.LEAVE_EARLY, refusal, leave_by=leave_by, refuge=modes.leave_early)
    if not key:
        return _without_way(Advice.STAY, refusal)
    # Up is away from water and from a slope; in a storm, a quake or a fire it is no safer than down. Nobody is sent
    # outside to a ward's own refuge once the storm or the water is there.
    outside = refusal is not Why.STORM and not outlook.active
    return _without_way(Advice.GO_UP, refusal, key, modes.refuge if outside else "")


# Every reason of every advice with every row of the table is a few thousand; a city shares some ten.
@lru_cache(maxsize=4096)
def _without_way(advice: Advice, why: Why, action: str = "", refuge: str = "") -> Answer:
    """Return the one value that all cells of this advice share: nobody can change it."""
    return Answer(advice, why, action=action, refuge=refuge)


def _kept_inside(ground: Ground, outlook: Outlook, situation: Situation, modes: WardModes) -> bool:
    """Say whether the ward keeps its people in their buildings though there is time to leave (垂直避難, 屋内安全確保).

    Only if it says so of every danger that holds here, and where the building bears it: above water in a house that
    stands and is high enough. Of a slope nobody knows it. What is not known is no.
    """
    dangers = situation.hazards | outlook.dangers
    if not all(modes.without_site.get(danger) in _INSIDE for danger in dangers):
        return False
    if HazardKind.LANDSLIDE in dangers:
        return False
    if not dangers & WATER:
        return True
    storeys = FLOORS[ground.depth]
    above = ground.dry or (storeys is not None and storeys <= TWO_STOREYS)
    return above and ground.collapse_zone is False


def last_hour(outlook: Outlook, situation: Situation, pace: Pace = PACE) -> datetime | None:
    """Return by when people must have left by train, or None when it is too late or nothing says when.

    Whichever comes first, storm or water, ends the journeys.
    """
    if (outlook.arrives_at is None and outlook.storm_from is None) or situation.hazards <= SUDDEN or outlook.active:
        return None
    ends = [moment for moment in (outlook.arrives_at, outlook.storm_from) if moment is not None]
    if min(ends) - pace.last_train_before < situation.at:
        return None
    return min(ends) - max(pace.journey, pace.last_train_before)


def _in_zone(ground: Ground, outlook: Outlook, situation: Situation) -> bool:
    if not ground.dry or ground.collapse_zone or outlook.active:
        return True
    return not situation.hazards <= WATER  # a quake, a storm or a fire has no zone on the flood map
