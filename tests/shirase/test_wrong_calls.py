"""What was typed wrongly, or names the wrong file, ends with one sentence and an exit code, never with a traceback."""

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from feeds.console import _FIELDS
from shirase.cli import main
from shirase.commands.post import post_group
from shirase.paths import DEFAULT_AREAS

JUNK = "no file of ours\n"


WRONG_CALLS = [
    ("import roads {folder}", 1, "folder is a folder: name the file in it"),
    ("api residents --broker 127.0.0.1:1 --shelters {junk}", 1, "shirase: {junk}, line 1 is no site"),
    ("api console --broker 127.0.0.1:1 --outlets {bad}", 3, "SHIRASE_OUTLETS, {bad}: "),
    ("api intake --broker 127.0.0.1:1 --keys {bad}", 2, "bad.toml: "),
    ("keys /proc/nowhere/keys", 1, "/proc/nowhere: No such file or directory"),
    ("topics --create", 2, "--create needs --broker HOST:PORT"),
    ("explain 35.6,139.7,3 --areas {areas}", 1, "35.6,139.7,3 is no place"),
    ("explain 35.6,139.7 --areas {junk}", 3, "area-file-damaged"),
    ("explain 35.6,139.7 --areas {areas} --river-zones {junk}", 3, "river-zones-damaged"),
    ("replay {folder} --areas {areas}", 1, "no-documents"),
    ("replay {junk} --areas {areas} --policy {bad} --subscribers 10", 3, "bad.toml"),
    ("replay {junk} --areas {areas} --push nonsense --subscribers 10", 1, "nonsense is no origin of a push service"),
    ("hazards {junk} --areas {areas} --policy {bad}", 3, "bad.toml"),
    ("subscribers synth --count 5 --endpoint-base nonsense --out {folder}/synth", 1, "nonsense is no origin"),
    ("post closure bridge --broker 127.0.0.1:1 --point 35", 2, "35 is no LAT,LNG"),
    ("accounts list --accounts {junk}", 3, "is not the file of `shirase accounts`"),
    ("accounts list --accounts {folder}/none.sqlite", 2, "does not exist"),
    ("accounts add sato --role drafter --ward 13108 --password long-enough-for-all --accounts {folder}/a", 2, "13108"),
    ("policy diff ops/policy.toml {bad}", 3, "policy {bad}: "),
    ("languages --languages {bad}", 3, "SHIRASE_LANGUAGES, {bad}"),
    ("gate open t --sites {junk} --url https://x.example --keys {folder}/k --out {folder}/o", 1, "is no site"),
    ("areas import flood-zone {junk} --date 2026-01-01 --source x --library {folder}/lib", 1, "vector-file: junk.json"),
]


@pytest.mark.parametrize(("words", "code", "said"), WRONG_CALLS, ids=[call[0] for call in WRONG_CALLS])
def test_a_wrong_call_says_what_is_wrong_in_one_line(words: str, code: int, said: str, tmp_path: Path) -> None:
    assert DEFAULT_AREAS.exists(), "the area table is not built yet: make unit, or shirase areas"
    (tmp_path / "junk.json").write_text(JUNK, encoding="utf-8")
    (tmp_path / "bad.toml").write_text("version = [\n", encoding="utf-8")
    (tmp_path / "folder").mkdir()
    named = {
        "areas": DEFAULT_AREAS,
        "junk": tmp_path / "junk.json",
        "bad": tmp_path / "bad.toml",
        "folder": tmp_path / "folder",
    }
    ended = CliRunner().invoke(main, [word.format(**named) for word in words.split()])
    assert isinstance(ended.exception, SystemExit), ended.exception
    assert ended.exit_code == code
    assert said.format(**named) in ended.stderr.splitlines()[-1]


def test_a_worker_whose_area_table_is_damaged_ends_as_one_whose_setting_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "areas.bin").write_text(JUNK, encoding="utf-8")
    monkeypatch.setenv("SHIRASE_BROKER", "127.0.0.1:1")
    monkeypatch.setenv("SHIRASE_AREAS", str(tmp_path / "areas.bin"))
    monkeypatch.setenv("SHIRASE_METRICS_PORT", "-1")
    ended = CliRunner().invoke(main, ["worker", "ingest", "--data-dir", str(tmp_path / "data")])
    assert ended.exit_code == 3
    assert "area-file-damaged" in ended.stderr


@pytest.mark.parametrize("kind", ["closure", "shelter", "incident", "order", "cap"])
def test_post_offers_the_fields_that_its_document_has_and_no_others(kind: str) -> None:
    command = post_group.get_command(click.Context(post_group), kind)
    assert command is not None
    offered = {option.name for option in command.params}
    assert ("ward" in offered) == ("ward" in _FIELDS[kind])
    assert {"by", "text", "undo"} <= offered & _FIELDS[kind]
