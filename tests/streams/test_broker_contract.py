"""What holds on both brokers, and, at the end, what holds only on Apache Kafka.

Only on Apache Kafka: topics have the declared partitions and settings; keys of a compacted topic are
compacted; records outlive the broker's process; a topic that nobody declared does not exist; a static
member that restarts keeps its partitions; a producer that was replaced is fenced. On the embedded broker
every topic has 4 partitions and keeps its newest 5 MB.
"""

import asyncio
import dataclasses
import json
import threading
import time
from pathlib import Path

import confluent_kafka
import pytest
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType

from streams.brokers.broker import Broker, BrokerKind, changelog_of, config_of, ensure_topics, kind_of, open_broker
from streams.brokers.client import Consumer, GapError, Producer, Record, SendError, TopicError, read_to_end
from streams.brokers.errors import BrokerNotReady
from streams.brokers.faust_app import Outlet, build_app
from streams.brokers.kafka import KafkaServer
from streams.topics import CLAIMS, SUBSCRIPTIONS, Cleanup
from tests.streams.conftest import NewTopic

# Shard ids as they are on the wire: H3 cells of resolution 6 around Tokyo, in hexadecimal.
SHARD_KEYS = [f"862f5a{number:03x}7ffffff".encode() for number in range(60)]


def soon() -> float:
    """Return a deadline that a healthy broker meets many times over."""
    return time.monotonic() + 30.0


def read(consumer: Consumer, count: int) -> list[Record]:
    """Return the next *count* records."""
    until, records = soon(), list[Record]()
    while len(records) < count:
        assert time.monotonic() < until, f"only {len(records)} of {count} records came"
        records += consumer.poll_many(count - len(records), 0.2)
    return records


def test_an_address_tells_which_broker_is_behind_it(broker: Broker) -> None:
    assert kind_of(broker.bootstrap) is broker.kind
    assert open_broker(broker.bootstrap).kind is broker.kind


def test_topics_may_be_ensured_again(broker: Broker, new_topic: NewTopic) -> None:
    topic = new_topic()
    ensure_topics(broker, [topic])
    ensure_topics(broker, [topic])
    with Consumer(broker.bootstrap) as consumer:
        assert len(consumer.watermarks(topic.name)) == broker.partitions_of(topic)


def test_many_small_records_reach_a_topic_that_allows_only_small_batches(broker: Broker, new_topic: NewTopic) -> None:
    topic = new_topic("small", max_message_bytes=SUBSCRIPTIONS.max_message_bytes)
    ensure_topics(broker, [topic])
    with Producer(broker.bootstrap) as producer:
        stored = producer.send_all(topic.name, [(key, b"sealed" * 100) for key in SHARD_KEYS * 20], soon())
    assert len(stored) == len(SHARD_KEYS) * 20


def test_who_lets_somebody_wait_is_given_a_record_without_company(broker: Broker, new_topic: NewTopic) -> None:
    topic = new_topic()
    ensure_topics(broker, [topic])
    with Producer(broker.bootstrap) as producer, Consumer(broker.bootstrap) as consumer:
        consumer.assign_from_oldest([topic.name])
        producer.send(topic.name, b"first", b"1").result(30)
        # Whoever waits for a second one gets both.
        second = threading.Timer(15.0, producer.send, (topic.name, b"second", b"2"))
        second.start()
        records = tuple[Record, ...]()
        while not records:
            records = consumer.poll_at_once(2, 60.0)
        second.cancel()
        assert [record.key for record in records] == [b"first"]
        producer.send_all(topic.name, [(b"third", b"3"), (b"fourth", b"4")], soon())
        assert {record.key for record in read(consumer, 2)} == {b"third", b"fourth"}


def test_a_record_comes_back_as_it_was_sent(broker: Broker, new_topic: NewTopic) -> None:
    topic = new_topic()
    ensure_topics(broker, [topic])
    with Producer(broker.bootstrap) as producer:
        stored = producer.send(topic.name, b"jma:series", b"\x00\xff raw", {"received-at": b"1732200000000"}).result(30)
    (record,) = read_to_end(broker.bootstrap, topic.name, soon())
    assert (record.key, record.value, record.headers) == (
        b"jma:series",
        b"\x00\xff raw",
        {"received-at": b"1732200000000"},
    )
    assert (record.topic, record.partition, record.offset) == (stored.topic, stored.partition, stored.offset)
    assert record.timestamp_ms > 0


