"""Sets of H3 cells: compact, sorted, and fast to combine.

A `Cells` value is a tuple of indexes of resolution 6 to 9, disjoint, where a parent stands for all
of its children. All set algebra goes through intervals of *ordinals*: the digits of an index read
as one number in base 7, so that the children of a cell are one aligned block of ordinals.

Pentagons have no child 1. Its ordinals are given to the first leaf of child 2, so that a pentagon
that is complete is one unbroken block like any other cell.
"""

from bisect import bisect_left
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from alerts.place import HAZARD_RESOLUTION, SHARD_RESOLUTION, Cell, Cells, Shard
from geo.errors import CellError

Ids = NDArray[np.int64]

_FINEST = HAZARD_RESOLUTION
_COARSEST = SHARD_RESOLUTION
_LEAVES = tuple(7 ** (_FINEST - resolution) for resolution in range(_FINEST + 1))
_BASE_LEAVES = 7**_FINEST
# Mode 1 (cell) in its bits; an H3 index has 15 digits of 3 bits, unused ones are 7.
_MODE = 1 << 59
_RESOLUTION_SHIFT = 52
_BASE_SHIFT = 45
_LAST_DIGIT = 15
_UNUSED = 7
_BASE_CELLS = 122
_PENTAGONS = np.zeros(_BASE_CELLS, dtype=np.bool_)
_PENTAGONS[[4, 14, 24, 38, 49, 58, 63, 72, 83, 97, 107, 117]] = True


def resolution_of(cell: int) -> int:
    """Return the H3 resolution written in *cell*."""
    return (cell >> _RESOLUTION_SHIFT) & 0xF


def parent_of(cell: int, resolution: int) -> Cell:
    """Return the ancestor of *cell* at *resolution*; the cell itself where it is no finer."""
    own = resolution_of(cell)
    if own <= resolution:
        return Cell(cell)
    unused = (1 << 3 * (_LAST_DIGIT - resolution)) - 1
    return Cell((cell & ~(0xF << _RESOLUTION_SHIFT)) | resolution << _RESOLUTION_SHIFT | unused)


def shard_of(cell: int) -> Shard:
    """Return the shard (resolution-6 ancestor) of *cell*.

    Raises CellError for a cell coarser than a shard: it lies in several.
    """
    if resolution_of(cell) < SHARD_RESOLUTION:
        raise CellError("cell-too-coarse", f"resolution {resolution_of(cell)} spans several shards")
    return Shard(parent_of(cell, SHARD_RESOLUTION))


def compact(cells: Iterable[int]) -> Cells:
    """Return *cells* as a compact set. Cells coarser than a shard are split, finer than 9 refused."""
    return cells_of(intervals(cells))


def expand(cells: Iterable[int], resolution: int = HAZARD_RESOLUTION) -> tuple[Cell, ...]:
    """Return every cell of *resolution* inside *cells*, sorted.

    Cells finer than *resolution* count as their parent: the answer may be larger, never smaller.
    """
    if not _COARSEST <= resolution <= _FINEST:
        raise CellError("cell-resolution", f"{resolution} is not between {_COARSEST} and {_FINEST}")
    size = _LEAVES[resolution]
    bounds = intervals(cells)
    starts, ends = bounds[:, 0] // size * size, -(-bounds[:, 1] // size) * size
    blocks = np.unique(_steps(starts, ends, size))
    return _tuple(np.sort(_ids(blocks, resolution)))


def ranges(cells: Iterable[int]) -> tuple[Ids, Ids]:
    """Return inclusive resolution-9 id ranges (lows, highs), sorted and disjoint.

    A sorted array of resolution-9 ids is cut by `searchsorted(ids, lows, "left")` and
    `searchsorted(ids, highs, "right")`: no id of another cell lies between a low and its high.
    """
    bounds = intervals(cells)
    # A low may be the name of a cell that a pentagon lacks; it bounds the range all the same.
    return _names(bounds[:, 0], _FINEST), _names(bounds[:, 1] - 1, _FINEST)


