"""What a road report's place means on the network: which roads a closure of it would block.

Safe in the stated direction: a line or polygon blocks every road that it touches on the same ground;
a bridge over a flooded street is not the street. A point means the nearest way, and says how far that
is, so that an officer sees what it will block before she confirms.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from shapely import STRtree
from shapely.geometry import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry

from alerts.place import LatLng
from alerts.road import RoadPlace
from routing.network import METRES_PER_DEGREE, METRES_PER_DEGREE_LNG, RoadNetwork

# A tap on a phone's map is off by a street's width; further than this it means another street.
SNAP_M = 40.0
# A line drawn along a street is off by its width, and should not take in the side streets it passes.
LINE_M = 12.0
# A road that a line only crosses shares a point with it; one that it runs along shares half its length.
_ALONG = 0.5


@dataclass(frozen=True, slots=True)
class Snapped:
    """The roads that a place means. `metres` is how far the nearest of a point's is; `unknown` are ids not ours."""

    road_ids: tuple[str, ...]
    metres: float = 0.0
    unknown: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


class Snapper:
    """Finds roads by place on one network."""

    def __init__(self, network: RoadNetwork) -> None:
        self.network = network

    def snap(self, place: RoadPlace) -> Snapped:
        """Return the roads that *place* means; none where no way is near."""
        columns = self.network.columns
        known = {road: columns.road_at(road) for road in place.road_ids}
        found = {at for at in known.values() if at is not None}
        metres = 0.0
        if place.point is not None:
            at, metres = self._nearest(place.point)
            found |= at if metres <= SNAP_M else set()
        if len(place.line) > 1:
            found |= self._along(place.line)
        if len(place.polygon) > 3:
            found |= self._inside(place.polygon)
        ids = tuple(sorted(columns.road_id(at) for at in found))
        names = tuple(sorted({name for at in found if (name := columns.name_of(at))}))
        return Snapped(ids, round(metres, 1), tuple(sorted(road for road, at in known.items() if at is None)), names)

    def _nearest(self, point: LatLng) -> tuple[set[int], float]:
        """Return the nearest road and the metres to it."""
        here = Point(*_flat(point))
        at = int(self._tree.nearest(here))
        return {at}, float(here.distance(self._lines[at]))

    def _along(self, line: tuple[LatLng, ...]) -> set[int]:
        """Return the roads along which *line* runs; one that runs along none crosses what it blocks."""
        drawn = LineString([_flat(point) for point in line])
        wide = drawn.buffer(LINE_M)
        near = self._tree.query(wide, predicate="intersects").tolist()
        along = {at for at in near if self._lines[at].intersection(wide).length >= _ALONG * self._lines[at].length}
        crossed = {at for at in near if self._lines[at].intersects(drawn)}
        return self._same_ground(along or crossed)

    def _inside(self, ring: tuple[LatLng, ...]) -> set[int]:
        shape: BaseGeometry = Polygon([_flat(point) for point in ring])
        if not shape.is_valid:
            shape = shape.convex_hull  # larger, never smaller
        return set(self._tree.query(shape, predicate="intersects").tolist())

    def _same_ground(self, roads: set[int]) -> set[int]:
        """Return *roads* without those that pass over or under most of them."""
        columns = self.network.columns
        layers = [int(columns.layer[at]) for at in roads]
        if len(set(layers)) < 2:
            return roads
        ground = max(sorted(set(layers)), key=layers.count)
        return {at for at in roads if columns.layer[at] == ground}

    @cached_property
    def _lines(self) -> list[LineString]:
        columns = self.network.columns
        ends = np.column_stack(
            (
                np.asarray(columns.lng) * METRES_PER_DEGREE_LNG,
                np.asarray(columns.lat) * METRES_PER_DEGREE,
            )
        )
        return [LineString((ends[a], ends[b])) for a, b in zip(columns.start, columns.end, strict=True)]

    @cached_property
    def _tree(self) -> STRtree:
        return STRtree(self._lines)


def _flat(point: LatLng) -> tuple[float, float]:
    return point.lng * METRES_PER_DEGREE_LNG, point.lat * METRES_PER_DEGREE
