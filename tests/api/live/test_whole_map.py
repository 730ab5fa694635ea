"""The map for who has neither scripts nor WebGL: what is drawn, what is said of it, how large it is."""

import gzip
import math
import re
from dataclasses import replace
from xml.etree import ElementTree as ET

from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from alerts.fact import Confidence
from alerts.hazard import HazardKind
from alerts.level import Level
from alerts.place import LatLng
from alerts.road import RoadPlace
from alerts.shelter import ShelterReport, ShelterState
from api.drawing.frame import TOKYO
from api.drawing.grain import grains
from api.drawing.ground import NO_GROUND, ground_of
from api.drawing.lines import drawn_beneath, lines_of
from api.drawing.look import Look
from api.drawing.marks import SITE_WORDS, RoadMark, SiteMark, marks, road_sign, sign_of
from api.http.metrics import ApiMetrics
from api.known.state import State
from api.live.board import LiveBoard
from api.live.facts import LiveFacts
from api.live.map_marks import SIGNS_OF_THE_CITY
from api.live.whole_map import WholeMap
from api.residents.app import Residents, residents_app
from geo.cells import difference
from routing.site import Site
from tests.api.browser import Browser
from tests.api.evening import KOTO, NINE_PM, Evening, around, danger, provenance
from tests.api.live.test_board import CURRENT, HERE, SCHOOL, SHARD, Desk, attribution, closure
from tests.streams.small_town import town

SVG = "{http://www.w3.org/2000/svg}"
IN_TOKYO = st.builds(LatLng, st.floats(35.52, 35.82), st.floats(139.56, 139.92))


def door(desk: Desk) -> Browser:
    registry = CollectorRegistry()
    desk.board.refresh(NINE_PM)
    ground = ground_of(TOKYO, [("江東区", around(*KOTO, rings=12))])
    residents = Residents(desk.board.state, lambda: CURRENT, {TOKYO.name: ground})
    lines = lines_of(town().network.columns)
    whole = WholeMap(desk.board, residents.hazards, ground, lines)
    app = residents_app(residents, ApiMetrics(registry), registry, lambda: NINE_PM, live=desk.board, whole_map=whole)
    return Browser(app)


def night(desk: Desk) -> None:
    evening = Evening()
    evening.say(provenance(), [danger(around(*KOTO, rings=2))])
    desk.tell(evening)


def test_it_draws_hazards_shelters_and_closures_and_says_them_in_words() -> None:
    desk = Desk(SCHOOL)
    night(desk)
    desk.shelter(ShelterReport("s1", "", attribution(), ShelterState.OPEN))
    desk.road(closure())
    desk.road(
        closure(
            "other",
            attribution(confidence=Confidence.REPORTED),
            place=RoadPlace(point=LatLng(HERE.lat + 0.002, HERE.lng)),
        )
    )
    browser = door(desk)
    answer = browser.get("/map.svg")
    assert answer.headers["content-type"].startswith("image/svg+xml")
    picture = ET.fromstring(answer.text)
    assert picture.get("role") == "img"
    title, said = (picture.findtext(f"{SVG}{name}") or "" for name in ("title", "desc"))
    assert {
        one.get("id") for one in (picture.find(f"{SVG}title"), picture.find(f"{SVG}desc")) if one is not None
    } == set((picture.get("aria-labelledby") or "").split())
    assert "地図" in title
    for word in ("江東区 レベル4", "開設 1", "通行止め 1か所", "未確認の報告 1か所", "安全という意味ではありません"):
        assert word in said
    assert 'id="g-l4"' in answer.text, "a grain, not the colour alone"
    assert ">4</text>" in answer.text
    assert all('fill="#fff"' in circle for circle in re.findall(r"<circle cx[^>]*>", answer.text)), "no black discs"
    assert 'href="#m-open"' in answer.text
    assert answer.text.count("translate(") == 2
    page = browser.get("/map/plain").text
    assert "<script" not in page
    assert said in page.replace("&#x27;", "'"), "whoever hears it read is told the same"
    assert "江東区：開設 1" in page
    for word in ("永代橋", "未確認の報告（1件）", "第一小学校", SIGNS_OF_THE_CITY):
        assert word in page


def test_a_site_of_which_nobody_spoke_is_a_dot_beneath_those_that_are_known() -> None:
    at = [LatLng(35.6, 139.7), LatLng(35.61, 139.7)]
    sites = [SiteMark(at[0], ShelterState.OPEN), SiteMark(at[1], ShelterState.UNKNOWN)]
    drawn = marks(TOKYO, sites, [], dotted=True)
    x, y = TOKYO.point(sites[1].at.lat, sites[1].at.lng)
    assert f'd="M0 0m{x} {y}h0"' in drawn
    assert drawn.index("m-dots") < drawn.index("m-open"), "what is known lies above"
    assert "m-unknown" not in drawn
    shown = {sign_of(state, dotted=True) for state in ShelterState}
    assert len(shown) == len(ShelterState)
    assert all(sign in SIGNS_OF_THE_CITY for sign in shown), "the list explains what is drawn"


