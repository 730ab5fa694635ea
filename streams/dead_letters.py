"""Poison goes aside with its reason and its neighbours go on, until there is too much of it.

A record whose handling raises is copied to `dead-letters` under topic-partition-offset. What a handler
refuses by name (`Refused`) is the input's fault, however much of it comes. Unexpected exceptions are ours:
past a share of the recent records the worker stops, because a wrong release sends everything aside and
looks healthy while it does.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from streams.brokers.errors import StreamsError
from streams.brokers.record import Record
from streams.topics import DEAD_LETTERS, SUBSCRIPTIONS

REASON = "reason"
DETAIL = "detail"

# A class name and a sentence; never the input, which may hold anything.
_DETAIL_CHARACTERS = 200


class Refused(StreamsError):
    """Send this record aside for a stable *reason* code; raised by handlers, never counted against the worker."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason if not detail else f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Limit:
    """How much may go wrong unexpectedly: *share* of the records of the last *window_seconds*, from *at_least* on."""

    share: float = 0.5
    at_least: int = 20
    window_seconds: float = 60.0


class Recent:
    """Count what went well and what went wrong within the window of a `Limit`."""

    __slots__ = ("_limit", "_seen", "_wrong")

    def __init__(self, limit: Limit) -> None:
        self._limit = limit
        self._seen: deque[tuple[float, bool]] = deque()
        self._wrong = 0

    def add(self, *, wrong: bool, at: float) -> str | None:
        """Add one record handled at *at* (seconds); return why the worker must stop, or None to go on."""
        self._seen.append((at, wrong))
        self._wrong += wrong
        while self._seen[0][0] < at - self._limit.window_seconds:
            self._wrong -= self._seen.popleft()[1]
        if self._wrong >= self._limit.at_least and self._wrong > self._limit.share * len(self._seen):
            return (
                f"{self._wrong} of the last {len(self._seen)} records failed unexpectedly: the code is the likelier "
                f"culprit than the input. Read the reasons on {DEAD_LETTERS.name}, mend or roll back, start again."
            )
        return None


def reason_of(error: BaseException) -> str:
    """Return the stable reason code of *error*: a refusal's own, else the class that escaped."""
    return error.reason if isinstance(error, Refused) else f"unexpected-{type(error).__name__}"


def dead_letter(record: Record, error: BaseException) -> tuple[bytes, bytes, Mapping[str, bytes]]:
    """Return key, value and headers of the dead letter for *record*.

    The original bytes and headers go along, except for subscriptions: of those the length only, since the
    dead-letter topic is read by people (promise 15).
    """
    detail = error.detail if isinstance(error, Refused) else ""
    ours = {REASON: reason_of(error).encode(), DETAIL: detail[:_DETAIL_CHARACTERS].encode()}
    value = record.value if record.value is not None else b""
    if record.topic == SUBSCRIPTIONS.name:
        return record.place.encode(), b"", {"length": str(len(value)).encode(), **ours}
    return record.place.encode(), value, {**record.headers, "original-key": record.key, **ours}
