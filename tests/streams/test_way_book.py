"""What residents may be shown of the ways: tiles that say what the plan says, and shelters with their age."""

from datetime import timedelta

import h3.api.basic_int as h3
import pytest

from alerts.fact import Freshness
from alerts.place import Cell
from alerts.road import RoadReport
from alerts.shelter import ShelterReport
from routing.shelter import Offer, Unusable
from routing.way_tile import read_tile
from streams.brokers.client import Record
from streams.evacuation.evacuation_board import EvacuationBoard
from streams.evacuation.way_book import NoTile, Tile, WayBook
from streams.ingest.facts import fact_key
from streams.topics import CLOSURES, HAZARDS, NOTICES, SHELTERS, Topic
from streams.wire import encode
from tests.streams.small_town import AT, CELLS, closure, order_maps, order_notice, shelter_state, town

LATER = AT + timedelta(minutes=10)
TILES = sorted({Cell(h3.cell_to_parent(cell, 8)) for cell in CELLS})


def record(topic: Topic, key: bytes, value: bytes) -> Record:
    return Record(topic.name, 0, 0, key, value, {}, 0)


def ordered() -> WayBook:
    book = WayBook(town())
    for snapshot in order_maps():
        book.apply(record(HAZARDS, b"%x" % snapshot.shard, encode(snapshot)))
    book.apply(record(NOTICES, b"order", encode(order_notice())))
    return book


def say(book: WayBook, report: RoadReport | ShelterReport) -> None:
    book.apply(record(CLOSURES if isinstance(report, RoadReport) else SHELTERS, fact_key(report), encode(report)))


def tile(book: WayBook, at: object = LATER) -> Tile:
    found = book.tile(TILES[0], at)  # type: ignore[arg-type]
    assert isinstance(found, Tile)
    return found


def test_no_tile_states_an_order_that_nobody_gave() -> None:
    book = WayBook(town())
    for snapshot in order_maps():
        book.apply(record(HAZARDS, b"%x" % snapshot.shard, encode(snapshot)))
    assert book.tile(TILES[0], LATER) is NoTile.NO_ORDER_HERE, "the order's own notice has not gone out"
    book.apply(record(NOTICES, b"order", encode(order_notice())))
    assert isinstance(book.tile(TILES[0], LATER), Tile)
    far = Cell(h3.latlng_to_cell(43.06, 141.35, 8))
    assert book.tile(far, LATER) is NoTile.NO_ORDER_HERE
    assert book.tile(CELLS[0], LATER) is NoTile.NOT_A_TILE


def test_a_tile_leads_to_the_shelters_and_in_the_time_of_the_plan_before_and_after_a_closure() -> None:
    book, board = ordered(), EvacuationBoard(town())
    for snapshot in order_maps():
        board.hear_map(snapshot)
    board.hear_notice(order_notice())
    for minute, report in enumerate((None, closure(6), closure(1)), start=5):
        at = AT + timedelta(minutes=minute)
        if report is not None:
            say(book, report)
            board.hear_road(report)
        plans = board.due(at).plans
        known = {}
        for name in TILES:
            found = book.tile(name, at)
            assert isinstance(found, Tile)
            read = read_tile(found.data)
            for node in read.nodes:
                if node.shelter is not None:
                    key = (round(node.point.lat, 5), round(node.point.lng, 5))
                    known[key] = (read.shelters[node.shelter][0], node.seconds)
        routes = [route for plan in plans for cell in plan.cells if (route := cell.parts[0].general.route)]
        assert routes
        for route in routes:
            start = (round(route.line[0].lat, 5), round(route.line[0].lng, 5))
            assert known[start] == (route.shelter_id, route.walk_seconds)


def test_a_tile_is_the_same_bytes_until_facts_change_or_a_minute_has_gone() -> None:
    book = ordered()
    first = tile(book)
    assert tile(book, LATER + timedelta(seconds=5)) == first
    say(book, closure(6))
    cut = tile(book, LATER + timedelta(seconds=6))
    assert cut.etag != first.etag
    older = tile(book, LATER + timedelta(minutes=2))
    assert older.facts_at - cut.facts_at > timedelta(minutes=1), "nothing is shown as new that was not looked at again"


@pytest.mark.parametrize(("minutes", "age"), [(5, "fresh"), (45, "ageing"), (90, "unconfirmed")])
def test_every_shelter_is_shown_with_the_age_of_its_state(minutes: int, age: str) -> None:
    book = ordered()
    say(book, shelter_state("east", "full", 0, occupants=90, capacity=90))
    now = {one.site.id: one for one in book.shelters(AT + timedelta(minutes=minutes))}
    assert now["east"].age.value == age
    assert now["east"].unusable is Unusable.FULL
    assert now["east"].offer is None
    assert (now["north"].age, now["north"].offer) == (Freshness.UNCONFIRMED, Offer.OPEN), "no word of its own"
