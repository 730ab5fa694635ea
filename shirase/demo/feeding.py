"""Send telegrams of the past through the pipeline of today, and account for every one of them."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from feeds.jma.headlines import series_of_headline
from shirase.demo.observer import Observer
from shirase.errors import ShiraseError
from streams.brokers.client import Producer
from streams.ingest.acceptance import receive

# The embedded broker keeps 5 MB a partition, and a shard's snapshot has about 5 kB: so much may be under way
# that no reader is overtaken. How many shards a document touches is known when it is settled, hence two bounds.
MAX_UNSETTLED_DOCUMENTS = 2
MAX_OPEN_CLAIMS = 1000
# A headline touches no shard and its report is 3 kB. One at a time, a year of them took twelve minutes.
MAX_UNSETTLED_HEADLINES = 200
_STORED_WITHIN_SECONDS = 30.0
_LOOK_SECONDS = 0.2


class Clock(StrEnum):
    """What becomes of the times in old documents."""

    SHIFT = "shift"  # all move together, so that the first arrives now
    DOCUMENT = "document"  # as they are: most have expired


class Document(Protocol):
    """What a source of documents yields: `feeds.archive.Telegram` or a scenario's document."""

    @property
    def name(self) -> str: ...
    @property
    def raw(self) -> bytes: ...
    @property
    def sent(self) -> datetime | None: ...


class NotDrained(ShiraseError):
    """Say what was still open when nothing moved any more."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast documents follow each other: `speed` 0 as fast as they are handled, else times real time."""

    speed: float = 0.0

    def wait(self, since_first: timedelta, started: float) -> None:
        """Sleep until a document is due that was sent *since_first* after the first one."""
        if self.speed > 0:
            ahead = started + since_first.total_seconds() / self.speed - time.monotonic()
            if ahead > 0:
                time.sleep(ahead)


def feed_documents(
    documents: Iterable[Document],
    producer: Producer,
    observer: Observer,
    *,
    clock: Clock,
    pace: Pace,
    patience_seconds: float,
    on_sent: Callable[[int], None] = lambda _sent: None,
    after_each: Callable[[int], None] | None = None,
    already_sent: int = 0,
) -> int:
    """Put *documents* on `telegrams`, never too many at once, and return how many were sent in all.

    *already_sent* is how many went before under the same *observer*; their times do not move these.

    *after_each* is called with the number sent so far; without it, as many are open as the two bounds above let be.
    """
    sent = already_sent
    first: datetime | None = None
    shift = timedelta(0)
    started = time.monotonic()
    for document in documents:
        now = datetime.now(UTC)
        if first is None and document.sent is not None:
            first = document.sent
            shift = now - first if clock is Clock.SHIFT else timedelta(0)
        if first is not None and document.sent is not None:
            pace.wait(document.sent - first, started)
        now = datetime.now(UTC)
        arrived = document.sent + shift if document.sent is not None and clock is Clock.SHIFT else now
        receipt = receive(
            producer,
            document.raw,
            name=document.name,
            feed=getattr(document, "feed", ""),
            received=now,
            arrived=arrived,
            shift_ms=round(shift.total_seconds() * 1000),
        )
        receipt.stored.result(_STORED_WITHIN_SECONDS)
        sent += 1
        on_sent(sent)
        if after_each is not None:
            after_each(sent)
        else:
            _make_room(observer, sent, most_unsettled(document.raw), patience_seconds)
    return sent


def most_unsettled(raw: bytes) -> int:
    """Return how many documents may be unsettled when *raw* was the last one: what follows it is not known yet."""
    return MAX_UNSETTLED_HEADLINES if series_of_headline(raw) else MAX_UNSETTLED_DOCUMENTS


def _make_room(observer: Observer, sent: int, most: int, patience_seconds: float) -> None:
    """Wait until another document may follow the *sent* ones, of which *most* may be unsettled."""

    def excess() -> int:
        unsettled = sent - len(observer.account.reports)
        return max(0, unsettled - most) + max(0, observer.account.open_claims() - MAX_OPEN_CLAIMS)

    _wait_until(observer, lambda: excess() == 0, excess, "documents or claims", patience_seconds)


def settle(observer: Observer, sent: int, *, patience_seconds: float) -> None:
    """Wait until all *sent* documents are settled and decided; raise when nothing moves for too long."""

    def still_open() -> int:
        account = observer.account
        return sent - len(account.reports) + account.open_documents()

    _wait_until(observer, lambda: still_open() == 0, still_open, "documents", patience_seconds)


def drain(
    observer: Observer,
    sent: int,
    *,
    workers: int,
    patience_seconds: float,
    on_open: Callable[[int], None] = lambda _open: None,
    behind: Callable[[], int] = lambda: 0,
) -> None:
    """Wait until every document is handled and every fan-out has its receipts.

    *behind* says how much the planner has not acted on, where one runs: its notices are waited for too.
    """
    settle(observer, sent, patience_seconds=patience_seconds)

    def still_open() -> int:
        left = behind() + observer.account.open_fanouts(workers)
        on_open(left)
        return left

    _wait_until(observer, lambda: still_open() == 0, still_open, "fan-outs", patience_seconds)


def _wait_until(
    observer: Observer, done: Callable[[], bool], still_open: Callable[[], int], what: str, patience_seconds: float
) -> None:
    """Wait for *done*; a fan-out may take long, so patience starts again whenever something moved."""
    least, quiet_since = still_open(), time.monotonic()
    with observer.changed:
        while not done():
            observer.check()
            observer.changed.wait(_LOOK_SECONDS)
            now_open = still_open()
            if now_open < least:
                least, quiet_since = now_open, time.monotonic()
            elif time.monotonic() - quiet_since > patience_seconds:
                raise NotDrained(f"{now_open} {what} are still open after {patience_seconds:.0f} s without progress")
