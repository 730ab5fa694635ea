"""What cannot be read of `subscriptions` goes aside with its reason and length; whoever wrote it is not waited for."""

import logging
from collections import Counter

from streams.brokers.client import Producer, Record
from streams.dead_letters import Refused, dead_letter
from streams.topics import DEAD_LETTERS

log = logging.getLogger(__name__)

# With a key file that is not the right one all are unreadable: the first ones say what is wrong.
MOST_LETTERS = 1_000


class Aside:
    """Writes a dead letter for each record, up to `MOST_LETTERS` in a life; the bytes stay where they are."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._producer: Producer | None = None
        self._written = 0
        self._reasons: Counter[str] = Counter()

    def put(self, record: Record, reason: str) -> None:
        """Put *record* aside, without waiting for the broker."""
        self._reasons[reason] += 1
        if self._written < MOST_LETTERS:
            self._written += 1
            self._producer = self._producer or Producer(self._bootstrap)
            self._producer.send(DEAD_LETTERS.name, *dead_letter(record, Refused(reason)))

    def say(self) -> None:
        """Say since the last time how many could not be read, and why."""
        for reason, count in self._reasons.items():
            log.error("subscriptions unreadable", extra={"reason": reason, "count": count})
        self._reasons.clear()

    def close(self) -> None:
        """Wait for what was written."""
        if self._producer is not None:
            self._producer.close()
