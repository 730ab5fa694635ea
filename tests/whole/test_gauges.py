"""A river rises: readings go in, and a draft with area, text and clock waits for a person; nobody is told.

On the embedded broker, with the real processes, one of which is killed between two readings.
"""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alerts.level import Level
from alerts.report import OutcomeKind
from shirase.run import Run, RunSettings, running
from streams.acceptance import receive
from streams.client import read_to_end
from streams.gauges import GaugeRecord
from streams.payloads import Command, DraftRecord, DraftState, ReportRecord
from streams.topics import COMMANDS, DRAFTS, GAUGES, NOTICES, REPORTS
from streams.wire import decode
from tests.whole.scenes import DEADLINE_SECONDS, PROJECT, kill_9, until

STATION = {
    "code": "9999000001", "name": "架空北橋／架空あおば川", "startLevel": 1.0, "warnLevel": 4.0, "fladLevel": 5.0,
    "latitude": 35.777, "longitude": 139.795,
}  # fmt: skip


def document(at: datetime, level: float) -> bytes:
    item = {**STATION, "obsTime": at.isoformat(), "level": level, "over": 1}
    return json.dumps({"items": [item]}, ensure_ascii=False).encode()


def hand_in(run: Run, name: str, raw: bytes) -> None:
    receipt = receive(run.producer, raw, name=name, feed="gauge", received=datetime.now(UTC))
    receipt.stored.result(DEADLINE_SECONDS)


def reports(run: Run, feed: str) -> list[ReportRecord]:
    found = [decode(ReportRecord, one.value) for one in read_to_end(run.pipeline.broker.bootstrap, REPORTS.name)]
    return [one for one in found if one.feed == feed and one.kind.startswith("CAP")]


@pytest.mark.slow
def test_a_rise_becomes_a_draft_and_a_kill_changes_nothing(tmp_path: Path) -> None:
    settings = RunSettings(
        subscribers=100,
        seed=3,
        broker="embedded",
        push="stub",
        areas=PROJECT / ".cache" / "areas" / "japan.bin",
        policy=PROJECT / "ops" / "policy.toml",
        workers=1,
        area="tokyo23",
        run_dir=tmp_path / "run",
        gauges=True,
    )
    now = datetime.now(UTC).replace(microsecond=0)
    with running(settings, lambda _line: None, lambda _stage, _done, _total: None) as run:
        bootstrap = run.pipeline.broker.bootstrap

        def drafts() -> list[DraftRecord]:
            return [decode(DraftRecord, one.value) for one in read_to_end(bootstrap, DRAFTS.name)]

        def board() -> list[GaugeRecord]:
            return [decode(GaugeRecord, one.value) for one in read_to_end(bootstrap, GAUGES.name)]

        hand_in(run, "calm", document(now - timedelta(minutes=20), 2.9))
        hand_in(run, "rise", document(now - timedelta(minutes=10), 4.1))
        until(lambda: any(one.state is DraftState.OPEN for one in drafts()), "the draft of level 4", 0.2)

        kill_9(run, ["gauges-0"])
        hand_in(run, "overflow", document(now, 5.2))
        until(lambda: len(reports(run, "gauge")) == 2, "the document of level 5", 0.2)
        until(lambda: len({one.document for one in drafts()}) == 2, "the draft of level 5", 0.2)

        first, second = sorted(reports(run, "gauge"), key=lambda one: one.revision)
        assert (first.outcome, first.reason, first.level) == (OutcomeKind.HELD, "policy-draft", int(Level.ALL_LEAVE))
        assert (second.level, second.lineage, second.revision) == (5, first.lineage, first.revision + 1)
        assert {one.reason for one in drafts()} == {"needs-a-person"}
        proposed = [decode(Command, one.value).draft for one in read_to_end(bootstrap, COMMANDS.name)]
        newest = next(one for one in proposed if one is not None and one.provenance.document == second.document)
        assert newest.notice.parts, "the draft has cells and a text"
        assert list(read_to_end(bootstrap, NOTICES.name)) == [], "nobody is told by a gauge alone"
        # What the source says of the station is on the board, each reading judged once.
        levels = [one.level for one in board()]
        assert levels[-1] == 5
        assert board()[-1].described is not None
        informational = [decode(ReportRecord, one.value) for one in read_to_end(bootstrap, REPORTS.name)]
        assert {one.reason for one in informational if not one.kind.startswith("CAP")} == {"gauge-readings"}
