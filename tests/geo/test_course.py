"""The ground beside a river: never narrower than was said, all of it or a stretch."""

import h3.api.basic_int as h3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.place import LatLng
from geo.buffer import MAX_METRES
from geo.cells import count, expand
from geo.course import beside, stretch
from geo.errors import ShapeError

COURSE = (LatLng(35.797, 139.775), LatLng(35.758, 139.812), LatLng(35.716, 139.838), LatLng(35.650, 139.853))


@settings(deadline=None, derandomize=True, max_examples=40)
@given(along=st.floats(0, 1), leg=st.integers(0, len(COURSE) - 2), metres=st.floats(1, 1_000), bearing=st.booleans())
def test_all_within_the_distance_is_in_the_cells(along: float, leg: int, metres: float, bearing: bool) -> None:
    start, end = COURSE[leg], COURSE[leg + 1]
    lat = start.lat + (end.lat - start.lat) * along + (1 if bearing else -1) * metres / 111_400
    lng = start.lng + (end.lng - start.lng) * along
    assert h3.latlng_to_cell(lat, lng, 9) in expand(beside(COURSE, metres))


@settings(deadline=None, derandomize=True, max_examples=40)
@given(one=st.integers(0, len(COURSE) - 1), other=st.integers(0, len(COURSE) - 1))
def test_a_stretch_holds_the_river_beside_both_places_and_nothing_that_the_river_has_not(one: int, other: int) -> None:
    part = stretch(COURSE, COURSE[one], COURSE[other])
    assert part == stretch(COURSE, COURSE[other], COURSE[one]) or one == other, "in whichever order they come"
    cells = set(expand(beside(part, 100)))
    for place in (COURSE[one], COURSE[other]):
        assert h3.latlng_to_cell(place.lat, place.lng, 9) in cells
    assert cells <= set(expand(beside(COURSE, 102)))


def test_without_an_end_it_goes_on_to_the_mouth_and_without_a_start_it_begins_above() -> None:
    down, up = stretch(COURSE, COURSE[2], None), stretch(COURSE, None, COURSE[2])
    assert down[-1].lat == pytest.approx(COURSE[-1].lat)
    assert up[0].lat == pytest.approx(COURSE[0].lat)
    assert count(beside(down, 100)) < count(beside(COURSE, 100)) > count(beside(up, 100))
    assert stretch(COURSE, None, None) == COURSE


@pytest.mark.parametrize("metres", [0, -1, MAX_METRES + 1, float("nan")])
def test_a_width_that_is_none_is_refused(metres: float) -> None:
    with pytest.raises(ShapeError):
        beside(COURSE, metres)
