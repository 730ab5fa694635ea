"""Whoever is on duty: her telephone, the call that wakes her, channels and rings, in Chromium by key and by touch.

Debian's Chromium has no push service: what it subscribes with is ours, and the call goes straight into its worker.
"""

import json
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi import APIRouter
from playwright.sync_api import Browser, Page

from api.console.board_routes import board_routes
from api.console.office import Office
from api.http.web import asset_routes
from api.known.board import Orders
from dispatch.channel import ChannelState
from dispatch.vapid import VapidKey
from feeds.outgoing.forms import Form
from streams.brokers.client import Record
from streams.duty.call_words import draft_words
from streams.fanout.checkpoint import Checkpoint, Ring, encode_checkpoint, progress_key
from streams.payloads import Command, PageRecord, Verb
from streams.topics import COMMANDS, NOTICES, PAGES, PROGRESS
from streams.wire import decode, encode
from tests.api.evening import NINE_PM
from tests.api.test_channels import KOTO, stands
from tests.api.test_duty import ORIGIN, browser, duty_in
from tests.api.test_office import Room, room_in
from tests.api.test_posting import Stages
from tests.api.test_verdict import let_go
from tests.streams.evening import wards_table
from tests.web.awaiting import until_true
from tests.web.test_chromium import shot, violations
from tests.web.test_officer import at_the_console, sign_in

pytestmark = pytest.mark.browser

SUBSCRIBED = """
const own = {endpoint: %s, toJSON: () => (%s), unsubscribe: async () => true};
let other = true;
PushManager.prototype.getSubscription = async () => own;
PushManager.prototype.subscribe = async ({applicationServerKey}) => {
  if (!(applicationServerKey instanceof Uint8Array) || applicationServerKey.length !== 65) throw new Error("no key");
  // Once it is as after a change of keys: the browser holds an address under the key of before.
  if (other) { other = false; throw new DOMException("another key", "InvalidStateError"); }
  return own;
};
Notification.requestPermission = async () => "granted";
"""
SHOWN = """async () => (await (await navigator.serviceWorker.ready).getNotifications())
    .map(one => [one.title, one.requireInteraction, one.renotify])"""


# A touch on the notification; the window that the worker opens is looked at instead of opened.
TOUCHED = """async (title) => {
  const opened = [];
  const openWindow = async (url) => { opened.push(url); return null; };
  Object.defineProperty(self.clients, "openWindow", {configurable: true, value: openWindow});
  const [notification] = (await self.registration.getNotifications()).filter((one) => one.title === title);
  const held = [];
  const event = new NotificationEvent("notificationclick", {notification});
  Object.defineProperty(event, "waitUntil", {value: (work) => held.push(work)});
  self.dispatchEvent(event);
  await Promise.all(held);
  return opened;
}"""


def without_barrier(page: Page, name: str) -> None:
    """See that nobody is kept out and nothing is wider than the screen, by day and by night; keep the pictures."""
    width = page.evaluate("innerWidth")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        shot(page, f"{name}-{width}-{scheme}")
    page.emulate_media(color_scheme="light")


def pushing(page: Page) -> Callable[[str], None]:
    """Return how a push gets to the worker of *page*."""
    origin = "/".join(page.url.split("/")[:3])
    page.context.grant_permissions(["notifications"], origin=origin)
    devtools, found = page.context.new_cdp_session(page), []
    devtools.on("ServiceWorker.workerRegistrationUpdated", lambda event: found.extend(event["registrations"]))

    def push(data: str) -> None:
        if not found:
            devtools.send("ServiceWorker.enable")
        until_true(page, "async () => (await navigator.serviceWorker.ready).active?.state === 'activated'")
        while not found:
            page.wait_for_timeout(20)
        said = {"origin": origin, "registrationId": found[-1]["registrationId"], "data": data}
        devtools.send("ServiceWorker.deliverPushMessage", said)

    return push


