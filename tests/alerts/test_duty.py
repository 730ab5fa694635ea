"""The ladder of calls: always somebody, nobody twice, and an end."""

from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.duty import Call, Duty, Roster, Rung, SilenceRule, in_wards, is_silent, ladder
from alerts.level import Level

KOTO = Roster("13108", ("koto-1",), ("koto-2", "koto-3"))
EDOGAWA = Roster("13123", ("edogawa-1",))
DUTY = Duty({"13108": KOTO, "13123": EDOGAWA}, ("tokyo",), 60.0)


def test_the_ladder_of_a_ward_ends_with_the_metropolitan_officer() -> None:
    assert ladder(DUTY, ["13108"]) == (
        Call(0.0, "13108", Rung.ON_DUTY, "koto-1"),
        Call(60.0, "13108", Rung.DEPUTIES, "koto-2"),
        Call(60.0, "13108", Rung.DEPUTIES, "koto-3"),
        Call(120.0, "13108", Rung.METROPOLITAN, "tokyo"),
    )


def test_the_metropolitan_officer_is_woken_with_the_first_where_it_is_asked_for() -> None:
    calls = ladder(DUTY, ["13108", "13123"], metropolitan_at_once=True)
    assert {call.person for call in calls if call.after_seconds == 0} == {"koto-1", "edogawa-1", "tokyo"}
    assert {call.person for call in calls if call.after_seconds == 60} == {"koto-2", "koto-3"}


def test_a_rung_without_people_costs_no_minute() -> None:
    assert [(call.after_seconds, call.person) for call in ladder(DUTY, ["13123"])] == [
        (0.0, "edogawa-1"),
        (60.0, "tokyo"),
    ]


def test_a_ward_that_has_not_joined_goes_to_the_metropolitan_officer_at_once() -> None:
    assert ladder(DUTY, ["13199"]) == (Call(0.0, "13199", Rung.METROPOLITAN, "tokyo"),)
    assert ladder(DUTY, []) == (Call(0.0, "", Rung.METROPOLITAN, "tokyo"),)


@settings(deadline=None, derandomize=True)
@given(
    st.lists(st.sampled_from("abcdef"), max_size=3, unique=True),
    st.lists(st.sampled_from("abcdef"), max_size=3, unique=True),
    st.lists(st.sampled_from("abcdef"), min_size=1, max_size=2, unique=True),
    st.sets(st.sampled_from(["13108", "13123"]), max_size=2),
)
def test_somebody_is_woken_at_once_and_nobody_twice(
    on_duty: list[str], deputies: list[str], metropolitan: list[str], wards: set[str]
) -> None:
    duty = Duty({"13108": Roster("13108", tuple(on_duty), tuple(deputies))}, tuple(metropolitan))
    calls = ladder(duty, wards)
    people = [call.person for call in calls]
    assert calls[0].after_seconds == 0.0
    assert len(people) == len(set(people))
    assert set(metropolitan) <= set(people)
    assert max(call.after_seconds for call in calls) <= 2 * duty.rung_seconds


def test_silence_is_a_matter_of_level_and_time() -> None:
    rule = SilenceRule()
    assert not is_silent(rule, Level.ALL_LEAVE, 299.0)
    assert is_silent(rule, Level.ALL_LEAVE, 300.0)
    assert not is_silent(rule, Level.ELDERLY_LEAVE, 3000.0)
    assert not is_silent(rule, None, 3000.0)
    assert not is_silent(SilenceRule(on=False), Level.SECURE_LIFE, 3000.0)


@settings(deadline=None, derandomize=True)
@given(
    st.dictionaries(st.sampled_from(["13108", "13123"]), st.integers(60, 600)),
    st.sets(st.sampled_from(["13108", "13123", "13199"])),
)
def test_of_several_wards_the_one_that_waits_least_holds_and_nothing_else_changes(
    own: dict[str, int], wards: set[str]
) -> None:
    usual = SilenceRule()
    found = in_wards(usual, own, wards)
    assert found.after_seconds in {usual.after_seconds, *own.values()}
    assert all(found.after_seconds <= own.get(ward, usual.after_seconds) for ward in wards)
    assert (found.min_level, found.on) == (usual.min_level, usual.on)
    assert in_wards(usual, {}, wards) == in_wards(usual, own, ()) == usual
