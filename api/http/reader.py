"""Follow topics into memory in a thread, and know how current that memory is."""

import logging
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from api.http.metrics import ApiMetrics
from streams.brokers.client import Consumer, Partition, Record
from streams.brokers.errors import StreamsError
from streams.dead_letters import Refused

log = logging.getLogger(__name__)

_BATCH = 1000
_POLL_SECONDS = 0.1
# How often the broker is asked what it holds: the answer is the proof that nothing newer is missing.
_CHECK_SECONDS = 2.0
_AGAIN_SECONDS = 1.0
# Several checks: older than this and the broker, or the way to it, is away.
STALE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Freshness:
    """How current the state is. `age_seconds` is None until the topics were read to their end once."""

    ready: bool
    lag_records: int
    age_seconds: float | None


def is_current(fresh: Freshness) -> bool:
    """Say whether the state can be spoken of as it is now."""
    return fresh.ready and fresh.age_seconds is not None and fresh.age_seconds <= STALE_SECONDS


class TopicReader:
    """A thread that reads *topics* from their oldest record and gives each one to *apply*.

    A record that cannot be read is counted and left out; its neighbours go on (promise 14). While the broker
    is away the state stays and its age grows.
    """

    def __init__(
        self, bootstrap: str, topics: Sequence[str], apply: Callable[[Record], None], metrics: ApiMetrics
    ) -> None:
        self._bootstrap = bootstrap
        self._topics = tuple(topics)
        self._apply = apply
        self._metrics = metrics
        self._positions: dict[Partition, int] = {}
        self._ready = False
        self._lag_records = 0
        self._current_at: float | None = None
        self._passed: tuple[float, dict[Partition, int]] = (0.0, {("", 0): 1})  # a mark that nobody passes
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to read."""
        self._thread = threading.Thread(target=self._run, name="topic-reader", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread; a broker that does not answer is not waited for."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(5.0)

    @asynccontextmanager
    async def while_served(self, _app: object) -> AsyncIterator[None]:
        """Read from the start of an application to its end: its lifespan."""
        self.start()
        try:
            yield
        finally:
            self.stop()

    def freshness(self) -> Freshness:
        """Return how current the state is now."""
        at = self._current_at
        age = None if at is None else max(0.0, time.monotonic() - at)
        return Freshness(self._ready, self._lag_records, age)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with Consumer(self._bootstrap, on_lost=self._on_lost) as consumer:
                    if self._positions:
                        consumer.assign(self._positions)
                    else:
                        consumer.assign_from_oldest(self._topics)
                    self._follow(consumer)
            except StreamsError as error:
                log.warning("the topics cannot be read", extra={"reason": type(error).__name__})
                self._stopping.wait(_AGAIN_SECONDS)

    def _follow(self, consumer: Consumer) -> None:
        check_at = 0.0
        while not self._stopping.is_set():
            records = consumer.poll_many(_BATCH, _POLL_SECONDS)
            for record in records:
                self._take(record)
            self._positions = consumer.positions()
            # The end is looked for at once, and then now and then: a check costs a request per partition.
            if time.monotonic() >= check_at or (records and not self._ready and consumer.has_reached_the_end()):
                self._check(consumer)
                check_at = time.monotonic() + (_CHECK_SECONDS if self._ready else _POLL_SECONDS)

    def _take(self, record: Record) -> None:
        try:
            self._apply(record)
        except Refused as error:
            self._metrics.unreadable()
            log.warning("a record is left out", extra={"record": record.place, "reason": error.reason})

    def _check(self, consumer: Consumer) -> None:
        """Ask what the broker holds; the state is as current as the last question whose answer we have read past."""
        asked_at = time.monotonic()
        highs: dict[Partition, int] = {}
        waiting = 0
        for topic in self._topics:
            for partition, marks in consumer.watermarks(topic).items():
                highs[partition] = marks.high
                waiting += max(0, marks.high - max(self._positions.get(partition, 0), marks.low))
        self._lag_records = waiting
        if waiting == 0:
            self._current_at = asked_at
        elif all(self._positions.get(partition, 0) >= high for partition, high in self._passed[1].items()):
            # Never at the very end while much comes in, and yet not older than the last look.
            self._current_at = self._passed[0]
        self._passed = asked_at, highs
        self._ready = self._ready or self._current_at is not None
        age = self.freshness().age_seconds
        self._metrics.current(0.0 if age is None else age, waiting)

    def _on_lost(self, topic: str, _partition: int, expected: int, first: int) -> None:
        # A compacted topic loses records that newer ones replace; the others' were kept long enough for any reader.
        self._metrics.lost(first - expected)
        log.warning("records were removed unread", extra={"topic": topic, "records": first - expected})
