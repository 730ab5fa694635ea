"""The ways of a shard are served under an order and to nobody who would say more closely where she is."""

from datetime import timedelta

import h3.api.basic_int as h3
from prometheus_client import CollectorRegistry

from api.http.metrics import ApiMetrics
from api.known.state import State
from api.live.board import LiveBoard
from api.live.facts import LiveFacts
from api.residents.app import Residents, residents_app
from routing.way_tile import read_tile
from streams.evacuation.way_book import Tile, WayBook
from tests.api.browser import Browser
from tests.api.live.test_board import CURRENT
from tests.streams.small_town import AT, CELLS, town
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
