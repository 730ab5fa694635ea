"""How much ground some cells cover, and how many of their people an area has. Pure; square kilometres."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import h3.api.basic_int as h3
import numpy as np
from numpy.typing import NDArray

from alerts.place import Cells
from geo.areas import AreaCover
from geo.cells import Ids, difference, expand, ranges, union
from geo.land import WHOLE, LandShares


@dataclass(frozen=True, slots=True, eq=False)
class Extent:
    """What counts of some cells: of each in `listed` a part of its ground, all others whole."""

    cells: Cells
    listed: Ids
    ground: NDArray[np.float64]
    people: NDArray[np.float64]
    """Which part of the people in each of `listed`: they live on its land, wherever on it."""
    with_water: bool = False
    """Where the water is nobody knows: it counts as ground."""

    @property
    def km2(self) -> float:
        """Return the ground in square kilometres."""
        parts = zip(self.listed.tolist(), self.ground.tolist(), strict=True)
        less = sum((1.0 - part) * h3.cell_area(cell, unit="km^2") for cell, part in parts)
        return max(0.0, km2_of(self.cells) - float(less))

    def people_across(self, people: Mapping[int, int]) -> int:
        """Return how many of *people* (by cell) in these cells do not count: those across the lines."""
        parts = zip(self.listed.tolist(), self.people.tolist(), strict=True)
        return round(float(sum(people.get(cell, 0) * (1.0 - part) for cell, part in parts)))


def extent_of(cells: Cells, covers: Iterable[AreaCover], land: LandShares | None) -> Extent:
    """Return what counts of *cells*: where an area of *covers* is in them as a whole, it was meant.

    Of its cells then only what is its ground counts, and of the people there those on it. What somebody drew counts
    as it was drawn, but for water. Without *land*, of a table of an earlier release, water counts, and cells on the
    edge of an area count whole or not at all.
    """
    whole = tuple(one for one in covers if not difference(difference(one.cells, one.partial), cells))
    if land is None:
        kept = mostly_inside(cells, whole)
        left = np.array(expand(difference(cells, kept)), dtype=np.int64)
        return Extent(cells, left, np.zeros(len(left)), np.zeros(len(left)), with_water=True)
    rows = _within(land.cells, cells)
    listed, at = np.unique(land.cells[rows], return_inverse=True)
    owners, shares = land.owners[rows], land.shares[rows] / WHOLE
    dry = np.minimum(1.0, np.bincount(at, weights=shares, minlength=len(listed)))
    own, touched = np.zeros(len(listed)), np.zeros(len(listed), dtype=np.bool_)
    for cover in whole:
        inside = _within(listed, cover.cells)
        touched |= inside
        own += inside
        if cover.code in land.codes:
            mine = owners == land.codes.index(cover.code)
            own[at[mine]] += shares[mine] - 1.0
    ground = np.where(touched, np.clip(own, 0.0, 1.0), dry)
    people = np.divide(ground, dry, out=np.zeros(len(listed)), where=dry > 0)
    return Extent(cells, listed, ground, np.minimum(1.0, people))


def km2_of(cells: Cells) -> float:
    """Return the size of *cells*, each with its own: it differs by a tenth in one country."""
    return float(sum(h3.cell_area(cell, unit="km^2") for cell in cells))


def mostly_inside(cells: Cells, covers: tuple[AreaCover, ...]) -> Cells:
    """Return *cells* without those on the edge of an area of *covers*, each of which is in them as a whole.

    An area's people on its edge are told with all of their cell; of a cell by which less than half lies in it, the
    ground is the neighbour's.
    """
    edge = union(*(cover.partial for cover in covers))
    own = union(*(difference(cover.cells, cover.partial) for cover in covers))
    return difference(cells, difference(edge, own))


def _within(listed: Ids, cells: Cells) -> NDArray[np.bool_]:
    """Return which of *listed* (resolution 9) lie in *cells*."""
    lows, highs = ranges(cells)
    if not len(lows):
        return np.zeros(len(listed), dtype=np.bool_)
    at = np.searchsorted(lows, listed, "right") - 1
    found: NDArray[np.bool_] = (at >= 0) & (listed <= highs[at])
    return found
