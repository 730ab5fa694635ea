"""The sign-up page and the worker, in Chromium."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h3.api.basic_int as h3
import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page

from tests.api.test_end_to_end import WITHIN_SECONDS
from tests.conftest import PROJECT
from tests.web.awaiting import until_true
from tests.web.conftest import SCREENSHOTS, Door

pytestmark = pytest.mark.browser

KOTO = {"latitude": 35.6727, "longitude": 139.8169}
AXE = PROJECT / "web" / "node_modules" / "axe-core" / "axe.min.js"


def opened(phone: BrowserContext, door: Door, path: str = "/signup") -> tuple[Page, list[str]]:
    """Return a page and what it complained of: errors, and requests to anywhere else."""
    page = phone.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on(
        "request",
        lambda asked: (
            None if asked.url.startswith((door.url, "data:", "blob:")) else complaints.append(f"elsewhere: {asked.url}")
        ),
    )
    page.goto(door.url + path)
    return page, complaints


def shot(page: Page, name: str) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)


def violations(page: Page) -> list[str]:
    # As a script of the page's own world it would be refused by our policy: it is evaluated instead.
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']})")
    return [f"{rule['id']}: {rule['nodes'][0]['html'][:120]}" for rule in found["violations"]]


def test_three_taps_where_the_place_is_known(phone: BrowserContext, door: Door) -> None:
    phone.grant_permissions(["geolocation"])
    phone.set_geolocation(KOTO)  # type: ignore[arg-type]
    page, complaints = opened(phone, door)
    page.get_by_role("button", name="やさしい にほんご").click()
    assert page.get_by_role("heading", level=1).inner_text() == "しらせを うけとる"
    page.get_by_role("button", name="日本語").click()
    assert page.locator("#allow").is_disabled()
    page.get_by_role("button", name="いまいる場所を登録").click()
    page.wait_for_selector("#chosen li")
    assert page.locator("#allow").is_enabled()
    shot(page, "signup-phone-ja")
    assert violations(page) == []
    assert complaints == []


@pytest.mark.parametrize("language", ["ja", "ja-Hira", "en", "zh-Hans", "ko"])
def test_no_text_is_missing_and_nothing_is_wider_than_a_small_phone(
    phone: BrowserContext, door: Door, language: str
) -> None:
    page, _ = opened(phone, door)
    page.locator(f"#language button[lang='{language}']").click()
    assert (
        page.evaluate("[...document.querySelectorAll('[data-words]')].filter(at => !at.textContent.trim()).length") == 0
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360, "at twice the text size"


def test_a_place_is_chosen_on_the_map_by_touch_and_by_keyboard(phone: BrowserContext, door: Door) -> None:
    page, complaints = opened(phone, door)
    page.get_by_role("button", name="地図から選ぶ").click()
    page.wait_for_selector("#map canvas")
    until_true(page, "document.querySelector('#map canvas').width > 0")
    page.locator("#map").click(position={"x": 150, "y": 150})
    page.locator("#add:enabled").click()
    assert page.locator("#chosen li").count() == 1
    page.locator("#map").focus()
    page.keyboard.press("Enter")
    page.locator("#add:enabled").click()
    until_true(page, "document.querySelectorAll('#chosen li').length === 2")
    shot(page, "signup-map-phone-ja")
    assert complaints == []


def test_at_night_the_page_is_dark_and_has_enough_contrast(phone: BrowserContext, door: Door) -> None:
    page = phone.new_page()
    page.emulate_media(color_scheme="dark")
    page.goto(door.url + "/signup")
    shot(page, "signup-phone-night")
    assert violations(page) == []


def test_where_the_place_is_denied_the_map_opens(phone: BrowserContext, door: Door) -> None:
    page, _ = opened(phone, door)
    page.get_by_role("button", name="いまいる場所を登録").click()
    page.wait_for_selector("#map canvas")
    assert "地図から選んでください" in page.locator("#place-status").inner_text()


def payload(revision: int, level: int, *, kind: int = 1, phase: str = "issued", **more: Any) -> dict[str, Any]:
    return {
        "web_push": 8030,
        "notification": {
            "title": f"洪水 第{revision}報",
            "body": f"レベル{level} 全員避難 21:00 江東区。",
            "lang": "ja",
            "navigate": "https://shirase.example/n/aaaaaaaaaaaaaaaa?r=1",
            "tag": "aaaaaaaaaaaaaaaa",
        },
        "shirase": {"v": 1, "kind": kind, "revision": revision, "level": level, "phase": phase, "sent": 1} | more,
    }


# What the browser's test door has lost by then, it has lost.
_AGAIN_SECONDS = 15.0
_LOOK_MS = 50


class Worker:
    """A service worker of the page's, and pushes straight into it (`ServiceWorker.deliverPushMessage`)."""

    def __init__(self, phone: BrowserContext, door: Door, scope: str = "/", page: Page | None = None) -> None:
        phone.grant_permissions(["notifications"], origin=door.url)
        self.page = page or opened(phone, door)[0]
        self.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        self._origin = door.url
        self._scope = door.url + scope
        self._registration = f"navigator.serviceWorker.getRegistration({scope!r})"
        self._session = phone.new_cdp_session(self.page)
        self._ids: list[str] = []
        self._pushed = ""
        self._session.on("ServiceWorker.workerRegistrationUpdated", self._found)
        self._session.send("ServiceWorker.enable")
        deadline = time.monotonic() + WITHIN_SECONDS
        while not self._ids:
            assert time.monotonic() < deadline, "the browser does not tell of the worker"
            self.page.evaluate("1")

    def _found(self, event: Mapping[str, Any]) -> None:
        self._ids += [one["registrationId"] for one in event["registrations"] if one["scopeURL"] == self._scope]

    def push(self, data: str) -> None:
        self._pushed = data
        self._deliver(data)

    def _deliver(self, data: str) -> None:
        # While a worker is being replaced the browser's test door loses what it is handed; a push service would not.
        self.page.evaluate(
            f"""async () => {{
                const settled = (one) => !one.installing && !one.waiting && one.active?.state === 'activated';
                const registration = await {self._registration};
                for (let turn = 0; turn < 200 && !settled(registration); turn++) {{
                    await new Promise((done) => setTimeout(done, 50));
                }}
            }}"""
        )
        self._session.send(
            "ServiceWorker.deliverPushMessage",
            {"origin": self._origin, "registrationId": self._ids[-1], "data": data},
        )

    def push_until(self, data: str, came: Locator) -> None:
        """Push *data* until *came* is on the page: what nobody took is handed over again, as by a push service."""
        self.push(data)
        deadline = time.monotonic() + WITHIN_SECONDS
        again = time.monotonic() + _AGAIN_SECONDS
        while not came.is_visible():
            if time.monotonic() > again:
                again += _AGAIN_SECONDS
                self._deliver(data)
            assert time.monotonic() < deadline, f"nobody took {data}"
            self.page.wait_for_timeout(_LOOK_MS)

    def shown(self) -> list[dict[str, Any]]:
        """Return what this worker has on the screen."""
        found = self.page.evaluate(
            f"""async () => (await (await {self._registration}).getNotifications()).map(one =>
                ({{title: one.title, body: one.body, tag: one.tag, silent: one.silent, icon: one.icon}}))"""
        )
        assert isinstance(found, list)
        return found

    def until_any(self) -> None:
        """Wait until anything is on the screen."""
        deadline = time.monotonic() + WITHIN_SECONDS
        again = time.monotonic() + _AGAIN_SECONDS
        while not self.shown():
            if time.monotonic() > again:
                again += _AGAIN_SECONDS
                self._deliver(self._pushed)
            assert time.monotonic() < deadline, f"nothing is shown for {self._pushed}"

    def until_shown(self, title: str) -> dict[str, Any]:
        """Return the notification with this *title*, once it is on the screen."""
        deadline = time.monotonic() + WITHIN_SECONDS
        again = time.monotonic() + _AGAIN_SECONDS
        while True:
            if time.monotonic() > again:
                # The test door acknowledges nothing; a push service sends again what nobody took.
                again += _AGAIN_SECONDS
                self._deliver(self._pushed)
            shown = self.shown()
            for one in shown:
                if one["title"] == title:
                    return one
            assert time.monotonic() < deadline, f"not shown in time; on the screen: {shown}"


