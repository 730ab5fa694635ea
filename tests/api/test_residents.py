"""The residents' pages: what they say, what they never say, and what they let in."""

import json
import re
from datetime import datetime, timedelta
from html import escape
from html.parser import HTMLParser

import h3.api.basic_int as h3
import pytest
from prometheus_client import CollectorRegistry
from shapely.geometry import Point, Polygon, shape
from shapely.ops import unary_union

from alerts.cap import Severity
from alerts.languages.known import LANGUAGES
from alerts.level import LEVEL_NAMES_JA, Level
from api.drawing.frame import TOKYO
from api.drawing.geojson import ring_of
from api.drawing.ground import ground_of
from api.drawing.look import APPEARANCES, Look
from api.http.metrics import ApiMetrics
from api.http.reader import Freshness
from api.known.state import State
from api.residents.app import Residents, residents_app
from api.residents.page import NOT_AN_ALL_CLEAR
from geo.cells import compact, expand
from tests.api.browser import Browser
from tests.api.evening import KOTO, NINE_PM, Evening, around, danger, provenance

CURRENT = Freshness(ready=True, lag_records=0, age_seconds=0.5)
ATTACK = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
NEAR = around(*KOTO)


def browse(
    evening: Evening | None = None, *, fresh: Freshness = CURRENT, now: datetime = NINE_PM + timedelta(minutes=5)
) -> Browser:
    state = State()
    for record in evening.records if evening else ():
        state.apply(record)
    registry = CollectorRegistry()
    grounds = {TOKYO.name: ground_of(TOKYO, [("江東区", around(*KOTO, rings=8))])}
    app = residents_app(Residents(state, lambda: fresh, grounds), ApiMetrics(registry), registry, lambda: now)
    return Browser(app)


def flood(**changes: object) -> Evening:
    evening = Evening()
    evening.say(provenance(), [danger(NEAR, **changes)])  # type: ignore[arg-type]
    return evening


