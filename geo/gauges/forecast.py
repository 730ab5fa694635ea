"""A short forecast of a stage with its uncertainty: a damped trend, and what its errors were on real rivers.

    stage(t + h) = stage(t) + gain · slope · T · (1 − e^(−h/T)),  T = 30 min

The slope is that of the last 90 minutes. Gain and error band belong to a horizon and to what the river does
(rising, steady, falling); they were measured on the first half of real readings and compared with persistence
on the second (`docs/gauge-forecast.md`). Where persistence was not beaten there, nothing is forecast: a
forecast that is worse than "as it is now" is shown to nobody.

For coordinators only (R23): in Japan a flood forecast for the public needs the JMA's permission.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from geo.gauges.doubt import Stage

HORIZONS_MINUTES = (10, 30, 60)
DAMPING_MINUTES = 30.0
# The trend of one reading is none, and that of another day is not this river's.
TREND_WINDOW = timedelta(minutes=90)
TREND_AT_LEAST = timedelta(minutes=5)
# Less than a hand in an hour is the sensor's noise and the wind.
STEADY_M_PER_HOUR = 0.05


class Phase(StrEnum):
    """What the river does now."""

    RISING = "rising"
    STEADY = "steady"
    FALLING = "falling"


@dataclass(frozen=True, slots=True)
class Calibration:
    """The trend's share at one horizon, the errors that it had (10 % and 90 %), and whether it is shown."""

    gain: float
    low_m: float
    high_m: float
    shown: bool


@dataclass(frozen=True, slots=True)
class Forecast:
    """The stage expected at `at`; eight of ten came between `low_m` and `high_m`."""

    at: datetime
    horizon_minutes: int
    stage_m: float
    low_m: float
    high_m: float
    phase: Phase


Calibrations = Mapping[tuple[Phase, int], Calibration]

# Written by `python -m load_tests.gauge_forecast`, which says on what; a test compares the two.
CALIBRATED: Calibrations = {
    (Phase.RISING, 10): Calibration(0.1, -3.471, -0.768, shown=False),
    (Phase.RISING, 30): Calibration(0.1, -5.163, 0.201, shown=False),
    (Phase.RISING, 60): Calibration(0.1, -0.156, 0.12, shown=False),
    (Phase.STEADY, 10): Calibration(0.1, -0.751, 0.01, shown=False),
    (Phase.STEADY, 30): Calibration(1, -0.011, 0.014, shown=True),
    (Phase.STEADY, 60): Calibration(1, -0.025, 0.015, shown=True),
    (Phase.FALLING, 10): Calibration(1, -2.171, -2.171, shown=False),
    (Phase.FALLING, 30): Calibration(0.2, -1.233, 2.889, shown=False),
    (Phase.FALLING, 60): Calibration(0.1, -0.213, 0.359, shown=False),
}


def slope_of(stages: Sequence[Stage]) -> float | None:
    """Return the trend of the newest of *stages* in metres an hour, None where there is none to see."""
    if not stages:
        return None
    newest = stages[-1]
    within = [stage for stage in stages[:-1] if TREND_AT_LEAST <= newest.at - stage.at <= TREND_WINDOW]
    if not within:
        return None
    oldest = within[0]
    return (newest.value_m - oldest.value_m) / ((newest.at - oldest.at).total_seconds() / 3600)


def phase_of(slope_m_per_hour: float) -> Phase:
    """Return what a river with this trend does."""
    if abs(slope_m_per_hour) <= STEADY_M_PER_HOUR:
        return Phase.STEADY
    return Phase.RISING if slope_m_per_hour > 0 else Phase.FALLING


def carried_m(slope_m_per_hour: float, horizon_minutes: float) -> float:
    """Return how far the damped trend carries the stage in *horizon_minutes*, for a gain of one."""
    return slope_m_per_hour / 60 * DAMPING_MINUTES * (1 - math.exp(-horizon_minutes / DAMPING_MINUTES))


def forecast(stages: Sequence[Stage], calibrations: Calibrations = CALIBRATED) -> tuple[Forecast, ...]:
    """Return what is expected of the newest of *stages*: nothing for a horizon where persistence was not beaten."""
    slope = slope_of(stages)
    if slope is None:
        return ()
    newest, phase = stages[-1], phase_of(slope)
    found = []
    for minutes in HORIZONS_MINUTES:
        calibration = calibrations.get((phase, minutes))
        if calibration is None or not calibration.shown:
            continue
        stage_m = newest.value_m + calibration.gain * carried_m(slope, minutes)
        found.append(
            Forecast(
                at=newest.at + timedelta(minutes=minutes),
                horizon_minutes=minutes,
                stage_m=round(stage_m, 3),
                low_m=round(stage_m + calibration.low_m, 3),
                high_m=round(stage_m + calibration.high_m, 3),
                phase=phase,
            )
        )
    return tuple(found)
