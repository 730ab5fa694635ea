"""Who joins late is told at once (R4): what a notice in force says to somebody who has just signed up.

Safe in one direction: who may not have heard is told again, with the same tag, so that her phone shows it once.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from alerts.level import Level
from alerts.notice import SAID_OVER, Notice, NoticePart, Recipients
from dispatch.columns import U16, U64
from dispatch.layers import People
from dispatch.selection import Selection, may_be_quieted, select
from dispatch.told import unit_of

# A part that ends a danger speaks for its cells, but to nobody who has not heard of the danger.


@dataclass(frozen=True, slots=True)
class InForce:
    """A revision that holds, and when its document came in."""

    notice: Notice
    received_ms: int


class Board:
    """The notices in force, by lineage; revisions of one lineage each say what changed."""

    def __init__(self) -> None:
        self._lineages: dict[str, dict[int, InForce]] = {}

    def add(self, notice: Notice, received_ms: int) -> None:
        """Note a revision."""
        self._lineages.setdefault(notice.lineage, {})[notice.revision] = InForce(notice, received_ms)

    def in_force(self, now: datetime) -> Iterator[tuple[InForce, ...]]:
        """Yield for each lineage its revisions that have not expired, the newest first; forget the others."""
        for lineage, revisions in list(self._lineages.items()):
            left = {number: one for number, one in revisions.items() if one.notice.expires > now}
            if not left:
                del self._lineages[lineage]
                continue
            self._lineages[lineage] = left
            yield tuple(left[number] for number in sorted(left, reverse=True))

    @property
    def empty(self) -> bool:
        """Say whether nothing is in force."""
        return not self._lineages


def for_late(
    people: People, revisions: tuple[InForce, ...], rows: NDArray[np.int64], *, now: datetime, buckets: frozenset[int]
) -> Iterator[tuple[InForce, Selection]]:
    """Yield of one lineage's *revisions* (newest first) which of *rows* each has something to say to.

    The newest that speaks of a person's cells speaks to her; an older one only where it is silent.
    """
    left = np.zeros(people.count, dtype=np.bool_)
    left[rows] = True
    for one in revisions:
        if not left.any():
            return
        if any(part.recipients is Recipients.ALL_TOLD for part in one.notice.parts):
            return  # withdrawn as a whole: nothing older holds
        chosen = select(people, one.notice, at=now, buckets=buckets, only=left)
        parts = one.notice.parts
        says = np.array([_is_for_newcomers(part) for part in parts] or [False], dtype=np.bool_)[chosen.parts]
        if says.any():
            yield one, Selection(chosen.rows[says], chosen.parts[says], chosen.places[says])
        left[spoken_for(people, one.notice, left)] = False


def spoken_for(people: People, notice: Notice, among: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the rows of *among* with a place in the cells of *notice*, whoever its parts are for."""
    # As if it were the loudest: somebody who sleeps through it is spoken to all the same.
    parts = tuple(
        replace(part, recipients=Recipients.CELLS, level=Level.SECURE_LIFE) for part in notice.parts if part.cells
    )
    found = select(people, replace(notice, parts=parts), at=notice.sent, only=among)
    rows: NDArray[np.int64] = found.rows.astype(np.int64)
    return rows


def unheard(people: People, selection: Selection, told: tuple[U64, U16], again: frozenset[int]) -> Selection:
    """Return who of *selection* was not told that part (sorted units and parts), or has a device that was not.

    *again* are the row numbers of the latter.
    """
    numbers = people.row_numbers(selection.rows)
    units, parts = told
    if len(units):
        found = unit_of(numbers, selection.places)
        at = np.minimum(np.searchsorted(units, found), len(units) - 1)
        new = (units[at] != found) | (parts[at] != selection.parts)
    else:
        new = np.ones(len(numbers), dtype=np.bool_)
    if again:
        new |= np.isin(numbers, np.fromiter(again, dtype=np.uint64))
    return Selection(selection.rows[new], selection.parts[new], selection.places[new])


def heard_by_nobody_asleep(notice: Notice) -> bool:
    """Say whether *notice* reaches everybody whatever the hour: only then does a gap mean that somebody was missed."""
    return not any(may_be_quieted(notice, part) for part in notice.parts)


def _is_for_newcomers(part: NoticePart) -> bool:
    return part.recipients is Recipients.CELLS and part.phase not in SAID_OVER
