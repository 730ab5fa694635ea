"""The planner: from facts to advice for every cell, and from new facts to what changed.

Level-triggered: it is given all facts that hold now, compares them with what its forests stand for,
repairs the difference, and says which cells' advice changed and why. Giving it the same facts twice
changes nothing. What was told is kept while it holds, so a planner that starts anew is given what was
told (`told`) and goes on from there.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property

import h3.api.basic_int as h3

from alerts.hazard import HazardKind
from alerts.place import HAZARD_RESOLUTION, Cell, LatLng, Shard
from alerts.reception import cap_id
from alerts.shelter import SiteClass
from geo.cells import shard_of
from routing.advice import PACE, Pace, decide, stays_put, why_not_walked
from routing.assignment import Key, WardLimits
from routing.change import AdviceChange, Cause, by_caps, changes
from routing.check import Violation, violations
from routing.choice import Known, Walk, choose
from routing.closure import RoadClosure, blocked_roads
from routing.forest import Variant
from routing.go_up import Need, key_of
from routing.ground import NO_OUTLOOK, Outlook, Situation
from routing.network import RoadNetwork, metres_between
from routing.parts import CellPart, parts_of
from routing.passable import Blocked, RoadCells, blocked_arcs, in_danger
from routing.plan import Answer, CellAdvice, EvacuationPlan, NotNearer, Part, Route, Unconfirmed, Why, plan_of
from routing.shelter import Shelter, ShelterState, Unusable, offer_of
from routing.standing import Standing
from routing.told_way import drawn, walk_of
from routing.turns import Landmarks

# Those who cannot climb steps are not known (R2); so many of a cell's people are counted on their way.
STEP_FREE_SHARE = 0.1
_NEED = {Variant.GENERAL: Need.GENERAL, Variant.STEP_FREE: Need.STEP_FREE}
_MOST_SITES = 3
_MOST_NEARER = 5


@dataclass(frozen=True, slots=True)
class Reported:
    """A report that nobody confirmed, on the roads it means."""

    report_id: str
    road_ids: frozenset[str]
    reported_at: datetime


@dataclass(frozen=True, slots=True)
class Facts:
    """All that holds now. `people` are those of the hour (R12: day or night) in each cell.

    `undone` are closures and shelter reports that were a mistake: exactly whom they moved goes back
    to what was told before (R14), without asking whether that is a fifth shorter.
    """

    situation: Situation
    shelters: tuple[Shelter, ...]
    closures: tuple[RoadClosure, ...] = ()
    reported: tuple[Reported, ...] = ()
    people: Mapping[Cell, int] = field(default_factory=dict)
    ward_limits: WardLimits = ()
    undone: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Obstacles:
    """What a forest has to go around: closed roads, arcs that a danger closes, shelters that lie in one."""

    closed: Mapping[str, RoadClosure]
    danger: Mapping[int, Blocked]
    refused: Mapping[str, Unusable]


def obstacles_of(network: RoadNetwork, road_cells: Callable[[], RoadCells], facts: Facts) -> Obstacles:
    """Return what *facts* put into the way. *road_cells* is asked for only where a danger closes roads."""
    situation = facts.situation
    return Obstacles(
        closed=blocked_roads(facts.closures, situation.at),
        danger=blocked_arcs(network, road_cells(), situation) if _closes_roads(situation) else {},
        refused={s.id: Unusable.IN_DANGER for s in facts.shelters if in_danger(s, situation)},
    )


@dataclass(frozen=True, slots=True)
class Replanned:
    """The advice of every cell, what changed, and what the last check took out of it.

    `crossings` are people over ward lines: from, to, how many (R17). `touched` counts the nodes that
    repairs looked at.
    """

    cells: tuple[CellAdvice, ...]
    changes: tuple[AdviceChange, ...]
    violations: tuple[Violation, ...]
    crossings: tuple[tuple[str, str, int], ...]
    touched: int


class Planner:
    """One network and its cells, with the forests of one event. It has one owner."""

    def __init__(
        self,
        network: RoadNetwork,
        cells: Iterable[Cell] = (),
        *,
        parts: tuple[CellPart, ...] | None = None,
        landmarks: Landmarks | None = None,
        pace: Pace = PACE,
        told: Iterable[CellAdvice] = (),
    ) -> None:
        self.network = network
        self.parts = parts_of(network, cells) if parts is None else parts
        self.landmarks = landmarks or Landmarks()
        self.pace = pace
        self._standing: dict[Variant, Standing] = {}
        self._cells = {entry.cell: entry for entry in told}
        self._walks: dict[Variant, dict[Key, Walk]] = {variant: {} for variant in Variant}
        self._known = dict.fromkeys(Variant, Known())
        self._displaced: dict[tuple[Variant, Key], tuple[Walk, frozenset[str]]] = {}
        self._shelters: dict[str, Shelter] = {}
        self._routes: dict[tuple[Variant, Key], tuple[Walk, Route]] = {}
        self._starts = {(part.cell, part.number): dict(part.starts) for part in self.parts}
        for entry in self._cells.values():
            self._remember_walks(entry)

    def replan(self, facts: Facts) -> Replanned:
        """Return the plan that holds under *facts*, and how it differs from the last one."""
        situation = facts.situation
        found = obstacles_of(self.network, lambda: self.road_cells, facts)
        closed, danger, refused = found.closed, found.danger, found.refused
        wards = {cell: ground.ward for cell, ground in situation.ground.items()}
        longest = self.pace.longest_seconds(night=situation.night)
        self._shelters = {shelter.id: shelter for shelter in facts.shelters}
        places: dict[str, int | None] = {shelter.id: shelter.places for shelter in facts.shelters}
        answers: dict[Variant, dict[Key, Answer]] = {}
        lost: dict[str, str] = {}
        crossings: tuple[tuple[str, str, int], ...] = ()
        touched, restored = 0, set[Cell]()
        chosen: dict[Variant, dict[Key, Walk]] = {}
        # Whoever is not told to go takes no place from those who are.
        leaving = {cell: 0 if stays_put(situation, cell) else count for cell, count in facts.people.items()}
        for variant in Variant:
            standing = self._standing.get(variant)
            if standing is None:
                standing = Standing(self.network, variant, facts.shelters, situation.hazards)
                self._standing[variant] = standing
            touched += standing.follow(facts.shelters, situation.hazards, closed, danger, refused).touched
            restored |= self._restore(variant, facts.undone, standing)
            people = leaving
            if variant is Variant.STEP_FREE:
                people = {cell: round(count * STEP_FREE_SHARE) for cell, count in people.items()}
            else:
                lost = {shelter: why.value for shelter, why in standing.forest.refused.items()}
            told, known = self._walks[variant], self._known[variant]
            choice = choose(standing, self.parts, people, wards, told, places, facts.ward_limits, longest, known)
            self._known[variant] = choice.known
            chosen[variant] = {key: walk for key, walk in choice.walks.items() if isinstance(walk, Walk)}
            crossings += choice.assignment.crossings
            for shelter, load in choice.assignment.load.items():
                left = places.get(shelter)
                places[shelter] = None if left is None else left - load
            answers[variant] = {
                (part.cell, part.number): self._answer(part, variant, choice.walks[part.cell, part.number], facts)
                for part in self.parts
            }
        cells = self._entries(answers, situation)
        blocked = {road: closure.id for road, closure in closed.items()}
        breaches = violations(cells, blocked, lost, danger_cells=_active(situation))
        if breaches:
            cells = self._without(cells, {(v.cell, v.part, v.step_free) for v in breaches}, situation)
        caps = {(origin, target): cap_id(origin, target) for origin, target, _ in facts.ward_limits}
        ward_of = {shelter.id: shelter.ward for shelter in facts.shelters}
        differ = by_caps(changes(self._cells.values(), cells, blocked, lost), caps, ward_of)
        changed = tuple(
            replace(change, cause=Cause.RESTORED, because=tuple(sorted(facts.undone)))
            if change.cell in restored and change.cause is Cause.BETTER_WAY
            else change
            for change in differ
        )
        self._note_displaced(changed, facts)
        self._cells = {entry.cell: entry for entry in cells}
        self._walks = chosen
        return Replanned(cells, changed, breaches, tuple(sorted(crossings)), touched)

    def foresee(self, facts: Facts) -> tuple[AdviceChange, ...]:
        """Return what *facts* would change, and change nothing: the next `replan` finds all as it was.

        The forests are repaired back at that replan, exactly (`routing.repair`); what was told is kept aside.
        """
        kept = self._cells, self._walks, self._known, self._displaced, self._shelters, self._routes
        self._walks = {variant: dict(walks) for variant, walks in self._walks.items()}
        self._known, self._displaced, self._routes = dict(self._known), dict(self._displaced), dict(self._routes)
        try:
            return self.replan(facts).changes
        finally:
            self._cells, self._walks, self._known, self._displaced, self._shelters, self._routes = kept

    def hold(self, entries: Iterable[CellAdvice]) -> None:
        """Take *entries* as what their cells were told last: kept while it holds, and compared with."""
        for entry in entries:
            self._cells[entry.cell] = entry
            self._remember_walks(entry)

    @cached_property
    def road_cells(self) -> RoadCells:
        """Return in which cells the network's roads lie."""
        return RoadCells(self.network)

    def nearer(self, cell: Cell, variant: Variant = Variant.GENERAL) -> tuple[NotNearer, ...]:
        """Return the shelters nearer to *cell* as the crow flies than its own, and why they are not it.

        Empty before the first `replan`. For officers who ask "why not the school next door".
        """
        entry, standing = self._cells.get(cell), self._standing.get(variant)
        if entry is None or standing is None:
            return ()
        here = LatLng(*h3.cell_to_latlng(cell))
        answer = entry.parts[0].general if variant is Variant.GENERAL else entry.parts[0].step_free
        reach = answer.route.metres if answer.route else float("inf")
        taken = answer.route.shelter_id if answer.route else ""
        by_distance = sorted((metres_between(here, s.point), s.id) for s in standing.forest.shelters if s.id != taken)
        refused = standing.forest.refused
        return tuple(
            NotNearer(shelter, refused[shelter].value if shelter in refused else "the-way-is-longer")
            for metres, shelter in by_distance[:_MOST_NEARER]
            if metres < reach
        )

    def _answer(self, part: CellPart, variant: Variant, walk: Walk | Why, facts: Facts) -> Answer:
        situation = facts.situation
        ground, outlook = situation.ground_of(part.cell), situation.outlook_of(part.cell)
        way: Route | Why = walk if isinstance(walk, Why) else self._way(part, variant, walk, facts)
        if isinstance(way, Route) and situation.outlook:
            outlook = _along(outlook, way, situation)
        key = key_of(ground, _NEED[variant], situation.hazards)
        answer = decide(ground, outlook, way, situation, self.pace, key=key, modes=situation.modes_of(part.cell))
        if answer.why is Why.DISTRICT_STAYS:
            return replace(answer, sites=_temporary(part.cell, facts.shelters))
        return answer

    def _way(self, part: CellPart, variant: Variant, walk: Walk, facts: Facts) -> Route | Why:
        """Return the route of *walk*, or why it is no advice: a way that nobody is told is not drawn."""
        if not facts.situation.outlook:  # what is forecast along a way is known once it is drawn
            refusal = why_not_walked(self._slow_seconds(walk, facts), NO_OUTLOOK, facts.situation, self.pace)
            if refusal is not None:
                return refusal
        return self._route(part, variant, walk, facts)

    def _slow_seconds(self, walk: Walk, facts: Facts) -> int:
        return self.pace.slow_seconds(walk.seconds + round(walk.metres), night=facts.situation.night)

    def _route(self, part: CellPart, variant: Variant, walk: Walk, facts: Facts) -> Route:
        key = (variant, (part.cell, part.number))
        shelter = self._shelters[walk.shelter_id]
        cached = self._routes.get(key)
        if cached is not None and cached[0] == walk:
            route = cached[1]
        else:
            route = drawn(self.network, self.landmarks, walk, shelter)
            self._routes[key] = (walk, route)
        slow = self._slow_seconds(walk, facts)
        unconfirmed = tuple(
            Unconfirmed(report.report_id, report.reported_at)
            for report in facts.reported
            if not report.road_ids.isdisjoint(route.road_ids)
        )
        return replace(
            route, shelter_name=shelter.name, offer=offer_of(shelter), slow_seconds=slow, unconfirmed=unconfirmed
        )

    def _without(
        self, cells: Iterable[CellAdvice], taken: set[tuple[Cell, int, bool]], situation: Situation
    ) -> tuple[CellAdvice, ...]:
        """Return *cells* without the routes that the last check refused. No way is an answer (R1)."""

        def judged(entry: CellAdvice, number: int, variant: Variant, answer: Answer) -> Answer:
            if (entry.cell, number, variant is Variant.STEP_FREE) not in taken:
                return answer
            ground, outlook = situation.ground_of(entry.cell), situation.outlook_of(entry.cell)
            key = key_of(ground, _NEED[variant], situation.hazards)
            modes = situation.modes_of(entry.cell)
            return decide(ground, outlook, Why.CUT_BY_DANGER, situation, self.pace, key=key, modes=modes)

        return tuple(
            replace(
                entry,
                parts=tuple(
                    replace(
                        part,
                        general=judged(entry, number, Variant.GENERAL, part.general),
                        step_free=judged(entry, number, Variant.STEP_FREE, part.step_free),
                    )
                    for number, part in enumerate(entry.parts)
                ),
            )
            for entry in cells
        )

    def _entries(self, answers: Mapping[Variant, Mapping[Key, Answer]], situation: Situation) -> tuple[CellAdvice, ...]:
        parts: dict[Cell, list[Part]] = {}
        for part in self.parts:
            key = (part.cell, part.number)
            anchor = None if part.position is None else self.network.point_at(part.position)
            general, step_free = answers[Variant.GENERAL][key], answers[Variant.STEP_FREE][key]
            parts.setdefault(part.cell, []).append(Part(part.outline, anchor, general, step_free))
        return tuple(CellAdvice(cell, situation.ground_of(cell).ward, tuple(parts[cell])) for cell in sorted(parts))

    def _remember_walks(self, entry: CellAdvice) -> None:
        """Keep the told ways as arcs. A way whose roads the network does not have any more is forgotten."""
        for number, part in enumerate(entry.parts):
            for variant, answer in ((Variant.GENERAL, part.general), (Variant.STEP_FREE, part.step_free)):
                key = (entry.cell, number)
                if answer.route is None:
                    continue
                cached = self._routes.get((variant, key))
                if cached is not None and cached[1].road_ids == answer.route.road_ids:
                    self._walks[variant][key] = cached[0]
                    continue
                walk = walk_of(self.network, answer.route, self._starts.get(key, {}))
                if walk is not None:
                    self._walks[variant][key] = walk

    def _note_displaced(self, changed: Iterable[AdviceChange], facts: Facts) -> None:
        """Remember from which way a closure or a shelter's loss moved whom, so that it can be undone."""
        known = {closure.id for closure in facts.closures} | {shelter.id for shelter in facts.shelters}
        for change in changed:
            if not change.because or change.before is None:
                continue
            for number in range(len(change.before.parts)):
                for variant in Variant:
                    walk = self._walks[variant].get((change.cell, number))
                    if walk is not None:
                        self._displaced[variant, (change.cell, number)] = (walk, frozenset(change.because) & known)

    def _restore(self, variant: Variant, undone: frozenset[str], standing: Standing) -> set[Cell]:
        """Take up the ways again that a mistake took from people; return their cells."""
        restored = set()
        for (owner, key), (walk, because) in list(self._displaced.items()):
            if owner is variant and because & undone:
                del self._displaced[owner, key]
                if standing.open_arcs(walk.arcs) and walk.shelter_id not in standing.forest.refused:
                    self._walks[variant][key] = walk
                    restored.add(key[0])
        return restored


