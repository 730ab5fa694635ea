"""A deployment's keys leave for an escrow, are rehearsed against those in use, and come back on an empty machine."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dispatch.vapid import VapidKey
from shirase.cli import main


def run(*words: object, typed: str = "") -> Result:
    return CliRunner().invoke(main, ["escrow", *map(str, words)], input=typed)


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    assert CliRunner().invoke(main, ["keys", str(tmp_path / "keys")]).exit_code == 0
    return tmp_path / "keys"


@pytest.fixture
def out(tmp_path: Path, keys: Path) -> Path:
    made = run("make", keys, "--out", tmp_path / "out")
    assert made.exit_code == 0, made.output
    return tmp_path / "out"


def test_two_of_three_holders_bring_every_key_back_where_the_machine_is_gone(
    tmp_path: Path, keys: Path, out: Path
) -> None:
    public = VapidKey.load(keys / "vapid.pem").public_text
    there = {path.name: path.read_bytes() for path in keys.iterdir()}
    shares = ("--share", out / "share-1.txt", "--share", out / "share-3.txt")
    back = run("restore", out / "escrow.sealed", "--into", tmp_path / "new", *shares)
    assert back.exit_code == 0, back.output
    assert public in back.output
    assert {path.name: path.read_bytes() for path in (tmp_path / "new").iterdir()} == there
    assert VapidKey.load(tmp_path / "new" / "vapid.pem").public_text == public, "and others cannot read it"
    again = run("restore", out / "escrow.sealed", "--into", tmp_path / "new", *shares)
    assert again.exit_code == 1
    assert "escrow-in-the-way" in again.output
    one = run("restore", out / "escrow.sealed", "--into", tmp_path / "x", "--share", out / "share-1.txt")
    assert one.exit_code == 1
    assert not (tmp_path / "x").exists()


def test_a_rehearsal_counts_for_half_a_year_and_only_of_the_keys_in_use(keys: Path, out: Path) -> None:
    sealed = out / "escrow.sealed"
    never = run("check", sealed, keys)
    assert never.exit_code == 1
    assert "last rehearsed: never" in never.output
    # The holders type what stands on their papers.
    typed = "".join((out / f"share-{number}.txt").read_text() for number in (2, 3))
    before = {path: path.read_bytes() for path in keys.iterdir()}
    done = run("rehearse", sealed, keys, typed=typed)
    assert done.exit_code == 0, done.output
    assert {path: path.read_bytes() for path in keys.iterdir()} == before
    assert (out / "share-2.txt").read_text().split()[3] not in done.output, "what is typed is not shown"
    assert run("check", sealed, keys).exit_code == 0
    lines = sealed.with_name("escrow.sealed.rehearsed.jsonl")
    line = json.loads(lines.read_text())
    old = datetime.now(UTC) - timedelta(days=184)
    lines.write_text(json.dumps({**line, "at": old.isoformat()}) + "\n")
    assert run("check", sealed, keys).exit_code == 1
    lines.write_text(json.dumps({**line, "id": "another"}) + "\n")
    assert run("check", sealed, keys).exit_code == 1
    # A key that came later is in nobody's escrow.
    (keys / "later.bin").write_bytes(bytes(32))
    (keys / "later.bin").chmod(0o600)
    stale = run("rehearse", sealed, keys, typed=typed)
    assert stale.exit_code == 1
    assert "later.bin" in stale.output


def test_what_is_no_folder_of_keys_or_can_be_read_by_others_is_not_sealed(tmp_path: Path, keys: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "escrow-no-keys" in run("make", tmp_path / "empty", "--out", tmp_path / "out").output
    (keys / "seal.json").chmod(0o644)
    refused = run("make", keys, "--out", tmp_path / "out")
    assert refused.exit_code == 3, "as of every key file that others can read"
    assert "key-file-mode" in refused.output
    assert not (tmp_path / "out").exists()
    assert run("make", keys, "--out", tmp_path / "out", "--needed", 4).exit_code == 2
