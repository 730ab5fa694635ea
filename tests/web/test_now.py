"""The page "Here, now" in Chromium, over the residents' board of an evening in Kōtō."""

import json
import math
import re
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

import h3.api.basic_int as h3
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page
from prometheus_client import CollectorRegistry

from api.drawing.geojson import areas
from api.http.metrics import ApiMetrics
from api.http.rate import RateLimit
from api.http.reader import Freshness
from api.live.reports import RoadReports
from api.live.streets import StreetBook
from api.residents.app import Residents, residents_app
from routing.network import metres_between
from routing.way_tile import read_tile
from streams.brokers.client import Producer, Stored
from tests.api.test_end_to_end import served
from tests.web.conftest import SCREENSHOTS
from tests.web.dusk import CELL, CHOME, HERE, SHARD, UPSTAIRS, WARD, Dusk, streets
from tests.web.test_chromium import shot, violations

pytestmark = pytest.mark.browser
LANGUAGES = ("ja", "ja-Hira", "en", "zh-Hans", "ko")


@dataclass(frozen=True, slots=True)
class Site:
    """A residents' process over an evening."""

    url: str
    dusk: Dusk
    asked: list[str]


@contextmanager
def site_over(dusk: Dusk, built: Path, reports: RoadReports | None = None) -> Iterator[Site]:
    registry = CollectorRegistry()
    residents = Residents(dusk.board.state, lambda: Freshness(True, 0, 0.5), has_map=True, can_sign_up=True)
    app = residents_app(
        residents,
        ApiMetrics(registry),
        registry,
        web=built,
        live=dusk.board,
        ways=dusk.ways,
        wards=areas([WARD]),
        reports=reports,
    )
    with dusk.board.running(lambda: True), served(app) as client:
        yield Site(str(client.base_url).replace("127.0.0.1", "localhost").rstrip("/"), dusk, [])


@pytest.fixture(scope="module")
def site(built: Path) -> Iterator[Site]:
    with site_over(Dusk(), built) as opened:
        yield opened


def at_home(
    chromium: Browser,
    site: Site,
    *,
    dark: bool = False,
    language: str = "ja-JP",
    workers: Literal["allow", "block"] = "allow",
) -> BrowserContext:
    context = chromium.new_context(
        service_workers=workers,
        viewport={"width": 360, "height": 740}, device_scale_factor=2, locale=language, timezone_id="Asia/Tokyo",
        color_scheme="dark" if dark else "light", geolocation={"latitude": HERE.lat, "longitude": HERE.lng},
    )  # fmt: skip
    context.grant_permissions(["geolocation"], origin=site.url)
    context.set_default_timeout(20_000)
    return context


def opened(context: BrowserContext, site: Site, path: str) -> tuple[Page, list[str]]:
    """Return a page, and the complaints that it grows: errors, and requests to anywhere else."""
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(f"{said.text} {said.location}") if _is_complaint(said) else None)
    page.on("request", lambda asked: site.asked.append(asked.url))
    page.goto(site.url + path)
    return page, complaints


def _is_complaint(said: ConsoleMessage) -> bool:
    # Where events do not come through the page asks every half a minute; the browser says so, and that is all.
    return said.type == "error" and not said.location["url"].endswith("/live/events")


def test_here_now_in_two_taps(chromium: Browser, site: Site) -> None:
    context = at_home(chromium, site)
    page, complaints = opened(context, site, "/")
    page.get_by_role("link", name="いま、ここ").click()
    page.wait_for_selector("#guide .headline")
    assert "レベル4" in page.locator("#worst").inner_text()
    # The ward's order and the weather office's warning are of one level; the order is what is to be done.
    assert "避難指示" in page.locator("#worst .level").inner_text()
    assert "危険警報" not in page.locator("#worst").inner_text()
    assert "江東区が避難指示を出しています" in page.locator("#worst").inner_text()
    assert page.locator("#guide .headline").inner_text() == "北砂小学校へ歩いて避難"
    assert "水や通行止めがあれば引き返す" in page.locator("#guide").inner_text()
    page.locator("#guide", has_text="この端末の地点から").wait_for()
    # The way that the phone found by itself is the one that routing laid to this corner, over the bridge.
    corner = min(read_tile(site.dusk.tile()).nodes, key=lambda node: metres_between(node.point, HERE))
    assert corner.seconds is not None
    assert f"約{math.ceil((corner.seconds + metres_between(corner.point, HERE)) / 60)}分" in page.inner_text("#guide")
    assert [url for url in site.asked if "/ways/" in url] == [f"{site.url}/live/ways/{SHARD:x}"]
    shot(page, "now-way-ja")
    assert complaints == []
    context.close()


