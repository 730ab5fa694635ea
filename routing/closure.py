"""Road reports and road closures: anybody may report, only the confirmed blocks a way.

A false report must not move thousands of people, and a way past an unconfirmed report must say so:
hence two types, and one function that turns the first into the second.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Reporter(StrEnum):
    """Who says that a road cannot be walked."""

    RESIDENT = "resident"
    FEED = "feed"
    TRUSTED_FEED = "trusted-feed"  # a source that policy names
    COORDINATOR = "coordinator"


class NotConfirmed(StrEnum):
    """Why a report stays a report."""

    NOBODY_CONFIRMED = "nobody-confirmed"


@dataclass(frozen=True, slots=True)
class RoadReport:
    """Somebody says that some roads cannot be walked."""

    id: str
    road_ids: frozenset[str]
    cause: str
    reporter: Reporter
    reported_at: datetime


@dataclass(frozen=True, slots=True)
class RoadClosure:
    """A report that somebody entitled stands behind, until it is lifted."""

    id: str
    road_ids: frozenset[str]
    cause: str
    confirmed_by: Reporter
    confirmed_at: datetime
    lifted_at: datetime | None = None


def confirm(report: RoadReport, by: Reporter, at: datetime) -> RoadClosure | NotConfirmed:
    """Return the closure that *by* makes of *report*, or why it stays a report."""
    if by not in (Reporter.COORDINATOR, Reporter.TRUSTED_FEED):
        return NotConfirmed.NOBODY_CONFIRMED
    return RoadClosure(report.id, report.road_ids, report.cause, by, at)


def blocked_roads(closures: Iterable[RoadClosure], at: datetime) -> dict[str, RoadClosure]:
    """Return each road that is closed at *at*, with the first closure (by id) that closes it."""
    blocked: dict[str, RoadClosure] = {}
    for closure in sorted(closures, key=lambda closure: closure.id):
        if closure.confirmed_at <= at and (closure.lifted_at is None or at < closure.lifted_at):
            for road_id in closure.road_ids:
                blocked.setdefault(road_id, closure)
    return blocked