def test_a_tombstone_is_none_and_an_empty_value_is_not(broker: Broker, new_topic: NewTopic) -> None:
    topic = new_topic(cleanup=Cleanup.COMPACT)
    ensure_topics(broker, [topic])
    with Producer(broker.bootstrap) as producer:
        producer.send_all(topic.name, [(b"k", b"v"), (b"k", b""), (b"k", None)], soon())
    assert [record.value for record in read_to_end(broker.bootstrap, topic.name, soon())] == [b"v", b"", None]


def test_records_of_one_key_keep_their_order(broker: Broker, new_topic: NewTopic) -> None:
    topic = new_topic()
    ensure_topics(broker, [topic])
    sent = [(SHARD_KEYS[number % 60], str(number).encode()) for number in range(3000)]
    with Producer(broker.bootstrap) as producer:
        producer.send_all(topic.name, sent, soon())
    came = list(read_to_end(broker.bootstrap, topic.name, soon()))
    assert len(came) == 3000
    for key in SHARD_KEYS:
        assert [r.value for r in came if r.key == key] == [value for sent_key, value in sent if sent_key == key]


def test_both_clients_put_a_key_on_the_same_partition(broker: Broker, new_topic: NewTopic, tmp_path: Path) -> None:
    topic = new_topic()
    ensure_topics(broker, [topic])
    with Producer(broker.bootstrap) as producer:
        plain = [stored.partition for stored in producer.send_all(topic.name, [(k, b"") for k in SHARD_KEYS], soon())]

    async def by_faust() -> list[int]:
        app = build_app("same-partition", broker, data_dir=tmp_path)
        out = Outlet(app, topic)
        sent = [await out.send(key, b"") for key in SHARD_KEYS]
        placed = [stored.partition for stored in await asyncio.gather(*sent)]
        await app.producer.stop()
        return placed

    assert asyncio.run(by_faust()) == plain
    assert len(set(plain)) > 1


def test_reading_to_the_end_ends_and_an_empty_topic_is_no_wait(broker: Broker, new_topic: NewTopic) -> None:
    empty, busy = new_topic(), new_topic()
    ensure_topics(broker, [empty, busy])
    assert list(read_to_end(broker.bootstrap, empty.name, soon())) == []
    with Producer(broker.bootstrap) as producer:
        producer.send_all(busy.name, [(key, b"before") for key in SHARD_KEYS], soon())
        reading = read_to_end(broker.bootstrap, busy.name, soon())
        came = [next(reading)]
        producer.send_all(busy.name, [(key, b"after") for key in SHARD_KEYS], soon())
        came += reading
    assert [record.value for record in came] == [b"before"] * 60


def test_a_reader_of_its_own_starts_exactly_where_it_is_told(broker: Broker, new_topic: NewTopic) -> None:
    topic = new_topic()
    ensure_topics(broker, [topic])
    with Producer(broker.bootstrap) as producer:
        producer.send_all(topic.name, [(b"one-key", str(number).encode()) for number in range(10)], soon())
        partition = producer.send(topic.name, b"one-key", b"10").result(30).partition
    with Consumer(broker.bootstrap) as consumer:
        consumer.assign({(topic.name, partition): 7})
        assert [record.value for record in read(consumer, 4)] == [b"7", b"8", b"9", b"10"]
        assert consumer.positions() == {(topic.name, partition): 11}


