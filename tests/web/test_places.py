"""What a person says of her places reaches the registry, and the self-check reaches her: Chromium and the push stub."""

import base64
import json
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import BrowserContext

from dispatch.stub.bodies import stored
from dispatch.stub.opened import open_body
from tests.api.test_end_to_end import until
from tests.stub.pushes import Phone
from tests.web.awaiting import until_true
from tests.web.conftest import Door
from tests.web.test_chromium import KOTO, Worker, shot, violations
from tests.web.test_console_forms import ATTACK

pytestmark = pytest.mark.browser

# Debian's Chromium has no push service: the browser's subscription is ours, and all that follows is real.
SUBSCRIBED = """
const endpoint = %s + (localStorage.renewed ?? "");
const own = {endpoint, expirationTime: null, toJSON: () => ({keys: %s}), unsubscribe: async () => true};
PushManager.prototype.subscribe = PushManager.prototype.getSubscription = async () => own;
Notification.requestPermission = async () => "granted";
// A browser answers with the place of a moment ago: each press of the button is somewhere else here.
let north = 0;
Geolocation.prototype.getCurrentPosition = (found) =>
  found({coords: {latitude: %f + 0.01 * (north++ + Number(localStorage.moved ?? 0)), longitude: %f, accuracy: 10}});
"""

