"""The damped trend, and that it is shown only where it beat persistence."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.gauges.doubt import Stage
from geo.gauges.forecast import (
    CALIBRATED,
    DAMPING_MINUTES,
    HORIZONS_MINUTES,
    Calibration,
    Phase,
    carried_m,
    forecast,
    phase_of,
    slope_of,
)
from tests.geo.gauges.rivers import NOON

SHOWN = {(phase, minutes): Calibration(1.0, -0.1, 0.2, True) for phase in Phase for minutes in HORIZONS_MINUTES}


def stages(values: Sequence[float], every_minutes: float = 10) -> list[Stage]:
    return [Stage(NOON + timedelta(minutes=n * every_minutes), value) for n, value in enumerate(values)]


def test_the_trend_is_that_of_the_last_ninety_minutes() -> None:
    assert slope_of(stages([0.0] * 5 + [n * 0.1 for n in range(10)])) == pytest.approx(0.6)
    assert slope_of(stages([1.0, 2.0], 60)) == pytest.approx(1.0)


@pytest.mark.parametrize("past", [[], stages([1.0]), stages([1.0, 2.0], 3), stages([1.0, 2.0], 91)])
def test_without_a_past_there_is_no_trend_and_no_forecast(past: list[Stage]) -> None:
    assert slope_of(past) is None
    assert forecast(past, SHOWN) == ()


@pytest.mark.parametrize(("slope", "phase"), [
    (0.05, Phase.STEADY), (-0.05, Phase.STEADY), (0.06, Phase.RISING), (-0.06, Phase.FALLING),
])  # fmt: skip
def test_noise_is_no_trend(slope: float, phase: Phase) -> None:
    assert phase_of(slope) is phase


def test_a_forecast_has_its_uncertainty() -> None:
    found = forecast(stages([1.0, 1.1, 1.2]), SHOWN)
    assert [one.horizon_minutes for one in found] == [10, 30, 60]
    for one in found:
        assert one.low_m < one.stage_m < one.high_m
        assert one.phase is Phase.RISING
    assert found[0].at == NOON + timedelta(minutes=30)


@settings(deadline=None, derandomize=True)
@given(st.floats(-5, 5), st.integers(1, 600))
def test_the_trend_is_damped(slope: float, minutes: int) -> None:
    """It never carries further than half an hour of the slope: a rise does not go on for ever."""
    assert abs(carried_m(slope, minutes)) <= abs(slope) / 60 * min(minutes, DAMPING_MINUTES) + 1e-9


def test_what_did_not_beat_persistence_is_shown_to_nobody() -> None:
    hidden = {key: Calibration(1.0, -0.1, 0.2, False) for key in SHOWN}
    assert forecast(stages([1.0, 1.1, 1.2]), hidden) == ()
    assert forecast(stages([1.0, 1.1, 1.2]), {}) == ()


def test_on_the_rivers_measured_a_rise_is_not_forecast() -> None:
    assert {key for key, one in CALIBRATED.items() if one.shown} == {(Phase.STEADY, 30), (Phase.STEADY, 60)}
    assert forecast(stages([1.0, 1.1, 1.2])) == ()
