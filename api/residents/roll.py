"""Where on `subscriptions` each subscription's newest value is: offsets only, no address, key or place.

A resident may see all that is stored about her (R21). Keeping the values of millions in memory for
that would be the larger risk; an id, a partition and an offset are enough to read one value back.
"""

import threading
from dataclasses import dataclass, field

from dispatch import signs
from streams.brokers.client import Consumer, Record
from streams.topics import SUBSCRIPTIONS

TOPICS = (SUBSCRIPTIONS.name,)
_PATIENCE_POLLS = 50
_POLL_SECONDS = 0.1


@dataclass(slots=True)
class Roll:
    """One thread applies, any thread may look."""

    _places: dict[bytes, tuple[int, int]] = field(default_factory=dict)
    _signs: dict[bytes, bytes] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def apply(self, record: Record) -> None:
        """Take in one record: a tombstone forgets."""
        with self._lock:
            if signs.is_sign(record.key):
                identifier = signs.id_of(record.key)
                if record.value is None:
                    self._signs.pop(identifier, None)
                else:
                    self._signs[identifier] = record.value
            elif record.value is None:
                self._places.pop(record.key, None)
            else:
                self._places[record.key] = (record.partition, record.offset)

    def find(self, identifier: bytes) -> tuple[int, int] | None:
        """Return partition and offset of the newest value, None where nothing is stored."""
        with self._lock:
            return self._places.get(identifier)

    def sign(self, identifier: bytes) -> bytes | None:
        """Return the last sign of life, sealed as it stands on the topic."""
        with self._lock:
            return self._signs.get(identifier)

    def __len__(self) -> int:
        return len(self._places)


def read_at(bootstrap: str, partition: int, offset: int) -> Record | None:
    """Return the record at this place of `subscriptions`; None when it was replaced since and compacted away."""
    with Consumer(bootstrap, on_lost=lambda *_: None) as consumer:
        consumer.assign({(SUBSCRIPTIONS.name, partition): offset})
        for _ in range(_PATIENCE_POLLS):
            for record in consumer.poll_many(1, _POLL_SECONDS):
                return record if record.offset == offset else None
    return None
