"""Sources are asked, what they give is stored before it counts as seen, and silence shows."""

import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, cast

import pytest
from prometheus_client import CollectorRegistry

from feeds.errors import FetchError, FetchReason, UnknownFormat
from feeds.source import Missed, Pace, RawReport
from feeds.sources import Registered, registered
from feeds.web import Web
from streams.brokers.broker import Broker, ensure_topics
from streams.brokers.client import Producer, Stored, read_to_end
from streams.brokers.errors import SendError
from streams.ingest.collector import Clock, Collector, Round
from streams.metrics import CollectMetrics
from streams.payloads import SourceRecord
from streams.topics import SOURCES, TELEGRAMS
from streams.wire import decode
from tests.feeds.server import serving
from tests.feeds.test_jma_pull import LONG_AGO, serve_real, telegrams

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
PACE = Pace(60, 120)


class Kept:
    """What the collector needs of a producer: it keeps what is sent, and may be away."""

    def __init__(self) -> None:
        self.kept: list[tuple[str, bytes, bytes | None, Mapping[str, bytes]]] = []
        self.states: list[SourceRecord] = []
        self.away = False

    def send(self, topic: str, key: bytes, value: bytes | None, headers: Mapping[str, bytes]) -> "Future[Stored]":
        answer: Future[Stored] = Future()
        if self.away:
            answer.set_exception(SendError(f"{topic}: away"))
        else:
            if topic == SOURCES.name:
                self.states.append(decode(SourceRecord, value))
            else:
                self.kept.append((topic, key, value, headers))
            answer.set_result(Stored(topic, 0, len(self.kept)))
        return answer


class Listed:
    """A source that yields what it is told, and remembers what was taken."""

    def __init__(self, name: str, *items: RawReport | Missed | Exception) -> None:
        self.name, self.pace = name, PACE
        self.items = list(items)
        self.taken: list[str] = []

    def fetch(self, web: Web, at: datetime) -> Iterator[RawReport | Missed]:
        for item in list(self.items):
            if isinstance(item, Exception):
                raise item
            if item.name not in self.taken:
                yield item
                self.taken.append(item.name)

    def memory(self) -> Mapping[str, Any]:
        return {"taken": self.taken}

    def remember(self, memory: Mapping[str, Any]) -> None:
        self.taken = list(memory["taken"])


