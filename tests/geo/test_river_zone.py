"""Which ground a river endangers, with a row of the table and without one."""

import math
from pathlib import Path

import h3.api.basic_int as h3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.place import Cell, Cells, LatLng
from geo.cells import compact, contains
from geo.depth import DEEPEST, DepthRank, deepest, depth_of_code, depth_text, depth_to_avoid
from geo.errors import AreaTableError
from geo.importers.river_zone_file import from_bytes, load, save, to_bytes
from geo.river_zone import (
    ASSUMED_BANK_KM,
    ASSUMED_DOWNSTREAM_KM,
    RiverCourse,
    RiverTie,
    RiverZone,
    RiverZones,
    cells_endangered,
    endangered_at,
    merged,
)

ARAKAWA, UPPER, LOWER = "8303030001", "830303000101", "830303000102"
IWABUCHI, NISHIARAI, MOUTH = LatLng(35.788, 139.731), LatLng(35.768, 139.790), LatLng(35.637, 139.853)
LINE = (IWABUCHI, NISHIARAI, LatLng(35.723, 139.847), MOUTH)


def around(point: LatLng, rings: int) -> Cells:
    return compact(h3.grid_disk(h3.latlng_to_cell(point.lat, point.lng, 9), rings))


def row(
    reach: str = "", depth: DepthRank | None = DepthRank.FROM_3_M, at: LatLng = NISHIARAI, rings: int = 4
) -> RiverZone:
    return RiverZone(ARAKAWA, reach, f"zone{reach}", depth, "A31-22", "2022-06-01", around(at, rings))


COURSE = RiverCourse(ARAKAWA, "", "荒川", LINE)


def test_a_row_of_the_reach_comes_before_a_row_of_the_whole_river() -> None:
    whole, lower = row(), row(LOWER, at=MOUTH)
    table = RiverZones((whole, lower))
    assert cells_endangered(table, ARAKAWA, LOWER).zones == (lower,)
    assert cells_endangered(table, ARAKAWA, UPPER).zones == (whole,)


def test_a_telegram_that_names_a_reach_only_finds_the_row_of_its_river() -> None:
    found = cells_endangered(RiverZones((row(),)), UPPER)
    assert (found.tie, found.cells) == (RiverTie.TABLE, row().cells)
    assert "A31-22 2022-06-01" in found.reason


def test_another_river_is_not_mistaken_for_one_whose_code_begins_alike() -> None:
    short = RiverZone("83", "", "all of the Kantō", None, "", "", row().cells)
    assert cells_endangered(RiverZones((short,)), ARAKAWA).tie is RiverTie.UNKNOWN


def test_a_gauge_without_a_row_endangers_what_lies_beside_and_below_it_and_says_that_this_is_assumed() -> None:
    found = cells_endangered(RiverZones(courses=(COURSE,)), ARAKAWA, near=NISHIARAI)
    assert found.tie is RiverTie.ASSUMED
    assert "assumed" in found.reason
    for point in (NISHIARAI, MOUTH):
        assert contains(found.cells, h3.latlng_to_cell(point.lat, point.lng, 9))
    upstream = LatLng(35.84, 139.65)
    assert not contains(found.cells, h3.latlng_to_cell(upstream.lat, upstream.lng, 9))
    assert found.depth is None
    assert found.depth_to_avoid_at(h3.latlng_to_cell(MOUTH.lat, MOUTH.lng, 9)) is DEEPEST


def test_a_forecast_without_a_gauge_endangers_the_whole_line() -> None:
    found = cells_endangered(RiverZones(courses=(COURSE,)), LOWER)
    assert all(contains(found.cells, h3.latlng_to_cell(point.lat, point.lng, 9)) for point in LINE)


def test_a_gauge_of_a_river_that_nobody_drew_endangers_a_circle() -> None:
    found = cells_endangered(RiverZones(), "9", near=NISHIARAI)
    assert found.tie is RiverTie.ASSUMED
    assert contains(found.cells, h3.latlng_to_cell(NISHIARAI.lat + 0.04, NISHIARAI.lng, 9))


def test_a_river_that_nobody_knows_endangers_no_cell_and_that_is_said() -> None:
    found = cells_endangered(RiverZones(), "9")
    assert (found.cells, found.tie) == ((), RiverTie.UNKNOWN)


