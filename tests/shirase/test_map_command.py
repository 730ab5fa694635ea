"""`shirase hazards`: the map of a moment from documents, as GeoJSON and as a picture."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from alerts.claim import Tie
from shirase.cli import main
from shirase.demo.scenario import river_evening, write_folder
from shirase.paths import DEFAULT_AREAS
from streams.brokers.broker import ensure_topics, open_broker
from streams.brokers.client import Producer
from streams.topics import HAZARDS, NOTICES
from tests.api.evening import KOTO, Evening, around, danger, provenance

START = datetime(2026, 9, 18, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Path:
    assert DEFAULT_AREAS.exists(), "the area table is not built yet: make unit, or shirase areas"
    folder = tmp_path_factory.mktemp("evening")
    write_folder(river_evening(START, 7), folder)
    return folder


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["hazards", *words])


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
    assert "give --broker" in CliRunner().invoke(main, ["seam"]).output
    assert run("--at", "yesterday", "--broker", "x").exit_code == 2


def test_the_seam_report_counts_people_on_ground_whose_river_is_only_assumed() -> None:
    evening = Evening()
    near, beyond = around(*KOTO, rings=1), around(*KOTO, rings=3)
    assumed = replace(danger(beyond, area_name="架空川"), tie=Tie.RIVER_ASSUMED)
    evening.say(provenance(), [danger(near), assumed])
    with open_broker("embedded") as broker:
        ensure_topics(broker, [HAZARDS, NOTICES])
        with Producer(broker.bootstrap) as producer:
            for record in evening.records:
                producer.send(record.topic, record.key, record.value).result(10)
        done = CliRunner().invoke(main, ["seam", "--broker", broker.bootstrap])
    assert done.exit_code == 0, done.output
    assert "flood revision" in done.output
    assert "told by cells" in done.output
    assert "river tie assumed:" in done.output