def count(cells: Iterable[int]) -> int:
    """Return how many resolution-9 cells *cells* holds."""
    ids = _array(cells)
    bounds = intervals(ids)
    leaves = int((bounds[:, 1] - bounds[:, 0]).sum())
    if _PENTAGONS[(ids >> _BASE_SHIFT) & 0x7F].any():
        return len(expand(cells))
    return leaves


def contains(cells: Cells, cell: int) -> bool:
    """Return whether *cell* lies wholly inside the compact set *cells*.

    A compact set that holds all of a cell holds the cell itself or one of its ancestors.
    """
    for resolution in range(_COARSEST, resolution_of(cell) + 1):
        ancestor = parent_of(cell, resolution)
        at = bisect_left(cells, ancestor)
        if at < len(cells) and cells[at] == ancestor:
            return True
    return False


def union(*sets: Iterable[int]) -> Cells:
    """Return the cells of any of *sets*."""
    return compact([cell for cells in sets for cell in cells])


def intersection(left: Iterable[int], right: Iterable[int]) -> Cells:
    """Return the cells of both *left* and *right*."""
    return cells_of(_combine(intervals(left), intervals(right), keep_common=True))


def difference(left: Iterable[int], right: Iterable[int]) -> Cells:
    """Return the cells of *left* that are not in *right*."""
    return cells_of(_combine(intervals(left), intervals(right), keep_common=False))


def split_by_shard(cells: Iterable[int]) -> dict[Shard, Cells]:
    """Return the part of *cells* in each shard, shards in order."""
    parts: dict[Shard, list[Cell]] = {}
    for cell in compact(cells):
        parts.setdefault(shard_of(cell), []).append(cell)
    return {shard: tuple(parts[shard]) for shard in sorted(parts)}


def _array(cells: Iterable[int]) -> Ids:
    ids = np.asarray(cells if isinstance(cells, tuple | list | np.ndarray) else tuple(cells), dtype=np.int64)
    if ids.size == 0:
        return ids.reshape(0)
    if ((ids >> 59) != 1).any() or ((ids >> _BASE_SHIFT) & 0x7F >= _BASE_CELLS).any():
        raise CellError("not-a-cell", "an index is not of the H3 cell mode")
    if ((ids >> _RESOLUTION_SHIFT) & 0xF > _FINEST).any():
        raise CellError("cell-too-fine", f"a cell is finer than resolution {_FINEST}")
    return ids


def intervals(cells: Iterable[int]) -> Ids:
    """Return the ordinals of *cells* as disjoint half-open intervals, sorted: shape (n, 2).

    Ordinals are for computing within one process; they are never stored or sent.
    """
    starts, ends = blocks(cells)
    return merge(starts, ends) if len(starts) else np.empty((0, 2), dtype=np.int64)


def blocks(cells: Iterable[int]) -> tuple[Ids, Ids]:
    """Return the first ordinal of each cell and the one after its last, in the order given."""
    ids = _array(cells)
    if ids.size == 0:
        return ids, ids
    resolutions = (ids >> _RESOLUTION_SHIFT) & 0xF
    bases = (ids >> _BASE_SHIFT) & 0x7F
    starts = bases * _BASE_LEAVES
    first = np.zeros_like(ids)  # the first digit that is not 0, as ordinals
    for position in range(1, _FINEST + 1):
        digits = (ids >> 3 * (_LAST_DIGIT - position)) & 7
        used = position <= resolutions
        if (used & (digits == _UNUSED)).any():
            raise CellError("not-a-cell", "a digit of an index is 7")
        step = np.where(used, digits, 0) * _LEAVES[position]
        first = np.where((first == 0) & (step != 0), np.where(digits == 2, _LEAVES[position], -1), first)
        starts += step
    sizes = np.take(np.array(_LEAVES), resolutions)
    ends = starts + sizes
    # The leaf that owns the hole of a pentagon (see the head of this file): its only digit is 2.
    owns_hole = _PENTAGONS[bases] & (first > 0) & (starts % _BASE_LEAVES == 2 * first)
    starts = np.where(owns_hole, starts - first, starts)
    return starts, ends


