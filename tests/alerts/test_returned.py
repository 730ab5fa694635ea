"""The same order by another way is one order, however its places are written; other areas are for a person (R16)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.alert import AlertInfo, Area, Geocode
from alerts.cap import MsgType, ResponseType
from alerts.hazard import HazardKind
from alerts.level import Level
from alerts.report import Linkage, Report
from alerts.returned import (
    WHOLE,
    Judged,
    OrderSaid,
    Verdict,
    area_key,
    as_thread,
    from_plain,
    judge,
    orders_of,
    said_of,
    to_plain,
)
from tests.alerts.messages import alert, info, report

NOON = datetime(2026, 7, 1, 3, 0, tzinfo=UTC)


def says(
    *areas: str, thread: str = "a", feed: str = "dis", level: Level = Level.ALL_LEAVE, ends: bool = False
) -> Report:
    order = replace(
        info(),
        hazard=HazardKind.FLOOD,
        level=level,
        sender_name="江戸川区",
        response_types=(ResponseType.ALL_CLEAR if ends else ResponseType.EVACUATE,),
        areas=tuple(Area(name, geocodes=(Geocode("JIS.area-name", name),)) for name in areas),
    )
    return _report(order, thread=thread, feed=feed)


def _report(*infos: AlertInfo, thread: str, feed: str) -> Report:
    made = report(alert(f"{thread}|1", 0, infos=infos), linkage=Linkage.SERIES)
    return replace(made, thread=thread, serial=1, feed=feed, received=NOON)


def known(of: Report, minutes: int = 0) -> OrderSaid:
    return replace(said_of(of, of.thread, f"lineage-{of.thread}"), received=NOON - timedelta(minutes=minutes))


def verdict(before: Report, after: Report, minutes: int = 10) -> Judged:
    return judge((known(before, minutes),), {}, after, at=NOON)


def test_the_same_order_by_another_way_or_entered_twice_is_one() -> None:
    before = says("平井一丁目", "小松川")
    for again in (
        says("小松川", "平井1丁目", thread="b", feed="l-alert"),
        says("平井一丁目", "小松川", feed="l-alert"),
        says("東京都江戸川区 平井１丁目", "江戸川区小松川", thread="c"),
    ):
        assert verdict(before, again) == Judged(Verdict.RETURNED, "a", "lineage-a")


def test_after_two_hours_the_same_order_may_be_meant_again() -> None:
    again = says("平井", thread="b", feed="l-alert")
    assert verdict(says("平井"), again, 120).verdict is Verdict.RETURNED
    assert verdict(says("平井"), again, 121).verdict is Verdict.NEW


def test_an_order_that_agrees_and_overlaps_without_being_the_same_is_for_both_officers() -> None:
    found = verdict(says("平井", "小松川"), says("平井", "葛西", thread="b", feed="l-alert"))
    assert found.verdict is Verdict.AREAS_DIFFER
    assert found.detail == "level 4 flood: only before 小松川; only now 葛西"


@pytest.mark.parametrize(
    "other",
    [
        says("葛西", thread="b"),  # another part of the ward
        says("平井", thread="b", level=Level.SECURE_LIFE),
        says("平井", thread="b", ends=True),
    ],
)
def test_what_is_another_order_is_new(other: Report) -> None:
    assert verdict(says("平井"), other).verdict is Verdict.NEW


def test_the_whole_ward_overlaps_with_each_of_its_parts() -> None:
    whole = _report(
        replace(
            says("x").alert.infos[0],
            areas=(Area("江戸川区", geocodes=(Geocode("JMA.class20", "1312300"),)),),
        ),
        thread="b",
        feed="l-alert",
    )
    assert verdict(says("平井"), whole).verdict is Verdict.AREAS_DIFFER
    assert area_key(Area("江戸川区全域"), "江戸川区") == area_key(whole.alert.infos[0].areas[0], "") == WHOLE


def test_a_known_thread_goes_on_by_whatever_way() -> None:
    before, after = says("平井"), says("平井", "葛西", feed="l-alert")
    assert verdict(before, after).verdict is Verdict.UPDATE
    assert judge((known(before),), {"b": "a"}, says("平井", "葛西", thread="b"), at=NOON) == Judged(
        Verdict.UPDATE, "a", "lineage-a"
    )
    assert verdict(before, before).verdict is Verdict.UPDATE, "its own repetition is for its own life cycle"


def test_as_another_s_thread_it_has_no_number_of_its_own() -> None:
    moved = as_thread(says("平井", thread="b"), "a")
    assert (moved.thread, moved.serial) == ("a", 0)
    assert as_thread(moved, "a") is moved


def test_a_cancel_is_an_order_that_no_longer_holds_and_never_an_area_that_differs() -> None:
    cancel = replace(says(), alert=replace(says("平井").alert, msg_type=MsgType.CANCEL, infos=()), thread="b")
    assert orders_of(cancel) == {(0, "", False): frozenset({WHOLE})}
    assert verdict(says("平井"), cancel).verdict is Verdict.NEW


@pytest.mark.parametrize(
    ("digits", "kanji"), [("1丁目", "一丁目"), ("10丁目", "十丁目"), ("12丁目", "十二丁目"), ("20丁目", "二十丁目")]
)
def test_numbers_of_chome_are_the_same_in_both_scripts(digits: str, kanji: str) -> None:
    assert area_key(Area(digits), "江戸川区") == area_key(Area(kanji), "江戸川区")


PLACES = st.sets(st.sampled_from(("平井", "小松川", "葛西", "瑞江", "篠崎")), min_size=1, max_size=4)


@settings(deadline=None, derandomize=True)
@given(PLACES, PLACES, st.integers(0, 240), st.booleans())
def test_it_is_never_both_told_again_and_the_same(
    before: set[str], after: set[str], minutes: int, same_feed: bool
) -> None:
    again = says(*sorted(after), thread="b", feed="dis" if same_feed else "l-alert")
    found = verdict(says(*sorted(before)), again, minutes).verdict
    if minutes > 120 or before.isdisjoint(after):
        assert found is Verdict.NEW
    else:
        assert found is (Verdict.RETURNED if before == after else Verdict.AREAS_DIFFER)


@settings(deadline=None, derandomize=True)
@given(PLACES)
def test_what_is_kept_in_a_table_is_what_was_said(places: set[str]) -> None:
    said = known(says(*places))
    assert from_plain(to_plain(said)) == said
