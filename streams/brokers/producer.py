"""Send records so that each one is known to be stored or known to have failed."""

import logging
import threading
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from types import TracebackType

import confluent_kafka
from confluent_kafka import KafkaError, KafkaException

from streams.brokers.errors import SendError

log = logging.getLogger(__name__)

# A record that is not stored by then is reported as failed; its sender decides whether to send again.
STORED_WITHIN_SECONDS = 30.0

# 1 ms of company makes batches under load and costs nothing that a push would notice.
_LINGER_MS = 1

# A topic's `max.message.bytes` holds for a batch as a whole: one of librdkafka's usual 1 MB is refused by a
# topic that allows 16 KB (`subscriptions`). A single larger record still goes, in a batch of its own.
_BATCH_BYTES = 16_000

_POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Stored:
    """Where the broker put a record."""

    topic: str
    partition: int
    offset: int


class Producer:
    """A producer for any thread: idempotent, acknowledged by all replicas, keys spread as Faust and Java do.

    Every delivery report is read, in a thread of its own. After a fatal error (the broker forgot the
    producer's sequence) librdkafka refuses everything for good: a new producer takes its place and the
    records of the old one are reported as failed.
    """

    def __init__(self, bootstrap: str, *, stored_within_seconds: float = STORED_WITHIN_SECONDS) -> None:
        self._settings: dict[str, str | int | float | bool] = {
            "bootstrap.servers": bootstrap,
            "acks": "all",
            "enable.idempotence": True,
            # confluent's default (CRC32) and Faust's agree on 1.5 % of keys.
            "partitioner": "murmur2_random",
            "linger.ms": _LINGER_MS,
            "batch.size": _BATCH_BYTES,
            "delivery.timeout.ms": int(stored_within_seconds * 1000),
            "message.max.bytes": 8_388_608,
            "reconnect.backoff.max.ms": 1000,
            "log_level": 3,
        }
        self._lock = threading.Lock()
        self._fatal = threading.Event()
        self._closing = threading.Event()
        self._kafka = self._new()
        self._reports = threading.Thread(target=self._read_reports, name="delivery-reports", daemon=True)
        self._reports.start()

    def send(
        self, topic: str, key: bytes, value: bytes | None, headers: Mapping[str, bytes] | None = None
    ) -> "Future[Stored]":
        """Hand a record over; the future ends with where it is stored, or with `SendError`.

        None as *value* is a tombstone. Waits only while the local queue is full, and not for ever.
        """
        answer: Future[Stored] = Future()
        until = time.monotonic() + STORED_WITHIN_SECONDS

        def report(error: KafkaError | None, message: confluent_kafka.Message) -> None:
            if error is None:
                answer.set_result(Stored(message.topic() or topic, message.partition() or 0, message.offset() or 0))
            else:
                answer.set_exception(SendError(f"{topic}: {error.str()}"))

        while True:
            if self._closing.is_set():
                raise SendError(f"{topic}: the producer was closed")
            if self._fatal.is_set():
                self._rebuild()
            try:
                self._kafka.produce(topic, value, key, on_delivery=report, headers=list((headers or {}).items()))
                return answer
            except BufferError:
                if time.monotonic() > until:
                    raise SendError(f"{topic}: the local queue stays full: is the broker reachable?") from None
                self._kafka.poll(0.05)
            except KafkaException as error:
                reason: KafkaError = error.args[0]
                if not reason.fatal():
                    raise SendError(f"{topic}: {reason.str()}") from error
                self._fatal.set()

    def send_all(
        self, topic: str, records: Iterable[tuple[bytes, bytes | None]], until_monotonic: float
    ) -> tuple[Stored, ...]:
        """Send many records and return when all are stored; raises `SendError` at the first that is not."""
        answers = [self.send(topic, key, value) for key, value in records]
        try:
            return tuple(answer.result(max(0.0, until_monotonic - time.monotonic())) for answer in answers)
        except TimeoutError:
            raise SendError(f"{topic}: not everything was stored before the deadline") from None

    def flush(self, until_monotonic: float) -> None:
        """Return when nothing is under way any more; what failed is in the futures of `send`."""
        left = self._kafka.flush(max(0.0, until_monotonic - time.monotonic()))
        if left:
            raise SendError(f"{left} records were not stored before the deadline: is the broker reachable?")

    def close(self, until_monotonic: float | None = None) -> None:
        """Store what is under way, then stop; give up at the deadline (default: 10 s from now)."""
        try:
            self.flush(time.monotonic() + 10.0 if until_monotonic is None else until_monotonic)
        finally:
            self._closing.set()
            self._reports.join()
            self._kafka.purge()
            self._kafka.poll(0)
            # The client lives as long as it is referred to, and complains of a broker that has gone meanwhile.
            del self._kafka

    def __enter__(self) -> "Producer":
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    def _new(self) -> confluent_kafka.Producer:
        return confluent_kafka.Producer(self._settings | {"error_cb": self._on_error})

    def _on_error(self, error: KafkaError) -> None:
        if error.fatal():
            self._fatal.set()

    def _rebuild(self) -> None:
        with self._lock:
            if not self._fatal.is_set():
                return  # another thread was faster
            log.error("producer rebuilt after a fatal error")
            old, self._kafka = self._kafka, self._new()
            self._fatal.clear()
            old.purge()
            old.poll(0)

    def _read_reports(self) -> None:
        while not self._closing.is_set():
            self._kafka.poll(_POLL_SECONDS)
