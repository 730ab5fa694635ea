"""Rows whose envelopes are made one by one go out handful after handful, and the socket has its turn between."""

import random
from typing import cast

import numpy as np
import pytest
from prometheus_client import CollectorRegistry

from alerts.level import Level
from dispatch.columns import columns_of
from dispatch.layers import People
from dispatch.message import Messages
from dispatch.metrics import DispatchMetrics
from dispatch.pool import Generation
from dispatch.pushes import Pushes
from dispatch.registry import Registry
from dispatch.selection import select
from dispatch.subscription import Place
from dispatch.told import freeze
from streams.fanout.course import Course
from streams.fanout.fanout import FanOut
from streams.fanout.ledger import Ledger
from streams.fanout.outbox import Outbox, Sending
from streams.metrics import StreamMetrics
from tests.dispatch.people import KOTO, NOON, notice, part, resident
from tests.streams.test_topic_store import SETTINGS, Book, PlainPushes, PushService, Words

PEOPLE = 160
HANDFUL = 32


class Clock:
    """Moves on by a millisecond each time it is asked."""

    def __init__(self) -> None:
        self.now_ms = 0

    def __call__(self) -> float:
        self.now_ms += 1
        return self.now_ms / 1000


@pytest.mark.parametrize(
    ("rows_a_turn", "seconds", "handed", "turns"),
    [
        (HANDFUL, 0.0, HANDFUL, 0),
        (HANDFUL, 0.006, 3 * HANDFUL, 2),
        (HANDFUL, 1.0, PEOPLE, PEOPLE // HANDFUL),
        (1024, 1.0, PEOPLE, 0),
    ],
)
def test_handfuls_follow_each_other_while_there_is_time(
    rows_a_turn: int, seconds: float, handed: int, turns: int
) -> None:
    chance = random.Random(1)
    people = People(Registry.of(columns_of([resident(chance, (Place(KOTO),)) for _ in range(PEOPLE)])))
    one, service = notice(part((KOTO,), level=Level.ALL_LEAVE)), PushService(chance)
    chosen = select(people, one, at=NOON)
    fanout = FanOut(one, people, {0: freeze(people, 1, chosen)}, {})
    course = Course(
        one, cast("Messages", Words()), people, chosen, received_ms=0, chosen_ms=0, epoch=1,
        generation=Generation.empty(0),
    )  # fmt: skip
    outbox = Outbox(
        service, SETTINGS, cast("Ledger", Book()), lambda _: None, DispatchMetrics(CollectorRegistry()),
        StreamMetrics(CollectorRegistry()), len(people.origins),
    )  # fmt: skip
    outbox.add(Sending(course, fanout, cast("Pushes", PlainPushes(people, one)), rows_a_turn))
    seen: list[int] = []
    outbox.fill_for(seconds, lambda: seen.append(service.in_flight), Clock())
    assert service.in_flight == handed
    assert len(seen) == turns
    assert seen == sorted(seen)
    assert np.diff([*seen, handed]).max(initial=0) <= rows_a_turn
