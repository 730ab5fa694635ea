"""Let quiet partitions of `subscriptions` roll, so that what a tombstone forgets is compacted away in time.

Kafka never compacts the segment that it writes to, and ends a segment only when something is written: on a quiet night
the bytes of somebody who has left would stay until the next sign-up. So a small record goes to each partition every
minute. It is a tombstone under a fixed key: compaction keeps one of each and readers pass it over.
"""

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future

from streams.brokers.client import Producer, Stored
from streams.brokers.errors import StreamsError
from streams.topics import SUBSCRIPTIONS

log = logging.getLogger(__name__)

EVERY_SECONDS = 60.0
# Shorter than an id, so that it can be nobody's.
_PREFIX = b"roll-"
# Keys fall where their hash says; with so many for each partition all but certainly none is left out.
_KEYS_A_PARTITION = 16


def is_roll(key: bytes) -> bool:
    """Say whether a record of `subscriptions` is no person's."""
    return key.startswith(_PREFIX) and len(key) < 16


class Rolling:
    """Writes to each partition once a minute; `go_on` never waits."""

    def __init__(self, producer: Producer, clock: Callable[[], float] = time.monotonic) -> None:
        self._producer = producer
        self._clock = clock
        self._keys: dict[int, bytes] = {}
        self._asked: dict[bytes, Future[Stored]] = {}
        self._next_at = clock()

    def go_on(self) -> None:
        """Write what is due."""
        if self._asked:
            self._learn()
        if self._clock() < self._next_at or self._asked:
            return
        self._next_at = self._clock() + EVERY_SECONDS
        if self._keys:
            for key in self._keys.values():
                self._producer.send(SUBSCRIPTIONS.name, key, None)
            return
        # Where a key falls is the broker's to say: the first round asks, the others know.
        for number in range(_KEYS_A_PARTITION * SUBSCRIPTIONS.partitions):
            key = _PREFIX + b"%d" % number
            self._asked[key] = self._producer.send(SUBSCRIPTIONS.name, key, None)

    @property
    def partitions(self) -> int:
        """Return how many partitions are written to."""
        return len(self._keys)

    def _learn(self) -> None:
        if not all(future.done() for future in self._asked.values()):
            return
        asked, self._asked = self._asked, {}
        for key, future in asked.items():
            try:
                self._keys.setdefault(future.result().partition, key)
            except StreamsError as error:
                log.warning("a quiet partition could not be written to", extra={"reason": type(error).__name__})
