"""Which cells' advice changed between two plans, from what to what, and the reason first.

Only what a reader would do differently counts: another advice, shelter or way. A walk that became a
minute shorter on the same way does not wake anybody.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from alerts.place import Cell
from routing.plan import Answer, CellAdvice, Part, Why


class Cause(StrEnum):
    """Why a cell is told again."""

    FIRST = "first"  # the cell had no advice
    ENDED = "ended"  # the plan no longer speaks of the cell
    WAY_CUT = "way-cut"
    SHELTER_LOST = "shelter-lost"  # unfit, closed or full
    BETTER_WAY = "better-way"
    ROOM_FOUND = "room-found"  # they had none, and others left some
    WARD_FULL = "ward-full"  # the ward that received them takes no more (R17)
    RESTORED = "restored"  # an undone closure or a reopened shelter gave the old way back
    DANGER = "danger"  # R1 decides otherwise: water, storm, time


@dataclass(frozen=True, slots=True)
class AdviceChange:
    """One cell's change. `because` are ids of the closures or shelters that caused it.

    Sorted; but where others took or left the room, the shelter that is full comes before what moved them.
    """

    cell: Cell
    before: CellAdvice | None
    after: CellAdvice | None
    cause: Cause
    because: tuple[str, ...] = ()


def changes(
    before: Iterable[CellAdvice],
    after: Iterable[CellAdvice],
    blocked: Mapping[str, str] | None = None,
    lost: Mapping[str, str] | None = None,
) -> tuple[AdviceChange, ...]:
    """Return what changed between two sets of entries, by cell.

    *blocked* maps roads to the closure that blocks them now, *lost* the shelters that are not offered
    any more to why; a change names those that its old way used.
    """
    old = {entry.cell: entry for entry in before}
    new = {entry.cell: entry for entry in after}
    found = []
    for cell in sorted(old.keys() | new.keys()):
        was, now = old.get(cell), new.get(cell)
        if was is not None and now is not None and same(was, now):
            continue
        cause, because = _cause(was, now, blocked or {}, lost or {})
        found.append(AdviceChange(cell, was, now, cause, because))
    return _with_followers(found)


def same(left: CellAdvice, right: CellAdvice) -> bool:
    """Return whether a reader of *left* would do what a reader of *right* does."""
    return len(left.parts) == len(right.parts) and all(
        _same_part(a, b) for a, b in zip(left.parts, right.parts, strict=True)
    )


def done_in(entry: CellAdvice) -> tuple[object, ...]:
    """Return what a reader of *entry* does: two entries are the same for her when this is."""
    return tuple((part.outline, _done(part.general), _done(part.step_free)) for part in entry.parts)


def _same_part(left: Part, right: Part) -> bool:
    return (
        left.outline == right.outline
        and _done(left.general) == _done(right.general)
        and _done(left.step_free) == _done(right.step_free)
    )


def _done(answer: Answer) -> tuple[object, ...]:
    way = (answer.route.shelter_id, answer.route.offer, answer.route.road_ids) if answer.route else None
    done = (answer.advice, way, answer.leave_by, answer.action)
    # Apart: nobody is told again because a version came that knows the names of refuges.
    return (*done, answer.refuge) if answer.refuge else done


def _with_followers(found: Iterable[AdviceChange]) -> tuple[AdviceChange, ...]:
    """Name what moved those who took or left the room, where that is why others have another shelter or none."""
    settled = list(found)
    took: dict[str, set[str]] = {}
    left: dict[str, set[str]] = {}
    for change in settled:
        if change.because:
            for before, after in _turns(change):
                for answer, where in ((before, left), (after, took)):
                    if answer.route is not None:
                        where.setdefault(answer.route.shelter_id, set()).update(change.because)
    return tuple(_follower(change, took, left) for change in settled)


def _follower(change: AdviceChange, took: Mapping[str, set[str]], left: Mapping[str, set[str]]) -> AdviceChange:
    if change.because:
        return change
    for before, after in _turns(change):
        full = before.route.shelter_id if before.route else ""
        if full in took and (after.why is Why.NO_ROOM or after.route is not None):
            why = tuple(sorted(took[full] - {full}))
            return replace(change, cause=Cause.SHELTER_LOST, because=(full, *why))
        if before.why is Why.NO_ROOM and after.route is not None and after.route.shelter_id in left:
            return replace(change, cause=Cause.ROOM_FOUND, because=tuple(sorted(left[after.route.shelter_id])))
    return change


def by_caps(
    found: Iterable[AdviceChange], caps: Mapping[tuple[str, str], str], ward_of: Mapping[str, str]
) -> tuple[AdviceChange, ...]:
    """Name the cap that moved people out of a ward, where nothing else did.

    *caps* maps lines between wards to what was said of them, *ward_of* shelters to their wards.
    """
    return tuple(_capped(change, caps, ward_of) for change in found)


def _capped(change: AdviceChange, caps: Mapping[tuple[str, str], str], ward_of: Mapping[str, str]) -> AdviceChange:
    if change.because or change.before is None:
        return change
    for before, _ in _turns(change):
        line = (change.before.ward, ward_of.get(before.route.shelter_id, "") if before.route else "")
        if line in caps:
            return replace(change, cause=Cause.WARD_FULL, because=(caps[line],))
    return change


def _turns(change: AdviceChange) -> Iterator[tuple[Answer, Answer]]:
    """Yield the answers before and after where they send people elsewhere."""
    if change.before is None or change.after is None:
        return
    for was, now in zip(change.before.parts, change.after.parts, strict=False):
        for before, after in ((was.general, now.general), (was.step_free, now.step_free)):
            if (before.route and before.route.shelter_id) != (after.route and after.route.shelter_id):
                yield before, after


def _cause(
    was: CellAdvice | None, now: CellAdvice | None, blocked: Mapping[str, str], lost: Mapping[str, str]
) -> tuple[Cause, tuple[str, ...]]:
    if was is None:
        return Cause.FIRST, ()
    if now is None:
        return Cause.ENDED, ()
    routes = [answer.route for part in was.parts for answer in (part.general, part.step_free) if answer.route]
    cut = sorted({blocked[road] for route in routes for road in route.road_ids if road in blocked})
    if cut:
        return Cause.WAY_CUT, tuple(cut)
    gone = sorted({route.shelter_id for route in routes if route.shelter_id in lost})
    if gone:
        return Cause.SHELTER_LOST, tuple(gone)
    pairs = [
        (a, b)
        for left, right in zip(was.parts, now.parts, strict=False)
        for a, b in ((left.general, right.general), (left.step_free, right.step_free))
    ]
    if any(a.why is Why.NO_ROOM and b.route is not None for a, b in pairs):
        return Cause.ROOM_FOUND, ()
    # Whoever had no way and has one now is nearer to one; no danger came.
    kept = all(a.advice is b.advice or b.route is not None for a, b in pairs)
    return (Cause.BETTER_WAY if kept else Cause.DANGER), ()
