"""The real readers and life cycle against the outcomes that were written down beforehand."""

import csv
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from alerts.alert import Geocode
from alerts.lifecycle import SeriesState, accept
from alerts.report import Outcome, OutcomeKind, Report
from feeds.errors import FeedError
from feeds.read import read
from tests.golden.make_outcomes import area_codes, rows, written_codes

HERE = Path(__file__).resolve().parent
NEVER = datetime.min.replace(tzinfo=UTC)
CHECKED_AT_LEAST = 60


def expected() -> dict[str, dict[str, str]]:
    with (HERE / "outcomes.csv").open(encoding="utf-8", newline="") as file:
        return {row["file"]: row for row in csv.DictReader(file)}


def documents(shared_data: Path, folder: str) -> list[tuple[str, bytes]]:
    return [(name, (shared_data / name).read_bytes()) for name in expected() if name.startswith(folder)]


def test_the_file_is_what_its_script_writes(shared_data: Path) -> None:
    checked = set((HERE / "checked.txt").read_text(encoding="utf-8").split("\n"))
    assert rows(shared_data, checked) == list(expected().values())


def test_every_document_of_the_folder_has_its_row(shared_data: Path) -> None:
    there = {path.relative_to(shared_data).as_posix() for path in (shared_data / "04_jma_xml/samples").glob("*.xml")}
    assert there == {name for name in expected() if name.startswith("04_jma_xml")}


def test_enough_rows_were_read_beside_their_documents() -> None:
    assert sum(row["checked"] == "yes" for row in expected().values()) >= CHECKED_AT_LEAST


@pytest.mark.parametrize("folder", ["04_jma_xml/samples"])
def test_every_document_ends_as_written_down(shared_data: Path, folder: str) -> None:
    known = area_codes(shared_data)
    differences = []
    for name, report, outcome in replayed(documents(shared_data, folder), known):
        want = expected()[name]
        got = facts(report, outcome)
        differences += [f"{name}: {key} is {got[key]!r}, not {want[key]!r}" for key in got if got[key] != want[key]]
    assert differences == []


def test_every_live_warning_of_the_listed_kinds_is_told_unless_its_row_says_why(shared_data: Path) -> None:
    listed = ("VPWW", "VXWW", "VXKO", "VPOA", "VPHW", "VTSE41", "VXSE51", "VXSE53")
    untold = {
        row["reason"]
        for name, row in expected().items()
        if any(kind in name for kind in listed) and row["outcome"] not in ("notice", "update")
    }
    assert untold == {
        "area-not-in-table",  # quake and tsunami areas, and the sample river's made-up codes
        "identifier-conflict",  # two versions of one sample, same second, other words
        "same-message",
        "original-not-sent",
        "below-notice-intensity",
        "source-only",
        "status-exercise",
    }


def replayed(found: list[tuple[str, bytes]], known: set[str]) -> Iterator[tuple[str, Report | None, Outcome]]:
    """Return each document with its outcome, as one replay in time order settles them."""
    read_ones: list[tuple[datetime, str, Report | None, str]] = []
    for name, raw in found:
        try:
            report = read(raw, name=name, received=datetime(2026, 11, 22, tzinfo=UTC))
            read_ones.append((report.alert.sent, name, report, ""))
        except FeedError as error:
            read_ones.append((NEVER, name, None, error.reason))
    states: dict[str, SeriesState] = {}
    for _sent, name, report, refusal in sorted(read_ones, key=lambda one: one[:2]):
        if report is None:
            yield name, None, Outcome(OutcomeKind.DEAD_LETTER, refusal)
            continue
        accepted = accept(states.get(report.series, SeriesState()), report)
        states[report.series] = accepted.state
        outcome = accepted.outcome
        places = [area for info in report.alert.infos for area in info.areas]
        told = outcome.kind in (OutcomeKind.NOTICE, OutcomeKind.UPDATE)
        if (
            told
            and places
            and not any(has_place(area.geocodes, known) or area.polygons or area.circles for area in places)
        ):
            outcome = Outcome(OutcomeKind.HELD, "area-not-in-table")
        yield name, report, outcome


def has_place(geocodes: tuple[Geocode, ...], known: set[str]) -> bool:
    return any(code.value in known for code in geocodes)


def facts(report: Report | None, outcome: Outcome) -> dict[str, str]:
    infos = report.alert.infos if report else ()
    levels = [int(info.level) for info in infos if info.level is not None]
    return {
        "outcome": outcome.kind.value,
        "reason": outcome.reason,
        "level": str(max(levels)) if levels else "",
        "hazard": " ".join(sorted({info.hazard.value for info in infos})),
        "codes": written_codes({code.value for info in infos for area in info.areas for code in area.geocodes}),
    }
