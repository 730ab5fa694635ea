"""How large an area is: the true sizes of the 23 wards, and what somebody drew."""

from pathlib import Path

import h3.api.basic_int as h3
import pytest

from geo.areas import AreaCover
from geo.cells import compact, difference, union
from geo.extent import km2_of, mostly_inside
from geo.importers import geojson

# Square kilometres that the ordnance survey's list gives (全国都道府県市区町村別面積調), to a tenth.
LISTED = {"1310400": 18.2, "1310700": 13.8, "1311200": 58.1, "1311500": 34.1, "1311800": 10.2, "1312000": 48.1}
# A line cuts each cell on it in two parts that seldom are halves; over a whole ward these even out.
MOST_WRONG = 0.03


@pytest.fixture(scope="module")
def shares(shared_data: Path) -> dict[str, dict[int, float]]:
    """Return the true share of every cell in every ward."""
    files = sorted((shared_data / "01_wards" / "jma_class20").glob("*.geojson"))
    shapes = [area for file in files for area in geojson.read(file.read_bytes())]
    return {area.name.code: geojson.shares_of(area.ground) for area in shapes}


def cover_of(code: str, of: dict[int, float]) -> AreaCover:
    return AreaCover("", code, compact(of), compact(cell for cell, share in of.items() if share < geojson.HALF))


def test_a_ward_is_as_large_as_its_true_border_says(shares: dict[str, dict[int, float]]) -> None:
    for code, of in shares.items():
        cover = cover_of(code, of)
        true = sum(share * h3.cell_area(cell, unit="km^2") for cell, share in of.items())
        said = km2_of(mostly_inside(cover.cells, (cover,)))
        assert said == pytest.approx(true, rel=MOST_WRONG), code
        if code in LISTED:
            assert said == pytest.approx(LISTED[code], rel=MOST_WRONG), code


def test_two_wards_together_are_as_large_as_both(shares: dict[str, dict[int, float]]) -> None:
    covers = tuple(cover_of(code, shares[code]) for code in ("1310700", "1311800"))
    both = union(*(cover.cells for cover in covers))
    alone = sum(km2_of(mostly_inside(cover.cells, (cover,))) for cover in covers)
    assert km2_of(mostly_inside(both, covers)) == pytest.approx(alone, rel=MOST_WRONG)


def test_what_somebody_drew_counts_whole_also_over_a_line() -> None:
    cell = h3.latlng_to_cell(35.69, 139.82, 9)
    ward = AreaCover("", "1310800", compact(h3.grid_disk(cell, 3)), compact(h3.grid_ring(cell, 3)))
    drawn = compact([*h3.grid_ring(cell, 3)][:2])
    assert mostly_inside(drawn, (ward,)) == drawn
    assert km2_of(drawn) == pytest.approx(2 * h3.cell_area(cell, unit="km^2"), rel=0.01)
    assert km2_of(mostly_inside(ward.cells, (ward,))) < km2_of(ward.cells)
    assert not difference(mostly_inside(ward.cells, (ward,)), ward.cells)
