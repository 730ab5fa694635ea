"""For each part of each cell: which shelter, by which roads - keeping what was told while it holds.

A told way is kept as long as none of its roads is closed, its shelter is offered and takes these
people, and no other became a fifth shorter (`routing.assignment.GAIN`) or opened. That is true of the
way as of the shelter: a road that opens again wakes nobody for half a minute. Against what a way is
measured (`Known`) is part of what was told; without it, after a restart, nobody moves for a gain.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from alerts.place import Cell
from routing.assignment import GAIN, Assignment, Demand, Key, WardLimits, assign
from routing.columns import Plain
from routing.forest import AT_SHELTER, NEVER
from routing.parts import CellPart
from routing.plan import Why
from routing.reach import arcs_towards, options_of
from routing.shelter import Shelter, takes
from routing.standing import Standing


@dataclass(frozen=True, slots=True)
class Walk:
    """The arcs to a shelter, and the seconds at the general pace; `start` and `metres` are where they begin."""

    shelter_id: str
    arcs: tuple[int, ...]
    seconds: int
    start: int
    metres: float = 0.0


@dataclass(frozen=True, slots=True)
class Known:
    """What a gain is measured against: the seconds from each part to its nearest shelter, and each one's places.

    `places` has only shelters that were offered; None is a number that nobody knows, which is more than any.
    """

    seconds: Mapping[Key, int] = field(default_factory=dict)
    places: Mapping[str, int | None] | None = None

    def opened(self, places: Mapping[str, int | None]) -> frozenset[str]:
        """Return which of *places* were not offered before, or have more than they had."""
        if self.places is None:
            return frozenset()
        before = {shelter: _count(most) for shelter, most in self.places.items()}
        return frozenset(shelter for shelter, most in places.items() if _count(most) > before.get(shelter, -1))


@dataclass(frozen=True, slots=True)
class Choice:
    """The walk of each part or why there is none, who crosses ward lines (R17), and the next gain's measure."""

    walks: Mapping[Key, Walk | Why]
    assignment: Assignment
    known: Known


def choose(
    standing: Standing,
    parts: Iterable[CellPart],
    people: Mapping[Cell, int],
    wards: Mapping[Cell, str],
    told: Mapping[Key, Walk],
    places: Mapping[str, int | None],
    limits: WardLimits,
    longest_seconds: int,
    known: Known,
) -> Choice:
    """Return the walk of each part. *places* are how many more people each offered shelter takes."""
    forest = standing.forest
    shelters = {shelter.id: shelter for shelter in forest.shelters}
    walks: dict[Key, Walk | Why] = {}
    demands: list[Demand] = []
    at: dict[Key, tuple[int, float]] = {}
    shortest: dict[Key, int] = {}
    offered = {s.id: s.places for s in forest.shelters if s.id not in forest.refused}
    opened = known.opened(offered)
    for part in parts:
        key = (part.cell, part.number)
        if part.position is None:
            walks[key] = Why.FAR_FROM_NETWORK
            continue
        start = next((start for start in part.starts if forest.labels[start[0]] < NEVER), part.starts[0])
        nearest, seconds = forest.shelter_at(start[0]), forest.seconds_at(start[0])
        if nearest is None or seconds is None:
            walks[key] = standing.why_none(part.position)
            continue
        if seconds + round(start[1]) > longest_seconds:
            # R1 refuses it, so it takes no place; the walk is kept as the reason why.
            walks[key] = _walk(standing, start, nearest.id, {})
            continue
        ward, at[key], shortest[key] = wards.get(part.cell, ""), start, seconds
        held = _held(told.get(key), standing, shelters, ward, longest_seconds)
        count = round(people.get(part.cell, 0) * part.share)
        options = ((nearest.id, seconds),) if takes(nearest, ward) else ()
        demands.append(Demand(key, ward, count, options, held, seconds < known.seconds.get(key, 0)))
    ward_of = {shelter.id: shelter.ward for shelter in forest.shelters}
    assignment = assign(demands, places, ward_of, limits, opened)
    if any(chosen is None for chosen in assignment.chosen.values()):
        demands = _with_options(standing, demands, at, shelters, longest_seconds)
        assignment = assign(demands, places, ward_of, limits, opened)
    trees: dict[str, Plain] = {}
    for demand in demands:
        chosen = assignment.chosen[demand.key]
        if chosen is None:
            walks[demand.key] = Why.NO_ROOM if demand.options else Why.NO_USABLE_SHELTER
        elif demand.held is not None and chosen == demand.held[0] and _keeps_way(demand):
            walks[demand.key] = told[demand.key]
        else:
            walks[demand.key] = _walk(standing, at[demand.key], chosen, trees)
    return Choice(walks, assignment, Known(shortest, offered))


def _count(places: int | None) -> float:
    return float("inf") if places is None else places


def _held(
    told: Walk | None, standing: Standing, shelters: Mapping[str, Shelter], ward: str, longest_seconds: int
) -> tuple[str, int] | None:
    # A walk that is too long was the reason of another advice and no way that anybody was told.
    if told is not None and told.seconds + round(told.metres) > longest_seconds:
        return None
    if told is None or told.shelter_id in standing.forest.refused or told.shelter_id not in shelters:
        return None
    if not takes(shelters[told.shelter_id], ward) or not standing.open_arcs(told.arcs):
        return None
    return told.shelter_id, told.seconds


def _keeps_way(demand: Demand) -> bool:
    """Return whether the told way to the told shelter is still near enough to the shortest one there."""
    assert demand.held is not None
    if not demand.may_gain:
        return True
    shortest = dict(demand.options).get(demand.held[0], demand.held[1])
    return shortest > (1 - GAIN) * demand.held[1]


def _with_options(
    standing: Standing,
    demands: list[Demand],
    at: Mapping[Key, tuple[int, float]],
    shelters: Mapping[str, Shelter],
    longest_seconds: int,
) -> list[Demand]:
    found = options_of(standing.forest, [at[demand.key][0] for demand in demands], longest_seconds)
    widened = []
    for demand, options in zip(demands, found, strict=True):
        most = longest_seconds - round(at[demand.key][1])
        near = (option for option in options if option[1] <= most)
        taking = tuple(option for option in near if takes(shelters[option[0]], demand.ward))
        widened.append(replace(demand, options=taking))
    return widened


def _walk(standing: Standing, start: tuple[int, float], shelter_id: str, trees: dict[str, Plain]) -> Walk:
    forest, position = standing.forest, start[0]
    nearest = forest.shelter_at(position)
    if nearest is not None and nearest.id == shelter_id:
        arcs = forest.arcs_from(position)
    else:
        if shelter_id not in trees:
            trees[shelter_id] = arcs_towards(forest, shelter_id)
        arcs, next_arc, head = [], trees[shelter_id], forest.network.columns.arcs.plain.head
        while (arc := next_arc[position]) != AT_SHELTER:
            arcs.append(arc)
            position = head[arc]
    seconds = sum(forest.costs[arc] // forest.scale for arc in arcs)
    return Walk(shelter_id, tuple(arcs), seconds, *start)
