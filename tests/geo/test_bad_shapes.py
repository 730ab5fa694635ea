"""The shapes that hostile or careless senders send, one by one (a part of the bad inputs that we promise to refuse)."""

import json
import math
from pathlib import Path

import h3.api.basic_int as h3
import pytest
import shapely

from alerts.place import Circle, LatLng, Ring
from geo.area_set import DropReason
from geo.cells import contains
from geo.cover import cover
from geo.errors import ShapeError, ShapeTooLarge
from geo.importers import geojson, vector_file
from geo.importers.area_sets import cells_by_shape
from tests.geo.files import bow_tie, write_vector

HERE = LatLng(35.69, 139.75)


def refused(polygons: tuple[Ring, ...] = (), circles: tuple[Circle, ...] = ()) -> str:
    with pytest.raises(ShapeError) as caught:
        cover(polygons, circles)
    return caught.value.reason


def test_a_ring_of_a_million_and_one_vertices_is_refused_before_it_is_looked_at() -> None:
    ring = tuple(LatLng(math.nan, math.nan) for _ in range(3)) * 333_334
    assert len(ring) > 1_000_001
    assert refused((ring,)) == "too-many-vertices"


def test_many_small_rings_count_together() -> None:
    square = (LatLng(35.6, 139.7), LatLng(35.6, 139.8), LatLng(35.7, 139.8), LatLng(35.6, 139.7))
    assert refused((square,) * 101) == "too-many-rings"
    assert refused((square * 30,) * 90) == "too-many-vertices"


def test_a_polygon_without_corners_is_no_place() -> None:
    assert refused(((HERE,) * 4,)) == "ring-too-short"
    assert refused(((HERE, LatLng(35.7, 139.8), HERE),)) == "ring-too-short"


def test_a_sliver_without_area_still_warns_those_along_its_line() -> None:
    sliver = (LatLng(35.60, 139.70), LatLng(35.70, 139.80), LatLng(35.65, 139.75), LatLng(35.60, 139.70))
    cells = cover((sliver,))
    assert all(contains(cells, h3.latlng_to_cell(35.60 + k / 1000, 139.70 + k / 1000, 9)) for k in range(101))


@pytest.mark.parametrize("radius_km", [0.0, -1.0, math.nan, math.inf])
def test_a_circle_needs_a_radius(radius_km: float) -> None:
    assert refused(circles=(Circle(HERE, radius_km),)) == "circle-radius"


@pytest.mark.parametrize("radius_km", [6_000.0, 20_015.0, 40_000.0])
def test_a_circle_larger_than_any_disaster_is_refused(radius_km: float) -> None:
    with pytest.raises(ShapeTooLarge):
        cover((), (Circle(HERE, radius_km),))


@pytest.mark.parametrize(
    "point", [LatLng(139.75, 35.69), LatLng(91, 0), LatLng(0, 181), LatLng(math.nan, 0), LatLng(0, math.inf)]
)
def test_a_point_off_the_earth_is_refused_in_rings_and_in_circles(point: LatLng) -> None:
    reasons = {"latitude-out-of-range", "longitude-out-of-range", "coordinate-not-a-number"}
    assert refused(((point, HERE, LatLng(35.7, 139.8)),)) in reasons
    assert refused(circles=(Circle(point, 1.0),)) in reasons


def test_files_with_the_same_shapes_drop_them_with_a_reason_and_keep_the_rest(tmp_path: Path) -> None:
    flat = shapely.Polygon([(139.7, 35.6), (139.8, 35.7), (139.75, 35.65)])
    path = write_vector(
        tmp_path / "odd.geojson", [bow_tie(35.6, 139.7), flat, shapely.box(35.6, 139.7, 35.7, 139.8)],
        {"code": ["bow", "flat", "swapped"]}, crs="EPSG:4326",
    )  # fmt: skip
    found = vector_file.read(path)
    assert [feature.number for feature in found.features] == [0, 1], "a sliver keeps its line"
    assert 0 in found.repaired
    assert [(drop.number, drop.reason) for drop in found.dropped] == [(2, DropReason.NOT_A_PLACE)]
    bow, sliver = cells_by_shape([feature.ground for feature in found.features])
    assert h3.latlng_to_cell(35.605, 139.7005, 9) in bow
    assert h3.latlng_to_cell(35.65, 139.75, 9) in sliver


@pytest.mark.parametrize(
    "coordinates",
    [
        [],
        [[]],
        [[[139.7, 35.6]]],
        [[["a", "b"], [1, 2], [3, 4]]],
        [[[139.7, 35.6], [139.8, 35.6], [139.7, 35.6]]],
    ],
)
def test_a_geojson_polygon_that_is_none_is_refused(coordinates: object) -> None:
    feature = {
        "type": "Feature",
        "properties": {"code": "x"},
        "geometry": {"type": "Polygon", "coordinates": coordinates},
    }
    with pytest.raises(ShapeError) as caught:
        geojson.read(json.dumps(feature).encode())
    assert caught.value.reason in ("geojson-geometry", "geojson-no-area")