def test_an_officer_adds_her_telephone_is_called_on_it_and_approves_in_three_taps(
    chromium: Browser, tmp_path: Path, built: Path
) -> None:
    duty = duty_in(tmp_path, VapidKey.generate().public_text, built)
    room, device = duty.room, browser()
    duty.pager("koto_1", "koto_2", "tokyo")
    with at_the_console(chromium, room, 360, 740, scripts=True) as page:
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.context.add_init_script(SUBSCRIBED % (json.dumps(device["endpoint"]), json.dumps(device)))
        sign_in(page, room, "sato")
        url = page.url.split("?")[0].rstrip("/")
        push = pushing(page)
        page.goto(url + "/duty")
        without_barrier(page, "console-duty")

        # By the keyboard alone, from the name of the telephone to the button.
        page.get_by_label("端末の名前").focus()
        page.keyboard.type("当番の電話")
        page.keyboard.press("Tab")
        page.keyboard.type(room.code("sato"))
        page.keyboard.press("Enter")
        page.locator("#mine").get_by_text("届くのを待っています").wait_for()
        assert page.get_by_role("button", name="この端末で呼び出しを受ける").is_disabled()
        with page.expect_navigation():
            push(duty.mail.letters[-1].payload.decode())
        until_true(page, f"async () => (await ({SHOWN})()).some(([title]) => title === '知らせ 呼び出し：届きました')")
        duty.follow()
        page.reload()
        page.locator("#mine li", has_text="当番の電話").wait_for()
        page.get_by_role("button", name="いま自分を呼び出す").click()
        page.wait_for_url("**/duty#mine")
        duty.follow()
        trial = duty.desk.view().trials["sato"]
        call = PageRecord(trial.page, "", "trial", "sato", "push-1", ChannelState.ACCEPTED, "", 1, room.clock())
        duty.orders.apply(Record(PAGES.name, 0, 0, b"k", encode(call), {}, 0))
        page.reload()
        assert "端末への通知 届けました" in page.locator("#mine .calls").inner_text()
        assert page.get_by_role("button", name="いま自分を呼び出す").is_visible()
        without_barrier(page, "console-duty-called")

        # At night: her draft waits, the page is closed, and the call names what it is about.
        record = room.drafts["feed"]
        said = json.loads(draft_words(record, NINE_PM, "push-1", url))
        title = said["notification"]["title"]
        assert title.startswith("【要判断】")
        for _ in range(2):
            push(json.dumps(said))
            until_true(page, f"async () => (await ({SHOWN})()).some(one => one[0] === {json.dumps(title)})")
        shown = [one for one in page.evaluate(SHOWN) if one[0] == title]
        assert shown == [[title, True, True]], "one call, which stays and sounds again"
        push("not json")
        until_true(page, f"async () => (await ({SHOWN})()).some(([title]) => title === '知らせ：呼び出し')")
        [worker] = page.context.service_workers
        taps = 1
        [to] = worker.evaluate(TOUCHED, title)
        assert to == f"{url}/drafts/{record.draft_id}"
        page.goto(to)
        page.get_by_label("確認コード（6桁）").first.fill(room.code("sato"))
        taps += 1
        page.get_by_role("button", name="この内容で住民に送る").click()
        taps += 1
        page.wait_for_url("**/?did=**")
        assert taps <= 3
        # A call that somebody forged leads nowhere but to ourselves.
        push(json.dumps({"notification": {"title": "x", "navigate": "https://evil.example/drafts/1"}}))
        until_true(page, f"async () => (await ({SHOWN})()).some(([title]) => title === 'x')")
        assert worker.evaluate(TOUCHED, "x") == [f"{url}/drafts/1"]
        # The browser gave the address up: she hears of it, because nobody else could tell her.
        worker.evaluate("self.dispatchEvent(new ExtendableEvent('pushsubscriptionchange'))")
        until_true(page, f"async () => (await ({SHOWN})()).some(([title]) => title.includes('切れました'))")
    command = decode(Command, room.topics.of(COMMANDS.name)[0])
    assert (command.verb, command.by) == (Verb.APPROVE, "sato")
    assert device["endpoint"].startswith(ORIGIN)
    assert complaints == []


