"""How much of a cell lies within some metres of a ground: people are counted by where they live, not by whole cells.

A cell is 330 m wide, so that "the cells next to it" counts people up to 400 m away and leaves out others at 200 m. Each
cell is looked at in its 49 parts of resolution 11 (50 m), its people spread evenly over them.
"""

import math
from collections.abc import Collection
from functools import lru_cache

import h3.api.basic_int as h3
import numpy as np
import shapely
from numpy.typing import NDArray

from alerts.place import Cell

_PART_RESOLUTION = 11
PARTS = 49
# Mean radius of the earth (IUGG); at Tokyo the ellipsoid differs by 0.3 %, a metre in 300.
M_PER_DEGREE = math.pi / 180 * 6_371_008.8
# Of cells of resolution 9 the third ring begins 490 m away: nobody there is within what is asked.
_RINGS = 2
MOST_METRES = 450.0


def near(ground: Collection[int]) -> set[Cell]:
    """Return the cells that may lie within MOST_METRES of *ground* (of resolution 9), its own included."""
    return {Cell(cell) for one in ground for cell in h3.grid_disk(one, _RINGS)}


def parts_within(cells: Collection[int], ground: Collection[int], metres: float) -> dict[Cell, int]:
    """Return of each of *cells* how many of its PARTS lie, by their middle, within *metres* of *ground*.

    Cells of which no part does are left out. Raises ValueError for more than MOST_METRES.
    """
    if not 0 < metres <= MOST_METRES:
        raise ValueError(f"{metres} metres: more than 0 and at most {MOST_METRES}")
    asked = sorted(cells)
    if not asked or not ground:
        return {}
    shrink = math.cos(math.radians(h3.cell_to_latlng(next(iter(ground)))[0]))
    shapes = [shapely.Polygon(_flat(h3.cell_to_boundary(cell), shrink)) for cell in ground]
    # The outlines of neighbours meet to the last digit or nearly so; where they do not, the gap is no distance.
    whole = shapely.union_all(shapes)
    shapely.prepare(whole)
    points = shapely.points(_flat([point for cell in asked for point in _parts(cell)], shrink))
    within = shapely.dwithin(points, whole, metres)
    firsts = np.concatenate(([0], np.cumsum([len(_parts(cell)) for cell in asked])[:-1]))
    counts = np.add.reduceat(within.astype(np.int64), firsts)
    return {Cell(cell): int(number) for cell, number in zip(asked, counts, strict=True) if number}


def _flat(points: Collection[tuple[float, float]], shrink: float) -> NDArray[np.float64]:
    """Return *points* (latitude, longitude) as metres east and north; true over the few kilometres asked about."""
    degrees = np.array(points, dtype=np.float64)
    return np.column_stack((degrees[:, 1] * shrink, degrees[:, 0])) * M_PER_DEGREE


@lru_cache(maxsize=16_384)
def _parts(cell: int) -> tuple[tuple[float, float], ...]:
    return tuple(h3.cell_to_latlng(part) for part in h3.cell_to_children(cell, _PART_RESOLUTION))
