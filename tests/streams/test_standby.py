"""On Apache Kafka: who has left is gone from its files, and a standby is current when the owner's machine is gone."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from dispatch.columns import columns_of
from dispatch.registry import Registry
from dispatch.subscription import BUCKETS, SealKeys, Subscription
from load_tests import take_over
from shirase.demo.publish import publish_subscribers
from streams.brokers.broker import ensure_topics, open_broker
from streams.brokers.client import Producer
from streams.brokers.errors import BrokerError
from streams.brokers.kafka import KafkaServer
from streams.brokers.lease import Lease, seats_of
from streams.brokers.rolling import EVERY_SECONDS, Rolling
from streams.fanout.standby import Standby, share_of
from streams.fanout.subscribers import Subscribers, from_topic
from streams.topics import ALL as TOPICS
from streams.topics import DEAD_LETTERS, OWNERS, SUBSCRIPTIONS
from tests.dispatch.people import KOTO, crowd
from tests.streams.test_subscribers import ids

ALL = frozenset(range(BUCKETS))
PATIENCE_SECONDS = 60.0
# The declared settings with seconds for minutes: what is waited for is the same.
QUICK = replace(SUBSCRIPTIONS, extra={**SUBSCRIPTIONS.extra, "max.compaction.lag.ms": "2000", "segment.ms": "1000"})


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaServer]:
    running = KafkaServer()
    try:
        running.start(tmp_path_factory.mktemp("kafka"))
    except BrokerError as error:
        pytest.fail(f"Apache Kafka is needed for this test and cannot be used: {error}", pytrace=False)
    ensure_topics(open_broker(running.bootstrap), [QUICK, OWNERS, DEAD_LETTERS])
    yield running
    running.kill()


@pytest.fixture
def keys(tmp_path: Path) -> SealKeys:
    SealKeys.generate_file(tmp_path / "seal.json")
    return SealKeys.load(tmp_path / "seal.json")


def until(happened: Callable[[], bool], what: str, between: Callable[[], None] = lambda: None) -> None:
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while not happened():
        assert time.monotonic() < give_up_at, f"still waiting for: {what}"
        between()
        threading.Event().wait(0.05)


def files_with(folder: Path, sought: bytes) -> list[str]:
    found = []
    for file in sorted(folder.rglob("*")):
        try:
            if file.is_file() and sought in file.read_bytes():
                found.append(file.name)
        except FileNotFoundError:
            continue  # the cleaner was faster
    return found


@pytest.mark.kafka
def test_who_has_left_is_gone_from_the_broker_s_files_and_from_the_snapshot(
    server: KafkaServer, keys: SealKeys, tmp_path: Path
) -> None:
    assert server.data_dir is not None
    log = server.data_dir / "log"
    people = crowd(random.Random(3), 40, [KOTO])
    sealed = {person.id: keys.seal(person) for person in people}
    with Producer(server.bootstrap) as producer:
        for identifier, value in sealed.items():
            producer.send(SUBSCRIPTIONS.name, identifier, value).result(30)
        subscribers = from_topic(server.bootstrap, keys, tmp_path / "registry", ALL)
        gone, kept = people[:2], people[2:]
        path = {person.id: person.endpoint.partition("/send/")[2].encode() for person in people}
        assert all(files_with(log, sealed[person.id][1:60]) for person in people)
        assert all(files_with(tmp_path / "registry", path[person.id]) == ["path.npy"] for person in people)
        assert files_with(log, path[people[0].id]) == [], "an address is on the topic under seal only"
        for person in gone:
            producer.send(SUBSCRIPTIONS.name, person.id, None).result(30)
        # Nobody signs up any more: without a record now and then the last segment would stay as it is for ever.
        clock = iter(range(0, 10**9, int(EVERY_SECONDS)))
        rolling = Rolling(producer, lambda: float(next(clock)))

        def still_there() -> list[str]:
            return [name for person in gone for name in files_with(log, sealed[person.id][1:60])]

        until(lambda: not still_there(), "compaction of what was forgotten", rolling.go_on)
    assert rolling.partitions == SUBSCRIPTIONS.partitions
    assert all(files_with(log, sealed[person.id][1:60]) for person in kept)
    subscribers.catch_up()
    assert [files_with(tmp_path / "registry", path[person.id]) for person in gone] == [[], []]
    assert all(files_with(tmp_path / "registry", path[person.id]) for person in kept)
    assert ids(subscribers) == {person.id for person in kept}
    subscribers.close()


def publish(server: KafkaServer, keys: SealKeys, people: list[Subscription]) -> None:
    publish_subscribers(Registry.of(columns_of(people)), server.bootstrap, keys, lambda *_: None)


@pytest.mark.kafka
@pytest.mark.slow
def test_a_standby_follows_and_has_the_share_only_when_the_owner_s_machine_is_gone(
    server: KafkaServer, keys: SealKeys, tmp_path: Path
) -> None:
    people, joining = crowd(random.Random(4), 30, [KOTO]), crowd(random.Random(5), 5, [KOTO])
    with Producer(server.bootstrap) as producer:
        publish(server, keys, people)
        name = share_of(0, 1)
        first = Lease(server.bootstrap, role=name, instance="first")
        assert first.wait(lambda: False, lambda: None)
        subscribers: Subscribers = from_topic(server.bootstrap, keys, tmp_path / "standby", ALL)
        standby = Standby(subscribers, Lease(server.bootstrap, role=name, instance="standby"), clock=lambda: 0.0)
        held, stop = threading.Event(), threading.Event()

        def wait() -> None:
            if standby.wait(stop.is_set, lambda: None):
                held.set()

        def keep() -> None:
            assert first.held(), "the holder must not give up because somebody sat down beside it"

        waiting = threading.Thread(target=wait)
        waiting.start()
        try:
            # Who comes makes the group deal anew: that must not end who is there.
            until(lambda: seats_of(server.bootstrap, name) == {"first": True, "standby": False}, "two seats", keep)
            # A restart in place under its name: static membership gives the share back, the standby stays one.
            first.close()
            first = Lease(server.bootstrap, role=name, instance="first")
            until(first.held, "the share after a restart in place")
            assert not held.is_set()
            publish(server, keys, joining)
            producer.send(SUBSCRIPTIONS.name, people[0].id, None).result(30)
            first.close()  # a static member says no farewell: to the group this is a machine that is gone
            until(held.is_set, "the share of the machine that is gone")
        finally:
            stop.set()
            waiting.join()
            first.close()
    mine = {person.id for person in (*people[1:], *joining)}
    assert mine <= ids(subscribers)
    assert people[0].id not in ids(subscribers)
    subscribers.close()


@pytest.mark.kafka
@pytest.mark.slow
def test_the_standby_finishes_what_a_machine_that_is_gone_had_begun(server: KafkaServer, tmp_path: Path) -> None:
    others = [topic for topic in TOPICS if topic.name not in (SUBSCRIPTIONS.name, OWNERS.name)]
    ensure_topics(open_broker(server.bootstrap), others)
    seen = take_over.play(server, tmp_path, people=2_000, max_in_flight=64)
    assert seen.killed == "first", "the seat that came first holds the share when another has sat down beside it"
    assert 0 < seen.told_before_the_kill < 2_000
    assert seen.failures == ()
    assert seen.recovery_s > 0, "measured, and no machine promises a time to a test"
