"""A station as it stands, on `gauges`: what its stage keeps of it for those who look.

Apart from the agent that writes it, so that who only reads it need not load Faust.
"""

from dataclasses import dataclass
from datetime import datetime

from alerts.gauge import Doubt, GaugeReading, GaugeStation
from geo.gauges.doubt import Stage
from geo.gauges.forecast import Forecast
from geo.gauges.watch import Watched


@dataclass(frozen=True, slots=True)
class GaugeRecord:
    """Where a station stands, since when, and what may come. `forecasts` are ours and for coordinators only (R23)."""

    station: str
    described: GaugeStation | None
    level: int
    rose_at: datetime | None
    stage: Stage | None
    heard_at: datetime | None
    doubt: Doubt | None
    reason: str
    forecasts: tuple[Forecast, ...]
    others: tuple[GaugeReading, ...]


def gauge_record(name: str, watched: Watched) -> GaugeRecord:
    """Return what coordinators see of the station *name*."""
    state = watched.state
    return GaugeRecord(
        station=name,
        described=state.station,
        level=state.held.level,
        rose_at=state.held.rose_at,
        stage=state.stages[-1] if state.stages else None,
        heard_at=state.heard_at,
        doubt=state.doubt,
        reason=state.reason,
        forecasts=watched.forecasts,
        others=watched.others,
    )
