"""Times as strangers write them: with an offset, and within what can be reckoned with."""

from datetime import datetime

# Beyond these a time is a mistake or an attack, and adding a validity to it leaves the calendar. A year 9999
# that counted as the newest of its series would silence everything that comes after it.
FIRST_YEAR = 1900
LAST_YEAR = 2200


def in_range(at: datetime) -> bool:
    """Say whether *at* is a time that anything can be reckoned from."""
    return FIRST_YEAR <= at.year <= LAST_YEAR


def moment(text: str) -> datetime | None:
    """Return the time that *text* names in ISO 8601 with an offset, None where it names none in range."""
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return at if at.tzinfo is not None and in_range(at) else None
