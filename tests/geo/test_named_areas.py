"""What an office calls a place below its municipality, and the cells that this stands for."""

from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import h3.api.basic_int as h3
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.alert import GEOCODE_AREA_NAME, GEOCODE_CLASS20, Geocode
from geo.area_set import AreaFeature, AreaLibrary, AreaSet, AreaSetKind
from geo.areas import AreaCover, AreaEntry, AreaName, AreaSource, AreaTable, table_of
from geo.cells import compact, difference, expand, intersection
from geo.chome import folded
from geo.importers.area_sets import Columns, Origin, import_chome, import_vector
from geo.named_areas import NamedAreas
from shirase.areas import table_at
from shirase.paths import DEFAULT_AREAS
from tests.conftest import PROJECT
from tests.geo.files import square, write_vector

KOTO, KOTO_CODE, DAY = "江東区", "13108", date(2026, 7, 1)
OF_DAY = Origin("2026-01-01", "towns", "")


@cache
def japan() -> AreaTable:
    assert (PROJECT / DEFAULT_AREAS).exists(), "the area table is not built yet: make unit, or shirase areas"
    return table_at(PROJECT / DEFAULT_AREAS)


@cache
def koto(folder: Path) -> NamedAreas:
    return NamedAreas(japan(), AreaLibrary.of([import_chome([folder / f"{KOTO}.json"], OF_DAY).areas]))


@pytest.fixture
def towns(shared_data: Path) -> Path:
    return shared_data / "09_population" / "geolonia_chome"


def rows(folder: Path) -> list[dict[str, Any]]:
    """Return what the ward's list holds; the import leaves out what has no point."""
    return [row for row in orjson.loads((folder / f"{KOTO}.json").read_bytes()) if row["lat"] is not None]


def cell_of(row: dict[str, Any]) -> int:
    return int(h3.latlng_to_cell(row["lat"], row["lng"], 9))


def called(named: NamedAreas, name: str, code: str = KOTO_CODE, day: date = DAY) -> AreaCover | None:
    return named.on(day).lookup(Geocode(GEOCODE_AREA_NAME, f"{code} {name}"))


def ward() -> frozenset[int]:
    whole = japan().lookup(Geocode(GEOCODE_CLASS20, f"{KOTO_CODE}00"))
    assert whole is not None
    return frozenset(expand(whole.cells))


# ── a real ward's 町丁目 ──────────────────────────────────────────────────────────────────────────


def test_each_chome_holds_its_own_point_and_stays_in_its_ward(towns: Path) -> None:
    inside = ward()
    for row in rows(towns):
        found = called(koto(towns), row["town"] + row["koaza"])
        assert found is not None, row
        cells = set(expand(found.cells))
        assert cell_of(row) in cells, row
        assert cells - inside <= {cell_of(row)}, row


def test_together_they_leave_no_cell_of_the_ward_out(towns: Path) -> None:
    """Cells that count wholly for one 町丁目 or another are the whole ward: nobody falls between two of them."""
    whole: set[int] = set()
    for row in rows(towns):
        found = called(koto(towns), row["town"] + row["koaza"])
        assert found is not None
        whole.update(expand(difference(found.cells, found.partial)))
    assert ward() <= whole


def test_a_chome_is_the_cells_nearest_to_its_point_and_one_ring(towns: Path) -> None:
    middles = {cell_of(row) for row in rows(towns)}
    inside = ward()
    found = called(koto(towns), "亀戸一丁目")
    assert found is not None
    (own,) = (cell_of(row) for row in rows(towns) if row["town"] == "亀戸一丁目")

    def away(cell: int, point: int) -> float:
        return float(h3.great_circle_distance(h3.cell_to_latlng(cell), h3.cell_to_latlng(point)))

    nearest = {cell for cell in inside if min(middles, key=lambda middle: away(cell, middle)) == own}
    ring = {cell for one in nearest for cell in h3.grid_disk(one, 1)} & inside
    assert set(expand(found.cells)) == nearest | ring
    assert set(expand(found.partial)) == ring - nearest
    assert 1 <= len(nearest) < len(inside) / 20


@pytest.mark.parametrize(
    "written",
    ["亀戸1丁目", "亀戸１丁目", "亀戸 一丁目", "亀戸　１　丁目", "江東区亀戸一丁目", "江東区 亀戸１丁目"],
)
def test_one_chome_has_many_spellings(written: str, towns: Path) -> None:
    found, plain = called(koto(towns), written), called(koto(towns), "亀戸一丁目")
    assert found is not None
    assert plain is not None
    assert (found.cells, found.code) == (plain.cells, found.code)


def test_a_town_without_its_number_is_all_of_its_chome(towns: Path) -> None:
    whole = called(koto(towns), "亀戸")
    assert whole is not None
    for number in range(1, 10):
        part = called(koto(towns), f"亀戸{number}丁目")
        assert part is not None
        assert difference(part.cells, whole.cells) == ()
    far = called(koto(towns), "有明一丁目")
    assert far is not None
    assert intersection(far.cells, whole.cells) == ()


