"""Who owns a share of the buckets: an epoch, claimed on `owners` and read back before the first send.

A POST cannot be fenced at a push service. What can be done: whoever finds a higher epoch for its share
stops, readers of `progress` believe the highest epoch, and nothing is written to a socket while it is longer
than a turn ago that the claim was looked at: whoever stood still looks first.
"""

import time
from datetime import UTC, datetime

from streams.brokers.client import Consumer, Producer, Stored, read_to_end
from streams.brokers.errors import StreamsError
from streams.payloads import OwnerRecord
from streams.topics import OWNERS
from streams.wire import decode, encode

_STORED_WITHIN_SECONDS = 10.0


class Replaced(StreamsError):
    """Say that another process owns this share now; this one must not send."""


class Ownership:
    """The claim of this process, and whether it still holds."""

    def __init__(
        self, bootstrap: str, producer: Producer, heartbeat: "Heartbeat", *, worker: int, workers: int, process: str
    ) -> None:
        """Take the share *worker* of *workers*; raises `Replaced` when another was faster."""
        self._bootstrap = bootstrap
        self._heartbeat = heartbeat
        self.record, stored = _claimed(bootstrap, producer, worker, workers, process)
        self._claims = Consumer(bootstrap, patient=True)
        self._claims.assign({(stored.topic, stored.partition): stored.offset})

    def confirm(self) -> None:
        """Look whether the claim still holds; raises `Replaced` if not. Call it in every turn, before anything else."""
        if self._heartbeat.stood_still():
            check(self._bootstrap, self.record)
        for record in self._claims.poll_many(16, 0.0):
            if record.value is not None:
                _refuse(decode(OwnerRecord, record.value), self.record)

    def close(self) -> None:
        """Stop looking."""
        self._claims.close()


def claim(bootstrap: str, producer: Producer, *, worker: int, workers: int, process: str) -> int:
    """Take the share *worker* of *workers* and return its epoch; raises `Replaced` when another was faster."""
    return _claimed(bootstrap, producer, worker, workers, process)[0].epoch


def _claimed(bootstrap: str, producer: Producer, worker: int, workers: int, process: str) -> tuple[OwnerRecord, Stored]:
    epoch = 1 + max((owner.epoch for owner in owners(bootstrap)), default=0)
    mine = OwnerRecord(worker, workers, epoch, process, datetime.now(UTC))
    sent = producer.send(OWNERS.name, f"{worker}/{workers}".encode(), encode(mine))
    stored = sent.result(_STORED_WITHIN_SECONDS)
    check(bootstrap, mine)
    return mine, stored


def check(bootstrap: str, mine: OwnerRecord) -> None:
    """Raise `Replaced` when somebody else claimed this share at *mine*'s epoch or above."""
    for owner in owners(bootstrap):
        _refuse(owner, mine)


def _refuse(owner: OwnerRecord, mine: OwnerRecord) -> None:
    same_share = (owner.worker, owner.workers) == (mine.worker, mine.workers)
    if same_share and owner.epoch >= mine.epoch and owner.process != mine.process:
        raise Replaced(f"share {mine.worker}/{mine.workers} has epoch {owner.epoch}, ours is {mine.epoch}")


def owners(bootstrap: str) -> tuple[OwnerRecord, ...]:
    """Return all claims there are."""
    return tuple(
        decode(OwnerRecord, record.value) for record in read_to_end(bootstrap, OWNERS.name) if record.value is not None
    )


class Heartbeat:
    """Notice that this process stood still: after a pause it may have been replaced (SIGSTOP, a frozen VM)."""

    def __init__(self, pause_seconds: float) -> None:
        self._pause_seconds = pause_seconds
        self._last = time.monotonic()

    def may_send(self) -> bool:
        """Say whether the claim was looked at so lately that nobody can have taken over: ask before each write."""
        return time.monotonic() - self._last <= self._pause_seconds

    def stood_still(self) -> bool:
        """Say whether the time since the last call is longer than a loop can take."""
        now = time.monotonic()
        still = now - self._last > self._pause_seconds
        self._last = now
        return still
