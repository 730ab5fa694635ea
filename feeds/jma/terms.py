"""Times as the JMA writes them for people: a day of the month and a part of the day (「４日」「夜遅く」)."""

import re
from datetime import datetime, time, timedelta, timezone

from feeds.jma.tree import child, text
from feeds.xml import Element

JAPAN = timezone(timedelta(hours=9))
# 気象庁「時に関する用語」: a day has eight parts of three hours.
_PARTS = {
    "未明": 0,
    "明け方": 3,
    "朝": 6,
    "昼前": 9,
    "昼過ぎ": 12,
    "夕方": 15,
    "夜のはじめ頃": 18,
    "夜遅く": 21,
}
_PART = timedelta(hours=3)
_DAY, _HOUR = re.compile(r"^(\d{1,2})日$"), re.compile(r"^(\d{1,2})時頃$")
# A telegram speaks of yesterday evening at the earliest and of a few days to come.
_DAYS = range(-1, 8)
# 「以後も続く」: until the telegram that says otherwise, and no longer than one is believed without a word.
_GOES_ON = timedelta(hours=24)


def period_of(element: Element | None, reported_at: datetime) -> tuple[datetime, datetime] | None:
    """Return from when until when *element* (WarningPeriod) speaks; without a start it holds already.

    None where no end can be made out: nothing is guessed from half a time.
    """
    zone = child(element, "ZoneTime")
    first, last = (zone, zone) if zone is not None else (child(element, "StartTime"), child(element, "EndTime"))
    begins = reported_at if first is None else _moment(first, reported_at, end=False)
    if begins is None:
        return None
    if "続く" in text(element, "OverTime"):
        return begins, max(begins, reported_at) + _GOES_ON
    ends = _moment(last, reported_at, end=True)
    return None if ends is None or ends < begins else (begins, ends)


def _moment(term: Element | None, reported_at: datetime, *, end: bool) -> datetime | None:
    """Return the begin or the end of *term*: the whole part of the day belongs to it."""
    named, part = _DAY.match(text(term, "Date")), text(term, "Term")
    if named is None:
        return None
    today = reported_at.astimezone(JAPAN).date()
    number = int(named.group(1))
    day = next((today + timedelta(days=n) for n in _DAYS if (today + timedelta(days=n)).day == number), None)
    if day is None:
        return None
    midnight = datetime.combine(day, time(0), JAPAN)
    hour = _HOUR.match(part)
    if hour is not None:
        return midnight + timedelta(hours=int(hour.group(1)))
    if part not in _PARTS:
        return None
    return midnight + timedelta(hours=_PARTS[part]) + (_PART if end else timedelta())
