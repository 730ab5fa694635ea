"""Faust's Kafka transport, corrected where its defaults would lose an alert or make it late.

Four corrections, each with a test:

* **Fetch wait.** Faust asks the broker to hold an empty fetch for 1,500 ms, and offers no setting. The
  embedded broker does not wake a held fetch when a record arrives: three hops took 4.5 s instead of 40 ms.
* **A commit waits for what its events sent.** Faust flushes before it commits, but the flush gives up on its
  buffer after 100 ms and takes no notice of records that were refused. Here every send is followed to its
  acknowledgement; one refusal stops the worker before the commit, and its successor does the work again.
* **Idempotent producing**, so that a retry inside the producer neither repeats nor reorders records.
* **No record is skipped.** A partition without a commit is not rewound after table recovery, and what was
  fetched meanwhile was never handled (seen with kill -9 under load). It is rewound here; and in a topic
  without holes each record handed out is compared with the one that must come next. A fetch keeps to the
  partitions that were active when it was asked for.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

import aiokafka
import faust
from faust.exceptions import ProducerSendError
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from streams.brokers.errors import SkippedRecords

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

    async def getmany(self, active_partitions: set[TP] | None, timeout: float) -> Any:  # noqa: ASYNC109  theirs
        """Fetch from the partitions that are active now, whatever becomes of the set while we wait.

        aiokafka takes an empty set for "all of them", and Faust empties this very set from its own thread when it
        pauses the changelogs after recovery: a fetch that was waiting then took sources' records, which Faust threw
        away because they were not active yet. Nothing came after them until the supervisor found the worker stuck.
        """
        consumer = self.consumer
        assert isinstance(consumer, Consumer)
        from_sources = consumer.has_sought and consumer.flow_active
        records = await super().getmany(None if active_partitions is None else set(active_partitions), timeout)
        if from_sources and consumer.has_sought:
            consumer.listens = True
        return records

    @property
    def fetch_wait_ms(self) -> int:
        """Return the wait that the running fetcher sends to the broker: the effective one."""
        wait: int = self._ensure_consumer()._fetcher._fetch_max_wait_ms
        return wait


class Consumer(driver.Consumer):
    """Faust's consumer, which knows what it read and what it must hand out next."""

    _read_to: dict[TP, int]
    _hands_out_next: dict[TP, int]
    listens: bool = False
    """Whether its sources were asked for records once since they were assigned: one that came now would be taken."""

    @property
    def has_sought(self) -> bool:
        """Say whether every source was sought to where its work goes on."""
        return self._has_sought

    def _new_consumer_thread(self) -> FetchingThread:
        self._read_to = {}
        self._hands_out_next = {}
        self._has_sought = False
        self.listens = False
        self._held_back: set[TP] = set()
        return FetchingThread(self, loop=self.loop, beacon=self.beacon)

    def resume_partitions(self, tps: Iterable[TP]) -> None:
        """Resume, but hold back sources until they were sought.

        Faust resumes them one step before it seeks, while the flow for its tables is still open: what is
        fetched in between is handed out or thrown away as the race falls.
        """
        wanted = set(tps)
        early = set() if self._has_sought else {tp for tp in wanted if not self._is_changelog_tp(tp)}
        self._held_back |= early
        super().resume_partitions(wanted - early)

    async def perform_seek(self) -> None:
        """Seek every source to where its work goes on, then let go what was held back."""
        await super().perform_seek()
        self._has_sought = True
        held, self._held_back = self._held_back, set()
        super().resume_partitions(held)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Begin anew: nothing is fetched from a source before it was sought."""
        self._has_sought = False
        self.listens = False
        self._held_back = set()
        await super().on_partitions_assigned(assigned, generation_id)

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Forget positions: another worker moves them on from here."""
        self._has_sought = False
        for tp in revoked:
            self._read_to.pop(tp, None)
            self._hands_out_next.pop(tp, None)
        await super().on_partitions_revoked(revoked)

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Seek every source, also those without a commit, and remember what must come first.

        aiokafka leaves a partition alone that has no commit, at a position that earlier fetches have moved
        and whose records Faust has thrown away while it recovered its tables: a new worker that was killed
        before its first commit skipped them for ever.
        """
        committed = dict(await super().seek_to_committed())
        fresh = [tp for tp, offset in committed.items() if not self._is_changelog_tp(tp) and (offset or -1) <= 0]
        if fresh:
            oldest = await self.earliest_offsets(*fresh)
            await self._thread.seek_wait(oldest)
            committed.update(oldest)
        starts = {tp: offset for tp, offset in committed.items() if offset is not None and offset >= 0}
        self._read_to = dict(starts)
        self._hands_out_next = {tp: offset for tp, offset in starts.items() if not self._is_changelog_tp(tp)}
        return committed

    async def seek(self, partition: TP, offset: int) -> None:
        """Seek on purpose: what is left out is left out knowingly."""
        self._hands_out_next.pop(partition, None)
        await super().seek(partition, offset)

    async def hand_out(self, tp: TP, offset: int) -> None:
        """Check that the record at *offset* is the next one of a source without holes.

        Records that the broker has removed are reported and passed over. Records that are still there and
        were skipped end the worker: it starts again at its last commit, which lies before them.
        """
        expected = self._hands_out_next.get(tp)
        self._hands_out_next[tp] = offset + 1
        if expected is None or offset <= expected:
            return
        first = (await self.earliest_offsets(tp))[tp]
        if first > expected:
            transport = self.transport
            assert isinstance(transport, Transport)
            transport.on_lost(tp.topic, tp.partition, expected, first)
        if offset > max(first, expected):
            raise SkippedRecords(f"{tp.topic} partition {tp.partition}: {expected} must come next and {offset} came")

    def read_and_waiting(self) -> tuple[int, int]:
        """Return the sum of positions read and of records known to wait behind them."""
        consumer = self._thread._consumer
        if consumer is None:
            return 0, 0
        read = waiting = 0
        for tp, offset in list(self._read_to.items()):
            read += offset
            if tp not in consumer.assignment() or self._is_changelog_tp(tp):
                continue  # a changelog is written by this very worker and paused once it is recovered
            waiting += max(0, (consumer.highwater(tp) or 0) - offset)
        return read, waiting

    def _to_message(self, tp: TP, record: Any) -> Any:
        self._read_to[tp] = record.offset + 1
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
    on_lost: LostRecords = staticmethod(say_lost)


def transport_for(app: faust.App, *, fetch_wait_ms: int, on_lost: LostRecords = say_lost) -> Transport:
    """Return a transport for *app* with the corrections of this module."""
    transport = Transport(app.conf.broker_consumer, app)
    transport.fetch_wait_ms = fetch_wait_ms
    transport.on_lost = on_lost
    return transport