def test_by_night_it_is_dark_and_levels_keep_their_colours() -> None:
    desk = Desk(SCHOOL)
    night(desk)
    browser = door(desk)
    day, dark = browser.get("/map.svg"), browser.get("/map-night.svg")
    assert dark.headers["content-type"].startswith("image/svg+xml")
    assert day.headers["etag"] != dark.headers["etag"]
    for picture, land, ink in ((day.text, "#fbfaf6", "#14181d"), (dark.text, "#333c46", "#f1f4f7")):
        assert 'class="land" d="' in picture
        assert f'fill="{land}"/>' in picture
        assert f'text-anchor="middle" fill="{ink}"' in picture
        assert 'fill="#AA00AA"' in picture
    assert len(day.text) - len(dark.text) in range(-200, 200), "the same picture"
    page = browser.get("/map/plain").text
    assert '<source srcset="/map-night.svg" media="(prefers-color-scheme:dark)">' in page


def test_each_colour_on_the_map_has_its_number_there_and_its_word_beside_it() -> None:
    desk = Desk(SCHOOL)
    evening = Evening()
    evening.say(provenance(), [danger(around(*KOTO, rings=4))])
    wider = danger(around(*KOTO, rings=10), level=Level.ELDERLY_LEAVE, hazard=HazardKind.HEAVY_RAIN)
    evening.say(provenance("rain"), [wider])
    desk.tell(evening)
    browser = door(desk)
    numbers = re.findall(r">([0-9])</text>", browser.get("/map.svg").text)
    assert sorted(numbers) == ["3", "4"], "the lesser one is the worst of no ward, and has its number too"
    page = browser.get("/map/plain").text
    assert page.index("<b>4</b>危険警報・避難指示") < page.index("<b>3</b>警報・高齢者等避難")
    assert "<b>2</b>" not in page


def test_rivers_are_drawn_first_within_the_budget() -> None:
    columns = town().network.columns
    river = (LatLng(35.7, 139.8), LatLng(35.65, 139.83))
    both = drawn_beneath(TOKYO, lines_of(columns, [river]), 3_000)
    assert both.startswith('<path class="beneath" d="M')
    assert 'stroke-width="16"' in both.split("/>")[0]
    alone = drawn_beneath(TOKYO, lines_of(None, [river]), 3_000)
    assert alone.count("<path") == 1
    assert drawn_beneath(TOKYO, lines_of(None, [river]), 5) == ""


def test_numbers_of_neighbours_do_not_lie_over_one_another() -> None:
    east, west = around(*KOTO, rings=8), around(KOTO[0], KOTO[1] - 0.05, rings=8)
    ground = ground_of(TOKYO, [("江東区", east), ("中央区", difference(west, east))])
    desk = Desk(SCHOOL)
    evening = Evening()
    # A strip along the line between them: the middle of each ward's share is beside the other's.
    evening.say(provenance(), [danger(around(KOTO[0], KOTO[1] - 0.029, rings=5))])
    desk.tell(evening)
    desk.board.refresh(NINE_PM)
    found = ground.touched(desk.board.state.view().maps)
    assert len(found) == 2
    (x, y), (u, v) = (one.at for one in found)
    assert math.hypot(x - u, y - v) >= 84, "each is wholly to be read"


def test_without_the_names_of_wards_the_number_stands_in_the_middle_of_the_danger() -> None:
    desk = Desk(SCHOOL)
    night(desk)
    desk.board.refresh(NINE_PM)
    residents = Residents(desk.board.state, lambda: CURRENT)
    drawn = WholeMap(desk.board, residents.hazards, NO_GROUND).drawn()
    (badge,) = re.findall(r"<circle cx[^>]*>", drawn.svg.decode())
    assert 'fill="#fff"' in badge
    assert "そのほか：開設は未確認 1" in drawn.page.decode()


def test_it_has_one_name_until_something_changes() -> None:
    desk = Desk(SCHOOL)
    browser = door(desk)
    for path in ("/map.svg", "/map/plain"):
        before = browser.get(path)
        etag = before.headers["etag"]
        assert browser.get(path, {"if-none-match": etag}).status_code == 304
    desk.shelter(ShelterReport("s1", "", attribution(), ShelterState.FULL))
    desk.board.refresh(NINE_PM)
    after = browser.get("/map.svg", {"if-none-match": browser.get("/map/plain").headers["etag"]})
    assert after.status_code == 200
    assert "満員 1" in after.text
    assert after.headers["cache-control"] == "public, max-age=5"


