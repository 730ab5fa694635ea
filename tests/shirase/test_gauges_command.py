"""The board of gauges: a silent one stands there with its level."""

from datetime import timedelta

from geo.gauges.forecast import Forecast, Phase
from geo.gauges.watch import Watched
from shirase.commands.gauges import board
from streams.gauges.record import GaugeRecord, gauge_record
from tests.geo.gauges.rivers import NOON, STATION, run


def record(*values: tuple[float, float | None], forecasts: tuple[Forecast, ...] = ()) -> GaugeRecord:
    return gauge_record(STATION.id, Watched(run(values)[-1].state, forecasts=forecasts))


def test_a_silent_gauge_is_not_left_out() -> None:
    (line,) = board([record((0, 4.2))], NOON + timedelta(hours=10))
    assert line.startswith("level 4")
    for word in ("4.20 m", "silent", "10 h ago", STATION.name, STATION.id):
        assert word in line


def test_the_highest_level_comes_first_and_calm_ones_only_when_asked_for() -> None:
    records = [record((0, 0.5)), record((0, 2.5)), record((0, 5.0))]
    assert [line[:7] for line in board(records, NOON)] == ["level 5", "level 2"]
    assert len(board(records, NOON, everything=True)) == 3


def test_a_doubt_says_why() -> None:
    (line,) = board([record((0, 0.5), (1, 8.5))], NOON + timedelta(minutes=2))
    assert "doubtful" in line
    assert "too-fast: faster-than-a-river" in line
    assert "2 min ago" not in line
    assert "1 min ago" in line


def test_a_forecast_stands_with_its_uncertainty_and_for_whom_it_is() -> None:
    ahead = Forecast(NOON + timedelta(minutes=30), 30, 2.61, 2.5, 2.8, Phase.STEADY)
    _, line = board([record((0, 2.5), forecasts=(ahead,))], NOON)
    assert "for coordinators: in 30 min 2.61 m (2.50 to 2.80)" in line


def test_what_was_never_heard_says_so() -> None:
    (line,) = board([gauge_record("x:1", Watched())], NOON, everything=True)
    assert "never" in line
    assert "(not described)" in line
