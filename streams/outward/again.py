"""Send again: a person asks a channel to hand over once more what it was given, under the same id with the same bytes.

The question is a record of its own on `channels`, by the key of the form that asked, so that a form sent twice is one
question; the worker takes it away when it has done it. The receiver counts one id once: sent again is never a second
message.
"""

from dataclasses import dataclass, field

from streams.brokers.client import Consumer, Record
from streams.payloads import AgainRecord
from streams.topics import CHANNELS
from streams.wire import decode

_AGAIN = b"again|"


def again_key(asked: str) -> bytes:
    """Return the key of the question of the form *asked*."""
    return _AGAIN + asked.encode()


def is_again(key: bytes) -> bool:
    """Say whether a record of `channels` is a question and no state."""
    return key.startswith(_AGAIN)


@dataclass(slots=True)
class Questions:
    """What was asked and not done yet; each is handed out once."""

    consumer: Consumer
    _open: dict[bytes, AgainRecord] = field(default_factory=dict)
    _done: set[bytes] = field(default_factory=set)

    @classmethod
    def at(cls, bootstrap: str) -> "Questions":
        """Return the questions on the broker at *bootstrap*."""
        consumer = Consumer(bootstrap)
        consumer.assign_from_oldest([CHANNELS.name])
        return cls(consumer)

    def take(self) -> list[tuple[bytes, AgainRecord]]:
        """Return what is to be done now. Raises `Refused` for a question that cannot be read."""
        for record in self.consumer.poll_many(500, 0.0):
            if is_again(record.key):
                self._hear(record)
        if not self._open or not self.consumer.has_reached_the_end():
            return []
        found, self._open = list(self._open.items()), {}
        self._done.update(key for key, _ in found)
        return found

    def _hear(self, record: Record) -> None:
        if record.value is None:
            self._open.pop(record.key, None)
        elif record.key not in self._done:
            self._open[record.key] = decode(AgainRecord, record.value)
