"""A replay keeps its pace, shifts its times, and says what is still open when nothing moves."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from alerts.report import OutcomeKind
from shirase.demo.feeding import (
    MAX_UNSETTLED_DOCUMENTS,
    MAX_UNSETTLED_HEADLINES,
    Clock,
    NotDrained,
    Pace,
    drain,
    feed_documents,
    most_unsettled,
    settle,
)
from shirase.demo.observer import Account, Observer
from streams.brokers.broker import Broker, ensure_topics, open_broker
from streams.brokers.client import Producer, Record, read_to_end
from streams.payloads import DraftRecord, ReceiptRecord, ReportRecord
from streams.topics import DRAFTS, DRILL_NOTICES, EFFECTS, NOTICES, RECEIPTS, REPORTS, TELEGRAMS
from streams.wire import encode
from tests.dispatch.people import notice
from tests.feeds.test_jma_headlines import raw as headline
from tests.shirase.test_summary import receipt, report, verdict

THEN = datetime(2019, 10, 12, 9, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Old:
    name: str
    raw: bytes
    sent: datetime | None


class StillObserver:
    """An account that its test fills."""

    def __init__(self) -> None:
        self.account = Account()
        self.changed = threading.Condition()

    def check(self) -> None:
        return None


def still(*reports: ReportRecord) -> Observer:
    observer = StillObserver()
    for one in reports:
        observer.account.settled(one)
    return observer  # type: ignore[return-value]


@pytest.fixture
def fresh() -> Iterator[Broker]:
    with open_broker("embedded") as broker:
        ensure_topics(broker, [TELEGRAMS, REPORTS, DRAFTS, EFFECTS, NOTICES, DRILL_NOTICES, RECEIPTS])
        yield broker


def test_headlines_may_be_under_way_by_the_hundred_and_warnings_by_twos() -> None:
    assert most_unsettled(b"<Report/>") == MAX_UNSETTLED_DOCUMENTS
    assert most_unsettled(headline()) == MAX_UNSETTLED_HEADLINES


@pytest.mark.parametrize(("speed", "slept"), [(0.0, []), (1.0, [50.0]), (10.0, []), (2.0, [20.0])])
def test_a_document_waits_for_its_time_and_never_for_what_is_past(
    monkeypatch: pytest.MonkeyPatch, speed: float, slept: list[float]
) -> None:
    found: list[float] = []
    monkeypatch.setattr(time, "monotonic", lambda: 110.0)
    monkeypatch.setattr(time, "sleep", found.append)
    Pace(speed).wait(timedelta(seconds=60), started=100.0)
    assert found == slept


@pytest.mark.parametrize("clock", list(Clock))
def test_the_times_of_a_replay(fresh: Broker, clock: Clock) -> None:
    documents = [Old("a", b"<a/>", THEN), Old("b", b"<b/>", THEN + timedelta(hours=2)), Old("c", b"no time", None)]
    with Producer(fresh.bootstrap) as producer:
        sent = feed_documents(
            documents, producer, still(), clock=clock, pace=Pace(), patience_seconds=5, after_each=lambda _: None
        )
    records: dict[bytes, Record] = {
        record.headers["name"]: record for record in read_to_end(fresh.bootstrap, TELEGRAMS.name)
    }
    shifts = {int(record.headers["clock-shift"]) for record in records.values()}
    arrived = {name: int(record.headers["arrived"]) for name, record in records.items()}
    received = {name: int(record.headers["t-received"]) for name, record in records.items()}
    assert sent == len(records) == 3
    assert len({record.headers["receipt"] for record in records.values()}) == 3
    assert [record.value for _, record in sorted(records.items())] == [b"<a/>", b"<b/>", b"no time"]
    if clock is Clock.SHIFT:
        (shift,) = shifts
        assert shift > 0
        assert arrived[b"b"] - arrived[b"a"] == 2 * 3600 * 1000, "the life cycle sees the distance of then"
        assert arrived[b"a"] - received[b"a"] < 5000
    else:
        assert shifts == {0}
        assert arrived == received


def test_what_does_not_move_is_named_with_its_number() -> None:
    with pytest.raises(NotDrained, match="2 documents are still open"):
        settle(still(report("a")), 2, patience_seconds=0.0)


def test_what_leads_to_nothing_more_is_settled() -> None:
    settle(still(report("a", OutcomeKind.DRILL, claims=0)), 1, patience_seconds=0.0)


def test_what_the_pipeline_writes_itself_is_awaited_by_nobody() -> None:
    crossed = replace(report("b"), receipt="own", feed="gauge", kind="CAP-1.2")
    observer = still(report("a", OutcomeKind.DRILL, claims=0), crossed)
    settle(observer, 1, patience_seconds=0.0)
    assert (len(observer.account.reports), len(observer.account.own)) == (1, 1)
    readings = replace(
        report("c", OutcomeKind.INFORMATIONAL, claims=0), receipt="read", feed="gauge", kind="gauge-table"
    )
    observer.account.settled(readings)
    settle(observer, 2, patience_seconds=0.0)


def test_a_run_is_drained_when_every_worker_has_said_so(fresh: Broker) -> None:
    observer = Observer(fresh.bootstrap)
    stages: list[tuple[str, ReportRecord | DraftRecord | ReceiptRecord | object]] = [
        (REPORTS.name, report("a")),
        (DRAFTS.name, verdict("a")),
        (NOTICES.name, notice(lineage="lineage-1")),
        (RECEIPTS.name, receipt(0, 1100, 1200, accepted=3)),
        (RECEIPTS.name, receipt(1, None, None)),
    ]
    try:
        with Producer(fresh.bootstrap) as producer:
            for topic, value in stages[:-1]:
                producer.send(topic, b"key", encode(value)).result(30)
            settle(observer, 1, patience_seconds=30)
            with pytest.raises(NotDrained, match="1 fan-outs are still open"):
                drain(observer, 1, workers=2, patience_seconds=0.5)
            producer.send(stages[-1][0], b"key", encode(stages[-1][1])).result(30)
        drain(observer, 1, workers=2, patience_seconds=30)
        assert observer.account.outcomes() == {"notice": 1}
        assert set(observer.account.notices) == {("lineage-1", 1)}
        observer.check()
    finally:
        observer.close()


def test_an_observer_that_cannot_read_says_so_to_whoever_waits(fresh: Broker) -> None:
    observer = Observer(fresh.bootstrap)
    try:
        with Producer(fresh.bootstrap) as producer:
            producer.send(REPORTS.name, b"key", b"\xff").result(30)
        with pytest.raises(Exception, match="wire-malformed"):
            settle(observer, 1, patience_seconds=30)
    finally:
        observer.close()
