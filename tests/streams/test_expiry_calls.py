"""R10: an order that runs out calls its ward's own rung, once; others only where no call got through."""

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.duty import Duty, Roster, Shift
from dispatch.channel import ChannelState
from streams.duty.expiry import ToCall, to_call
from streams.payloads import PageRecord

AT = datetime(2026, 9, 18, 11, 30, tzinfo=UTC)
NIGHT, DAY = Shift("night", 20, 8), Shift("day", 8, 20)
DUTY = Duty({"13108": Roster("13108", (), ("deputy",), (NIGHT, DAY)), "13123": Roster("13123", ("edo",))}, ("tokyo",))
WARD = ("13108",)


def page(person: str, state: ChannelState = ChannelState.ACCEPTED, ward: str = "13108") -> PageRecord:
    return PageRecord("expiry.order-1.1", ward, "on-duty", person, "webhook", state, "", 1, AT)


def people(found: ToCall) -> list[str]:
    return [call.person for call in found.calls]


def test_only_the_ward_that_ordered_and_only_those_on_duty_at_that_hour() -> None:
    assert people(to_call(DUTY, WARD, 22, ())) == ["night"]
    assert people(to_call(DUTY, ("13108", "13123"), 9, ())) == ["day", "edo"]


def test_an_order_of_no_ward_that_is_known_is_the_metropolitan_officers() -> None:
    assert people(to_call(DUTY, (), 9, ())) == ["tokyo"]
    assert people(to_call(DUTY, ("13199",), 9, ())) == ["tokyo"]


def test_who_was_called_before_the_shift_ended_is_enough_and_a_call_without_an_end_is_made_again() -> None:
    assert to_call(DUTY, WARD, 8, (page("night"),)) == ToCall(())
    cut_off = page("night", ChannelState.SENT)
    assert to_call(DUTY, WARD, 8, (cut_off,)) == ToCall((), (cut_off,))


def test_where_no_call_got_through_the_next_rung_is_called_and_at_last_tokyo() -> None:
    failed = page("night", ChannelState.FAILED)
    assert people(to_call(DUTY, WARD, 22, (failed,))) == ["deputy"]
    both = (failed, page("deputy", ChannelState.FAILED))
    assert people(to_call(DUTY, WARD, 22, both)) == ["tokyo"]
    all_three = (*both, page("tokyo", ChannelState.FAILED))
    assert to_call(DUTY, WARD, 22, all_three) == ToCall(())
    assert people(to_call(DUTY, ("13108", "13123"), 22, (replace(failed, ward="13123"),))) == ["night", "edo"]


@settings(deadline=None, derandomize=True)
@given(st.integers(0, 23), st.sets(st.sampled_from(("13108", "13123", "13199"))), st.data())
def test_somebody_is_always_called_and_nobody_who_has_answered(hour: int, wards: set[str], data: st.DataObject) -> None:
    first = to_call(DUTY, wards, hour, ())
    assert first.calls
    made = tuple(page(one.person, data.draw(st.sampled_from(list(ChannelState))), one.ward) for one in first.calls)
    later = to_call(DUTY, wards, (hour + 12) % 24, made)
    through = {one.ward for one in made if one.state is not ChannelState.FAILED}
    assert not {call.ward for call in later.calls} & through
    assert {one.person for one in later.unfinished} == {one.person for one in made if one.state is ChannelState.SENT}
