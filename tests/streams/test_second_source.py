"""What ingest settled of both sources, compared and shown: a gauge per kind, a line in the log once."""

import logging
from dataclasses import replace
from datetime import timedelta

import pytest
from prometheus_client import CollectorRegistry

from alerts.agreement import Disagreement
from alerts.claim import Release
from alerts.hazard import HazardKind
from alerts.level import Level
from alerts.report import OutcomeKind, Report
from streams.ingest.second_source import SecondSource
from streams.metrics import SecondSourceMetrics
from streams.payloads import ReportRecord
from tests.feeds.test_qzss import NOON, says

RAIN = says(HazardKind.HEAVY_RAIN, "130010", Level.SECURE_LIFE)


def record(report: Report | None, feed: str) -> ReportRecord:
    return ReportRecord(
        receipt="r", name="n", feed=feed, kind="k", document="d", series="s", outcome=OutcomeKind.INFORMATIONAL,
        reason="second-source", detail="", level=None, hazards=(), codes=(), lineage="", revision=0, claims=0,
        release=Release.RECORD, release_reason="", received=NOON, sent=NOON, report=report,
    )  # fmt: skip


def test_a_disagreement_is_shown_while_it_lasts_and_said_once(caplog: pytest.LogCaptureFixture) -> None:
    registry = CollectorRegistry()
    second = SecondSource(SecondSourceMetrics(registry))

    def shown(kind: Disagreement) -> float | None:
        return registry.get_sample_value("second_source_disagreement_records", {"kind": kind.value})

    later = NOON + timedelta(minutes=10)
    with caplog.at_level(logging.WARNING):
        second.hear(record(RAIN, "qzss"))
        second.hear(record(replace(RAIN, received=NOON), "cap"))
        second.hear(record(None, "jma"))
        assert len(second.look(later)) == len(second.look(later)) == 1
    assert shown(Disagreement.INTERNET_SILENT) == 1
    assert [entry.message for entry in caplog.records] == ["two sources disagree"]
    assert registry.get_sample_value("second_source_heard_timestamp_seconds") == NOON.timestamp()
    second.hear(record(RAIN, "jma"))
    assert second.look(later) == ()
    assert [shown(kind) for kind in Disagreement] == [0, 0, 0]
