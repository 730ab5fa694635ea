"""Metrics of the stream processes: every series is there from the start, and input cannot make new ones."""

import inspect
import re

from prometheus_client import CollectorRegistry, generate_latest

from alerts.notice import NoticeKind, Phase
from alerts.report import OutcomeKind
from geo import hazard_map
from streams.metrics import CLAIM_REASONS, HOP_BUCKETS_SECONDS, Feed, Hop, Role, StreamMetrics


def _fresh() -> tuple[CollectorRegistry, StreamMetrics]:
    registry = CollectorRegistry()
    return registry, StreamMetrics(registry)


def test_every_outcome_of_every_feed_starts_at_zero() -> None:
    registry, _ = _fresh()
    for feed in Feed:
        for outcome in OutcomeKind:
            labels = {"feed": feed.value, "outcome": outcome.value}
            assert registry.get_sample_value("ingest_documents_total", labels) == 0.0


def test_a_feed_that_nobody_knows_makes_no_new_series() -> None:
    registry, metrics = _fresh()
    before = generate_latest(registry).count(b"\n")
    metrics.document("https://evil.example/" + "x" * 1000, OutcomeKind.HELD)
    assert registry.get_sample_value("ingest_documents_total", {"feed": "other", "outcome": "held"}) == 1.0
    assert generate_latest(registry).count(b"\n") == before


def test_an_unexpected_failure_is_told_from_a_refusal() -> None:
    registry, metrics = _fresh()
    metrics.dead_letter("telegrams", "xml-too-deep")
    metrics.dead_letter("telegrams", "unexpected-KeyError")
    for cause in ("refused", "unexpected"):
        assert registry.get_sample_value("dead_letters_total", {"topic": "telegrams", "cause": cause}) == 1.0


def test_a_clock_that_runs_behind_counts_as_no_time() -> None:
    registry, metrics = _fresh()
    metrics.hop(Hop.CLAIMED_TO_MAPPED, -3.0)
    assert registry.get_sample_value("hop_seconds_sum", {"hop": "claimed-to-mapped"}) == 0.0


def test_the_budget_has_its_thresholds_among_the_buckets() -> None:
    assert {0.3, 2.0, 5.0, 10.0, 15.0, 60.0} <= set(HOP_BUCKETS_SECONDS)


def test_lag_starts_for_each_reader_of_each_topic() -> None:
    registry, metrics = _fresh()
    assert registry.get_sample_value("lag_records", {"role": "fanout", "topic": "notices"}) == 0.0
    metrics.lag(Role.HAZARDS, "claims", 7)
    assert registry.get_sample_value("lag_records", {"role": "hazards", "topic": "claims"}) == 7.0


def test_parts_of_notices_count_by_kind_and_phase() -> None:
    registry, metrics = _fresh()
    metrics.notice_part(NoticeKind.DANGER_IS_COMING, Phase.RAISED)
    assert registry.get_sample_value("notices_total", {"kind": "danger-is-coming", "phase": "raised"}) == 1.0


def test_the_reasons_of_claims_are_those_of_the_hazard_map() -> None:
    said = set(re.findall(r'"([a-z]+(?:-[a-z]+)*)"', inspect.getsource(hazard_map.apply).partition('"""')[2]))
    assert set(CLAIM_REASONS) - {"other"} == said


def test_a_hop_is_measured_by_the_stamp_of_the_stage_before() -> None:
    registry, metrics = _fresh()
    metrics.hop_since(Hop.CLAIMED_TO_MAPPED, b"1795000000000", 1_795_000_000.25)
    for nothing in (None, b"soon", b""):
        metrics.hop_since(Hop.CLAIMED_TO_MAPPED, nothing, 1_795_000_000.25)
    assert registry.get_sample_value("hop_seconds_sum", {"hop": "claimed-to-mapped"}) == 0.25
    assert registry.get_sample_value("hop_seconds_count", {"hop": "claimed-to-mapped"}) == 1.0
