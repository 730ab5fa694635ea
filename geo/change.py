"""What must be told now: what holds, compared with what residents were told.

The comparison is level-triggered: it needs no event, only the two states, so that a crash between
two sends heals at the next comparison. Directions of safety: a shard of which nothing is known
changes nothing (silence is not an all-clear), and any difference a resident could read is told.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import h3.api.basic_int as h3
import numpy as np

from alerts.cap import Severity
from alerts.claim import Danger, Standing, Tie
from alerts.hazard import HazardKind
from alerts.level import Level
from alerts.notice import Phase, Recipients
from alerts.place import HAZARD_RESOLUTION, SHARD_RESOLUTION, Cell, Cells, Shard
from alerts.report import OutcomeKind
from geo.cells import Ids, blocks, cells_of, compact, intervals, merge, parent_of, resolution_of
from geo.hazard_map import rank_of


@dataclass(frozen=True, slots=True)
class DangerRank:
    """One hazard and the worst that was said of it."""

    hazard: HazardKind
    level: Level | None
    severity: Severity

    @property
    def rank(self) -> tuple[int, int]:
        """Return what orders dangers; higher is worse."""
        return rank_of(self.level, self.severity)


@dataclass(frozen=True, slots=True)
class PartKey:
    """What everybody in some cells reads. Tuples are in a fixed order, so equal dangers are equal keys."""

    level: Level | None
    severity: Severity
    hazards: tuple[HazardKind, ...]
    events: tuple[str, ...]
    area_names: tuple[str, ...]
    partial: bool  # less than half of the cell lies inside: 「…に出た」
    dangers: tuple["DangerRank", ...] = ()  # the worst of each hazard, in the order of `hazards`

    @property
    def rank(self) -> tuple[int, int]:
        """Return what orders parts; higher is worse."""
        return rank_of(self.level, self.severity)


@dataclass(frozen=True, slots=True)
class ToldPart:
    """Cells whose people were told the same."""

    key: PartKey
    cells: Cells


@dataclass(frozen=True, slots=True)
class Told:
    """What residents were told of one lineage: parts disjoint in cells, in a fixed order.

    In the `silent` cells they had it from another source already, and nothing was sent under this lineage.
    """

    parts: tuple[ToldPart, ...] = ()
    silent: Cells = ()


NOTHING_TOLD = Told()


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be told in some cells. `before` is None if they were told nothing, `after` if it is over.

    `by_others` says that `after` is what other sources hold there.
    """

    phase: Phase
    recipients: Recipients
    before: PartKey | None
    after: PartKey | None
    cells: Cells
    by_others: bool = False


@dataclass(frozen=True, slots=True)
class Difference:
    """The changes, worst first and disjoint in cells, and what is told once they are sent."""

    changes: tuple[Change, ...]
    told: Told


@dataclass(frozen=True, slots=True)
class Partition:
    """Disjoint intervals, sorted, each with the number of its key."""

    bounds: Ids
    labels: Ids
    keys: list[PartKey]

    def at(self, points: Ids) -> Ids:
        """Return the label at each point, -1 where there is none."""
        if len(self.bounds) == 0:
            return np.full(len(points), -1, dtype=np.int64)
        found = np.searchsorted(self.bounds[:, 0], points, side="right") - 1
        inside = (found >= 0) & (points < self.bounds[np.maximum(found, 0), 1])
        return np.where(inside, self.labels[np.maximum(found, 0)], -1)


