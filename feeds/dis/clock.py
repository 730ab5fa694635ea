"""Times as Japanese offices write them: eras, 午前 and 午後, full-width digits, and the usual forms."""

import re
import unicodedata
from datetime import UTC, datetime, timedelta, timezone

JAPAN = timezone(timedelta(hours=9))
# A list that says no time is older than anything that says one, so that it never replaces it.
UNDATED = datetime(1970, 1, 1, tzinfo=UTC)

_ERAS = {"令和": 2018, "平成": 1988, "R": 2018, "H": 1988}
_DATE = re.compile(
    r"(?:(?P<era>令和|平成|[RH])(?P<era_year>元|\d{1,2})|(?P<year>\d{4}))\s*[年./-]\s*"
    r"(?P<month>\d{1,2})\s*[月./-]\s*(?P<day>\d{1,2})\s*日?"
)
_TIME = re.compile(
    r"[T\s]*(?P<half>午前|午後)?\s*(?P<hour>\d{1,2})\s*(?:時|:)\s*(?:(?P<minute>\d{1,2})\s*分?(?::(?P<second>\d{2}))?)?"
)


def time_of(text: str) -> datetime | None:
    """Return the moment that *text* names, or None where it names none.

    What gives no offset is Japanese time. A day without an hour is no moment: a list of "today" says nothing
    about when.
    """
    said = unicodedata.normalize("NFKC", text).strip()
    if not said or len(said) > 60:
        return None
    if not re.search(r"[年月日時令平午]", said):
        return _iso(said)
    date = _DATE.search(said)
    if date is None:
        return None
    time = _TIME.match(said, date.end())
    if time is None:
        return None
    hour, minute = int(time["hour"]), int(time["minute"] or 0)
    if time["half"]:
        if hour > 12:
            return None
        hour = hour % 12 + (12 if time["half"] == "午後" else 0)
    # 24時 is the end of a day, and the first moment of the next one.
    later = timedelta(days=1) if hour == 24 and minute == 0 else timedelta(0)
    try:
        at = datetime(_year(date), int(date["month"]), int(date["day"]), 0 if later else hour, minute, tzinfo=JAPAN)
        return at + later
    except (ValueError, OverflowError):
        return None


def _year(date: re.Match[str]) -> int:
    if date["year"]:
        return int(date["year"])
    return _ERAS[date["era"]] + (1 if date["era_year"] == "元" else int(date["era_year"]))


def _iso(said: str) -> datetime | None:
    usual = re.sub(r"^(\d{4})[/.](\d{1,2})[/.](\d{1,2})", lambda m: f"{m[1]}-{int(m[2]):02}-{int(m[3]):02}", said)
    usual = re.sub(r"^(\S+[ T])(\d):", r"\g<1>0\2:", usual)
    if not re.match(r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}", usual):
        return None
    try:
        at = datetime.fromisoformat(usual)
    except ValueError:
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=JAPAN)
    # The first and the last year of the calendar overflow as soon as somebody converts their zone.
    return at if 1900 <= at.year <= 9000 else None
