"""Here, now, where something is missing: permission, push, the worker, WebGL, scripts, the network, or sight."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.web.awaiting import until_true
from tests.web.dusk import CELL, CHOME, SHARD, Dusk
from tests.web.test_chromium import shot, violations
from tests.web.test_now import LANGUAGES, Site, at_home, opened, site_over

pytestmark = pytest.mark.browser

DENIED = "Object.defineProperty(Notification, 'permission', {get: () => 'denied'})"
NO_NOTIFICATIONS = "delete window.Notification; delete window.PushManager"
NO_WORKER = "delete Navigator.prototype.serviceWorker"
NO_WEBGL = """
const given = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
    return /webgl/.test(kind) ? null : given.call(this, kind, ...more);
};
delete window.WebGLRenderingContext;
delete window.WebGL2RenderingContext;
"""


@pytest.fixture(scope="module")
def site(built: Path) -> Iterator[Site]:
    with site_over(Dusk(), built) as opened_site:
        yield opened_site


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        (DENIED, "通知が許可されていません"),
        (NO_NOTIFICATIONS, "このブラウザーは通知を受け取れません"),
        (NO_WORKER, "このブラウザーは通知を受け取れません"),
    ],
    ids=["denied", "no-notifications", "no-worker"],
)
def test_here_now_answers_and_says_why_no_alert_would_come(
    chromium: Browser, site: Site, missing: str, said: str
) -> None:
    context = at_home(chromium, site)
    context.add_init_script(missing)
    page, complaints = opened(context, site, "/map")
    page.locator("#check-state", has_text=said).wait_for()
    assert page.locator("#check-now").is_disabled()
    page.get_by_role("button", name="いまいる場所を見る").click()
    page.locator("#guide .headline", has_text="北砂小学校へ歩いて避難").wait_for()
    page.goto(site.url + "/signup")
    page.get_by_role("button", name="いまいる場所を登録").click()
    page.locator("#allow:enabled").click()
    page.locator("#status", has_text="ません").wait_for()
    assert complaints == []
    context.close()


def test_without_webgl_a_place_is_chosen_on_a_drawing_by_touch_and_by_keyboard(chromium: Browser, site: Site) -> None:
    context = at_home(chromium, site)
    context.clear_permissions()
    context.add_init_script(NO_WEBGL)
    page, _ = opened(context, site, "/map")
    page.locator("#check-state", has_text="。").wait_for()
    # Nobody says where the phone is, and there is no map library: the ward, then the place.
    page.get_by_role("button", name="いまいる場所を見る").click()
    ward = page.get_by_role("button", name="江東区")
    ward.wait_for()
    # Beneath the wards lies what the server draws of the moment.
    page.wait_for_selector("#map svg.plain.over image")
    assert violations(page) == []
    page.locator("#map").scroll_into_view_if_needed()
    shot(page, "now-plain-map")
    ward.focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="地図の全体に戻る").wait_for()
    assert page.evaluate("document.activeElement.getAttribute('role')") == "application"
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_selector("#guide .headline")
    page.get_by_role("button", name="地図から選ぶ").click()
    page.locator("#map svg.plain .board").click()
    page.wait_for_selector("#guide .headline")
    page.locator("#big").click()
    page.locator("#finding", has_text="動かせる地図を出せません").wait_for()
    assert page.locator("#sketch svg").is_visible(), "the drawing needs no WebGL"
    page.goto(site.url + "/signup")
    page.get_by_role("button", name="地図から選ぶ").click()
    page.get_by_role("button", name="江東区").press("Enter")
    page.locator("#map svg.plain .board").click()
    page.locator("#add:enabled").click()
    assert page.locator("#chosen li").count() == 1
    shot(page, "signup-plain-map")
    context.close()


def test_without_scripts_the_town_is_three_links_away_and_is_asked_of_nobody(chromium: Browser, site: Site) -> None:
    context = chromium.new_context(viewport={"width": 360, "height": 740}, java_script_enabled=False, locale="ja-JP")
    page = context.new_page()
    site.asked.clear()
    page.on("request", lambda asked: site.asked.append(asked.url))
    page.goto(site.url + "/map")
    assert not page.locator("#here").is_visible(), "no button that nothing answers"
    page.get_by_role("link", name="東京の地図").click()
    picture = page.get_by_role("img")
    assert "避難先：" in (picture.get_attribute("alt") or "")
    assert picture.evaluate("one => one.complete && one.naturalWidth > 0")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    shot(page, "plain-map-ja")
    page.goto(site.url + "/map")
    page.get_by_role("link", name="町ごとの文字のページ").click()
    page.get_by_role("link", name="江東区").click()
    shot(page, "plain-ward")
    page.get_by_role("link", name=CHOME).click()
    assert page.url == f"{site.url}/here/{SHARD:x}#{page.url.partition('#')[2]}"
    words = page.locator(f"[id='{CHOME}']").inner_text()
    assert "北砂小学校へ徒歩" in words
    assert "危険警報" in words
    assert not [url for url in site.asked if "%E5%8C%97%E7%A0%82" in url or f"{CELL:x}" in url]
    page.goto(site.url + "/")
    assert page.get_by_role("link", name="町ごとの文字のページ").is_visible()
    context.close()


def test_after_the_first_visit_the_place_is_there_without_a_network(chromium: Browser, site: Site) -> None:
    context = at_home(chromium, site)
    page, _ = opened(context, site, f"/map#c={CELL:x}")
    page.wait_for_selector("#guide .headline")
    until_true(page, "navigator.serviceWorker.controller !== null")
    kept = "async () => (await (await caches.open('shirase-2')).keys()).some(one => one.url.endsWith('/plan.json'))"
    until_true(page, f"({kept})()")
    context.set_offline(True)
    page.reload()
    page.locator("#guide .headline", has_text="北砂小学校へ歩いて避難").wait_for()
    assert "この区画のまんなかからの道" in page.inner_text("#guide")
    # That there is no line is said at once, and from when the facts are: with a place, and before one is chosen.
    page.locator("#trouble", has_text="通信できません。").wait_for()
    page.goto(site.url + "/map")
    page.locator("#check-state", has_text="。").wait_for()
    page.locator("#trouble", has_text="通信できません。").wait_for()
    assert re.search(r"[0-2]?\d:[0-5]\d", page.inner_text("#trouble"))
    page.goto(f"{site.url}/map#c={CELL:x}")
    page.locator("#guide .headline").wait_for()
    # Two hours later, and still no line: the way is not taken away, it has its age, and nothing reads as an end (R10).
    page.clock.set_system_time(datetime.now(UTC) + timedelta(hours=2))
    page.reload()
    page.locator("#guide .headline", has_text="北砂小学校へ歩いて避難").wait_for()
    assert "2時間前" in page.inner_text("#guide")
    assert "水や通行止めがあれば引き返す" in page.inner_text("#guide")
    assert "レベル4" in page.inner_text("#worst")
    page.locator("#trouble", has_text="通信できません。").wait_for()
    context.set_offline(False)
    context.close()


def names_of(page: Page, context: BrowserContext) -> list[tuple[str, str, bool]]:
    """Return role, name and whether it takes the keyboard of everything that a screen reader is told of."""
    session = context.new_cdp_session(page)
    found = []
    for node in session.send("Accessibility.getFullAXTree")["nodes"]:
        if node.get("ignored"):
            continue
        properties = {one["name"]: one["value"].get("value") for one in node.get("properties", [])}
        name = node.get("name", {}).get("value", "")
        found.append((node["role"]["value"], name.strip(), bool(properties.get("focusable"))))
    return found


def test_who_listens_hears_a_name_for_all_that_can_be_pressed_and_what_changes(chromium: Browser, site: Site) -> None:
    context = at_home(chromium, site)
    page, _ = opened(context, site, "/map")
    page.locator("#check-state", has_text="。").wait_for()
    page.evaluate(
        """() => {
            window.heard = [];
            for (const at of document.querySelectorAll('[role=status], [role=alert], [aria-live]'))
                new MutationObserver(() => window.heard.push([at.id, at.innerText]))
                    .observe(at, {childList: true, subtree: true, characterData: true});
        }"""
    )
    page.get_by_role("button", name="いまいる場所を見る").click()
    page.wait_for_selector("#guide .headline")
    heard = page.evaluate("window.heard")
    assert any(where == "finding" and "場所を調べています" in words for where, words in heard)
    assert any(where == "what" and "避難指示" in words for where, words in heard), "the level is said aloud"
    tree = names_of(page, context)
    unnamed = [role for role, name, focusable in tree if focusable and not name and role != "RootWebArea"]
    assert unnamed == []
    images = [name for role, name, _ in tree if role in ("image", "img")]
    assert any("避難先" in name for name in images), "the drawing of the way is told in words"
    assert all(images)
    headings = [name for role, name, _ in tree if role == "heading"]
    assert headings[:1] == ["いま、ここ"]
    assert {"避難の道", "近くの避難先", "通行止め"} <= set(headings)
    context.close()


def test_on_the_smallest_phone_at_twice_the_text_nothing_is_cut_and_the_night_is_dark(
    chromium: Browser, site: Site
) -> None:
    context = at_home(chromium, site, dark=True)
    page, _ = opened(context, site, f"/map#c={CELL:x}")
    page.set_viewport_size({"width": 320, "height": 568})
    page.wait_for_selector("#guide .headline")
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    for language in LANGUAGES:
        page.locator("#language").select_option(language)
        wide = page.evaluate(
            "[...document.querySelectorAll('main *')].filter(at => at.getBoundingClientRect().right > 321)"
            ".map(at => at.tagName + '#' + at.id + '.' + at.className)"
        )
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, (language, wide[:5])
    shot(page, "now-smallest-twice")
    for path in (f"/map#c={CELL:x}", "/signup", "/", "/here"):
        page.goto(site.url + path)
        colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
        parts = [int(number) for number in colour[colour.index("(") + 1 : -1].split(",")[:3]]
        assert max(parts) <= 60, (path, colour)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
    context.close()
