"""Quake areas and tsunami coasts: groups of municipalities, checked against what real telegrams list."""

from functools import cache
from pathlib import Path

import h3.api.basic_int as h3
import pytest
from lxml import etree

from alerts.alert import GEOCODE_CLASS20, GEOCODE_QUAKE_AREA, GEOCODE_TSUNAMI_AREA, Geocode
from geo.areas import AreaTable
from geo.cells import compact, contains, intersection
from geo.quake_areas import QUAKE_AREAS
from geo.tsunami_coasts import TSUNAMI_COASTS, near_sea
from shirase.areas import table_at
from shirase.paths import DEFAULT_AREAS


@cache
def japan() -> AreaTable:
    if not DEFAULT_AREAS.exists():
        pytest.fail("the area table is not built yet: make unit, or shirase areas")
    return table_at(DEFAULT_AREAS)


def listed(folder: Path) -> set[tuple[str, str]]:
    """Return (quake area, municipality) as the intensity telegrams of *folder* list them."""
    found = set()
    for path in sorted(folder.glob("*VXSE53*.xml")):
        for area in etree.parse(path).iterfind(".//{*}Observation/{*}Pref/{*}Area"):
            for city in area.iterfind("{*}City"):
                found.add((area.findtext("{*}Code", ""), city.findtext("{*}Code", "")))
    return found


def quake_area_holds(area: str, city: str) -> bool:
    municipality = japan().lookup(Geocode(GEOCODE_CLASS20, city))
    if municipality is None:
        return True  # joined to another since then
    found = japan().lookup(Geocode(GEOCODE_QUAKE_AREA, area))
    return found is not None and intersection(municipality.cells, found.cells) == municipality.cells


def test_every_municipality_that_a_telegram_lists_lies_wholly_in_its_quake_area(shared_data: Path) -> None:
    pairs = listed(shared_data / "04_jma_xml" / "samples")
    assert len(pairs) > 500
    assert [pair for pair in sorted(pairs) if not quake_area_holds(*pair)] == []


@pytest.mark.parametrize(("kind", "codes"), [(GEOCODE_QUAKE_AREA, QUAKE_AREAS), (GEOCODE_TSUNAMI_AREA, TSUNAMI_COASTS)])
def test_every_group_has_ground_and_a_name(kind: str, codes: dict[str, object]) -> None:
    covers = {code: japan().lookup(Geocode(kind, code)) for code in codes}
    assert {code for code, cover in covers.items() if cover is None or not cover.cells or not cover.name} == set()
    assert japan().lookup(Geocode(kind, "999")) is None


def coasts_at(lat: float, lng: float) -> set[str]:
    cell = h3.latlng_to_cell(lat, lng, 9)
    covers = {code: japan().lookup(Geocode(GEOCODE_TSUNAMI_AREA, code)) for code in TSUNAMI_COASTS}
    return {code for code, cover in covers.items() if cover is not None and contains(cover.cells, cell)}


def test_a_coast_reaches_inland_across_municipalities_and_not_into_the_mountains() -> None:
    assert "312" in coasts_at(35.672, 139.817)  # 江東区, on Tokyo Bay
    assert "312" in coasts_at(35.710, 139.801)  # 墨田区 has no shore, and lies 7 km from one
    assert coasts_at(35.666, 139.316) == set()  # 八王子市
    assert coasts_at(39.702, 141.154) == set()  # 盛岡市, 70 km from the sea
    assert coasts_at(37.554, 140.105) == set()  # 猪苗代町 lies at a lake
    assert "220" in coasts_at(38.268, 141.015)  # 仙台市若林区
    assert coasts_at(26.212, 127.681) == {"800"}  # 那覇市


def test_the_wards_are_one_quake_area_and_tama_another() -> None:
    def areas_at(lat: float, lng: float) -> set[str]:
        cell = h3.latlng_to_cell(lat, lng, 9)
        covers = {code: japan().lookup(Geocode(GEOCODE_QUAKE_AREA, code)) for code in ("350", "351", "352")}
        return {code for code, cover in covers.items() if cover is not None and contains(cover.cells, cell)}

    assert areas_at(35.689, 139.692) == {"350"}  # 新宿区
    assert areas_at(35.714, 139.407) == {"351"}  # 立川市
    assert areas_at(35.809, 139.096) == {"352"}  # 奥多摩町


def test_a_lake_is_no_sea_and_a_sea_is_one_however_the_cells_are_asked() -> None:
    middle = h3.latlng_to_cell(35.25, 136.08, 7)
    disc = set(h3.grid_disk(middle, 20))
    lake = set(h3.grid_disk(middle, 4))
    shore = near_sea(compact(disc - lake))
    at_the_lake = h3.grid_ring(middle, 5)[0]
    at_the_edge = h3.grid_ring(middle, 20)[0]
    assert not contains(shore, at_the_lake)
    assert contains(shore, at_the_edge)
