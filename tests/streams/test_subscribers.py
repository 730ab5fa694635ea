"""The subscribers of a worker: its own buckets, from the topic, kept current, with nobody brought back."""

import json
import random
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dispatch import signs
from dispatch.columns import columns_of
from dispatch.erasure import is_nobodys
from dispatch.registry import Registry, read_manifest
from dispatch.subscription import BUCKETS, SealKeys, Subscription, bucket_of
from shirase.demo.publish import publish_subscribers, subscription_at
from streams.brokers.broker import Broker, ensure_topics, open_broker
from streams.brokers.client import Producer, Record, read_to_end
from streams.dead_letters import REASON
from streams.fanout.aside import MOST_LETTERS, Aside
from streams.fanout.subscribers import OUTDATED_SECONDS, SNAPSHOT_SECONDS, Subscribers, from_topic
from streams.topics import DEAD_LETTERS, SUBSCRIPTIONS
from tests.dispatch.people import KOTO, crowd

ALL = frozenset(range(BUCKETS))


@pytest.fixture
def fresh() -> Iterator[Broker]:
    with open_broker("embedded") as broker:
        ensure_topics(broker, [SUBSCRIPTIONS, DEAD_LETTERS])
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


def changed(subscribers: Subscribers) -> dict[bytes, str]:
    delta = subscribers.people.delta
    return {delta.id_of(row): delta.endpoint(row) for row in range(delta.count)}


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


def test_a_start_goes_on_with_its_snapshot_and_reads_only_what_is_new(
    fresh: Broker, keys: SealKeys, tmp_path: Path
) -> None:
    people, joining = residents(), residents(3, seed=9)
    publish(fresh, keys, people)
    folder = tmp_path / "registry"
    from_topic(fresh.bootstrap, keys, folder, ALL).close()
    made = read_manifest(folder)
    publish(fresh, keys, joining)
    with Producer(fresh.bootstrap) as producer:
        producer.send(SUBSCRIPTIONS.name, people[0].id, None).result(30)
    again = from_topic(fresh.bootstrap, keys, folder, ALL)
    assert ids(again) == {person.id for person in (*people[1:], *joining)}
    assert read_manifest(folder) == made, "it was not written anew"
    assert again.registry.count == len(people)
    again.close()
    once_more = from_topic(fresh.bootstrap, keys, folder, ALL)
    assert ids(once_more) == {person.id for person in (*people[1:], *joining)}
    once_more.close()


@pytest.mark.parametrize("why", ["too-old", "other-share", "other-cluster", "damaged", "offsets-beyond"])
def test_a_snapshot_that_could_bring_somebody_back_or_is_another_s_is_written_anew(
    fresh: Broker, keys: SealKeys, tmp_path: Path, why: str
) -> None:
    people, folder = residents(), tmp_path / "registry"
    publish(fresh, keys, people)
    made_at = time.time()
    from_topic(fresh.bootstrap, keys, folder, ALL, lambda: made_at).close()
    now, mine = made_at + SNAPSHOT_SECONDS - 1, ALL
    plain = json.loads((folder / "manifest.json").read_text())
    if why == "too-old":
        now += 1
    if why == "other-share":
        mine = frozenset(range(0, BUCKETS, 2))
    if why == "other-cluster":
        plain["source"] = "elsewhere"
    if why == "offsets-beyond":
        plain["topic_offsets"] = dict.fromkeys(plain["topic_offsets"], 10_000)
    (folder / "manifest.json").write_text("{" if why == "damaged" else json.dumps(plain))
    again = from_topic(fresh.bootstrap, keys, folder, mine, lambda: now)
    assert ids(again) == {person.id for person in people if bucket_of(person.id) in mine}
    assert read_manifest(folder).made_at == int(now)
    again.close()


def test_half_of_the_time_that_tombstones_stay_is_as_old_as_a_snapshot_gets() -> None:
    assert int(SUBSCRIPTIONS.extra["delete.retention.ms"]) == 2000 * SNAPSHOT_SECONDS


