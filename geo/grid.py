"""Which cells of the hazard resolution do many shapes touch: all hexagons of a neighbourhood at once.

H3 answers one polygon at a time and walks each of its lines; a map of 7,000 flood zones asks for the
same hexagons 7,000 times. Here the hexagons of a shard are drawn once and kept, and a spatial index
compares all of them with all shapes in compiled code.

Direction of safety: hexagons are drawn 1 % too large (about 2 m), so that a shape along a cell's edge,
the bend of the ground between two corners and rounding all err towards touching.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import h3.api.basic_int as h3
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from alerts.place import HAZARD_RESOLUTION, SHARD_RESOLUTION
from geo.cells import Ids

# Beyond these a hexagon's longitudes jump, or a tile is too narrow to hold one.
MAX_ABS_LONGITUDE = 179.0
MAX_ABS_LATITUDE = 75.0
# The shapes of one call may lie in so many tiles: all of Japan's land has about 1,100.
MAX_TILES = 2_000
_TILE_DEGREES = 0.25
# The children of a cell stand out from it by up to a quarter of its edge (3.7 km at most): the shards of a
# tile are sought this much around it.
_TILE_MARGIN_DEGREES = 0.03
_SWELL = 1.01
# About 100 kB each: 1,024 shards are the whole of the Kantō plain.
_KEPT_SHARDS = 1_024

Shapes = NDArray[Any]


@dataclass(frozen=True, slots=True)
class _Block:
    """The hexagons of one shard."""

    ids: Ids
    hexagons: Shapes
    bounds: tuple[float, float, float, float]


def fits(shapes: Sequence[BaseGeometry] | Shapes) -> bool:
    """Return whether `touched` can answer for *shapes*: not at the date line or a pole, not a continent."""
    bounds = _bounds(shapes)
    if len(bounds) == 0:
        return True
    west, south, east, north = bounds[:, 0].min(), bounds[:, 1].min(), bounds[:, 2].max(), bounds[:, 3].max()
    if max(-west, east) > MAX_ABS_LONGITUDE or max(-south, north) > MAX_ABS_LATITUDE:
        return False
    spans = np.floor(bounds[:, 2:] / _TILE_DEGREES) - np.floor(bounds[:, :2] / _TILE_DEGREES) + 1
    return bool((spans[:, 0] * spans[:, 1]).max() <= MAX_TILES) and len(_tiles(bounds)) <= MAX_TILES


def touched(shapes: Sequence[BaseGeometry] | Shapes) -> tuple[Ids, Ids]:
    """Return pairs (number of a shape, cell of resolution 9 that it touches), sorted, each once.

    *shapes* are in (longitude, latitude), valid, and of a place for which `fits` says yes.
    """
    drawn = np.asarray(shapes, dtype=object)
    bounds = _bounds(drawn)
    blocks = [_block(shard) for tile in _tiles(bounds) for shard in _shards_of_tile(*tile)]
    blocks = _near(list({int(block.ids[0]): block for block in blocks}.values()), bounds)
    if not blocks or not len(drawn):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    ids = np.concatenate([block.ids for block in blocks])
    hexagons = np.concatenate([block.hexagons for block in blocks])
    numbers, found = shapely.STRtree(hexagons).query(drawn, predicate="intersects")
    cells = ids[found]
    order = np.lexsort((cells, numbers))
    return numbers[order].astype(np.int64), cells[order]


def forget() -> None:
    """Forget the hexagons that were drawn: for a measurement of the first time."""
    _block.cache_clear()
    _shards_of_tile.cache_clear()


def _bounds(shapes: Sequence[BaseGeometry] | Shapes) -> NDArray[np.float64]:
    bounds: NDArray[np.float64] = shapely.bounds(np.asarray(shapes, dtype=object)).reshape(-1, 4)
    return bounds[~np.isnan(bounds[:, 0])]  # an empty shape touches nothing


def _near(blocks: list[_Block], bounds: NDArray[np.float64]) -> list[_Block]:
    """Return the blocks whose box meets the box of a shape."""
    if not blocks:
        return []
    own = np.array([block.bounds for block in blocks])
    tree = shapely.STRtree(shapely.box(*bounds.T))
    hit = np.unique(tree.query(shapely.box(*own.T))[0])
    return [blocks[number] for number in hit]


def _tiles(bounds: NDArray[np.float64]) -> set[tuple[int, int]]:
    """Return the squares of _TILE_DEGREES that the boxes of the shapes meet."""
    corners = np.unique(np.floor(bounds / _TILE_DEGREES).astype(np.int64), axis=0)
    return {
        (column, row)
        for west, south, east, north in corners.tolist()
        for column in range(west, east + 1)
        for row in range(south, north + 1)
    }


@lru_cache(maxsize=8 * MAX_TILES)
def _shards_of_tile(column: int, row: int) -> tuple[int, ...]:
    """Return the shards with a cell that may touch the tile."""
    south, north = row * _TILE_DEGREES - _TILE_MARGIN_DEGREES, (row + 1) * _TILE_DEGREES + _TILE_MARGIN_DEGREES
    margin = _TILE_MARGIN_DEGREES / math.cos(math.radians(min(85.0, max(abs(south), abs(north)))))
    west, east = column * _TILE_DEGREES - margin, (column + 1) * _TILE_DEGREES + margin
    box = h3.LatLngPoly([(south, west), (south, east), (north, east), (north, west)])
    return tuple(h3.h3shape_to_cells_experimental(box, SHARD_RESOLUTION, contain="overlap"))


@lru_cache(maxsize=_KEPT_SHARDS)
def _block(shard: int) -> _Block:
    ids = np.array(h3.cell_to_children(shard, HAZARD_RESOLUTION), dtype=np.int64)
    corners = [h3.cell_to_boundary(cell) for cell in ids.tolist()]
    sizes = [len(ring) for ring in corners]
    outline = np.array([point for ring in corners for point in ring])[:, ::-1]
    owners = np.repeat(np.arange(len(ids)), sizes)
    firsts = np.cumsum([0, *sizes[:-1]])
    middles = np.add.reduceat(outline, firsts) / np.array(sizes)[:, None]
    swollen = middles[owners] + (outline - middles[owners]) * _SWELL
    hexagons = shapely.polygons(shapely.linearrings(swollen, indices=owners))
    shapely.prepare(hexagons)
    west, south = swollen.min(axis=0)
    east, north = swollen.max(axis=0)
    return _Block(ids, hexagons, (float(west), float(south), float(east), float(north)))
