"""The page at a shelter's door on a real phone's browser: pressed without network, sent later with its time."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import BrowserContext, expect
from prometheus_client import CollectorRegistry

from alerts.shelter import OccupancyBand
from api.intake.app import intake_app
from api.intake.gate_pass import GatePass, issue
from feeds.console import FEED, read_console
from tests.api.test_end_to_end import served, until
from tests.api.test_intake import Topic, key
from tests.web.awaiting import until_true
from tests.web.conftest import SCREENSHOTS
from tests.web.test_chromium import violations

pytestmark = pytest.mark.browser
KEY = bytes(range(32))


@pytest.fixture
def topic() -> Topic:
    return Topic()


@pytest.fixture
def address(topic: Topic) -> Iterator[str]:
    expires = int((datetime.now(UTC) + timedelta(hours=1)).timestamp())
    token = issue(KEY, GatePass("typhoon-19", "site-1", "架空第一小学校", "江東区", expires))
    with served(intake_app((key(),), topic, CollectorRegistry(), events=lambda: {"typhoon-19": KEY})) as client:
        yield f"{str(client.base_url).replace('127.0.0.1', 'localhost').rstrip('/')}/s/{token}"


def test_a_press_without_network_waits_on_the_phone_and_is_sent_with_its_time(
    phone: BrowserContext, address: str, topic: Topic
) -> None:
    page = phone.new_page()
    page.goto(address)
    page.evaluate("navigator.serviceWorker.ready")
    # The first visit may be the only one with a network: the page is kept without a second.
    until_true(
        page, "async () => Boolean(await caches.match(location.href)) && Boolean(await caches.match('/s/gate.js'))"
    )
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / "gate-phone.png", full_page=True)
    assert violations(page) == []
    phone.set_offline(True)
    # The page itself is there without network as well.
    page.reload()
    before = datetime.now(UTC)
    page.get_by_role("button", name="混雑 nearly full").click()
    expect(page.get_by_role("status")).to_contain_text("1件をこの電話に保存しました")
    pressed_by = datetime.now(UTC)
    assert topic.sent == []
    phone.set_offline(False)
    expect(page.get_by_role("status")).to_contain_text("「混雑」を送りました")
    until(lambda: len(topic.sent) == 1)
    value = topic.sent[0][2]
    assert value is not None
    (shelter,) = read_console(value, received=datetime.now(UTC), feed=FEED).facts.shelters
    assert (shelter.id, shelter.band) == ("site-1", OccupancyBand.CROWDED)
    assert before - timedelta(seconds=1) <= shelter.attribution.fact_at <= pressed_by
