"""What importers keep, mend and leave out: real files, and files of the real schema."""

from datetime import date
from pathlib import Path
from typing import Any

import h3.api.basic_int as h3
import pytest
import shapely

from geo.area_set import AreaFeature, AreaLibrary, AreaSet, AreaSetKind, DropReason, kept_apart
from geo.cells import compact, contains, union
from geo.cover import JAPAN, Bounds
from geo.depth import DepthRank
from geo.errors import AreaTableError, ShapeError, ShapeTooLarge
from geo.importers import area_set_file, vector_file
from geo.importers.a31 import import_a31
from geo.importers.area_sets import Columns, Imported, Origin, import_chome, import_vector
from geo.river_zone import cells_endangered
from tests.geo.files import DRIVERS, bow_tie, square, write_vector

OF_DAY = Origin("2012-03-31", "A31-12", "国土数値情報")
ARAKAWA, SHIBA = "8303030001", "8303030045"


def cell_at(lat: float, lng: float) -> int:
    return int(h3.latlng_to_cell(lat, lng, 9))


# ── vector files of every kind ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("suffix", DRIVERS)
def test_each_format_gives_the_same_areas(suffix: str, tmp_path: Path) -> None:
    path = write_vector(
        tmp_path / f"areas{suffix}",
        [square(35.6, 139.7), square(35.7, 139.8)],
        {"code": ["13101", "13102"], "name": ["千代田区", "中央区"]},
        crs="EPSG:4326",
    )
    found = import_vector(AreaSetKind.MUNICIPALITY, path, OF_DAY, Columns(code="code", ja="name"))
    assert [(f.code, f.ja) for f in found.areas.features] == [("13101", "千代田区"), ("13102", "中央区")]
    assert contains(found.areas.features[0].cells, cell_at(35.605, 139.705))
    assert (found.report.read, found.report.kept, found.report.dropped) == (2, 2, ())


def test_a_file_in_metres_is_brought_to_degrees(tmp_path: Path) -> None:
    # The plane rectangular coordinates of zone 9, whose origin is 36°N 139°50′E.
    path = write_vector(
        tmp_path / "metres.gpkg", [shapely.box(-5000, -30000, -4000, -29000)], {"code": ["a"]}, crs="EPSG:6677"
    )
    (area,) = import_vector(AreaSetKind.OTHER, path, OF_DAY, Columns(code="code")).areas.features
    assert contains(area.cells, cell_at(35.734, 139.783))


def test_a_river_reach_is_as_wide_as_a_river(tmp_path: Path) -> None:
    line = shapely.LineString([(139.80, 35.78), (139.85, 35.65)])
    path = write_vector(tmp_path / "reach.geojson", [line], {"id": ["r"]}, crs="EPSG:4326", geometry_type="LineString")
    (reach,) = import_vector(AreaSetKind.RIVER_REACH, path, OF_DAY, Columns(code="id")).areas.features
    for at in (0.1, 0.5, 0.9):
        point = line.interpolate(at, normalized=True)
        assert contains(reach.cells, cell_at(point.y, point.x + 0.0025)), "250 m beside the line"


def test_nothing_is_lost_without_a_word(tmp_path: Path) -> None:
    path = write_vector(
        tmp_path / "mixed.gpkg",
        [
            square(35.6, 139.7),
            bow_tie(35.65, 139.7),
            None,
            square(139.7, 35.6),
            square(35.7, 139.8),
            shapely.Point(1, 1),
        ],
        {"code": ["a", "b", "c", "d", "", "e"]},
        crs="EPSG:4326",
        geometry_type="Unknown",
    )
    found = import_vector(AreaSetKind.OTHER, path, OF_DAY, Columns(code="code"))
    assert [feature.code for feature in found.areas.features] == ["a", "b"]
    assert found.report.repaired == (1,)
    assert [(drop.number, drop.reason) for drop in found.report.dropped] == [
        (2, DropReason.NO_GEOMETRY),
        (3, DropReason.NOT_A_PLACE),
        (4, DropReason.NO_CODE),
        (5, DropReason.WRONG_GEOMETRY),
    ]
    assert "6 features read, 2 kept, 1 of them mended, 4 left out" in found.report.lines()[0]
    assert "swapped" in found.report.lines()[2]


def test_swapped_axes_that_are_a_place_on_earth_are_seen_by_where_they_should_be(tmp_path: Path) -> None:
    path = write_vector(tmp_path / "s.geojson", [square(43.0, 44.0)], {"code": ["a"]}, crs="EPSG:4326")
    expected = Bounds(south=43.5, west=42.5, north=45.5, east=43.4)
    assert vector_file.read(path, expected=expected).dropped[0].reason is DropReason.AXES_SWAPPED
    assert vector_file.read(path, expected=None).dropped == ()


def test_a_report_that_does_not_add_up_is_an_error() -> None:
    with pytest.raises(AssertionError, match="lost"):
        kept_apart(3, 2, (), ())


