"""The subscribers of a worker: its own buckets, from the topic, kept current, with nobody brought back."""

import random
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from dispatch.columns import columns_of
from dispatch.registry import Registry
from dispatch.subscription import BUCKETS, SealKeys, Subscription, bucket_of
from shirase.publish import publish_subscribers, subscription_at
from streams.broker import Broker, ensure_topics, open_broker
from streams.client import Producer, read_to_end
from streams.subscribers import Subscribers, from_topic
from streams.topics import SUBSCRIPTIONS
from tests.dispatch.people import KOTO, crowd

ALL = frozenset(range(BUCKETS))


@pytest.fixture
def fresh() -> Iterator[Broker]:
    with open_broker("embedded") as broker:
        ensure_topics(broker, [SUBSCRIPTIONS])
        yield broker


@pytest.fixture
def keys(tmp_path: Path) -> SealKeys:
    SealKeys.generate_file(tmp_path / "seal.json")
    return SealKeys.load(tmp_path / "seal.json")


def residents(count: int = 60, seed: int = 1) -> list[Subscription]:
    return crowd(random.Random(seed), count, [KOTO])


def publish(broker: Broker, keys: SealKeys, people: list[Subscription]) -> None:
    publish_subscribers(Registry.of(columns_of(people)), broker.bootstrap, keys, lambda *_: None)


def ids(subscribers: Subscribers) -> set[bytes]:
    people = subscribers.people
    alive = people.rows_of(people.row_numbers(np.arange(people.count)))
    return {people.id_of(row) for row in range(people.count) if row in set(alive.tolist())}


def until(subscribers: Subscribers, wanted: set[bytes]) -> None:
    deadline = time.monotonic() + 30
    while ids(subscribers) != wanted:
        assert time.monotonic() < deadline, "the change did not come"
        subscribers.follow()
        subscribers.refresh()


def test_what_is_published_is_what_was_in_the_snapshot() -> None:
    people = residents()
    registry = Registry.of(columns_of(people))
    found = [subscription_at(registry, row) for row in range(registry.count)]
    assert sorted(found, key=lambda one: one.id) == sorted(people, key=lambda one: one.id)


def test_no_value_on_the_topic_can_be_read_without_the_key(fresh: Broker, keys: SealKeys) -> None:
    people = residents()
    publish(fresh, keys, people)
    records = list(read_to_end(fresh.bootstrap, SUBSCRIPTIONS.name))
    assert {record.key for record in records} == {person.id for person in people}
    for record in records:
        assert record.value is not None
        assert b"https://" not in record.value


def test_each_worker_has_the_people_of_its_buckets(fresh: Broker, keys: SealKeys, tmp_path: Path) -> None:
    people = residents()
    publish(fresh, keys, people)
    mine = frozenset(bucket for bucket in ALL if bucket % 2)
    subscribers = from_topic(fresh.bootstrap, keys, tmp_path / "registry", mine)
    assert ids(subscribers) == {person.id for person in people if bucket_of(person.id) in mine}
    subscribers.close()


def test_who_has_unsubscribed_is_not_brought_back_by_an_old_snapshot(
    fresh: Broker, keys: SealKeys, tmp_path: Path
) -> None:
    people = residents()
    publish(fresh, keys, people)
    from_topic(fresh.bootstrap, keys, tmp_path / "registry", ALL).close()
    with Producer(fresh.bootstrap) as producer:
        producer.send(SUBSCRIPTIONS.name, people[0].id, None).result(30)
    again = from_topic(fresh.bootstrap, keys, tmp_path / "registry", ALL)
    assert ids(again) == {person.id for person in people[1:]}
    again.close()


def test_joins_and_leaves_are_followed_and_one_unreadable_value_hurts_nobody(
    fresh: Broker, keys: SealKeys, tmp_path: Path
) -> None:
    people, joining = residents(), residents(3, seed=9)
    publish(fresh, keys, people)
    subscribers = from_topic(fresh.bootstrap, keys, tmp_path / "registry", ALL)
    with Producer(fresh.bootstrap) as producer:
        producer.send(SUBSCRIPTIONS.name, people[0].id, None).result(30)
        producer.send(SUBSCRIPTIONS.name, b"x" * 16, b"\xff" * 40).result(30)
    publish(fresh, keys, joining)
    until(subscribers, {person.id for person in (*people[1:], *joining)})
    publish(fresh, keys, people[:1])  # she comes back
    until(subscribers, {person.id for person in (*people, *joining)})
    subscribers.close()


def test_who_is_gone_is_left_out_from_the_next_notice_on() -> None:
    people = residents(5)
    subscribers = Subscribers(Registry.of(columns_of(people)), None, None, ALL)
    subscribers.forget(people[2].id)
    assert people[2].id in ids(subscribers), "not amid a notice"
    subscribers.refresh()
    assert ids(subscribers) == {person.id for person in people} - {people[2].id}