def extended_on_a_phone(page: Page, there: str) -> None:
    """Ask for three hours more, from where the call of an order that runs out leads: one tap, on 360 pixels."""
    page.goto(there)
    page.get_by_role("link", name="期限を延ばす").click()
    page.wait_for_url(f"{there}/extend")
    without_barrier(page, "console-extend")
    more = page.get_by_role("button", name="＋3時間")
    box = more.bounding_box()
    assert box is not None
    assert box["height"] >= 44, "a finger finds it"
    more.click()
    page.wait_for_url(f"{there}/extend?asked=*")
    page.get_by_text("まだ分かりません（UNKNOWN）").wait_for()
    assert page.locator("form").count() == 0, "it was asked for: the page waits for the draft"


def followed(tmp_path: Path, built: Path) -> Room:
    def more(office: Office) -> APIRouter:
        routes = APIRouter()
        routes.include_router(board_routes(office, Orders()))
        routes.include_router(asset_routes(built))
        return routes

    room = room_in(tmp_path, wards_table(), more=more, scripts=True)
    object.__setattr__(room.office, "municipalities", {"13108": KOTO})
    object.__setattr__(room.office, "cap_sender", "alerts@example.org")
    return room


def test_rings_and_channels_change_under_the_hand_and_take_neither_focus_nor_code(
    chromium: Browser, tmp_path: Path, built: Path
) -> None:
    room = followed(tmp_path, built)
    _, notice = let_go(room, Stages(room))
    for apply in (room.sending.apply, room.office.channels.apply):
        apply(Record(NOTICES.name, 0, 0, b"", encode(notice), {}, 0))

    def far(accepted: int, epoch: int) -> None:
        rings = {0: Ring(12_400, Counter(accepted=accepted, gone=40)), 1: Ring(25, Counter(accepted=3))}
        value = encode_checkpoint(Checkpoint({}, Counter(accepted=accepted + 3, gone=40), rings=rings))
        key = progress_key(notice.lineage, notice.revision, 0, epoch)
        room.sending.apply(Record(PROGRESS.name, 0, 0, key, value, {}, 0))

    far(6_000, 1)
    for form in Form:
        stands(room, notice, form, ChannelState.ACCEPTED)
    stands(room, notice, Form.WEBHOOK, ChannelState.FAILED, "refused")
    stands(room, notice, Form.DIS, ChannelState.SENT)
    # An hour ago she gave a code: ending asks for one again, which a reload would take away while it is typed.
    room.clock.now += timedelta(minutes=20)
    with at_the_console(chromium, room, 1366, 768, scripts=True) as page:
        sign_in(page, room, "aoki")
        url = page.url.split("?")[0].rstrip("/")
        for width, height in ((1366, 768), (360, 740)):
            page.set_viewport_size({"width": width, "height": height})
            page.goto(f"{url}/sending/{notice.lineage}")
            assert page.locator("progress").count() == 2
            assert page.locator("progress").first.get_attribute("aria-label") == "6,040 / 12,400"
            without_barrier(page, "console-rings")
            page.goto(url + "/channels")
            without_barrier(page, "console-channels")
        extended_on_a_phone(page, f"{url}/sending/{notice.lineage}")
        page.goto(url + "/channels")
        again = page.get_by_role("button", name="もう一度渡す").first
        again.focus()
        page.evaluate("document.querySelector('main').dataset.same = 'yes'")
        stands(room, notice, Form.DIS, ChannelState.FAILED, "timeout")
        page.locator("td", has_text="timeout").wait_for()
        assert page.evaluate("document.activeElement.textContent") == "もう一度渡す"
        assert page.evaluate("document.querySelector('main').dataset.same") == "yes", "the page was not loaded anew"
        with page.expect_navigation(url="**/channels**"):
            page.keyboard.press("Enter")

        page.goto(f"{url}/sending/{notice.lineage}")
        code = page.locator("input[name=code]").first
        if code.count():
            code.fill("123")
        far(12_310, 2)
        page.locator("progress[aria-label='12,350 / 12,400']").wait_for(state="attached")
        if code.count():
            assert code.input_value() == "123", "what she types is hers"
