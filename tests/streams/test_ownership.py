"""Who may act: the newest claim of a share, and the one holder of a lease."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from streams.brokers.broker import Broker, ensure_topics, open_broker
from streams.brokers.client import Producer
from streams.brokers.lease import Lease
from streams.fanout.ownership import Heartbeat, Ownership, Replaced, check, claim, owners
from streams.payloads import OwnerRecord
from streams.topics import OWNERS


@pytest.fixture
def fresh() -> Iterator[Broker]:
    with open_broker("embedded") as broker:
        ensure_topics(broker, [OWNERS])
        yield broker


def mine(epoch: int, process: str, *, worker: int = 0, workers: int = 2) -> OwnerRecord:
    return OwnerRecord(worker, workers, epoch, process, datetime.now(UTC))


def test_each_claim_is_above_all_before_it_whatever_its_share(fresh: Broker) -> None:
    with Producer(fresh.bootstrap) as producer:
        first = claim(fresh.bootstrap, producer, worker=0, workers=2, process="a")
        second = claim(fresh.bootstrap, producer, worker=1, workers=2, process="b")
        third = claim(fresh.bootstrap, producer, worker=0, workers=2, process="c")
    assert first < second < third
    found = sorted(owners(fresh.bootstrap), key=lambda owner: owner.epoch)
    assert [owner.process for owner in found] == ["a", "b", "c"]


def test_whoever_was_replaced_may_not_go_on(fresh: Broker) -> None:
    with Producer(fresh.bootstrap) as producer:
        old = claim(fresh.bootstrap, producer, worker=0, workers=2, process="old")
        check(fresh.bootstrap, mine(old, "old"))
        new = claim(fresh.bootstrap, producer, worker=0, workers=2, process="new")
    with pytest.raises(Replaced, match="0/2"):
        check(fresh.bootstrap, mine(old, "old"))
    check(fresh.bootstrap, mine(new, "new"))


@pytest.mark.parametrize("stood_still", [True, False])
def test_a_replaced_owner_learns_of_it_in_its_next_turn(fresh: Broker, stood_still: bool) -> None:
    heartbeat = Heartbeat(5.0)
    with Producer(fresh.bootstrap) as producer:
        old = Ownership(fresh.bootstrap, producer, heartbeat, worker=0, workers=2, process="old")
        claim(fresh.bootstrap, producer, worker=1, workers=2, process="of another share")
        old.confirm()
        assert heartbeat.may_send()
        claim(fresh.bootstrap, producer, worker=0, workers=2, process="new")
    if stood_still:
        heartbeat._last -= 6.0
        assert not heartbeat.may_send(), "before it has looked it writes nothing"
    with pytest.raises(Replaced, match="0/2"):
        turn(old)
    old.close()


def turn(owner: Ownership) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        owner.confirm()


def test_another_share_replaces_nobody(fresh: Broker) -> None:
    with Producer(fresh.bootstrap) as producer:
        here = claim(fresh.bootstrap, producer, worker=0, workers=2, process="a")
        claim(fresh.bootstrap, producer, worker=1, workers=2, process="b")
        claim(fresh.bootstrap, producer, worker=0, workers=3, process="c")
    check(fresh.bootstrap, mine(here, "a"))


def test_of_two_that_claim_one_epoch_neither_sends() -> None:
    """Read back to its end, each finds the other: both stop and are started again, one after the other."""
    with open_broker("embedded") as broker:
        ensure_topics(broker, [OWNERS])
        with Producer(broker.bootstrap) as producer:
            epoch = claim(broker.bootstrap, producer, worker=0, workers=2, process="a")
        with pytest.raises(Replaced):
            check(broker.bootstrap, mine(epoch, "b"))


def test_a_process_that_stood_still_notices(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    heartbeat = Heartbeat(5.0)
    now[0] += 4.9
    assert not heartbeat.stood_still()
    now[0] += 5.1
    assert heartbeat.stood_still()
    assert not heartbeat.stood_still()


def test_one_holds_the_lease_and_another_gets_it_when_it_is_given_back(fresh: Broker) -> None:
    first = Lease(fresh.bootstrap, role="notices", instance="0")
    assert first.wait(lambda: False, lambda: None)
    assert first.held()
    first.close()
    second = Lease(fresh.bootstrap, role="notices", instance="1")
    until = time.monotonic() + 30
    assert second.wait(lambda: time.monotonic() > until, lambda: None)
    second.close()


def test_who_is_told_to_stop_while_waiting_has_no_lease(fresh: Broker) -> None:
    lease = Lease(fresh.bootstrap, role="notices", instance="0")
    assert not lease.wait(lambda: True, lambda: None)
    lease.close()