def difference(standing: Mapping[Shard, Standing], told: Told) -> Difference:
    """Return what must be told of one lineage, given its newest claim in each shard.

    Nothing changed gives no changes. A shard that is missing from *standing* stays as it was told. A
    cancel counts everywhere as soon as one shard has it: the claims of older revisions that other
    shards still hold are on their way out.
    """
    cancelled = _is_cancelled(standing)
    then = partition_of(told)
    if cancelled:
        now, known = _of_parts(()), then.bounds
    else:
        now = _of_parts((key, cells) for one in standing.values() for key, cells in _disjoint(_told_of(one.dangers)))
        known = intervals(sorted(standing))
    edges = np.unique(np.concatenate((now.bounds.ravel(), then.bounds.ravel(), known.ravel())))
    if len(edges) == 0:
        return Difference((), told)
    starts, ends = edges[:-1], edges[1:]
    before = then.at(starts)
    in_known = Partition(known, np.zeros(len(known), dtype=np.int64), []).at(starts) == 0
    after = np.where(in_known, now.at(starts), -1)

    changes: list[Change] = []
    kept: dict[PartKey, list[Ids]] = defaultdict(list)
    # One number per pair of labels, so that pairs are found by one sort and not by one pass each.
    width = len(now.keys) + 1
    pairs = ((before + 1) * width + after + 1) * 2 + in_known
    order = np.argsort(pairs, kind="stable")
    found, firsts = np.unique(pairs[order], return_index=True)
    for pair, here in zip(found.tolist(), np.split(order, firsts[1:]), strict=True):
        is_known = pair % 2 == 1
        old, new = pair // 2 // width - 1, pair // 2 % width - 1
        if old < 0 and new < 0:
            continue
        bounds = merge(starts[here], ends[here])
        key_before = then.keys[old] if old >= 0 else None
        key_after = now.keys[new] if new >= 0 else None
        stays = key_after if is_known else key_before
        if stays is not None:
            kept[stays].append(bounds)
        if not is_known or key_before == key_after:
            continue
        phase, recipients = phase_of(key_before, key_after, cancelled=cancelled)
        changes.append(Change(phase, recipients, key_before, key_after, cells_of(bounds)))
    return Difference(tuple(sorted(changes, key=_worst_first)), _told(kept))


def phase_of(before: PartKey | None, after: PartKey | None, *, cancelled: bool = False) -> tuple[Phase, Recipients]:
    """Return what the step from *before* to *after* is called, and whom it is for.

    What ends goes to those who were told, not to whoever lives there today; a cancel goes to all of
    them, wherever they are now.
    """
    if after is None:
        return (Phase.CANCELLED, Recipients.ALL_TOLD) if cancelled else (Phase.LIFTED, Recipients.TOLD)
    if before is None:
        return Phase.ISSUED, Recipients.CELLS
    if after.rank != before.rank:
        return (Phase.RAISED if after.rank > before.rank else Phase.LOWERED), Recipients.CELLS
    return Phase.CHANGED, Recipients.CELLS


def parts_of(dangers: tuple[Danger, ...]) -> tuple[tuple[PartKey, Cells], ...]:
    """Return the cells of *dangers* by what their people read; disjoint. Coarse cells stay coarse."""
    return tuple((key, compact(cells)) for key, cells in _disjoint(dangers))


def _told_of(dangers: tuple[Danger, ...]) -> tuple[Danger, ...]:
    """Return the dangers that go out by themselves: nobody approved what was only assumed of a river."""
    if all(danger.tie is not Tie.RIVER_ASSUMED for danger in dangers):
        return dangers
    return tuple(danger for danger in dangers if danger.tie is not Tie.RIVER_ASSUMED)


# A comparison runs each second over shards of which few have changed: 8,192 are all of Japan's that
# a large typhoon touches. Not compacted: the comparison merges all shards anyway.
@lru_cache(maxsize=8192)
def _disjoint(dangers: tuple[Danger, ...]) -> tuple[tuple[PartKey, Cells], ...]:
    if not dangers:
        return ()
    outlines = {(danger.cells, danger.partial) for danger in dangers}
    if len(outlines) == 1 and not dangers[0].partial:
        # Most shards lie inside one area: no arithmetic there.
        return ((_key([(danger, False) for danger in dangers]), dangers[0].cells),)
    # A shard holds at most a few hundred entries: plain dictionaries beat arrays there.
    sets = list(dict.fromkeys(cells for danger in dangers for cells in (danger.cells, danger.partial)))
    number = {cells: at for at, cells in enumerate(sets)}
    patterns: dict[int, int] = {}
    for at, cells in enumerate(sets):
        for named in cells:
            patterns[named] = patterns.get(named, 0) | 1 << at
    _split_parents(patterns)
    by_pattern: dict[int, list[Cell]] = defaultdict(list)
    for cell, pattern in patterns.items():
        by_pattern[pattern].append(Cell(cell))
    parts: dict[PartKey, list[Cell]] = defaultdict(list)
    for pattern, found in by_pattern.items():
        here = [
            (danger, bool(danger.partial) and bool(pattern >> number[danger.partial] & 1))
            for danger in dangers
            if pattern >> number[danger.cells] & 1
        ]
        if here:
            parts[_key(here)] += found
    return tuple((key, tuple(found)) for key, found in parts.items())