def test_who_has_left_is_wiped_from_the_disk_at_once_and_nobody_else_is(
    fresh: Broker, keys: SealKeys, tmp_path: Path
) -> None:
    people, folder = residents(), tmp_path / "registry"
    publish(fresh, keys, people)
    subscribers = from_topic(fresh.bootstrap, keys, folder, ALL)
    gone, kept = people[:3], people[3:]
    assert all(traces(folder, person) for person in people)
    with Producer(fresh.bootstrap) as producer:
        for person in gone:
            producer.send(SUBSCRIPTIONS.name, person.id, None).result(30)
    left: frozenset[bytes] = frozenset()
    deadline = time.monotonic() + 30
    while len(left) < len(gone):
        assert time.monotonic() < deadline, "the tombstones did not come"
        subscribers.follow()
        left |= subscribers.refresh().left
    subscribers.erase(left)
    assert [traces(folder, person) for person in gone] == [[]] * len(gone)
    assert all(traces(folder, person) for person in kept)
    assert ids(subscribers) == {person.id for person in kept}
    subscribers.close()
    # Whoever starts from the wiped snapshot finds the others as they were, and nobody in the holes.
    again = from_topic(fresh.bootstrap, keys, folder, ALL)
    found = {subscription_at(again.registry, row) for row in np.flatnonzero(~is_nobodys(again.registry)).tolist()}
    assert {person.id for person in found} == {person.id for person in kept}
    assert {person.endpoint for person in found} == {person.endpoint for person in kept}
    assert again.people.living == len(kept)
    again.close()


def test_where_somebody_lived_before_she_moved_leaves_the_disk_within_a_minute(
    fresh: Broker, keys: SealKeys, tmp_path: Path
) -> None:
    people, folder = residents(), tmp_path / "registry"
    publish(fresh, keys, people)
    subscribers = from_topic(fresh.bootstrap, keys, folder, ALL)
    subscribers.erase_outdated(1000.0)
    moved = [replace(one, endpoint=one.endpoint + "-moved") for one in people[:3]]
    publish(fresh, keys, moved)
    deadline = time.monotonic() + 30
    while set(changed(subscribers)) != {one.id for one in moved}:
        assert time.monotonic() < deadline, "the moves did not come"
        subscribers.follow()
        subscribers.refresh()
    subscribers.erase_outdated(1000.0 + OUTDATED_SECONDS - 1)
    assert all(traces(folder, person) for person in people), "many moves of one minute are one write"
    subscribers.erase_outdated(1000.0 + 3 * OUTDATED_SECONDS)
    assert [traces(folder, person) for person in people[:3]] == [[]] * 3
    assert all(traces(folder, person) for person in people[3:])
    assert ids(subscribers) == {person.id for person in people}
    subscribers.close()
    # What they have now is behind the snapshot on the topic, and is found by the next start.
    again = from_topic(fresh.bootstrap, keys, folder, ALL)
    assert ids(again) == {person.id for person in people}
    assert set(changed(again).values()) == {one.endpoint for one in moved}
    again.close()


def traces(folder: Path, person: Subscription) -> list[str]:
    """Return the files of *folder* that hold bytes by which *person* could be found or reached."""
    # Not the point of the key: that is everybody's in these tests.
    sought = (person.endpoint.partition("/send/")[2].encode(), person.id, person.auth)
    files = sorted(folder.iterdir())
    return [file.name for file in files if any(one in file.read_bytes() for one in sought)]


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
    assert [letter.headers[REASON] for letter in letters(fresh)] == [b"sealed-key-unknown"]


