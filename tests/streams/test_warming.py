"""The notice that warms a worker up touches everything and reaches nobody."""

import random

import pytest

from alerts.notice import Notice
from dispatch.columns import columns_of
from dispatch.layers import People
from dispatch.message import Messages
from dispatch.pushes import Pushes
from dispatch.registry import Registry
from dispatch.settings import DispatchSettings
from dispatch.vapid import Vapid, VapidKey
from streams.digest import approval_digest
from streams.fanout.fanout import FanOut
from streams.fanout.warming import warm
from tests.dispatch.people import resident

SETTINGS = DispatchSettings()
VAPID = Vapid({0: VapidKey.generate()}, "mailto:operations@shirase.example")


def pushes_of(people: People, messages: Messages, notice: Notice, fanout: FanOut) -> Pushes:
    assert notice.digest != approval_digest(notice), "no worker would take it for a notice"
    return Pushes(
        people, messages, notice.expires.timestamp(), VAPID, SETTINGS, b"s" * 32,
        languages=fanout.languages, sealings=fanout.sealings,
    )  # fmt: skip


@pytest.mark.parametrize("count", [0, 1, 600])
def test_requests_are_written_and_dropped(count: int) -> None:
    rng = random.Random(1)
    people = People(Registry.of(columns_of([resident(rng) for _ in range(count)])))
    written = warm(people, SETTINGS, pushes_of)
    assert bool(written) == bool(count)
    assert written <= 256