def test_a_group_goes_on_behind_the_last_contiguous_finished_record(broker: Broker, new_topic: NewTopic) -> None:
    topic = new_topic()
    ensure_topics(broker, [topic])
    with Producer(broker.bootstrap) as producer:
        producer.send_all(topic.name, [(b"one-key", str(number).encode()) for number in range(10)], soon())
    with Consumer(broker.bootstrap, group=topic.name) as consumer:
        consumer.subscribe([topic.name])
        records = read(consumer, 10)
        for finished in (0, 1, 2, 5, 6):  # 3 is still open: 5 and 6 may not be committed
            consumer.finished(records[finished])
        consumer.commit()
        assert consumer.open_records() == 7
    with Consumer(broker.bootstrap, group=topic.name) as consumer:
        consumer.subscribe([topic.name])
        assert [record.value for record in read(consumer, 7)] == [b"3", b"4", b"5", b"6", b"7", b"8", b"9"]


def test_a_missing_broker_is_named_with_the_remedy() -> None:
    with pytest.raises(BrokerNotReady, match="make kafka"):
        kind_of("127.0.0.1:1", within_seconds=0.5)


def test_a_record_that_nobody_stores_is_a_failure_and_not_silence() -> None:
    producer = Producer("127.0.0.1:1", stored_within_seconds=0.5)
    with pytest.raises(SendError):
        producer.send("told", b"k", b"v").result(30)
    producer.close()


# ── only on the embedded broker ───────────────────────────────────────────────────────────────────


def test_a_reader_that_was_overtaken_is_told_so(embedded_broker: Broker, new_topic: NewTopic) -> None:
    topic = new_topic()
    ensure_topics(embedded_broker, [topic])
    with Producer(embedded_broker.bootstrap) as producer:
        for _batch in range(8):
            producer.send_all(topic.name, [(b"one-key", b"x" * 100_000)] * 10, soon())
        partition = producer.send(topic.name, b"one-key", b"last").result(30).partition
    with Consumer(embedded_broker.bootstrap) as consumer, pytest.raises(GapError, match="removed unread"):
        consumer.assign({(topic.name, partition): 0})

    lost: list[tuple[int, int]] = []
    with Consumer(
        embedded_broker.bootstrap, on_lost=lambda _t, _p, expected, first: lost.append((expected, first))
    ) as c:
        c.assign({(topic.name, partition): 0})
        first = read(c, 1)[0].offset
    assert lost == [(0, first)]


# ── only on Apache Kafka ──────────────────────────────────────────────────────────────────────────


@pytest.mark.kafka
def test_topics_have_the_declared_partitions_and_settings(kafka: Broker, new_topic: NewTopic) -> None:
    topic = new_topic(partitions=6, cleanup=Cleanup.COMPACT, max_message_bytes=12_345, extra={"segment.ms": "600000"})
    ensure_topics(kafka, [topic])
    assert _settings(kafka, topic.name) >= {
        ("cleanup.policy", "compact"), ("max.message.bytes", "12345"), ("segment.ms", "600000"),
    }  # fmt: skip
    with Consumer(kafka.bootstrap) as consumer:
        assert len(consumer.watermarks(topic.name)) == 6


@pytest.mark.kafka
def test_a_changed_declaration_reaches_an_existing_topic(kafka: Broker, new_topic: NewTopic) -> None:
    topic = new_topic(max_message_bytes=1000)
    ensure_topics(kafka, [topic])
    ensure_topics(kafka, [dataclasses.replace(topic, max_message_bytes=2000)])
    # The controller has it at once; the broker that is asked hears of it a moment later.
    deadline = soon()
    while ("max.message.bytes", "2000") not in _settings(kafka, topic.name):
        assert time.monotonic() < deadline, "the declared size did not come into force"


@pytest.mark.kafka
def test_another_number_of_partitions_is_refused(kafka: Broker, new_topic: NewTopic) -> None:
    topic = new_topic(partitions=4)
    ensure_topics(kafka, [topic])
    with pytest.raises(TopicError, match="has 4 partitions, declared are 5"):
        ensure_topics(kafka, [dataclasses.replace(topic, partitions=5)])


@pytest.mark.kafka
def test_a_topic_that_nobody_declared_is_an_error(kafka: Broker) -> None:
    with pytest.raises(TopicError, match="there is no topic"):
        list(read_to_end(kafka.bootstrap, "never-declared", soon()))


