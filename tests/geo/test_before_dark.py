"""A typhoon that peaks at three in the morning is decided by daylight (R8)."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from alerts.level import Level
from alerts.place import LatLng
from geo.before_dark import Expectation, night_draft, nights, sunset_at

TOKYO, JAPAN = LatLng(35.69, 139.75), ZoneInfo("Asia/Tokyo")


def typhoon(day: date, level: Level = Level.ALL_LEAVE) -> Expectation:
    peak = datetime.combine(day + timedelta(days=1), time(3), JAPAN)
    return Expectation(level, peak - timedelta(hours=4), peak + timedelta(hours=3))


@pytest.mark.parametrize(("day", "dusk"), [
    (date(2026, 6, 20), time(18, 59, 37)),
    (date(2026, 10, 12), time(17, 9, 53)),
], ids=["June", "October"])  # fmt: skip
def test_the_draft_opens_three_hours_before_sunset_with_sunset_as_its_deadline(day: date, dusk: time) -> None:
    announced = datetime.combine(day, time(11), JAPAN)
    draft = night_draft(typhoon(day), place=TOKYO, zone=JAPAN, at=announced)
    assert draft is not None
    assert draft.deadline == datetime.combine(day, dusk, JAPAN)
    assert not draft.late
    assert draft.deadline - announced >= timedelta(hours=3)
    # What is decided by then is told by then: not between 22:00 and 05:00.
    assert draft.deadline.astimezone(JAPAN).time() < time(22)


def test_a_warning_of_the_afternoon_opens_its_draft_at_once_and_says_that_it_is_late() -> None:
    day = date(2026, 10, 12)
    draft = night_draft(typhoon(day), place=TOKYO, zone=JAPAN, at=datetime.combine(day, time(16), JAPAN))
    assert draft is not None
    assert (draft.late, draft.reason) == (True, "late-for-three-hours-before-sunset")


@pytest.mark.parametrize("at", [time(18), time(23, 59)])
def test_after_sunset_it_is_no_matter_of_daylight(at: time) -> None:
    day = date(2026, 10, 12)
    assert night_draft(typhoon(day), place=TOKYO, zone=JAPAN, at=datetime.combine(day, at, JAPAN)) is None


def test_level_two_opens_nothing() -> None:
    day = date(2026, 6, 20)
    noon = datetime.combine(day, time(12), JAPAN)
    assert night_draft(typhoon(day, Level.CHECK_ACTION), place=TOKYO, zone=JAPAN, at=noon) is None


@pytest.mark.parametrize(("begins", "ends", "evening"), [
    ("2026-06-21T03:00", None, date(2026, 6, 20)),
    ("2026-06-21T06:59", None, date(2026, 6, 20)),
    ("2026-06-21T07:00", None, None),
    ("2026-06-20T19:59", None, None),
    ("2026-06-20T12:00", "2026-06-20T19:59", None),
    ("2026-06-20T12:00", "2026-06-20T20:00", date(2026, 6, 20)),
    ("2026-06-20T12:00", "2026-06-22T12:00", date(2026, 6, 20)),
])  # fmt: skip
def test_the_night_is_from_twenty_to_seven(begins: str, ends: str | None, evening: date | None) -> None:
    def local(text: str) -> datetime:
        return datetime.fromisoformat(text).replace(tzinfo=JAPAN).astimezone(UTC)

    expected = Expectation(Level.ELDERLY_LEAVE, local(begins), local(ends) if ends else None)
    assert next(nights(expected, JAPAN), None) == evening


def test_a_danger_of_days_is_of_the_next_night_that_has_not_begun() -> None:
    begins, ends = (datetime.combine(date(2026, 6, day), time(12), JAPAN) for day in (20, 22))
    expected = Expectation(Level.ELDERLY_LEAVE, begins, ends)
    assert list(nights(expected, JAPAN)) == [date(2026, 6, 20), date(2026, 6, 21)]
    in_the_night = datetime.combine(date(2026, 6, 21), time(3), JAPAN)
    draft = night_draft(expected, place=TOKYO, zone=JAPAN, at=in_the_night)
    assert draft is not None
    assert draft.night == date(2026, 6, 21)
    assert night_draft(replace(expected, ends=in_the_night), place=TOKYO, zone=JAPAN, at=in_the_night) is None


def test_where_the_sun_does_not_set_there_is_a_deadline_all_the_same() -> None:
    svalbard = LatLng(78.2, 15.6)
    assert sunset_at(svalbard, date(2026, 6, 20), JAPAN).time() == time(18)
