"""How large an area is and how many people are its own: the true sizes of the 23 wards, and what somebody drew."""

from pathlib import Path

import h3.api.basic_int as h3
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.alert import GEOCODE_CLASS20, Geocode
from geo.areas import AreaCover, AreaTable
from geo.cells import compact, difference, expand, intersection, union
from geo.extent import Extent, extent_of, km2_of
from geo.importers import geojson, harbour
from geo.importers.geojson import AreaShape
from geo.land import LandShares
from geo.tokyo_harbour import BLOCKS, STEPS, land_by_cell

DAY = "2026-11-26"
# Square kilometres that the ordnance survey lists (全国都道府県市区町村別面積調), to a tenth; the shapes
# are of 2021 and lack the newest landfill, which is Koto's (43.0) and Ota's (61.9).
LISTED = {
    "1310100": 11.7, "1310200": 10.2, "1310300": 20.4, "1310400": 18.2, "1310500": 11.3, "1310600": 10.1,
    "1310700": 13.8, "1310800": 40.2, "1310900": 22.8, "1311000": 14.7, "1311100": 61.3, "1311200": 58.1,
    "1311300": 15.1, "1311400": 15.6, "1311500": 34.1, "1311600": 13.0, "1311700": 20.6, "1311800": 10.2,
    "1311900": 32.2, "1312000": 48.1, "1312100": 53.3, "1312200": 34.8,
}  # fmt: skip


@pytest.fixture(scope="module")
def shapes(shared_data: Path) -> tuple[AreaShape, ...]:
    files = sorted((shared_data / "01_wards" / "jma_class20").glob("*.geojson"))
    return tuple(area for file in files for area in geojson.read(file.read_bytes()))


@pytest.fixture(scope="module")
def table(shapes: tuple[AreaShape, ...]) -> AreaTable:
    return geojson.build(shapes, name="jma", version="1", built_on=DAY, attribution="")


def cover_of(table: AreaTable, code: str) -> AreaCover:
    found = table.lookup(Geocode(GEOCODE_CLASS20, code))
    assert found is not None
    return found


def whole(table: AreaTable, *codes: str) -> Extent:
    covers = tuple(cover_of(table, code) for code in codes)
    return extent_of(union(*(cover.cells for cover in covers)), covers, table.land)


def test_a_ward_is_as_large_as_the_survey_lists_it_also_at_the_coast(table: AreaTable) -> None:
    for code, km2 in LISTED.items():
        assert whole(table, code).km2 == pytest.approx(km2, rel=0.02), code
    assert not whole(table, "1310800").with_water


def test_wards_together_are_as_large_as_all_of_them(table: AreaTable) -> None:
    alone = sum(whole(table, code).km2 for code in table.codes())
    assert whole(table, *table.codes()).km2 == pytest.approx(alone, rel=0.001)
    assert alone == pytest.approx(617.9, rel=0.003)


def test_people_on_a_line_are_each_wards_as_its_ground_is(table: AreaTable) -> None:
    every_cell = expand(union(*(cover_of(table, code).cells for code in table.codes())))
    people: dict[int, int] = dict.fromkeys(every_cell, 1000)
    for code in table.codes():
        extent = whole(table, code)
        assert 0 < extent.people_across(people) < 1000 * len(expand(extent.cells))
    # Nobody is two wards', and nobody no ward's.
    every = whole(table, *table.codes())
    sums = [
        len(expand(one.cells)) * 1000 - one.people_across(people) for one in (whole(table, c) for c in table.codes())
    ]
    assert sum(sums) == pytest.approx(len(people) * 1000 - every.people_across(people), rel=0.001)


def test_what_somebody_drew_counts_whole_also_over_a_line_but_for_water(table: AreaTable) -> None:
    covers = cover_of(table, "1310600"), cover_of(table, "1310700")
    line = intersection(covers[0].cells, covers[1].cells)
    assert line, "a cell on it is both wards' in part"
    drawn = compact(h3.grid_disk(expand(line)[0], 1))
    assert extent_of(drawn, covers, table.land).km2 == pytest.approx(km2_of(drawn), rel=0.01)
    basin = compact(h3.grid_disk(h3.latlng_to_cell(35.62, 139.80, 9), 2))
    assert extent_of(basin, (cover_of(table, "1310800"),), table.land).km2 < 0.9 * km2_of(basin)


def test_without_shares_the_edge_counts_whole_or_not_at_all_and_water_is_said_to_be_in_it() -> None:
    cell = h3.latlng_to_cell(35.69, 139.82, 9)
    ward = AreaCover("", "1310800", compact(h3.grid_disk(cell, 3)), compact(h3.grid_ring(cell, 3)))
    drawn = compact([*h3.grid_ring(cell, 3)][:2])
    assert extent_of(drawn, (ward,), None).km2 == pytest.approx(2 * h3.cell_area(cell, unit="km^2"), rel=0.01)
    extent = extent_of(ward.cells, (ward,), None)
    assert extent.with_water
    assert extent.km2 == pytest.approx(km2_of(difference(ward.cells, ward.partial)))


MIDDLE = h3.latlng_to_cell(35.69, 139.82, 9)
NEAR = sorted(h3.grid_disk(MIDDLE, 2))
shares = st.dictionaries(st.sampled_from(NEAR), st.floats(0.0, 1.0), max_size=len(NEAR))


@given(shares, shares, st.sets(st.sampled_from(NEAR)))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_nothing_is_less_than_nothing_or_more_than_its_cells(
    one: dict[int, float], other: dict[int, float], drawn: set[int]
) -> None:
    land = LandShares.of({"1": one, "2": other})
    covers = tuple(AreaCover("", code, compact(of)) for code, of in (("1", one), ("2", other)) if of)
    extent = extent_of(compact(drawn), covers, land)
    assert -1e-9 <= extent.km2 <= km2_of(extent.cells) + 1e-9
    people: dict[int, int] = dict.fromkeys(NEAR, 7)
    assert 0 <= extent.people_across(people) <= 7 * len(drawn)
    assert bool(np.all(extent.ground <= 1.0))


# ── the harbour ───────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def borders(shared_data: Path) -> list[shapely.Geometry]:
    return harbour.wards_in(shared_data / "01_wards" / "smartnews" / "N03-21_13_210101.geojson")


def test_the_land_beside_the_harbour_is_what_the_borders_say(borders: list[shapely.Geometry]) -> None:
    true: dict[int, float] = {}
    around = shapely.box(139.74, 35.52, 139.93, 35.70)
    for ground in borders:
        part = ground.intersection(around)
        for cell, share in geojson.shares_of(part).items() if not part.is_empty else ():
            true[cell] = true.get(cell, 0.0) + share
    inner = around.buffer(-0.005)
    known = {cell: land for cell, land in land_by_cell().items() if inner.contains(point_of(cell))}
    assert len(known) > 800
    for cell, land in known.items():
        assert land == pytest.approx(min(1.0, true.get(cell, 0.0)), abs=0.5 / STEPS + 0.001), hex(cell)


def point_of(cell: int) -> shapely.Point:
    lat, lng = h3.cell_to_latlng(cell)
    return shapely.Point(lng, lat)


def test_the_lines_of_a_block_are_made_again_as_they_stand(borders: list[shapely.Geometry]) -> None:
    block, digits = BLOCKS[9]
    around = shapely.Polygon([(lng, lat) for lat, lng in h3.cell_to_boundary(block)]).buffer(0.004)
    clipped = [part for ground in borders if not (part := ground.intersection(around)).is_empty]
    assert (block, digits) in list(harbour.lines_of(clipped))
