"""All hexagons at once against H3's own answer and against the ground."""

import json
from pathlib import Path

import h3.api.basic_int as h3
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import shape as shape_of

from geo import grid
from geo.cover import fill

EAST, NORTH = 139.75, 35.69


def cells_of(*shapes: shapely.Geometry) -> list[set[int]]:
    numbers, cells = grid.touched(list(shapes))
    return [set(cells[numbers == number].tolist()) for number in range(len(shapes))]


def hexagon(cell: int) -> shapely.Polygon:
    return shapely.Polygon([(lng, lat) for lat, lng in h3.cell_to_boundary(cell)])


@st.composite
def blobs(draw: st.DrawFn) -> shapely.Polygon:
    """A star-shaped polygon of 3 to 12 corners, 20 m to 5 km wide."""
    corners = draw(st.integers(3, 12))
    size = draw(st.floats(0.0002, 0.05))
    reach = draw(st.lists(st.floats(0.05, 1.0), min_size=corners, max_size=corners))
    east, north = draw(st.floats(-0.3, 0.3)), draw(st.floats(-0.3, 0.3))
    turn = 2 * np.pi / corners
    return shapely.Polygon(
        [
            (EAST + east + size * r * np.cos(turn * k), NORTH + north + size * r * np.sin(turn * k))
            for k, r in enumerate(reach)
        ]
    )


@given(blobs())
@settings(max_examples=60, deadline=None, derandomize=True)
def test_a_cover_holds_every_cell_that_the_shape_touches_and_none_that_is_a_stone_throw_away(
    blob: shapely.Polygon,
) -> None:
    (found,) = cells_of(blob)
    must = {int(c) for c in h3.h3shape_to_cells_experimental(h3.geo_to_h3shape(blob), 9, contain="overlap")}
    assert must <= found
    assert all(hexagon(cell).distance(blob) < 5e-5 for cell in found - must), "five metres"


@given(st.lists(blobs(), min_size=1, max_size=8), st.data())
@settings(max_examples=30, deadline=None, derandomize=True)
def test_many_shapes_at_once_are_the_same_as_each_alone(shapes: list[shapely.Polygon], data: st.DataObject) -> None:
    together = cells_of(*shapes)
    one = data.draw(st.integers(0, len(shapes) - 1))
    assert together[one] == cells_of(shapes[one])[0]


def test_a_line_and_a_point_touch_their_cells() -> None:
    line = shapely.LineString([(139.70, 35.70), (139.80, 35.65)])
    point = shapely.Point(139.7671, 35.6812)
    on_line, at_point = cells_of(line, point)
    along = {h3.latlng_to_cell(p.y, p.x, 9) for p in (line.interpolate(k / 500, normalized=True) for k in range(501))}
    assert along <= on_line
    assert h3.latlng_to_cell(35.6812, 139.7671, 9) in at_point


def test_a_pentagon_and_its_neighbours_are_covered() -> None:
    pentagon = next(cell for cell in h3.get_pentagons(9) if abs(h3.cell_to_latlng(cell)[0]) < 70)
    lat, lng = h3.cell_to_latlng(pentagon)
    (found,) = cells_of(shapely.Point(lng, lat).buffer(0.004))
    assert {pentagon, *h3.grid_disk(pentagon, 1)} <= found


@pytest.mark.parametrize(
    "shape",
    [
        shapely.box(179.5, 10, 180, 11),
        shapely.box(10, 80, 11, 81),
        shapely.box(-60, -60, 60, 60),
    ],
    ids=["date line", "near a pole", "continents"],
)
def test_what_a_flat_grid_cannot_answer_is_said_and_left_to_h3(shape: shapely.Polygon) -> None:
    assert not grid.fits([shape])


def test_nothing_touches_nothing() -> None:
    assert grid.fits([])
    assert cells_of() == []
    assert cells_of(shapely.Polygon()) == [set()]


def test_the_23_wards_are_covered_as_h3_covers_them(shared_data: Path) -> None:
    files = sorted((shared_data / "01_wards" / "jma_class20").glob("*.geojson"))
    documents = [json.loads(path.read_bytes()) for path in files]
    wards = [shape_of((d["features"][0] if "features" in d else d)["geometry"]) for d in documents]
    assert len(wards) == 23
    for ward, found in zip(wards, cells_of(*wards), strict=True):
        by_h3 = {int(c) for c in h3.h3shape_to_cells_experimental(h3.geo_to_h3shape(ward), 9, contain="overlap")}
        assert by_h3 <= found
        assert len(found - by_h3) <= 3
        assert set(fill([ward])) <= {h3.cell_to_parent(c, r) for c in found for r in (6, 7, 8, 9)}
