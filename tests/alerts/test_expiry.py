"""When an order's ward is called because it runs out (R10), and whom that wakes."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.duty import EXPIRY_NOTICE, Duty, Roster, Shift, ladder, rungs, runs_out

ENDS = datetime(2026, 9, 18, 18, 0, tzinfo=UTC)
people = st.lists(st.sampled_from(["a", "b", "c", "d"]), unique=True, max_size=3).map(tuple)


def test_half_an_hour_before_and_for_hours_after_but_not_for_ever() -> None:
    for minutes, due in ((-31, False), (-30, True), (-1, True), (0, True), (359, True), (360, False)):
        assert runs_out(ENDS, ENDS + timedelta(minutes=minutes)) is due, minutes
    assert timedelta(minutes=30) == EXPIRY_NOTICE


@settings(deadline=None, derandomize=True)
@given(people, people, st.integers(0, 23))
def test_somebody_of_the_first_rung_is_always_woken_and_nobody_of_a_later_one(
    on_duty: tuple[str, ...], deputies: tuple[str, ...], hour: int
) -> None:
    duty = Duty({"13108": Roster("13108", on_duty, deputies, (Shift("night", 20, 8),))}, ("tokyo",))
    woken = rungs(duty, "13108", hour)[0]
    assert woken
    assert set(woken) <= set(ladder(duty, ("13108",), hour))
    assert {call.after_seconds for call in woken} == {0.0}
    assert len({call.rung for call in woken}) == 1


def test_a_ward_that_nobody_knows_wakes_the_metropolitan_officer() -> None:
    assert [call.person for call in rungs(Duty(metropolitan=("tokyo",)), "")[0]] == ["tokyo"]
