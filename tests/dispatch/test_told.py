"""The record of who was told survives a take-over with another registry."""

import random

import h3.api.basic_int as h3
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.columns import columns_of
from dispatch.errors import ToldUnreadable
from dispatch.registry import Registry
from dispatch.selection import select
from dispatch.told import Told, decode, encode, freeze
from geo.cells import compact
from tests.dispatch.people import KOTO, NOON, crowd, notice, part

DISK = h3.grid_disk(KOTO, 6)


def same(one: Told, other: Told) -> bool:
    arrays = ("rows", "parts", "origin", "earlier")
    equal = all(np.array_equal(getattr(one, name), getattr(other, name)) for name in arrays)
    return equal and (one.revision, one.origins) == (other.revision, other.origins)


def test_the_frozen_order_outlives_the_registry_it_was_made_from() -> None:
    rng = random.Random(1)
    people = crowd(rng, 500, DISK)
    registry = Registry.of(columns_of(people))
    chosen = select(registry, notice(part(compact(DISK))), at=NOON)
    told = decode(encode(freeze(registry, 1, chosen)))
    assert same(told, freeze(registry, 1, chosen))
    gone = [registry.id_of(int(row)) for row in chosen.rows[:10]]
    changed = registry.with_changes(crowd(rng, 50, DISK), gone)
    rows = changed.rows_of(told.rows)
    assert list(rows[:10]) == [-1] * 10
    assert [changed.id_of(int(row)) for row in rows[10:]] == [registry.id_of(int(row)) for row in chosen.rows[10:]]
    for origin in told.origins:
        assert all(changed.origin_of(int(rows[at])) == origin for at in told.positions(origin) if rows[at] >= 0)
    assert sum(len(told.positions(origin)) for origin in told.origins) == len(told.rows)
    assert len(told.positions("https://other.example")) == 0


def test_a_later_revision_keeps_everybody_told_before() -> None:
    registry = Registry.of(columns_of(crowd(random.Random(2), 400, DISK)))
    wide = select(registry, notice(part(compact(DISK))), at=NOON)
    narrow = select(registry, notice(part(compact(DISK[:20]))), at=NOON)
    first = freeze(registry, 1, narrow)
    second = freeze(registry, 2, wide, first)
    third = decode(encode(freeze(registry, 3, narrow, second)))
    assert 0 < len(narrow) < len(wide)
    assert len(third.rows) + len(third.earlier) == len(wide)
    assert np.array_equal(third.everyone(), second.everyone())


@given(st.binary(max_size=100), st.integers(0, 200))
def test_damaged_records_are_refused(noise: bytes, cut: int) -> None:
    registry = Registry.of(columns_of(crowd(random.Random(3), 20, DISK)))
    whole = encode(freeze(registry, 1, select(registry, notice(part(compact(DISK))), at=NOON)))
    for raw in (noise, whole[:cut], whole + b"x"):
        with pytest.raises(ToldUnreadable):
            decode(raw)
