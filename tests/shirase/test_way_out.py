"""The demo's order and what its officer posts: read by our readers, and about the ways that people walk."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta

from alerts.cap import ResponseType
from feeds.read import read
from shirase.demo.brute import BruteForce, PlainPerson, PlainPlace
from shirase.demo.town import demo_town
from shirase.demo.way_out import ORDER_NAME, openings, orders, posts
from tests.streams.small_town import AT, CELLS, closure, town
from tests.streams.test_evacuation_board import Desk

START = datetime(2026, 9, 18, 9, 0, tzinfo=UTC)


def test_the_order_and_its_end_are_read_as_such() -> None:
    order, end = orders(START, 1.0)
    assert order.name == ORDER_NAME
    issued = read(order.raw, name="o", received=START + timedelta(hours=2), feed="")
    lifted = read(end.raw, name="o", received=START + timedelta(hours=3), feed="")
    assert ResponseType.EVACUATE in issued.alert.infos[0].response_types
    assert ResponseType.EVACUATE not in lifted.alert.infos[0].response_types
    assert issued.series == lifted.series
    assert issued.alert.infos[0].areas[0].geocodes


def test_each_ward_says_of_its_shelters_what_the_planner_begins_with() -> None:
    sites = demo_town().sites
    documents = openings(sites, START)
    assert len(documents) == len({site.ward for site in sites})
    said = [read(one.raw, name=one.name, received=START, feed="") for one in documents]
    states = {shelter.id: shelter.state for report in said for shelter in report.facts.shelters}
    assert states == {site.id: site.state for site in sites}, "by the same ids: it is of the same shelters"


def test_what_is_posted_closes_the_busiest_ways_and_takes_the_busiest_back() -> None:
    desk = Desk()
    plans = desk.order().plans
    people = dict.fromkeys(CELLS, 100)
    bridges = {f"bridge-{column}": f"架空{column}号橋" for column in (1, 6, 12)}
    clock = iter([AT + timedelta(minutes=minute) for minute in range(1, 10)])
    posted = list(posts(plans, people, bridges, clock))
    read_back = [read(fact.raw, name="p", received=fact.at, feed=fact.feed).facts.roads[0] for fact in posted]
    assert [road.undo for road in read_back] == [False] * 4 + [True]
    assert [road.attribution.confidence.value for road in read_back] == ["confirmed"] * 3 + ["reported", "confirmed"]
    walkers: Counter[str] = Counter()
    for plan in plans:
        for entry in plan.cells:
            route = entry.parts[0].general.route
            walkers.update(route.road_ids if route else ())
    closed = [road.place.road_ids[0] for road in read_back[:3]]
    assert all(road in bridges for road in closed)
    assert walkers[read_back[4].place.road_ids[0]] == max(walkers[road] for road in closed)
    assert {json.loads(fact.raw)["by"] for fact in posted} == {"架空の当直"}


def test_the_plain_count_of_ways_counts_each_cell_of_a_person_once_and_knows_no_quiet() -> None:
    desk = Desk(town())
    notice = desk.order().drafts[0].notice
    here, there = CELLS[0], CELLS[1]
    everywhere = (PlainPlace(here, 5), PlainPlace(here, 1), PlainPlace(there, 5), PlainPlace(0x892F5A32D57FFFF, 1))
    people = [
        PlainPerson(7, "ja", "", False, False, (0, 23), everywhere),
        PlainPerson(8, "ja", "", True, False, None, everywhere),
        PlainPerson(9, "ja", "", False, False, None, (everywhere[3],)),
    ]
    changed = desk.hear(closure(6)).drafts[0].notice
    first, second = BruteForce(people).count_all([(notice, AT), (changed, AT)])
    assert first.selected == 2
    assert first.rows == {7}
    told = {part.cells[0] for part in changed.parts}
    assert second.selected == len({here, there} & told)
