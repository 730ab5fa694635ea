"""Drills beside what is real in Chromium: a switch, a worker, a key and an address of their own, and the way out again.

Debian's Chromium has no push service: what it subscribes with is ours, one address for each worker; all else is real.
"""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import BrowserContext

from alerts.hazard import HazardKind
from alerts.languages.known import LANGUAGES
from alerts.level import Level
from alerts.notice import Text
from dispatch.message import Messages
from dispatch.settings import DispatchSettings
from dispatch.stub.bodies import stored
from dispatch.stub.opened import open_body
from streams.notices.drill import DrillOrder, as_drill, drill_draft
from tests.api.test_end_to_end import until
from tests.conftest import PROJECT
from tests.geo.documents import AT, KOTO_CELLS
from tests.stub.pushes import Phone
from tests.web.awaiting import until_true
from tests.web.conftest import Door
from tests.web.test_chromium import KOTO, Worker, payload, shot, violations
from tests.web.test_places import CHANGED, base64url

SCOPE = "/drills/"
WORDS = PROJECT / "web" / "src" / "words"

SUBSCRIBED = """
const given = %s;
const used = JSON.parse(localStorage.used ?? "{}");
Object.defineProperty(ServiceWorkerRegistration.prototype, "pushManager", {get() {
  const lane = this.scope.endsWith("/drills/") ? "drill" : "live";
  const own = () => ({
    endpoint: given[lane].endpoint + (localStorage["renewed-" + lane] ?? ""), expirationTime: null,
    toJSON: () => ({keys: given[lane].keys}), unsubscribe: async () => delete used[lane],
  });
  return {
    getSubscription: async () => used[lane] ? own() : null,
    subscribe: async ({applicationServerKey}) => {
      used[lane] = applicationServerKey;
      localStorage.used = JSON.stringify(used);
      return own();
    },
  };
}});
Notification.requestPermission = async () => "granted";
let north = 0;
Geolocation.prototype.getCurrentPosition = (found) =>
  found({coords: {latitude: %f + 0.01 * north++, longitude: %f, accuracy: 10}});
"""


def keys_of(phone: Phone) -> dict[str, str]:
    public = phone.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return {"p256dh": base64url(public), "auth": base64url(phone.auth)}


def drill_push(language: str = "ja") -> dict[str, Any]:
    """Return the push of a drill as a fan-out worker writes it."""
    order = DrillOrder(
        "river", Level.ALL_LEAVE, HazardKind.FLOOD, ("江東区",), KOTO_CELLS, "江東区", AT + timedelta(hours=3)
    )
    notice = drill_draft(order, by="sato", at=AT).notice
    written: dict[str, Any] = json.loads(Messages(notice, DispatchSettings()).for_part(0, language).plaintext)
    return written


@pytest.mark.parametrize("language", LANGUAGES)
def test_page_and_server_mark_a_drill_by_the_same_word(language: str) -> None:
    [mark] = re.findall(r'drillMark: "(.*)",', (WORDS / f"{language}.ts").read_text(encoding="utf-8"))
    assert mark == as_drill(Text(language, "", "")).title


