"""A crossing as a CAP alert: area, text and clock, the same bytes each time, and never an order to leave."""

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from alerts.alert import PARAMETER_DECIDE_BY
from alerts.cap import Certainty, MsgType, ResponseType
from alerts.drill import drill_words_in
from alerts.gauge import Thresholds
from alerts.level import Level
from geo.cells import compact
from geo.cover import cover
from geo.gauges.doubt import Stage
from geo.gauges.forecast import Forecast, Phase
from geo.gauges.warning import (
    PARAMETER_TIE,
    RESTATE_AFTER,
    TOO_LATE,
    Told,
    Written,
    crossing,
    expected_crossing,
)
from geo.river_zone import NO_ZONES, Endangered, RiverTie, RiverZone, RiverZones, cells_endangered
from tests.geo.gauges.rivers import NOON, STATION

JAPAN = ZoneInfo("Asia/Tokyo")
ASSUMED = cells_endangered(NO_ZONES, STATION.river, near=STATION.point)
ZONE = RiverZone(STATION.river, "", "z", None, "a map", "2026-01-01", ASSUMED.cells[:40])
TIED = cells_endangered(RiverZones((ZONE,)), STATION.river)


def said(level: int, minutes: float = 0, told: Told | None = None, endangered: Endangered = ASSUMED) -> Written | None:
    at = NOON + timedelta(minutes=minutes)
    return crossing(STATION, level, Stage(at, float(level)), at, told, endangered, JAPAN)


def must(found: Written | None) -> Written:
    assert found is not None
    return found


def test_a_crossing_has_area_text_and_clock() -> None:
    found = must(said(4))
    (info,) = found.alert.infos
    assert (info.level, info.certainty) == (Level.ALL_LEAVE, Certainty.OBSERVED)
    assert "架空北橋の水位が氾濫危険水位に達しています。12日12時00分現在 4.00m（基準 4.00m）" in info.headline
    parameters = {one.value_name: one.value for one in info.parameters}
    assert parameters == {PARAMETER_DECIDE_BY: "2026-10-12T03:05+00:00", PARAMETER_TIE: "assumed"}
    assert "判断期限 12日12時05分" in info.description
    assert "仮定" in info.areas[0].description
    assert cover(info.areas[0].polygons) == ASSUMED.cells


def test_the_area_is_what_the_river_endangers() -> None:
    (area,) = must(said(3, endangered=TIED)).alert.infos[0].areas
    assert area.description == "999900000001の浸水想定区域"
    assert set(compact(ZONE.cells)) <= set(cover(area.polygons))
    assert TIED.tie is RiverTie.TABLE


def test_where_nothing_is_known_the_place_of_the_gauge_is() -> None:
    unknown = cells_endangered(NO_ZONES, "a river")
    (area,) = must(said(3, endangered=unknown)).alert.infos[0].areas
    assert area.circles[0].centre == STATION.point


@pytest.mark.parametrize("level", [2, 3, 4, 5])
def test_a_gauge_never_orders_anybody_to_leave(level: int) -> None:
    info = must(said(level)).alert.infos[0]
    assert not {ResponseType.EVACUATE, ResponseType.SHELTER, ResponseType.EXECUTE} & set(info.response_types)
    assert "避難の指示ではありません" in info.instruction
    assert drill_words_in(must(said(level)).alert) is None


@pytest.mark.parametrize("level", [0, 1])
def test_a_crisis_gauge_that_wakes_up_is_no_news(level: int) -> None:
    assert said(level) is None


def test_the_same_reading_gives_the_same_message() -> None:
    assert said(4) == said(4)
    assert must(said(4)).alert.identifier != must(said(5)).alert.identifier


def test_a_change_refers_to_what_was_said() -> None:
    first = must(said(3))
    raised = must(said(4, 10, first.told))
    assert (first.alert.msg_type, raised.alert.msg_type) == (MsgType.ALERT, MsgType.UPDATE)
    (reference,) = raised.alert.references
    assert (reference.identifier, reference.sent) == (first.alert.identifier, first.alert.sent_text)
    assert raised.alert.sender == first.alert.sender


def test_a_level_that_holds_is_said_again_before_its_message_runs_out() -> None:
    first = must(said(3))
    again = RESTATE_AFTER.total_seconds() / 60
    assert said(3, again - 1, first.told) is None
    assert must(said(3, again, first.told)).alert.msg_type is MsgType.UPDATE


def test_a_fall_below_what_is_told_ends_the_thread() -> None:
    first = must(said(3))
    ended = must(said(1, 400, first.told))
    assert ended.told is None
    assert ended.alert.infos[0].response_types == (ResponseType.ALL_CLEAR,)
    assert ended.alert.references[0].identifier == first.alert.identifier


def test_a_reading_of_hours_ago_opens_nothing() -> None:
    received = NOON + TOO_LATE + timedelta(minutes=1)
    assert crossing(STATION, 5, Stage(NOON, 5.0), received, None, ASSUMED, JAPAN) is None
    assert expected_crossing(STATION, 1, (), Stage(NOON, 5.0), received, None, ASSUMED, JAPAN) is None


# ------------------------------------------------------------------------------------------- forecast

SOON = Forecast(NOON + timedelta(minutes=30), 30, 3.02, 2.9, 3.2, Phase.RISING)
LATER = Forecast(NOON + timedelta(minutes=60), 60, 4.1, 3.8, 4.4, Phase.RISING)


def expected(held: int, *forecasts: Forecast, told: Told | None = None) -> Written | None:
    return expected_crossing(STATION, held, forecasts, Stage(NOON, 2.9), NOON, told, ASSUMED, JAPAN)


def test_the_first_horizon_that_crosses_is_the_clock() -> None:
    info = must(expected(2, SOON, LATER)).alert.infos[0]
    assert (info.level, info.onset, info.certainty) == (Level.ELDERLY_LEAVE, SOON.at, Certainty.POSSIBLE)
    assert "2.90〜3.20m" in info.headline, "the uncertainty is part of what is shown"
    assert {one.value for one in info.parameters} >= {"2026-10-12T03:30+00:00"}
    assert must(expected(3, SOON, LATER)).alert.infos[0].level is Level.ALL_LEAVE


def test_a_forecast_of_what_holds_is_no_news() -> None:
    assert expected(4, SOON, LATER) is None
    assert expected(2) is None
    assert expected(2, SOON, told=must(expected(2, SOON)).told) is None
    assert expected(2, LATER, told=must(expected(2, SOON)).told) is not None


def test_forecast_and_observation_are_two_threads() -> None:
    assert must(expected(2, SOON)).alert.sender != must(said(3)).alert.sender


def test_waking_up_is_not_forecast() -> None:
    waking = replace(SOON, stage_m=1.2)
    assert expected(0, waking) is None
    assert expected_crossing(
        replace(STATION, thresholds=Thresholds()), 0, (LATER,), Stage(NOON, 2.9), NOON, None, ASSUMED, JAPAN
    ) is None  # fmt: skip
