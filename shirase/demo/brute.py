"""Count by brute force whom a notice is for, over the synth's own plain list.

Written without dispatch and without `geo`: another path to the same number, by which the demo checks
itself. It looks at every place of every person, in plain Python, and uses only H3's own parents.
"""

import csv
import gzip
import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import h3.api.basic_int as h3

from alerts.cap import Severity
from alerts.claim import Lane
from alerts.notice import Notice, NoticeKind, NoticePart, Recipients
from alerts.reception_check import is_check
from alerts.theme import Audience
from shirase.errors import SubscribersUnreadable

_TOKYO = ZoneInfo("Asia/Tokyo")
_RESOLUTIONS = (6, 7, 8, 9)
# More than the places that a person may have.
_PLACES = 16
_COLUMNS = ("row", "language", "ward", "drill", "canary", "quiet_start", "quiet_end", "places")


@dataclass(frozen=True, slots=True)
class PlainPlace:
    """A cell and the least level of which its owner wants to hear there."""

    cell: int
    min_level: int


@dataclass(frozen=True, slots=True)
class PlainPerson:
    """One line of `subscribers.csv.gz`."""

    row: int
    language: str
    ward: str
    drill: bool
    canary: bool
    quiet: tuple[int, int] | None
    places: tuple[PlainPlace, ...]


