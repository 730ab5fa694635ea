"""Read records without skipping any: explicit start offsets, and only contiguous finished work is committed."""

import logging
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import TracebackType

import confluent_kafka
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from streams.brokers.broker import BrokerKind, kind_of
from streams.brokers.errors import BrokerNotReady, GapError, TopicError
from streams.brokers.finished import Finished
from streams.brokers.record import Record

log = logging.getLogger(__name__)

SESSION_MS = 10_000
# A member learns only by its heartbeat that another's session is over: this is part of every take-over's seconds.
HEARTBEAT_MS = 1_000

# The embedded broker does not wake a fetch when a record comes; on Kafka it costs 100 requests a second.
FETCH_WAIT_MS = 10
# Kafka wakes a held fetch, so a record comes as soon. A partition that is given meanwhile waits for the fetch's end,
# which would add up for who reads many topics once.
PATIENT_FETCH_WAIT_MS = 100

COMMIT_MS = 500

_ASK_SECONDS = 10.0
_ASK_AGAIN_SECONDS = 0.05

# What a healthy broker says for a moment after a topic was made or a leader has moved.
_LEADER_MOVES = (
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.UNKNOWN_TOPIC_OR_PART,
    KafkaError._TRANSPORT,
)

Partition = tuple[str, int]
Lost = Callable[[str, int, int, int], None]
"""Called with topic, partition, the offset expected and the first one that is still there."""


@dataclass(frozen=True, slots=True)
class Watermarks:
    """The oldest record that is kept, and the offset that the next new one will get."""

    low: int
    high: int


def refuse_lost(topic: str, partition: int, expected: int, first: int) -> None:
    """Raise: records between *expected* and *first* were removed before they were read."""
    raise GapError(
        f"{topic} partition {partition}: records {expected} to {first - 1} were removed unread. "
        "Retention is too short for how long this reader was away; what they said must come from elsewhere."
    )


