"""A cover contains its shape, is not much larger, and is refused before it costs anything."""

import itertools
import math

import h3.api.basic_int as h3
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from alerts.place import Cells, Circle, LatLng, Ring
from geo.cells import contains, count, expand, resolution_of
from geo.cover import EARTH_RADIUS_KM, JAPAN, Bounds, cover, estimate, shape_of_ring
from geo.errors import ShapeError, ShapeTooLarge

# The Arakawa at its mouth, Edogawa to the east of it.
ARAKAWA = LatLng(lat=35.66, lng=139.85)


def ring(*points: tuple[float, float]) -> Ring:
    """Return a closed ring of (lat, lng) *points*."""
    return tuple(LatLng(lat=lat, lng=lng) for lat, lng in (*points, points[0]))


def box(south: float, west: float, north: float, east: float) -> Ring:
    """Return a closed box."""
    return ring((south, west), (south, east), (north, east), (north, west))


def holds(cells: Cells, lat: float, lng: float) -> bool:
    """Return whether the point lies in one of *cells*."""
    return contains(cells, h3.latlng_to_cell(lat, lng, 9))


def metres_apart(a: LatLng, b: LatLng) -> float:
    """Return the distance on the ground."""
    return float(h3.great_circle_distance((a.lat, a.lng), (b.lat, b.lng), unit="m"))


vertices = st.tuples(st.floats(35.55, 35.75), st.floats(139.7, 139.95))
unit = st.floats(0, 1)


@given(st.lists(vertices, min_size=3, max_size=9, unique=True), st.lists(st.tuples(unit, unit), max_size=30))
@settings(max_examples=150, deadline=None)
def test_the_cover_contains_its_shape(points: list[tuple[float, float]], samples: list[tuple[float, float]]) -> None:
    outline = ring(*points)
    cells = cover((outline,))
    shape = shape_of_ring(outline)
    west, south, east, north = shape.bounds
    inside = [(south + v * (north - south), west + u * (east - west)) for u, v in samples]
    for lat, lng in inside:
        if shape.contains(shapely.Point(lng, lat)):
            assert holds(cells, lat, lng)
    for a, b in itertools.pairwise(outline):
        for part in (0.0, 0.21, 0.5, 0.83):
            assert holds(cells, a.lat + part * (b.lat - a.lat), a.lng + part * (b.lng - a.lng)), "its border, too"


@given(st.tuples(unit, unit), st.floats(0, math.pi))
@settings(deadline=None)
def test_the_cover_stops_one_cell_beyond_the_shape(corner: tuple[float, float], turn: float) -> None:
    lat, lng = 35.6 + corner[0] / 10, 139.7 + corner[1] / 10
    turns = [turn + k * math.pi / 2 for k in range(4)]
    outline = ring(*((lat + 0.01 * math.sin(way), lng + 0.01 * math.cos(way)) for way in turns))
    reached = shapely.Polygon([(p.lng, p.lat) for p in outline]).buffer(0.004)
    for cell in expand(cover((outline,))):
        centre = h3.cell_to_latlng(cell)
        assert reached.contains(shapely.Point(centre[1], centre[0]))


def test_a_strip_of_30_m_does_not_vanish() -> None:
    wide = 30 / 111_195
    strip = box(35.66, 139.80, 35.66 + wide, 139.90)
    cells = cover((strip,))
    assert all(holds(cells, 35.66 + wide / 2, 139.80 + k / 10_000) for k in range(1001))
    assert 20 < count(cells) < 100


@given(st.floats(0.01, 300), st.floats(-60, 60), st.floats(-179, 179), st.floats(0, 2 * math.pi), unit)
@settings(max_examples=80, deadline=None)
def test_a_circle_is_measured_on_the_ground_and_never_smaller(
    radius_km: float, lat: float, lng: float, bearing: float, part: float
) -> None:
    centre = LatLng(lat=lat, lng=lng)
    cells = cover((), (Circle(centre, radius_km),))
    for share in (1.0, part):
        angle = share * radius_km / EARTH_RADIUS_KM
        there = math.asin(
            math.sin(math.radians(lat)) * math.cos(angle)
            + math.cos(math.radians(lat)) * math.sin(angle) * math.cos(bearing)
        )
        turn = math.atan2(
            math.sin(bearing) * math.sin(angle) * math.cos(math.radians(lat)),
            math.cos(angle) - math.sin(math.radians(lat)) * math.sin(there),
        )
        assert holds(cells, math.degrees(there), lng + math.degrees(turn))


def test_a_circle_of_5_km_is_as_large_as_5_km_on_the_ground() -> None:
    cells = expand(cover((), (Circle(ARAKAWA, 5.0),)))
    far = max(metres_apart(ARAKAWA, LatLng(*h3.cell_to_latlng(cell))) for cell in cells)
    assert 4_800 < far < 5_000 * 1.02 + 400
    area = sum(h3.cell_area(cell, unit="km^2") for cell in cells)
    assert math.pi * 25 < area < math.pi * 25 * 1.25


def test_a_bow_tie_covers_both_of_its_wings() -> None:
    cells = cover((ring((35.60, 139.70), (35.70, 139.80), (35.60, 139.80), (35.70, 139.70)),))
    assert holds(cells, 35.65, 139.71)
    assert holds(cells, 35.65, 139.79)
    assert not holds(cells, 35.61, 139.75)


def test_a_ring_that_winds_twice_has_no_hole() -> None:
    square = [(35.60, 139.70), (35.60, 139.80), (35.70, 139.80), (35.70, 139.70)]
    inner = [(35.63, 139.73), (35.63, 139.77), (35.67, 139.77), (35.67, 139.73)]
    cells = cover((ring(*square, square[0], *inner, inner[0]),))
    assert holds(cells, 35.65, 139.75)


