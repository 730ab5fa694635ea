"""A badge stands on ground of its own colour: a number beside another level's colour would be read as that level's."""

import h3.api.basic_int as h3
import numpy as np
import pytest

from alerts.claim import HazardSnapshot
from alerts.level import Level
from alerts.place import Cell
from api.drawing.frame import TOKYO
from api.drawing.ground import Ground, Touched, ground_of
from api.drawing.look import Look
from geo.cells import compact
from streams.topics import HAZARDS
from streams.wire import decode
from tests.api.evening import KOTO, Evening, danger, provenance

MIDDLE = h3.latlng_to_cell(*KOTO, 9)
WARD = sorted(h3.grid_disk(MIDDLE, 6))


def ground() -> Ground:
    return ground_of(TOKYO, [("架空区", compact(WARD))])


def touched(worst: set[int]) -> Touched:
    evening = Evening()
    evening.drafted(
        provenance("flood"),
        [
            danger(compact(set(WARD) - worst), level=Level.ELDERLY_LEAVE),
            danger(compact(worst), level=Level.ALL_LEAVE),
        ],
    )
    maps = [decode(HazardSnapshot, one.value) for one in evening.records if one.topic == HAZARDS.name and one.value]
    (found,) = ground().touched(maps)
    return found


def cell_under(at: tuple[int, int]) -> Cell:
    points = np.array([TOKYO.point(*h3.cell_to_latlng(cell)) for cell in WARD])
    return Cell(WARD[int(((points - np.array(at)) ** 2).sum(axis=1).argmin())])


@pytest.mark.parametrize("at", sorted(h3.grid_ring(MIDDLE, 2)))
def test_a_level_that_is_near_the_name_is_marked_where_it_is(at: int) -> None:
    worst = set(h3.grid_disk(at, 1))
    found = touched(worst)
    assert found.look is Look.LEVEL_4
    assert cell_under(found.at) in worst


def test_over_a_whole_ward_it_stands_below_the_name() -> None:
    found = touched(set(WARD))
    assert found.at[0] == found.area.label[0]
    assert found.at[1] > found.area.label[1]
