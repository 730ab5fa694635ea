"""The real readers, life cycle, policy and areas against the outcomes that were written down beforehand."""

import csv
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, cast

import h3.api.basic_int as h3
import pytest

from alerts.alert import Geocode
from alerts.place import Cell
from alerts.policy import Policy
from feeds.archive import documents
from feeds.read import series_of
from geo.areas import AreaCover, AreaTable
from shirase.areas import table_at
from shirase.demo.observer import Ended
from shirase.paths import DEFAULT_AREAS
from streams.ingest.settlement import Arrival, settle
from streams.payloads import ReportRecord
from tests.golden.make_outcomes import area_codes, files, rows, written_codes

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent.parent
RECEIVED = datetime(2026, 11, 22, tzinfo=UTC)
SOMEWHERE = Cell(h3.latlng_to_cell(35.69, 139.69, 9))
CHECKED_AT_LEAST = 60


@cache
def expected() -> dict[str, dict[str, str]]:
    with (HERE / "outcomes.csv").open(encoding="utf-8", newline="") as file:
        return {row["file"]: row for row in csv.DictReader(file)}


def test_the_file_is_what_its_script_writes(shared_data: Path) -> None:
    checked = set((HERE / "checked.txt").read_text(encoding="utf-8").split("\n"))
    assert rows(shared_data, checked) == list(expected().values())


def test_every_document_of_the_folders_has_its_row(shared_data: Path) -> None:
    there = {name for folder in ("04_jma_xml", "06_cap") for name, _ in files(shared_data, folder)}
    assert there == set(expected())


def test_enough_rows_were_read_beside_their_documents() -> None:
    assert sum(row["checked"] == "yes" for row in expected().values()) >= CHECKED_AT_LEAST


@pytest.mark.parametrize("folder", ["04_jma_xml", "06_cap"])
def test_every_document_ends_as_written_down(shared_data: Path, folder: str) -> None:
    table = cast("AreaTable", CodesOnly(area_codes(shared_data)))
    assert differences(shared_data, folder, table) == []


@pytest.mark.parametrize("folder", ["04_jma_xml", "06_cap"])
def test_every_document_ends_so_with_the_cells_of_all_japan_too(shared_data: Path, folder: str) -> None:
    assert DEFAULT_AREAS.exists(), "the area table is not built yet: make unit, or shirase areas"
    assert differences(shared_data, folder, table_at(DEFAULT_AREAS)) == []


def test_every_live_warning_of_the_listed_kinds_is_told_unless_its_row_says_why(shared_data: Path) -> None:
    listed = (
        *("VPWW", "VXWW", "VXKO", "VXSU", "VPOA", "VPHW", "VPBS50"),
        *("VTSE41", "VXSE51", "VXSE53", "VFVO50", "VFVO56"),
    )
    untold = {
        row["reason"]
        for name, row in expected().items()
        if any(kind in name for kind in listed) and row["outcome"] not in ("notice", "update")
    }
    assert untold == {
        "area-not-in-table",  # the sample river's made-up codes
        "same-message",
        "same-document",  # some telegrams lie there twice, as files and in the archive
        "cancelled",
        "original-not-sent",
        "below-notice-intensity",
        "source-only",
        "status-exercise",
    }


@dataclass(frozen=True)
class CodesOnly:
    """An area table that knows which codes there are and gives each the same cell."""

    known: set[str]

    def lookup(self, geocode: Geocode) -> AreaCover | None:
        return AreaCover(geocode.value, geocode.value, (SOMEWHERE,)) if geocode.value in self.known else None


def differences(shared_data: Path, folder: str, table: AreaTable) -> list[str]:
    found = {}
    for record in settled(shared_data / folder, table):
        want = expected()[f"{folder}/{record.name}"]
        got = facts(record)
        found[record.name] = [
            f"{record.name}: {key} is {got[key]!r}, not {want[key]!r}" for key in got if got[key] != want[key]
        ]
    assert len(found) == sum(name.startswith(folder) for name in expected())
    return [line for lines in found.values() for line in lines]


def settled(folder: Path, table: AreaTable) -> Iterator[ReportRecord]:
    """Return what the ingest process records for each document of *folder*, in the order of a replay."""
    policy = Policy.from_plain(tomllib.loads((PROJECT / "ops" / "policy.toml").read_text(encoding="utf-8")))
    stored: dict[str, Mapping[str, Any]] = {}
    shift: timedelta | None = None
    for telegram in documents([folder]):
        key = series_of(telegram.raw)
        if shift is None and telegram.sent is not None:
            # As a replay does: all times move by one block, so that the first document arrives now.
            shift = RECEIVED - telegram.sent
        moved = shift or timedelta(0)
        arrived = telegram.sent + moved if telegram.sent is not None else RECEIVED
        arrival = Arrival(telegram.raw, telegram.name, telegram.name, "", arrived, moved)
        result = settle(arrival, stored.get(key), table=table, policy=policy)
        if result.stored is not None:
            stored[key] = result.stored
        yield result.record


def facts(record: ReportRecord | Ended) -> dict[str, str]:
    return {
        "outcome": record.outcome.value,
        "reason": record.reason,
        "level": "" if record.level is None else str(int(record.level)),
        "hazard": " ".join(record.hazards),
        "codes": written_codes(set(record.codes)),
    }
