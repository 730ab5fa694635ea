"""Nearest usable shelter, confirmed closures, and the answers when there is no way."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.fact import Attribution, Confidence
from alerts.hazard import HazardKind
from alerts.place import LatLng
from alerts.road import RoadCause, RoadPlace, RoadReport
from alerts.shelter import ShelterState
from routing.closure import NotConfirmed, RoadClosure, blocked_roads, close
from routing.errors import UnknownNode
from routing.forest import NoWay, NoWayReason, Way, grow
from routing.network import Node, Road, RoadNetwork, metres_between, walk_seconds
from routing.shelter import Shelter, Unusable, why_unusable

NOON = datetime(2026, 9, 18, 3, 0, tzinfo=UTC)
FLOOD = frozenset({HazardKind.FLOOD})


def shelter(
    name: str, node: int, state: ShelterState = ShelterState.OPEN, fit: frozenset[HazardKind] = FLOOD
) -> Shelter:
    return Shelter(name, name, LatLng(35.7, 139.8), Node(node), fit, 100, state)


def report(confidence: Confidence, **changed: Any) -> RoadReport:
    said = Attribution("ward-officer", NOON, NOON, confidence)
    return replace(RoadReport("r1", RoadPlace(name="架空橋"), RoadCause.FLOODED, said, NOON), **changed)


def closed(*roads: str) -> dict[str, RoadClosure]:
    closure = close(report(Confidence.CONFIRMED), roads)
    assert isinstance(closure, RoadClosure)
    return blocked_roads([closure], NOON)


@pytest.fixture
def street() -> RoadNetwork:
    """0 -10s- 1 -10s- 2 -10s- 3, and a long way round from 1 to 3; node 9 stands alone."""
    nodes = {Node(n): LatLng(35.7 + n / 1000, 139.8) for n in (0, 1, 2, 3, 9)}
    roads = [
        Road("a", Node(0), Node(1), 10),
        Road("b", Node(1), Node(2), 10),
        Road("c", Node(2), Node(3), 10),
        Road("round", Node(1), Node(3), 50),
    ]
    return RoadNetwork(nodes, roads)


def test_the_way_leads_to_the_nearest_open_and_fit_shelter(street: RoadNetwork) -> None:
    shelters = [
        shelter("full", 1, ShelterState.FULL),
        shelter("hill", 2, fit=frozenset({HazardKind.LANDSLIDE})),
        shelter("school", 3),
    ]
    forest = grow(street, shelters, HazardKind.FLOOD)
    assert forest.way_from(Node(0)) == Way("school", 30, (Node(0), Node(1), Node(2), Node(3)), ("a", "b", "c"))
    assert forest.refused == {"full": Unusable.FULL, "hill": Unusable.NOT_FIT}


def test_a_confirmed_closure_is_walked_around_and_a_report_is_only_named(street: RoadNetwork) -> None:
    shelters = [shelter("school", 3)]
    way = grow(street, shelters, HazardKind.FLOOD, reported={"b"}).way_from(Node(0))
    assert isinstance(way, Way)
    assert way.unconfirmed == ("b",)
    way = grow(street, shelters, HazardKind.FLOOD, closed("b")).way_from(Node(0))
    assert isinstance(way, Way)
    assert way.road_ids == ("a", "round")
    assert way.walk_seconds == 60


def test_a_closure_may_change_the_shelter_and_not_only_the_way(street: RoadNetwork) -> None:
    shelters = [shelter("far", 0), shelter("near", 2)]
    before = grow(street, shelters, HazardKind.FLOOD).way_from(Node(3))
    after = grow(street, shelters, HazardKind.FLOOD, closed("c")).way_from(Node(3))
    assert isinstance(before, Way)
    assert isinstance(after, Way)
    assert (before.shelter_id, after.shelter_id) == ("near", "far")


def test_no_way_says_why(street: RoadNetwork) -> None:
    def reason(node: int, shelters: list[Shelter], road: str | None = None) -> NoWayReason:
        answer = grow(street, shelters, HazardKind.FLOOD, closed(road) if road else ()).way_from(Node(node))
        assert isinstance(answer, NoWay)
        return answer.reason

    assert reason(0, [shelter("x", 3, ShelterState.UNKNOWN)]) is NoWayReason.NO_USABLE_SHELTER
    assert reason(9, [shelter("x", 3)]) is NoWayReason.NOT_CONNECTED
    assert reason(0, [shelter("x", 3)], "a") is NoWayReason.CUT_BY_CLOSURES


def test_ties_go_to_the_smaller_shelter_and_then_the_smaller_node() -> None:
    nodes = {Node(n): LatLng(35.7, 139.8) for n in range(4)}
    diamond = [Road(f"{s}{e}", Node(s), Node(e), 5) for s, e in ((0, 2), (0, 1), (2, 3), (1, 3))]
    both = [shelter("b", 3), shelter("a", 3)]
    for shelters in (both, both[::-1]):
        for roads in (diamond, diamond[::-1]):
            way = grow(RoadNetwork(nodes, roads), shelters, HazardKind.FLOOD).way_from(Node(0))
            assert way == Way("a", 10, (Node(0), Node(1), Node(3)), ("01", "13"))


def test_a_one_way_road_is_not_walked_against(street: RoadNetwork) -> None:
    one_way = RoadNetwork(street.nodes, [Road("a", Node(0), Node(1), 10, one_way=True)])
    forest = grow(one_way, [shelter("x", 0)], HazardKind.FLOOD)
    assert isinstance(forest.way_from(Node(1)), NoWay)
    assert isinstance(grow(one_way, [shelter("x", 1)], HazardKind.FLOOD).way_from(Node(0)), Way)


def test_a_report_alone_closes_nothing_and_a_closure_ends() -> None:
    assert close(report(Confidence.REPORTED), {"a"}) is NotConfirmed.NOBODY_CONFIRMED
    assert close(report(Confidence.CONFIRMED, lifted=True), {"a"}) is NotConfirmed.LIFTED
    assert close(report(Confidence.CONFIRMED), set()) is NotConfirmed.NO_ROAD_THERE
    backwards = report(Confidence.OFFICIAL, valid_until=NOON - timedelta(hours=1))
    assert close(backwards, {"a"}) is NotConfirmed.ENDS_BEFORE_IT_BEGINS
    hour = timedelta(hours=1)
    closure = close(report(Confidence.OFFICIAL, valid_until=NOON + hour), {"a"})
    assert isinstance(closure, RoadClosure)
    assert closure.name == "架空橋"
    assert set(blocked_roads([closure], NOON)) == {"a"}
    assert not blocked_roads([closure], NOON + hour)
    assert not blocked_roads([closure], NOON - hour)


@pytest.mark.parametrize("state", list(ShelterState))
def test_every_state_but_open_has_its_reason(state: ShelterState) -> None:
    assert (why_unusable(shelter("s", 0, state), HazardKind.FLOOD) is None) == (state is ShelterState.OPEN)


def test_a_shelter_off_the_network_is_an_error_and_a_walk_is_never_rounded_down(street: RoadNetwork) -> None:
    with pytest.raises(UnknownNode):
        grow(street, [shelter("x", 77)], HazardKind.FLOOD)
    assert walk_seconds(10.2) == 11
    node, metres = street.nearest_node(LatLng(35.7021, 139.8))
    assert node == 2
    assert metres == pytest.approx(metres_between(LatLng(35.7021, 139.8), LatLng(35.702, 139.8)))


@given(st.data())
@settings(max_examples=150, deadline=None, derandomize=True)
def test_the_forest_equals_a_search_for_each_pair(data: st.DataObject) -> None:
    """Against networkx's single-pair Dijkstra, with closures, one-way and parallel roads."""
    size = data.draw(st.integers(2, 12))
    ends = st.tuples(st.integers(0, size - 1), st.integers(0, size - 1), st.integers(1, 9), st.booleans())
    drawn = data.draw(st.lists(ends, max_size=30))
    roads = [Road(f"{i}", Node(s), Node(e), w, one_way) for i, (s, e, w, one_way) in enumerate(drawn) if s != e]
    network = RoadNetwork({Node(n): LatLng(35.7, 139.8) for n in range(size)}, roads)
    places = data.draw(st.lists(st.integers(0, size - 1), min_size=1, max_size=4))
    shelters = [shelter(f"s{i}", node) for i, node in enumerate(places)]
    shut = data.draw(st.sets(st.sampled_from([road.id for road in roads]))) if roads else set()
    blocked = closed(*shut) if shut else {}
    forest = grow(network, shelters, HazardKind.FLOOD, blocked)
    left = network.graph.edge_subgraph([e for e in network.graph.edges(keys=True) if e[2] not in shut]).copy()
    left.add_nodes_from(network.graph)
    for node in network.nodes:
        lengths = {
            (nx.dijkstra_path_length(left, node, s.node, weight="walk_seconds"), s.id)
            for s in shelters
            if nx.has_path(left, node, s.node)
        }
        answer = forest.way_from(node)
        if not lengths:
            assert isinstance(answer, NoWay)
            continue
        assert isinstance(answer, Way)
        assert (answer.walk_seconds, answer.shelter_id) == min(lengths)
        walked = 0
        for (start, end), road_id in zip(pairwise(answer.nodes), answer.road_ids, strict=True):
            assert road_id not in shut
            walked += left[start][end][road_id]["walk_seconds"]
        assert walked == answer.walk_seconds


@pytest.mark.parametrize("closing", [(), ("b",), ("a", "b", "c", "round")])
def test_many_positions_are_answered_as_each_alone(street: RoadNetwork, closing: tuple[str, ...]) -> None:
    forest = grow(street, [shelter("x", 0), shelter("y", 3), shelter("z", 3)], HazardKind.FLOOD, closing)
    positions = [4, 2, 0, 3, 1, 2]
    alone = [(forest.shelter_at(at), forest.seconds_at(at)) for at in positions]
    assert [found or (None, None) for found in forest.nearest_of(positions)] == alone
    assert forest.nearest_of([]) == []
