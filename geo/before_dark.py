"""Danger that is expected for the night is decided by daylight (R8).

Who leaves at three in the morning in a storm walks into it. Level 3 or above between 20:00 and 07:00 opens a
draft at least three hours before sunset, with sunset as its deadline.

Direction of safety: a draft that opens too early costs an officer a look.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from astral import Observer
from astral.sun import sunset

from alerts.level import Level
from alerts.place import LatLng

NIGHT_BEGINS, NIGHT_ENDS = time(20), time(7)
OPENS_BEFORE_SUNSET = timedelta(hours=3)
# No forecast of hours reaches further; a source that says "until next year" is not followed there.
MOST_NIGHTS = 7
FROM_LEVEL = Level.ELDERLY_LEAVE


@dataclass(frozen=True, slots=True)
class Expectation:
    """Danger of a level from *begins* on, until *ends* where the source says so."""

    level: Level
    begins: datetime
    ends: datetime | None = None


@dataclass(frozen=True, slots=True)
class NightDraft:
    """A draft to be decided before dark. `late` says that less than three hours are left.

    `night` is the date of its evening.
    """

    night: date
    deadline: datetime
    open_from: datetime
    late: bool
    reason: str


def night_draft(expected: Expectation, *, place: LatLng, zone: tzinfo, at: datetime) -> NightDraft | None:
    """Return the draft that *expected* opens at the time *at*, None where no night is concerned.

    The first night counts that the danger touches and that has not begun: once it has, it is no longer a
    matter of daylight, and the warning itself is told.
    """
    if expected.level < FROM_LEVEL:
        return None
    for evening in nights(expected, zone):
        deadline = sunset_at(place, evening, zone)
        if at < deadline:
            open_from = deadline - OPENS_BEFORE_SUNSET
            late = at > open_from
            reason = "late-for-three-hours-before-sunset" if late else "by-daylight"
            return NightDraft(evening, deadline, open_from, late, reason)
    return None


def nights(expected: Expectation, zone: tzinfo) -> Iterator[date]:
    """Yield the evening of each night that *expected* touches: of one, if it names no end."""
    begins = expected.begins.astimezone(zone)
    ends = expected.ends.astimezone(zone) if expected.ends is not None else begins
    # The small hours belong to the evening before.
    evening = begins.date() - timedelta(days=1) if begins.time() < NIGHT_ENDS else begins.date()
    for _ in range(MOST_NIGHTS):
        if ends < datetime.combine(evening, NIGHT_BEGINS, zone):
            return
        yield evening
        evening += timedelta(days=1)


def sunset_at(place: LatLng, day: date, zone: tzinfo) -> datetime:
    """Return the sunset of *day* at *place*; 18:00 where the sun does not set that day."""
    try:
        return sunset(Observer(place.lat, place.lng), date=day, tzinfo=zone).replace(microsecond=0)
    except ValueError:
        return datetime.combine(day, time(18), zone)
