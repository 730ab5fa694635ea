"""The audit trail leaves as a file that is verified without a broker, and any change to it shows."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from api.officers.audit import Act, Entry, Trail, last_hash, write
from shirase.cli import main
from streams.brokers.broker import ensure_topics, open_broker
from streams.brokers.client import Producer
from streams.topics import AUDIT


def trail(count: int) -> list[bytes]:
    """Return a whole chain of *count* entries."""
    records: list[bytes] = []
    for number in range(1, count + 1):
        before = last_hash(records)
        records.append(write(Entry(number, "2026-11-26T03:00:00Z", "sato", Act.POST, f"draft-{number}", "水", before)))
    return records


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    file = tmp_path / "trail.jsonl"
    file.write_bytes(b"\n".join(trail(4)) + b"\n")
    return file


def verified(path: Path) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["audit", "verify", "--file", str(path)])
    return done.exit_code, done.output


def test_a_whole_file_is_whole_and_says_its_last_hash(kept: Path) -> None:
    code, said = verified(kept)
    assert code == 0
    assert said == f"4 entries, whole; the last is {last_hash(trail(4))}\n"


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (lambda lines: [lines[0], lines[2], lines[3]], "entry 2 is missing"),
        (lambda lines: [lines[0], lines[2], lines[1], lines[3]], "entry 2 is missing"),
        (lambda lines: [lines[0].replace(b"sato", b"endo"), *lines[1:]], "entry 1 was changed"),
        (lambda lines: [*lines, b"{}"], "after entry 4"),
    ],
    ids=["removed", "swapped", "changed", "added"],
)
def test_what_was_done_to_a_file_shows(kept: Path, broken: Callable[[list[bytes]], list[bytes]], said: str) -> None:
    kept.write_bytes(b"\n".join(broken(kept.read_bytes().splitlines())) + b"\n")
    code, output = verified(kept)
    assert code == 1
    assert said in output


def test_an_end_that_was_cut_off_shows_by_its_last_hash_alone(kept: Path) -> None:
    kept.write_bytes(b"\n".join(trail(4)[:3]) + b"\n")
    code, said = verified(kept)
    assert code == 0
    assert last_hash(trail(4)) not in said


def test_what_the_broker_keeps_leaves_whole_and_no_file_is_replaced(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    with open_broker("embedded") as broker:
        ensure_topics(broker, [AUDIT])
        with Producer(broker.bootstrap) as producer:
            written = Trail(producer, [], lambda: "2026-11-26T03:00:00Z")
            written.add("sato", Act.POST, "draft-1", "水")
            last = written.add("endo", Act.APPROVE, "draft-1")
        done = CliRunner().invoke(main, ["audit", "export", "--broker", broker.bootstrap, "--out", str(out)])
        again = CliRunner().invoke(main, ["audit", "export", "--broker", broker.bootstrap, "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert verified(out) == (0, f"2 entries, whole; the last is {last.hash}\n")
    assert again.exit_code == 1
    assert "is there already" in again.output


@pytest.mark.parametrize("given", [[], ["--broker", "b:1", "--file", __file__]], ids=["neither", "both"])
def test_one_of_the_two_is_verified(given: list[str]) -> None:
    assert CliRunner().invoke(main, ["audit", "verify", *given]).exit_code == 2