def test_how_old_the_state_behind_it_may_be_is_said_with_it() -> None:
    desk = Desk(SCHOOL)
    desk.board.refresh(NINE_PM)
    registry = CollectorRegistry()
    residents = Residents(desk.board.state, lambda: replace(CURRENT, age_seconds=42.7))
    browser = Browser(residents_app(residents, ApiMetrics(registry), registry, lambda: NINE_PM, live=desk.board))
    for path in ("/map.svg", "/map-night.svg", "/map/plain"):
        answer = browser.get(path)
        assert (answer.status_code, answer.headers["age"]) == (200, "42")
        known = browser.get(path, {"if-none-match": answer.headers["etag"]})
        assert (known.status_code, known.headers["age"]) == (304, "42")


def test_before_anything_was_read_there_is_no_map_and_no_calm() -> None:
    registry = CollectorRegistry()
    board = LiveBoard(State(), LiveFacts(), (SHARD,))
    residents = Residents(board.state, lambda: replace(CURRENT, ready=False))
    browser = Browser(residents_app(residents, ApiMetrics(registry), registry, lambda: NINE_PM, live=board))
    assert (browser.get("/map.svg").status_code, browser.get("/map.svg").json()["code"]) == (503, "not-ready")


def test_what_a_feed_writes_is_letters_on_the_page_and_in_the_picture() -> None:
    attack = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    desk = Desk(replace(SCHOOL, name=attack, ward=attack))
    desk.shelter(ShelterReport("s1", attack, attribution(), ShelterState.OPEN))
    desk.road(closure(place=RoadPlace(point=HERE, name=attack)))
    browser = door(desk)
    page = browser.get("/map/plain").text
    assert "<script" not in page + browser.get("/map.svg").text
    assert "<img src=x" not in page
    assert "&lt;script&gt;" in page


def test_the_map_of_the_worst_night_is_small_enough_for_a_bad_line() -> None:
    sites = [
        Site(
            f"s{n}",
            f"第{n}小学校",
            LatLng(35.55 + n % 40 * 0.0065, 139.6 + n // 40 * 0.006),
            frozenset({HazardKind.FLOOD}),
        )
        for n in range(2_000)
    ]
    desk = Desk(*sites)
    desk.board = LiveBoard(desk.board.state, desk.board.facts, desk.board.facts.shards())
    night(desk)
    for n in range(300):
        desk.road(closure(f"c{n}", place=RoadPlace(point=LatLng(35.6 + n % 20 * 0.01, 139.65 + n // 20 * 0.015))))
    answer = door(desk).get("/map.svg")
    (dots,) = re.findall(r'id="m-dots" d="([^"]*)"', answer.text)
    assert dots.count("h0") == len({TOKYO.point(one.point.lat, one.point.lng) for one in sites})
    assert len(answer.content) <= 100_000, "as it is: a line that takes no compression carries it too"
    assert len(gzip.compress(answer.content, 5)) <= 100_000
    assert len(gzip.compress(door(desk).get("/map/plain").content, 5)) <= 100_000


def test_states_and_roads_are_told_apart_by_shape_alone() -> None:
    colour = re.compile(r'(fill|stroke)="#[0-9a-f]+"')
    shapes = [sign_of(state) for state in SITE_WORDS] + [road_sign(confirmed=one) for one in (True, False)]
    assert set(SITE_WORDS) == set(ShelterState)
    assert len({colour.sub("", shape) for shape in shapes}) == len(shapes)
    levels = [Look.LEVEL_2, Look.LEVEL_3, Look.LEVEL_4, Look.LEVEL_5, Look.GUARD, Look.GREATEST]
    strokes = {re.findall(r'<path d="([^"]*)"', grains([look], 100, 100))[0] for look in levels}
    assert len(strokes) == len(levels)
    assert grains([], 100, 100) == grains([Look.INFORMATION], 100, 100) == ""


@settings(deadline=None, derandomize=True, max_examples=60)
@given(
    sites=st.lists(st.builds(SiteMark, IN_TOKYO, st.sampled_from(ShelterState)), max_size=12),
    lines=st.lists(st.lists(IN_TOKYO, min_size=1, max_size=4).map(tuple), max_size=4),
    confirmed=st.booleans(),
    budget=st.integers(0, 3_000),
)
def test_whatever_is_marked_is_well_formed_and_open_shelters_lie_on_top(
    sites: list[SiteMark], lines: list[tuple[LatLng, ...]], confirmed: bool, budget: int
) -> None:
    drawn = marks(TOKYO, sites, [RoadMark((line,), confirmed) for line in lines])
    ET.fromstring(f"<svg>{drawn}</svg>")
    used = re.findall(r'href="#m-([a-z]+)"', drawn)
    assert set(used) == {site.state.value for site in sites}
    if "open" in used:
        assert "open" not in used[: len(used) - used.count("open")]
    beneath = drawn_beneath(TOKYO, lines_of(town().network.columns), budget)
    ET.fromstring(f"<svg>{beneath}</svg>")
    assert sum(len(path) for path in re.findall(r' d="([^"]*)"', beneath)) <= budget