def test_signs_of_life_are_kept_at_the_start_and_after_it_and_those_of_nobody_are_named(
    fresh: Broker, keys: SealKeys, tmp_path: Path
) -> None:
    people, folder = residents(12), tmp_path / "registry"
    publish(fresh, keys, people)
    gone = people[11].id

    def sign(*spans: tuple[bytes, int | None]) -> None:
        with Producer(fresh.bootstrap) as producer:
            for one, span in spans:
                value = None if span is None else signs.sealed(keys, one, span)
                producer.send(SUBSCRIPTIONS.name, signs.key_of(one), value).result(30)

    def seen(subscribers: Subscribers) -> dict[bytes, int]:
        found = {}
        for registry in (subscribers.people.base, subscribers.people.delta):
            found.update({registry.id_of(row): int(registry.columns.seen[row]) for row in range(registry.count)})
        return found

    with Producer(fresh.bootstrap) as producer:
        producer.send(SUBSCRIPTIONS.name, gone, None).result(30)
        producer.send(SUBSCRIPTIONS.name, signs.key_of(people[5].id), b"?").result(30)
    sign((people[0].id, 200), (people[1].id, 210), (people[0].id, 220), (gone, 220), (people[2].id, 220))
    sign((people[2].id, None))
    subscribers = from_topic(fresh.bootstrap, keys, folder, ALL)
    before = {one.id: one.seen for one in people[:11]}
    assert seen(subscribers) == before | {people[0].id: 220, people[1].id: 210}
    assert subscribers.note_signs() == {gone}
    subscribers.close()
    # The next one goes on with the snapshot, which holds them, and takes what has come since.
    joining = residents(1, seed=9)
    publish(fresh, keys, joining)
    sign((people[1].id, 205), (people[3].id, 230), (joining[0].id, 231))
    again = from_topic(fresh.bootstrap, keys, folder, ALL)
    assert again.registry.count == 11
    assert again.note_signs() == frozenset()
    later = {people[0].id: 220, people[1].id: 210, people[3].id: 230, joining[0].id: 231}
    assert seen(again) == before | later
    again.close()
    assert {letter.headers[REASON] for letter in letters(fresh)} == {b"sealed-length"}


def letters(broker: Broker) -> list[Record]:
    return list(read_to_end(broker.bootstrap, DEAD_LETTERS.name))


def test_a_start_has_the_newest_of_each_and_puts_aside_what_it_cannot_read(
    fresh: Broker, keys: SealKeys, tmp_path: Path
) -> None:
    people = residents(40)
    publish(fresh, keys, people)
    moved = [replace(one, endpoint=one.endpoint + "-moved") for one in people[:10]]
    with Producer(fresh.bootstrap) as producer:
        for person in people[5:15]:
            producer.send(SUBSCRIPTIONS.name, person.id, None).result(30)
        for key, value in ((people[20].id, b"\xff" * 40), (b"short", b"\xff"), (people[21].id, b"")):
            producer.send(SUBSCRIPTIONS.name, key, value).result(30)
    publish(fresh, keys, moved)
    subscribers = from_topic(fresh.bootstrap, keys, tmp_path / "registry", ALL)
    subscribers.close()
    gone = {person.id for person in (*people[10:15], people[20], people[21])}
    assert ids(subscribers) == {person.id for person in people} - gone
    registry = subscribers.registry
    endpoints = {registry.id_of(row): registry.endpoint(row) for row in range(registry.count)}
    assert {one.id: one.endpoint for one in moved}.items() <= endpoints.items()
    assert registry.count == len(endpoints), "nobody twice"
    assert registry.bucket.tolist() == [bucket_of(registry.id_of(row)) for row in range(registry.count)]
    found = letters(fresh)
    assert sorted(letter.headers[REASON] for letter in found) == [b"sealed-key-unknown", *[b"sealed-length"] * 2]
    assert {letter.value for letter in found} == {b""}, "of subscriptions the reason and the length only"


def test_with_the_wrong_key_file_the_first_letters_say_so_and_no_million_follows(fresh: Broker) -> None:
    aside = Aside(fresh.bootstrap)
    for offset in range(MOST_LETTERS + 5):
        aside.put(Record(SUBSCRIPTIONS.name, 0, offset, bytes(16), b"?"), "sealed-key-unknown")
    aside.close()
    assert len(letters(fresh)) == MOST_LETTERS


def test_who_is_gone_is_left_out_from_the_next_notice_on() -> None:
    people = residents(5)
    subscribers = Subscribers(Registry.of(columns_of(people)), None, None, ALL)
    subscribers.forget(people[2].id)
    assert people[2].id in ids(subscribers), "not amid a notice"
    subscribers.refresh()
    assert ids(subscribers) == {person.id for person in people} - {people[2].id}
