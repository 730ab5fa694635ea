"""Whom a notice is for: an area becomes rows, each once, the most endangered first.

Safe in one direction: where a rule leaves doubt, a person is told (R2).
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from alerts.cap import Severity
from alerts.claim import Lane
from alerts.level import Level
from alerts.notice import Notice, NoticeKind, NoticePart, Recipients
from dispatch.columns import NO_QUIET_HOURS, U16, U32, U64, Flag, spread
from dispatch.registry import Registry
from dispatch.subscription import BUCKETS
from geo.cells import ranges

_NO_PART = np.iinfo(np.uint16).max
# A routine part without a level is weighed like 注意報: a place that asks for level 3 is spared it.
_LEVEL_OF_NONE = int(Level.CHECK_ACTION)


@dataclass(frozen=True, slots=True)
class Selection:
    """Rows in frozen order, and for each the part of the notice that it is sent.

    `quieted` counts rows that a notice of level 1 or 2 or routine would have reached, had their
    owners not asked for quiet.
    """

    rows: U32
    parts: U16
    quieted: int = 0

    def __len__(self) -> int:
        return len(self.rows)

    def by_bucket(self, registry: Registry) -> dict[int, "Selection"]:
        """Return the rows of each bucket, order kept; empty buckets are left out."""
        buckets = registry.bucket[self.rows]
        order = np.argsort(buckets, kind="stable")
        firsts = np.searchsorted(buckets[order], np.arange(BUCKETS + 1))
        found: dict[int, Selection] = {}
        for bucket in range(BUCKETS):
            at = order[firsts[bucket] : firsts[bucket + 1]]
            if len(at):
                found[bucket] = Selection(self.rows[at], self.parts[at])
        return found


def select(
    registry: Registry,
    notice: Notice,
    *,
    at: datetime,
    buckets: Collection[int] | None = None,
    told: U64 | None = None,
    zone: str = "Asia/Tokyo",
) -> Selection:
    """Return everybody whom *notice* is for, in the order in which they are sent to.

    Order: rank of the part, then cell, then row number - not the ordinal, so that a registry built
    anew from the topic sorts alike. Somebody with several places gets the worst part that reaches
    one of them, under that place's own setting.
    """
    if len(notice.parts) >= _NO_PART:
        raise ValueError(f"a notice has {len(notice.parts)} parts; no more than {_NO_PART - 1} can be told apart")
    best_part = np.full(registry.count, _NO_PART, dtype=np.uint16)
    best_rank = np.full(registry.count, np.iinfo(np.int32).max, dtype=np.int32)
    best_cell = np.zeros(registry.count, dtype=np.uint64)
    allowed = _allowed(registry, notice.lane, buckets)
    told_mask = _told_mask(registry, told)
    awake = ~_asleep(registry, at.astimezone(ZoneInfo(zone)).hour)
    quieted = np.zeros(registry.count, dtype=np.bool_)
    # From the least to the most dangerous part, so that plain assignment leaves the worst; of two of
    # the same rank the earlier part stays.
    for number, part in sorted(enumerate(notice.parts), key=lambda pair: (-pair[1].rank, -pair[0])):
        rows, cells, least = _reached(registry, part)
        keep = allowed[rows]
        if part.recipients is not Recipients.CELLS:
            keep &= told_mask[rows]
        elif may_be_quieted(notice, part):
            loud = awake[rows] & (least <= (int(part.level) if part.level is not None else _LEVEL_OF_NONE))
            quieted[rows[keep & ~loud]] = True
            keep &= loud
        # Descending cells: of several places in one part the lowest cell is written last and stays.
        rows, cells = rows[keep][::-1], cells[keep][::-1]
        best_part[rows], best_rank[rows], best_cell[rows] = number, part.rank, cells
    chosen = np.flatnonzero(best_part != _NO_PART)
    order = np.lexsort((registry.columns.row_number[chosen], best_cell[chosen], best_rank[chosen]))
    chosen = chosen[order]
    quieted[chosen] = False
    return Selection(chosen.astype(np.uint32), best_part[chosen], int(quieted.sum()))


def may_be_quieted(notice: Notice, part: NoticePart) -> bool:
    """Tell whether a resident's own quiet may hold *part* back (R2).

    Never level 3 and above, never a part of great severity that has no level (a tsunami warning),
    never kind 3, never what corrects or ends something that people were told.
    """
    if notice.kind is NoticeKind.GO_THERE or part.recipients is not Recipients.CELLS:
        return False
    if part.level is not None:
        return part.level <= Level.CHECK_ACTION
    return notice.lane is not Lane.LIFE_SAFETY and part.severity not in (Severity.EXTREME, Severity.SEVERE)


def _allowed(registry: Registry, lane: Lane, buckets: Collection[int] | None) -> NDArray[np.bool_]:
    """Return the rows that this lane may reach: a drill never a resident, a live one never a test row."""
    flags = registry.columns.flags
    set_apart = flags & np.uint8(Flag.DRILL | Flag.CANARY | Flag.INACTIVE)
    wanted = {Lane.DRILL: Flag.DRILL, Lane.CANARY: Flag.CANARY}.get(lane, Flag.NONE)
    allowed: NDArray[np.bool_] = set_apart == np.uint8(wanted)
    if buckets is not None:
        mine = np.zeros(BUCKETS, dtype=np.bool_)
        mine[list(buckets)] = True
        allowed &= mine[registry.bucket]
    return allowed


def _told_mask(registry: Registry, told: U64 | None) -> NDArray[np.bool_]:
    mask = np.zeros(registry.count, dtype=np.bool_)
    if told is not None and len(told):
        rows = registry.rows_of(told)
        mask[rows[rows >= 0]] = True
    return mask


def _asleep(registry: Registry, hour: int) -> NDArray[np.bool_]:
    start, end = registry.columns.quiet_start, registry.columns.quiet_end
    same_day = (start <= hour) & (hour < end)
    over_midnight = (start > end) & ((hour >= start) | (hour < end))
    asleep: NDArray[np.bool_] = (start != NO_QUIET_HOURS) & (same_day | over_midnight)
    return asleep


def _reached(registry: Registry, part: NoticePart) -> tuple[NDArray[np.int64], U64, NDArray[np.uint8]]:
    """Return row, cell and wished least level of every place that *part* reaches, by cell."""
    if part.recipients is Recipients.ALL_TOLD:
        rows = np.arange(registry.count, dtype=np.int64)
        # One cell for all: those who moved away are told in the order of their row numbers.
        return rows, np.zeros(registry.count, dtype=np.uint64), np.zeros(registry.count, dtype=np.uint8)
    lows, highs = ranges(part.cells)
    # As unsigned like the index: numpy compares int64 with uint64 as floats, which merges cells.
    first = np.searchsorted(registry.index_cell, lows.astype(np.uint64), side="left").astype(np.int64)
    last = np.searchsorted(registry.index_cell, highs.astype(np.uint64), side="right").astype(np.int64)
    at = spread(first, last - first)
    return registry.index_row[at].astype(np.int64), registry.index_cell[at], registry.index_min_level[at]