def test_every_language_at_night_and_by_day_without_a_barrier_and_at_twice_the_text(
    chromium: Browser, site: Site
) -> None:
    context = at_home(chromium, site, dark=True)
    page, complaints = opened(context, site, f"/map#c={CELL:x}")
    page.wait_for_selector("#guide .headline")
    empty = "[...document.querySelectorAll('[data-now]')].filter(at => !at.textContent.trim()).length"
    for language in LANGUAGES:
        page.locator("#language").select_option(language)
        assert page.evaluate(empty) == 0
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        shot(page, f"now-night-{language}")
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, "at twice the text size"
        page.evaluate("document.documentElement.style.fontSize = ''")
    assert violations(page) == []
    page.locator("#language").select_option("ja")
    page.emulate_media(color_scheme="light")
    shot(page, "now-day-ja")
    assert violations(page) == []
    page.set_viewport_size({"width": 1280, "height": 800})
    shot(page, "now-desktop-ja")
    assert complaints == []
    context.close()


def test_by_keyboard_alone(chromium: Browser, site: Site) -> None:
    context = at_home(chromium, site)
    page, _ = opened(context, site, "/map")
    page.locator("#check-state", has_text="。").wait_for()  # the page has put its words in place, and listens
    for _step in range(6):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "here":
            break
    page.keyboard.press("Enter")
    page.wait_for_selector("#guide .headline")
    while page.evaluate("document.activeElement.id") != "step-free":
        page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.locator("#guide", has_text="高い階へ").wait_for()
    context.close()


def test_who_is_to_go_up_sees_the_floor_and_who_cannot_climb_is_never_told_only_to_climb(
    chromium: Browser, site: Site
) -> None:
    context = at_home(chromium, site)
    page, _ = opened(context, site, f"/map#c={UPSTAIRS:x}")
    page.wait_for_selector("#guide .headline")
    assert "高い階へ" in page.locator("#guide").inner_text()
    assert "3階以上" in page.locator("#guide").inner_text()
    assert "3m以上5m未満" in page.locator("#depths").inner_text()
    page.locator("#step-free").check()
    page.locator("#guide", has_text="119に助けを求め").wait_for()
    context.close()


def test_first_load_and_here_now_on_the_wire(chromium: Browser, site: Site) -> None:
    # Without the worker, which fetches the pages for later: what is counted is what comes before the answer is there.
    context = at_home(chromium, site, workers="block")
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    wire: dict[str, float] = {}
    urls: dict[str, str] = {}
    session.on("Network.responseReceived", lambda said: urls.update({said["requestId"]: said["response"]["url"]}))
    session.on("Network.loadingFinished", lambda said: wire.update({said["requestId"]: said["encodedDataLength"]}))
    page.goto(site.url + f"/map#c={CELL:x}")
    page.wait_for_selector("#guide .headline")
    page.wait_for_load_state("networkidle")
    here_now = sum(wire.values())
    (SCREENSHOTS / "wire.txt").write_text(
        "\n".join(f"{wire[one]:9.0f} {urls.get(one)}" for one in wire), encoding="utf-8"
    )
    assert 20_000 < here_now <= 100_000, "a place, its level, action, shelter and way (R13)"
    page.locator("#big").click()
    page.wait_for_selector("#big-map canvas")
    page.wait_for_load_state("networkidle")
    assert sum(wire.values()) <= 700_000, "with the map library"
    context.close()


def test_no_request_is_finer_than_a_shard_and_all_phones_of_a_shard_ask_the_same(chromium: Browser, site: Site) -> None:
    asked = []
    for lat, lng in ((HERE.lat, HERE.lng), (HERE.lat + 0.004, HERE.lng + 0.003)):
        context = at_home(chromium, site)
        context.set_geolocation({"latitude": lat, "longitude": lng})
        site.asked.clear()
        page, _ = opened(context, site, "/map#here")
        page.wait_for_selector("#guide .headline")
        page.wait_for_load_state("networkidle")
        asked.append({url.removeprefix(site.url) for url in site.asked})
        context.close()
    assert asked[0] == asked[1]
    cell = f"{CELL:x}"
    for url in asked[0]:
        assert cell not in url
        assert not re.search(r"\d\d\.\d{3}", url), "no point"
        for name in re.findall(r"\b8[0-9a-f]{14}\b", url):
            assert h3.str_to_int(name) == SHARD, url


def test_what_a_feed_writes_runs_nowhere(chromium: Browser, built: Path) -> None:
    with site_over(Dusk(hostile=True), built) as hostile:
        context = at_home(chromium, hostile)
        page, _ = opened(context, hostile, f"/map#c={CELL:x}")
        page.wait_for_selector("#guide .headline")
        page.wait_for_selector("#rivers figure")
        for where in (
            "shelter of the way",
            "street",
            "landmark",
            "bridge",
            "report",
            "shelter",
            "station",
            "gauge",
            "issuer",
        ):
            assert f"window.hurt='{where}'" in page.locator("body").inner_text() + page.inner_html("body"), where
        page.locator("#big").click()
        page.wait_for_selector("#big-map canvas")
        page.goto(hostile.url + "/")
        assert page.evaluate("window.hurt") is None
        assert page.locator("main img").count() == 0
        context.close()


