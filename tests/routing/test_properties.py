"""What holds in every town, whatever happens to it: 2,000 towns and their events, the same ones each time."""

import random
import statistics

import networkx as nx
import pytest

from alerts.hazard import HazardKind
from alerts.place import Cell
from alerts.shelter import ShelterState
from routing.change import same
from routing.closure import blocked_roads
from routing.forest import Forest, Variant, grow
from routing.plan import Advice, CellAdvice, Route, Why
from routing.planner import Facts, Planner, Replanned
from routing.repair import Repair, close_roads, offer_shelter, open_roads, withdraw_shelter
from routing.shelter import Shelter, Unusable, takes, why_unusable
from tests.routing.towns import Town, facts, happens, town

TOWNS = 2_000
BLOCK = 500
blocks = pytest.mark.parametrize("first", range(0, TOWNS, BLOCK))


def lengths(network: "nx.MultiDiGraph[int]", forest: Forest, shut: set[str], weight: str) -> dict[int, int]:
    """Return networkx's distances to the usable shelters, over what is left."""
    left: nx.MultiDiGraph[int] = nx.MultiDiGraph()
    left.add_nodes_from(network)
    left.add_edges_from(
        (head, tail, {"weight": data[weight]})
        for tail, head, key, data in network.edges(keys=True, data=True)
        if key not in shut and data[weight] is not None
    )
    sources = {s.node for s in forest.shelters if s.id not in forest.refused}
    return nx.multi_source_dijkstra_path_length(left, sources) if sources else {}


def graph_of(place: Town) -> "nx.MultiDiGraph[int]":
    graph = place.network.graph.copy()
    for _, _, key, data in graph.edges(keys=True, data=True):
        data["step_free"] = place.network.roads[key].step_free_seconds
    return graph


def touch(chooser: random.Random, place: Town, forest: Forest, shut: set[str]) -> Repair:
    """Close or open one road or shelter, in the forest and in *shut*."""
    match chooser.randrange(4):
        case 0 | 1:
            road = chooser.choice(sorted(place.network.roads))
            if road in shut:
                shut.discard(road)
                return open_roads(forest, (road,))
            shut.add(road)
            return close_roads(forest, (road,))
        case 2:
            return withdraw_shelter(forest, chooser.choice(forest.shelters).id, Unusable.CLOSED)
        case _:
            return offer_shelter(forest, chooser.choice(forest.shelters).id)


def regrown(place: Town, forest: Forest, shut: set[str]) -> Forest:
    """Grow a forest of what is offered in *forest* now, whatever the shelters' own state."""
    fit = frozenset({HazardKind.FLOOD})
    willing = [
        Shelter(s.id, s.name, s.point, s.node, fit, None, ShelterState.OPEN, step_free=True) for s in place.shelters
    ]
    return grow(place.network, willing, HazardKind.FLOOD, shut, variant=forest.variant, refused=forest.refused)


def walks(forest: Forest) -> list[tuple[int, list[int]]]:
    """Return each node's label and the arcs of its way."""
    return [(forest.labels[at], forest.arcs_from(at)) for at in range(len(forest.labels))]


@blocks
def test_repairing_equals_growing_anew_and_both_equal_networkx(first: int) -> None:
    """Labels, next arcs and what moved, after each of six events; it looks at under a tenth of the nodes."""
    shares: list[float] = []
    for seed in range(first, first + BLOCK):
        chooser = random.Random(seed)
        place = town(chooser)
        variant = chooser.choice(tuple(Variant))
        forest = grow(place.network, place.shelters, HazardKind.FLOOD, variant=variant)
        shut: set[str] = set()
        for _ in range(6):
            before = walks(forest)
            repair = touch(chooser, place, forest, shut)
            shares.append(repair.touched / len(before))
            anew = regrown(place, forest, shut)
            assert forest.labels == anew.labels, seed
            assert forest.next_arc == anew.next_arc, seed
            after = walks(forest)
            assert {at for at in range(len(before)) if before[at] != after[at]} == set(repair.moved), seed
            assert all(repair.moved[at] == before[at][0] for at in repair.moved), seed
        weight = "walk_seconds" if variant is Variant.GENERAL else "step_free"
        expected = lengths(graph_of(place), forest, shut, weight)
        found = {place.network.node_at(at): forest.seconds_at(at) for at in range(len(forest.labels))}
        assert {node: seconds for node, seconds in found.items() if seconds is not None} == expected, seed
    assert statistics.median(shares) < 0.10


