"""A made-up station and readings of it, for the tests of the judgement."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from alerts.fact import Attribution, Confidence
from alerts.gauge import Doubt, GaugeReading, GaugeStation, Quantity, Thresholds
from alerts.place import LatLng
from geo.gauges.station import GaugeState, Step, known_as, step

NOON = datetime(2026, 10, 12, 3, tzinfo=UTC)
STATION = GaugeStation(
    "test:A", "架空北橋", LatLng(35.777, 139.795), "999900000001", "", Thresholds(1.0, 2.0, 3.0, 4.0, 5.0)
)
NEW = known_as(GaugeState(), STATION)


def reading(
    value: float | None, minutes: float = 0.0, doubt: Doubt | None = None, station: str = STATION.id
) -> GaugeReading:
    at = NOON + timedelta(minutes=minutes)
    said = Attribution("test", at, at, Confidence.OFFICIAL)
    return GaugeReading(station, Quantity.STAGE_M, value, said, doubt)


def run(values: Iterable[tuple[float, float | None]], state: GaugeState = NEW) -> tuple[Step, ...]:
    """Return a step for each (minutes, value)."""
    steps = []
    for minutes, value in values:
        steps.append(step(state, reading(value, minutes)))
        state = steps[-1].state
    return tuple(steps)