def test_an_older_notice_never_replaces_a_newer_one_and_every_push_shows_something(
    phone: BrowserContext, door: Door
) -> None:
    worker = Worker(phone, door)
    worker.push(json.dumps(payload(2, 4)))
    first = worker.until_shown("洪水 第2報")
    assert first["silent"] is False
    worker.push(json.dumps(payload(1, 3)))
    # The late one shows the newest again, without a sound; it must not be taken for nothing having come.
    worker.push("not json at all")
    assert "解除の知らせではありません" in worker.until_shown("新しい知らせがあります")["body"]
    assert worker.until_shown("洪水 第2報")["tag"] == "aaaaaaaaaaaaaaaa"


def test_whatever_is_pushed_something_is_shown(phone: BrowserContext, door: Door) -> None:
    worker = Worker(phone, door)
    good = payload(1, 4, kind=3, way={"at": 1, "parts": [{"g": {"a": "go", "w": "walkable"}}]})
    broken: list[object] = [
        None, [], 7, {}, {"web_push": 8030}, {**good, "web_push": 1}, {**good, "notification": None},
        {**good, "notification": {**good["notification"], "title": ""}}, {**good, "shirase": 5},
        {**good, "way": {"at": "x", "parts": 3}}, {**good, "way": {"parts": [None]}},
    ]  # fmt: skip
    for one in broken:
        worker.page.evaluate(
            """async () => {
                const shown = await (await navigator.serviceWorker.ready).getNotifications();
                for (const one of shown) one.close();
            }"""
        )
        worker.push(json.dumps(one))
        worker.until_any()
    worker.push("")
    worker.until_shown("新しい知らせがあります")


