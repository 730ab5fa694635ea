"""A river telegram's stations: the water, the agency's forecast, and the thresholds it is read against."""

from pathlib import Path

import pytest

from alerts.river_stage import RiverStage, Trend, next_threshold, tells_more, thresholds_of, worst_of
from tests.feeds.telegrams import changed, raw_sample, read_bytes, read_sample

RIVER_WARNING = "16_02_01_220728_VXKOii"


def stations(report_stages: tuple[RiverStage, ...]) -> dict[str, RiverStage]:
    return {one.name: one for one in report_stages}


def test_a_forecast_has_its_stations_with_water_forecast_and_thresholds(shared_data: Path) -> None:
    (info,) = read_sample(shared_data, RIVER_WARNING).alert.infos
    first = stations(info.stages)["○○○水位観測所"]
    assert (first.now.stage_m, first.now.level, first.trend) == (143.0, 2, Trend.RISING)
    assert [stage.stage_m for stage in first.forecast] == [144.8, 145.0, 144.8, 144.9, 145.0, 145.0]
    assert [(stage.at - first.now.at).total_seconds() / 3600 for stage in first.forecast] == [1, 2, 3, 4, 5, 6]
    assert thresholds_of(first.thresholds) == ((1, 142.0), (2, 142.5), (3, 144.6), (4, 144.9))
    assert next_threshold(first) == (3, 144.6)
    assert first.peak.level == 4


def test_stations_that_share_a_code_keep_their_own_thresholds(shared_data: Path) -> None:
    (info,) = read_sample(shared_data, RIVER_WARNING).alert.infos
    dangers = {name: one.thresholds.danger_m for name, one in stations(info.stages).items()}
    assert dangers == {"○○○水位観測所": 144.9, "△△△水位観測所": 48.6, "□□□水位観測所": 23.1}


def test_what_was_not_computed_is_a_gap_and_no_zero(shared_data: Path) -> None:
    (info,) = read_sample(shared_data, RIVER_WARNING).alert.infos
    assert stations(info.stages)["△△△水位観測所"].forecast == ()


def test_a_station_without_water_now_is_left_out(shared_data: Path) -> None:
    raw = changed(raw_sample(shared_data, RIVER_WARNING), (">143.00<", "><"))
    (info,) = read_bytes(raw).alert.infos
    assert "○○○水位観測所" not in stations(info.stages)
    assert len(info.stages) == 2


@pytest.mark.parametrize("written", ["NaN", "inf", "１４３", "-", "１．２．３"])
def test_a_height_that_is_no_number_is_no_height(shared_data: Path, written: str) -> None:
    raw = changed(raw_sample(shared_data, RIVER_WARNING), (">143.00<", f">{written}<"))
    found = stations(read_bytes(raw).alert.infos[0].stages).get("○○○水位観測所")
    assert found is None or found.now.stage_m == 143.0


def test_the_worst_station_speaks_and_of_none_nobody(shared_data: Path) -> None:
    (info,) = read_sample(shared_data, RIVER_WARNING).alert.infos
    worst = worst_of(info.stages)
    assert worst is not None
    assert worst.name == "○○○水位観測所"
    assert worst_of(reversed(info.stages)) == worst
    assert worst_of(()) is None


def test_only_another_level_or_a_marked_move_is_worth_a_push(shared_data: Path) -> None:
    raw = raw_sample(shared_data, RIVER_WARNING)
    later = ("2019-05-27T09:00:00+09:00", "2019-05-27T09:30:00+09:00")
    told = worst_of(read_bytes(raw).alert.infos[0].stages)
    little = worst_of(read_bytes(changed(raw, later, (">143.00<", ">143.40<"))).alert.infos[0].stages)
    much = worst_of(read_bytes(changed(raw, later, (">143.00<", ">143.70<"))).alert.infos[0].stages)
    assert told is not None
    assert little is not None
    assert much is not None
    assert not tells_more(told, told)
    assert not tells_more(told, little)
    assert tells_more(told, much)
