"""Faust workers as processes, on both brokers: kill them, stop them, poison them."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from streams.brokers.broker import Broker, ensure_topics
from streams.brokers.client import Consumer, Producer, Record
from streams.topics import DEAD_LETTERS
from tests.streams.collecting_worker import topic

DEADLINE_SECONDS = 60.0


class Scene:
    """A source, an outlet, a worker between them, and what it sent so far."""

    def __init__(self, broker: Broker, folder: Path) -> None:
        self.broker, self.folder = broker, folder
        name = f"collect-{uuid4().hex[:8]}"
        self.source, self.out = topic(name), topic(f"{name}-out")
        ensure_topics(broker, [self.source, self.out, DEAD_LETTERS])
        self.producer = Producer(broker.bootstrap)
        self.reader = Consumer(broker.bootstrap)
        starts = {**self.reader.watermarks(self.out.name), **self.reader.watermarks(DEAD_LETTERS.name)}
        self.reader.assign({partition: marks.high for partition, marks in starts.items()})
        self.sent_on: list[Record] = []
        self.put_aside: list[Record] = []
        self.worker: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        arguments = [self.broker.bootstrap, self.source.name, self.out.name, str(self.folder), "one"]
        self.worker = subprocess.Popen([sys.executable, "-m", "tests.streams.collecting_worker", *arguments])

    def end(self, number: signal.Signals) -> int:
        assert self.worker is not None
        self.worker.send_signal(number)
        return self.worker.wait(20)

    def exit_code(self) -> int:
        assert self.worker is not None
        return self.worker.wait(DEADLINE_SECONDS)

    def send(self, *records: tuple[bytes, bytes]) -> None:
        self.producer.send_all(self.source.name, records, time.monotonic() + 30)

    def until(self, happened: Callable[[], bool]) -> None:
        """Read on until something holds; fail when it does not come to hold."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not happened():
            assert time.monotonic() < deadline, f"sent on: {self.state()}; put aside: {len(self.put_aside)}"
            for record in self.reader.poll_many(100, 0.1):
                (self.sent_on if record.topic == self.out.name else self.put_aside).append(record)

    def state(self) -> dict[bytes, bytes]:
        """Return the newest collection of each key."""
        return {record.key: record.value or b"" for record in self.sent_on}

    def close(self) -> None:
        if self.worker is not None and self.worker.poll() is None:
            self.end(signal.SIGKILL)
        self.reader.close()
        self.producer.close()


@pytest.fixture
def scene(broker: Broker, tmp_path: Path) -> Iterator[Scene]:
    opened = Scene(broker, tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def kafka_scene(kafka: Broker, tmp_path: Path) -> Iterator[Scene]:
    opened = Scene(kafka, tmp_path)
    yield opened
    opened.close()


def test_state_survives_kill_nine_and_poison_is_put_aside(scene: Scene) -> None:
    scene.start()
    scene.send((b"a", b"1"), (b"b", b"1"), (b"a", b"fail"), (b"a", b"refuse"), (b"a", b"2"))
    scene.until(lambda: scene.state() == {b"a": b"1,2", b"b": b"1"} and len(scene.put_aside) >= 2)
    reasons = {record.headers["reason"] for record in scene.put_aside}
    assert reasons == {b"unexpected-LookupError", b"made-up-reason"}
    letter = next(record for record in scene.put_aside if record.headers["reason"] == b"made-up-reason")
    assert (letter.value, letter.headers["original-key"]) == (b"refuse", b"a")
    assert letter.key.startswith(scene.source.name.encode())

    scene.end(signal.SIGKILL)
    scene.send((b"a", b"3"), (b"b", b"2"))
    scene.start()
    scene.until(lambda: scene.state() == {b"a": b"1,2,3", b"b": b"1,2"})
    scene.until((scene.folder / "heartbeat").exists)


@pytest.mark.kafka
def test_nothing_is_lost_when_a_worker_is_killed_again_and_again(kafka_scene: Scene) -> None:
    scene = kafka_scene
    keys = [f"shard-{number}".encode() for number in range(8)]
    wanted = {key: b",".join(sorted(f"{value:03d}".encode() for value in range(30))) for key in keys}
    for turn in range(3):
        scene.start()
        scene.send(*[(key, f"{value:03d}".encode()) for value in range(turn * 10, turn * 10 + 10) for key in keys])
        already = len(scene.sent_on)
        scene.until(lambda already=already: len(scene.sent_on) > already + 5)  # type: ignore[misc]
        scene.end(signal.SIGKILL)
    scene.start()
    scene.until(lambda: scene.state() == wanted)


@pytest.mark.kafka
def test_what_a_stop_cuts_short_is_done_again(kafka_scene: Scene) -> None:
    scene = kafka_scene
    scene.start()
    scene.send((b"a", b"1"), (b"a", b"wait"))
    scene.until((scene.folder / "waiting").exists)
    scene.end(signal.SIGTERM)
    assert scene.state().get(b"a", b"1") == b"1"
    (scene.folder / "go").touch()
    scene.start()
    scene.until(lambda: scene.state() == {b"a": b"1,wait"})


@pytest.mark.kafka
def test_a_refused_send_ends_the_worker_before_its_record_is_committed(kafka_scene: Scene) -> None:
    scene = kafka_scene
    scene.start()
    scene.send((b"a", b"1"), (b"a", b"large"))
    assert scene.exit_code() == 1
    with Consumer(scene.broker.bootstrap, group=scene.source.name) as group:
        group.subscribe([scene.source.name])
        until = time.monotonic() + DEADLINE_SECONDS
        left: list[Record] = []
        while not left:
            assert time.monotonic() < until, "the record was committed although what it sent was refused"
            left += group.poll_many(10, 0.2)
    assert left[-1].value == b"large"


@pytest.mark.kafka
def test_a_worker_that_puts_too_much_aside_stops(kafka_scene: Scene) -> None:
    scene = kafka_scene
    scene.start()
    scene.send(*[(b"a", b"fail")] * 5)
    assert scene.exit_code() == 1


@pytest.mark.kafka
def test_a_worker_that_is_told_to_stop_ends_well(kafka_scene: Scene) -> None:
    scene = kafka_scene
    scene.start()
    scene.send((b"a", b"1"))
    scene.until(lambda: scene.state() == {b"a": b"1"})
    assert scene.end(signal.SIGTERM) == 0
