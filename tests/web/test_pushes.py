"""Pushes of kinds 2 and 3 in Chromium: what is shown, and the page that they open with no network at all.

The bytes are those that a worker writes (`dispatch.message`, `dispatch.ways`), so that a form that changes on one side
alone fails here.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page

from alerts.gauge import Thresholds
from alerts.hazard import HazardKind
from alerts.notice import Notice, NoticeKind, Picture, Text
from alerts.reception_check import CheckDays
from alerts.river_stage import RiverStage, Stage, Trend
from alerts.wave import Wave
from dispatch.message import Message, Messages
from dispatch.settings import DispatchSettings
from dispatch.ways import with_ways
from routing.plan import Advice, Answer, CellAdvice, EvacuationPlan, Why, plan_of
from streams.notices.check import check_draft
from streams.notices.notice_board import NoticeBoard
from tests.dispatch.test_ways import ordered, told
from tests.geo.documents import danger
from tests.streams.test_going import HERE, flood, river, tell
from tests.web.awaiting import until_true
from tests.web.conftest import Door
from tests.web.test_chromium import Worker, shot, violations

pytestmark = pytest.mark.browser

SETTINGS = DispatchSettings()
AT = datetime(2026, 9, 18, 12, 0, tzinfo=UTC)
UP = "from-3-m/stands/days/step-free"
NEEDS = """(stepFree) => new Promise((done, failed) => {
  const asked = indexedDB.open('shirase', 1);
  asked.onsuccess = () => {
    const me = {token: '', proof: '', active: false, wish: {language: 'ja', places: []}, names: {}, stepFree};
    asked.result.transaction('me', 'readwrite').objectStore('me').put(me, 'me').onsuccess = () => done(true);
  };
  asked.onerror = failed;
})"""


def going_on(worker: Worker, message: Message) -> Mapping[str, Any]:
    """Hand *message* to the phone as it is; return what it says, once it is on the screen."""
    worker.push(message.plaintext.decode())
    said: Mapping[str, Any] = json.loads(message.plaintext)
    return said


def opened_offline(page: Page, door: Door, phone: BrowserContext, message: Message) -> None:
    phone.set_offline(True)
    page.goto(f"{door.url}/map#n={message.topic}")
    page.reload()


def drawn(notice: Notice) -> Message:
    return Messages(notice, SETTINGS).for_part(0, "ja")


def way_for(answer: Answer | None = None, revision: int = 1) -> tuple[Notice, Messages]:
    """Return a notice of kind 3 as dispatch sends it; *answer* is what who takes no steps is told instead."""
    notice, plans = told(ordered())

    def stepping(entry: CellAdvice) -> CellAdvice:
        part = entry.parts[0]
        return replace(entry, parts=(replace(part, step_free=answer or part.general),))

    made: dict[Any, EvacuationPlan] = {
        shard: plan_of(plan.shard, 2, plan.hazards, plan.facts_at, [stepping(entry) for entry in plan.cells])
        for shard, plan in plans.items()
    }
    refs = tuple(replace(ref, digest=made[ref.shard].digest) for ref in notice.plans)
    worded, ways = with_ways(replace(notice, plans=refs, revision=revision), made)
    return worded, Messages(worded, SETTINGS, ways)


def test_the_river_and_the_way_of_a_push_are_drawn_without_a_network(phone: BrowserContext, door: Door) -> None:
    worker = Worker(phone, door)
    page = worker.page
    page.goto(door.url + "/map")
    page.locator("#check-state", has_text="。").wait_for()
    board = NoticeBoard()
    tell(board, 1, flood(river(2.6)))
    going = tell(board, 2, flood(river(3.2, 30, peak_m=4.1))).notice
    assert going.kind is NoticeKind.HOW_IT_IS_GOING
    stage = RiverStage(
        "1", "亀島川", "隅田川", Stage(AT, 3.62, 3), Trend.RISING, (Stage(AT + timedelta(hours=2), 4.35, 4),),
        Thresholds(2.0, 2.6, 3.4, 4.1),
    )  # fmt: skip
    message = drawn(replace(going, parts=(replace(going.parts[0], picture=Picture(stage, 3)),)))
    said = going_on(worker, message)
    worker.until_shown(said["notification"]["title"])
    opened_offline(page, door, phone, message)
    page.locator("#pushed figure").nth(1).wait_for()
    words = page.inner_text("#pushed")
    assert "3.62" in words
    assert "4.35" in words
    assert "3m以上5m未満" in words, "how deep the water may stand at a house"
    assert violations(page) == []
    shot(page, "push-river-ja")

    up = Answer(Advice.GO_UP, Why.CUT_BY_CLOSURES, action=UP)
    notice, messages = way_for(up)
    message = messages.for_part(0, "ja", 1)
    said = going_on(worker, message)
    shown = worker.until_shown(said["notification"]["title"])
    assert "段差を避ける人" in shown["body"], "the general words are safe for everybody"
    page.goto(f"{door.url}/map#n={message.topic}")
    page.reload()
    general = said["way"]["parts"][0]["g"]
    page.locator("#pushed .headline", has_text=f"{general['to']}へ歩いて避難").wait_for()
    words = page.inner_text("#pushed")
    assert "避難指示" in words
    assert "危険警報" not in words, "the level is that of the order"
    assert f"徒歩 約{math.ceil(general['s'] / 60)}分" in words
    for metres, street, _side, corner in general["t"]:
        turn = next(line for line in words.splitlines() if f"{metres}m進み" in line)
        assert street in turn
        assert corner in turn
    assert page.locator("#pushed svg.sketch .way").count() > 0, "drawn from the push alone"
    shot(page, "push-way-ja")

    page.evaluate(NEEDS, True)
    message = way_for(up, revision=notice.revision + 1)[1].for_part(0, "ja", 1)
    going_on(worker, message)
    place = said["notification"]["title"].split("：")[0]
    assert "へ歩いて避難" not in worker.until_shown(f"{place}: 段差を避ける道")["body"].split("\n")[0]
    page.reload()
    page.locator("#pushed", has_text="119に助けを求め").wait_for()

    # Nobody goes anywhere: by when to leave is told by the clock of the push.
    leave = Answer(
        Advice.LEAVE_EARLY, Why.WATER_COMES_FIRST, leave_by=AT + timedelta(hours=3), refuge="架空の広域避難先"
    )
    message = way_for(leave, revision=notice.revision + 2)[1].for_part(0, "ja", 1)
    going_on(worker, message)
    until_true(
        page,
        "tag => new Promise(done => { indexedDB.open('shirase', 1).onsuccess = (event) => {"
        " event.target.result.transaction('seen').objectStore('seen').get(tag).onsuccess ="
        " (got) => done(JSON.stringify(got.target.result ?? '').includes('leave-early')) } })",
        arg=message.topic,
    )
    page.reload()
    page.locator("#pushed .headline", has_text="00:00までに区域の外へ避難").wait_for()
    page.locator("#pushed", has_text="架空の広域避難先か、親族の家・宿へ").wait_for()


def test_a_check_of_reception_is_answered_by_one_tap_and_the_page_says_when_it_came(
    phone: BrowserContext, door: Door
) -> None:
    worker = Worker(phone, door)
    page = worker.page
    days = CheckDays(frozenset({(9, 18)}), issuer="架空都")
    check = check_draft(days, place="江東区", cells=HERE, day=AT.date(), at=AT).notice
    message = drawn(check)
    said = going_on(worker, message)
    shown = worker.until_shown("受信の確認です")
    assert "何もする必要はありません" in shown["body"]
    assert shown["tag"] == message.topic
    opened_offline(page, door, phone, message)
    page.locator("#pushed .came", has_text="受信の確認がこの端末に届きました").wait_for()
    words = page.inner_text("#pushed")
    assert said["notification"]["body"] in words
    assert "有効なものとして" not in words, "long past its end it is over, and no danger that still holds"
    page.locator("#check-came", has_text="受信の確認がこの端末に届きました").wait_for()
    assert violations(page) == []
    shot(page, "push-check-ja")


def test_shaking_and_a_tsunami_are_drawn_from_the_push_alone(phone: BrowserContext, door: Door) -> None:
    worker = Worker(phone, door)
    page = worker.page
    page.goto(door.url + "/map")
    page.locator("#check-state", has_text="。").wait_for()
    quake = replace(danger(HERE, None), hazard=HazardKind.EARTHQUAKE, event="震度６強")
    message = drawn(tell(NoticeBoard(), 1, quake).notice)
    going_on(worker, message)
    worker.until_shown("地震 震度６強")
    opened_offline(page, door, phone, message)
    page.locator("#pushed figure.shaking").wait_for()
    words = page.inner_text("#pushed")
    assert "震度6強" in words
    assert "エレベーターは使わない" in words
    assert "震度6強" in (page.locator("#pushed svg").get_attribute("aria-label") or "")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.emulate_media(color_scheme="dark")
    assert violations(page) == []
    shot(page, "push-shaking-night-ja")
    for language, number in (("ja-Hira", "しんど6きょう"), ("en", "6 upper"), ("zh-Hans", "震度6强"), ("ko", "6강")):
        page.locator("#language").select_option(language)
        page.locator("#pushed figure.shaking", has_text=number).wait_for()

    wave = Wave("大津波警報", "１０ｍ超", 10.0, AT)
    coast = replace(danger(HERE, None), hazard=HazardKind.TSUNAMI, event="大津波警報", wave=wave)
    notice = replace(tell(NoticeBoard(), 1, coast).notice, lineage="coast-1")
    message = drawn(notice)
    going_on(worker, message)
    worker.until_shown("大津波警報")
    page.locator("#language").select_option("ja")
    page.goto(f"{door.url}/map#n={message.topic}")
    page.reload()
    page.locator("#pushed figure.wave", has_text="予想の高さ 10m超").wait_for()
    assert "21:00ごろ" in page.inner_text("#pushed figure.wave")
    assert violations(page) == []
    shot(page, "push-tsunami-night-ja")
    # 巨大: no figure is no small wave.
    huge = replace(notice.parts[0], picture=Picture(wave=replace(wave, height="巨大", height_m=None)))
    huge = replace(huge, texts=(Text("ja", "大津波警報 2", "x"),))
    going_on(worker, drawn(replace(notice, revision=2, parts=(huge,))))
    worker.until_shown("大津波警報 2")
    page.reload()
    page.locator("#pushed figure.wave", has_text="とても高いおそれ").wait_for()
