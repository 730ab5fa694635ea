"""Pushes of kinds 2 and 3 in Chromium: what is shown, and the page that they open with no network at all."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import BrowserContext

from alerts.gauge import Thresholds
from alerts.notice import Picture
from alerts.river_stage import RiverStage, Stage, Trend
from dispatch.message import picture_of
from tests.web.conftest import Door
from tests.web.test_chromium import Worker, payload, shot, violations

pytestmark = pytest.mark.browser

TAG = "aaaaaaaaaaaaaaaa"
AT = datetime(2026, 9, 18, 12, 0, tzinfo=UTC)
# The format's own example of an encoded line; where it lies does not matter here.
LINE = "_p~iF~ps|U_ulLnnqC_mqNvxq`@"
NEEDS = """(stepFree) => new Promise((done, failed) => {
  const asked = indexedDB.open('shirase', 1);
  asked.onsuccess = () => {
    const me = {token: '', proof: '', active: false, wish: {language: 'ja', places: []}, names: {}, stepFree};
    asked.result.transaction('me', 'readwrite').objectStore('me').put(me, 'me').onsuccess = () => done(true);
  };
  asked.onerror = failed;
})"""


def test_the_river_and_the_way_of_a_push_are_drawn_without_a_network(phone: BrowserContext, door: Door) -> None:
    worker = Worker(phone, door)
    page = worker.page
    page.goto(door.url + "/map")
    page.locator("#check-state", has_text="。").wait_for()
    river = RiverStage(
        "1", "亀島川", "隅田川", Stage(AT, 3.62, 3), Trend.RISING, (Stage(AT + timedelta(hours=2), 4.35, 4),),
        Thresholds(2.0, 2.6, 3.4, 4.1),
    )  # fmt: skip
    worker.push(json.dumps({**payload(1, 4, kind=2), "picture": picture_of(Picture(river, 3))}))
    worker.until_shown("洪水 第1報")
    phone.set_offline(True)
    page.goto(f"{door.url}/map#n={TAG}")
    page.reload()
    page.locator("#pushed figure").nth(1).wait_for()
    drawn = page.inner_text("#pushed")
    assert "3.62" in drawn
    assert "3m以上5m未満" in drawn, "how deep the water may stand at a house"
    assert violations(page) == []
    shot(page, "push-river-ja")

    general = {"a": "go", "w": "walkable", "to": "北砂小学校", "s": 781, "slow": 1953, "m": 781, "l": LINE}
    free = {"a": "go-up", "w": "cut-by-closures", "x": "from-3-m/stands/days/step-free"}
    way = {"at": round(AT.timestamp()), "parts": [{"g": general, "s": free}]}
    worker.push(json.dumps({**payload(2, 4, kind=3), "way": way}))
    assert worker.until_shown("洪水 第2報")["body"].startswith("レベル4"), "the general words are safe for everybody"
    page.reload()
    page.locator("#pushed .headline", has_text="北砂小学校へ歩いて避難").wait_for()
    shot(page, "push-way-ja")

    page.evaluate(NEEDS, True)
    worker.push(json.dumps({**payload(3, 4, kind=3), "way": way}))
    told = worker.until_shown("洪水 第3報: 段差を避ける道")
    assert "北砂小学校へ歩いて避難" not in told["body"]
    page.reload()
    page.locator("#pushed", has_text="119に助けを求め").wait_for()
