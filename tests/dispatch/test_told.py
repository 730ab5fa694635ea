"""The record of who was told survives a take-over with another registry."""

import random

import h3.api.basic_int as h3
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.columns import columns_of
from dispatch.errors import ToldUnreadable
from dispatch.layers import People
from dispatch.registry import Registry
from dispatch.selection import Before, select
from dispatch.told import Told, are_among, decode, encode, freeze, nths_of
from geo.cells import compact
from tests.dispatch.people import KOTO, NOON, crowd, notice, part

DISK = h3.grid_disk(KOTO, 6)


def same(one: Told, other: Told) -> bool:
    arrays = ("rows", "parts", "origin", "earlier", "places", "language", "earlier_places", "nths")
    equal = all(np.array_equal(getattr(one, name), getattr(other, name)) for name in arrays)
    plain = ("revision", "origins", "languages", "generation", "said", "last", "chosen_ms")
    return equal and all(getattr(one, name) == getattr(other, name) for name in plain)


def test_the_frozen_order_outlives_the_registry_it_was_made_from() -> None:
    rng = random.Random(1)
    people = crowd(rng, 500, DISK)
    registry = People(Registry.of(columns_of(people)))
    chosen = select(registry, notice(part(compact(DISK))), at=NOON)
    frozen = freeze(
        registry,
        1,
        chosen,
        generation=b"g" * 16,
        said=lambda languages, _places: bytes([len(languages)] * 32),
        nths=nths_of(registry.row_numbers(chosen.rows), chosen.places),
        last=False,
        chosen_ms=1_790_000_000_123,
    )
    told = decode(encode(frozen))
    assert same(told, frozen)
    assert [told.languages[code] for code in told.language.tolist()] == [
        registry.base.language_of(row) for row in chosen.rows.tolist()
    ]
    gone = [registry.id_of(int(row)) for row in chosen.rows[:10]]
    changed = registry.changed_by(crowd(rng, 50, DISK), gone)
    rows = changed.rows_of(told.rows)
    assert list(rows[:10]) == [-1] * 10
    assert [changed.id_of(int(row)) for row in rows[10:]] == [registry.id_of(int(row)) for row in chosen.rows[10:]]
    for origin in told.origins:
        here = rows[told.positions(origin)]
        assert {changed.origins[code] for code in changed.origin(here[here >= 0]).tolist()} == {origin}
    assert sum(len(told.positions(origin)) for origin in told.origins) == len(told.rows)
    assert len(told.positions("https://other.example")) == 0


def test_a_later_revision_keeps_everybody_told_before() -> None:
    registry = People(Registry.of(columns_of(crowd(random.Random(2), 400, DISK))))
    wide = select(registry, notice(part(compact(DISK))), at=NOON)
    narrow = select(registry, notice(part(compact(DISK[:20]))), at=NOON)
    first = freeze(registry, 1, narrow)
    second = freeze(registry, 2, wide, Before(*first.everyone()))
    third = decode(encode(freeze(registry, 3, narrow, Before(*second.everyone()))))
    assert 0 < len(narrow) < len(wide)
    assert len(third.rows) + len(third.earlier) == len(wide)
    (rows, places), (others, their_places) = third.everyone(), second.everyone()
    assert np.array_equal(rows, others)
    assert np.array_equal(places, their_places)


@given(st.binary(max_size=100), st.integers(0, 200))
def test_damaged_records_are_refused(noise: bytes, cut: int) -> None:
    registry = People(Registry.of(columns_of(crowd(random.Random(3), 20, DISK))))
    whole = encode(freeze(registry, 1, select(registry, notice(part(compact(DISK))), at=NOON)))
    for raw in (noise, whole[:cut], whole + b"x"):
        with pytest.raises(ToldUnreadable):
            decode(raw)


NUMBERS = st.integers(0, 9) | st.sampled_from((2**63, 2**64 - 1))


@given(st.lists(NUMBERS), st.lists(NUMBERS))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_which_units_are_among_sorted_ones(units: list[int], others: list[int]) -> None:
    found = are_among(np.array(units, dtype=np.uint64), np.array(sorted(others), dtype=np.uint64))
    assert found.tolist() == [unit in others for unit in units]
