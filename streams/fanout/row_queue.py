"""The rows of one push service that were not tried yet, the most endangered first."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

# A slice of a queue that is looked at in one go.
_LOOK = 256


class State(IntEnum):
    """Where a row stands."""

    FRESH = 0  # never tried in this process
    OPEN = 1  # handed over, no answer yet
    WAITING = 2  # for another attempt
    HELD = 3  # until an older request to it has come back
    YIELDING = 4  # a newer revision is going to speak to it, and its order is not stored yet
    ENDED = 5


@dataclass(slots=True)
class RowQueue:
    """Orders, and the first of them that may still be fresh by *state*, the column that all queues share."""

    orders: NDArray[np.uint32]
    state: NDArray[np.uint8]
    next: int = 0

    @property
    def at_most(self) -> int:
        """Return how many rows may be left: cheap, and never too few."""
        return len(self.orders) - self.next

    def take(self, most: int) -> NDArray[np.int64]:
        """Return the next rows that are still fresh; what was dealt with otherwise is passed over."""
        self.advance()
        found: list[NDArray[np.int64]] = []
        at, count = self.next, 0
        while at < len(self.orders) and count < most:
            some = self.orders[at : at + max(_LOOK, most)].astype(np.int64)
            at += len(some)
            some = some[self.state[some] == State.FRESH][: most - count]
            found.append(some)
            count += len(some)
        if len(found) == 1:
            return found[0]
        return np.concatenate(found) if found else np.zeros(0, dtype=np.int64)

    def advance(self) -> None:
        """Pass over the rows at the front that are not fresh any more."""
        while self.next < len(self.orders):
            some = self.orders[self.next : self.next + _LOOK]
            fresh: NDArray[Any] = np.flatnonzero(self.state[some] == State.FRESH)
            if len(fresh):
                self.next += int(fresh[0])
                return
            self.next += len(some)

    def rewind(self, order: int) -> None:
        """Go back to *order*, which is fresh again."""
        self.next = min(self.next, int(np.searchsorted(self.orders, order)))
