"""A window on the ground, and how cells are drawn in it: outlines in whole units, a few bytes a corner."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import h3.api.basic_int as h3
import numpy as np

from alerts.place import HAZARD_RESOLUTION, SHARD_RESOLUTION, Cells
from geo.cells import Ids, expand, parent_of, resolution_of

WIDTH = 2000
_Corner = tuple[float, float]
_KM_PER_DEGREE = 111.2
# Beyond this the outline is drawn coarser: the page must load over a bad line, in 100 kB (R13).
_MOST_CELLS = 30_000
# A coarse cell whose centre is outside may still reach in.
_MARGIN_KM = {6: 4.5, 7: 1.7, 8: 0.7, 9: 0.3}


@dataclass(frozen=True, slots=True)
class Frame:
    """A window in degrees, drawn `WIDTH` units wide with true proportions at its middle."""

    name: str
    title: str
    west: float
    south: float
    east: float
    north: float

    @property
    def height(self) -> int:
        """Return the height in units."""
        return round((self.north - self.south) * self._units_per_degree_lat)

    @property
    def _units_per_degree_lat(self) -> float:
        middle = math.cos(math.radians((self.south + self.north) / 2))
        return WIDTH / ((self.east - self.west) * middle)

    def point(self, lat: float, lng: float) -> tuple[int, int]:
        """Return where a place is drawn, in units from the upper left corner."""
        x = (lng - self.west) / (self.east - self.west) * WIDTH
        y = (self.north - lat) * self._units_per_degree_lat
        return round(x), round(y)

    def inside(self, cells: Iterable[int]) -> tuple[int, ...]:
        """Return those of *cells* of which something may be seen here."""
        return tuple(cell for cell in cells if self._sees(cell))

    def _sees(self, cell: int) -> bool:
        lat: float
        lng: float
        lat, lng = h3.cell_to_latlng(cell)
        margin_lat = _MARGIN_KM[resolution_of(cell)] / _KM_PER_DEGREE
        margin_lng = margin_lat * 1.5
        return (
            self.south - margin_lat < lat < self.north + margin_lat
            and self.west - margin_lng < lng < self.east + margin_lng
        )


TOKYO = Frame("tokyo", "東京23区", west=139.555, south=35.515, east=139.93, north=35.825)
JAPAN = Frame("japan", "全国", west=122.5, south=24.0, east=146.5, north=46.0)
FRAMES = {frame.name: frame for frame in (TOKYO, JAPAN)}


def outline(frame: Frame, cells: Cells) -> str:
    """Return the SVG path around *cells* as far as the frame shows them; draw it with the even-odd rule."""
    seen = frame.inside(cells)
    if not seen:
        return ""
    return "".join(_path(frame, ring) for ring in _rings(_alike(seen)))


def middle(frame: Frame, cells: Iterable[int]) -> tuple[int, int] | None:
    """Return the drawn middle of *cells*: the centre of the one that is nearest to their mean."""
    seen = frame.inside(cells)
    if not seen:
        return None
    return nearest_to_mean(np.array([frame.point(*h3.cell_to_latlng(cell)) for cell in _alike(seen)], dtype=np.int64))


def nearest_to_mean(points: Ids) -> tuple[int, int]:
    """Return the point that is nearest to the mean of *points*: unlike the mean itself, it is one of them."""
    x, y = points[int(((points - points.mean(axis=0)) ** 2).sum(axis=1).argmin())]
    return int(x), int(y)


def _alike(cells: tuple[int, ...]) -> tuple[int, ...]:
    """Return *cells* at one resolution, the finest that is not too much to draw."""
    finest = max(resolution_of(cell) for cell in cells)
    total = sum(7 ** (HAZARD_RESOLUTION - resolution_of(cell)) for cell in cells)
    resolution = min(finest, HAZARD_RESOLUTION)
    while resolution > SHARD_RESOLUTION and total / 7 ** (HAZARD_RESOLUTION - resolution) > _MOST_CELLS:
        resolution -= 1
    if resolution == SHARD_RESOLUTION:
        return tuple({parent_of(cell, SHARD_RESOLUTION) for cell in cells})
    return expand(cells, resolution)


def _rings(cells: Iterable[int]) -> Iterable[list[_Corner]]:
    """Return the closed lines around *cells*: borders between two of them cancel each other.

    In time proportional to the cells; h3's own answer also sorts holes into outlines, which even-odd
    filling does not need, and took 20 s for the islands of Japan.
    """
    follows: dict[_Corner, list[_Corner]] = {}
    for cell in cells:
        corners = [(round(lat, 6), round(lng, 6)) for lat, lng in h3.cell_to_boundary(cell)]
        for start, end in zip(corners, [*corners[1:], corners[0]], strict=True):
            back = follows.get(end)
            if back is not None and start in back:
                back.remove(start)
                if not back:
                    del follows[end]
            else:
                follows.setdefault(start, []).append(end)
    while follows:
        first = next(iter(follows))
        ring, corner = [first], first
        while (ends := follows.get(corner)) is not None:
            corner = ends.pop()
            if not ends:
                del follows[ring[-1]]
            ring.append(corner)
            if corner == first:
                break
        yield ring


def _path(frame: Frame, corners: Iterable[_Corner]) -> str:
    points = [frame.point(lat, lng) for lat, lng in corners]
    x, y = points[0]
    path = [f"M{x} {y}l"]
    steps = []
    for to_x, to_y in points[1:]:
        # Corners that fall onto the same unit are one corner.
        if (to_x, to_y) != (x, y):
            steps.append(f"{to_x - x} {to_y - y}")
            x, y = to_x, to_y
    if not steps:
        return ""
    return f"{path[0]}{' '.join(steps)}z"
