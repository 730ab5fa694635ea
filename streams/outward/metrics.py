"""What the channels measure: closed lists of forms and states."""

from prometheus_client import CollectorRegistry, Counter, Gauge

from dispatch.channel import ChannelState
from feeds.outgoing.forms import Form


class OutwardMetrics:
    """Revisions by form and by where they stand."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._states = Counter(
            "channel_revisions_total",
            "Approved revisions that reached this state on a channel besides the fan-out.",
            ("form", "state"),
            registry=registry,
        )
        self._waiting = Gauge(
            "channel_waiting_records", "Revisions that have begun to leave and have no end yet.", registry=registry
        )
        self.digest_stops = Counter(
            "channel_digest_stops_total",
            "Notices that no channel was given, because they are not what was approved.",
            registry=registry,
        )
        for form in Form:
            for state in ChannelState:
                self._states.labels(form.value, state.value)

    def stands(self, form: Form, state: ChannelState) -> None:
        """Count a revision that has come to *state*."""
        self._states.labels(form.value, state.value).inc()

    def waiting(self, revisions: int) -> None:
        """Set how many have no end yet."""
        self._waiting.set(revisions)
