"""Which offset may be committed when records end out of order: the one before the first that is still open."""

from collections import deque


class Finished:
    """Follow the records of one partition from delivery to their end.

    Counts by records delivered, not by numbers: in a compacted topic offsets have holes, and a hole is
    nobody's open work.
    """

    __slots__ = ("_delivered", "_done")

    def __init__(self) -> None:
        self._delivered: deque[int] = deque()
        self._done: set[int] = set()

    def delivered(self, offset: int) -> None:
        """Note that the record at *offset* was handed out; offsets come in rising order."""
        self._delivered.append(offset)

    def done(self, offset: int) -> int | None:
        """Note the end of a record; return the offset to store (the next to read) when it moved, else None."""
        self._done.add(offset)
        last: int | None = None
        while self._delivered and self._delivered[0] in self._done:
            last = self._delivered.popleft()
            self._done.discard(last)
        return None if last is None else last + 1

    @property
    def open(self) -> int:
        """Return how many records were handed out and hold the commit back."""
        return len(self._delivered)
