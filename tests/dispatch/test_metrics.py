"""Every label value is there from the start, and none of them is a person's."""

from prometheus_client import CollectorRegistry, generate_latest

from alerts.claim import Lane
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
    assert names == {"outcome", "lane", "ward", "le", "reason"}
    assert b"dispatch_push_seconds_bucket" in generate_latest(registry)
