"""Selection of a million people, against asking every place about every part: without an index, array by array."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import h3.api.basic_int as h3
import numpy as np
import pytest
from numpy.typing import NDArray

from alerts.cap import Severity
from alerts.claim import Lane
from alerts.level import Level
from alerts.notice import Notice, NoticeKind, NoticePart
from alerts.place import Cell
from dispatch.columns import NO_QUIET_HOURS, Columns, Flag, lengths_of
from dispatch.layers import People
from dispatch.registry import Registry
from dispatch.selection import select
from dispatch.terms import NUMBER_MASK, Terms, Whose, packed
from geo.cells import compact
from tests.dispatch.people import KOTO, NIGHT, NOON, notice, part

COUNT = 1_000_000
DISK = np.array(sorted(h3.grid_disk(KOTO, 60)), dtype=np.uint64)
STAYED = packed(Terms(Whose.HERE_UNTIL, until=round((NIGHT - timedelta(days=2)).timestamp())))
STAYS = packed(Terms(Whose.HERE_UNTIL, until=round((NOON + timedelta(days=2)).timestamp())))
TERMS = np.array(
    [packed(Terms()), packed(Terms(Whose.MINE_AT_HOURS, 9, 17)), packed(Terms(Whose.SOMEONE_ELSES)), STAYED, STAYS],
    dtype=np.uint32,
)
NEVER = np.int64(2**62)
TOKYO = ZoneInfo("Asia/Tokyo")


@pytest.fixture(scope="module")
def people() -> People:
    random = np.random.default_rng(31)
    places = random.choice(5, COUNT, p=(0.4, 0.3, 0.15, 0.1, 0.05)) + 1
    offset = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(places)])
    total = int(offset[-1])
    # Nobody has one cell twice.
    nth = np.arange(total) - np.repeat(offset[:-1], places)
    where = (np.repeat(random.integers(0, len(DISK), COUNT), places) + nth * 1999) % len(DISK)
    quiet = random.random(COUNT) < 0.4
    columns = Columns(
        id=np.zeros((COUNT, 16), dtype=np.uint8),
        row_number=np.unique(random.integers(0, 2**64, COUNT + 64, dtype=np.uint64))[:COUNT],
        origin=np.zeros(COUNT, dtype=np.uint16),
        path=np.full(COUNT, ord("/"), dtype=np.uint8),
        path_offset=np.arange(COUNT + 1, dtype=np.uint64),
        p256dh=np.zeros((COUNT, 64), dtype=np.uint8),
        auth=np.zeros((COUNT, 16), dtype=np.uint8),
        language=np.zeros(COUNT, dtype=np.uint8),
        flags=random.choice([0, int(Flag.DRILL), int(Flag.CANARY)], COUNT, p=(0.9, 0.06, 0.04)).astype(np.uint8),
        ward=np.zeros(COUNT, dtype=np.uint16),
        seen=np.zeros(COUNT, dtype=np.uint16),
        quiet_start=np.where(quiet, random.integers(0, 24, COUNT), NO_QUIET_HOURS).astype(np.uint8),
        quiet_end=np.where(quiet, random.integers(0, 24, COUNT), NO_QUIET_HOURS).astype(np.uint8),
        vapid_key=np.zeros(COUNT, dtype=np.uint8),
        place_offset=offset.astype(np.uint32),
        place_cell=DISK[where],
        place_role=np.zeros(total, dtype=np.uint8),
        place_min_level=random.integers(0, 6, total, dtype=np.uint8),
        place_terms=random.choice(TERMS, total, p=(0.7, 0.1, 0.1, 0.05, 0.05)),
        origins=("https://push.example",),
        languages=("ja",),
        wards=("13108",),
    )
    return People(Registry.of(columns, bucket=random.integers(0, 256, COUNT, dtype=np.uint8)))


def parts(level: Level | None, severity: Severity) -> list[NoticePart]:
    random = np.random.default_rng(7)
    shuffled = random.permutation(DISK)
    found = []
    for number in range(6):
        # Areas that overlap, at several resolutions; two of them share a rank.
        cells = [Cell(int(cell)) for cell in shuffled[number * 900 : number * 900 + 1500]]
        found.append(part(compact(cells), rank=(0, 1, 1, 2, 3, 4)[number], level=level, severity=severity))
    return found


def children(one: NoticePart) -> NDArray[np.uint64]:
    return np.array([child for cell in one.cells for child in h3.cell_to_children(cell, 9)], dtype=np.uint64)


def asked(people: People, of: Notice, hour: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return of each place and part its weight, (whose, rank, part) in one number, and which parts reach it."""
    columns = people.base.columns
    where = np.searchsorted(DISK, columns.place_cell)
    row = np.repeat(np.arange(COUNT), lengths_of(columns.place_offset))
    wanted = {Lane.DRILL: int(Flag.DRILL), Lane.CANARY: int(Flag.CANARY)}.get(of.lane, 0)
    allowed = columns.flags == wanted
    start, end = columns.quiet_start.astype(int), columns.quiet_end.astype(int)
    # The hours from start on, around midnight, before end.
    asleep = (start != NO_QUIET_HOURS) & ((hour - start) % 24 < (end - start) % 24)
    is_there = columns.place_terms != STAYED
    elses = (columns.place_terms & 3) == int(Whose.SOMEONE_ELSES)
    weights, reached = [], []
    for number, one in enumerate(of.parts):
        here = np.isin(DISK, children(one))[where] & allowed[row] & is_there
        by_level = one.level is not None and one.level <= Level.CHECK_ACTION
        mild = of.lane is not Lane.LIFE_SAFETY and one.severity not in (Severity.EXTREME, Severity.SEVERE)
        if of.kind is not NoticeKind.GO_THERE and (by_level or (one.level is None and mild)):
            here &= ~asleep[row] & (columns.place_min_level <= (one.level or 2))
        weights.append(elses.astype(np.int64) * 1_000_000 + one.rank * 1000 + number)
        reached.append(here)
    return np.array(weights), np.array(reached)