# The event cannot be had from outside; its listener is the worker's own.
CHANGED = """(fresh) => {
    const event = new ExtendableEvent('pushsubscriptionchange');
    const given = fresh && {endpoint: fresh.endpoint, toJSON: () => ({keys: fresh.keys})};
    const held = [];
    Object.defineProperties(event, {
        newSubscription: {value: given}, oldSubscription: {value: null}, waitUntil: {value: (work) => held.push(work)},
    });
    self.dispatchEvent(event);
    return Promise.all(held).then(() => held.length);
}"""


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def test_whose_a_place_is_its_hours_its_level_and_the_quiet_hours_are_stored(phone: BrowserContext, door: Door) -> None:
    secrets = Phone()
    public = secrets.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    keys = {"p256dh": base64url(public), "auth": base64url(secrets.auth)}
    phone.add_init_script(
        SUBSCRIBED % (json.dumps(f"{door.stub.origins[0]}/push/places"), json.dumps(keys), *KOTO.values())
    )
    worker = Worker(phone, door)
    page = worker.page
    for number in range(3):
        page.get_by_role("button", name="いまいる場所を登録").click()
        page.locator("#chosen li").nth(number).wait_for()
    rows = page.locator("#chosen li")
    rows.nth(0).get_by_label("だれの場所ですか").select_option("mine-at-hours")
    rows.nth(0).get_by_label("何時から").select_option("8")
    rows.nth(0).get_by_label("何時まで").select_option("20")
    rows.nth(1).get_by_label("だれの場所ですか").select_option("someone-elses")
    rows.nth(1).get_by_label("どのレベルから知らせるか").select_option("4")
    rows.nth(2).get_by_label("だれの場所ですか").select_option("here-until")
    # What she calls a place is letters, also when the list is drawn anew; it stays on the phone.
    rows.nth(0).locator("input[type=text]").fill(ATTACK)
    rows.nth(0).locator("input[type=text]").press("Tab")
    rows.nth(2).get_by_label("どのレベルから知らせるか").select_option("2")
    rows.nth(2).get_by_label("だれの場所ですか").select_option("here-until")
    assert rows.nth(0).locator("input[type=text]").input_value() == ATTACK
    assert page.evaluate("window.hit === undefined && !document.querySelector('[src=x]')")
    page.locator("summary", has_text="レベル1・2").click()
    page.locator("#quiet").check()
    page.locator("#quiet-hours").get_by_label("何時から").select_option("21")
    page.locator("#needs-title").click()
    page.get_by_label("車いす").check()
    page.get_by_label("ペット").check()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert violations(page) == []
    shot(page, "signup-places-ja")
    with page.expect_response(lambda answer: answer.request.method == "POST") as answered:
        page.locator("#allow").click()
    asked = answered.value.request.post_data or ""
    assert "places" in asked
    assert not any(word in asked for word in ("need", "wheelchair", "pet", "step")), "needs stay on the phone"
    bearer = {"authorization": f"Bearer {answered.value.json()['token']}"}

    def welcomes(token: str = "places") -> list[bytes]:
        door.stub.flush()
        return [one.body for one in stored(door.stub.bodies_path) if one.token == token]

    until(lambda: bool(welcomes()))
    worker.push_until(open_body(welcomes()[0], secrets.receiver).decode(), page.locator("#mine:not([hidden])"))
    until(lambda: door.client.get("/subscriptions", headers=bearer).status_code == 200)
    kept = door.client.get("/subscriptions", headers=bearer).json()
    hours, other, stay = kept["places"]
    assert (hours["whose"], hours["start_hour"], hours["end_hour"]) == ("mine-at-hours", 8, 20)
    assert (other["whose"], other["min_level"]) == ("someone-elses", 4)
    assert stay["whose"] == "here-until"
    end = datetime.fromtimestamp(stay["until"], UTC)
    assert (end.hour, end.minute) == (15, 0), "midnight in Tokyo"
    assert kept["quiet"] == {"start_hour": 21, "end_hour": 6}

    # "Could an alert reach me now?": one more push, all the way to this phone.
    page.goto(door.url + "/map")
    page.locator("#check-now:enabled").click()
    assert page.locator("#step-free").is_checked(), "the wheelchair was said at sign-up"
    page.locator("#check-state", has_text="届くのを待っています").wait_for()
    until(lambda: len(welcomes()) == 2)
    came = page.locator("#check-state", has_text="届きました")
    worker.push_until(open_body(welcomes()[1], secrets.receiver).decode(), came)
    again = door.client.get("/subscriptions", headers=bearer).json()
    assert again == kept, "the same token, and nothing changed: the consent keeps its day"

    # The browser has let the subscription lapse: opening the page says so under the same token, and a push proves it.
    page.evaluate("localStorage.renewed = '-2'")
    page.reload()
    page.locator("#check-state", has_text="届くのを待っています").wait_for()
    until(lambda: len(welcomes("places-2")) == 1)
    # Until the new address is proved nothing changes: a page that is closed now asks again when it is opened.
    page.reload()
    until(lambda: len(welcomes("places-2")) == 2)
    worker.push_until(open_body(welcomes("places-2")[1], secrets.receiver).decode(), came)
    assert door.client.get("/subscriptions", headers=bearer).json()["places"] == kept["places"]
    page.reload()
    page.wait_for_load_state("networkidle")
    assert len(welcomes("places-2")) == 2, "what is proved is not asked again"

    # "Follow me": one more place, told anew when a page is opened somewhere else, and gone with its consent.
    phone.grant_permissions(["geolocation"], origin=door.url)

    def following() -> tuple[list[str], bool]:
        known = door.client.get("/subscriptions", headers=bearer).json()
        extra = [one["cell"] for one in known["places"][3:]]
        assert known["places"][:3] == kept["places"]
        return extra, "follow-me" in {one["purpose"] for one in known["consents"]}

    page.evaluate("localStorage.moved = 5")
    page.goto(door.url + "/signup")
    page.get_by_role("switch", name="いまいる場所についても受け取る").check()
    page.locator("#follow-status", has_text="オンにしました").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert violations(page) == []
    shot(page, "signup-follow-ja")
    until(lambda: len(following()[0]) == 1 and following()[1])
    [first], _ = following()
    page.evaluate("localStorage.moved = 8")
    with page.expect_response(lambda answer: answer.request.method == "PUT"):
        page.goto(door.url + "/map")
    until(lambda: len(following()[0]) == 1 and following()[0] != [first])
    page.goto(door.url + "/signup")
    page.locator("#follow-me:checked").uncheck()
    page.locator("#follow-status", has_text="オフにして").wait_for()
    until(lambda: following() == ([], False))

    # The push service gives another address while nobody has the page open: the worker says so by itself.
    browser_worker = phone.service_workers[0]
    browser_worker.evaluate(CHANGED, {"endpoint": f"{door.stub.origins[0]}/push/places-3", "keys": keys})
    until(lambda: len(welcomes("places-3")) == 1)
    worker.push(open_body(welcomes("places-3")[0], secrets.receiver).decode())
    proved = "tag => new Promise(done => { indexedDB.open('shirase', 1).onsuccess = (event) => {"
    proved += " event.target.result.transaction('me').objectStore('me').get('me').onsuccess = (got) =>"
    proved += " done(got.target.result.active && got.target.result.proof && got.target.result.wish.endpoint) } })"
    until_true(page, f"async () => (await ({proved})()).endsWith('/places-3')")
    assert door.client.get("/subscriptions", headers=bearer).status_code == 200
    # Without a new address the person is asked: she would be reached by nothing, and not know.
    browser_worker.evaluate(CHANGED, None)
    assert "登録が切れました" in worker.until_shown("知らせを受け取る")["body"]
