"""Metrics of dispatch. Labels are enums and, for metering (R25), ward labels; never a person's."""

from bisect import bisect_left
from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from alerts.claim import Lane
from dispatch.life import LEAST_SHOWN, Age
from dispatch.outcomes import PushOutcome

# Around the budget's own thresholds: 2 s to the first POST, 10 s for a correction.
_PUSH_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0)


_AGES = {Age.RECENT: "under-30-days", Age.HALF_YEAR: "under-180-days", Age.OLDER: "older"}


class DispatchMetrics:
    """What a dispatch worker counts, every label value created at zero."""

    def __init__(self, registry: CollectorRegistry, wards: Iterable[str] = ()) -> None:
        self.pushes = Counter(
            "dispatch_pushes_total", "Pushes by what became of the POST.", ("outcome", "lane"), registry=registry
        )
        self.push_seconds = Histogram(
            "dispatch_push_seconds", "From hand-over to the answer.", buckets=_PUSH_BUCKETS, registry=registry
        )
        self.first_push_seconds = Histogram(
            "dispatch_first_push_seconds",
            "From the receipt of the document to the first accepted push of a notice.",
            ("lane",),
            buckets=_PUSH_BUCKETS,
            registry=registry,
        )
        self.selected = Counter(
            "dispatch_selected_rows_total", "Rows selected for a notice.", ("lane",), registry=registry
        )
        self.quieted = Counter(
            "dispatch_quieted_rows_total", "Rows that asked for quiet below level 3.", registry=registry
        )
        self.native = Gauge(
            "dispatch_native_info", "1 where C seals and frames pushes, 0 where Python does: slower.", registry=registry
        )
        self.in_flight = Gauge("dispatch_in_flight_requests", "Requests open now.", registry=registry)
        self.subscriptions = Gauge("dispatch_subscriptions", "Rows in the registry of this worker.", registry=registry)
        self._people = Gauge(
            "dispatch_living_subscriptions",
            "Residents of this worker by when they were last there; 0 stands for fewer than 20.",
            ("age",),
            registry=registry,
        )
        for age in Age:
            self._people.labels(_AGES[age])
        self.forgotten = Counter(
            "dispatch_forgotten_subscriptions_total", "Subscriptions a push service called gone.", registry=registry
        )
        self.gone_alarms = Counter(
            "dispatch_gone_alarms_total", "Push services that called too many gone at once.", registry=registry
        )
        self.ward_accepted = Counter(
            "dispatch_ward_accepted_pushes_total", "Accepted pushes by ward.", ("ward",), registry=registry
        )
        self.ward_bytes = Counter(
            "dispatch_ward_accepted_bytes", "Bytes of accepted pushes by ward.", ("ward",), registry=registry
        )
        self.select_seconds = Histogram(
            "dispatch_select_seconds", "From a notice to its rows.", buckets=_PUSH_BUCKETS, registry=registry
        )
        self.late = Counter(
            "dispatch_late_rows_total", "Rows of people who joined while a notice was in force.", registry=registry
        )
        self.pool_level = Gauge(
            "dispatch_pool_ratio",
            "Envelopes made ahead for each subscription, 0 to the depth wanted.",
            registry=registry,
        )
        self.pool_filling = Counter(
            "dispatch_pool_filling_seconds_total", "Processor time spent on envelopes made ahead.", registry=registry
        )
        self.hash_stops = Counter(
            "dispatch_hash_stops_total", "Notices stopped because they are not what was approved.", registry=registry
        )
        self.lane_stops = Counter(
            "dispatch_lane_stops_total",
            "Notices stopped because their lane is not that of their topic, or because drills have no key here.",
            ("reason",),
            registry=registry,
        )
        self.wrong_keys = Counter(
            "dispatch_wrong_key_rows_total",
            "Rows refused because they signed up with the key of another lane.",
            ("lane",),
            registry=registry,
        )
        for reason in ("other-lane", "no-key-of-the-lane"):
            self.lane_stops.labels(reason)
        for lane in Lane:
            self.wrong_keys.labels(lane.value)
            self.selected.labels(lane.value)
            self.first_push_seconds.labels(lane.value)
            for outcome in PushOutcome:
                self.pushes.labels(outcome.value, lane.value)
        for ward in wards:
            self.ward_accepted.labels(ward)
            self.ward_bytes.labels(ward)

    def answered_within(self, seconds: float, count: int) -> None:
        """Observe *count* answers that took the same time: as many calls cost a microsecond each."""
        histogram = self.push_seconds
        histogram._sum.inc(seconds * count)
        histogram._buckets[bisect_left(histogram._upper_bounds, seconds)].inc(count)

    def people(self, age: Age, count: int) -> None:
        """Set how many residents were last there so long ago; a handful is nobody's business (promise 15)."""
        self._people.labels(_AGES[age]).set(count if count >= LEAST_SHOWN else 0)
