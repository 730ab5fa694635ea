"""A station that is watched: its readings in, messages out. What the gauges stage calls, and nothing else."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo

from alerts.alert import Alert
from alerts.gauge import GaugeReading, GaugeStation
from geo.gauges.doubt import Neighbour, Stage, asks_neighbours
from geo.gauges.forecast import CALIBRATED, Calibrations, Forecast, forecast
from geo.gauges.station import GaugeState, Step, is_stage, known_as, step
from geo.gauges.warning import Told, crossing, expected_crossing
from geo.river_zone import Endangered

# Policy goes by these: both are drafts, and the second is shown to coordinators only (R23).
OBSERVED_FEED, FORECAST_FEED = "gauge", "forecast"

AskNeighbours = Callable[[GaugeStation, datetime], Sequence[Neighbour]]
AskRiver = Callable[[GaugeStation], Endangered]


@dataclass(frozen=True, slots=True)
class Watched:
    """What is remembered of a station. `others` are its newest readings of rain and flow."""

    state: GaugeState = field(default_factory=GaugeState)
    told: Told | None = None
    foreseen: Told | None = None
    forecasts: tuple[Forecast, ...] = ()
    others: tuple[GaugeReading, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """One alert to be put on `telegrams`, and the feed that policy knows it by."""

    feed: str
    alert: Alert


@dataclass(frozen=True, slots=True)
class Heard:
    """What is remembered afterwards, what is to be said, and how each reading was judged."""

    watched: Watched
    messages: tuple[Message, ...]
    steps: tuple[Step, ...]


def hear(
    watched: Watched,
    station: GaugeStation | None,
    readings: Sequence[GaugeReading],
    *,
    neighbours: AskNeighbours,
    river: AskRiver,
    zone: tzinfo,
    calibrations: Calibrations = CALIBRATED,
) -> Heard:
    """Return what a record about one station leads to; *readings* are taken in the order of their times.

    The description of a station counts from this record on. A station that is not described yet is followed
    without thresholds, so that nothing is said of it until they are known.
    """
    state = known_as(watched.state, station) if station is not None else watched.state
    messages: list[Message] = []
    steps: list[Step] = []
    others = {reading.quantity: reading for reading in watched.others}
    after = replace(watched, state=state)
    for reading in sorted(readings, key=lambda one: one.attribution.fact_at):
        if not is_stage(reading):
            newest = others.get(reading.quantity)
            if newest is None or newest.attribution.fact_at <= reading.attribution.fact_at:
                others[reading.quantity] = reading
            continue
        described = after.state.station
        asked: Sequence[Neighbour] = ()
        if described is not None and asks_neighbours(reading, after.state.stages):
            asked = neighbours(described, reading.attribution.fact_at)
        stepped = step(after.state, reading, asked)
        steps.append(stepped)
        after = replace(after, state=stepped.state)
        if stepped.judged is not None and described is not None:
            after, said = _said(after, described, reading, river, zone, calibrations)
            messages += said
    return Heard(replace(after, others=tuple(others.values())), tuple(messages), tuple(steps))


def _said(
    watched: Watched,
    station: GaugeStation,
    reading: GaugeReading,
    river: AskRiver,
    zone: tzinfo,
    calibrations: Calibrations,
) -> tuple[Watched, list[Message]]:
    state, received = watched.state, reading.attribution.received_at
    stage: Stage = state.stages[-1]
    expected = forecast(state.stages, calibrations)
    watched = replace(watched, forecasts=expected)
    said: list[Message] = []
    if state.held.level < 2 and watched.told is None and not expected:
        return watched, said  # most readings of most stations: no need to ask for the river's ground
    ground = river(station)
    now = crossing(station, state.held.level, stage, received, watched.told, ground, zone)
    if now is not None:
        said.append(Message(OBSERVED_FEED, now.alert))
        watched = replace(watched, told=now.told)
    ahead = expected_crossing(station, state.held.level, expected, stage, received, watched.foreseen, ground, zone)
    if ahead is not None:
        said.append(Message(FORECAST_FEED, ahead.alert))
        watched = replace(watched, foreseen=ahead.told)
    return watched, said
