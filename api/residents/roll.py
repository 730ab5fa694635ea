"""Where on `subscriptions` each subscription's newest value is: offsets only, no address, key or place.

A resident may see all that is stored about her (R21). Keeping the values of millions in memory for
that would be the larger risk; an id, a partition and an offset are enough to read one value back.
"""

import threading
from dataclasses import dataclass, field

from streams.brokers.client import BrokerNotReady, Consumer, Record
from streams.topics import SUBSCRIPTIONS

TOPICS = (SUBSCRIPTIONS.name,)
_PATIENCE_POLLS = 50
_POLL_SECONDS = 0.1


@dataclass(slots=True)
class Roll:
    """One thread applies, any thread may look."""

    _places: dict[bytes, tuple[int, int]] = field(default_factory=dict)
    _read: dict[int, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def apply(self, record: Record) -> None:
        """Take in one record: a tombstone forgets."""
        with self._lock:
            self._read[record.partition] = record.offset + 1
            if record.value is None:
                self._places.pop(record.key, None)
            else:
                self._places[record.key] = (record.partition, record.offset)

    def find(self, identifier: bytes) -> tuple[int, int] | None:
        """Return partition and offset of the newest value, None where nothing is stored."""
        with self._lock:
            return self._places.get(identifier)

    def read_up_to(self) -> dict[int, int]:
        """Return up to where each partition was taken in: what is found later is no older than these offsets say."""
        with self._lock:
            return dict(self._read)

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


def read_between(bootstrap: str, partition: int, first: int, last: int) -> tuple[Record, ...]:
    """Return what is kept of `subscriptions` from offset *first* to before *last*; nothing is read where that is none.

    Raises `BrokerNotReady` when it cannot be read now.
    """
    found: list[Record] = []
    if first >= last:
        return ()
    place = (SUBSCRIPTIONS.name, partition)
    with Consumer(bootstrap, on_lost=lambda *_: None) as consumer:
        consumer.assign({place: first})
        for _ in range(_PATIENCE_POLLS):
            found += consumer.poll_many(500, _POLL_SECONDS)
            if consumer.positions()[place] >= last or consumer.has_reached_the_end():
                return tuple(record for record in found if record.offset < last)
    raise BrokerNotReady(f"{SUBSCRIPTIONS.name} could not be read from {first} to {last}")
