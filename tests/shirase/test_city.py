"""The demo city: exact in number, the same from one seed, and walkable but for its rivers."""

from datetime import UTC, datetime

import networkx as nx
import numpy as np
import pytest

from alerts.fact import Attribution, Confidence
from alerts.hazard import HazardKind
from alerts.road import RoadCause
from routing.closure import RoadClosure
from routing.forest import NEVER, NoWay, NoWayReason, Way, grow
from routing.network import Node
from shirase.demo.city import PEOPLE, City, city, people
from shirase.demo.rivers import AOBA, RIVERS, strip
from shirase.demo.scenario import FIRST_RAIN, WIDER_RAIN
from shirase.demo.wards import BY_CODE, EAST, WARDS

NOON = datetime(2026, 9, 18, 3, 0, tzinfo=UTC)
SAID = Attribution("ward-officer", NOON, NOON, Confidence.CONFIRMED)


@pytest.fixture(scope="module")
def town() -> City:
    return city(1)


def test_people_add_up_and_live_denser_towards_the_middle() -> None:
    living = people(1)
    assert int(living.people.sum()) == PEOPLE == 9_733_276
    assert int(living.people.min()) >= 0
    assert len(set(living.ward.tolist())) == 23
    per_cell = {w.name: float(living.people[living.ward == i].mean()) for i, w in enumerate(WARDS)}
    assert per_cell["文京区"] > 1.4 * per_cell["江戸川区"]
    people.cache_clear()
    assert np.array_equal(people(1).people, living.people)
    assert not np.array_equal(people(2).people, living.people)


def test_the_rain_touches_at_least_three_in_ten_of_the_people() -> None:
    living = people(1)
    warned = [index for index, ward in enumerate(WARDS) if ward.code in FIRST_RAIN]
    assert len(FIRST_RAIN) >= 8
    assert set(FIRST_RAIN) < set(WIDER_RAIN)
    assert living.people[np.isin(living.ward, warned)].sum() / PEOPLE >= 0.30


def test_names_say_that_they_are_made_up(town: City) -> None:
    assert "架空" in town.label
    assert all("架空" in river.name for river in RIVERS)
    assert all("架空" in gauge.name for river in RIVERS for gauge in river.gauges)
    assert all("架空" in shelter.name for shelter in town.shelters)
    assert all(gauge.attention_m < gauge.judgement_m < gauge.danger_m for r in RIVERS for gauge in r.gauges)


def test_the_streets_are_one_town_joined_by_few_bridges(town: City) -> None:
    parts = sorted(map(len, nx.weakly_connected_components(town.streets.graph)), reverse=True)
    assert 10_000 <= len(town.streets.nodes) <= 20_000
    assert parts[0] > 0.99 * len(town.streets.nodes)
    bridges = [road for road in town.streets.roads.values() if road.bridge]
    assert 20 <= len(bridges) <= 120


def test_a_river_divides_the_town_where_its_bridges_are_closed(town: City) -> None:
    """Without bridges the nearest shelter of somebody at the river is on her own bank."""
    blocked = {
        road.id: RoadClosure(road.id, frozenset({road.id}), RoadCause.FLOODED, SAID, NOON)
        for road in town.streets.roads.values()
        if road.bridge
    }
    forest = grow(town.streets, town.shelters, HazardKind.FLOOD, blocked)
    node, _ = town.streets.nearest_node(AOBA.line[4])
    way = forest.way_from(node)
    assert isinstance(way, Way)
    assert not set(way.road_ids) & set(blocked)
    free = grow(town.streets, town.shelters, HazardKind.FLOOD).way_from(node)
    assert isinstance(free, Way)
    assert free.walk_seconds <= way.walk_seconds


def test_most_people_find_a_way_and_nobody_is_sent_to_a_volcano_shelter(town: City) -> None:
    flood = grow(town.streets, town.shelters, HazardKind.FLOOD)
    assert sum(label < NEVER for label in flood.labels) > 0.99 * len(town.streets.nodes)
    answer = grow(town.streets, town.shelters, HazardKind.VOLCANO).way_from(Node(next(iter(town.streets.nodes))))
    assert isinstance(answer, NoWay)
    assert answer.reason is NoWayReason.NO_USABLE_SHELTER


def test_wards_and_the_strip_along_a_river() -> None:
    assert len(BY_CODE) == 23
    assert sum(ward.group == EAST for ward in WARDS) == 7
    ring = strip(AOBA.line, 1.0)
    assert ring[0] == ring[-1]
    assert len(ring) == 2 * len(AOBA.line) + 1
