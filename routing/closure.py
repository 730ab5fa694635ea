"""Road closures: what is confirmed blocks a way, what is only reported is shown with its age.

A false report must not move thousands of people, and a way past an unconfirmed report must say so.
A report names a place (`alerts.road`); a closure names the roads of the network that it blocks.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from alerts.fact import Attribution, Confidence
from alerts.road import RoadCause, RoadReport


class NotConfirmed(StrEnum):
    """Why a report stays a report."""

    NOBODY_CONFIRMED = "nobody-confirmed"
    LIFTED = "lifted"
    NO_ROAD_THERE = "no-road-there"
    ENDS_BEFORE_IT_BEGINS = "ends-before-it-begins"


@dataclass(frozen=True, slots=True)
class RoadClosure:
    """A report that somebody entitled stands behind, on the roads that it blocks.

    `valid_until` None means until it is lifted.
    """

    id: str
    road_ids: frozenset[str]
    cause: RoadCause
    attribution: Attribution
    valid_from: datetime
    valid_until: datetime | None = None
    name: str = ""

    def holds(self, at: datetime) -> bool:
        """Return whether the roads are closed at *at*."""
        return self.valid_from <= at and (self.valid_until is None or at < self.valid_until)


def close(report: RoadReport, road_ids: Iterable[str]) -> RoadClosure | NotConfirmed:
    """Return the closure of *road_ids* that *report* makes, or why it stays a report.

    *road_ids* are what the report's place means on this network (`routing.snap`).
    """
    if report.lifted:
        return NotConfirmed.LIFTED
    if report.attribution.confidence is Confidence.REPORTED:
        return NotConfirmed.NOBODY_CONFIRMED
    if report.valid_until is not None and report.valid_until <= report.valid_from:
        return NotConfirmed.ENDS_BEFORE_IT_BEGINS
    roads = frozenset(road_ids)
    if not roads:
        return NotConfirmed.NO_ROAD_THERE
    return RoadClosure(
        report.id, roads, report.cause, report.attribution, report.valid_from, report.valid_until, report.place.name
    )


def blocked_roads(closures: Iterable[RoadClosure], at: datetime) -> dict[str, RoadClosure]:
    """Return each road that is closed at *at*, with the first closure (by id) that closes it."""
    blocked: dict[str, RoadClosure] = {}
    for closure in sorted(closures, key=lambda closure: closure.id):
        if closure.holds(at):
            for road_id in closure.road_ids:
                blocked.setdefault(road_id, closure)
    return blocked