class Scene:
    """A collector with one source, a clock that is moved, and its figures."""

    def __init__(self, folder: Path, source: Listed, broker: Kept) -> None:
        self.at = NOON
        self.registry = CollectorRegistry()
        self.source = source
        self.one = Registered(source, frozenset(), "Agency", "licence", "call 1234")
        self.collector = Collector(
            [self.one],
            cast("Producer", broker),
            folder=folder,
            metrics=CollectMetrics(self.registry, [source.name]),
            clock=Clock(lambda: self.at, lambda: 0.0),
            random=Random(1),
        )

    def ask(self) -> Round:
        return self.collector.ask(self.one, cast("Web", None))

    def figure(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(name, {"source": self.source.name, **labels})

    def stale(self) -> bool:
        """Say what the alarm SourceSilent says."""
        until = self.figure("source_fresh_until_timestamp_seconds")
        assert until
        return self.at.timestamp() > until


A, B = RawReport("https://feed.example/a", "jma", b"<a/>"), RawReport("https://feed.example/b", "jma", b"<b/>")


def test_what_a_source_gives_is_on_telegrams_with_its_bytes_name_and_feed(tmp_path: Path) -> None:
    broker = Kept()
    assert Scene(tmp_path, Listed("jma-test", A, B), broker).ask() == Round(2)
    assert [(topic, value) for topic, _, value, _ in broker.kept] == [
        (TELEGRAMS.name, b"<a/>"),
        (TELEGRAMS.name, b"<b/>"),
    ]
    assert [(headers["name"], headers["feed"]) for *_, headers in broker.kept] == [
        (b"https://feed.example/a", b"jma"),
        (b"https://feed.example/b", b"jma"),
    ]


def test_what_the_broker_did_not_store_is_asked_for_again(tmp_path: Path) -> None:
    broker, source = Kept(), Listed("jma-test", A, B)
    scene = Scene(tmp_path, source, broker)
    broker.away = True
    assert scene.ask().reason == "not-stored"
    assert source.taken == []
    broker.away = False
    assert scene.ask() == Round(2)
    assert [value for _, _, value, _ in broker.kept] == [b"<a/>", b"<b/>"]


def test_a_restart_remembers_what_was_stored(tmp_path: Path) -> None:
    broker = Kept()
    Scene(tmp_path, Listed("jma-test", A), broker).ask()
    again = Listed("jma-test", A, B)
    assert Scene(tmp_path, again, broker).ask() == Round(1)
    (tmp_path / "jma-test.json").write_text("[" * 100_000)
    assert Scene(tmp_path, Listed("jma-test", A, B), broker).ask() == Round(2)


def test_a_source_is_stale_after_its_interval_and_grace_and_fresh_when_it_answers(tmp_path: Path) -> None:
    source = Listed("jma-test", FetchError(FetchReason.TIMEOUT, "", 90.0))
    scene = Scene(tmp_path, source, Kept())
    assert not scene.stale()
    assert scene.ask() == Round(0, "fetch-timeout", 90.0)
    scene.at += timedelta(seconds=181)
    assert scene.stale()
    assert scene.figure("source_answered_timestamp_seconds") == 0
    source.items = []
    scene.ask()
    assert not scene.stale()
    assert scene.figure("source_answered_timestamp_seconds") == scene.at.timestamp()


@pytest.mark.parametrize(
    ("item", "outcome"),
    [
        (A, "stored"),
        (FetchError(FetchReason.PAGE, ""), "fetch-page"),
        (UnknownFormat("not-an-index", ""), "unreadable"),
        (Missed("x", "fetch-status"), "fetch-status"),
        (Missed("x", "too-old", given_up=True), "given-up"),
    ],
)
def test_each_end_of_a_request_is_counted(tmp_path: Path, item: RawReport | Missed | Exception, outcome: str) -> None:
    scene = Scene(tmp_path, Listed("jma-test", item), Kept())
    assert scene.figure("source_fetches_total", outcome=outcome) == 0
    scene.ask()
    assert scene.figure("source_fetches_total", outcome=outcome) == 1


def test_what_is_known_of_a_source_goes_to_its_topic_after_each_round(tmp_path: Path) -> None:
    broker, source = Kept(), Listed("jma-test", FetchError(FetchReason.TIMEOUT, ""))
    scene = Scene(tmp_path, source, broker)
    scene.at += timedelta(seconds=60)
    scene.ask()
    source.items = [A]
    scene.ask()
    failed, answered = broker.states
    assert (failed.source, failed.contact, failed.reason) == ("jma-test", "call 1234", "fetch-timeout")
    # It never answered: it is silent from its first interval and grace on, counted from the start.
    assert (failed.answered, failed.fresh_until) == (None, NOON + timedelta(seconds=180))
    assert (answered.reason, answered.answered) == ("", scene.at)
    assert answered.fresh_until == scene.at + timedelta(seconds=180)


def test_a_failure_is_logged_when_it_begins_and_when_it_ends(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    source = Listed("jma-test", FetchError(FetchReason.TIMEOUT, ""))
    scene = Scene(tmp_path, source, Kept())
    for _ in range(5):
        scene.ask()
    source.items = []
    for _ in range(5):
        scene.ask()
    assert [record.message for record in caplog.records] == ["a source gives nothing", "a source answers again"]


def test_a_source_that_hangs_delays_no_other(tmp_path: Path) -> None:
    released, stored = threading.Event(), threading.Event()

    class Hanging(Listed):
        def fetch(self, web: Web, at: datetime) -> Iterator[RawReport | Missed]:
            released.wait(20)
            return iter(())

    class Telling(Kept):
        def send(self, topic: str, key: bytes, value: bytes | None, headers: Mapping[str, bytes]) -> "Future[Stored]":
            sent = super().send(topic, key, value, headers)
            if topic == TELEGRAMS.name:
                stored.set()
            return sent

    sources = [Registered(one, frozenset(), "", "", "") for one in (Hanging("hangs"), Listed("answers", A))]
    collector = Collector(
        sources,
        cast("Producer", Telling()),
        folder=tmp_path,
        metrics=CollectMetrics(CollectorRegistry(), ["hangs", "answers"]),
        clock=Clock(lambda: NOON, lambda: 0.0),
        random=Random(1),
    )
    beats: list[int] = []
    collector.run(stored.is_set, lambda: beats.append(1), look_seconds=0.01)
    released.set()
    assert stored.is_set()
    assert beats


def test_an_error_of_ours_ends_the_process_and_is_not_swallowed(tmp_path: Path) -> None:
    scene = Scene(tmp_path, Listed("jma-test", KeyError("ours")), Kept())
    with pytest.raises(KeyError, match="ours"):
        scene.collector.run(lambda: False, lambda: None, look_seconds=0.01)


def test_the_real_feed_comes_over_http_onto_the_topic_byte_for_byte(
    shared_data: Path, tmp_path: Path, embedded_broker: Broker
) -> None:
    ensure_topics(embedded_broker, [TELEGRAMS, SOURCES])
    documents = telegrams(shared_data)
    with serving() as server, Producer(embedded_broker.bootstrap) as producer:
        serve_real(server, shared_data, "atom_extra.xml")
        (one,) = registered(
            {
                "source": [
                    {
                        "name": "jma-extra",
                        "reader": "jma",
                        "url": f"{server.origin}/short.xml",
                        "long_url": f"{server.origin}/long.xml",
                        "interval_seconds": 60,
                        "grace_seconds": 120,
                    }
                ]
            }
        )
        collector = Collector(
            [one],
            producer,
            folder=tmp_path,
            metrics=CollectMetrics(CollectorRegistry(), ["jma-extra"]),
            clock=Clock(lambda: LONG_AGO, lambda: 0.0),
            random=Random(1),
        )
        with Web(one.origins, monotonic=lambda: 0.0) as web:
            assert [collector.ask(one, web) for _ in range(3)] == [Round(10), Round(0), Round(0)]
    stored = list(read_to_end(embedded_broker.bootstrap, TELEGRAMS.name))
    taken = {record.value for record in stored if record.headers["name"].startswith(server.origin.encode())}
    assert len(taken) == 10
    assert taken <= set(documents.values())
    states = [decode(SourceRecord, record.value) for record in read_to_end(embedded_broker.bootstrap, SOURCES.name)]
    assert [state.reason for state in states if state.source == "jma-extra"] == ["", "", ""]
