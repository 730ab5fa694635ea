"""Compact sets behave as the sets of resolution-9 cells that they stand for."""

import h3.api.basic_int as h3
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.place import Cells
from geo import cells
from geo.errors import CellError

KOTO_SHARD = h3.latlng_to_cell(35.67, 139.82, 6)
# A pentagon of resolution 6 and its neighbours, in the sea between Japan and the Aleutians or elsewhere.
PENTAGON_SHARD = h3.get_pentagons(6)[3]


def _subtree(shard: int) -> list[int]:
    around = [cell for cell in h3.grid_disk(shard, 1) if cell]
    return [child for parent in around for res in (6, 7, 8, 9) for child in h3.cell_to_children(parent, res)]


POOL = _subtree(KOTO_SHARD) + _subtree(PENTAGON_SHARD)
some_cells = st.lists(st.sampled_from(POOL), max_size=40)


def leaves(ids: Cells | list[int]) -> set[int]:
    """Return the resolution-9 cells of *ids*, by H3 itself."""
    return {child for cell in ids for child in h3.cell_to_children(cell, 9)}


@given(some_cells)
def test_compact_then_expand_gives_the_same_resolution_9_cells(ids: list[int]) -> None:
    compacted = cells.compact(ids)
    assert set(cells.expand(compacted)) == leaves(ids)
    assert compacted == cells.compact(cells.expand(compacted)), "one set has one form"
    assert list(compacted) == sorted(set(compacted))
    assert all(6 <= h3.get_resolution(cell) <= 9 for cell in compacted)


@given(some_cells)
def test_compact_finds_as_few_cells_as_h3_does(ids: list[int]) -> None:
    by_h3 = h3.compact_cells(leaves(ids))
    expected = {child for cell in by_h3 for child in h3.cell_to_children(cell, max(6, h3.get_resolution(cell)))}
    assert set(cells.compact(ids)) == expected


@given(some_cells, some_cells)
@settings(max_examples=200)
def test_algebra_equals_the_algebra_of_plain_sets(left: list[int], right: list[int]) -> None:
    a, b = cells.compact(left), cells.compact(right)
    assert leaves(cells.union(a, b)) == leaves(a) | leaves(b)
    assert leaves(cells.intersection(a, b)) == leaves(a) & leaves(b)
    assert leaves(cells.difference(a, b)) == leaves(a) - leaves(b)
    assert cells.count(a) == len(leaves(a))
    for result in (cells.union(a, b), cells.intersection(a, b), cells.difference(a, b)):
        assert result == cells.compact(result)


@given(some_cells, st.sampled_from(POOL))
def test_contains_asks_for_all_of_the_cell(ids: list[int], cell: int) -> None:
    assert cells.contains(cells.compact(ids), cell) == (leaves([cell]) <= leaves(ids))


@given(some_cells)
def test_shards_share_a_set_out_without_loss(ids: list[int]) -> None:
    parts = cells.split_by_shard(ids)
    assert leaves([cell for part in parts.values() for cell in part]) == leaves(ids)
    for shard, part in parts.items():
        assert {h3.cell_to_parent(cell, 6) for cell in part} == {shard}
    assert list(parts) == sorted(parts)


@given(some_cells)
def test_ranges_cut_sorted_ids_to_exactly_the_set(ids: list[int]) -> None:
    universe = np.array(sorted(leaves(POOL)), dtype=np.int64)
    lows, highs = cells.ranges(ids)
    chosen: set[int] = set()
    for low, high in zip(lows, highs, strict=True):
        begin, end = np.searchsorted(universe, low, "left"), np.searchsorted(universe, high, "right")
        chosen.update(universe[begin:end].tolist())
    assert chosen == leaves(ids)


@pytest.mark.parametrize("resolution", [0, 3, 6, 8])
def test_children_are_one_slice_of_the_sorted_ids_pentagons_too(resolution: int) -> None:
    parents = [*h3.get_pentagons(resolution), h3.latlng_to_cell(35.67, 139.82, resolution)]
    finest = min(9, resolution + 4)
    for parent in parents:
        own = h3.cell_to_children(parent, finest)
        others = [
            child for near in h3.grid_disk(parent, 1) if near and near != parent
            for child in h3.cell_to_children(near, finest)
        ]  # fmt: skip
        low, high = min(own), max(own)
        assert not any(low < other < high for other in others)


def test_every_pentagon_of_resolution_5_is_one_slice_and_survives_the_round_trip() -> None:
    for pentagon in h3.get_pentagons(5):
        compacted = cells.compact([pentagon])
        assert set(compacted) == set(h3.cell_to_children(pentagon, 6))
        assert set(cells.expand(compacted, 8)) == set(h3.cell_to_children(pentagon, 8))
        lows, _ = cells.ranges(compacted)
        assert len(lows) == 1


def test_expanding_to_a_coarser_resolution_never_loses_ground() -> None:
    one = h3.latlng_to_cell(35.67, 139.82, 9)
    assert cells.expand((one,), 7) == (h3.cell_to_parent(one, 7),)


def test_parent_and_shard_are_those_of_h3() -> None:
    for cell in POOL[::97]:
        for resolution in range(6, h3.get_resolution(cell) + 1):
            assert cells.parent_of(cell, resolution) == h3.cell_to_parent(cell, resolution)
        assert cells.shard_of(cell) == h3.cell_to_parent(cell, 6)


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        (0, "not-a-cell"),
        (h3.latlng_to_cell(35.67, 139.82, 10), "cell-too-fine"),
        (KOTO_SHARD | 1 << 59 | 1 << 60, "not-a-cell"),
    ],
)
def test_what_is_no_cell_of_ours_is_refused(cell: int, reason: str) -> None:
    with pytest.raises(CellError) as caught:
        cells.compact([cell])
    assert caught.value.reason == reason


def test_an_empty_set_is_a_set() -> None:
    one = (h3.latlng_to_cell(35.67, 139.82, 9),)
    assert cells.compact(()) == cells.expand(()) == cells.intersection((), one) == cells.difference((), one) == ()
    assert cells.difference(one, ()) == cells.union((), one) == one
    assert cells.split_by_shard(()) == {}
    assert cells.ranges(())[0].size == 0