def test_a_column_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    path = write_vector(tmp_path / "a.geojson", [square(35.6, 139.7)], {"N03_007": ["13101"]}, crs="EPSG:4326")
    with pytest.raises(ShapeError, match="N03_007") as refused:
        import_vector(AreaSetKind.MUNICIPALITY, path, OF_DAY, Columns(code="code"))
    assert refused.value.reason == "vector-no-column"


@pytest.mark.parametrize("content", [b"", b"no vector file", b'{"type":"FeatureCollection","features":'])
def test_what_is_no_vector_file_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "broken.geojson"
    path.write_bytes(content)
    with pytest.raises(ShapeError) as refused:
        vector_file.read(path)
    assert refused.value.reason == "vector-file"


def test_a_file_of_too_many_features_or_vertices_is_refused_before_it_is_filled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_vector(tmp_path / "many.gpkg", [square(35.6, 139.7)] * 3, {"code": ["a", "b", "c"]})
    monkeypatch.setattr(vector_file, "MAX_VERTICES", 14)
    with pytest.raises(ShapeTooLarge, match="too-many-vertices"):
        vector_file.read(path)
    monkeypatch.setattr(vector_file, "MAX_FEATURES", 2)
    with pytest.raises(ShapeTooLarge, match="too-many-features"):
        vector_file.read(path)


def test_a_patch_that_is_enclosed_twice_is_no_hole() -> None:
    # The outline goes round the inner square twice: read as lines alone, the square would be a hole.
    twice = shapely.Polygon([(0, 0), (4, 0), (4, 4), (1, 4), (1, 1), (3, 1), (3, 3), (0, 3)])
    assert not twice.is_valid
    mended = vector_file.mend(twice)
    assert mended.is_valid
    assert mended.covers(shapely.Point(2, 2))
    lobes = vector_file.mend(bow_tie(35.6, 139.7))
    assert lobes.covers(shapely.Point(139.7005, 35.605))
    assert lobes.covers(shapely.Point(139.7095, 35.605))


# ── the real files ────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def flood_zones(shared_data: Path) -> Imported:
    path = shared_data / "07_flood_elevation" / "a31-12_13" / "A31-12_13.shp"
    return import_vector(AreaSetKind.FLOOD_ZONE, path, OF_DAY, Columns(), expected=JAPAN)


def test_all_7303_flood_zones_are_kept_and_198_of_them_mended(flood_zones: Imported) -> None:
    assert (flood_zones.report.read, flood_zones.report.kept, len(flood_zones.report.repaired)) == (7303, 7303, 198)
    assert all(feature.cells and feature.depth is None for feature in flood_zones.areas.features)
    assert "not known" in flood_zones.report.notes[0]


def test_no_corner_of_a_mended_flood_zone_is_left_out(flood_zones: Imported, shared_data: Path) -> None:
    import pyogrio

    path = shared_data / "07_flood_elevation" / "a31-12_13" / "A31-12_13.shp"
    shapes = shapely.from_wkb(pyogrio.raw.read(path)[2])
    for number in flood_zones.report.repaired:
        cells = set(flood_zones.areas.features[number].cells)
        corners = {cell_at(lat, lng) for lng, lat in shapely.get_coordinates(shapes[number])}
        assert all(contains(tuple(sorted(cells)), corner) for corner in corners), number


def test_the_set_is_the_same_after_its_file_and_its_depths_stay_unknown(flood_zones: Imported, tmp_path: Path) -> None:
    small = AreaSet(AreaSetKind.FLOOD_ZONE, "2012-03-31", "A31-12", "", flood_zones.areas.features[:50])
    area_set_file.save(small, tmp_path)
    assert area_set_file.load_library(tmp_path).on(AreaSetKind.FLOOD_ZONE, date(2026, 1, 1)) == small


def test_chome_without_a_point_are_named_and_the_rest_is_found(shared_data: Path) -> None:
    files = list((shared_data / "09_population" / "geolonia_chome").glob("*.json"))
    found = import_chome(files, Origin("2024-01-01", "Geolonia"))
    assert (found.report.read, found.report.kept) == (3145, 3140)
    assert {drop.reason for drop in found.report.dropped} == {DropReason.NO_GEOMETRY}
    assert any("令和島" in line for line in found.report.lines())
    (kameido,) = found.areas.of("江東区亀戸二丁目")
    assert contains(kameido.cells, cell_at(35.6977, 139.8265))


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ('[{"town": "x", "lat": 139.7, "lng": 35.6}]', DropReason.NOT_A_PLACE),
        ('[{"town": "x", "lat": "35", "lng": null}]', DropReason.NO_GEOMETRY),
        ('[{"town": "x", "lat": NaN, "lng": 139}]', DropReason.NOT_A_PLACE),
        ('[{"town": "x", "lat": "unknown", "lng": 139}]', DropReason.NOT_A_PLACE),
    ],
)
def test_a_point_that_is_no_place_is_dropped_with_its_reason(rows: str, reason: DropReason, tmp_path: Path) -> None:
    path = tmp_path / "区.json"
    path.write_text(rows, encoding="utf-8")
    assert [drop.reason for drop in import_chome([path], OF_DAY).report.dropped] == [reason]


