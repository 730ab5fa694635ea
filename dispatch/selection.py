"""Whom a notice is for: an area becomes rows, the most endangered first.

Each person once; of kind 3 each of her places once whose advice differs (R5).

Safe in one direction: where a rule leaves doubt, a person is told (R2).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from alerts.cap import Severity
from alerts.claim import Lane
from alerts.level import Level
from alerts.notice import Notice, NoticeKind, NoticePart, Recipients
from alerts.reception_check import is_check
from dispatch.city import CITY_CELL, touches_city
from dispatch.columns import NO_QUIET_HOURS, U8, U16, U32, U64, spread
from dispatch.layers import People
from dispatch.reach import Allowed, Touched
from dispatch.registry import Registry
from dispatch.subscription import BUCKETS, MAX_PLACES
from dispatch.terms import code_of, have_ended, manners
from dispatch.voice import Voice
from geo.cells import ranges

_NO_PART = np.iinfo(np.uint16).max
# A routine part without a level is weighed like 注意報: a place that asks for level 3 is spared it.
_LEVEL_OF_NONE = int(Level.CHECK_ACTION)
# Place numbers run from 0 to five.
_PLACES = MAX_PLACES + 1


@dataclass(frozen=True, slots=True)
class Selection:
    """Rows in frozen order, and for each the part of the notice that it is sent.

    `places` is the number of the place that it is about in kind 3, from 1, and 0 for a person as a
    whole, with the manner of the push in the same byte (`dispatch.terms`). `quieted` counts rows that a
    notice of level 1 or 2 or routine would have reached, had their owners not asked for quiet.
    """

    rows: U32
    parts: U16
    places: U8
    quieted: int = 0

    @classmethod
    def nobody(cls) -> "Selection":
        """Return a selection without rows."""
        return cls(np.zeros(0, dtype=np.uint32), np.zeros(0, dtype=np.uint16), np.zeros(0, dtype=np.uint8))

    def __len__(self) -> int:
        return len(self.rows)

    def by_bucket(self, people: People) -> dict[int, "Selection"]:
        """Return the rows of each bucket, order kept; empty buckets are left out."""
        buckets = people.bucket(self.rows)
        order = np.argsort(buckets, kind="stable")
        firsts = np.searchsorted(buckets[order], np.arange(BUCKETS + 1))
        found: dict[int, Selection] = {}
        for bucket in range(BUCKETS):
            at = order[firsts[bucket] : firsts[bucket + 1]]
            if len(at):
                found[bucket] = Selection(self.rows[at], self.parts[at], self.places[at])
        return found


@dataclass(frozen=True, slots=True)
class Before:
    """Whom earlier revisions of a lineage told: row numbers, and of kind 3 which of their places."""

    rows: U64
    places: U8

    @classmethod
    def nobody(cls) -> "Before":
        """Return what holds before the first revision."""
        return cls(np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.uint8))


@dataclass(slots=True)
class _Found:
    """What one registry gives: parallel columns, not yet in order."""

    rows: NDArray[np.int64]
    parts: U16
    places: U8
    ranks: NDArray[np.int32]
    cells: U64
    numbers: U64
    quieted: int


def select(
    people: People,
    notice: Notice,
    *,
    at: datetime,
    buckets: Collection[int] | None = None,
    told: Before | None = None,
    zone: str = "Asia/Tokyo",
    only: NDArray[np.bool_] | None = None,
) -> Selection:
    """Return everybody whom *notice* is for, in the order in which they are sent to.

    Order: rank of the part, then cell, then row number - not the ordinal, so that a registry built
    anew from the topic sorts alike. Somebody with several places gets the worst part that reaches
    one of them, under that place's own setting. *only* narrows to some rows, by their ordinals.
    """
    if len(notice.parts) >= _NO_PART:
        raise ValueError(f"a notice has {len(notice.parts)} parts; no more than {_NO_PART - 1} can be told apart")
    told = told or Before.nobody()
    hour = at.astimezone(ZoneInfo(zone)).hour
    by_place = notice.kind is NoticeKind.GO_THERE
    layers = ((people.base, people.alive, 0), (people.delta, None, people.base.count))
    found = []
    for registry, alive, first in layers:
        if not registry.count:
            continue
        wanted = None if only is None else only[first : first + registry.count]
        allowed = Allowed(registry, notice, buckets, tuple(mask for mask in (alive, wanted) if mask is not None))
        one = (_places if by_place else _persons)(registry, notice, allowed, told, hour, at)
        one.rows += first
        found.append(one)
    if not found:
        return Selection.nobody()
    rows, parts, places, ranks, cells, numbers = (
        np.concatenate([getattr(one, name) for one in found]) if len(found) > 1 else getattr(found[0], name)
        for name in ("rows", "parts", "places", "ranks", "cells", "numbers")
    )
    order = np.lexsort((places, numbers, cells, ranks))
    quieted = sum(one.quieted for one in found)
    return Selection(rows[order].astype(np.uint32), parts[order], places[order], quieted)


def _persons(registry: Registry, notice: Notice, allowed: Allowed, told: Before, hour: int, now: datetime) -> _Found:
    """Return each person once, with the worst part that reaches one of her places.

    A place of her own comes before somebody else's, however much worse it is there: information about a school never
    takes the place of what she has to do herself. One place that may sound lets the push sound.
    """
    told_mask = _told_mask(registry, told)
    voice = Voice(registry, notice, hour)
    # From the least to the most dangerous part, so that plain assignment leaves the worst; of two of
    # the same rank the earlier part stays.
    parts = sorted(
        ((number, part) for number, part in enumerate(notice.parts) if part.recipients is not Recipients.NOBODY),
        key=lambda pair: (-pair[1].rank, -pair[0]),
    )
    reached = {n: _reached(registry, part) for n, part in parts if part.recipients is not Recipients.ALL_TOLD}
    touched = Touched(registry, None if len(reached) < len(parts) else tuple(reached.values()))
    best_part = np.full(touched.count, _NO_PART, dtype=np.uint16)
    best_rank = np.full(touched.count, np.iinfo(np.int32).max, dtype=np.int32)
    best_cell = np.zeros(touched.count, dtype=np.uint64)
    quieted = np.zeros(touched.count, dtype=np.bool_)
    for number, part in parts:
        if part.recipients is Recipients.ALL_TOLD:
            # One cell for all: those who moved away are told in the order of their row numbers.
            rows = np.flatnonzero(told_mask)
            rows = voice.heard_everywhere(rows[allowed.of(rows)], part)
            where = touched.position(rows)
            best_part[where], best_rank[where], best_cell[where] = number, part.rank, 0
            continue
        at = reached[number]
        rows, cells = registry.index_row[at].astype(np.int64), registry.index_cell[at]
        keep = allowed.of(rows)
        if part.recipients is Recipients.TOLD:
            keep &= told_mask[rows]
        elif may_be_quieted(notice, part):
            least = registry.index_min_level[at]
            # A check has no level that a place could have asked for more than; only hours of quiet hold it (R19).
            level = int(part.level) if part.level is not None else _LEVEL_OF_NONE
            loud = ~_asleep(registry, rows, hour) & (is_check(notice) | (least <= level))
            quieted[touched.position(rows[keep & ~loud])] = True
            keep &= loud
        if registry.has_terms:
            if part.recipients is Recipients.CELLS:
                keep &= ~have_ended(registry.index_terms[at], now)
            keep = voice.heard(rows, registry.index_terms[at], part, keep)
        # Descending cells: of several places in one part the lowest cell is written last and stays.
        where, cells = touched.position(rows[keep][::-1]), cells[keep][::-1]
        best_part[where], best_rank[where], best_cell[where] = number, part.rank, cells
    found = np.flatnonzero(best_part != _NO_PART)
    quieted[found] = False
    chosen = touched.rows(found)
    return _Found(
        chosen,
        best_part[found],
        voice.codes(chosen),
        best_rank[found],
        best_cell[found],
        registry.columns.row_number[chosen],
        int(quieted.sum()),
    )


def _places(registry: Registry, notice: Notice, allowed: Allowed, told: Before, hour: int, now: datetime) -> _Found:
    """Return each place of a person whose advice differs; quiet hours say nothing, an order wakes everybody.

    Places with the same advice are told once, except where one of them has a notification of its own
    on the phone from an earlier revision: that one has to be replaced.
    """
    told_rows = registry.rows_of(told.rows)
    here = told_rows >= 0
    told_rows, told_places = told_rows[here], told.places[here]
    told_key = np.unique(told_rows * _PLACES + told_places)
    told_mask = np.zeros(registry.count, dtype=np.bool_)
    told_mask[told_rows] = True
    columns: tuple[list[NDArray[Any]], ...] = ([], [], [], [], [], [])
    rows, places, parts, ranks, cells, spoken = columns
    for number, part in enumerate(notice.parts):
        if part.recipients is Recipients.ALL_TOLD:
            row, place = told_key // _PLACES, told_key % _PLACES
            cell: U64 = np.zeros(len(row), dtype=np.uint64)
            terms = _terms_of_place(registry, row, place)
        else:
            at = _positions(registry, part)
            row, cell, terms = (
                registry.index_row[at].astype(np.int64),
                registry.index_cell[at],
                registry.index_terms[at],
            )
            if part.recipients is Recipients.TOLD:
                keep = told_mask[row]
            elif registry.has_terms:
                keep = ~have_ended(terms, now)
            else:
                keep = np.ones(len(row), dtype=np.bool_)
            row, cell, terms = row[keep], cell[keep], terms[keep]
            place = _number_of_place(registry, row, cell)
        keep = allowed.of(row)
        manner = manners(terms[keep], notice, part, hour) if registry.has_terms else np.zeros(int(keep.sum()), np.uint8)
        spoken.append(manner)
        rows.append(row[keep])
        places.append(place[keep])
        cells.append(cell[keep])
        parts.append(np.full(int(keep.sum()), number, dtype=np.uint16))
        ranks.append(np.full(int(keep.sum()), part.rank, dtype=np.int32))
    row, place, cell = _flat(rows, np.int64), _flat(places, np.int64), _flat(cells, np.uint64)
    part_of, rank, voice = _flat(parts, np.uint16), _flat(ranks, np.int32), _flat(spoken, np.uint8)
    # The lower the manner, the more it speaks to somebody who is there.
    # The worst part for each place, of two terms for one place the one that speaks to somebody who is there; then the
    # first place for each part, one's own before somebody else's.
    worst = _first_of(row * _PLACES + place, (voice, part_of, rank))
    row, place, cell, part_of, rank, voice = _at(worst, row, place, cell, part_of, rank, voice)
    once = _first_of(row * _NO_PART + part_of, (place, voice))
    keep = np.isin(row * _PLACES + place, told_key)
    keep[once] = True
    row, place, cell, part_of, rank, voice = _at(keep, row, place, cell, part_of, rank, voice)
    codes = code_of(place.astype(np.uint8), voice)
    return _Found(row, part_of, codes, rank, cell, registry.columns.row_number[row], 0)


def _at(chosen: NDArray[Any], *columns: NDArray[Any]) -> tuple[NDArray[Any], ...]:
    return tuple(column[chosen] for column in columns)


def _terms_of_place(registry: Registry, rows: NDArray[np.int64], places: NDArray[np.int64]) -> U32:
    """Return the terms of each person's place by its number; of one that she has no more, simply hers."""
    columns = registry.columns
    first = columns.place_offset[rows].astype(np.int64)
    there = (places > 0) & (first + places <= columns.place_offset[rows + 1].astype(np.int64))
    at = np.where(there, first + places - 1, 0)
    terms = columns.place_terms[at] if len(columns.place_terms) else np.zeros(len(rows), dtype=np.uint32)
    return np.where(there, terms, np.uint32(0)).astype(np.uint32)


