"""Every label value is there from the start, and none of them is a person's."""

from prometheus_client import CollectorRegistry, generate_latest

from alerts.claim import Lane
from dispatch.life import Age
from dispatch.metrics import DispatchMetrics
from dispatch.outcomes import PushOutcome


def test_every_outcome_in_every_lane_is_there_at_zero() -> None:
    registry = CollectorRegistry()
    DispatchMetrics(registry, wards=("13108",))
    for lane in Lane:
        for outcome in PushOutcome:
            labels = {"outcome": outcome.value, "lane": lane.value}
            assert registry.get_sample_value("dispatch_pushes_total", labels) == 0
    assert registry.get_sample_value("dispatch_ward_accepted_pushes_total", {"ward": "13108"}) == 0
    names = {label for metric in registry.collect() for sample in metric.samples for label in sample.labels}
    assert names == {"outcome", "lane", "ward", "le", "reason", "age"}
    assert b"dispatch_push_seconds_bucket" in generate_latest(registry)


def test_people_who_were_not_there_for_half_a_year_stand_apart_and_no_handful_is_shown() -> None:
    registry = CollectorRegistry()
    metrics = DispatchMetrics(registry)
    for age, count in ((Age.RECENT, 120), (Age.HALF_YEAR, 19), (Age.OLDER, 20)):
        metrics.people(age, count)
    shown = [
        registry.get_sample_value("dispatch_living_subscriptions", {"age": age})
        for age in ("under-30-days", "under-180-days", "older")
    ]
    assert shown == [120, 0, 20]
