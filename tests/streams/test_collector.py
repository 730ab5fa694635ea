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

from feeds.errors import UnknownFormat
from feeds.source import Missed, Pace, RawReport
from feeds.sources import Registered
from feeds.web import FetchError, FetchReason, Web
from streams.client import Producer, Stored
from streams.collector import Clock, Collector, Round
from streams.errors import SendError
from streams.metrics import CollectMetrics
from streams.topics import TELEGRAMS

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
PACE = Pace(60, 120)


class Broker:
    """What the collector needs of a producer: it keeps what is sent, and may be away."""

    def __init__(self) -> None:
        self.kept: list[tuple[str, bytes, bytes | None, Mapping[str, bytes]]] = []
        self.away = False

    def send(self, topic: str, key: bytes, value: bytes | None, headers: Mapping[str, bytes]) -> "Future[Stored]":
        answer: Future[Stored] = Future()
        if self.away:
            answer.set_exception(SendError(f"{topic}: away"))
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

    def __init__(self, folder: Path, source: Listed, broker: Broker) -> None:
        self.at = NOON
        self.registry = CollectorRegistry()
        self.source = source
        self.one = Registered(source, frozenset(), "", "", "")
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
    broker = Broker()
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
    broker, source = Broker(), Listed("jma-test", A, B)
    scene = Scene(tmp_path, source, broker)
    broker.away = True
    assert scene.ask().reason == "not-stored"
    assert source.taken == []
    broker.away = False
    assert scene.ask() == Round(2)
    assert [value for _, _, value, _ in broker.kept] == [b"<a/>", b"<b/>"]


def test_a_restart_remembers_what_was_stored(tmp_path: Path) -> None:
    broker = Broker()
    Scene(tmp_path, Listed("jma-test", A), broker).ask()
    again = Listed("jma-test", A, B)
    assert Scene(tmp_path, again, broker).ask() == Round(1)
    (tmp_path / "jma-test.json").write_text("[" * 100_000)
    assert Scene(tmp_path, Listed("jma-test", A, B), broker).ask() == Round(2)


def test_a_source_is_stale_after_its_interval_and_grace_and_fresh_when_it_answers(tmp_path: Path) -> None:
    source = Listed("jma-test", FetchError(FetchReason.TIMEOUT, "", 90.0))
    scene = Scene(tmp_path, source, Broker())
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
    scene = Scene(tmp_path, Listed("jma-test", item), Broker())
    assert scene.figure("source_fetches_total", outcome=outcome) == 0
    scene.ask()
    assert scene.figure("source_fetches_total", outcome=outcome) == 1


def test_a_source_that_hangs_delays_no_other(tmp_path: Path) -> None:
    released, stored = threading.Event(), threading.Event()

    class Hanging(Listed):
        def fetch(self, web: Web, at: datetime) -> Iterator[RawReport | Missed]:
            released.wait(20)
            return iter(())

    class Telling(Broker):
        def send(self, topic: str, key: bytes, value: bytes | None, headers: Mapping[str, bytes]) -> "Future[Stored]":
            sent = super().send(topic, key, value, headers)
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
    scene = Scene(tmp_path, Listed("jma-test", KeyError("ours")), Broker())
    with pytest.raises(KeyError, match="ours"):
        scene.collector.run(lambda: False, lambda: None, look_seconds=0.01)
