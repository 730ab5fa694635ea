"""Turn polygons and circles into the cells they touch.

Direction of safety: the cover may reach one cell beyond its shape, and never stops short of it. A
shape too large for resolution 9 is filled more coarsely, which makes it larger, down to the size of
a shard; beyond that it is refused. Everything is estimated before anything is filled.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import h3.api.basic_int as h3
import numpy as np
import shapely
from shapely.geometry import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from alerts.place import HAZARD_RESOLUTION, SHARD_RESOLUTION, Cells, Circle, LatLng, Ring
from geo import grid
from geo.cells import compact
from geo.errors import ShapeError, ShapeTooLarge

EARTH_RADIUS_KM = 6371.0088
KM_PER_DEGREE = EARTH_RADIUS_KM * math.pi / 180
# About a metre: a line of no area still touches cells, and a border that runs exactly along a cell's
# edge is not left to the last bit of a float.
SKIN_DEGREES = 1e-5
CIRCLE_VERTICES = 72
# Over the ellipsoid (0.6 %) and the bend of a straight line in degrees against one on the ground.
CIRCLE_MARGIN = 1.01
# Noding a ring that crosses itself everywhere costs the square of its length; past this many
# vertices it is covered by its hull instead, which is larger.
MAX_CROSSING_VERTICES = 300
# From here on all hexagons at once are faster than H3's walk along the lines (measured in load_tests/micro/geo.py).
MANY_VERTICES = 400
# H3 reads a polygon wider than half the globe as its other side.
MAX_WIDTH_DEGREES = 170.0
# Rings that come this near to a pole are no disaster of ours, and longitude means nothing there.
MAX_ABS_LATITUDE = 88.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What one document may ask for, before it is filled."""

    vertices: int = 10_000
    rings: int = 100
    cells: int = 100_000


@dataclass(frozen=True, slots=True)
class Bounds:
    """A box in degrees in which shapes are expected: the hint by which swapped axes are found."""

    south: float
    west: float
    north: float
    east: float

    def holds(self, point: LatLng) -> bool:
        """Return whether *point* lies in the box."""
        return self.south <= point.lat <= self.north and self.west <= point.lng <= self.east


DEFAULT_LIMITS = Limits()
JAPAN = Bounds(south=20.0, west=122.0, north=46.5, east=154.5)


def cover(
    polygons: Sequence[Ring],
    circles: Sequence[Circle] = (),
    *,
    limits: Limits = DEFAULT_LIMITS,
    expected: Bounds | None = None,
) -> Cells:
    """Return the cells touched by any of *polygons* and *circles*.

    Overlap, not centre: a 30 m river must not fall between cell centres. The result may reach one
    cell beyond the shape and never stops short of it.

    Raises ShapeError with a stable reason for what is no place on Earth, and ShapeTooLarge for what
    is over *limits* (checked before filling). With *expected*, a ring that lies outside this box but
    inside it with its axes swapped is refused as ``axes-swapped``.
    """
    if len(polygons) + len(circles) > limits.rings:
        raise ShapeTooLarge("too-many-rings", f"{len(polygons) + len(circles)} > {limits.rings}")
    vertices = sum(len(ring) for ring in polygons)
    if vertices > limits.vertices:
        raise ShapeTooLarge("too-many-vertices", f"{vertices} > {limits.vertices}")
    shapes = [shape_of_ring(ring, expected=expected) for ring in polygons]
    shapes += [shape_of_circle(circle, expected=expected) for circle in circles]
    return fill(shapes, limit=limits.cells)


def fill(shapes: Sequence[BaseGeometry], *, limit: int = DEFAULT_LIMITS.cells) -> Cells:
    """Return the cells touched by *shapes* (longitude, latitude), as fine as *limit* cells allow."""
    parts = [part for shape in shapes for part in _within_180(shape)]
    resolution = _affordable_resolution(parts, limit)
    if resolution == HAZARD_RESOLUTION and _is_intricate(parts) and grid.fits(parts):
        return compact(np.unique(grid.touched(parts)[1]))
    touched: set[int] = set()
    for part in parts:
        touched.update(h3.h3shape_to_cells_experimental(_h3_shape(part), resolution, contain="overlap"))
    return compact(touched)