@pytest.mark.browser
def test_drills_are_asked_for_shown_apart_from_what_is_real_and_left_again(phone: BrowserContext, door: Door) -> None:
    phones = {"live": Phone(), "drill": Phone()}
    origin = door.stub.origins[0]
    given = {lane: {"endpoint": f"{origin}/push/{lane}-lane", "keys": keys_of(one)} for lane, one in phones.items()}
    phone.add_init_script(SUBSCRIBED % (json.dumps(given), *KOTO.values()))
    live = Worker(phone, door)
    page = live.page
    kept = door.client.get("/subscriptions/key").json()

    def pushed(lane: str, more: str = "") -> list[str]:
        door.stub.flush()
        bodies = [one.body for one in stored(door.stub.bodies_path) if one.token == f"{lane}-lane{more}"]
        return [open_body(body, phones[lane].receiver).decode() for body in bodies]

    # What is real comes first: there is no switch for drills before it.
    page.get_by_role("button", name="いまいる場所を登録").click()
    page.locator("#chosen li").wait_for()
    with page.expect_response(lambda answer: answer.request.method == "POST") as answered:
        page.locator("#allow").click()
    real = {"authorization": f"Bearer {answered.value.json()['token']}"}
    until(lambda: bool(pushed("live")))
    assert page.locator("#drilling").is_hidden()
    live.push(pushed("live")[0])
    switch = page.get_by_role("switch", name="訓練のお知らせも受け取る")
    switch.wait_for()
    assert not switch.is_checked(), "off until somebody asks for it"
    assert pushed("drill") == []

    # By the keyboard: the switch is a checkbox like any other.
    switch.focus()
    with page.expect_response(lambda answer: answer.request.method == "POST") as answered:
        page.keyboard.press("Space")
    drills = {"authorization": f"Bearer {answered.value.json()['token']}"}
    until(lambda: bool(pushed("drill")))
    used = page.evaluate("JSON.parse(localStorage.used)")
    assert used == {"live": kept["application_server_key"], "drill": kept["drill_server_key"]}
    practised = Worker(phone, door, SCOPE, page)
    welcome = json.loads(pushed("drill")[0])
    assert welcome["notification"]["title"] == "【訓練】届きました"
    practised.push(pushed("drill")[0])
    practised.until_shown("【訓練】届きました")
    page.locator("#drills-status", has_text="オンにしました").wait_for()

    def stands(bearer: dict[str, str]) -> dict[str, Any]:
        return dict(door.client.get("/subscriptions", headers=bearer).json())

    until(lambda: stands(drills).get("drill") is True and stands(real).get("drill") is False)
    assert stands(drills)["places"] == stands(real)["places"]

    # Both on the screen, even under one tag: neither takes the place of the other.
    live.push(json.dumps(payload(1, 4)))
    alarm = live.until_shown("洪水 第1報")
    drill = drill_push()
    drill["notification"]["tag"] = alarm["tag"]
    practised.push(json.dumps(drill))
    shown = practised.until_shown(drill["notification"]["title"])
    assert shown["title"].startswith("【訓練】")
    assert shown["body"].startswith("これは訓練です。")
    assert (shown["tag"], shown["icon"]) == (f"drill-{alarm['tag']}", f"{door.url}/web/drill-192.png")
    assert alarm in live.shown()
    assert alarm["icon"] == f"{door.url}/web/icon-192.png"
    live.push(json.dumps(payload(2, 5)))
    live.until_shown("洪水 第2報")
    assert shown in practised.shown(), "nor does a newer real one take the drill's"
    # A title without the word gets it here: there is no way to show a drill as anything else.
    practised.push(json.dumps(drill | {"notification": drill["notification"] | {"title": "避難指示", "tag": "b" * 16}}))
    assert practised.until_shown("【訓練】避難指示")["tag"] == f"drill-{'b' * 16}"
    # The card has what came, which says it nowhere: the mark is before its title, too.
    page.locator("#last-drill strong", has_text="避難指示").wait_for()
    assert page.locator("#last-drill strong").inner_text() == "【訓練】避難指示"
    assert page.locator("#last-drill").inner_text().splitlines()[0] == "最後に届いた訓練（本当の知らせではありません）"
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert violations(page) == []
    page.locator("#drilling").scroll_into_view_if_needed()
    shot(page, "signup-drills-ja")

    # What comes by the wrong way is shown by neither in its own words, and something is shown.
    practised.push(json.dumps(payload(3, 5)))
    practised.until_shown("新しい知らせがあります")
    live.push(json.dumps(drill_push()))
    live.until_shown("新しい知らせがあります")
    assert [one for one in practised.shown() if "洪水" in one["title"]] == []
    assert [one for one in live.shown() if "訓練" in one["title"] + one["body"]] == []
    known = "indexedDB.open('shirase', 1).onsuccess = (event) => event.target.result.transaction('seen')"
    known += ".objectStore('seen').getAll().onsuccess = (got) => done(got.target.result.map(one => one.title))"
    assert page.evaluate(f"() => new Promise(done => {{ {known} }})") == ["洪水 第2報"]

    # A place more for what is real is a place more for drills.
    page.get_by_role("button", name="いまいる場所を登録").click()
    page.locator("#chosen li").nth(1).wait_for()
    page.locator("#allow").click()
    until(lambda: len(stands(real)["places"]) == len(stands(drills)["places"]) == 2)
    assert stands(drills)["places"] == stands(real)["places"]

    # The browser let the drills' address lapse: opening any page says so, under the same token.
    page.evaluate("localStorage['renewed-drill'] = '-2'")
    page.goto(door.url + "/map")
    until(lambda: len(pushed("drill", "-2")) == 1)
    practised.push(pushed("drill", "-2")[0])
    proved = "tag => new Promise(done => { indexedDB.open('shirase-drills', 1).onsuccess = (event) => {"
    proved += " event.target.result.transaction('me').objectStore('me').get('me').onsuccess = (got) =>"
    proved += " done(!!got.target.result.proof && got.target.result.wish.endpoint) } })"
    until_true(page, f"async () => String(await ({proved})()).endsWith('-2')")
    # Or gave it another one while nobody had a page open: its worker says so by itself.
    [worker] = [one for one in phone.service_workers if one.url.endswith("/drill-sw.js")]
    worker.evaluate(CHANGED, {"endpoint": f"{origin}/push/drill-lane-3", "keys": given["drill"]["keys"]})
    until(lambda: len(pushed("drill", "-3")) == 1)
    practised.push(pushed("drill", "-3")[0])
    until_true(page, f"async () => String(await ({proved})()).endsWith('-3')")
    worker.evaluate(CHANGED, None)
    assert "登録が切れました" in practised.until_shown("【訓練】訓練のお知らせも受け取る")["body"]

    page.goto(door.url + "/signup#drilling")
    page.locator("#drills:checked").uncheck()
    page.locator("#drills-status", has_text="オフにしました").wait_for()
    until(lambda: door.client.get("/subscriptions", headers=drills).status_code == 404)
    assert stands(real)["drill"] is False
    scopes = "async () => (await navigator.serviceWorker.getRegistrations()).map(one => new URL(one.scope).pathname)"
    assert page.evaluate(scopes) == ["/"]
    assert len(pushed("live")) == 1, "of all this the real registration heard nothing"
