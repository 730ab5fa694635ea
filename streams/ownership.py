"""Who owns a share of the buckets: an epoch, claimed on `owners` and read back before the first send.

A POST cannot be fenced at a push service. What can be done: whoever finds a higher epoch for its share
stops, and readers of `progress` believe the highest epoch.
"""

import time
from datetime import UTC, datetime

from streams.client import Producer, read_to_end
from streams.errors import StreamsError
from streams.payloads import OwnerRecord
from streams.topics import OWNERS
from streams.wire import decode, encode

_STORED_WITHIN_SECONDS = 10.0


class Replaced(StreamsError):
    """Say that another process owns this share now; this one must not send."""


def claim(bootstrap: str, producer: Producer, *, worker: int, workers: int, process: str) -> int:
    """Take the share *worker* of *workers* and return its epoch; raises `Replaced` when another was faster."""
    epoch = 1 + max((owner.epoch for owner in owners(bootstrap)), default=0)
    mine = OwnerRecord(worker, workers, epoch, process, datetime.now(UTC))
    producer.send(OWNERS.name, f"{worker}/{workers}".encode(), encode(mine)).result(_STORED_WITHIN_SECONDS)
    check(bootstrap, mine)
    return epoch


def check(bootstrap: str, mine: OwnerRecord) -> None:
    """Raise `Replaced` when somebody else claimed this share at *mine*'s epoch or above."""
    for owner in owners(bootstrap):
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

    def stood_still(self) -> bool:
        """Say whether the time since the last call is longer than a loop can take."""
        now = time.monotonic()
        still = now - self._last > self._pause_seconds
        self._last = now
        return still