def _is_intricate(parts: Sequence[BaseGeometry]) -> bool:
    """Return whether drawing the neighbourhood's hexagons pays: a CAP polygon of ten corners is faster without."""
    return len(parts) > 0 and int(shapely.get_num_coordinates(np.asarray(parts, dtype=object)).sum()) > MANY_VERTICES


def estimate(shapes: Sequence[BaseGeometry], resolution: int) -> float:
    """Return about how many cells of *resolution* touch *shapes*; rather too many than too few."""
    cell_km2 = h3.average_hexagon_area(resolution, unit="km^2")
    edge_km = h3.average_hexagon_edge_length(resolution, unit="km")
    total = 0.0
    for shape in shapes:
        _, south, _, north = shape.bounds
        # The nearest parallel to the equator is the longest: an estimate too large is the safe one.
        shrink = 1.0 if south <= 0 <= north else math.cos(math.radians(min(abs(south), abs(north))))
        # A line crosses about one new cell for each edge length it runs.
        total += shape.area * shrink * KM_PER_DEGREE**2 / cell_km2
        total += shape.length * KM_PER_DEGREE / edge_km + 1
    return total


def shape_of_ring(ring: Ring, *, expected: Bounds | None = None) -> BaseGeometry:
    """Return the ground that *ring* encloses, in (longitude, latitude).

    A ring that crosses itself (a bow-tie) encloses every face of its lines: the larger reading. A
    ring that was not closed is closed. A ring without area keeps its line.
    """
    for point in ring:
        check_point(point)
    if len(set(ring)) < 3:
        raise ShapeError("ring-too-short", f"{len(set(ring))} different points do not enclose anything")
    _check_axes(ring, expected)
    outline = _unwrapped(ring)
    line = LineString(outline)
    polygon = Polygon(outline)
    if polygon.is_valid:
        return polygon.buffer(SKIN_DEGREES, quad_segs=1)
    if len(outline) > MAX_CROSSING_VERTICES:
        return line.convex_hull.buffer(SKIN_DEGREES, quad_segs=1)
    faces = shapely.union_all(list(shapely.polygonize([shapely.node(line)]).geoms))
    return faces.union(line.buffer(SKIN_DEGREES, quad_segs=1))


def shape_of_circle(circle: Circle, *, expected: Bounds | None = None) -> BaseGeometry:
    """Return a polygon around *circle*: every point within the radius on the ground lies inside."""
    check_point(circle.centre)
    _check_axes((circle.centre,), expected)
    radius_km = circle.radius_km
    if not math.isfinite(radius_km) or radius_km <= 0:
        raise ShapeError("circle-radius", f"{radius_km} km is no radius")
    reach_km = radius_km * CIRCLE_MARGIN / math.cos(math.pi / CIRCLE_VERTICES)
    angle = reach_km / EARTH_RADIUS_KM
    if abs(circle.centre.lat) + math.degrees(angle) > MAX_ABS_LATITUDE:
        raise ShapeTooLarge("circle-reaches-pole", f"{radius_km} km around latitude {circle.centre.lat}")
    outline = [_at_bearing(circle.centre, angle, 2 * math.pi * k / CIRCLE_VERTICES) for k in range(CIRCLE_VERTICES)]
    width = max(lng for lng, _ in outline) - min(lng for lng, _ in outline)
    if width > MAX_WIDTH_DEGREES:
        raise ShapeTooLarge("shape-too-wide", f"{width:.0f} degrees of longitude")
    return Polygon(outline).buffer(SKIN_DEGREES, quad_segs=1)