def test_only_a_higher_level_sounds_again(phone: BrowserContext, door: Door) -> None:
    worker = Worker(phone, door)
    worker.push(json.dumps(payload(1, 3)))
    worker.until_shown("洪水 第1報")
    worker.push(json.dumps(payload(2, 3, phase="changed")))
    assert worker.until_shown("洪水 第2報")["silent"] is True
    worker.push(json.dumps(payload(3, 4, phase="raised")))
    assert worker.until_shown("洪水 第3報")["silent"] is False


def test_a_phone_that_knows_of_needs_takes_the_way_without_steps_and_adds_a_line(
    phone: BrowserContext, door: Door
) -> None:
    worker = Worker(phone, door)
    way = {"title": "避難 段差なし", "body": "北砂小へ 12分"}
    worker.push(json.dumps(payload(1, 4, kind=3, step_free=way)))
    worker.until_shown("洪水 第1報")
    keep_needs(worker.page, ["wheelchair", "underground"])
    worker.push(json.dumps(payload(2, 4, kind=3, step_free=way)))
    way_free, chair, below = worker.until_shown("避難 段差なし")["body"].split("\n")
    assert way_free == "北砂小へ 12分"
    assert chair.startswith("車いす：")
    assert below == "地下にいるときは、水が入る前に地上へ。"
    keep_needs(worker.page, ["pet"])
    worker.push(json.dumps(payload(3, 4, kind=3, step_free=way)))
    # A pet climbs steps; what the push said to everybody stands first, and the line comes after it.
    body = worker.until_shown("洪水 第3報")["body"]
    assert body.split("\n")[-1].startswith("ペット：")
    worker.push(json.dumps(payload(4, 4, kind=3, step_free=way, phase="lifted")))
    assert "ペット" not in worker.until_shown("洪水 第4報")["body"]


def keep_needs(page: Page, needs: list[str]) -> None:
    page.evaluate(
        """(needs) => new Promise((done, failed) => {
          const asked = indexedDB.open('shirase', 1);
          asked.onsuccess = () => {
            const at = asked.result.transaction('me', 'readwrite').objectStore('me');
            const wish = {language: 'ja', places: []};
            at.put({token: '', proof: '', active: false, wish, names: {}, stepFree: false, needs}, 'me')
              .onsuccess = () => done(true);
          };
          asked.onerror = failed;
        })""",
        needs,
    )


def over_the_wire(page: Page) -> int:
    """Return the bytes of the page itself and of all that it has asked for, heads included, as they were sent.

    What a browser had kept counts nothing: it is to be a first load.
    """
    kinds = "['navigation', 'resource'].flatMap(kind => performance.getEntriesByType(kind))"
    return int(page.evaluate(f"{kinds}.reduce((sum, one) => sum + one.transferSize, 0)"))


def test_the_pages_are_there_without_a_network(phone: BrowserContext, door: Door) -> None:
    page, _ = opened(phone, door)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.goto(door.url + "/")
    page.wait_for_selector("#now")
    phone.set_offline(True)
    page.reload()
    assert "解除の知らせではありません" in page.locator("body").inner_text()
    page.goto(door.url + "/signup")
    assert page.get_by_role("heading", level=1).inner_text() == "知らせを受け取る"


def test_the_first_load_is_small(chromium: Browser, door: Door) -> None:
    # A service worker fetches ahead what the page then no longer has to: without one, all of it is counted.
    context = chromium.new_context(service_workers="block", locale="ja-JP")
    context.set_default_timeout(20_000)
    try:
        page, _ = opened(context, door)
        page.wait_for_load_state("networkidle")
        bare = over_the_wire(page)
        assert 20_000 < bare <= 300_000, "without the map library"
        page.get_by_role("button", name="地図から選ぶ").click()
        page.wait_for_selector("#map canvas")
        page.wait_for_load_state("networkidle")
        assert bare + 100_000 < over_the_wire(page) <= 700_000, "with the map library"
    finally:
        context.close()


def test_a_place_of_the_phone_is_the_cell_that_the_server_knows(phone: BrowserContext, door: Door) -> None:
    phone.grant_permissions(["geolocation"])
    phone.set_geolocation(KOTO)  # type: ignore[arg-type]
    page, _ = opened(phone, door)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url + (request.post_data or "")))
    page.get_by_role("button", name="いまいる場所を登録").click()
    page.wait_for_selector("#chosen li")
    cell = f"{h3.latlng_to_cell(KOTO['latitude'], KOTO['longitude'], 9):x}"
    assert not [one for one in asked if cell in one or "35.67" in one or "139.81" in one], (
        "nothing leaves before consent"
    )
    assert Path(AXE).is_file()
