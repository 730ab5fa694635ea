"""What the river flood reads from a run: ways, sending, and evenings that follow each other."""

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from feeds.read import series_of
from load_tests.budget import Stage
from load_tests.errors import ReferenceFailed
from load_tests.processor_time import processor_seconds
from load_tests.reference import Measured, measure_reference
from load_tests.river_flood import evenings, journeys, ratios_of, sending, unexpected
from shirase.demo.observer import Account
from streams.payloads import ReceiptRecord

NOW = datetime(2026, 9, 18, 12, 0, tzinfo=UTC)
START = 1_795_000_000_000
NOTICE = ("urn:example:1", 2)


def receipt(worker: int, accepted: int, first_ms: int | None, last_ms: int | None) -> ReceiptRecord:
    return ReceiptRecord(
        lineage=NOTICE[0],
        revision=NOTICE[1],
        document="d",
        worker=worker,
        workers=3,
        epoch=1,
        selected=accepted,
        outcomes={"accepted": accepted} if accepted else {},
        wards={"江戸川区": accepted} if accepted else {},
        received_ms=START,
        first_accepted_ms=first_ms,
        last_accepted_ms=last_ms,
    )


@pytest.fixture
def account() -> Account:
    seen = Account()
    seen.stamps[NOTICE] = {"t-received": b"%d" % START, "t-approved": b"%d" % (START + 300), "feed": b"jma"}
    seen.stamps["urn:example:2", 1] = {"t-received": b"%d" % START}
    for one in (
        receipt(0, 40, START + 500, START + 900),
        receipt(1, 60, START + 450, START + 1300),
        receipt(2, 0, None, None),
    ):
        seen.receipts[one.lineage, one.revision, one.worker] = one
    return seen


def test_a_way_ends_with_the_first_acceptance_at_any_worker(account: Account) -> None:
    ways = {way.notice: way.stages for way in journeys(account)}
    assert ways["urn:example:1|2"] == {
        Stage.RECEIVED: START,
        Stage.APPROVED: START + 300,
        Stage.FIRST_ACCEPTED: START + 450,
    }
    assert Stage.FIRST_ACCEPTED not in ways["urn:example:2|1"]


def test_sending_is_timed_from_the_approval_to_the_last_acceptance(account: Account) -> None:
    ours = sending(account, processor_seconds=0.02)
    assert (ours.accepted, ours.seconds) == (100, 1.0)
    assert ratios_of(ours.measured, Measured(10, 0.2, 0.01)) == {"processor_time": 5.0, "pushes_per_second": 2.0}


def test_evenings_follow_each_other_and_none_lies_in_the_future() -> None:
    documents = evenings(3, 1, NOW)
    times = [document.sent for document in documents if document.sent is not None]
    assert times == sorted(times)
    assert NOW - timedelta(minutes=15) < times[0]
    assert times[-1] < NOW
    assert len({document.name for document in documents}) == len(documents)
    first, second = documents[0], documents[len(documents) // 3]
    assert series_of(first.raw) == series_of(second.raw)
    assert first.raw != second.raw


def test_a_document_that_never_ended_is_said(account: Account) -> None:
    documents = evenings(1, 1, NOW)
    assert len(unexpected(documents, account)) == len(documents)


def test_processor_time_is_read_from_the_kernel() -> None:
    before, ours = processor_seconds(os.getpid()), time.process_time()
    while time.process_time() - ours < 0.2:
        pass
    assert 0.1 <= processor_seconds(os.getpid()) - before < 5.0
    assert processor_seconds(2**22 + 1) == 0.0


def test_a_reference_that_cannot_run_is_no_measurement(tmp_path: Path) -> None:
    with pytest.raises(ReferenceFailed, match="nobody to send to"):
        measure_reference(
            [], body_bytes=10, vapid_key=tmp_path / "no-key.pem", ca_path=tmp_path / "no-ca.pem", folder=tmp_path
        )
    assert not (tmp_path / "reference.json").exists()