def check_point(point: LatLng) -> None:
    """Refuse what is no point on Earth: NaN, infinite, or out of range."""
    if not (math.isfinite(point.lat) and math.isfinite(point.lng)):
        raise ShapeError("coordinate-not-a-number", "a latitude or longitude is NaN or infinite")
    if abs(point.lat) > 90:
        raise ShapeError("latitude-out-of-range", f"{point.lat}; are latitude and longitude swapped?")
    if abs(point.lng) > 180:
        raise ShapeError("longitude-out-of-range", f"{point.lng}")


def _check_axes(points: Sequence[LatLng], expected: Bounds | None) -> None:
    if expected is None or any(expected.holds(point) for point in points):
        return
    if any(expected.holds(LatLng(lat=point.lng, lng=point.lat)) for point in points):
        raise ShapeError("axes-swapped", "the shape lies where it is expected only with its axes swapped")


def _unwrapped(ring: Ring) -> list[tuple[float, float]]:
    """Return *ring* as (longitude, latitude) without a jump at 180 degrees, closed."""
    points = ring if ring[0] == ring[-1] else (*ring, ring[0])
    outline = [(points[0].lng, points[0].lat)]
    for point in points[1:]:
        turns = round((outline[-1][0] - point.lng) / 360)
        outline.append((point.lng + 360 * turns, point.lat))
    if outline[0][0] != outline[-1][0]:
        raise ShapeTooLarge("ring-around-pole", "the ring goes once around a pole")
    if max(abs(point.lat) for point in points) > MAX_ABS_LATITUDE:
        raise ShapeTooLarge("ring-reaches-pole", "the ring comes too near to a pole")
    longitudes = [lng for lng, _ in outline]
    width = max(longitudes) - min(longitudes)
    if width > MAX_WIDTH_DEGREES:
        raise ShapeTooLarge("shape-too-wide", f"{width:.0f} degrees of longitude")
    return outline


def _at_bearing(centre: LatLng, angle: float, bearing: float) -> tuple[float, float]:
    lat = math.radians(centre.lat)
    there = math.asin(math.sin(lat) * math.cos(angle) + math.cos(lat) * math.sin(angle) * math.cos(bearing))
    turn = math.atan2(
        math.sin(bearing) * math.sin(angle) * math.cos(lat), math.cos(angle) - math.sin(lat) * math.sin(there)
    )
    return centre.lng + math.degrees(turn), math.degrees(there)


def _within_180(shape: BaseGeometry) -> list[BaseGeometry]:
    """Return *shape* cut at 180 degrees (GeoJSON, RFC 7946, 3.1.9), its parts brought into range."""
    west, _, east, _ = shape.bounds
    if west >= -180 and east <= 180:
        return [shape]
    parts = []
    for turns in (-1, 0, 1):
        box = shapely.box(-180 + 360 * turns, -90, 180 + 360 * turns, 90)
        part = shapely.transform(shape.intersection(box), lambda xy, t=turns: xy - [360.0 * t, 0.0])
        if not part.is_empty:
            parts.append(part)
    return parts


def _affordable_resolution(parts: Sequence[BaseGeometry], limit: int) -> int:
    for resolution in range(HAZARD_RESOLUTION, SHARD_RESOLUTION - 1, -1):
        if estimate(parts, resolution) <= limit:
            return resolution
    needed = estimate(parts, SHARD_RESOLUTION)
    raise ShapeTooLarge("too-many-cells", f"about {needed:.0f} cells of resolution {SHARD_RESOLUTION} > {limit}")


def _h3_shape(part: BaseGeometry) -> h3.H3Shape:
    polygons = [
        h3.LatLngPoly(*([(lat, lng) for lng, lat in ring.coords] for ring in (polygon.exterior, *polygon.interiors)))
        for polygon in shapely.get_parts(part)
        if polygon.geom_type == "Polygon"
    ]
    return h3.LatLngMultiPoly(*polygons)