@pytest.mark.parametrize("content", ["{", "{}", "[1]"])
def test_what_is_no_list_of_towns_is_refused(content: str, tmp_path: Path) -> None:
    path = tmp_path / "区.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ShapeError) as refused:
        import_chome([path], OF_DAY)
    assert refused.value.reason == "chome-file"


def test_areas_of_a_later_day_are_no_answer_for_an_earlier_one() -> None:
    def of(day: str) -> AreaSet:
        return AreaSet(
            AreaSetKind.MUNICIPALITY, day, "N03", "", (AreaFeature("13101", day, compact([cell_at(35.7, 139.7)])),)
        )

    library = AreaLibrary.of([of("2021-01-01"), of("2024-01-01")])
    asked = {
        day: library.on(AreaSetKind.MUNICIPALITY, date.fromisoformat(day))
        for day in ("2020-12-31", "2021-01-01", "2023-12-31", "2026-01-01")
    }
    assert {day: found and found.valid_from for day, found in asked.items()} == {
        "2020-12-31": None, "2021-01-01": "2021-01-01", "2023-12-31": "2021-01-01", "2026-01-01": "2024-01-01",
    }  # fmt: skip
    assert library.on(AreaSetKind.CHOME, date(2026, 1, 1)) is None


def test_a_damaged_set_is_refused() -> None:
    with pytest.raises(AreaTableError) as refused:
        area_set_file.from_bytes(b"PK")
    assert refused.value.reason == "area-set-damaged"


# ── A31 with attributes ───────────────────────────────────────────────────────────────────────────


def a31(
    tmp_path: Path, attributes: dict[str, list[Any]], name: str = "A31a-20-22.shp", encoding: str = "CP932"
) -> Path:
    shapes = [square(35.75, 139.78), bow_tie(35.70, 139.82), square(35.66, 139.85)][
        : len(next(iter(attributes.values())))
    ]
    return write_vector(tmp_path / name, shapes, attributes, encoding=encoding)


def test_a_flood_map_of_today_ties_its_cells_to_the_number_of_the_river(tmp_path: Path) -> None:
    path = a31(
        tmp_path,
        {
            "A31a_201": [ARAKAWA] * 3,
            "A31a_202": ["荒川"] * 3,
            "A31a_203": ["83"] * 3,
            "A31a_204": ["荒川下流河川事務所"] * 3,
            "A31a_205": [3, 2, 9],
        },
    )
    table, report = import_a31(path, OF_DAY, encoding="CP932")
    assert [(row.river, row.zone, row.depth) for row in table.zones] == [
        (ARAKAWA, "荒川", None),  # rank 9 is none that we know
        (ARAKAWA, "荒川", DepthRank.FROM_HALF_M),
        (ARAKAWA, "荒川", DepthRank.FROM_3_M),
    ]
    assert (report.read, report.kept, report.repaired) == (3, 3, (1,))
    found = cells_endangered(table, "830303000101")
    assert found.cells == union(*(row.cells for row in table.zones))
    assert found.depth_at(cell_at(35.755, 139.785)) is DepthRank.FROM_3_M
    assert found.depth_to_avoid_at(cell_at(35.665, 139.855)) is DepthRank.FROM_20_M


def test_a_flood_map_of_2012_ties_its_cells_by_the_names_in_its_sentence(tmp_path: Path) -> None:
    sentences = ["荒川水系荒川", "【水位情報周知河川】芝川及び新芝川", "荒川水系神田川"]
    path = a31(
        tmp_path,
        {
            "A31_001": [14, 27, 11],
            "A31_002": [83, 11, 13],
            "A31_003": ["関東地方整備局", "埼玉県", "東京都"],
            "A31_004": ["平成17年7月8日"] * 3,
            "A31_005": ["告示第359号"] * 3,
            "A31_006": sentences,
        },
        "A31-12_13.shp",
    )
    rivers = {"芝川": SHIBA, "新芝川": "8303030046", "水系荒川": ARAKAWA}
    table, report = import_a31(path, OF_DAY, rivers=rivers, encoding="CP932")
    assert {(row.river, row.depth) for row in table.zones} == {
        ("", DepthRank.UNDER_HALF_M),
        (ARAKAWA, DepthRank.FROM_3_M),
        (SHIBA, DepthRank.FROM_5_M),
        ("8303030046", DepthRank.FROM_5_M),
    }
    assert report.notes[1].startswith("1 features name no river")


def test_the_planned_flood_is_read_where_there_is_no_larger_one(tmp_path: Path) -> None:
    path = a31(tmp_path, {"A31a_101": [ARAKAWA], "A31a_102": ["荒川"], "A31a_105": [4]})
    (row,) = import_a31(path, OF_DAY, encoding="CP932")[0].zones
    assert (row.river, row.depth, row.date, row.source) == (ARAKAWA, DepthRank.FROM_5_M, "2012-03-31", "A31-12")


def test_a_flood_map_without_its_table_ties_no_river_and_says_why(shared_data: Path) -> None:
    with pytest.raises(ShapeError, match=r"\.dbf") as refused:
        import_a31(shared_data / "07_flood_elevation" / "a31-12_13" / "A31-12_13.shp", OF_DAY)
    assert refused.value.reason == "a31-no-attributes"
