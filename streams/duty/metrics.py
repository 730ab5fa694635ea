"""What the pager measures: calls by rung, way and end, and drafts that nobody decided in time."""

from prometheus_client import CollectorRegistry, Counter, Gauge

from alerts.duty import Rung
from dispatch.channel import ChannelState
from streams.duty.call_words import EXPIRY, TRIAL
from streams.duty.roster import Way


class PagerMetrics:
    """Calls and silences."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._calls = Counter(
            "duty_calls_total",
            "Calls to officers because a draft waits or an order runs out, by rung and by what became of them.",
            ("rung", "way", "state"),
            registry=registry,
        )
        self.silences = Counter(
            "duty_silences_total", "Drafts that nobody had decided in time; residents were told so.", registry=registry
        )
        self._oldest = Gauge(
            "duty_oldest_draft_seconds",
            "Age of the oldest draft that waits for a person; 0 for none.",
            registry=registry,
        )
        for rung in (*(one.value for one in Rung), EXPIRY, TRIAL):
            for way in Way:
                for state in (ChannelState.SENT, ChannelState.ACCEPTED, ChannelState.FAILED):
                    self._calls.labels(rung, way.value, state.value)

    def called(self, rung: str, way: str, state: ChannelState) -> None:
        """Count a call that has come to *state*."""
        self._calls.labels(rung, way, state.value).inc()

    def oldest(self, seconds: float) -> None:
        """Set the age of the oldest draft that waits."""
        self._oldest.set(seconds)
