"""Faust's Kafka transport, corrected where its defaults would lose an alert or make it late.

Four corrections, each with a test:

* **Fetch wait.** Faust asks the broker to hold an empty fetch for 1,500 ms, and offers no setting. The
  embedded broker does not wake a held fetch when a record arrives: three hops took 4.5 s instead of 40 ms.
* **A commit waits for what its events sent.** Faust flushes before it commits, but the flush gives up on its
  buffer after 100 ms and takes no notice of records that were refused. Here every send is followed to its
  acknowledgement; one refusal stops the worker before the commit, and its successor does the work again.
* **Idempotent producing**, so that a retry inside the producer neither repeats nor reorders records.
* **Lost records are noticed.** "earliest" jumps over removed records without an error. Positions are
  compared with what comes; a jump in a topic that is not compacted is counted and said aloud.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any, cast

import aiokafka
import faust
from faust.exceptions import ProducerSendError
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

log = logging.getLogger(__name__)

# How long the broker may hold an empty fetch. Kafka wakes a held fetch, but a partition that was left out
# of the fetch under way (its records were still buffered) waits for the end of that one.
FETCH_WAIT_EMBEDDED_MS = 10
FETCH_WAIT_KAFKA_MS = 50

LostRecords = Callable[[str, int, int, int], None]
"""Called with topic, partition, the offset expected and the offset that came instead."""


def say_lost(topic: str, partition: int, expected: int, came: int) -> None:
    """Log that unread records are gone; the worker goes on, because stopping would lose more."""
    log.error(
        "unread records are gone from the broker",
        extra={"topic": topic, "partition": partition, "expected_offset": expected, "came_offset": came},
    )


class FetchingThread(driver.AIOKafkaConsumerThread):
    """The thread that owns aiokafka's consumer, with our fetch wait."""

    def _create_worker_consumer(self, transport: driver.Transport) -> aiokafka.AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        assert isinstance(transport, Transport)
        # aiokafka reads the attribute when it starts its fetcher, which is after this.
        consumer._fetch_max_wait_ms = transport.fetch_wait_ms
        return consumer

    @property
    def fetch_wait_ms(self) -> int:
        """Return the wait that the running fetcher sends to the broker: the effective one."""
        wait: int = self._ensure_consumer()._fetcher._fetch_max_wait_ms
        return wait


class Consumer(driver.Consumer):
    """Faust's consumer, which notices when records that it had not read are gone."""

    _next_offset: dict[TP, int]

    def _new_consumer_thread(self) -> FetchingThread:
        self._next_offset = {}
        return FetchingThread(self, loop=self.loop, beacon=self.beacon)

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Forget positions: another worker moves them on from here."""
        for tp in revoked:
            self._next_offset.pop(tp, None)
        await super().on_partitions_revoked(revoked)

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Seek, and expect the committed offset to be the next one that comes."""
        committed = await super().seek_to_committed()
        self._next_offset = {tp: offset for tp, offset in committed.items() if offset is not None and offset >= 0}
        return committed

    async def seek(self, partition: TP, offset: int) -> None:
        """Seek on purpose: what is left out is left out knowingly."""
        self._next_offset.pop(partition, None)
        await super().seek(partition, offset)

    def read_and_waiting(self) -> tuple[int, int]:
        """Return the sum of positions read and of records known to wait behind them."""
        consumer = self._thread._consumer
        if consumer is None:
            return 0, 0
        read = waiting = 0
        for tp, offset in list(self._next_offset.items()):
            read += offset
            if tp not in consumer.assignment() or self._is_changelog_tp(tp):
                continue  # a changelog is written by this very worker and paused once it is recovered
            waiting += max(0, (consumer.highwater(tp) or 0) - offset)
        return read, waiting

    def _to_message(self, tp: TP, record: Any) -> Any:
        expected = self._next_offset.get(tp)
        if expected is not None and record.offset > expected:
            transport = self.transport
            assert isinstance(transport, Transport)
            if tp.topic in transport.gapless_topics:
                transport.on_lost(tp.topic, tp.partition, expected, record.offset)
        self._next_offset[tp] = record.offset + 1
        return super()._to_message(tp, record)


class Producer(driver.Producer):
    """Faust's producer, which knows every record that is not yet acknowledged."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._open: set[asyncio.Future[Any]] = set()
        self._refused: BaseException | None = None
        # Table changes go through Faust's buffer: followed from the moment they are put there.
        self._put = self.buffer.put
        self.buffer.put = self._follow_put  # type: ignore[assignment,method-assign]

    def _follow_put(self, message: Any) -> None:
        self._follow(message)
        self._put(message)

    def _follow(self, sent: "asyncio.Future[Any]") -> None:
        self._open.add(sent)
        sent.add_done_callback(self._settled)

    def _settled(self, sent: "asyncio.Future[Any]") -> None:
        self._open.discard(sent)
        if sent.cancelled():
            self._refused = self._refused or asyncio.CancelledError("a record was given up before it was sent")
        elif sent.exception() is not None:
            self._refused = self._refused or sent.exception()

    def _settings_extra(self) -> Mapping[str, Any]:
        return {"acks": "all", "enable_idempotence": True}

    async def send(self, *args: Any, **kwargs: Any) -> Any:
        """Hand a record to aiokafka and remember it until the broker has it."""
        sent = await super().send(*args, **kwargs)
        self._follow(cast("asyncio.Future[Any]", sent))
        return sent

    async def flush(self) -> None:
        """Return when every record handed over so far is stored; raise when one was refused."""
        while self.buffer.size or self._open:
            await super().flush()
            if self._open:
                await asyncio.wait(set(self._open), timeout=self.request_timeout)
            await self._raise_if_refused()
        await self._raise_if_refused()

    async def _raise_if_refused(self) -> None:
        if self._refused is not None:
            # Nothing may be committed from here on: what was refused must be made again.
            error = ProducerSendError(
                f"a record was refused, the events behind it are not committed: {self._refused!r}"
            )
            await self.crash(error)
            raise error


class Transport(driver.Transport):
    """The transport that `build_app` gives to every app."""

    Consumer = Consumer
    Producer = Producer

    fetch_wait_ms: int = FETCH_WAIT_EMBEDDED_MS
    gapless_topics: frozenset[str] = frozenset()
    on_lost: LostRecords = staticmethod(say_lost)


def transport_for(
    app: faust.App, *, fetch_wait_ms: int, gapless_topics: frozenset[str], on_lost: LostRecords = say_lost
) -> Transport:
    """Return a transport for *app* with the corrections of this module."""
    transport = Transport(app.conf.broker_consumer, app)
    transport.fetch_wait_ms = fetch_wait_ms
    transport.gapless_topics = gapless_topics
    transport.on_lost = on_lost
    return transport