@pytest.mark.kafka
def test_a_static_member_comes_back_to_its_partitions(kafka: Broker, new_topic: NewTopic) -> None:
    topic = new_topic(partitions=2)
    ensure_topics(kafka, [topic])
    held: list[set[tuple[str, int]]] = []
    with Producer(kafka.bootstrap) as producer:
        for turn in range(2):
            producer.send_all(topic.name, [(key, b"") for key in SHARD_KEYS], soon())
            with Consumer(kafka.bootstrap, group=topic.name, instance="worker-1") as consumer:
                consumer.subscribe([topic.name])
                for record in read(consumer, 60):
                    consumer.finished(record)
                held.append(set(consumer.positions()))
            assert len(held) == turn + 1
    assert held[0] == held[1]


@pytest.mark.kafka
def test_records_outlive_a_killed_broker(tmp_path: Path, new_topic: NewTopic) -> None:
    topic = new_topic()
    with KafkaServer() as server:
        server.start(tmp_path)
        broker = Broker(server.bootstrap, BrokerKind.KAFKA)
        ensure_topics(broker, [topic])
        with Producer(server.bootstrap) as producer:
            producer.send_all(topic.name, [(key, b"kept") for key in SHARD_KEYS], soon())
            server.kill()
            assert not server.is_running
            waiting = producer.send(topic.name, b"k", b"sent while it was away")
            server.restart()
            waiting.result(30)
        assert len(list(read_to_end(server.bootstrap, topic.name, soon()))) == 61


@pytest.mark.kafka
def test_a_patient_reader_asks_less_often_and_misses_nothing(
    kafka: Broker, new_topic: NewTopic, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = new_topic(partitions=1)
    ensure_topics(kafka, [topic])
    asked: dict[str, int] = {}  # by librdkafka's own count: a number of fetches for each of its clients

    def counted(said: str) -> None:
        statistics = json.loads(said)
        asked[statistics["client_id"]] = sum(one["req"]["Fetch"] for one in statistics["brokers"].values())

    def reader(name: str, *, patient: bool) -> Consumer:
        counting = {"client.id": name, "statistics.interval.ms": 50, "stats_cb": counted}
        with monkeypatch.context() as patched:
            plain = confluent_kafka.Consumer
            patched.setattr(confluent_kafka, "Consumer", lambda settings: plain(settings | counting))
            return Consumer(kafka.bootstrap, patient=patient)

    with reader("hasty", patient=False) as hasty, reader("patient", patient=True) as patient:
        for one in (hasty, patient):
            one.assign_from_oldest([topic.name])
        until = soon()
        while asked.get("hasty", 0) < 50:
            assert time.monotonic() < until, f"nobody asks: {asked}"
            assert not [*hasty.poll_many(1, 0.01), *patient.poll_many(1, 0.01)]
        assert 0 < asked["patient"] < asked["hasty"] / 2
        with Producer(kafka.bootstrap) as producer:
            producer.send_all(topic.name, [(b"key", b"woken"), (b"key", b"and again")], soon())
        for one in (hasty, patient):
            assert [record.value for record in read(one, 2)] == [b"woken", b"and again"]


# ── without a broker ──────────────────────────────────────────────────────────────────────────────


def test_a_changelog_is_compacted_and_partitioned_as_its_source() -> None:
    changelog = changelog_of("hazards", "standings", CLAIMS)
    assert changelog.name == "hazards-standings-changelog"
    assert changelog.partitions == CLAIMS.partitions
    assert config_of(changelog)["cleanup.policy"] == "compact"


def test_an_erased_subscription_leaves_the_topic_within_its_promise() -> None:
    config = config_of(SUBSCRIPTIONS)
    # The lag counts from the record on: a segment has to be rolled well within it, and what is left is for the cleaner.
    assert int(config["segment.ms"]) < int(config["max.compaction.lag.ms"]) <= 15 * 60_000


def _settings(kafka: Broker, topic: str) -> set[tuple[str, str]]:
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
    (answer,) = admin.describe_configs([ConfigResource(ResourceType.TOPIC, topic)]).values()
    return {(name, entry.value) for name, entry in answer.result(timeout=30).items()}
