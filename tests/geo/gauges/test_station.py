"""What a station's readings do to its level: doubts, rises, falls, silence."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.gauge import Doubt, Thresholds
from geo.gauges.doubt import Neighbour, Stage, believe
from geo.gauges.level import FALL_AFTER_RISE, Held, Move, judge, level_at, threshold_m
from geo.gauges.silence import SILENT_AFTER, Voice, voice_of, voices
from geo.gauges.station import KEPT_STAGES, GaugeState, step
from tests.geo.gauges.rivers import NEW, NOON, STATION, reading, run


def moves(values: Sequence[tuple[float, float | None]]) -> list[Move]:
    return [one.judged.move for one in run(values) if one.judged and one.judged.move is not Move.HOLD]


def test_a_rise_is_told_by_the_very_reading_that_reaches_the_threshold() -> None:
    before, after = run([(0, 1.9), (10, 2.0)])
    assert (before.state.held.level, after.state.held.level) == (1, 2)
    assert after.judged is not None
    assert (after.judged.move, after.judged.reason) == (Move.RISE, "reached-level-2")


def test_a_rise_of_several_levels_is_one_move() -> None:
    assert moves([(0, 1.5), (10, 4.2)]) == [Move.RISE, Move.RISE]
    assert run([(0, 1.5), (10, 4.2)])[-1].state.held.level == 4


@settings(deadline=None, derandomize=True, max_examples=200)
@given(
    st.sampled_from([2.0, 3.0, 4.0]),
    st.lists(st.tuples(st.integers(1, 40), st.floats(-0.02, 0.02)), min_size=1, max_size=200),
)
def test_flapping_about_a_threshold_for_six_hours_makes_two_notices_at_most(
    about: float, swings: list[tuple[int, float]]
) -> None:
    minutes, values = 0.0, [(-10.0, about - 0.5)]
    for gap, swing in swings:
        minutes += gap
        if minutes > 360:
            break
        values.append((minutes, about * (1 + swing)))
    told = moves(values)[1:]  # the first reading of the station has its level too
    assert len(told) <= 2
    assert told.count(Move.RISE) <= 1


def test_flapping_for_days_is_two_notices_in_six_hours_whatever_its_period() -> None:
    for period in (7, 45, 90, 200, 400):
        values = [(float(m), 3.0 * (1.02 if (m // period) % 2 else 0.98)) for m in range(0, 3 * 24 * 60, 7)]
        at = [
            minutes
            for (minutes, _), one in zip(values, run(values), strict=True)
            if one.judged and one.judged.move is not Move.HOLD
        ]
        assert all(at[n + 2] - at[n] >= 360 for n in range(len(at) - 2))


def test_a_level_is_lowered_after_six_hours_and_one_of_calm() -> None:
    high = [(0.0, 3.1)]
    assert moves([*high, *((float(m), 2.5) for m in range(10, 359, 10))]) == [Move.RISE]
    late = [*high, *((float(m), 2.5) for m in range(10, 361, 10))]
    assert moves(late) == [Move.RISE, Move.FALL]
    assert run(late)[-1].state.held.level == 2


def test_a_level_is_not_lowered_within_the_margin_of_its_threshold() -> None:
    assert moves([(0.0, 3.1), *((float(m), 2.96) for m in range(10, 900, 10))]) == [Move.RISE]


def test_two_falls_wait_from_the_last_rise_on() -> None:
    falling = judge(Held(4, rose_at=NOON, below_since=NOON), 2.5, NOON + FALL_AFTER_RISE, STATION.thresholds)
    assert (falling.held.level, falling.held.rose_at) == (2, NOON)


@pytest.mark.parametrize(("value", "level"), [(0.9, 0), (1.0, 1), (2.99, 2), (3.0, 3), (4.0, 4), (99.0, 5)])
def test_levels_count_as_the_official_forecasts_do(value: float, level: int) -> None:
    assert level_at(value, STATION.thresholds) == level


def test_a_threshold_that_a_station_does_not_have_is_skipped() -> None:
    crisis = Thresholds(standby_m=1.0, overflow_m=3.0)
    assert [level_at(value, crisis) for value in (0.5, 2.9, 3.0)] == [0, 1, 5]
    assert threshold_m(crisis, 4) is None
    assert level_at(100.0, Thresholds()) == 0


# ---------------------------------------------------------------------------------------------- doubts


def test_eight_metres_in_a_minute_are_not_believed_until_the_next_reading_agrees() -> None:
    before, jump, confirmed = run([(0, 1.5), (1, 9.5), (2, 9.4)], NEW)
    assert (jump.belief.doubt, jump.state.held.level) == (Doubt.TOO_FAST, before.state.held.level)
    assert (confirmed.belief.reason, confirmed.state.held.level) == ("confirmed-by-the-next", 5)


def test_a_spike_leaves_no_trace() -> None:
    spike = run([(0, 1.5), (1, 9.5), (2, 1.5), (3, 1.6)])
    assert [one.belief.doubt for one in spike] == [None, Doubt.TOO_FAST, None, None]
    assert [one.state.held.level for one in spike] == [1, 1, 1, 1]


def test_a_sudden_fall_is_doubted_as_well() -> None:
    assert run([(0, 4.5), (1, 0.2)])[-1].belief.doubt is Doubt.TOO_FAST


CALM = (Neighbour("test:B", 0.0), Neighbour("test:C", 0.02))


@pytest.mark.parametrize(("neighbours", "doubt"), [
    (CALM, Doubt.NEIGHBOURS_DISAGREE),
    (CALM[:1], None),
    ((), None),
    ((*CALM, Neighbour("test:D", 0.3)), None),
    ((*CALM, Neighbour("test:D", -0.3)), Doubt.NEIGHBOURS_DISAGREE),
])  # fmt: skip
def test_a_rise_that_is_rare_is_asked_of_the_neighbours(neighbours: tuple[Neighbour, ...], doubt: Doubt | None) -> None:
    calm = run([(0, 1.5)])[-1].state
    assert step(calm, reading(4.1, 5), neighbours).belief.doubt is doubt


def test_neighbours_are_not_asked_about_what_a_river_does_by_itself() -> None:
    calm = run([(0, 1.5)])[-1].state
    assert step(calm, reading(2.8, 10), CALM).state.held.level == 2


@pytest.mark.parametrize("value", [10.1, 1747.88, -60.0])
def test_out_of_range_is_never_confirmed(value: float) -> None:
    steps = run([(0, 1.5), *((float(m), value) for m in range(10, 100, 10))])
    assert {one.belief.doubt for one in steps[1:]} == {Doubt.OUT_OF_RANGE}
    assert steps[-1].state.held.level == 1


def test_without_an_overflow_level_more_is_possible() -> None:
    assert believe(reading(13.9, 10), Thresholds(danger_m=4.0), (), None, None, 0).doubt is None
    assert believe(reading(14.1, 10), Thresholds(danger_m=4.0), (), None, None, 0).doubt is Doubt.OUT_OF_RANGE
    assert believe(reading(9000.0, 10), Thresholds(), (), None, None, 0).doubt is None


def test_the_same_value_for_six_hours_is_a_sensor_that_hangs() -> None:
    steps = run([(float(m), 3.2) for m in range(0, 370, 10)])
    assert steps[-1].belief.doubt is Doubt.STUCK
    assert steps[-1].state.held.level == 3, "it lowers nothing"
    assert steps[34].belief.doubt is None
    assert run([(0.0, 3.2), (400.0, 3.2)])[-1].belief.doubt is None, "two readings are not a stand-still"


def test_a_hanging_sensor_that_moves_again_is_believed_again() -> None:
    stuck = run([(float(m), 3.2) for m in range(0, 370, 10)])[-1].state
    assert step(stuck, reading(3.3, 380)).belief.doubt is None


@pytest.mark.parametrize(("late", "doubt"), [
    (reading(2.0, 0), Doubt.OUT_OF_ORDER),
    (reading(2.0, -5), Doubt.OUT_OF_ORDER),
    (reading(None, 5, Doubt.SENTINEL), Doubt.SENTINEL),
    (reading(None, 5), Doubt.SENTINEL),
    (reading(2.0, 5, Doubt.FUTURE), Doubt.FUTURE),
])  # fmt: skip
def test_what_says_nothing_changes_no_level(late: object, doubt: Doubt) -> None:
    state = run([(0, 3.2)])[-1].state
    stepped = step(state, late)  # type: ignore[arg-type]
    assert (stepped.belief.doubt, stepped.judged, stepped.state.held) == (doubt, None, state.held)


def test_a_reading_that_is_handled_twice_has_one_effect() -> None:
    once = run([(0, 1.5), (10, 3.2)])[-1].state
    assert step(once, reading(3.2, 10)).state == once


def test_a_doubt_of_hours_ago_confirms_nothing() -> None:
    state = run([(0, 1.5), (1, 9.5)])[-1].state
    assert step(state, reading(9.5, 181), CALM).belief.doubt is Doubt.NEIGHBOURS_DISAGREE


def test_a_state_stays_small() -> None:
    state = run([(float(m), 1.0 + m / 10_000) for m in range(500)])[-1].state
    assert len(state.stages) == KEPT_STAGES


# --------------------------------------------------------------------------------------------- silence


def test_ten_hours_of_silence_clear_nothing() -> None:
    state = run([(0, 4.5)])[-1].state
    later = NOON + timedelta(hours=10)
    assert (voice_of(state, later), state.held.level) == (Voice.SILENT, 4)
    # And when it speaks again, low, the fall has to wait its hour as any other.
    spoke = step(state, reading(0.5, 600))
    assert spoke.state.held.level == 4
    assert spoke.judged is not None
    assert spoke.judged.reason == "below-not-long-enough"


def test_a_crisis_gauge_that_is_silent_sleeps_and_is_not_calm_by_that() -> None:
    assert voice_of(GaugeState(), NOON) is Voice.ASLEEP
    low = run([(0, 0.5)])[-1].state
    assert voice_of(low, NOON + SILENT_AFTER) is Voice.ASLEEP
    assert voice_of(low, NOON) is Voice.SPEAKS


def test_a_sensor_that_fails_and_one_that_is_silent_are_two_things() -> None:
    failing = step(run([(0, 4.5)])[-1].state, reading(None, 5)).state
    assert voice_of(failing, NOON + timedelta(minutes=6)) is Voice.DOUBTFUL
    assert voices([failing, GaugeState()], NOON) == {
        Voice.SPEAKS: 0, Voice.DOUBTFUL: 1, Voice.SILENT: 0, Voice.ASLEEP: 1,
    }  # fmt: skip


def test_a_stage_is_kept_with_its_time() -> None:
    assert run([(0, 1.5)])[-1].state.stages == (Stage(NOON, 1.5),)