def _first_of(key: NDArray[np.int64], order: tuple[NDArray[np.generic], ...]) -> NDArray[np.int64]:
    """Return for each *key* the position of its entry that is lowest by the last of *order*, then the one before."""
    sorting = np.lexsort((*order, key))
    ordered = key[sorting]
    new = np.ones(len(ordered), dtype=np.bool_)
    new[1:] = ordered[1:] != ordered[:-1]
    return sorting[new]


def _number_of_place(registry: Registry, rows: NDArray[np.int64], cells: U64) -> NDArray[np.int64]:
    """Return which of a person's places lies in the cell, from 1; of two the first."""
    columns = registry.columns
    first = columns.place_offset[rows].astype(np.int64)
    length = columns.place_offset[rows + 1].astype(np.int64) - first
    number = np.zeros(len(rows), dtype=np.int64)
    for nth in range(MAX_PLACES):
        at = np.minimum(first + nth, len(columns.place_cell) - 1)
        matches = (number == 0) & (nth < length) & (columns.place_cell[at] == cells)
        number[matches] = nth + 1
    return number


def _flat(arrays: Sequence[NDArray[Any]], kind: type[np.generic]) -> NDArray[Any]:
    return np.concatenate(arrays).astype(kind) if arrays else np.zeros(0, dtype=kind)


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


