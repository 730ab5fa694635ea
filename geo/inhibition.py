"""One thread per danger: what several sources say of one danger in one place is told once.

Each source keeps its lineage, and what it says is compared with what it said, as before. Here those changes
are compared with what people of the same cells were told by other sources about the same hazards: a greater
danger hides a lesser one (level 5 hides 3), an equal one adds nothing, and an end is not an all-clear
while another source still holds. What is hidden is kept for the record, addressed to nobody. An order to
leave stands by itself: no warning hides it, and it hides none.

Directions of safety: a rise of any hazard is always told at once; what nobody was told is never hidden;
where other sources say less than both the old and the new, they change nothing.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import numpy as np

from alerts.hazard import HazardKind
from alerts.notice import Phase, Recipients
from alerts.order_words import is_order
from alerts.place import Cells
from geo.cells import Ids, cells_of, intervals, merge, union
from geo.cells import difference as cells_without
from geo.change import Change, DangerRank, Difference, Partition, PartKey, Told, partition_of

# Two names of one danger: melting snow floods like rain does.
_SAME_DANGER = {HazardKind.SNOWMELT: HazardKind.FLOOD}
_NONE = (-1, -1)


def family_of(hazard: HazardKind) -> HazardKind:
    """Return the danger that *hazard* is a name of; reports of different dangers never hide each other."""
    return _SAME_DANGER.get(hazard, hazard)


def inhibited(
    found: Difference,
    told: Told,
    others: Sequence[Told],
    partition: Callable[[Told], Partition] = partition_of,
) -> Difference:
    """Return *found* (a lineage's own changes since *told*) as people hear it who were told *others* too.

    The cells of the result are those of *found*. What is told of the lineage afterwards is the same; only
    where it was silent is added. *partition* is for a caller who keeps what it makes of each of *others*.
    """
    partitions = [partition(other) for other in others if other.parts]
    silent = intervals(told.silent)
    changes: list[Change] = []
    for change in found.changes:
        for keys, was_silent, cells in _split(change.cells, partitions, silent):
            changes.append(replace(_heard(change, keys, was_silent=was_silent), cells=cells))
    hidden = [change.cells for change in changes if change.recipients is Recipients.NOBODY and change.after is not None]
    changed = union(*(change.cells for change in changes)) if changes else ()
    still = union(cells_without(told.silent, changed), *hidden)
    if any(change.recipients is Recipients.NOBODY or change.phase is Phase.EASED for change in changes):
        # A cancel that reached everybody ever told, wherever they are, would reach those still in danger.
        changes = [
            replace(change, recipients=Recipients.TOLD) if change.recipients is Recipients.ALL_TOLD else change
            for change in changes
        ]
    return Difference(tuple(changes), replace(found.told, silent=still))


def _split(cells: Cells, others: Sequence[Partition], silent: Ids) -> Iterable[tuple[tuple[PartKey, ...], bool, Cells]]:
    """Return the parts of *cells* by what others told there, and whether the lineage was silent there."""
    own = intervals(cells)
    low, high = own[0, 0], own[-1, 1]
    near = [one for one in others if len(one.bounds) and one.bounds[0, 0] < high and one.bounds[:, 1].max() > low]
    if not near and not len(silent):
        yield (), False, cells
        return
    edges = np.unique(np.concatenate([own.ravel(), silent.ravel(), *(one.bounds.ravel() for one in near)]))
    starts, ends = edges[:-1], edges[1:]
    inside = _in(own, starts)
    starts, ends = starts[inside], ends[inside]
    labels = np.stack([one.at(starts) for one in near] + [_in(silent, starts).astype(np.int64)], axis=1)
    groups, numbers = np.unique(labels, axis=0, return_inverse=True)
    numbers = numbers.reshape(-1)
    for number, row in enumerate(groups.tolist()):
        here = numbers == number
        told = (one.keys[label] for one, label in zip(near, row[:-1], strict=True) if label >= 0)
        keys = tuple(key for key in told if not is_order(key.events))
        yield keys, bool(row[-1]), cells_of(merge(starts[here], ends[here]))


def _heard(change: Change, others: tuple[PartKey, ...], *, was_silent: bool) -> Change:
    """Return what people hear of *change* where other sources told them *others*."""
    if any(key is not None and is_order(key.events) for key in (change.before, change.after)):
        return change
    before, after, theirs = _ranks(change.before), _ranks(change.after), _worst(others)
    about = {
        family
        for family in before.keys() | after.keys()
        if family in theirs and theirs[family].rank >= min(_rank(before, family), _rank(after, family))
    }
    if not about:
        if was_silent and change.after is None:
            # They had it from a source that has ended without a word because this one went on.
            return replace(change, recipients=Recipients.CELLS)
        return change
    then = {family: max(_rank(before, family), _rank(theirs, family)) for family in before.keys() | after.keys()}
    now = {family: max(_rank(after, family), _rank(theirs, family)) for family in before.keys() | after.keys()}
    if then == now:
        return replace(change, recipients=Recipients.NOBODY)
    if any(now[family] > then[family] for family in now):
        return _risen(change, theirs, worst_then=max(then.values()))
    fallen = {family for family in now if now[family] < then[family]}
    return _fallen(change, others, theirs, fallen, was_silent=was_silent)


def _fallen(
    change: Change,
    others: tuple[PartKey, ...],
    theirs: dict[HazardKind, DangerRank],
    fallen: set[HazardKind],
    *,
    was_silent: bool,
) -> Change:
    """Return a fall: in this source's words as far as it is the one that still says most, else in theirs."""
    assert change.before is not None
    to_whom = Recipients.CELLS if was_silent else Recipients.TOLD
    own = _ranks(change.after)
    left = {family for family in fallen if _rank(theirs, family) > _rank(own, family)}
    if left and change.after is None:
        after = _joined(others, left)
        return replace(change, phase=Phase.EASED, recipients=to_whom, after=after, by_others=True)
    if left:
        after = _joined(others, left)
        return replace(change, phase=Phase.LOWERED, recipients=Recipients.CELLS, after=after, by_others=True)
    kept = change.after and _restricted(
        change.after, lambda danger: danger.rank >= _rank(theirs, family_of(danger.hazard))
    )
    if kept is not None:
        return replace(change, after=kept)
    ended = _restricted(change.before, lambda danger: family_of(danger.hazard) in fallen)
    if change.after is None:
        recipients = Recipients.CELLS if was_silent else change.recipients
        return replace(change, recipients=recipients, before=ended)
    return replace(change, phase=Phase.LIFTED, recipients=to_whom, before=ended, after=None)


def _risen(change: Change, theirs: dict[HazardKind, DangerRank], *, worst_then: tuple[int, int]) -> Change:
    """Return a rise: only the hazards that this source now knows worst of are in its words."""
    assert change.after is not None
    after = _not_hidden(change.after, theirs)
    assert after is not None, "what has risen is said worst of by this source"
    phase = Phase.RAISED if after.rank > worst_then > _NONE else change.phase
    return replace(change, phase=phase, recipients=Recipients.CELLS, after=after)


def _not_hidden(key: PartKey, theirs: dict[HazardKind, DangerRank]) -> PartKey | None:
    return _restricted(key, lambda danger: danger.rank >= _rank(theirs, family_of(danger.hazard)))


def _restricted(key: PartKey, keep: Callable[[DangerRank], bool]) -> PartKey | None:
    """Return what *key* says of the hazards to *keep*, None if nothing is left."""
    dangers = tuple(danger for danger in _dangers(key) if keep(danger))
    if not dangers:
        return None
    worst = max(dangers, key=lambda danger: danger.rank)
    hazards = tuple(sorted({danger.hazard for danger in dangers}))
    return replace(key, level=worst.level, severity=worst.severity, hazards=hazards, dangers=dangers)


def _ranks(key: PartKey | None) -> dict[HazardKind, DangerRank]:
    found: dict[HazardKind, DangerRank] = {}
    for danger in _dangers(key) if key is not None else ():
        family = family_of(danger.hazard)
        if family not in found or danger.rank > found[family].rank:
            found[family] = danger
    return found


def _dangers(key: PartKey) -> tuple[DangerRank, ...]:
    """Return the dangers of *key*; one that was written before they were told apart counts with its worst."""
    return key.dangers or tuple(DangerRank(hazard, key.level, key.severity) for hazard in key.hazards)


def _worst(keys: Iterable[PartKey]) -> dict[HazardKind, DangerRank]:
    found: dict[HazardKind, DangerRank] = {}
    for key in keys:
        for family, danger in _ranks(key).items():
            if family not in found or danger.rank > found[family].rank:
                found[family] = danger
    return found


def _joined(keys: tuple[PartKey, ...], about: set[HazardKind]) -> PartKey:
    """Return what *keys* together say about the families *about*."""
    found = _worst(keys)
    dangers = tuple(found[family] for family in sorted(about))
    worst = max(dangers, key=lambda danger: danger.rank)
    speaking = [key for key in keys if any(danger in dangers for danger in _dangers(key))]
    return PartKey(
        level=worst.level,
        severity=worst.severity,
        hazards=tuple(sorted({danger.hazard for danger in dangers})),
        events=tuple(sorted({event for key in speaking for event in key.events})),
        area_names=tuple(sorted({name for key in speaking for name in key.area_names})),
        partial=all(key.partial for key in speaking),
        dangers=dangers,
    )


def _rank(ranks: dict[HazardKind, DangerRank], family: HazardKind) -> tuple[int, int]:
    return ranks[family].rank if family in ranks else _NONE


def _in(bounds: Ids, points: Ids) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    if len(bounds) == 0:
        return np.zeros(len(points), dtype=np.bool_)
    at = np.searchsorted(bounds[:, 0], points, side="right") - 1
    found: np.ndarray[tuple[int], np.dtype[np.bool_]] = (at >= 0) & (points < bounds[np.maximum(at, 0), 1])
    return found
