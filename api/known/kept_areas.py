"""Areas that coordinators keep under a name: the topic `kept-areas`, folded. No clock."""

import threading
from dataclasses import dataclass, field

from streams.brokers.client import Record
from streams.payloads import KeptArea
from streams.topics import KEPT_AREAS
from streams.wire import decode

FOLLOWED = (KEPT_AREAS.name,)


@dataclass(slots=True)
class KeptAreas:
    """One thread applies, any thread may look."""

    _kept: dict[bytes, KeptArea] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def apply(self, record: Record) -> None:
        """Take in one record; those of other topics are passed over. Raises `Refused` for one that cannot be read."""
        if record.topic != KEPT_AREAS.name:
            return
        area = None if record.value is None else decode(KeptArea, record.value)
        with self._lock:
            if area is None:
                self._kept.pop(record.key, None)
            else:
                self._kept[record.key] = area

    def listed(self) -> tuple[KeptArea, ...]:
        """Return all of them by name."""
        with self._lock:
            return tuple(sorted(self._kept.values(), key=lambda one: (one.name, one.id)))