def merge(starts: Ids, ends: Ids) -> Ids:
    """Return half-open intervals as a sorted list of disjoint ones that do not touch."""
    order = np.argsort(starts, kind="stable")
    starts, ends = starts[order], ends[order]
    reach = np.maximum.accumulate(ends)
    opens = np.ones(len(starts), dtype=np.bool_)
    opens[1:] = starts[1:] > reach[:-1]
    firsts = np.flatnonzero(opens)
    lasts = np.append(firsts[1:], len(starts)) - 1
    return np.stack((starts[firsts], reach[lasts]), axis=1)


def _combine(left: Ids, right: Ids, *, keep_common: bool) -> Ids:
    """Return the common part of two interval lists, or what is only in the left one."""
    if len(left) == 0 or len(right) == 0:
        return left[:0] if keep_common else left
    edges = np.unique(np.concatenate((left.ravel(), right.ravel())))
    starts, ends = edges[:-1], edges[1:]
    keep = _inside(left, starts) & (_inside(right, starts) == keep_common)
    if not keep.any():
        return left[:0]
    return merge(starts[keep], ends[keep])


def _inside(bounds: Ids, points: Ids) -> NDArray[np.bool_]:
    at = np.searchsorted(bounds[:, 0], points, side="right") - 1
    inside: NDArray[np.bool_] = (at >= 0) & (points < bounds[np.maximum(at, 0), 1])
    return inside


def _steps(starts: Ids, ends: Ids, size: int) -> Ids:
    """Return start, start+size, ... below end, for each pair."""
    counts = (ends - starts) // size
    total = int(counts.sum())
    before = np.repeat(np.cumsum(counts) - counts, counts)
    steps: Ids = np.repeat(starts, counts) + (np.arange(total, dtype=np.int64) - before) * size
    return steps


def cells_of(bounds: Ids) -> Cells:
    """Return the fewest cells that fill *bounds*, from resolution 6 down to 9."""
    found: list[Ids] = []
    for resolution in range(_COARSEST, _FINEST + 1):
        if len(bounds) == 0:
            break
        size = _LEAVES[resolution]
        starts, ends = bounds[:, 0], bounds[:, 1]
        inner_starts, inner_ends = -(-starts // size) * size, ends // size * size
        whole = inner_starts < inner_ends
        blocks = _steps(inner_starts[whole], inner_ends[whole], size)
        found.append(_ids(blocks, resolution))
        rest = np.concatenate(
            (
                bounds[~whole],
                np.stack((starts[whole], inner_starts[whole]), axis=1),
                np.stack((inner_ends[whole], ends[whole]), axis=1),
            )
        )
        bounds = rest[rest[:, 0] < rest[:, 1]]
    return _tuple(np.sort(np.concatenate(found))) if found else ()


def _ids(ordinals: Ids, resolution: int) -> Ids:
    """Return the cells of *resolution* that begin at *ordinals*, without those a pentagon lacks."""
    names = _names(ordinals, resolution)
    pentagonal = _PENTAGONS[ordinals // _BASE_LEAVES]
    if not pentagonal.any():
        return names
    first = np.zeros_like(ordinals)
    for position in range(1, resolution + 1):
        first = np.where(first == 0, ordinals // _LEAVES[position] % 7, first)
    present: Ids = names[~(pentagonal & (first == 1))]
    return present


def _names(ordinals: Ids, resolution: int) -> Ids:
    ids = np.full(len(ordinals), _MODE | resolution << _RESOLUTION_SHIFT, dtype=np.int64)
    ids |= ordinals // _BASE_LEAVES << _BASE_SHIFT
    for position in range(1, _LAST_DIGIT + 1):
        digits = ordinals // _LEAVES[position] % 7 if position <= resolution else _UNUSED
        ids |= digits << 3 * (_LAST_DIGIT - position)
    return ids


def _tuple(ids: Ids) -> Cells:
    return tuple(ids.tolist())
