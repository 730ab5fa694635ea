"""Readings and stations of a settled document on their way to the gauges: one record for each station."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from alerts.gauge import GaugeReading, GaugeStation
from alerts.report import Facts, OutcomeKind, Report
from streams.wire import encode

# A year of one station's readings in one document has 400 kB; the topic takes 1 MB.
READINGS_A_RECORD = 2_000
# What was heard before has gone on before; the rest of these say nothing that may be acted on.
_SILENT = frozenset({OutcomeKind.DRILL, OutcomeKind.HELD, OutcomeKind.DUPLICATE, OutcomeKind.DEAD_LETTER})


@dataclass(frozen=True, slots=True)
class StationFacts:
    """What one document says of one station: its description, its readings, or both."""

    station: GaugeStation | None
    readings: tuple[GaugeReading, ...]


def station_records(report: Report | None, outcome: OutcomeKind) -> Iterator[tuple[bytes, bytes]]:
    """Yield key and value for each station of *report*, its readings in the order of their times."""
    if report is None or outcome in _SILENT:
        return
    stations = {station.id: station for station in report.facts.stations}
    readings: dict[str, list[GaugeReading]] = {}
    for reading in report.facts.readings:
        readings.setdefault(reading.station, []).append(reading)
    for identity in sorted({*stations, *readings}):
        found = sorted(readings.get(identity, ()), key=lambda one: one.attribution.fact_at)
        for start in range(0, max(1, len(found)), READINGS_A_RECORD):
            facts = StationFacts(stations.get(identity), tuple(found[start : start + READINGS_A_RECORD]))
            yield identity.encode(), encode(facts)


def without_readings(report: Report | None) -> Report | None:
    """Return *report* as its record keeps it: readings are on their own topic, and by the ten thousand."""
    if report is None or not (report.facts.stations or report.facts.readings):
        return report
    facts: Facts = replace(report.facts, stations=(), readings=())
    return replace(report, facts=facts)
