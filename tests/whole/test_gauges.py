"""A river rises: readings go in, and a draft with area, text and clock waits for a person; nobody is told.

On the embedded broker, with the real processes, one of which is killed between two readings.
"""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from alerts.alert import GEOCODE_CLASS20, Alert, AlertInfo, Area, Geocode
from alerts.cap import Category, Certainty, MsgType, Severity, Status, Urgency
from alerts.hazard import HazardKind
from alerts.level import Level
from alerts.report import OutcomeKind
from feeds.cap_write import write_cap
from shirase.demo.run import Run, RunSettings, running
from streams.brokers.client import read_to_end
from streams.gauges.record import GaugeRecord
from streams.ingest.acceptance import receive
from streams.payloads import Command, DraftRecord, DraftState, ReportRecord
from streams.topics import COMMANDS, DRAFTS, GAUGES, NOTICES, REPORTS
from streams.wire import decode
from tests.feeds.forecasts import time_series
from tests.whole.scenes import DEADLINE_SECONDS, PROJECT, kill_9, until

JAPAN = ZoneInfo("Asia/Tokyo")
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


def check_the_night(run: Run) -> None:
    """A typhoon that is announced at eleven and peaks at three in the morning opens a draft for before dark (R8)."""
    morning = datetime(2026, 6, 20, 11, tzinfo=JAPAN)
    typhoon = Alert(
        identifier="typhoon-1",
        sender="weather@agency.example",
        sent=morning,
        status=Status.ACTUAL,
        msg_type=MsgType.ALERT,
        infos=(
            AlertInfo(
                event="洪水",
                hazard=HazardKind.FLOOD,
                urgency=Urgency.FUTURE,
                severity=Severity.SEVERE,
                certainty=Certainty.LIKELY,
                categories=(Category.MET,),
                level=Level.ALL_LEAVE,
                onset=morning + timedelta(hours=13),
                expires=morning + timedelta(hours=20),
                areas=(Area("江戸川区", geocodes=(Geocode(GEOCODE_CLASS20, "1312300"),)),),
            ),
        ),
    )
    receipt = receive(
        run.producer, write_cap(typhoon), name="typhoon", feed="cap", received=datetime.now(UTC), arrived=morning
    )
    receipt.stored.result(DEADLINE_SECONDS)
    until(lambda: len(reports(run, "night")) == 1, "the draft for the night", 0.2)
    (night,) = reports(run, "night")
    assert (night.outcome, night.reason, night.level) == (OutcomeKind.HELD, "policy-draft", int(Level.ALL_LEAVE))
    assert night.codes == ("1312300",)
    assert night.report is not None
    (deadline,) = (one.value for one in night.report.alert.infos[0].parameters)
    assert deadline == "2026-06-20T18:59+09:00", "sunset"
    # The JMA's series tells nobody by itself, and opens the same kind of draft.
    series = time_series(morning, morning + timedelta(hours=1), {"高潮危険度": ["11", "21", "21", "41", "41", "21"]})
    hand_in_jma = receive(run.producer, series, name="series", feed="jma", received=datetime.now(UTC), arrived=morning)
    hand_in_jma.stored.result(DEADLINE_SECONDS)
    until(lambda: len(reports(run, "night")) == 2, "the draft of the series", 0.2)
    by_series = next(one for one in reports(run, "night") if one.hazards == ("storm_surge",))
    assert (by_series.outcome, by_series.level, by_series.codes) == (OutcomeKind.HELD, 4, ("1312300",))


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
    now = datetime.now(UTC).replace(second=0, microsecond=0)  # a clock has minutes
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
        assert newest.provenance.decide_by == now + timedelta(minutes=5), "and a clock"
        assert list(read_to_end(bootstrap, NOTICES.name)) == [], "nobody is told by a gauge alone"
        # What the source says of the station is on the board, each reading judged once.
        levels = [one.level for one in board()]
        assert levels[-1] == 5
        assert board()[-1].described is not None
        informational = [decode(ReportRecord, one.value) for one in read_to_end(bootstrap, REPORTS.name)]
        assert {one.reason for one in informational if not one.kind.startswith("CAP")} == {"gauge-readings"}
        check_the_night(run)
