"""Who signs up while notices are in force, and is told at once (R4): what a worker keeps of them."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from alerts.notice import Notice
from dispatch.columns import U16, U64
from dispatch.selection import Selection
from dispatch.told import unit_of
from streams.fanout.late import Board, for_late, unheard
from streams.fanout.subscribers import Joined, Subscribers
from streams.fanout.told_book import ToldBook

# Newcomers are gathered for this long: a record for each bucket and wave, and ten seconds are promised (R4).
LATE_SECONDS = 2.0

# What a notice's own ranges are still going to tell: units, sorted, and their parts.
Coming = Callable[[Notice], tuple[U64, U16]]
Tell = Callable[[Notice, int, Selection], None]


class Newcomers:
    """Those who joined since the last look, and the notices that hold for them."""

    def __init__(self, subscribers: Subscribers, told: ToldBook, buckets: frozenset[int]) -> None:
        self.board = Board()
        self._subscribers = subscribers
        self._told = told
        self._buckets = buckets
        self._joined: set[int] = set()
        self._renewed: set[int] = set()
        self._looked_at = time.monotonic()

    def take(self, joined: Joined) -> None:
        """Note who has joined."""
        self._joined |= joined.all
        self._renewed |= joined.renewed

    @property
    def due(self) -> bool:
        """Say whether it is time to look for somebody to tell, and there may be somebody."""
        if time.monotonic() - self._looked_at < LATE_SECONDS:
            return False
        self._looked_at = time.monotonic()
        return not (self.board.empty and self._subscribers.changes == 0 and not self._joined)

    def tell(self, coming: Coming, tell: Tell) -> None:
        """Give *tell* the notices that those who joined have not heard, when their document came, and for whom."""
        joined, self._joined = self._joined, set()
        again, self._renewed = frozenset(self._renewed), set()
        if not joined:
            return
        people = self._subscribers.people
        found = people.rows_of(np.fromiter(joined, dtype=np.uint64))
        rows: NDArray[np.int64] = found[found >= 0]
        now = datetime.now(UTC)
        for revisions in self.board.in_force(now):
            for one, chosen in for_late(people, revisions, rows, now=now, buckets=self._buckets):
                told = self._told.parts_of(one.notice.lineage, one.notice.revision)
                late = unheard(people, chosen, _both(told, coming(one.notice)), again)
                if len(late):
                    tell(one.notice, one.received_ms, late)

    def missed(self, chosen: Selection, lineage: str) -> None:
        """Count those of *chosen* among the newcomers who are in no record: they signed up while nobody looked."""
        people = self._subscribers.people
        numbers = people.row_numbers(chosen.rows)
        new = ~np.isin(unit_of(numbers, chosen.places), self._told.units_ever(lineage))
        self._joined.update(numbers[new].tolist())


def _both(one: tuple[U64, U16], other: tuple[U64, U16]) -> tuple[U64, U16]:
    if not len(other[0]):
        return one
    units, at = np.unique(np.concatenate([one[0], other[0]]), return_index=True)
    return units, np.concatenate([one[1], other[1]])[at]