def _split_parents(patterns: dict[int, int]) -> None:
    """Replace each cell of which a part is named as well by its children, so that all are disjoint."""
    for resolution in range(SHARD_RESOLUTION, HAZARD_RESOLUTION):
        parents = {parent_of(cell, resolution) for cell in patterns if resolution_of(cell) > resolution}
        for parent in parents & patterns.keys():
            pattern = patterns.pop(parent)
            for child in h3.cell_to_children(parent):
                patterns[child] = patterns.get(child, 0) | pattern


def partition_of(told: Told) -> Partition:
    """Return what was told as intervals of ordinals, each with the number of its key."""
    return _of_parts((part.key, part.cells) for part in told.parts)


def is_complete(standing: Mapping[Shard, Standing]) -> bool:
    """Return whether every shard named by the newest document has reported."""
    if not standing:
        return False
    newest = max(one.provenance.revision for one in standing.values())
    arrived = [one for one in standing.values() if one.provenance.revision == newest]
    return len(arrived) >= arrived[0].shards


def _key(here: list[tuple[Danger, bool]]) -> PartKey:
    worst = max((danger for danger, _ in here), key=lambda danger: rank_of(danger.level, danger.severity))
    return PartKey(
        level=worst.level,
        severity=worst.severity,
        hazards=tuple(sorted({danger.hazard for danger, _ in here})),
        events=tuple(sorted({danger.event for danger, _ in here})),
        area_names=tuple(sorted({danger.area_name for danger, _ in here if danger.area_name})),
        partial=all(is_partial for _, is_partial in here),
        dangers=_ranks(danger for danger, _ in here),
    )


def _ranks(dangers: Iterable[Danger]) -> tuple[DangerRank, ...]:
    worst: dict[HazardKind, DangerRank] = {}
    for danger in dangers:
        one = DangerRank(danger.hazard, danger.level, danger.severity)
        known = worst.get(danger.hazard)
        if known is None or one.rank > known.rank:
            worst[danger.hazard] = one
    return tuple(worst[hazard] for hazard in sorted(worst))


def _is_cancelled(standing: Mapping[Shard, Standing]) -> bool:
    newest = max(standing.values(), key=lambda one: one.provenance.revision, default=None)
    return newest is not None and newest.provenance.outcome == OutcomeKind.CANCEL.value


def _of_parts(parts: Iterable[tuple[PartKey, Cells]]) -> Partition:
    by_key: dict[PartKey, list[int]] = defaultdict(list)
    for key, cells in parts:
        by_key[key].extend(cells)
    keys = list(by_key)
    starts, ends = blocks([cell for key in keys for cell in by_key[key]])
    labels = np.repeat(np.arange(len(keys), dtype=np.int64), [len(by_key[key]) for key in keys])
    order = np.argsort(starts, kind="stable")
    return Partition(np.stack((starts, ends), axis=1)[order], labels[order], keys)


def _told(kept: Mapping[PartKey, list[Ids]]) -> Told:
    parts = []
    for key, bounds in kept.items():
        every = np.concatenate(bounds)
        parts.append(ToldPart(key, cells_of(merge(every[:, 0], every[:, 1]))))
    return Told(tuple(sorted(parts, key=lambda part: (*(-n for n in part.key.rank), part.key.area_names, part.cells))))


def _worst_first(change: Change) -> tuple[object, ...]:
    """Return the order of sending: what holds before what is over, the greater danger first."""
    speaks = change.after or change.before
    assert speaks is not None
    return (
        change.after is None,
        *(-n for n in speaks.rank),
        change.before is not None,
        speaks.area_names,
        change.cells,
    )