class Consumer:
    """A reader in a group (`subscribe`) or on its own (`assign`). Use it from one thread.

    In a group the offset of a record is stored by `finished`, once every earlier record of its partition is
    finished too. *instance* makes the membership static: a restart within the session keeps its partitions.
    `auto.offset.reset` is an error, never a jump: a start is the committed offset, else the
    oldest record; unread records that are gone are reported to *on_lost*, which raises unless told otherwise.
    """

    def __init__(
        self,
        bootstrap: str,
        *,
        group: str | None = None,
        instance: str | None = None,
        patient: bool = False,
        on_lost: Lost = refuse_lost,
    ) -> None:
        """*patient* is who has the same partitions for as long as the process lives: it asks Kafka less often."""
        settings: dict[str, str | int | float | bool] = {
            "bootstrap.servers": bootstrap,
            # librdkafka wants a name even when no group is used; nobody ever joins this one.
            "group.id": group or f"alone-{uuid.uuid4()}",
            "auto.offset.reset": "error",
            "enable.auto.offset.store": False,
            "enable.auto.commit": group is not None,
            "auto.commit.interval.ms": COMMIT_MS,
            "session.timeout.ms": SESSION_MS,
            "heartbeat.interval.ms": HEARTBEAT_MS,
            # Not cooperative-sticky: with offsets stored by hand it loses records.
            "partition.assignment.strategy": "range",
            "fetch.wait.max.ms": FETCH_WAIT_MS,
            "fetch.error.backoff.ms": 50,
            "enable.partition.eof": True,
            "reconnect.backoff.max.ms": 1000,
            "log_level": 3,
        }
        # The embedded broker knows no static members: it lets the old one time out first, 20 s instead of 3.
        if instance is not None and kind_of(bootstrap) is BrokerKind.KAFKA:
            settings["group.instance.id"] = instance
        if patient and _kind_at(bootstrap) is BrokerKind.KAFKA:
            settings["fetch.wait.max.ms"] = PATIENT_FETCH_WAIT_MS
        self._kafka = confluent_kafka.Consumer(settings)
        self._on_lost = on_lost
        self._in_group = group is not None
        self._settled = False
        self._next: dict[Partition, int] = {}
        self._finished: dict[Partition, Finished] = {}
        self._ended: set[Partition] = set()

    def subscribe(self, topics: Sequence[str]) -> None:
        """Join the group for *topics*; partitions come during `poll`."""
        self._kafka.subscribe(list(topics), on_assign=self._assigned, on_revoke=self._revoked)

    def assign(self, starts: Mapping[Partition, int]) -> None:
        """Read these partitions from exactly these offsets, outside any group; an offset that is gone is a gap."""
        self._begin({partition: max(0, offset) for partition, offset in starts.items()})

    def assign_from_oldest(self, topics: Sequence[str]) -> None:
        """Read all partitions of *topics* from the oldest record that is kept, outside any group."""
        self._begin({partition: marks.low for topic in topics for partition, marks in self.watermarks(topic).items()})

    def watermarks(self, topic: str) -> dict[Partition, Watermarks]:
        """Ask the broker what it keeps of *topic* now."""
        return {
            (topic, number): self._watermarks_of(topic, number) for number in sorted(_partitions(self._kafka, topic))
        }

    def cluster(self) -> str:
        """Return the name that the cluster has given itself: offsets of another mean nothing here."""
        try:
            return str(self._kafka.list_topics(timeout=_ASK_SECONDS).cluster_id or "")
        except KafkaException as error:
            raise BrokerNotReady(f"no broker answers: {error.args[0].str()}") from error

    def positions(self) -> dict[Partition, int]:
        """Return the next offset to read of each partition in hand."""
        return dict(self._next)

    def poll(self, within_seconds: float) -> Record | None:
        """Return the next record, or None when there was none within the time (or a partition came to its end)."""
        message = self._kafka.poll(within_seconds)
        return None if message is None else self._taken(message)

    def poll_many(self, at_most: int, within_seconds: float) -> tuple[Record, ...]:
        """Return up to *at_most* records; fewer when the time is over first.

        It waits for company all of the time, also for a single record: see `poll_at_once`.
        """
        messages = self._kafka.consume(at_most, within_seconds)
        return tuple(record for message in messages if (record := self._taken(message)) is not None)

    def poll_at_once(self, at_most: int, within_seconds: float) -> tuple[Record, ...]:
        """Return what is there as soon as anything is, up to *at_most*; nothing when the time is over first.

        For whoever lets somebody wait: of many that are there, as many come together as from `poll_many`.
        """
        first = self.poll(within_seconds)
        return () if first is None else (first, *self.poll_many(at_most - 1, 0.0))

    @property
    def settled(self) -> bool:
        """Say whether the group has dealt its partitions since it last took them back from this member.

        Whenever a member comes or goes all give theirs back for a moment; nobody else has them in that moment.
        """
        return self._settled

    def has_reached_the_end(self) -> bool:
        """Say whether every partition in hand was read to its end at least once since it was given."""
        return bool(self._next) and self._ended >= self._next.keys()

    def finished(self, record: Record) -> None:
        """Note that the work on *record* is done; its offset is committed when no earlier one is open."""
        followed = self._finished.get((record.topic, record.partition))
        if followed is None:
            return  # the partition has moved to another member, which will do the record again
        store = followed.done(record.offset)
        if store is not None and self._in_group:
            self._kafka.store_offsets(offsets=[TopicPartition(record.topic, record.partition, store)])

    def commit(self) -> None:
        """Commit what is finished now, without waiting for the next interval."""
        try:
            self._kafka.commit(asynchronous=False)
        except KafkaException as error:
            if error.args[0].code() != KafkaError._NO_OFFSET:
                raise

    def open_records(self) -> int:
        """Return how many records were handed out and are not finished."""
        return sum(followed.open for followed in self._finished.values())

    def close(self) -> None:
        """Commit what is finished and leave; a static member keeps its partitions until its session ends."""
        self._kafka.close()

    def __enter__(self) -> "Consumer":
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    # ── inside ────────────────────────────────────────────────────────────────────────────────────

    def _taken(self, message: confluent_kafka.Message) -> Record | None:
        error = message.error()
        if error is not None:
            self._happened(error, message)
            return None
        record = Record(
            topic=message.topic() or "",
            partition=message.partition() or 0,
            offset=message.offset() or 0,
            key=_bytes(message.key()) or b"",
            value=_bytes(message.value()),
            headers=_headers(message),
            timestamp_ms=message.timestamp()[1],
        )
        place = record.topic, record.partition
        self._next[place] = record.offset + 1
        if place in self._finished:
            self._finished[place].delivered(record.offset)
        return record

    def _happened(self, error: KafkaError, message: confluent_kafka.Message) -> None:
        match error.code():
            case KafkaError._PARTITION_EOF:
                self._ended.add((message.topic() or "", message.partition() or 0))
            case KafkaError._AUTO_OFFSET_RESET:
                self._resume_behind_gap(message.topic() or "", message.partition() or 0)
            case _ if error.fatal():
                raise KafkaException(error)
            case _:
                # The broker is away or a leader moves: librdkafka tries again by itself, for ever.
                log.warning("the broker answered with an error", extra={"reason": error.name()})

    def _resume_behind_gap(self, topic: str, partition: int) -> None:
        expected = self._next.get((topic, partition), 0)
        first = self._watermarks_of(topic, partition).low
        self._on_lost(topic, partition, expected, first)
        self._next[topic, partition] = first
        if self._in_group:
            self._finished[topic, partition] = Finished()
        self._kafka.seek(TopicPartition(topic, partition, first))

    def _assigned(self, _kafka: confluent_kafka.Consumer, given: list[TopicPartition]) -> None:
        self._settled = True
        starts: dict[Partition, int] = {}
        for committed in self._kafka.committed(given, timeout=_ASK_SECONDS):
            place = committed.topic, committed.partition
            starts[place] = committed.offset if committed.offset >= 0 else self._watermarks_of(*place).low
        self._begin(starts)

    def _revoked(self, _kafka: confluent_kafka.Consumer, taken: list[TopicPartition]) -> None:
        self._settled = False
        for partition in taken:
            self._next.pop((partition.topic, partition.partition), None)
            self._finished.pop((partition.topic, partition.partition), None)

    def _begin(self, starts: Mapping[Partition, int]) -> None:
        checked: dict[Partition, int] = {}
        for (topic, partition), start in starts.items():
            low = self._watermarks_of(topic, partition).low
            if start < low:
                self._on_lost(topic, partition, start, low)
            checked[topic, partition] = max(start, low)
        self._next = checked
        # Who reads alone commits nothing: a million open records would be kept in mind for nothing.
        self._finished = {place: Finished() for place in checked} if self._in_group else {}
        self._ended = set()
        self._kafka.assign([TopicPartition(topic, number, start) for (topic, number), start in checked.items()])

    def _watermarks_of(self, topic: str, partition: int) -> Watermarks:
        until = time.monotonic() + _ASK_SECONDS
        asked = TopicPartition(topic, partition)
        while True:
            try:
                found = self._kafka.get_watermark_offsets(asked, timeout=_ASK_SECONDS)
                if found is not None:
                    return Watermarks(*found)
            except KafkaException as error:
                reason: KafkaError = error.args[0]
                if time.monotonic() > until or reason.code() not in _LEADER_MOVES:
                    raise BrokerNotReady(f"the broker does not say what it keeps of {topic}: {reason.str()}") from error
            if time.monotonic() > until:
                raise BrokerNotReady(f"the broker does not say what it keeps of {topic} within {_ASK_SECONDS:.0f} s")
            time.sleep(_ASK_AGAIN_SECONDS)


