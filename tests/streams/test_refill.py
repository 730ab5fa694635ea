"""The pool is filled when there is nothing else to do: the low priority of it."""

from collections.abc import Iterator

import pytest

from dispatch.pool import Pool
from streams.brokers.broker import Broker, ensure_topics, open_broker
from streams.fanout.dispatcher import ENTRIES_A_TURN
from streams.topics import ALL
from tests.streams.test_dispatcher import (
    NORTH,
    FakeSender,
    accepted,
    flood,
    part_of,
    people,
    publish,
    receipts,
    turn,
    worker,
)


@pytest.fixture
def fresh() -> Iterator[Broker]:
    with open_broker("embedded") as broker:
        ensure_topics(broker, ALL)
        yield broker


def test_the_pool_is_filled_a_little_at_a_time_and_never_while_somebody_waits_for_a_push(fresh: Broker) -> None:
    residents = people(3 * ENTRIES_A_TURN, NORTH)
    sender = FakeSender(lambda _push: None)  # takes pushes and does not answer
    dispatcher = worker(fresh, residents, sender)
    pool = dispatcher._pool = Pool(b"s" * 32, dispatcher._subscribers.people, depth=2)
    made = []
    for _ in range(2):
        before = pool.level
        dispatcher.step()
        made.append(round((pool.level - before) * len(residents)))
    assert made == [ENTRIES_A_TURN] * 2, "so much between two looks at the notices, and no more"
    publish(fresh, flood(part_of(NORTH)))
    turn(dispatcher, lambda: bool(sender.submitted))
    assert pool.level < pool.depth, "nobody waited until the pool was full"
    level = pool.level
    for _ in range(20):
        dispatcher.step()
    assert sender.in_flight
    assert pool.level == level, "while pushes are open nothing is filled"
    sender.verdict = accepted
    turn(dispatcher, lambda: bool(receipts(fresh)))
    turn(dispatcher, lambda: pool.full)
    assert pool.level == pool.depth, "what was taken is made again afterwards"
    dispatcher.close()
