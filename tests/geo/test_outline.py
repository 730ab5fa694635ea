"""Cells become rings that read back as the same cells."""

import h3
import pytest

from alerts.place import Cell, Circle, LatLng
from geo.cells import compact, expand
from geo.cover import cover
from geo.outline import MAX_RINGS, rings_of

TOKYO = LatLng(35.69, 139.75)


@pytest.mark.parametrize("radius_km", [0.01, 0.3, 5.0])
def test_a_document_gives_back_the_cells_that_were_written_into_it(radius_km: float) -> None:
    cells = cover((), (Circle(TOKYO, radius_km),))
    assert cover(rings_of(cells), ()) == cells


def test_islands_have_rings_of_their_own_and_holes_are_filled() -> None:
    ring = {h3.str_to_int(cell) for cell in h3.grid_ring(h3.latlng_to_cell(35.69, 139.75, 9), 2)}
    island = h3.str_to_int(h3.latlng_to_cell(35.8, 139.9, 9))
    rings = rings_of(compact([*map(Cell, ring), Cell(island)]))
    assert len(rings) == 2
    back = set(expand(cover(rings, ())))
    assert ring | {island} <= back
    assert len(back) == 19 + 1
    assert all(one[0] == one[-1] for one in rings)


def test_no_cells_have_no_ring() -> None:
    assert rings_of(()) == ()


def test_what_would_be_too_long_to_be_read_becomes_its_hull() -> None:
    scattered = [
        Cell(h3.str_to_int(h3.latlng_to_cell(35.5 + 0.02 * (number % 15), 139.5 + 0.02 * (number // 15), 9)))
        for number in range(MAX_RINGS + 50)
    ]
    cells = compact(scattered)
    (hull,) = rings_of(cells)
    assert set(expand(cells)) <= set(expand(cover((hull,), ())))