def read_to_end(bootstrap: str, topic: str, until_monotonic: float | None = None) -> Iterator[Record]:
    """Yield every record of *topic* that is stored at this moment, all partitions, oldest first in each.

    Tombstones included: for a compacted topic the last record of a key is its state, and a missing key is none.
    Raises `BrokerNotReady` when the end is not reached before the deadline (default: 60 s without a record).
    """
    for batch in batches_to_end(bootstrap, topic, until_monotonic):
        yield from batch


def batches_to_end(bootstrap: str, topic: str, until_monotonic: float | None = None) -> Iterator[tuple[Record, ...]]:
    """Yield what `read_to_end` does as it comes, many together."""
    with Consumer(bootstrap) as reader:
        marks = reader.watermarks(topic)
        left = {partition for partition, mark in marks.items() if mark.high > mark.low}
        if not left:
            return
        reader.assign({partition: marks[partition].low for partition in left})
        quiet_until = time.monotonic() + 60.0
        while left:
            batch = reader.poll_many(1000, 0.2)
            if batch:
                yield tuple(one for one in batch if one.offset < marks[one.topic, one.partition].high)
                # Whoever takes them may be slow; only the broker's silence counts.
                quiet_until = time.monotonic() + 60.0
            left = {place for place in left if place not in reader._ended and reader._next[place] < marks[place].high}
            if left and time.monotonic() > (quiet_until if until_monotonic is None else until_monotonic):
                raise BrokerNotReady(f"{topic} could not be read to its end: {len(left)} partitions are left")


@cache
def _kind_at(bootstrap: str) -> BrokerKind:
    """Return what the broker is; asked once, since an address does not become another's while a worker runs."""
    return kind_of(bootstrap)


def _partitions(kafka: confluent_kafka.Consumer, topic: str) -> list[int]:
    try:
        found = kafka.list_topics(topic, timeout=_ASK_SECONDS).topics[topic]
    except KafkaException as error:
        raise BrokerNotReady(f"no broker answers: {error.args[0].str()}") from error
    if found.error is not None or not found.partitions:
        raise TopicError(f"there is no topic {topic}: create it with `shirase topics --create`")
    return list(found.partitions)


def _headers(message: confluent_kafka.Message) -> dict[str, bytes]:
    # The client's types also allow a mapping; what it delivers is a list of pairs.
    pairs: list[tuple[str, str | bytes | None]] = list(message.headers() or ())  # type: ignore[arg-type]
    return {name: _bytes(value) or b"" for name, value in pairs}


def _bytes(value: str | bytes | None) -> bytes | None:
    return value.encode() if isinstance(value, str) else value
