"""How many people live in some cells, how many of them are subscribed, and how many a push can reach.

Whole areas only, for the eyes of coordinators; what is shown under 20 reads "<20" (promise 15). Of the
subscribers nothing but places, flags and their number is looked at.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alerts.claim import Lane
from alerts.place import Cells
from dispatch.layers import People
from dispatch.life import are_reachable, span_of
from dispatch.registry import Registry, load
from dispatch.selection import select
from dispatch.unapproved import unapproved
from geo.cells import ranges


@dataclass(frozen=True, slots=True)
class Reach:
    """People of an area; None is what nobody has counted, which is never nought."""

    residents: int | None = None
    subscribers: int | None = None
    reachable: int | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """Of the subscriptions in an area: who was there since a moment, and who was not for half a year; None: unknown."""

    since: int | None = None
    aged_out: int | None = None


class Census:
    """The people per cell, and the subscribers of a packed snapshot."""

    def __init__(self, people: Mapping[int, int] | None = None, registry: Registry | None = None) -> None:
        """*people* go by cell of resolution 9; without them nobody has counted."""
        self.people: Mapping[int, int] = people or {}
        self._counted = people is not None
        self._cells = np.array(sorted(self.people), dtype=np.int64)
        counts = np.array([self.people[int(cell)] for cell in self._cells], dtype=np.int64)
        self._before: NDArray[np.int64] = np.concatenate(([0], np.cumsum(counts)))
        self._registry = registry

    @classmethod
    def of(cls, people: Mapping[int, int] | None, snapshot: Path | None) -> "Census":
        """Return the census over *people* and the packed subscribers in *snapshot*."""
        return cls(people, None if snapshot is None else load(snapshot))

    def residents(self, cells: Cells) -> int | None:
        """Return how many people live in *cells*, None where nobody counted."""
        if not self._counted:
            return None
        lows, highs = ranges(cells)
        first, last = np.searchsorted(self._cells, lows, "left"), np.searchsorted(self._cells, highs, "right")
        if len(lows) and not (last > first).any():
            return None  # nobody has counted there, which is not the same as nobody
        return int((self._before[last] - self._before[first]).sum())

    def reach(self, cells: Cells, *, at: datetime, lane: Lane = Lane.LIFE_SAFETY) -> Reach:
        """Return how many live in *cells*, have a place in them, and would be sent a notice of *lane*.

        The same selection as the fan-out's, so that what is said before is what is done after; but of those only
        who was there within 180 days.
        """
        residents = self.residents(cells)
        registry = self._registry
        if registry is None:
            return Reach(residents)
        if not cells or not registry.count:
            return Reach(residents, 0, 0)
        # Who was not there for half a year is sent it too, and is not counted on (R19).
        there = are_reachable(registry.columns.seen, at.timestamp())
        reachable = select(People(registry), unapproved(cells, at, lane=lane), at=at, only=there)
        return Reach(residents, _with_a_place(registry, cells), len(reachable))

    def answered(self, cells: Cells, *, since: datetime, at: datetime) -> Answered:
        """Return who with a place in *cells* was there since the ten days of *since*, and who was not for half a year.

        From the proof of life that is kept anyway: finer than ten days nothing is known of anybody.
        """
        registry = self._registry
        if registry is None:
            return Answered()
        if not cells or not registry.count:
            return Answered(0, 0)
        spans, people, asked = registry.columns.seen, People(registry), unapproved(cells, at, lane=Lane.LIFE_SAFETY)
        there = select(people, asked, at=at, only=spans >= span_of(since.timestamp()))
        away = select(people, asked, at=at, only=~are_reachable(spans, at.timestamp()))
        return Answered(len(there), len(away))


def _with_a_place(registry: Registry, cells: Iterable[int]) -> int:
    lows, highs = ranges(cells)
    first = np.searchsorted(registry.index_cell, lows.astype(np.uint64), side="left")
    last = np.searchsorted(registry.index_cell, highs.astype(np.uint64), side="right")
    rows = [registry.index_row[start:end] for start, end in zip(first, last, strict=True) if end > start]
    return len(np.unique(np.concatenate(rows))) if rows else 0