def test_what_nobody_lists_is_unknown(towns: Path) -> None:
    named = koto(towns)
    assert called(named, "無名町一丁目") is None
    assert called(named, "亀戸九十丁目") is None
    assert called(named, "亀戸一丁目", code="13123") is None, "another ward's"
    assert called(named, "亀戸一丁目", code="99999") is None
    assert called(named, "") is None
    assert called(named, "亀戸一丁目", day=date(2025, 12, 31)) is None, "the list is of a later day"


# ── spellings ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("二十三丁目", "23丁目"),
        ("十丁目", "10丁目"),
        ("四十丁目", "40丁目"),
        ("八丁堀二丁目", "八丁堀2丁目"),
        ("三田五丁目", "三田5丁目"),
        ("北一条西十二丁目", "北1条西12丁目"),
        ("霞ヶ関", "霞ケ関"),
        ("霞が関", "霞ケ関"),
        ("大字平井", "平井"),
        ("平井二三丁目", "平井23丁目"),
        ("十十十丁目", "十十十丁目"),
    ],
)
def test_numerals_count_only_where_they_count_something(written: str, plain: str) -> None:
    assert folded(written) == plain


@given(st.text(alphabet="〇一二三十百1１ 　丁目条ケヶが亀戸大字㍻", max_size=14))
def test_a_folded_name_stays_as_it_is(name: str) -> None:
    assert folded(folded(name)) == folded(name) or name.count("大字") > 1


# ── made-up places ────────────────────────────────────────────────────────────────────────────────

TOWN = h3.latlng_to_cell(35.70, 139.83, 9)
NAMESAKE = h3.latlng_to_cell(34.57, 133.24, 9)


def two_of_one_name() -> AreaTable:
    """Return 府中市 in Tokyo and 府中市 in Hiroshima."""
    entries = [
        AreaEntry(AreaName(code, "府中市", ""), "", compact(h3.grid_disk(middle, 6)), ())
        for code, middle in (("1320600", TOWN), ("3420800", NAMESAKE))
    ]
    return table_of(AreaSource("test", "1", "2026-01-01", "", ()), entries, [])


def disc(name: str, cell: int, prefix: str = "府中市") -> AreaFeature:
    return AreaFeature(f"{prefix}{name}", name, compact(h3.grid_disk(cell, 1)))


def fuchu(*features: AreaFeature) -> NamedAreas:
    return NamedAreas(
        two_of_one_name(), AreaLibrary.of([AreaSet(AreaSetKind.CHOME, "2026-01-01", "towns", "", features)])
    )


def test_a_municipality_of_the_same_name_keeps_its_own_chome() -> None:
    named = fuchu(disc("本町", TOWN), disc("本町", NAMESAKE), disc("元町", NAMESAKE))
    for code, middle in (("13206", TOWN), ("34208", NAMESAKE)):
        found = called(named, "本町", code)
        assert found is not None
        assert set(expand(found.cells)) <= set(h3.grid_disk(middle, 6))
        assert middle in expand(found.cells)
    assert called(named, "元町", "13206") is None


def test_two_chome_in_one_cell_have_all_of_its_ground_each() -> None:
    named = fuchu(disc("本町一丁目", TOWN), disc("本町二丁目", TOWN))
    first, second = called(named, "本町一丁目", "13206"), called(named, "本町二丁目", "13206")
    assert first is not None
    assert second is not None
    assert first.cells == second.cells == compact(h3.grid_disk(TOWN, 6))


def test_a_list_by_codes_with_outlines_is_taken_as_it_lies() -> None:
    outline = compact(h3.grid_disk(TOWN, 2))
    found = called(fuchu(AreaFeature("13206001001", "本町一丁目", outline)), "本町１丁目", "13206")
    assert found is not None
    assert (found.cells, found.partial) == (outline, ())


def test_any_code_of_an_imported_file_is_known_by_its_kind_or_source(tmp_path: Path) -> None:
    path = write_vector(
        tmp_path / "zones.geojson",
        [square(35.6, 139.7), square(35.7, 139.8), square(35.8, 139.9)],
        {"code": ["Z1", "Z2", "Z1"], "name": ["低地", "谷", "低地"]},
        crs="EPSG:4326",
    )
    areas = import_vector(AreaSetKind.OTHER, path, Origin("2026-01-01", "KUIKI"), Columns("code", "name")).areas
    held = NamedAreas(two_of_one_name(), AreaLibrary.of([areas])).on(DAY)
    for value_name in ("other", "KUIKI"):
        found = held.lookup(Geocode(value_name, "Z1"))
        assert found is not None
        assert (found.name, found.code) == ("低地", "Z1")
        assert found.cells == compact([*areas.features[0].cells, *areas.features[2].cells]), "both of one code"
    assert held.lookup(Geocode("KUIKI", "Z9")) is None
    assert held.lookup(Geocode("SAME", "Z1")) is None


def test_the_built_in_table_comes_first_and_an_import_changes_nothing_of_it() -> None:
    wrong = AreaSet(
        AreaSetKind.MUNICIPALITY, "2026-01-01", GEOCODE_CLASS20, "", (AreaFeature("1320600", "府中市", (NAMESAKE,)),)
    )
    table = two_of_one_name()
    geocode = Geocode(GEOCODE_CLASS20, "1320600")
    assert NamedAreas(table, AreaLibrary.of([wrong])).on(DAY).lookup(geocode) == table.lookup(geocode)
