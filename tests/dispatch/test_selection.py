"""Selection against a count by hand, and the rules it must never break."""

import random
from datetime import datetime
from zoneinfo import ZoneInfo

import h3.api.basic_int as h3
import numpy as np
import pytest

from alerts.cap import Severity
from alerts.claim import Lane
from alerts.level import Level
from alerts.notice import Notice, NoticeKind, Phase, Recipients
from alerts.place import Cell
from dispatch.columns import columns_of
from dispatch.registry import Registry
from dispatch.selection import may_be_quieted, select
from dispatch.subscription import Place, QuietHours, Subscription
from geo.cells import compact
from tests.dispatch.people import KOTO, NIGHT, NOON, crowd, notice, part, resident

DISK = h3.grid_disk(KOTO, 12)


def by_hand(
    people: list[Subscription], told_notice: Notice, at: datetime, told: set[int]
) -> dict[int, tuple[int, int]]:
    """Return row number -> (rank, part) by asking every person about every place and part."""
    hour = at.astimezone(ZoneInfo("Asia/Tokyo")).hour
    wanted = (told_notice.lane is Lane.DRILL, told_notice.lane is Lane.CANARY)
    found: dict[int, tuple[int, int]] = {}
    for person in people:
        if (person.drill, person.canary) != wanted:
            continue
        quiet = person.quiet_hours
        hours: set[int] = set()
        if quiet is not None and quiet.start_hour != quiet.end_hour:
            hour_of_day = quiet.start_hour
            while hour_of_day != quiet.end_hour:
                hours.add(hour_of_day)
                hour_of_day = (hour_of_day + 1) % 24
        for number, one in enumerate(told_notice.parts):
            for place in person.places:
                here = any(h3.cell_to_parent(place.cell, h3.get_resolution(cell)) == cell for cell in one.cells)
                if one.recipients is Recipients.CELLS and not here:
                    continue
                if one.recipients is not Recipients.CELLS and person.row not in told:
                    continue
                if one.recipients is Recipients.TOLD and not here:
                    continue
                if may_be_quieted(told_notice, one) and (hour in hours or place.min_level > (one.level or 2)):
                    continue
                found[person.row] = min(found.get(person.row, (99, 99)), (one.rank, number))
    return found


@pytest.mark.parametrize("seed", range(60))
def test_a_selection_is_what_asking_everybody_gives(seed: int) -> None:
    rng = random.Random(seed)
    people = crowd(rng, 150, DISK)
    registry = Registry.of(columns_of(people))
    shuffled = list(DISK)
    rng.shuffle(shuffled)
    parts = []
    for rank in range(rng.randint(1, 5)):
        cells = compact(shuffled[rank * 60 : rank * 60 + rng.randint(1, 60)])
        level = rng.choice((None, *Level))
        recipients = rng.choices(tuple(Recipients), weights=(6, 2, 1))[0]
        parts.append(
            part(
                cells,
                rank=rng.choice((rank, 1)),
                level=level,
                severity=rng.choice(tuple(Severity)),
                recipients=recipients,
            )
        )
    of = notice(*parts, lane=rng.choice(tuple(Lane)), kind=rng.choice(tuple(NoticeKind)))
    told = {person.row for person in people if rng.random() < 0.4}
    at = rng.choice((NOON, NIGHT))
    chosen = select(registry, of, at=at, told=np.array(sorted(told), dtype=np.uint64))
    expected = by_hand(people, of, at, told)
    numbers = [int(number) for number in registry.columns.row_number[chosen.rows]]
    assert len(set(numbers)) == len(numbers)
    assert dict(zip(numbers, map(int, chosen.parts), strict=True)) == {
        row: number for row, (_, number) in expected.items()
    }
    ranks = [of.parts[number].rank for number in chosen.parts]
    assert ranks == sorted(ranks)
    split = chosen.by_bucket(registry)
    assert sum(map(len, split.values())) == len(chosen)
    some = set(rng.sample(range(256), 80))
    mine = select(registry, of, at=at, told=np.array(sorted(told), dtype=np.uint64), buckets=some)
    assert list(mine.rows) == [row for row in chosen.rows if registry.bucket[row] in some]


def test_the_order_does_not_depend_on_the_order_of_the_snapshot() -> None:
    rng = random.Random(5)
    people = crowd(rng, 400, DISK)
    of = notice(part(compact(DISK[:200]), rank=1), part(compact(DISK[200:]), rank=0))
    one = Registry.of(columns_of(people))
    rng.shuffle(people)
    other = Registry.of(columns_of(people))
    first, second = select(one, of, at=NOON), select(other, of, at=NOON)
    assert len(first) > 100
    assert np.array_equal(one.columns.row_number[first.rows], other.columns.row_number[second.rows])
    assert np.array_equal(first.parts, second.parts)


def test_quiet_hours_and_a_wish_for_level_5_never_hold_back_level_3_or_4() -> None:
    rng = random.Random(1)
    sleeper = resident(rng, [Place(Cell(KOTO), min_level=5)], quiet_hours=QuietHours(22, 6))
    registry = Registry.of(columns_of([sleeper]))
    for level in (Level.ELDERLY_LEAVE, Level.ALL_LEAVE, Level.SECURE_LIFE):
        assert len(select(registry, notice(part(level=level)), at=NIGHT)) == 1
    for level in (Level.PREPARE_MIND, Level.CHECK_ACTION):
        quiet = select(registry, notice(part(level=level)), at=NIGHT)
        assert (len(quiet), quiet.quieted) == (0, 1)
    tsunami = part(level=None, severity=Severity.EXTREME)
    assert len(select(registry, notice(tsunami), at=NIGHT)) == 1


def test_the_end_of_a_notice_reaches_the_told_at_night() -> None:
    rng = random.Random(2)
    sleeper = resident(rng, [Place(Cell(KOTO), min_level=5)], quiet_hours=QuietHours(22, 6))
    moved = resident(rng, [Place(Cell(DISK[-1]))])
    registry = Registry.of(columns_of([sleeper, moved]))
    told = np.array([sleeper.row, moved.row, 12345], dtype=np.uint64)
    end = part(level=None, severity=Severity.MINOR, recipients=Recipients.TOLD, phase=Phase.LIFTED)
    assert [registry.id_of(int(row)) for row in select(registry, notice(end), at=NIGHT, told=told).rows] == [sleeper.id]
    cancel = part((), level=None, recipients=Recipients.ALL_TOLD, phase=Phase.CANCELLED)
    assert len(select(registry, notice(cancel), at=NIGHT, told=told)) == 2
    assert len(select(registry, notice(cancel), at=NIGHT)) == 0


@pytest.mark.parametrize("lane", Lane)
def test_a_drill_reaches_drill_rows_only_and_a_live_notice_none_of_them(lane: Lane) -> None:
    rng = random.Random(3)
    people = [
        resident(rng),
        resident(rng, drill=True),
        resident(rng, canary=True),
        resident(rng, drill=True, canary=True),
    ]
    registry = Registry.of(columns_of(people))
    chosen = {registry.id_of(int(row)) for row in select(registry, notice(lane=lane), at=NOON).rows}
    expected = {Lane.DRILL: {people[1].id}, Lane.CANARY: {people[2].id}}.get(lane, {people[0].id})
    assert chosen == expected


def test_an_empty_registry_selects_nobody() -> None:
    registry = Registry.of(columns_of([]))
    told = np.array([1], dtype=np.uint64)
    assert len(select(registry, notice(part(recipients=Recipients.ALL_TOLD), part()), at=NOON, told=told)) == 0
