"""Who was told which way: for each order and cell what was said, in the order in which it was said.

Folded from kind 3 notices, so that a planner that starts anew knows what its predecessor told. The
history is what an undo goes by: whom a mistaken closure moved is known, and where they were sent before.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from alerts.notice import ENDS, Notice, NoticeKind, NoticePart, ToldWay
from alerts.place import Cell
from routing.change import Cause

# An undo is a matter of minutes; what happened before so many changes of one cell is not taken back.
_KEPT = 8


@dataclass(frozen=True, slots=True)
class Said:
    """One way that a cell was told, by which revision and when."""

    revision: int
    at: datetime
    way: ToldWay


@dataclass(slots=True)
class _Thread:
    revision: int = 0
    said: dict[Cell, tuple[Said, ...]] = field(default_factory=dict)


class WaysTold:
    """What was told, by lineage of the ways."""

    def __init__(self) -> None:
        self._threads: dict[str, _Thread] = {}

    def take(self, notice: Notice) -> None:
        """Take in a notice that has gone out, or will without a person."""
        if notice.kind is not NoticeKind.GO_THERE:
            return
        thread = self._threads.setdefault(notice.lineage, _Thread())
        thread.revision = max(thread.revision, notice.revision)
        for part in notice.parts:
            for cell in part.cells:
                self._tell(thread, cell, part, notice)

    def reserve(self, lineage: str, revision: int) -> None:
        """Note that a revision number is taken, by a draft that waits for a person."""
        thread = self._threads.setdefault(lineage, _Thread())
        thread.revision = max(thread.revision, revision)

    def next_revision(self, lineage: str) -> int:
        """Return the number of the next notice of *lineage*."""
        return self._threads.setdefault(lineage, _Thread()).revision + 1

    def newest(self, lineage: str, cell: Cell) -> Said | None:
        """Return what *cell* was told last, or None when it was told nothing or that it is over."""
        thread = self._threads.get(lineage)
        said = thread.said.get(cell, ()) if thread else ()
        return said[-1] if said else None

    def cells(self, lineage: str) -> tuple[Cell, ...]:
        """Return the cells that were told a way that still stands, sorted."""
        thread = self._threads.get(lineage)
        return tuple(sorted(thread.said)) if thread else ()

    def lineages(self) -> tuple[str, ...]:
        """Return the lineages of ways of which anything still stands."""
        return tuple(sorted(lineage for lineage, thread in self._threads.items() if thread.said))

    def moved_by(self, lineage: str, fact: str) -> Iterator[tuple[Cell, Said]]:
        """Yield each cell that *fact* moved and nothing has moved since, with what it was told before.

        Whom its undo has sent back is not moved by it any more: an undo that is heard again, after a restart, is none.
        """
        thread = self._threads.get(lineage)
        for cell, said in sorted(thread.said.items()) if thread else ():
            if len(said) > 1 and fact in said[-1].way.because and said[-1].way.cause != Cause.RESTORED:
                yield cell, said[-2]

    def told_because(self, lineage: str, fact: str, *, restored: bool) -> set[Cell]:
        """Return the cells whose newest way was told because of *fact*: by it, or (*restored*) by its undo."""
        thread = self._threads.get(lineage)
        newest = ((cell, said[-1].way) for cell, said in thread.said.items()) if thread else ()
        return {cell for cell, way in newest if fact in way.because and (way.cause == Cause.RESTORED) is restored}

    def _tell(self, thread: _Thread, cell: Cell, part: NoticePart, notice: Notice) -> None:
        if part.phase in ENDS or part.way is None:
            thread.said.pop(cell, None)
            return
        before = thread.said.get(cell, ())
        if any(one.revision == notice.revision for one in before):
            return  # heard twice: as our own command and as the notice that it became
        told = sorted((*before, Said(notice.revision, notice.approved_at, part.way)), key=lambda one: one.revision)
        thread.said[cell] = tuple(told[-_KEPT:])
