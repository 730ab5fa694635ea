"""Real telegrams through the whole, on both brokers: each ends as it was written down beforehand.

All of them on Apache Kafka. On the embedded broker, which is the same pipeline, whole series that make up about
a quarter: what a document comes to depends on its series alone.
"""

import zlib
from pathlib import Path

import pytest

from dispatch.stub.log import entries
from feeds.archive import documents
from feeds.read import series_of
from shirase.demo.feeding import Clock, Pace, drain, feed_documents
from shirase.demo.observer import Ended
from shirase.demo.run import Run, RunSettings, running
from tests.golden.test_golden import expected, facts
from tests.whole.scenes import PATIENCE_SECONDS, PROJECT, Brokers

FOLDERS = ("04_jma_xml", "06_cap")
SUBSCRIBERS = 500


@pytest.mark.slow
def test_a_quarter_of_the_series_ends_as_written_down_on_the_embedded_broker(shared_data: Path, tmp_path: Path) -> None:
    check_replay("embedded", shared_data, tmp_path, one_in=4)


@pytest.mark.kafka
@pytest.mark.slow
def test_every_telegram_ends_as_written_down_on_apache_kafka(
    shared_data: Path, tmp_path: Path, brokers: Brokers
) -> None:
    check_replay(brokers(), shared_data, tmp_path, one_in=1)


def check_replay(broker: str, shared_data: Path, tmp_path: Path, *, one_in: int) -> None:
    """Replay both folders; the two formats share no series, so one run tells what two would."""
    settings = RunSettings(
        subscribers=SUBSCRIBERS,
        seed=5,
        broker=broker,
        push="stub",
        areas=PROJECT / ".cache" / "areas" / "japan.bin",
        policy=PROJECT / "ops" / "policy.toml",
        workers=1,
        area="japan",
        run_dir=tmp_path / "run",
    )
    with running(settings, lambda _line: None, lambda _stage, _done, _total: None) as run:
        sent = 0
        for folder in FOLDERS:
            sent = feed_documents(
                (found for found in documents([shared_data / folder]) if is_chosen(found.raw, one_in)),
                run.producer,
                run.observer,
                clock=Clock.SHIFT,
                pace=Pace(),
                patience_seconds=PATIENCE_SECONDS,
                already_sent=sent,
            )
        drain(run.observer, sent, workers=1, patience_seconds=PATIENCE_SECONDS)
        reports = list(run.observer.account.reports.values())
        assert len(reports) == sent
        found = differences(reports)
        assert found == []
        assert one_in > 1 or {full(report) for report in reports} == set(expected())
        check_nobody_was_told_of_a_drill(reports, run)
        check_everybody_selected_was_told(run)


def is_chosen(raw: bytes, one_in: int) -> bool:
    """Say whether the series of *raw* is among the chosen ones: the same for all of its documents."""
    return zlib.crc32(series_of(raw).encode()) % one_in == 0


def differences(reports: list[Ended]) -> list[str]:
    """Return a line for each fact that is not as written down."""
    lines = []
    for report in reports:
        want, got = expected()[full(report)], facts(report)
        lines += [f"{report.name}: {key} is {got[key]!r}, not {want[key]!r}" for key in got if got[key] != want[key]]
    return lines


def full(report: Ended) -> str:
    """Return the row that is about *report*: there files are named by folder, here by their place below it."""
    return next(name for folder in FOLDERS if (name := f"{folder}/{report.name}") in expected())


def check_nobody_was_told_of_a_drill(reports: list[Ended], run: Run) -> None:
    told = {notice.document for notice in run.observer.account.notices.values()}
    quiet = [report for report in reports if report.outcome.value not in ("notice", "update", "cancel")]
    assert any(report.outcome.value == "drill" for report in quiet)
    assert not [report.name for report in quiet if report.document in told and report.outcome.value != "duplicate"]


def check_everybody_selected_was_told(run: Run) -> None:
    assert run.stub is not None
    run.stub.flush()
    receipts = run.observer.account.receipts.values()
    accepted = sum(receipt.outcomes.get("accepted", 0) for receipt in receipts)
    selected = sum(receipt.selected for receipt in receipts)
    gave_way = sum(receipt.outcomes.get("superseded", 0) for receipt in receipts)
    assert selected == accepted + gave_way > 0
    assert sum(200 <= entry.status < 300 for entry in entries(run.stub.log_path)) == accepted
