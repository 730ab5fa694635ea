"""What became of the rows of one fan-out: the counts that receipts are made of.

Columns over bucket, ring of danger and end, and over bucket and ward: an object for each row would cost more than its
push. What an owner before had counted is added when a count is asked for.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dispatch.outcomes import PushOutcome
from streams.fanout.checkpoint import Checkpoint, Ring


class Unsent(StrEnum):
    """Ends of a row that no push service had a part in; counted beside `PushOutcome`."""

    SUPERSEDED = "superseded"  # a newer revision speaks to this row
    UNSUBSCRIBED = "unsubscribed"  # gone since the order was frozen
    WITHDRAWN = "withdrawn"  # a check of reception, stopped for a danger


_ENDS: tuple[str, ...] = tuple(outcome.value for outcome in (*PushOutcome, *Unsent))
_END_CODES = {end: code for code, end in enumerate(_ENDS)}
_NEVER = np.iinfo(np.int64).max


class RowEnds:
    """Counts of ends by bucket, ring and ward. Buckets, rings and wards are codes here."""

    def __init__(self, before: Sequence[Checkpoint], ranks: Iterable[int], wards: Sequence[str]) -> None:
        """*before* is what was counted of each bucket; *ranks* are those of the parts: a ring is a rank of danger."""
        self._before = before
        self._ward_names = wards
        self.rings: NDArray[np.int64] = np.unique(np.array(list(ranks) or [0], dtype=np.int64))
        self._ends = np.zeros((len(before), len(self.rings), len(_ENDS)), dtype=np.int64)
        self._ring_rows = np.zeros(self._ends.shape[:2], dtype=np.int64)
        self._wards = np.zeros((len(before), len(wards)), dtype=np.int32)
        self._ward_bytes = np.zeros((len(before), len(wards)), dtype=np.int64)
        self._ward_news = np.zeros((2, len(wards)), dtype=np.int64)
        self._first_ms = np.full(len(before), _NEVER, dtype=np.int64)
        self._last_ms = np.zeros(len(before), dtype=np.int64)

    def select(self, buckets: NDArray[Any], rings: NDArray[Any]) -> None:
        """Note who was chosen."""
        self._ring_rows += self._by_ring(buckets, rings)

    def count(self, buckets: NDArray[Any], rings: NDArray[Any], end: PushOutcome | Unsent) -> None:
        """Count rows that came to *end*."""
        self._ends[:, :, _END_CODES[end.value]] += self._by_ring(buckets, rings)

    def accepted(self, buckets: NDArray[Any], wards: NDArray[Any], *, at_ms: int, body_bytes: int) -> None:
        """Note the ward and time of rows that a push service took, each with a body of so many bytes."""
        # Flat: numpy adds at pairs of indices ten times slower.
        at = buckets * np.int64(self._wards.shape[1]) + wards
        np.add.at(self._wards.reshape(-1), at, 1)
        np.add.at(self._ward_bytes.reshape(-1), at, body_bytes)
        by_ward = np.bincount(wards, minlength=len(self._ward_news[0]))
        self._ward_news += (by_ward, by_ward * body_bytes)
        self._first_ms[buckets] = np.minimum(self._first_ms[buckets], at_ms)
        self._last_ms[buckets] = at_ms

    def take_ward_news(self) -> list[tuple[str, int, int]]:
        """Return ward, accepted pushes and their bytes since the last time, for metering (R25)."""
        news = [
            (self._ward_names[code], int(self._ward_news[0, code]), int(self._ward_news[1, code]))
            for code in np.flatnonzero(self._ward_news[0]).tolist()
        ]
        self._ward_news[:] = 0
        return news

    def of_bucket(self, local: int) -> Checkpoint:
        """Return all that was ever counted of one bucket, without where its rows stand."""
        before, names = self._before[local], self._ward_names
        # Lists, because a bucket has a handful of each: numpy's calls took three times as long as the sums.
        ends, ring_rows = self._ends[local].tolist(), self._ring_rows[local].tolist()
        rings = {
            rank: Ring(
                rows, _plus(before.rings[rank].outcomes if rank in before.rings else Counter(), _named(ends[at]))
            )
            for at, (rank, rows) in enumerate(zip(self.rings.tolist(), ring_rows, strict=True))
            if rows
        }
        by_ward = _plus(before.wards, _named(self._wards[local].tolist(), names))
        by_size = _plus(before.ward_bytes, _named(self._ward_bytes[local].tolist(), names))
        first, last = int(self._first_ms[local]), int(self._last_ms[local])
        return Checkpoint(
            {},
            _plus(before.outcomes, _named([sum(of_rings) for of_rings in zip(*ends, strict=True)])),
            by_ward,
            before.first_accepted_ms if before.first_accepted_ms is not None else first if first != _NEVER else None,
            last if first != _NEVER else before.last_accepted_ms,
            by_size,
            rings,
        )

    def total(self) -> Checkpoint:
        """Return the sum of all buckets: asked at the end of every tail, so not bucket by bucket."""
        ends, ring_rows = self._ends.sum(axis=0), self._ring_rows.sum(axis=0).tolist()
        total = Checkpoint(
            outcomes=Counter(_named(ends.sum(axis=0).tolist())),
            wards=Counter(_named(self._wards.sum(axis=0, dtype=np.int64).tolist(), self._ward_names)),
            ward_bytes=Counter(_named(self._ward_bytes.sum(axis=0).tolist(), self._ward_names)),
            rings={
                rank: Ring(rows, Counter(_named(ends[at].tolist())))
                for at, (rank, rows) in enumerate(zip(self.rings.tolist(), ring_rows, strict=True))
                if rows
            },
        )
        if (self._first_ms != _NEVER).any():
            total.first_accepted_ms, total.last_accepted_ms = int(self._first_ms.min()), int(self._last_ms.max())
        for before in self._before:
            if before.outcomes:
                # Its rows are among those that were chosen: only what became of them is added.
                rings = {rank: Ring(0, one.outcomes) for rank, one in before.rings.items() if rank in total.rings}
                total.add(replace(before, rings=rings))
        return total

    def _by_ring(self, buckets: NDArray[Any], rings: NDArray[Any]) -> NDArray[np.int64]:
        flat = np.bincount(buckets * np.int64(len(self.rings)) + rings, minlength=self._ring_rows.size)
        return flat.reshape(self._ring_rows.shape)


def _named(counts: list[int], names: Sequence[str] = _ENDS) -> dict[str, int]:
    return {name: count for name, count in zip(names, counts, strict=True) if count}


def _plus(before: Counter[str], news: Mapping[str, int]) -> Counter[str]:
    # Counters add up by a loop in Python; most have nothing to add to.
    return before + Counter(news) if before else Counter(news)
