"""What the gauges stage measures: how stations are heard, and when each source last spoke."""

from collections.abc import Mapping
from enum import StrEnum

from prometheus_client import CollectorRegistry, Counter, Gauge

from alerts.gauge import Doubt
from geo.gauges.silence import Voice


class GaugeSource(StrEnum):
    """Sources of readings; whatever a deployment declares besides counts as OTHER."""

    CRISIS = "mlit-crisis"
    USGS = "usgs"
    EA = "uk-ea"
    AMEDAS = "amedas"
    CSV = "csv"
    OTHER = "other"


class GaugeMetrics:
    """Counters of the gauges stage, every label value present from the start."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._readings = Counter(
            "gauge_readings_total", "Readings by whether they were believed.", ("doubt",), registry=registry
        )
        self._stations = Gauge(
            "gauge_stations", "Stations by how they are heard; silent holds a level.", ("voice",), registry=registry
        )
        self._heard = Gauge(
            "gauge_source_heard_timestamp_seconds",
            "Unix time at which a source of readings was last heard; 0 for never.",
            ("source",),
            registry=registry,
        )
        for doubt in (None, *Doubt):
            self._readings.labels(_doubt_label(doubt))
        for voice in Voice:
            self._stations.labels(voice.value)
        for source in GaugeSource:
            self._heard.labels(source.value)

    def reading(self, doubt: Doubt | None) -> None:
        """Count one reading."""
        self._readings.labels(_doubt_label(doubt)).inc()

    def voices(self, counts: Mapping[Voice, int]) -> None:
        """Set how many stations are heard how."""
        for voice, count in counts.items():
            self._stations.labels(voice.value).set(count)

    def heard(self, source: str, at_unix_seconds: float) -> None:
        """Note that *source* spoke; an unknown one is OTHER, so that input cannot make new series."""
        label = GaugeSource(source) if source in set(GaugeSource) else GaugeSource.OTHER
        self._heard.labels(label.value).set(at_unix_seconds)


def _doubt_label(doubt: Doubt | None) -> str:
    return "none" if doubt is None else doubt.value
