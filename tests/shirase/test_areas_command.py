"""`shirase areas`: what a person reads when areas are imported."""

from pathlib import Path

import shapely
from click.testing import CliRunner, Result

from geo.importers import river_zone_file
from shirase.cli import main
from tests.geo.files import bow_tie, square, write_vector


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["areas", *words])


def test_an_import_says_what_was_mended_and_left_out_and_is_listed_under_its_day(tmp_path: Path) -> None:
    path = write_vector(
        tmp_path / "a.geojson",
        [square(35.6, 139.7), bow_tie(35.65, 139.7), shapely.Polygon()],
        {"code": ["a", "b", "c"]},
        crs="EPSG:4326",
    )
    library = ["--library", str(tmp_path / "library")]
    done = run(
        "import", "landslide-zone", str(path), "--date", "2024-04-01", "--source", "A33", "--code", "code", *library
    )
    assert done.exit_code == 0, done.output
    assert "3 features read, 2 kept, 1 of them mended, 1 left out" in done.output
    assert "feature 2: no-geometry" in done.output
    listed = run("list", *library)
    assert listed.output.split() == ["landslide-zone", "2024-04-01", "2", "areas", "A33"]


def test_river_zones_of_several_maps_come_together_in_one_table(tmp_path: Path) -> None:
    out = tmp_path / "zones.npz"
    for number, river in enumerate(("8303030001", "8303030045")):
        path = write_vector(
            tmp_path / f"A31a-{number}.gpkg",
            [square(35.7, 139.8)],
            {"A31a_201": [river], "A31a_202": ["荒川"], "A31a_205": [3]},
        )
        done = run("river-zones", str(path), "--date", "2022-06-01", "--source", "A31a-22", "--out", str(out))
        assert done.exit_code == 0, done.output
    assert [zone.river for zone in river_zone_file.load(out).zones] == ["8303030001", "8303030045"]


def test_a_map_without_attributes_and_a_date_that_is_none_end_with_a_sentence(tmp_path: Path) -> None:
    path = write_vector(tmp_path / "a.geojson", [square(35.6, 139.7)], {"code": ["a"]}, crs="EPSG:4326")
    refused = run("river-zones", str(path), "--date", "2022-06-01", "--source", "x", "--out", str(tmp_path / "o"))
    assert refused.exit_code == 1
    assert "a31-no-attributes" in refused.output
    odd = run("import", "other", str(path), "--date", "yesterday", "--source", "x", "--library", str(tmp_path))
    assert odd.exit_code == 2