@dataclass(frozen=True, slots=True)
class BruteCount:
    """Whom a notice is for: row numbers with the number of the part that each is sent.

    Of kind 3 a person is counted for each of her cells: `part_of_row` goes by row and number of the place.
    """

    lineage: str
    revision: int
    part_of_row: dict[int, int]
    by_place: bool = False

    @property
    def selected(self) -> int:
        """Return how many people there are."""
        return len(self.part_of_row)

    @property
    def rows(self) -> frozenset[int]:
        """Return the row numbers, each once."""
        return frozenset(key // _PLACES if self.by_place else key for key in self.part_of_row)

    @property
    def digest(self) -> str:
        """Return a SHA-256 of the row numbers, by which two counts of one size can be told apart."""
        return hashlib.sha256(",".join(map(str, sorted(self.part_of_row))).encode()).hexdigest()


def load_people(folder: Path) -> tuple[PlainPerson, ...]:
    """Read the plain list beside the snapshot in *folder*."""
    path = folder / "subscribers.csv.gz"
    try:
        with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
            rows = csv.reader(lines)
            if next(rows) != list(_COLUMNS):
                raise ValueError("other columns")
            return tuple(map(_person, rows))
    except (OSError, EOFError, ValueError, StopIteration) as error:
        raise SubscribersUnreadable(
            f"{path} is no list of synthetic subscribers; make one with: shirase subscribers synth --out {folder}"
        ) from error


class BruteForce:
    """Counts over one list of people; remembers the ancestors of each cell."""

    def __init__(self, people: Iterable[PlainPerson]) -> None:
        self.people = tuple(people)
        cells = {place.cell for person in self.people for place in person.places}
        self._ancestors = {cell: tuple(h3.cell_to_parent(cell, r) for r in _RESOLUTIONS) for cell in cells}

    def count(self, notice: Notice, *, at: datetime, told: Collection[int] = ()) -> BruteCount:
        """Return whom *notice* is for at *at*, when the people of *told* heard of its lineage before."""
        told = frozenset(told)
        if notice.kind is NoticeKind.GO_THERE:
            return self._count_ways(notice, told)
        hour = at.astimezone(_TOKYO).hour
        # Only the parts that one of her cells lies in, and those that ask for no cell, concern a person.
        parts_of_cell = self._parts_of_cell(notice.parts)
        for_all_told = {n for n, part in enumerate(notice.parts) if part.recipients is Recipients.ALL_TOLD}
        found: dict[int, int] = {}
        for person in self.people:
            concerned = set(for_all_told)
            for place in person.places:
                concerned |= parts_of_cell[place.cell]
            # The synthetic list holds no officers: what is not for the public is for nobody on it.
            public = notice.audience is Audience.PUBLIC
            if not concerned or not public or not _may_be_sent(person, notice.lane):
                continue
            for number in sorted(concerned, key=lambda number: (notice.parts[number].rank, number)):
                here = [place for place in person.places if number in parts_of_cell[place.cell]]
                if _is_for(person, notice, notice.parts[number], here, hour, person.row in told):
                    found[person.row] = number
                    break
        return BruteCount(notice.lineage, notice.revision, found)

    def _count_ways(self, notice: Notice, told: frozenset[int]) -> BruteCount:
        """Count each cell of a person that the notice tells: quiet holds back no order, and no way (R2, R5)."""
        part_of_cell: dict[int, int] = {cell: number for number, part in enumerate(notice.parts) for cell in part.cells}
        found: dict[int, int] = {}
        for person in self.people:
            if not _may_be_sent(person, notice.lane):
                continue
            seen: set[int] = set()
            for nth, place in enumerate(person.places, start=1):
                number = part_of_cell.get(place.cell)
                if number is None or place.cell in seen:
                    continue
                seen.add(place.cell)
                if notice.parts[number].recipients is Recipients.CELLS or person.row in told:
                    found[person.row * _PLACES + nth] = number
        return BruteCount(notice.lineage, notice.revision, found, by_place=True)

    def count_all(self, notices: Iterable[tuple[Notice, datetime]]) -> tuple[BruteCount, ...]:
        """Count *notices* in order; who was selected by one has been told of its lineage."""
        told: dict[str, set[int]] = {}
        counts = []
        for notice, at in notices:
            heard = told.setdefault(notice.lineage, set())
            one = self.count(notice, at=at, told=heard)
            heard.update(one.rows)
            counts.append(one)
        return tuple(counts)

    def _parts_of_cell(self, parts: Sequence[NoticePart]) -> dict[int, frozenset[int]]:
        """Return for each cell the parts that it lies in: itself or an ancestor is one of their cells."""
        wanted = [set(part.cells) for part in parts]
        return {
            cell: frozenset(number for number, cells in enumerate(wanted) if not cells.isdisjoint(ancestors))
            for cell, ancestors in self._ancestors.items()
        }


def _may_be_sent(person: PlainPerson, lane: Lane) -> bool:
    if lane is Lane.DRILL:
        return person.drill and not person.canary
    if lane is Lane.CANARY:
        return person.canary and not person.drill
    return not person.drill and not person.canary


def _is_for(
    person: PlainPerson, notice: Notice, part: NoticePart, here: list[PlainPlace], hour: int, was_told: bool
) -> bool:
    if part.recipients is Recipients.NOBODY:
        return False
    if part.recipients is Recipients.ALL_TOLD:
        return was_told
    if part.recipients is Recipients.TOLD:
        return was_told and bool(here)
    if not _quiet_counts(notice, part):
        return bool(here)
    level = 2 if part.level is None else int(part.level)
    if is_check(notice):
        return bool(here) and not _is_quiet(person, hour)
    return not _is_quiet(person, hour) and any(place.min_level <= level for place in here)


def _quiet_counts(notice: Notice, part: NoticePart) -> bool:
    """Tell whether wishes for quiet hold (R2): levels 1 and 2, and routine news of no great severity."""
    if notice.kind is NoticeKind.GO_THERE:
        return False
    if part.level is None:
        return notice.lane is not Lane.LIFE_SAFETY and part.severity not in (Severity.EXTREME, Severity.SEVERE)
    return int(part.level) <= 2


def _is_quiet(person: PlainPerson, hour: int) -> bool:
    if person.quiet is None:
        return False
    start, end = person.quiet
    return start <= hour < end if start <= end else hour >= start or hour < end


def _person(line: list[str]) -> PlainPerson:
    row, language, ward, drill, canary, quiet_start, quiet_end, listed = line
    places = []
    for place in listed.split(" "):
        cell, _role, min_level = place.split(":")
        places.append(PlainPlace(int(cell, 16), int(min_level)))
    quiet = (int(quiet_start), int(quiet_end)) if quiet_start else None
    return PlainPerson(int(row), language, ward, drill == "1", canary == "1", quiet, tuple(places))
