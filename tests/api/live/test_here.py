"""One plain page per shard: every place an anchor, level, action, shelter and way, without scripts, in 100 kB."""

import re
from datetime import timedelta
from html.parser import HTMLParser

import h3.api.basic_int as h3
import pytest

from alerts.hazard import HazardKind
from alerts.languages.known import LANGUAGES
from alerts.place import Cell, LatLng
from alerts.shelter import OccupancyBand, ShelterReport, ShelterState
from api.known.state import State
from api.live.board import LiveBoard
from api.live.facts import LiveFacts, Section
from api.live.here import MOST_BYTES, HerePages
from geo.cells import difference
from geo.chome import as_counted
from routing.plan import Advice, Answer, CellAdvice, Part, Route, Side, Turn, Why, plan_of
from routing.shelter import Offer
from streams.payloads import SourceRecord
from streams.topics import PLANS, SOURCES
from tests.api.evening import KOTO, NINE_PM, Evening, around, danger, provenance
from tests.api.live.test_board import CELL, HERE, NAME, SCHOOL, SHARD, Desk, attribution, closure

CELLS = tuple(Cell(cell) for cell in sorted(h3.cell_to_children(SHARD, 9)))
ATTACK = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


class Tags(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def ids(self) -> list[str]:
        return [value for _, attrs in self.found for name, value in attrs.items() if name == "id" and value]


def desk_of(name: str = "{}丁目") -> Desk:
    desk = Desk(SCHOOL)
    numbers = {cell: name.format(number // 2) for number, cell in enumerate(CELLS)}
    here = HerePages(lambda cell: numbers.get(cell, ""), [("江東区", around(*KOTO, rings=12))])
    desk.board = LiveBoard(State(), LiveFacts(sites={SCHOOL.id: SCHOOL}), (SHARD,), here)
    return desk


def page_of(desk: Desk, minutes: int = 0) -> str:
    desk.board.refresh(NINE_PM + timedelta(minutes=minutes))
    return desk.board.answers.bodies[Section.HERE.path(NAME)].raw.decode()


def flooded(desk: Desk) -> None:
    evening = Evening()
    evening.say(provenance(), [danger(around(*KOTO, rings=2))])
    desk.tell(evening)


def entry(cell: Cell, name: str = "第一小学校", turns: int = 12) -> CellAdvice:
    steps = tuple(Turn(100 + n, f"架空{n}号通り", Side.LEFT, f"架空橋{n}") for n in range(turns))
    route = Route("s1", name, Offer.OPEN, 600, 1200, 600, (HERE, LatLng(35.68, 139.82)), steps, ("r",))
    go = Answer(Advice.GO, Why.WALKABLE, route)
    return CellAdvice(cell, "1310800", (Part((), HERE, go, Answer(Advice.STAY, Why.NO_USABLE_SHELTER)),))


def plan(*entries: CellAdvice) -> object:
    return plan_of(SHARD, 1, (HazardKind.FLOOD,), NINE_PM, entries)


def test_every_place_of_the_shard_is_an_anchor_by_its_name_and_by_its_cell() -> None:
    ids = Tags(page_of(desk_of())).ids()
    assert {f"{cell:x}" for cell in CELLS} <= set(ids)
    assert {f"{number // 2}丁目" for number in range(len(CELLS))} <= set(ids)
    assert len(ids) == len(set(ids))


def test_places_stand_in_the_order_in_which_people_count() -> None:
    names = re.findall(r"<li id=\"[^\"]*\"><h3>(\d+)丁目</h3>", page_of(desk_of()))
    assert len(names) > 10
    assert names == sorted(names, key=int)
    assert sorted(["架空町十丁目", "架空町二丁目", "架空町一丁目"], key=as_counted) == [
        "架空町一丁目",
        "架空町二丁目",
        "架空町十丁目",
    ]


def test_a_place_says_level_danger_shelter_and_way() -> None:
    desk = desk_of()
    flooded(desk)
    desk.hear(PLANS.name, NAME.encode(), plan(entry(CELL)))
    page = page_of(desk)
    (here,) = (place for place in page.split("<li ") if f'id="{CELL:x}"' in place)
    assert "<b>4</b>" in here
    assert "第一小学校へ徒歩約10分（ゆっくり20分）" in here
    assert "架空0号通り100m架空橋0で左へ" in here
    assert "段差を避ける人：今いる建物にとどまる" in here


def test_an_order_is_listed_once_although_its_edge_has_words_of_its_own() -> None:
    desk, evening = desk_of(), Evening()
    wide = around(*KOTO, rings=4)
    evening.say(provenance(), [danger(wide, partial=difference(wide, around(*KOTO, rings=2)))])
    desk.tell(evening)
    top = page_of(desk).split("</section>")[0]
    assert top.count("<h3>レベル4") == 1
    assert "境の近く" not in top


def test_shelters_and_closures_are_listed_with_their_age() -> None:
    desk = desk_of()
    desk.shelter(ShelterReport("s1", "", attribution(), ShelterState.OPEN, band=OccupancyBand.FILLING))
    desk.road(closure())
    page = page_of(desk)
    assert "<b>第一小学校</b> 開設・やや混雑（9月12日 21:00）" in page
    assert "通行止め 永代橋 9月12日 21:00" in page
    assert "未確認（60分以上前か、報告なし）" in page_of(desk, minutes=61)


def test_an_order_past_its_time_says_so() -> None:
    desk = desk_of()
    flooded(desk)
    assert "treat it as in force" not in page_of(desk)
    assert "Not renewed at 00:00; treat it as in force." in page_of(desk, minutes=180)


def test_a_shard_of_which_nothing_is_known_is_not_called_safe() -> None:
    page = page_of(desk_of())
    assert "これは解除の知らせではありません" in page
    assert "何も書かれていない場所も、安全という意味ではありません" in page


def test_a_silent_source_is_said_on_the_page_and_ends_nothing() -> None:
    desk = desk_of()
    flooded(desk)
    until = NINE_PM + timedelta(minutes=3)
    desk.hear(SOURCES.name, b"jma", SourceRecord("jma-extra", "気象庁", "", NINE_PM, until, "", NINE_PM))
    assert "No data from" not in page_of(desk)
    late = page_of(desk, minutes=600)
    assert "No data from 気象庁 since 21:00. This is not an all-clear." in late
    assert "レベル4" in late


def test_the_page_of_the_worst_night_is_no_larger_than_a_hundred_kilobytes_and_keeps_every_shelter() -> None:
    desk = desk_of("江東区とても長い名前の町{}丁目")
    evening = Evening()
    for number in range(6):
        evening.say(provenance(f"flood-{number}"), [danger(around(*KOTO, rings=14))])
    desk.tell(evening)
    names = [f"架空第{number}小学校体育館" for number in range(len(CELLS))]
    desk.hear(PLANS.name, NAME.encode(), plan(*(entry(cell, name) for cell, name in zip(CELLS, names, strict=True))))
    page = page_of(desk)
    assert len(page.encode()) <= MOST_BYTES
    assert not [name for name in names if name not in page]
    body = desk.board.answers.bodies[Section.HERE.path(NAME)]
    assert body.gzipped is not None
    assert len(body.gzipped) < MOST_BYTES / 4


def test_an_evening_is_there_in_every_language_beside_the_two_that_are_in_view() -> None:
    desk = desk_of()
    flooded(desk)
    page = page_of(desk)
    assert [page.count(f'<details class="text" lang="{language}">') for language in LANGUAGES] == [0, 0, 1, 1, 1]
    assert "警戒级别4" in page


def test_it_has_a_picture_and_no_script_and_asks_nobody_else() -> None:
    desk = desk_of()
    flooded(desk)
    tags = Tags(page_of(desk))
    names = {tag for tag, _ in tags.found}
    assert "svg" in names
    assert not names & {"script", "img", "iframe", "form"}
    asked = [attrs["href"] for _, attrs in tags.found if attrs.get("href")]
    assert not [one for one in asked if one and not one.startswith(("/", "#", "data:,"))]
    assert [1 for tag, attrs in tags.found if tag == "path" and "danger" in (attrs.get("class") or "")]


def test_names_are_escaped() -> None:
    desk = desk_of(ATTACK + "{}")
    evening = Evening()
    evening.say(provenance(issuer=ATTACK), [danger(around(*KOTO, rings=2), area_name=ATTACK)])
    desk.tell(evening)
    desk.shelter(ShelterReport("s1", ATTACK, attribution(), ShelterState.OPEN))
    desk.road(closure(place=closure().place.__class__(point=HERE, name=ATTACK)))
    desk.hear(PLANS.name, NAME.encode(), plan(entry(CELL, ATTACK)))
    tags = Tags(page_of(desk))
    bad = [tag for tag, attrs in tags.found if tag in ("script", "img") or any(name.startswith("on") for name in attrs)]
    assert bad == []


@pytest.mark.parametrize("path", [f"/here/{NAME}", "/here/" + f"{CELL:x}", "/here/862f5a007ffffff"])
def test_it_is_asked_for_by_shard_and_by_nothing_finer(path: str) -> None:
    desk = desk_of()
    desk.board.refresh(NINE_PM)
    answer = desk.browser().get(path)
    assert answer.status_code == {NAME: 200, f"{CELL:x}": 422}.get(path.rpartition("/")[2], 404)
    assert "script-src 'self'" in answer.headers["content-security-policy"]
