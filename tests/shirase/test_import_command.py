"""`shirase import` reads real files, says what it dropped, draws, and ends with a sentence when it cannot."""

from pathlib import Path

from click.testing import CliRunner

from routing.importers.network_file import open_network
from routing.importers.shelter_file import read_sites
from shirase.cli import main


def test_roads_and_shelters_are_imported_with_a_report_and_a_picture(shared_data: Path, tmp_path: Path) -> None:
    roads, sites, picture = tmp_path / "roads.network", tmp_path / "sites.jsonl", tmp_path / "p.png"
    source = shared_data / "03_roads" / "tokyo_koenji_gmns" / "koenji_macro_link.geojson"
    done = CliRunner().invoke(main, ["import", "roads", str(source), "--out", str(roads), "--picture", str(picture)])
    assert done.exit_code == 0, done.output
    assert "dropped, a road of a piece of fewer than 20 nodes" in done.output
    assert open_network(roads).columns.road_count > 1_400
    assert picture.read_bytes().startswith(b"\x89PNG")
    lists = shared_data / "02_shelters" / "gsi_jp-shelter-api" / "emergency"
    done = CliRunner().invoke(main, ["import", "shelters", str(lists), "--roads", str(roads), "--out", str(sites)])
    assert done.exit_code == 0, done.output
    assert "no list: 東京都墨田区 (emergency)" in done.output
    assert f"on {roads}: " in done.output
    assert len(read_sites(sites)) > 800


def test_what_cannot_be_read_ends_with_a_sentence(tmp_path: Path) -> None:
    empty = tmp_path / "empty.json"
    empty.write_text("{}", encoding="utf-8")
    for command in (["roads", str(empty)], ["roads", str(tmp_path / "none")], ["shelters", str(empty)]):
        done = CliRunner().invoke(main, ["import", *command, "--out", str(tmp_path / "out")])
        assert done.exit_code == 1
        assert "shirase: " in done.output
        assert not (tmp_path / "out").exists()
    done = CliRunner().invoke(main, ["import", "shelters", str(empty), "--picture", "x.png"])
    assert done.exit_code == 2
