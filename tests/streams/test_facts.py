"""From a settled document to the fact topics: the newest word of each source, and nothing from drills."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alerts.fact import Heartbeat
from alerts.report import OutcomeKind, Report
from alerts.road import RoadReport
from feeds.read import read
from streams.ingest.facts import Emitted, emitted, is_heartbeat, newest_at
from streams.wire import decode

NOW = datetime(2026, 9, 18, 9, 40, tzinfo=UTC)


def closure(minute: int = 0, *, heard: int = 0, **fields: Any) -> Report:
    at = (NOW + timedelta(minutes=minute)).isoformat()
    plain = {"shirase": "console/1", "kind": "closure", "id": "b", "by": "officer", "at": at, "point": [35.7, 139.8]}
    raw = json.dumps({**plain, **fields}).encode()
    return read(raw, name="x", received=NOW + timedelta(minutes=max(heard, minute)), feed="console")


def told(report: Report, known: dict[str, Any] | None = None, outcome: str = "informational") -> Emitted:
    return emitted(report, OutcomeKind(outcome), known or {})


def test_a_fact_goes_on_under_thing_and_source_with_a_heartbeat_beside_it() -> None:
    fact, beat = told(closure()).records
    assert (fact.topic.name, fact.key) == ("closures", b"b|console")
    assert decode(RoadReport, fact.value) == closure().facts.roads[0]
    assert is_heartbeat(beat.key)
    assert not is_heartbeat(fact.key)
    assert decode(Heartbeat, beat.value) == Heartbeat("console", NOW, NOW)


@pytest.mark.parametrize("outcome", ["drill", "held", "duplicate", "dead-letter"])
def test_what_is_no_live_document_changes_nothing(outcome: str) -> None:
    assert told(closure(), outcome=outcome) == Emitted((), {})


def test_within_a_source_the_newer_word_wins_whatever_comes_last() -> None:
    newer = told(closure(5, lifted=True))
    late = told(closure(0, heard=6), dict(newer.known))
    assert [is_heartbeat(record.key) for record in late.records] == [True]
    assert late.known == newer.known


def test_the_same_word_again_is_a_heartbeat_and_no_news() -> None:
    first = told(closure())
    again = told(closure(0, heard=7), dict(first.known))
    assert [is_heartbeat(record.key) for record in again.records] == [True]
    assert decode(Heartbeat, again.records[0].value).received_at == NOW + timedelta(minutes=7)


def test_other_words_of_the_same_moment_are_news() -> None:
    first = told(closure())
    assert len(told(closure(lifted=True), dict(first.known)).records) == 2


def test_all_sources_were_heard_up_to_the_oldest_of_their_heartbeats() -> None:
    beats = {name: Heartbeat(name, NOW, NOW - timedelta(minutes=age)) for name, age in (("a", 1), ("b", 9))}
    assert newest_at(beats) == NOW - timedelta(minutes=9)
    assert newest_at({}) is None