def by_shard(
    cells: Iterable[CellAdvice], hazards: Iterable[HazardKind], facts_at: datetime, version: int
) -> dict[Shard, EvacuationPlan]:
    """Return the plan of each shard."""
    kinds = tuple(hazards)
    split: dict[Shard, list[CellAdvice]] = {}
    for entry in cells:
        split.setdefault(shard_of(entry.cell), []).append(entry)
    return {shard: plan_of(shard, version, kinds, facts_at, split[shard]) for shard in sorted(split)}


def _closes_roads(situation: Situation) -> bool:
    quiet = frozenset({HazardKind.EARTHQUAKE})
    return bool(situation.outlook or situation.rising) or not situation.hazards <= quiet


def _active(situation: Situation) -> frozenset[Cell]:
    return frozenset(cell for cell, outlook in situation.outlook.items() if outlook.active)


def _along(outlook: Outlook, route: Route, situation: Situation) -> Outlook:
    """Return the worst of the outlooks that a walk passes: it ends before the first water on it, or not at all."""
    passed = {Cell(h3.latlng_to_cell(point.lat, point.lng, HAZARD_RESOLUTION)) for point in route.line}
    arrivals = [outlook.arrives_at, *(situation.outlook_of(cell).arrives_at for cell in passed)]
    storms = [outlook.storm_from, *(situation.outlook_of(cell).storm_from for cell in passed)]
    return replace(
        outlook,
        arrives_at=min((moment for moment in arrivals if moment), default=None),
        storm_from=min((moment for moment in storms if moment), default=None),
    )


def _temporary(cell: Cell, shelters: Iterable[Shelter]) -> tuple[str, ...]:
    """Return the open temporary-stay sites nearest to *cell*."""
    here = LatLng(*h3.cell_to_latlng(cell))
    sites = (s for s in shelters if s.site_class is SiteClass.TEMPORARY_STAY)
    open_ones = (s for s in sites if s.state is ShelterState.OPEN and s.places != 0)
    return tuple(site for _, site in sorted((metres_between(here, s.point), s.id) for s in open_ones)[:_MOST_SITES])
