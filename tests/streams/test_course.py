"""Ranges cover what was chosen, each row once, and no two pushes of one person share a key, whoever sends them."""

import random
from collections.abc import Mapping
from typing import cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.level import Level
from alerts.notice import Notice, NoticeKind
from dispatch.columns import columns_of
from dispatch.layers import People
from dispatch.message import Messages
from dispatch.pool import Generation
from dispatch.registry import Registry
from dispatch.selection import Selection, select
from dispatch.subscription import Place
from dispatch.told import Told, decode, encode, unit_of
from streams.brokers.client import Producer
from streams.fanout import course as courses
from streams.fanout.course import Course, chosen_at, complete, without
from streams.fanout.fanout import FanOut
from streams.fanout.told_book import ToldBook, bucket_of, number_of, tail_of
from tests.dispatch.people import NOON, notice, part, resident
from tests.streams.test_topic_store import CELLS, Book, Words

EVERYWHERE = notice(*(part((cell,), rank=n, level=Level.ALL_LEAVE) for n, cell in enumerate(CELLS[:6])))
WAYS = notice(*(part((cell,), rank=n) for n, cell in enumerate(CELLS[:6])), kind=NoticeKind.GO_THERE)


def crowd(seed: int, count: int = 120) -> People:
    rng = random.Random(seed)
    return People(
        Registry.of(
            columns_of(
                [
                    resident(rng, tuple(Place(cell) for cell in rng.sample(CELLS[:6], rng.choice((1, 2, 3)))))
                    for _ in range(count)
                ]
            )
        )
    )


def course_of(people: People, of: Notice, frozen: Mapping[int, Told], epoch: int) -> Course:
    chosen = select(people, of, at=NOON, buckets=frozenset(range(256)) - complete(frozen))
    known = np.concatenate([told.units() for told in frozen.values()] or [np.zeros(0, dtype=np.uint64)])
    return Course(
        of,
        cast("Messages", Words()),
        people,
        without(people, chosen, known),
        received_ms=0,
        chosen_ms=1000,
        epoch=epoch,
        generation=Generation.empty(0),
        frozen=frozen,
    )


def ranges(one: Course, book: ToldBook, most: int = 1000) -> list[FanOut]:
    found: list[FanOut] = []
    while one.left and len(found) < most:
        one.freeze(book, cast("Producer", Book()))
        found.append(one.begin())
    return found


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courses, "FIRST_ROWS", 4)
    monkeypatch.setattr(courses, "GROWTH", 2)
    monkeypatch.setattr(courses, "MOST_ROWS", 32)


@pytest.mark.parametrize("of", [EVERYWHERE, WAYS])
def test_ranges_have_everybody_once_in_the_order_of_the_choice(of: Notice) -> None:
    people = crowd(1)
    chosen = select(people, of, at=NOON)
    one = course_of(people, of, {}, epoch=3)
    assert [len(fanout.units()) for fanout in ranges(one, ToldBook())][:4] == [4, 8, 16, 32]
    book = ToldBook()
    sent = [unit for fanout in ranges(course_of(people, of, {}, 3), book) for unit in sorted(fanout.units().tolist())]
    expected = unit_of(people.row_numbers(chosen.rows), chosen.places).tolist()
    assert sorted(sent) == sorted(expected)
    assert sorted(sent[:4]) == sorted(expected[:4])
    assert complete(book.of_revision(of.lineage, of.revision)) == {int(b) for b in people.bucket(chosen.rows)}


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.integers(0, 4), st.integers(0, 3))
def test_no_two_pushes_share_a_key_and_a_successor_makes_the_same_ones(seed: int, before: int, lost: int) -> None:
    people = crowd(seed, 60)
    book = ToldBook()
    first = ranges(course_of(people, WAYS, {}, epoch=1), book, before)
    frozen = {number: decode(encode(told)) for number, told in book.of_revision(WAYS.lineage, 1).items()}
    for number in sorted(frozen)[len(frozen) - lost :] if lost else ():
        del frozen[number]  # it was being stored when its owner died
    successor = course_of(people, WAYS, frozen, epoch=2)
    resumed = successor.resume(frozen, {}) if frozen else None
    later = ranges(successor, book)
    keys = [key for fanout in (*([resumed] if resumed else []), *later) for key in keys_of(fanout)]
    assert len({key for key, _ in keys}) == len(keys)
    chosen = select(people, WAYS, at=NOON)
    assert len(keys) == len(chosen)
    if not lost:
        made = dict(keys)
        assert all(made[key] == unit for fanout in first for key, unit in keys_of(fanout)), (
            "the same keys, the same rows"
        )


def keys_of(fanout: FanOut) -> list[tuple[tuple[bytes, int, int], int]]:
    """Return what an envelope's key is made of, generation, person and nth, with the unit that it seals."""
    orders = fanout.fresh(dict.fromkeys(fanout.origins, 1000), 1000)
    rows = fanout.rows(orders, orders.tolist())
    return [
        ((fanout.sealings[generation].name, row, nth), fanout.unit(order))
        for order, generation, row, nth in zip(
            orders.tolist(), rows.generations.tolist(), rows.rows.tolist(), rows.nths.tolist(), strict=True
        )
    ]


def test_a_record_that_comes_late_takes_no_place_and_repeats_nobody() -> None:
    people = crowd(7)
    book = ToldBook()
    late = course_of(people, EVERYWHERE, {}, epoch=1)
    late.freeze(book, cast("Producer", Book()))
    assert late.storing is not None
    stale = dict(late.storing.told)  # its owner stopped here, and its producer delivers after it was replaced
    ranges(course_of(people, EVERYWHERE, {}, epoch=2), book)
    frozen = book.of_revision(EVERYWHERE.lineage, 1)
    assert not stale.keys() & frozen.keys()
    fanout = FanOut(EVERYWHERE, people, {**frozen, **stale}, {})
    assert fanout.left == len(select(people, EVERYWHERE, at=NOON))
    _, totals = fanout.totals()
    assert totals.outcomes == {"superseded": sum(len(told.rows) for told in stale.values())}


def test_whoever_leaves_is_in_no_range_that_is_frozen_afterwards() -> None:
    people = crowd(9)
    one = course_of(people, EVERYWHERE, {}, epoch=1)
    book = ToldBook()
    before = ranges(one, book, 2)
    gone = frozenset(people.id_of(row) for row in range(0, people.count, 3))
    one.leave_out(gone)
    after = ranges(one, book)
    numbers = people.row_numbers(people.rows_with_ids(gone))
    assert not np.isin(np.concatenate([fanout.units() for fanout in after]), numbers).any()
    everybody = np.concatenate([fanout.units() for fanout in (*before, *after)])
    assert len(np.unique(everybody)) == len(everybody)


def test_numbers_of_records_and_the_clock_of_the_choice() -> None:
    for bucket, place, tail in ((0, 0, 0), (255, 4096 * 77 + 3, 0), (17, 4096 * 2**20, 9)):
        number = number_of(bucket, place, tail)
        assert (bucket_of(number), tail_of(number)) == (bucket, tail)
    people = crowd(3, 20)
    book = ToldBook()
    ranges(course_of(people, EVERYWHERE, {}, epoch=1), book, 1)
    assert chosen_at(book.of_revision(EVERYWHERE.lineage, 1)) == 1.0
    assert not len(without(people, Selection.nobody(), np.zeros(1, dtype=np.uint64)))
