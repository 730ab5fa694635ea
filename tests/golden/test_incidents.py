"""Every document of 10_incidents, settled as the ingest process does it, beside what was written down beforehand."""

import csv
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

from alerts.policy import Policy
from feeds.archive import documents
from feeds.read import series_of
from geo.areas import AreaTable
from streams.ingest.settlement import Arrival, settle
from streams.payloads import ReportRecord
from tests.golden.make_incidents import rows
from tests.golden.test_golden import PROJECT, RECEIVED, CodesOnly

HERE = Path(__file__).resolve().parent


def expected() -> list[dict[str, str]]:
    with (HERE / "incidents.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_file_is_what_its_script_writes(shared_data: Path) -> None:
    assert rows(shared_data) == expected()


def test_every_document_ends_as_written_down(shared_data: Path) -> None:
    policy = Policy.from_plain(tomllib.loads((PROJECT / "ops" / "policy.toml").read_text(encoding="utf-8")))
    table = cast("AreaTable", CodesOnly(set()))
    stored: dict[str, Mapping[str, Any]] = {}
    found = []
    for one in documents([shared_data / "10_incidents"]):
        key = series_of(one.raw)
        arrival = Arrival(one.raw, one.name, one.name, "", RECEIVED, timedelta(0))
        settled = settle(arrival, stored.get(key), table=table, policy=policy)
        if settled.stored is not None:
            stored[key] = settled.stored
        assert settled.claims == ()
        found.append(row(settled.record))
    assert sorted(found, key=lambda one: one["file"]) == expected()


def row(record: ReportRecord) -> dict[str, str]:
    facts = record.report.facts if record.report else None
    shelters = facts.shelters if facts else ()
    return {
        "file": record.name,
        "outcome": record.outcome.value,
        "reason": record.reason,
        "shelters": str(len(shelters)),
        "people": str(sum(one.occupants or 0 for one in shelters)),
        "places": str(sum(one.capacity or 0 for one in shelters)),
        "roads": str(len(facts.roads) if facts else 0),
        "incidents": str(len(facts.incidents) if facts else 0),
        "refused": str(len(facts.refused) if facts else 0),
    }
