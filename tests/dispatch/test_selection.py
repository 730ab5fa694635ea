"""Selection against a count by hand, and the rules it must never break."""

import random
from collections.abc import Iterable
from dataclasses import replace
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
from alerts.theme import Audience
from dispatch.columns import columns_of
from dispatch.layers import People
from dispatch.registry import Registry
from dispatch.selection import Before, may_be_quieted, select
from dispatch.subscription import Place, QuietHours, Subscription
from geo.cells import compact
from tests.dispatch.people import KOTO, NIGHT, NOON, crowd, notice, part, resident

DISK = h3.grid_disk(KOTO, 12)


def before(rows: Iterable[int], place: int = 0) -> Before:
    numbers = np.array(sorted(rows), dtype=np.uint64)
    return Before(numbers, np.full(len(numbers), place, dtype=np.uint8))


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
                if one.recipients is Recipients.NOBODY:
                    continue
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
def test_a_selection_is_what_asking_everybody_gives(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(seed)
    people = crowd(rng, 150, DISK)
    registry = People(Registry.of(columns_of(people)))
    shuffled = list(DISK)
    rng.shuffle(shuffled)
    parts = []
    for rank in range(rng.randint(1, 5)):
        cells = compact(shuffled[rank * 60 : rank * 60 + rng.randint(1, 60)])
        level = rng.choice((None, *Level))
        recipients = rng.choices(tuple(Recipients), weights=(6, 2, 1, 1))[0]
        parts.append(
            part(
                cells,
                rank=rng.choice((rank, 1)),
                level=level,
                severity=rng.choice(tuple(Severity)),
                recipients=recipients,
            )
        )
    of = notice(
        *parts, lane=rng.choice(tuple(Lane)), kind=rng.choice((NoticeKind.DANGER_IS_COMING, NoticeKind.HOW_IT_IS_GOING))
    )
    told = {person.row for person in people if rng.random() < 0.4}
    at = rng.choice((NOON, NIGHT))
    chosen = select(registry, of, at=at, told=before(told))
    expected = by_hand(people, of, at, told)
    numbers = [int(number) for number in registry.row_numbers(chosen.rows)]
    assert len(set(numbers)) == len(numbers)
    assert dict(zip(numbers, map(int, chosen.parts), strict=True)) == {
        row: number for row, (_, number) in expected.items()
    }
    ranks = [of.parts[number].rank for number in chosen.parts]
    assert ranks == sorted(ranks)
    split = chosen.by_bucket(registry)
    assert sum(map(len, split.values())) == len(chosen)
    some = set(rng.sample(range(256), 80))
    mine = select(registry, of, at=at, told=before(told), buckets=some)
    assert list(mine.rows) == [row for row in chosen.rows if registry.base.bucket[row] in some]
    for few in (0.001, 10**9):
        # Looked up one by one however many they are, and in passes over all however few.
        monkeypatch.setattr("dispatch.reach._FEW", few)
        again = select(registry, of, at=at, told=before(told), buckets=some)
        assert all(np.array_equal(getattr(again, one), getattr(mine, one)) for one in ("rows", "parts", "places"))
        assert again.quieted == mine.quieted


def test_the_order_does_not_depend_on_the_order_of_the_snapshot() -> None:
    rng = random.Random(5)
    people = crowd(rng, 400, DISK)
    of = notice(part(compact(DISK[:200]), rank=1), part(compact(DISK[200:]), rank=0))
    one = People(Registry.of(columns_of(people)))
    rng.shuffle(people)
    other = People(Registry.of(columns_of(people)))
    first, second = select(one, of, at=NOON), select(other, of, at=NOON)
    assert len(first) > 100
    assert np.array_equal(one.row_numbers(first.rows), other.row_numbers(second.rows))
    assert np.array_equal(first.parts, second.parts)


def test_quiet_hours_and_a_wish_for_level_5_never_hold_back_level_3_or_4() -> None:
    rng = random.Random(1)
    sleeper = resident(rng, [Place(Cell(KOTO), min_level=5)], quiet_hours=QuietHours(22, 6))
    registry = People(Registry.of(columns_of([sleeper])))
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
    registry = People(Registry.of(columns_of([sleeper, moved])))
    told = before((sleeper.row, moved.row, 12345))
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
    registry = People(Registry.of(columns_of(people)))
    chosen = {registry.id_of(int(row)) for row in select(registry, notice(lane=lane), at=NOON).rows}
    expected = {Lane.DRILL: {people[1].id}, Lane.CANARY: {people[2].id}}.get(lane, {people[0].id})
    assert chosen == expected


def test_an_empty_registry_selects_nobody() -> None:
    registry = People(Registry.of(columns_of([])))
    told = before((1,))
    assert len(select(registry, notice(part(recipients=Recipients.ALL_TOLD), part()), at=NOON, told=told)) == 0


# ── kind 3: a push for each place whose advice differs ────────────────────────────────────────────


def places_by_hand(people: list[Subscription], of: Notice, told: set[tuple[int, int]]) -> set[tuple[int, int, int]]:
    """Return (row number, place, part) by asking every person about every place."""
    found = set()
    for person in people:
        if (person.drill, person.canary) != (of.lane is Lane.DRILL, of.lane is Lane.CANARY):
            continue
        advice: dict[int, tuple[int, int]] = {}
        for number, place in enumerate(person.places, start=1):
            if place.cell in [earlier.cell for earlier in person.places[: number - 1]]:
                continue
            for part_number, one in enumerate(of.parts):
                here = any(h3.cell_to_parent(place.cell, h3.get_resolution(cell)) == cell for cell in one.cells)
                heard = any(row == person.row for row, _ in told)
                if here and (one.recipients is Recipients.CELLS or (one.recipients is Recipients.TOLD and heard)):
                    rank = (one.rank, part_number)
                    advice[number] = min(advice.get(number, (99, 99)), rank)
        said: set[int] = set()
        for number, (_, part_number) in sorted(advice.items()):
            if part_number not in said or (person.row, number) in told:
                found.add((person.row, number, part_number))
            said.add(part_number)
    return found


@pytest.mark.parametrize("seed", range(20))
def test_of_kind_3_each_place_whose_advice_differs_is_told_once(seed: int) -> None:
    rng = random.Random(seed)
    people = crowd(rng, 120, DISK[:60])
    registry = People(Registry.of(columns_of(people)))
    shuffled = list(DISK[:60])
    rng.shuffle(shuffled)
    parts = [
        part(
            compact(shuffled[rank * 12 : rank * 12 + 12]),
            rank=rank,
            level=Level.ALL_LEAVE,
            recipients=rng.choices((Recipients.CELLS, Recipients.TOLD), weights=(4, 1))[0],
        )
        for rank in range(rng.randint(1, 4))
    ]
    of = notice(*parts, kind=NoticeKind.GO_THERE)
    told = {(person.row, rng.randint(1, len(person.places))) for person in people if rng.random() < 0.3}
    rows, places = zip(*sorted(told), strict=True)
    heard = Before(np.array(rows, dtype=np.uint64), np.array(places, dtype=np.uint8))
    chosen = select(registry, of, at=NIGHT, told=heard)
    numbers = registry.row_numbers(chosen.rows).tolist()
    found = list(zip(numbers, chosen.places.tolist(), chosen.parts.tolist(), strict=True))
    assert len(set(found)) == len(found)
    assert set(found) == places_by_hand(people, of, told)


def test_a_withdrawn_order_is_taken_back_at_every_place_it_was_told_for() -> None:
    rng = random.Random(8)
    people = crowd(rng, 20, DISK)
    registry = People(Registry.of(columns_of([replace(person, drill=False, canary=False) for person in people])))
    told = [(person.row, number) for person in people for number in range(1, len(person.places) + 1)]
    rows, places = zip(*told, strict=True)
    heard = Before(np.array(rows, dtype=np.uint64), np.array(places, dtype=np.uint8))
    cancel = part((), recipients=Recipients.ALL_TOLD, phase=Phase.CANCELLED)
    chosen = select(registry, notice(cancel, kind=NoticeKind.GO_THERE), at=NOON, told=heard)
    assert sorted(zip(registry.row_numbers(chosen.rows).tolist(), chosen.places.tolist(), strict=True)) == sorted(told)


# ── a registry with changes ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("seed", range(6))
def test_changes_beside_the_registry_select_as_a_registry_built_of_them(seed: int) -> None:
    rng = random.Random(seed)
    people = crowd(rng, 200, DISK)
    layered = People(Registry.of(columns_of(people)))
    now = {person.id: person for person in people}
    for _ in range(3):
        known = list(now.values())
        moved = [replace(person, places=(Place(Cell(rng.choice(DISK))),)) for person in rng.sample(known, 20)]
        joining, gone = crowd(rng, 20, DISK), rng.sample(known, 15)
        layered = layered.changed_by([*moved, *joining], [person.id for person in gone])
        now |= {person.id: person for person in (*moved, *joining)}
        now = {key: person for key, person in now.items() if key not in {one.id for one in gone}}
    built = People(Registry.of(columns_of(now.values())))
    anew, old = layered.rebuilt()
    of = notice(part(compact(DISK[:200]), rank=1), part(compact(DISK[200:]), rank=0))
    expected = select(built, of, at=NOON)
    assert len(expected) > 50
    assert layered.living == built.living == anew.living
    for other in (layered, anew):
        chosen = select(other, of, at=NOON)
        assert np.array_equal(other.row_numbers(chosen.rows), built.row_numbers(expected.rows))
        assert np.array_equal(chosen.parts, expected.parts)
        assert np.array_equal(other.bucket(chosen.rows), built.bucket(expected.rows))
        for name, table in (("origin", "origins"), ("language", "languages"), ("ward", "wards")):
            said = [getattr(other, table)[code] for code in getattr(other, name)(chosen.rows).tolist()]
            assert said == [getattr(built, table)[code] for code in getattr(built, name)(expected.rows).tolist()]
    assert np.array_equal(layered.row_numbers(old), anew.row_numbers(np.arange(anew.count)))


@pytest.mark.parametrize("recipients", list(Recipients))
@pytest.mark.parametrize("lane", list(Lane))
def test_what_is_not_for_the_public_selects_no_public_row_by_construction(lane: Lane, recipients: Recipients) -> None:
    people = crowd(random.Random(5), 400, DISK)
    people = [replace(person, staff=number % 10 == 0) for number, person in enumerate(people)]
    registry = People(Registry.of(columns_of(people)))
    officers = {person.row for person in people if person.staff}
    internal = replace(
        notice(part(compact(DISK), recipients=recipients, level=Level.SECURE_LIFE), lane=lane), audience=Audience.STAFF
    )
    found = select(registry, internal, at=NOON, told=before(person.row for person in people))
    assert {int(number) for number in registry.row_numbers(found.rows)} <= officers
    if lane is Lane.LIFE_SAFETY and recipients is Recipients.CELLS:
        assert len(found), "officers hear it"
        everybody = select(registry, replace(internal, audience=Audience.PUBLIC), at=NOON)
        assert set(found.rows.tolist()) < set(everybody.rows.tolist())