@blocks
def test_blocking_never_shortens_a_way(first: int) -> None:
    for seed in range(first, first + BLOCK):
        chooser = random.Random(seed)
        place = town(chooser)
        forest = grow(place.network, place.shelters, HazardKind.FLOOD)
        before = list(forest.labels)
        close_roads(forest, chooser.sample(sorted(place.network.roads), 6))
        assert all(after >= was for was, after in zip(before, forest.labels, strict=True)), seed


@blocks
def test_no_plan_uses_what_is_closed_unfit_or_full_and_every_cell_has_advice(first: int) -> None:
    """Two events in each town; every advice of every part, for everybody and step-free."""
    for seed in range(first, first + BLOCK):
        chooser = random.Random(seed)
        place = town(chooser, side=5)
        now = facts(chooser, place)
        planner = Planner(place.network, place.cells)
        held: dict[Cell, CellAdvice] = {}
        for _ in range(3):
            found = planner.replan(now)
            assert [entry.cell for entry in found.cells] == list(place.cells)
            judge(place, now, found, seed)
            told_again = {change.cell for change in found.changes}
            for entry in found.cells:
                assert entry.cell in told_again or same(held[entry.cell], entry), seed
            held = {entry.cell: entry for entry in found.cells}
            if seed % 5 == 0:
                assert planner.replan(now).changes == (), seed
            now = happens(chooser, place, now)


def judge(place: Town, now: Facts, found: Replanned, seed: int) -> None:
    closed = blocked_roads(now.closures, now.situation.at)
    shelters = {shelter.id: shelter for shelter in now.shelters}
    load: dict[str, int] = {}
    assert not found.violations, seed
    for entry in found.cells:
        assert entry.parts
        for part in entry.parts:
            for answer, step_free in ((part.general, False), (part.step_free, True)):
                assert answer.why in Why, seed
                assert (answer.route is not None) == (answer.advice is Advice.GO), seed
                assert (answer.leave_by is not None) == (answer.advice is Advice.LEAVE_EARLY), seed
                assert bool(answer.action) == (answer.advice is Advice.GO_UP), seed
                if answer.route is None:
                    continue
                route, shelter = answer.route, shelters[answer.route.shelter_id]
                assert not closed.keys() & set(route.road_ids), seed
                assert why_unusable(shelter, now.situation.hazards, step_free=step_free) is None, seed
                assert takes(shelter, now.situation.ground_of(entry.cell).ward), seed
                assert walked(place, route, step_free) == route.walk_seconds, seed
                assert route.slow_seconds >= 2 * route.walk_seconds, seed
                if not step_free:
                    load[shelter.id] = load.get(shelter.id, 0) + now.people[entry.cell]
    for id_, people in load.items():
        places = shelters[id_].places
        assert places is None or people <= places, seed


def walked(place: Town, route: Route, step_free: bool) -> int:
    """Walk the roads of *route* one by one, from its first point to the shelter; return the seconds."""
    at = {point: node for node, point in place.network.nodes.items()}[route.line[0]]
    total = 0
    for road_id, point in zip(route.road_ids, route.line[1:], strict=True):
        road = place.network.roads[road_id]
        assert at == road.start or (at == road.end and not road.one_way)
        at = road.end if at == road.start else road.start
        assert place.network.nodes[at] == point
        seconds = road.step_free_seconds if step_free else road.walk_seconds
        assert seconds is not None
        total += seconds
    assert at == next(shelter.node for shelter in place.shelters if shelter.id == route.shelter_id)
    return total
