"""The ways of a shard are served under an order and to nobody who would say more closely where she is."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import h3.api.basic_int as h3
from prometheus_client import CollectorRegistry

from alerts.notice import Notice, NoticeKind, Order
from alerts.place import Shard
from api.http.metrics import ApiMetrics
from api.known.state import Said, State
from api.live.board import LiveBoard
from api.live.facts import LiveFacts
from api.live.telling import notices_in
from api.residents.app import Residents, residents_app
from routing.way_tile import read_tile
from streams.evacuation.way_book import Tile, WayBook
from tests.api.browser import Browser
from tests.api.live.test_board import CURRENT
from tests.streams.small_town import AT, CELLS, ORDER, order_notice, town
from tests.streams.test_way_book import ordered

LATER = AT + timedelta(minutes=10)
SHARD = f"{h3.cell_to_parent(CELLS[0], 6):x}"


def browser(ways: WayBook | None) -> Browser:
    registry = CollectorRegistry()
    state = State()
    residents = Residents(state, lambda: CURRENT)
    board = LiveBoard(state, LiveFacts())
    return Browser(residents_app(residents, ApiMetrics(registry), registry, lambda: LATER, live=board, ways=ways))


def test_the_ways_of_a_shard_say_what_its_tiles_say() -> None:
    ways = ordered()
    answer = browser(ways).get(f"/live/ways/{SHARD}")
    assert answer.status_code == 200
    whole = read_tile(answer.content)
    part = ways.tile(h3.cell_to_parent(CELLS[0], 8), LATER)
    assert isinstance(part, Tile)
    assert set(whole.shelters) >= set(read_tile(part.data).shelters)
    assert len(whole.nodes) == town().network.columns.node_count
    known = browser(ways).get(f"/live/ways/{SHARD}", {"if-none-match": answer.headers["etag"]})
    assert known.status_code == 304


def test_without_an_order_there_is_no_way() -> None:
    answer = browser(WayBook(town())).get(f"/live/ways/{SHARD}")
    assert (answer.status_code, answer.json()["code"]) == (404, "no-order-here")
    off = browser(None).get(f"/live/ways/{SHARD}")
    assert (off.status_code, off.json()["code"]) == (404, "ways-off")


def test_no_tile_is_asked_for_that_is_finer_than_a_shard() -> None:
    answer = browser(ordered()).get(f"/live/ways/{h3.cell_to_parent(CELLS[0], 8):x}")
    assert (answer.status_code, answer.json()["code"]) == (422, "not-a-shard")


def test_a_way_lasts_as_long_as_its_order_which_was_extended_after_it_was_told() -> None:
    first = order_notice()
    end = first.expires
    covered = Order(ORDER, first.document, first.issuer, CELLS, "ways-1", "rule-1", end)
    way = replace(first, lineage=ORDER + "#ways", kind=NoticeKind.GO_THERE, order=covered)
    shard, cells = Shard(int(SHARD, 16)), first.parts[0].cells
    extended = replace(first, revision=2, expires=end + timedelta(hours=3))

    def told_of(order: Notice) -> Any:
        pieces = [(Said(one, one.parts[0]), cells) for one in (order, way)]
        said = notices_in(pieces, shard, end + timedelta(hours=1)).said
        assert isinstance(said, Mapping)
        return said["ways"][0]

    assert told_of(first)["lapsed"]["since"] == end
    assert (told_of(extended)["lapsed"], told_of(extended)["renew_by"]) == (None, extended.expires)
