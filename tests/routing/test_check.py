"""The last look at a route catches what the search should never let through; the table says what closes a road."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import h3.api.basic_int as h3
import pytest
from shapely.geometry import box

from alerts.hazard import HazardKind
from alerts.place import Cell, LatLng
from geo.depth import DepthRank
from routing.check import Breach, violations
from routing.ground import Ground, Outlook, Situation
from routing.network import Node, Road, RoadNetwork
from routing.passable import RULES, Blocked, RoadCells, blocked_arcs, in_danger
from routing.plan import Advice, Answer, CellAdvice, Part, Route, Why
from routing.shelter import Offer, Shelter, ShelterState

NOON = datetime(2026, 9, 18, 3, 0, tzinfo=UTC)
LINE = tuple(LatLng(35.700, 139.800 + step * 0.002) for step in range(6))
CELLS = [Cell(h3.latlng_to_cell(point.lat, point.lng, 9)) for point in LINE]


def told(route: Route) -> list[CellAdvice]:
    answer = Answer(Advice.GO, Why.WALKABLE, route)
    stay = Answer(Advice.STAY, Why.NO_USABLE_SHELTER)
    return [CellAdvice(CELLS[0], "", (Part((), LINE[0], answer, stay),))]


ROUTE = Route("s", "架空小", Offer.OPEN, 900, 1800, 900, LINE, (), ("a", "b", "c", "d", "e"))


def breaches(route: Route = ROUTE, **parts: object) -> list[tuple[Breach, str]]:
    given = {"blocked": {}, "refused": (), **parts}
    return [(found.breach, found.which) for found in violations(told(route), **given)]  # type: ignore[arg-type]


def test_a_good_route_has_no_breach() -> None:
    assert breaches() == []
    assert breaches(blocked={"z": "c9"}, refused={"t"}, danger_cells={Cell(1)}, danger=[box(0, 0, 1, 1)]) == []


def test_a_closed_road_a_lost_shelter_and_a_broken_line_are_caught() -> None:
    assert breaches(blocked={"c": "c1", "e": "c2"}) == [(Breach.CLOSED_ROAD, "c1"), (Breach.CLOSED_ROAD, "c2")]
    assert breaches(refused={"s"}) == [(Breach.SHELTER_NOT_OFFERED, "s")]
    assert breaches(replace(ROUTE, line=LINE[:3])) == [(Breach.BROKEN_LINE, "s")]


def test_out_of_a_danger_is_allowed_and_into_one_is_not() -> None:
    assert breaches(danger_cells={CELLS[0]}) == []
    assert breaches(danger_cells={CELLS[3]})[0] == (Breach.THROUGH_DANGER, f"{CELLS[3]:x}")
    assert [kind for kind, _ in breaches(danger_cells={CELLS[0], CELLS[5]})] == [Breach.THROUGH_DANGER]
    around_start = box(139.799, 35.699, 139.801, 35.701)
    across = box(139.8045, 35.69, 139.8047, 35.71)
    assert breaches(danger=[around_start]) == []
    assert breaches(danger=[across]) == [(Breach.THROUGH_DANGER, "shape-0")]
    both_ends = box(139.799, 35.699, 139.801, 35.701).union(box(139.809, 35.699, 139.811, 35.701))
    assert breaches(danger=[both_ends]) == [(Breach.THROUGH_DANGER, "shape-0")]


@pytest.fixture
def street() -> tuple[RoadNetwork, RoadCells]:
    """One street of five roads through several cells; the second is a bridge, the third underground."""
    nodes = {Node(at): point for at, point in enumerate(LINE)}
    roads = [
        Road(name, Node(at), Node(at + 1), 180, bridge=name == "b", underground=name == "c")
        for at, name in enumerate("abcde")
    ]
    network = RoadNetwork(nodes, roads)
    return network, RoadCells(network)


def shut(street: tuple[RoadNetwork, RoadCells], situation: Situation) -> dict[str, set[Blocked]]:
    network, cells = street
    found: dict[str, set[Blocked]] = {}
    for arc, why in blocked_arcs(network, cells, situation).items():
        found.setdefault(network.columns.road_id(int(network.columns.arcs.road[arc])), set()).add(why)
    return found


def flood(**parts: object) -> Situation:
    return replace(Situation(frozenset({HazardKind.FLOOD}), NOON, NOON), **parts)  # type: ignore[arg-type]


def test_underground_ways_are_closed_in_a_flood_and_open_in_a_quake(street: tuple[RoadNetwork, RoadCells]) -> None:
    assert shut(street, flood()) == {"c": {Blocked.UNDERGROUND_FLOODS}}
    assert shut(street, replace(flood(), hazards=frozenset({HazardKind.EARTHQUAKE}))) == {}


@pytest.mark.parametrize(
    ("depth", "minutes", "closed"),
    [(DepthRank.FROM_3_M, 29, True), (DepthRank.FROM_3_M, 31, False), (None, 29, True),
     (DepthRank.UNDER_HALF_M, 29, False), (DepthRank.UNDER_HALF_M, 0, True)],
)  # fmt: skip
def test_water_closes_by_depth_and_time(
    street: tuple[RoadNetwork, RoadCells], depth: DepthRank | None, minutes: int, closed: bool
) -> None:
    cell = CELLS[5]
    outlook = {cell: Outlook(arrives_at=NOON + timedelta(minutes=minutes))}
    found = shut(street, flood(ground={cell: Ground(depth=depth)}, outlook=outlook))
    assert ("e" in found) == closed
    assert "a" not in found


def test_water_that_stands_closes_at_once_and_dry_ground_never(street: tuple[RoadNetwork, RoadCells]) -> None:
    cell = CELLS[5]
    assert Blocked.WATER_THERE in shut(street, flood(outlook={cell: Outlook(active=True)}))["e"]
    dry = flood(ground={cell: Ground(dry=True)}, outlook={cell: Outlook(arrives_at=NOON)})
    assert "e" not in shut(street, dry)


def test_a_bridge_over_a_river_at_level_four_is_avoided_and_its_street_is_not(
    street: tuple[RoadNetwork, RoadCells],
) -> None:
    found = shut(street, flood(rising=frozenset(CELLS)))
    assert found["b"] == {Blocked.BRIDGE_OVER_RISING_RIVER}
    assert set(found) == {"b", "c"}


def test_a_tsunami_leads_up_and_inland_only(street: tuple[RoadNetwork, RoadCells]) -> None:
    network, cells = street
    ranks = dict(zip(dict.fromkeys(CELLS), DepthRank, strict=False))
    ground = {cell: Ground(depth=rank) for cell, rank in ranks.items()}
    tsunami = Situation(frozenset({HazardKind.TSUNAMI}), NOON, NOON, ground=ground)
    arcs, found = network.columns.arcs, blocked_arcs(network, cells, tsunami)
    for arc in range(len(arcs.tail)):
        deeper = ranks[CELLS[arcs.head[arc]]] > ranks[CELLS[arcs.tail[arc]]]
        under = network.columns.road_id(int(arcs.road[arc])) == "c"
        assert (arc in found) == (deeper or under)
    assert Blocked.TOWARDS_THE_SEA in found.values()


def test_a_fire_is_left_and_never_entered(street: tuple[RoadNetwork, RoadCells]) -> None:
    network, cells = street
    fire = Outlook(active=True, dangers=frozenset({HazardKind.FIRE}))
    burning = CELLS[3]
    quake = Situation(frozenset({HazardKind.EARTHQUAKE}), NOON, NOON, outlook={burning: fire})
    found = blocked_arcs(network, cells, quake)
    arcs, inside = network.columns.arcs, [cell == burning for cell in CELLS]
    assert found
    for arc in range(len(arcs.tail)):
        enters = inside[arcs.head[arc]] and not inside[arcs.tail[arc]]
        assert (arc in found) == enters


def test_a_shelter_in_a_danger_that_it_is_not_fit_for_is_not_offered() -> None:
    shelter = Shelter("s", "架空", LINE[3], Node(3), frozenset({HazardKind.EARTHQUAKE}), None, ShelterState.OPEN)
    fire = {CELLS[3]: Outlook(active=True, dangers=frozenset({HazardKind.FIRE}))}
    quake = Situation(frozenset({HazardKind.EARTHQUAKE}), NOON, NOON, outlook=fire)
    assert in_danger(shelter, quake)
    assert not in_danger(replace(shelter, fit_for=frozenset({HazardKind.EARTHQUAKE, HazardKind.FIRE})), quake)
    assert not in_danger(replace(shelter, point=LINE[0]), quake)


def test_every_reason_has_its_row_in_the_table() -> None:
    assert {rule.reason for rule in RULES} == set(Blocked)
    assert all(rule.what and rule.when and rule.hazards for rule in RULES)
