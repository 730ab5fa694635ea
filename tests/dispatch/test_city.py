"""Who asks for the whole city is told of every warning for it, once, and is never sent a way."""

import random

import h3.api.basic_int as h3
import pytest

from alerts.level import Level
from alerts.notice import NoticeKind, Recipients
from alerts.place import Cell
from dispatch.city import CITY_CELL, touches_city, whole_city
from dispatch.columns import columns_of
from dispatch.layers import People
from dispatch.registry import Registry
from dispatch.selection import Before, select
from dispatch.subscription import Place, Subscription, is_hazard_cell
from dispatch.terms import NUMBER_BITS, Manner
from tests.dispatch.people import HERE, KOTO, NOON, notice, part, resident
from tests.dispatch.test_selection import before

SETAGAYA = (Cell(h3.latlng_to_cell(35.646, 139.653, 9)),)
SAPPORO = (Cell(h3.latlng_to_cell(43.06, 141.35, 9)),)
RNG = random.Random(6)
EVERYWHERE = resident(RNG, [whole_city()])
AT_KOTO = resident(RNG, [Place(Cell(KOTO))])
BOTH = resident(RNG, [Place(Cell(KOTO)), whole_city()])


def people(*found: Subscription) -> People:
    return People(Registry.of(columns_of(found)))


def told(*cells: tuple[Cell, ...], kind: NoticeKind = NoticeKind.DANGER_IS_COMING, before: Before | None = None,
         recipients: Recipients = Recipients.CELLS) -> list[int]:  # fmt: skip
    everybody = people(EVERYWHERE, AT_KOTO, BOTH)
    parts = [part(one, recipients=recipients) for one in cells]
    chosen = select(everybody, notice(*parts, kind=kind), at=NOON, told=before)
    return sorted(everybody.row_numbers(chosen.rows).tolist())


def test_every_part_of_the_city_reaches_her_and_each_person_is_told_once() -> None:
    assert told(HERE) == sorted([EVERYWHERE.row, AT_KOTO.row, BOTH.row])
    assert told(SETAGAYA) == sorted([EVERYWHERE.row, BOTH.row])
    assert told(HERE, SETAGAYA) == sorted([EVERYWHERE.row, AT_KOTO.row, BOTH.row])


def test_what_is_elsewhere_does_not_reach_her() -> None:
    assert told(SAPPORO) == []


def test_a_way_is_never_sent_to_somebody_who_named_no_place() -> None:
    assert EVERYWHERE.row not in told(HERE, kind=NoticeKind.GO_THERE)


def test_who_was_told_hears_its_end() -> None:
    heard = before([EVERYWHERE.row])
    assert told(SETAGAYA, before=heard, recipients=Recipients.TOLD) == [EVERYWHERE.row]


@pytest.mark.parametrize(("level", "manner"), [(Level.ALL_LEAVE, 2), (Level.CHECK_ACTION, 3)])
def test_it_is_told_as_information_and_sounds_for_level_four_only(level: Level, manner: int) -> None:
    chosen = select(people(EVERYWHERE), notice(part(SETAGAYA, level=level)), at=NOON)
    (code,) = chosen.places.tolist()
    assert Manner(code >> NUMBER_BITS) == Manner(manner)


def test_her_own_place_is_told_as_hers() -> None:
    chosen = select(people(BOTH), notice(part(HERE)), at=NOON)
    (code,) = chosen.places.tolist()
    assert Manner(code >> NUMBER_BITS) == Manner.LOUD


def test_the_reserved_cell_is_a_cell_that_no_notice_is_for() -> None:
    assert is_hazard_cell(CITY_CELL)
    assert not touches_city([CITY_CELL])
    assert touches_city([h3.cell_to_parent(KOTO, 6)])
