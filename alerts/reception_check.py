"""The visible check of reception: on two days a year everybody is sent a push that asks for nothing (R19).

It is real, and no drill: it goes where a warning would go, and says that nothing is to be done. It is known by its
lineage, which an approval covers: no other notice can be taken for one, and none of these for a danger. A version that
does not know it sends it as the routine notice that it is (R22).
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum
from typing import Any

from alerts.claim import Lane
from alerts.errors import CheckDaysError
from alerts.notice import Notice
from alerts.wording import JAPAN

_PREFIX = "check-"
_FIELDS = frozenset({"days", "issuer", "until_hour", "ward"})
_WARD_FIELDS = frozenset({"code", "days"})
# More often than this a browser takes the permission from a page that is not opened, and people stop looking.
MOST_DAYS = 2
# Nobody is to be woken by it, and a phone that is switched on in the evening still hears it.
_HOURS = (12, 21)


class NoCheck(StrEnum):
    """Why no check goes out; stable codes."""

    NO_DAY = "not-a-day-of-checks"
    DAY_OVER = "check-day-is-over"
    ORDER = "order-in-force"
    DANGER = "danger-in-force"
    WAITING = "danger-waits-for-a-person"
    SAME_PERSON = "check-confirmed-by-you"
    CHANGED = "check-is-never-changed"


@dataclass(frozen=True, slots=True)
class CheckDays:
    """The register: days as month and day, of the deployment and of wards by their code.

    A ward with days of its own is left out of those of the deployment. Every check ends at `until_hour` in Japan.
    """

    days: frozenset[tuple[int, int]] = frozenset()
    wards: Mapping[str, frozenset[tuple[int, int]]] = field(default_factory=dict)
    issuer: str = ""
    until_hour: int = 20

    def wards_on(self, day: date, all_wards: frozenset[str]) -> frozenset[str]:
        """Return which of *all_wards* have a check on *day*."""
        on = day.month, day.day
        return frozenset(code for code in all_wards if on in self.wards.get(code, self.days))

    def ends_at(self, day: date) -> datetime:
        """Return when a check of *day* ends."""
        return datetime.combine(day, time(self.until_hour), JAPAN)


def lineage_of(day: date) -> str:
    """Return the lineage of the check of *day*: one for all wards, so that nobody with two places is asked twice."""
    return _PREFIX + hashlib.sha256(day.isoformat().encode()).hexdigest()[:24]


def is_check(notice: Notice) -> bool:
    """Say whether *notice* is a visible check of reception."""
    return notice.lane is Lane.ROUTINE and notice.lineage.startswith(_PREFIX)


def days_from_plain(plain: Mapping[str, Any]) -> CheckDays:
    """Return the register in *plain*. Raises `CheckDaysError`, which names the row: a doubt refuses all of it."""
    unknown = sorted(set(plain) - _FIELDS)
    if unknown:
        raise CheckDaysError(f"{unknown[0]!r} is not a field here; known are {', '.join(sorted(_FIELDS))}")
    hour = plain.get("until_hour", 20)
    if isinstance(hour, bool) or not isinstance(hour, int) or not _HOURS[0] <= hour <= _HOURS[1]:
        raise CheckDaysError(f"until_hour is {hour!r}, a whole number from {_HOURS[0]} to {_HOURS[1]}")
    issuer = plain.get("issuer", "")
    if not isinstance(issuer, str):
        raise CheckDaysError(f"issuer is {issuer!r}, not a text; put it into quotes")
    days = _days(plain.get("days", []), "days")
    rows = plain.get("ward", [])
    if not isinstance(rows, list):
        raise CheckDaysError("ward is not a list: write [[ward]]")
    wards: dict[str, frozenset[tuple[int, int]]] = {}
    for number, row in enumerate(rows, start=1):
        code = row.get("code") if isinstance(row, Mapping) else None
        if not isinstance(row, Mapping) or set(row) - _WARD_FIELDS or not re.fullmatch(r"[0-9]{5}", str(code)):
            raise CheckDaysError(f"ward {number}: a row has code, five digits, and days")
        if str(code) in wards:
            raise CheckDaysError(f"ward {number}: {code} stands here twice; which of both holds?")
        wards[str(code)] = _days(row.get("days", []), f"ward {number}")
    if (days or any(wards.values())) and not issuer.strip():
        raise CheckDaysError("issuer is empty: a push without a sender's name is one that nobody trusts")
    return CheckDays(days, wards, issuer.strip(), hour)


def _days(rows: object, place: str) -> frozenset[tuple[int, int]]:
    if not isinstance(rows, list) or len(rows) > MOST_DAYS:
        raise CheckDaysError(f'{place}: at most {MOST_DAYS} days, e.g. ["05-20", "11-05"]')
    found = set()
    for row in rows:
        try:
            if not isinstance(row, str) or not re.fullmatch(r"\d\d-\d\d", row):
                raise ValueError(row)
            # A year without a 29 February: a day that is not there each year would be forgotten.
            day = date.fromisoformat(f"2001-{row}")
        except ValueError:
            raise CheckDaysError(f"{place}: {row!r} is no day of every year; write month and day, 11-05") from None
        found.add((day.month, day.day))
    return frozenset(found)