class _Kept:
    """Stands where the producer does, and keeps what it is given."""

    def __init__(self) -> None:
        self.documents: list[bytes] = []

    def send(self, _topic: str, _key: bytes, value: bytes, headers: Mapping[str, bytes]) -> "Future[Stored]":
        assert headers["feed"] == b"resident"
        self.documents.append(value)
        done: Future[Stored] = Future()
        done.set_result(cast("Stored", None))
        return done


def reported_without_scripts(chromium: Browser, taking: Site) -> None:
    """Report a bridge by its name on the plain pages, from the page of the shard."""
    context = chromium.new_context(viewport={"width": 360, "height": 740}, java_script_enabled=False, locale="ja-JP")
    page, asked = context.new_page(), []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{taking.url}/here/{SHARD:x}")
    page.get_by_role("link", name="通れない道を知らせる").click()
    page.get_by_label("道・町・目印の名前").fill("架空bridge")
    page.get_by_label("水につかっている").check()
    page.get_by_role("button", name="報告を送る").click()
    page.get_by_text("どの道ですか。一つ選んで").wait_for()
    assert page.get_by_label("水につかっている").is_checked()
    shot(page, "report-plain-which-ja")
    page.get_by_label("架空bridge-6").check()
    page.get_by_role("button", name="報告を送る").click()
    page.get_by_text("未確認の報告として示し").wait_for()
    assert {re.sub(r".*/", "", url) for url in asked} == {f"{SHARD:x}"}, "no address is finer than a shard"
    context.close()
    looked = chromium.new_page(viewport={"width": 360, "height": 740})
    looked.goto(f"{taking.url}/reports/form/{SHARD:x}")
    assert looked.evaluate("document.documentElement.scrollWidth") <= 360
    assert violations(looked) == []
    shot(looked, "report-plain-ja")
    looked.close()


def test_a_closed_road_is_reported_without_a_name_and_only_where_reports_are_taken(
    chromium: Browser, site: Site, built: Path
) -> None:
    context = at_home(chromium, site)
    page, _ = opened(context, site, "/map#here")
    page.wait_for_selector("#guide .headline")
    page.wait_for_load_state("networkidle")
    assert page.locator("#report").is_hidden(), "off by default"
    context.close()

    dusk, kept = Dusk(), _Kept()
    named = StreetBook(streets(), lambda cell: CHOME if cell == CELL else "")
    reports = RoadReports(streets(), cast("Producer", kept), dusk.board, RateLimit(2, 0.001), streets=named)
    with site_over(dusk, built, reports) as taking:
        context = at_home(chromium, taking)
        page, complaints = opened(context, taking, "/map#here")
        page.locator("#report summary").click()
        page.locator("#report-kind").select_option("debris")
        # A name that is typed is looked for on the phone: what is asked for is the shard, and once.
        with page.expect_request("**/reports/streets/*") as streets_of:
            page.get_by_label("道・町・目印の名前").fill("bridge")
        assert streets_of.value.url == f"{taking.url}/reports/streets/{SHARD:x}"
        page.get_by_role("button", name="架空bridge-6").click()
        page.locator("#report-state", has_text="地点を選びました").wait_for()
        assert page.locator("#report-send").is_enabled()
        assert page.get_by_label("道・町・目印の名前").input_value() == "架空bridge-6"
        page.get_by_label("道・町・目印の名前").fill("ここにない通り")
        page.locator("#report-state", has_text="見つかりません").wait_for()
        assert page.locator("#report-send").is_disabled(), "what she wrote last is no road"
        page.locator("#report-here").click()
        page.get_by_role("group", name="どの道ですか").get_by_role("button").first.wait_for()
        shot(page, "now-report-streets-ja")
        with page.expect_request(lambda request: request.method == "POST") as sent:
            page.locator("#report-send:enabled").click()
        page.locator("#report-state", has_text="未確認の報告として示し、避難の道は変わりません").wait_for()
        assert set(json.loads(sent.value.post_data or "")) == {"lat", "lng", "cause"}
        assert not {"authorization", "cookie", "referer"} & set(sent.value.all_headers())
        assert len(kept.documents) == 1
        assert complaints == []
        reported_without_scripts(chromium, taking)
        assert len(kept.documents) == 2
        # One more, by a press on the map: the limit is said in words, and the point is not lost.
        page.locator("#report-pick").click()
        page.locator("#report-map canvas").click()
        with page.expect_request(lambda request: request.method == "POST") as pressed:
            page.locator("#report-send:enabled").click()
        # The map opened where she is, so near that one road is pressed: its middle is her own street.
        here, there = (json.loads(one.value.post_data or "") for one in (sent, pressed))
        assert abs(here["lat"] - there["lat"]) + abs(here["lng"] - there["lng"]) < 0.001
        page.locator("#report-state", has_text="報告が多すぎます").wait_for()
        assert page.locator("#report-send").is_enabled()
        assert len(kept.documents) == 2
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        assert violations(page) == []
        page.locator("#report").scroll_into_view_if_needed()
        shot(page, "now-report-ja")
        context.close()