class Tags(HTMLParser):
    """Collect what a browser would load or run."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize("level", [level for level in Level if level >= Level.CHECK_ACTION])
def test_a_level_is_shown_by_colour_number_and_word(level: Level) -> None:
    page = browse(flood(level=level)).get("/").text
    look = Look(f"l{int(level)}")
    assert f'<path class="{look.value} danger"' in page
    assert f"fill:{APPEARANCES[look].fill}" in page
    assert f"<b>{int(level)}</b>{LEVEL_NAMES_JA[level]}" in page
    assert f'<g class="badge {look.value}">' in page


def test_the_official_palette_is_used_for_levels_and_for_nothing_else() -> None:
    official = {"5": "#0C000C", "4": "#AA00AA", "3": "#FF2800", "2": "#F2E700", "1": "#FFFFFF"}
    fills = {look: appearance.fill for look, appearance in APPEARANCES.items()}
    assert {look.value[1:]: fill for look, fill in fills.items() if look.value[0] == "l"} == official
    assert not {fill for look, fill in fills.items() if look.value[0] == "s"} & set(official.values())


def test_a_danger_without_a_level_shows_none() -> None:
    page = browse(flood(level=None, severity=Severity.UNKNOWN)).get("/").text
    assert '<path class="s3 danger"' in page
    assert 'class="badge l' not in page


def test_the_list_has_the_words_of_the_push_in_every_language() -> None:
    evening = Evening()
    (notice,) = evening.say(provenance(), [danger(NEAR)])
    page = browse(evening).get("/").text
    for text in notice.parts[0].texts:
        assert text.title in page
        assert escape(text.body) in page
    assert "21:00</time> 発表（5分前）" in page


def test_nothing_known_is_not_called_safe() -> None:
    page = browse().get("/").text
    assert NOT_AN_ALL_CLEAR in page
    assert "安全です" not in page


def test_an_order_past_its_time_stays_and_says_so() -> None:
    page = browse(flood(), now=NINE_PM + timedelta(hours=4)).get("/").text
    assert "9月13日 00:00から更新がありません" not in page  # the same day by then: no date
    assert "00:00から更新がありません。有効なものとして行動してください。" in page
    assert '<path class="l4 danger"' in page


def test_a_silent_broker_is_said_on_the_page() -> None:
    page = browse(flood(), fresh=Freshness(True, 0, 95.0)).get("/").text
    assert "1分35秒前から、新しい情報を受け取れていません" in page
    assert NOT_AN_ALL_CLEAR in page
    assert '<path class="l4 danger"' in page


def test_names_and_issuers_are_escaped() -> None:
    evening = Evening()
    evening.say(provenance(issuer=ATTACK), [danger(NEAR, area_name=ATTACK)])
    page = browse(evening).get("/").text
    tags = Tags()
    tags.feed(page)
    assert [attrs for tag, attrs in tags.found if tag == "script"] == [{"src": "/refresh.js", "defer": None}]
    assert [tag for tag, attrs in tags.found if tag == "img" or any(name.startswith("on") for name in attrs)] == []


@pytest.mark.parametrize("path", ["/", "/hazards.geojson", "/notices.json", "/health", "/nowhere"])
def test_every_answer_has_a_strict_policy(path: str) -> None:
    headers = browse(flood()).get(path).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize(("has_map", "can_sign_up"), [(False, False), (True, False), (True, True)])
def test_the_first_page_leads_to_what_this_process_has(has_map: bool, can_sign_up: bool) -> None:
    registry = CollectorRegistry()
    residents = Residents(State(), lambda: CURRENT, has_map=has_map, can_sign_up=can_sign_up)
    page = Browser(residents_app(residents, ApiMetrics(registry), registry, lambda: NINE_PM)).get("/").text
    assert ('href="/map#here"' in page) is has_map
    assert ('href="/signup"' in page) is can_sign_up


def test_the_page_asks_nobody_else_for_anything() -> None:
    tags = Tags()
    tags.feed(browse(flood()).get("/").text)
    asked = [value for _, attrs in tags.found for name, value in attrs.items() if name in {"src", "href"}]
    asked.remove("data:,")  # the empty icon, which is asked of nobody
    assert asked
    # What begins with # is a piece of the picture itself.
    assert all(value is not None and value[0] in "/#" and not value.startswith("//") for value in asked)
    assert not any("style" in attrs for _, attrs in tags.found)


def test_the_first_page_is_small_enough_for_a_bad_line() -> None:
    assert len(browse(flood()).get("/").content) < 100_000


def test_geojson_has_longitude_first_and_rings_that_are_closed_and_counter_clockwise() -> None:
    answer = browse(flood()).get("/hazards.geojson")
    assert answer.headers["content-type"] == "application/geo+json"
    features = answer.json()["features"]
    assert {int(feature["id"], 16) for feature in features} == set(NEAR)
    for feature in features:
        polygon = shape(feature["geometry"])
        lat, lng = h3.cell_to_latlng(int(feature["id"], 16))
        assert polygon.is_valid
        assert polygon.exterior.is_ccw
        assert polygon.contains(Point(lng, lat))
        assert feature["geometry"]["coordinates"][0][0] == feature["geometry"]["coordinates"][0][-1]
        assert feature["properties"]["level"] == 4
        assert feature["properties"]["hazards"] == ["flood"]
        assert feature["properties"]["reasons"]


def test_a_coarser_cell_is_drawn_as_its_children_lie_and_leaves_no_ground_bare_beside_finer_ones() -> None:
    cells = compact(h3.grid_disk(h3.latlng_to_cell(*KOTO, 9), 12))
    assert len({h3.get_resolution(cell) for cell in cells}) == 3, "of several sizes"
    drawn = [Polygon(ring_of(cell)) for cell in cells]
    ground = unary_union([Polygon(ring_of(cell)) for cell in expand(cells)])
    assert all(one.is_valid and one.exterior.is_ccw for one in drawn)
    assert unary_union(drawn).symmetric_difference(ground).area < ground.area * 1e-6
    assert sum(one.area for one in drawn) == pytest.approx(ground.area), "nothing is drawn twice"
    # Of a country's shards each is its own hexagon: all as they lie would be too much for any line.
    assert len(ring_of(h3.cell_to_parent(cells[0], 6), whole=False)) == 7


@pytest.mark.parametrize("path", ["/hazards.geojson", "/notices.json"])
def test_what_is_known_is_not_sent_again(path: str) -> None:
    client = browse(flood(), fresh=Freshness(True, 0, 12.7))
    first = client.get(path)
    assert first.headers["cache-control"] == "public, max-age=5"
    assert first.headers["age"] == "12"
    assert first.headers["last-modified"] == "Sat, 12 Sep 2026 12:00:02 GMT"
    again = client.get(path, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get(path, headers={"if-none-match": 'W/"other"'}).status_code == 200


def test_two_processes_give_the_same_facts_the_same_tag() -> None:
    tags = {browse(flood()).get("/hazards.geojson").headers["etag"] for _ in range(2)}
    assert len(tags) == 1


def test_notices_json_lists_what_is_in_force() -> None:
    (entry,) = browse(flood()).get("/notices.json").json()["in_force"]
    assert (entry["level"], entry["areas"], entry["phase"]) == (4, ["江東区"], "issued")
    assert set(entry["texts"]) == set(LANGUAGES)


def test_before_the_topics_are_read_nothing_is_answered_that_could_read_as_calm() -> None:
    client = browse(fresh=Freshness(ready=False, lag_records=7, age_seconds=None))
    assert client.get("/health").status_code == 503
    assert client.get("/health").json()["ready"] is False
    page = client.get("/")
    assert (page.status_code, NOT_AN_ALL_CLEAR in page.text) == (503, True)
    for path in ("/hazards.geojson", "/notices.json"):
        answer = client.get(path)
        assert answer.status_code == 503
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == "not-ready"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not-found"),
        ("POST", "/", 405, "method-not-allowed"),
        ("GET", "/?area=mars", 422, "parameter-invalid"),
    ],
)
def test_errors_are_problem_documents_with_a_stable_code(method: str, path: str, status: int, code: str) -> None:
    answer = browse().request(method, path)
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, answer.json()["status"], answer.json()["code"]) == (status, status, code)


def test_requests_are_counted_by_template_and_never_by_what_was_asked() -> None:
    client = browse(flood())
    client.get("/?area=tokyo")
    client.get("/secret-place-35.67-139.81")
    measured = client.get("/metrics").text
    assert 'api_requests_total{route="/",status="2xx"} 1.0' in measured
    assert 'api_requests_total{route="other",status="4xx"} 1.0' in measured
    assert "secret" not in measured


def test_the_map_speaks_to_those_who_do_not_see_it() -> None:
    page = browse(flood()).get("/").text
    label = re.search(r'role="img" aria-label="([^"]*)"', page)
    assert label
    assert "レベル4 危険警報 江東区の一部" in label[1]


def test_json_answers_carry_the_time_of_their_facts() -> None:
    for path in ("/hazards.geojson", "/notices.json"):
        body = json.loads(browse(flood()).get(path).content)
        assert body["facts_at"] == "2026-09-12T12:00:02+00:00"
        assert body["not_an_all_clear"] is True