@pytest.mark.parametrize(
    ("lane", "level", "severity", "at"),
    [
        (Lane.LIFE_SAFETY, Level.SECURE_LIFE, Severity.EXTREME, NIGHT),
        (Lane.ROUTINE, Level.CHECK_ACTION, Severity.MODERATE, NIGHT),
    ],
    ids=["level 5", "level 2"],
)
def test_a_million_people_once_each_by_their_worst_place(
    people: People, lane: Lane, level: Level | None, severity: Severity, at: datetime
) -> None:
    of = notice(*parts(level, severity), lane=lane)
    row = np.repeat(np.arange(COUNT), lengths_of(people.base.columns.place_offset))
    best = np.full(COUNT, NEVER)
    weights, reached = asked(people, of, at.astimezone(TOKYO).hour)
    for weight, here in zip(weights, reached, strict=True):
        np.minimum.at(best, row[here], weight[here])
    expected = np.flatnonzero(best != NEVER)
    chosen = select(people, of, at=at)
    order = np.argsort(chosen.rows)
    assert len(expected) > 10_000
    assert np.array_equal(chosen.rows[order], expected)
    assert np.array_equal(chosen.parts[order], best[expected] % 1000)
    ranks = np.array([one.rank for one in of.parts])[chosen.parts]
    assert (np.diff(ranks) >= 0).all(), "the most endangered first"


def test_of_an_order_each_place_is_told_whose_advice_differs(people: People) -> None:
    of = notice(*parts(Level.ALL_LEAVE, Severity.EXTREME), kind=NoticeKind.GO_THERE)
    columns = people.base.columns
    lengths = lengths_of(columns.place_offset)
    row = np.repeat(np.arange(COUNT), lengths)
    number = np.arange(len(row)) - np.repeat(columns.place_offset[:-1].astype(np.int64), lengths) + 1
    best = np.full(len(row), NEVER)
    weights, reached = asked(people, of, 12)
    for weight, here in zip(weights % 1_000_000, reached, strict=True):
        best[here] = np.minimum(best[here], weight[here])
    told = np.flatnonzero(best != NEVER)
    # The first of her places with the same advice speaks for the others, one of her own before somebody else's.
    advice, elses = row[told] * 1000 + best[told], weights[0][told] >= 1_000_000
    order = np.lexsort((number[told], elses, advice))
    first = told[order[np.concatenate([[True], np.diff(advice[order]) != 0])]]
    chosen = select(people, of, at=NOON)
    found = np.stack([chosen.rows, chosen.places & NUMBER_MASK, chosen.parts]).astype(np.int64)
    expected = np.stack([row[first], number[first], best[first] % 1000])
    assert len(first) > 100_000
    assert np.array_equal(found[:, np.lexsort(found)], expected[:, np.lexsort(expected)])
