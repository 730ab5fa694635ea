"""Whether what went out can be given a later end, and which one a form chose. Pure: the time is an argument."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from alerts.notice import Notice
from alerts.order_words import orders_to_leave
from alerts.wording import JAPAN
from feeds.console import LONGEST_ORDER

# What the buttons offer, in hours after the end that it has, or after now where that is past.
MORE_HOURS = (1, 3, 6)
_MINUTE = timedelta(minutes=1)


class NotExtended(StrEnum):
    """Why an order was not given a later end; stable codes."""

    UNKNOWN = "order-unknown"
    ENDED = "order-ended"
    NOT_OURS = "extended-by-its-source"
    NO_ORDER = "not-an-order"
    OTHER_WARD = "cells-beyond-your-ward"
    CHANGED = "order-changed"
    WAITS = "draft-waits"
    REHEARSED = "rehearsed"
    NO_TIME = "end-malformed"
    NOT_LATER = "end-not-later"
    TOO_LATE = "end-too-late"


def why_not_extended(newest: Notice | None, standing: Notice | None) -> NotExtended | None:
    """Return why a lineage cannot go on, or None; *newest* went out last, *standing* is what persons let go of it."""
    if newest is None:
        return NotExtended.UNKNOWN
    if standing is None:
        # What policy let out is its source's: it ends and renews it.
        return NotExtended.NOT_OURS if orders_to_leave(newest) else NotExtended.ENDED
    return None if orders_to_leave(standing) else NotExtended.NO_ORDER


def offered(notice: Notice, at: datetime) -> tuple[tuple[int, datetime], ...]:
    """Return the later ends that *notice* may be given by one button each: how many hours more, and until when."""
    start = _start(notice, at)
    ends = ((hours, start + timedelta(hours=hours)) for hours in MORE_HOURS)
    return tuple((hours, end) for hours, end in ends if end - at <= LONGEST_ORDER)


def wanted_end(form: Mapping[str, str], notice: Notice, at: datetime) -> datetime | NotExtended:
    """Return the end that *form* asks for: a moment (`until`), or the next time that a clock shows `clock`."""
    given = form.get("until", "").strip()
    try:
        until = datetime.fromisoformat(given) if given else _next(form.get("clock", ""), _start(notice, at))
    except (ValueError, OverflowError):
        return NotExtended.NO_TIME
    if until.tzinfo is None:
        return NotExtended.NO_TIME
    if until <= max(notice.expires, at):
        return NotExtended.NOT_LATER
    return NotExtended.TOO_LATE if until - at > LONGEST_ORDER else until


def is_end_of(form: Mapping[str, str], notice: Notice) -> bool:
    """Say whether *form* asks for the end that *notice* has: the same form again, after it was let go."""
    try:
        return datetime.fromisoformat(form.get("until", "")) == notice.expires
    except (ValueError, TypeError):
        return False


def _start(notice: Notice, at: datetime) -> datetime:
    """Return what an end is counted from, without seconds: nobody reads those."""
    start = max(notice.expires, at).astimezone(JAPAN)
    return start.replace(second=0, microsecond=0) + (_MINUTE if start.second or start.microsecond else timedelta(0))


def _next(clock: str, after: datetime) -> datetime:
    time = datetime.strptime(clock.strip(), "%H:%M")  # noqa: DTZ007 - the time of day only
    found = after.replace(hour=time.hour, minute=time.minute)
    return found if found > after else found + timedelta(days=1)