def _told_mask(registry: Registry, told: Before) -> NDArray[np.bool_]:
    mask = np.zeros(registry.count, dtype=np.bool_)
    rows = registry.rows_of(told.rows)
    mask[rows[rows >= 0]] = True
    return mask


def _asleep(registry: Registry, rows: NDArray[np.int64], hour: int) -> NDArray[np.bool_]:
    start, end = registry.columns.quiet_start[rows], registry.columns.quiet_end[rows]
    same_day = (start <= hour) & (hour < end)
    over_midnight = (start > end) & ((hour >= start) | (hour < end))
    asleep: NDArray[np.bool_] = (start != NO_QUIET_HOURS) & (same_day | over_midnight)
    return asleep


def _reached(registry: Registry, part: NoticePart) -> NDArray[np.int64]:
    """Return the positions of every place that *part* reaches: those in its cells, and those who asked for the city."""
    at = _positions(registry, part)
    city = np.searchsorted(registry.index_cell, np.array([CITY_CELL, CITY_CELL + 1], dtype=np.uint64)).astype(np.int64)
    if city[0] == city[1] or not touches_city(part.cells):
        return at
    everywhere = np.arange(city[0], city[1], dtype=np.int64)
    # By cell, as the index is: the order of the pushes follows it.
    return np.sort(np.concatenate((at, everywhere)))


def _positions(registry: Registry, part: NoticePart) -> NDArray[np.int64]:
    """Return the positions in the index of every place in the cells of *part*, by cell."""
    lows, highs = ranges(part.cells)
    # As unsigned like the index: numpy compares int64 with uint64 as floats, which merges cells.
    first = np.searchsorted(registry.index_cell, lows.astype(np.uint64), side="left").astype(np.int64)
    last = np.searchsorted(registry.index_cell, highs.astype(np.uint64), side="right").astype(np.int64)
    return spread(first, last - first)
