"""`shirase hazards`: the map of a moment from documents, as GeoJSON and as a picture."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from shirase.areas import DEFAULT_AREAS
from shirase.map_command import hazards, seam
from shirase.scenario import river_evening, write_folder

START = datetime(2026, 9, 18, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Path:
    assert DEFAULT_AREAS.exists(), "the area table is not built yet: make unit, or shirase areas"
    folder = tmp_path_factory.mktemp("evening")
    write_folder(river_evening(START, 7), folder)
    return folder


def run(*words: str) -> Result:
    return CliRunner().invoke(hazards, list(words))


def levels(evening: Path, at: str) -> set[int | None]:
    done = run(str(evening), "--at", at, "--geojson")
    assert done.exit_code == 0, done.output
    return {feature["properties"]["level"] for feature in json.loads(done.stdout)["features"]}


def test_the_map_of_a_moment_holds_what_had_been_said_by_then(evening: Path) -> None:
    assert levels(evening, "2026-09-18T18:01+09:00") == {2}
    assert 4 in levels(evening, "2026-09-18T19:30+09:00")
    assert levels(evening, "2026-09-18T23:59+09:00") == set(), "all of it was lifted"


def test_a_picture_is_drawn_and_is_a_png(evening: Path, tmp_path: Path) -> None:
    done = run(str(evening), "--at", "2026-09-18T19:30", "--png", str(tmp_path / "map.png"))
    assert done.exit_code == 0, done.output
    content = (tmp_path / "map.png").read_bytes()
    assert content.startswith(b"\x89PNG")
    assert len(content) > 50_000


def test_without_documents_or_a_broker_a_sentence_says_what_to_give() -> None:
    assert "give --broker" in run().output
    assert "give --broker" in CliRunner().invoke(seam, []).output
    assert run("--at", "yesterday", "--broker", "x").exit_code == 2