def test_a_large_area_is_filled_more_coarsely_and_still_covered() -> None:
    hokkaido = box(41.4, 139.8, 45.5, 145.8)
    cells = cover((hokkaido,))
    assert {resolution_of(cell) for cell in cells} <= {6, 7}
    assert holds(cells, 45.49, 145.79)
    assert holds(cells, 41.41, 139.81)
    assert holds(cells, 43.06, 141.35)


def test_a_shape_across_180_degrees_is_cut_there() -> None:
    aleutians = ring((51.0, 179.0), (51.0, -179.0), (52.0, -179.0), (52.0, 179.0))
    cells = cover((aleutians,))
    assert holds(cells, 51.5, 179.5)
    assert holds(cells, 51.5, -179.5)
    assert not holds(cells, 51.5, 170.0)
    assert not holds(cells, 51.5, 0.0)
    round_cells = cover((), (Circle(LatLng(lat=51.5, lng=179.9), 50.0),))
    assert holds(round_cells, 51.5, -179.6)


def test_a_ring_may_run_either_way_and_may_be_open() -> None:
    outline = box(35.60, 139.70, 35.62, 139.72)
    assert cover((outline,)) == cover((tuple(reversed(outline)),)) == cover((outline[:-1],))


@pytest.mark.parametrize(
    ("points", "reason"),
    [
        ([(math.nan, 139.7), (35.7, 139.8), (35.6, 139.9)], "coordinate-not-a-number"),
        ([(math.inf, 139.7), (35.7, 139.8), (35.6, 139.9)], "coordinate-not-a-number"),
        ([(139.7, 35.6), (139.8, 35.7), (139.9, 35.6)], "latitude-out-of-range"),
        ([(95.0, 139.7), (35.7, 139.8), (35.6, 139.9)], "latitude-out-of-range"),
        ([(35.6, 239.7), (35.7, 139.8), (35.6, 139.9)], "longitude-out-of-range"),
        ([(35.6, 139.7), (35.7, 139.8)], "ring-too-short"),
        ([(35.6, 139.7), (35.6, 139.7), (35.6, 139.7)], "ring-too-short"),
        ([(80.0, 0.0), (80.0, 120.0), (80.0, -120.0)], "ring-around-pole"),
        ([(10.0, -90.0), (10.0, 0.0), (10.0, 89.0), (20.0, 0.0)], "shape-too-wide"),
    ],
)
def test_what_is_no_place_is_refused_with_its_reason(points: list[tuple[float, float]], reason: str) -> None:
    with pytest.raises(ShapeError) as caught:
        cover((ring(*points),))
    assert caught.value.reason == reason


def test_swapped_axes_are_found_where_both_readings_are_on_earth() -> None:
    around_the_middle_east = Bounds(south=12, west=34, north=42, east=64)
    kuwait, swapped = box(29.0, 47.0, 30.0, 48.0), box(47.0, 29.0, 48.0, 30.0)
    assert cover((kuwait,), expected=around_the_middle_east)
    assert cover((swapped,)), "without a hint, Ukraine is as good a place"
    with pytest.raises(ShapeError) as caught:
        cover((swapped,), expected=around_the_middle_east)
    assert caught.value.reason == "axes-swapped"


def test_a_shape_elsewhere_is_not_taken_for_a_swapped_one() -> None:
    assert cover((box(40.0, -74.5, 41.0, -73.5),), expected=JAPAN)


@pytest.mark.parametrize("radius_km", [0.0, -1.0, math.nan, math.inf])
def test_a_circle_without_a_radius_is_refused(radius_km: float) -> None:
    with pytest.raises(ShapeError) as caught:
        cover((), (Circle(ARAKAWA, radius_km),))
    assert caught.value.reason == "circle-radius"


@pytest.mark.parametrize(
    ("polygons", "circles", "reason"),
    [
        ((), (Circle(ARAKAWA, 40_000.0),), "circle-reaches-pole"),
        ((), (Circle(LatLng(0.0, 0.0), 5_000.0),), "too-many-cells"),
        ((box(35.6, 139.7, 35.7, 139.8),) * 101, (), "too-many-rings"),
        ((tuple(LatLng(35.6, 139.7 + k * 1e-7) for k in range(10_001)),), (), "too-many-vertices"),
        ((box(0.0, 0.0, 60.0, 100.0),), (), "too-many-cells"),
    ],
)
def test_what_is_over_a_limit_is_refused_before_it_is_filled(
    polygons: tuple[Ring, ...], circles: tuple[Circle, ...], reason: str
) -> None:
    with pytest.raises(ShapeTooLarge) as caught:
        cover(polygons, circles)
    assert caught.value.reason == reason


def test_ten_thousand_crossing_lines_are_covered_by_their_hull() -> None:
    zigzag = tuple(LatLng(35.6 + (k % 2) * 0.05, 139.7 + ((k * 7919) % 9973) * 1e-5) for k in range(9_000))
    cells = cover((zigzag,))
    assert holds(cells, 35.61, 139.72)


@given(st.integers(6, 9), st.floats(0.005, 0.4), st.floats(0.005, 0.4))
@settings(max_examples=40, deadline=None)
def test_the_estimate_is_never_too_small(resolution: int, high: float, wide: float) -> None:
    shape = shape_of_ring(box(35.4, 139.5, 35.4 + high, 139.5 + wide))
    outline = h3.LatLngPoly([(lat, lng) for lng, lat in shape.exterior.coords])
    assume(resolution < 9 or high * wide < 0.05)
    filled = h3.h3shape_to_cells_experimental(outline, resolution, contain="overlap")
    assert len(filled) <= estimate([shape], resolution) * 1.15 + 4
