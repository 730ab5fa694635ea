"""Which rows a notice may reach, and which it touches: for a street it costs what a street does, not what a city does.

A pass over a column of a million people takes a millisecond or more, and a warning for three hundred took a dozen.
"""

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from alerts.claim import Lane
from alerts.notice import Notice
from alerts.theme import Audience
from dispatch.columns import Flag
from dispatch.registry import Registry
from dispatch.subscription import BUCKETS

# Fewer rows than this part of a registry are looked up one by one.
_FEW = 16


class Allowed:
    """The rows that a notice may reach: looked up one by one for a few, and once for all for many.

    A drill never reaches a resident, a live notice never a test row. What is not for the public reaches officers' rows
    only, whatever its cells and parts say.
    """

    def __init__(
        self,
        registry: Registry,
        notice: Notice,
        buckets: Collection[int] | None,
        masks: Sequence[NDArray[np.bool_]],
    ) -> None:
        """*masks* are of all rows, and each must allow a row."""
        self._registry = registry
        self._wanted = {Lane.DRILL: Flag.DRILL, Lane.CANARY: Flag.CANARY}.get(notice.lane, Flag.NONE)
        self._public = notice.audience is Audience.PUBLIC
        self._masks = masks
        self._all: NDArray[np.bool_] | None = None
        self._mine: NDArray[np.bool_] | None = None
        if buckets is not None:
            self._mine = np.zeros(BUCKETS, dtype=np.bool_)
            self._mine[list(buckets)] = True

    def of(self, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Say of each of *rows* whether the notice may reach it."""
        if len(rows) < self._registry.count // _FEW:
            return self._among(rows)
        if self._all is None:
            self._all = self._among(slice(None))
        return self._all[rows]

    def _among(self, rows: NDArray[np.int64] | slice) -> NDArray[np.bool_]:
        flags = self._registry.columns.flags[rows]
        set_apart = flags & np.uint8(Flag.DRILL | Flag.CANARY | Flag.INACTIVE)
        allowed: NDArray[np.bool_] = set_apart == np.uint8(self._wanted)
        if not self._public:
            allowed &= (flags & np.uint8(Flag.STAFF)) != 0
        if self._mine is not None:
            allowed &= self._mine[self._registry.bucket[rows]]
        for mask in self._masks:
            allowed &= mask[rows]
        return allowed


class Touched:
    """The rows that a notice may speak to at all: few of them, so that a warning for a street costs what a street does.

    Where they are many, or not known before (None), they are all rows and a position is a row.
    """

    def __init__(self, registry: Registry, reached: Sequence[NDArray[np.int64]] | None) -> None:
        few = reached is not None and sum(map(len, reached)) < registry.count // _FEW
        self._rows = (
            np.unique(np.concatenate([registry.index_row[at] for at in reached])).astype(np.int64)
            if few and reached
            else None
        )
        self.count = registry.count if self._rows is None else len(self._rows)

    def position(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the positions of *rows*, all of which are touched."""
        return rows if self._rows is None else np.searchsorted(self._rows, rows)

    def rows(self, positions: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the rows at *positions*."""
        return positions if self._rows is None else self._rows[positions]
