"""The parts of a cell: where a river or a railway cuts it, each side starts on its own side.

A part is a piece of the cell that no barrier cuts, and its anchor a node on the same side: one that
can be reached from the piece without crossing, judged on the ground a little beyond the cell, where a
sliver that the cell holds of the other bank meets its street. Nodes on bridges are nobody's anchor.

Safe in the stated direction: a part without a node on its own side has no anchor and says that it is
far from the network, instead of borrowing one from across the water. Past the three largest parts a
cell says the same of what is left.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import h3.api.basic_int as h3
import numpy as np
from shapely import STRtree
from shapely.geometry import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry
from shapely.ops import unary_union
from shapely.prepared import prep

from alerts.place import Cell, LatLng, Ring
from routing.columns import BRIDGE, UNDERGROUND
from routing.network import METRES_PER_DEGREE, METRES_PER_DEGREE_LNG, Barrier, RoadNetwork
from routing.plan import MOST_PARTS

# Half a cell is 200 m: whoever lives further than this from any way is told so.
FAR_FROM_NETWORK_M = 300.0
# Half the width that is taken of a barrier: a line is the middle of a river or a railway.
HALF_BARRIER_M = 6.0
# A piece smaller than this is the bank itself, or a bend's corner; it belongs to the part it touches most.
SMALLEST_PART_M2 = 400.0
# So many places to start from, so far apart: a closed street is not the end of a cell.
_MOST_STARTS = 4
_APART_M = 60.0


@dataclass(frozen=True, slots=True)
class CellPart:
    """A piece of a cell and its anchor: the position of a node, and the metres to it. No position: far.

    `share` is the piece's share of its cell's area, by which people are split. `spare` are other nodes
    on the same side, where a way may start when the anchor's own street is closed.
    """

    cell: Cell
    number: int
    outline: Ring
    position: int | None
    metres: float
    share: float = 1.0
    spare: tuple[tuple[int, float], ...] = ()

    @property
    def starts(self) -> tuple[tuple[int, float], ...]:
        """Return where a way may start, the anchor first: positions, and the metres to each."""
        return () if self.position is None else ((self.position, self.metres), *self.spare)


def parts_of(
    network: RoadNetwork, cells: Iterable[Cell], barriers: Sequence[Barrier] | None = None
) -> tuple[CellPart, ...]:
    """Return the parts of each cell, sorted by cell; the largest part of a cell comes first.

    *barriers* are the network's own where none are given.
    """
    lines = [_line(barrier) for barrier in (network.barriers if barriers is None else barriers) if len(barrier) > 1]
    tree = STRtree(lines) if lines else None
    anchors = _Anchors(network)
    found: list[CellPart] = []
    for cell in sorted(cells):
        shape = Polygon([_flat(LatLng(*corner)) for corner in h3.cell_to_boundary(cell)])
        beyond = shape.buffer(FAR_FROM_NETWORK_M)
        near = [] if tree is None else [lines[at] for at in tree.query(beyond, predicate="intersects").tolist()]
        if not any(line.intersects(shape) for line in near):
            found.append(_whole(cell, shape, beyond, near, anchors))
        else:
            found += _cut(cell, shape, beyond, near, anchors)
    return tuple(found)


class _Anchors:
    """The nodes at which a way may start: of a piece that leads somewhere, on the ground, on no bridge."""

    def __init__(self, network: RoadNetwork) -> None:
        columns = network.columns
        off = np.zeros(columns.node_count, dtype=np.bool_)
        ground = np.zeros(columns.node_count, dtype=np.bool_)
        flags = np.asarray(columns.flags)
        over = (flags & (BRIDGE | UNDERGROUND)) > 0
        for ends in (columns.start, columns.end):
            off[ends[over]] = True
            ground[ends[~over]] = True
        joined = network.joined
        # A node where a bridge lands is on both; it is on the ground, and its bank is judged by its point.
        usable = joined[ground[joined] | ~off[joined]]
        self.positions = usable if len(usable) else joined
        self._points = np.column_stack(
            (
                np.asarray(columns.lng)[self.positions] * METRES_PER_DEGREE_LNG,
                np.asarray(columns.lat)[self.positions] * METRES_PER_DEGREE,
            )
        )
        self._tree = STRtree([Point(*point) for point in self._points])

    def nearest(self, piece: BaseGeometry, ground: BaseGeometry) -> list[tuple[int, float]]:
        """Return nodes on *ground*, nearest to the middle of *piece* first, with the metres to each.

        The first is the anchor; the others stand apart from it and from each other, since the nodes
        next to it are on its street.
        """
        middle = piece.representative_point()
        inside = self._tree.query(ground, predicate="contains")
        metres = np.hypot(*(self._points[inside] - (middle.x, middle.y)).T)
        near = inside[metres <= FAR_FROM_NETWORK_M]
        order = np.lexsort((self.positions[near], metres[metres <= FAR_FROM_NETWORK_M]))
        found: list[int] = []
        for at in near[order].tolist():
            if all(math.dist(self._points[at], self._points[other]) >= _APART_M for other in found):
                found.append(at)
                if len(found) == _MOST_STARTS:
                    break
        return [(int(self.positions[at]), float(math.dist(self._points[at], (middle.x, middle.y)))) for at in found]


def _whole(cell: Cell, shape: Polygon, beyond: BaseGeometry, near: list[LineString], anchors: _Anchors) -> CellPart:
    ground = beyond
    if near:
        ground = _piece_with(shape, beyond.difference(_width(near)))
    return _part(cell, 0, (), anchors.nearest(shape, ground))


def _cut(cell: Cell, shape: Polygon, beyond: BaseGeometry, near: list[LineString], anchors: _Anchors) -> list[CellPart]:
    width = _width(near)
    pieces = [piece for piece in _polygons(shape.difference(width)) if piece.area >= SMALLEST_PART_M2]
    pieces.sort(key=lambda piece: (-round(piece.area, 3), piece.representative_point().coords[0]))
    if not pieces:
        return [CellPart(cell, 0, (), None, 0.0)]
    grounds = _polygons(beyond.difference(width))
    total = sum(piece.area for piece in pieces)
    found = []
    for number, piece in enumerate(pieces[:MOST_PARTS]):
        ground = max(grounds, key=lambda polygon: polygon.intersection(piece).area)
        starts = anchors.nearest(piece, ground)
        outline = () if len(pieces) == 1 else _ring(piece)
        # Whoever lives in the rest is counted with the largest part, so that nobody is lost.
        share = piece.area / total if number else 1 - sum(other.area for other in pieces[1:MOST_PARTS]) / total
        found.append(_part(cell, number, outline, starts, share))
    return found


def _part(cell: Cell, number: int, outline: Ring, starts: list[tuple[int, float]], share: float = 1.0) -> CellPart:
    if not starts:
        return CellPart(cell, number, outline, None, 0.0, share)
    (position, metres), *spare = starts
    return CellPart(cell, number, outline, position, metres, share, tuple(spare))


def part_at(parts: Sequence[CellPart], point: LatLng) -> CellPart | None:
    """Return the part of one cell's *parts* that *point* lies in; None on the barrier, or in what is left over."""
    if len(parts) == 1 and not parts[0].outline:
        return parts[0]
    here = Point(point.lng, point.lat)
    for part in parts:
        if prep(Polygon([(corner.lng, corner.lat) for corner in part.outline])).covers(here):
            return part
    return None


def _width(lines: list[LineString]) -> BaseGeometry:
    return unary_union(lines).buffer(HALF_BARRIER_M, cap_style="flat")


def _piece_with(shape: BaseGeometry, ground: BaseGeometry) -> BaseGeometry:
    return max(_polygons(ground), key=lambda polygon: polygon.intersection(shape).area, default=shape)


def _polygons(shape: BaseGeometry) -> list[Polygon]:
    parts = getattr(shape, "geoms", [shape])
    return [part for part in parts if isinstance(part, Polygon) and not part.is_empty]


def _ring(piece: Polygon) -> Ring:
    corners = [
        LatLng(round(y / METRES_PER_DEGREE, 6), round(x / METRES_PER_DEGREE_LNG, 6)) for x, y in piece.exterior.coords
    ]
    return (*corners[:-1], corners[0])


def _line(barrier: Barrier) -> LineString:
    return LineString([_flat(point) for point in barrier])


def _flat(point: LatLng) -> tuple[float, float]:
    return point.lng * METRES_PER_DEGREE_LNG, point.lat * METRES_PER_DEGREE
