"""A level has one colour and two words: that of a warning, and that of a municipality's order to leave."""

import json
import re
from dataclasses import replace

import h3.api.basic_int as h3
import pytest

from alerts.cap import ResponseType
from alerts.level import LEVEL_NAMES_JA, Level
from alerts.order_words import ORDER_NAMES_JA
from alerts.place import Shard
from api.known.state import State
from api.live.board import LiveBoard
from api.live.facts import LiveFacts, Section
from api.live.here import HerePages
from api.open_data.cap_out import alert_of
from tests.api.evening import KOTO, NINE_PM, Evening, around, danger, provenance
from tests.api.open_data.test_open_data import SENDER, book_of
from tests.api.test_residents import browse

ORDERS = list(ORDER_NAMES_JA)
NEAR = around(*KOTO, rings=3)
SHARD = Shard(h3.cell_to_parent(h3.latlng_to_cell(*KOTO, 9), 6))


def evening(level: Level, *, order: bool, lineage: str = "one") -> Evening:
    made = Evening()
    source = provenance(lineage, issuer="江東区" if order else "気象庁")
    # Areas that read the same are one entry of the list: its words are written anew, and stay those of an order.
    half = len(NEAR) // 2
    names = (("江東区豊洲", NEAR[:half]), ("江東区東陽", NEAR[half:]))
    dangers = [danger(cells, level=level, area_name=name) for name, cells in names]
    if order:
        dangers = [replace(one, event=ORDER_NAMES_JA[level], evacuate=True) for one in dangers]
    made.say(source, dangers)
    return made


@pytest.mark.parametrize("level", ORDERS)
@pytest.mark.parametrize("order", [False, True])
def test_everything_that_residents_ask_calls_an_order_by_its_name_and_a_warning_by_its_own(
    level: Level, order: bool
) -> None:
    told = evening(level, order=order)
    right, wrong = (LEVEL_NAMES_JA, ORDER_NAMES_JA)[order][level], (ORDER_NAMES_JA, LEVEL_NAMES_JA)[order][level]
    client = browse(told)
    page = client.get("/").text
    legend = re.search(r'<ul class="legend".*?</ul>', page)
    assert legend
    assert right in legend[0] and wrong in legend[0], "a colour of the map means both"  # noqa: PT018
    chips = re.findall(r'<span class="chip l\d">(?:レベル)?<b>\d</b>([^<]*)</span>', page.replace(legend[0], ""))
    assert set(chips) == {right}
    label = re.search(r'role="img" aria-label="([^"]*)"', page)
    assert label
    assert f"レベル{level.value} {right} 江東区" in label[1]
    (entry,) = client.get("/notices.json").json()["in_force"]
    assert entry["is_order"] is order
    assert right in entry["texts"]["ja"]["title"]
    assert wrong not in "".join(text["title"] + text["body"] for text in entry["texts"].values()).replace(right, "")
    features = client.get("/hazards.geojson").json()["features"]
    assert {feature["properties"]["is_order"] for feature in features} == {order}


@pytest.mark.parametrize("level", ORDERS)
@pytest.mark.parametrize("order", [False, True])
def test_the_shard_and_its_plain_page_say_it_too(level: Level, order: bool) -> None:
    board = LiveBoard(State(), LiveFacts(), (SHARD,), HerePages(lambda _cell: "豊洲一丁目"))
    for record in evening(level, order=order).records:
        board.apply(record)
    board.refresh(NINE_PM)

    def said(section: Section) -> str:
        return board.answers.bodies[section.path(f"{SHARD:x}")].raw.decode()

    right = (LEVEL_NAMES_JA, ORDER_NAMES_JA)[order][level]
    chips = re.findall(r'<span class="chip l\d"><b>\d</b>([^<]*)</span>', said(Section.HERE))
    assert chips
    assert set(chips) == {right}
    told = json.loads(said(Section.NOTICES))["in_force"]
    assert {one["is_order"] for one in told} == {order}
    holds = json.loads(said(Section.HAZARDS))["features"]
    assert {one["properties"]["is_order"] for one in holds} == {order}


def test_of_an_order_and_a_warning_of_one_level_the_order_is_what_is_to_be_done() -> None:
    both = evening(Level.ALL_LEAVE, order=False)
    both.say(
        provenance("two", issuer="江東区"),
        [replace(danger(NEAR), event="避難指示", evacuate=True)],
    )
    page = browse(both).get("/").text
    areas = re.search(r'<ul class="areas">.*?</ul>', page)
    assert areas
    assert "避難指示" in areas[0]
    assert "危険警報" not in areas[0]


@pytest.mark.parametrize("level", ORDERS)
def test_cap_asks_to_leave_for_an_order_alone(level: Level) -> None:
    for order in (False, True):
        _, (published,) = book_of(evening(level, order=order)).newest(9)
        alert = alert_of(published, sender=SENDER, site_url="https://shirase.example.test")
        asked = {response for info in alert.infos for response in info.response_types}
        leaves = ResponseType.EVACUATE if order else ResponseType.PREPARE
        assert asked == {ResponseType.SHELTER if level is Level.SECURE_LIFE else leaves}
