"""Neighbouring pushes of one batch on neighbouring streams: what a connection remembers of requests."""

from collections.abc import Iterable, Sequence

from dispatch.batch import Batch


class Chunk:
    """Neighbouring pushes of one batch, sent together on neighbouring streams."""

    __slots__ = ("batch", "begins_at", "deadline", "first", "keys", "last", "left", "started_at")

    def __init__(
        self, batch: Batch, keys: Sequence[int], first: int, begins_at: int, started_at: float, deadline: float
    ) -> None:
        self.batch = batch
        self.keys = keys
        self.first = first
        self.last = first + 2 * (len(keys) - 1)
        self.left = len(keys)
        self.begins_at = begins_at  # bytes written to the connection before it
        self.started_at = started_at
        self.deadline = deadline

    def numbers(self) -> range:
        """Return its streams."""
        return range(self.first, self.last + 1, 2)

    def keys_of(self, numbers: Iterable[int]) -> list[int]:
        """Return the caller's keys of some of its streams."""
        return [self.keys[(number - self.first) >> 1] for number in numbers]