@given(st.floats(0, 1), st.floats(-ASSUMED_BANK_KM, ASSUMED_BANK_KM))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_every_point_beside_the_line_is_endangered(along: float, aside_km: float) -> None:
    start, end = LINE[0], LINE[-1]
    straight = RiverCourse("9", "", "a straight river", (start, end))
    km = math.hypot((end.lat - start.lat) * 111.2, (end.lng - start.lng) * 111.2 * math.cos(math.radians(35.7)))
    along *= min(1.0, ASSUMED_DOWNSTREAM_KM / km)
    lat = start.lat + along * (end.lat - start.lat)
    lng = start.lng + along * (end.lng - start.lng)
    # At right angles to the line, on the ground.
    shrink = math.cos(math.radians(lat))
    north, east = (end.lat - start.lat), (end.lng - start.lng) * shrink
    length = math.hypot(north, east)
    point = LatLng(lat - east / length * aside_km / 111.2, lng + north / length * aside_km / 111.2 / shrink)
    found = cells_endangered(RiverZones(courses=(straight,)), "9", near=start)
    assert contains(found.cells, h3.latlng_to_cell(point.lat, point.lng, 9))


def test_where_two_zones_lie_over_each_other_the_deeper_counts_and_unknown_is_the_deepest() -> None:
    cell = Cell(h3.latlng_to_cell(NISHIARAI.lat, NISHIARAI.lng, 9))
    shallow, deep, unknown = row(depth=DepthRank.UNDER_HALF_M), row(depth=DepthRank.FROM_5_M, rings=1), row(depth=None)
    known = cells_endangered(RiverZones((shallow, deep)), ARAKAWA)
    assert (known.depth_at(cell), known.depth_to_avoid_at(cell)) == (DepthRank.FROM_5_M, DepthRank.FROM_5_M)
    doubtful = cells_endangered(RiverZones((shallow, unknown)), ARAKAWA)
    assert (doubtful.depth_at(cell), doubtful.depth_to_avoid_at(cell)) == (None, DEEPEST)
    dry = Cell(h3.latlng_to_cell(35.0, 139.0, 9))
    assert known.depth_to_avoid_at(dry) is None
    assert endangered_at(RiverZones((shallow, unknown)), cell) == (unknown, shallow)


def test_depths_not_known_are_said_to_be_unknown_and_avoided_as_the_deepest() -> None:
    assert depth_to_avoid(None) is DEEPEST
    assert depth_text(None, "ja") == "深さ不明"
    assert depth_text(DepthRank.FROM_3_M, "en") == "3 m to 5 m"
    assert deepest([]) is None
    assert deepest([DepthRank.FROM_3_M, None]) is None
    assert {len({depth_text(rank, language) for rank in DepthRank}) for language in ("ja", "en")} == {len(DepthRank)}


@pytest.mark.parametrize(
    ("code", "rank"),
    [
        (1, 1), ("6", 6), (11, 1), (14, 3), (15, 4), ("21", 1), (24, 2), (27, 4), (3.0, 3),
        (0, None), (7, None), ("", None), (None, None), ("3m以上", None), ("３", None), (-1, None),
    ],
)  # fmt: skip
def test_a_depth_code_is_read_too_deep_or_not_at_all(code: object, rank: int | None) -> None:
    assert depth_of_code(code) == rank


def test_the_table_is_the_same_after_its_file_and_damage_is_refused(tmp_path: Path) -> None:
    table = merged([RiverZones((row(), row(LOWER, None)), (COURSE,)), RiverZones((row(),))])
    assert len(table.zones) == 2
    path = save(table, tmp_path / "rivers" / "zones.npz")
    assert load(path) == table
    assert from_bytes(to_bytes(RiverZones())) == RiverZones()
    for broken in (b"", b"PK\x03\x04", to_bytes(table)[:200]):
        with pytest.raises(AreaTableError) as refused:
            from_bytes(broken)
        assert refused.value.reason == "river-zones-damaged"
    with pytest.raises(AreaTableError) as absent:
        load(tmp_path / "none")
    assert absent.value.reason == "river-zones-missing"
