"""Whether two words are about one road: what the console says of a place answers what was reported there before.

The same road id, or points a few steps apart. Direction of safety: a report that somebody made after the console's
word stands, and so does one that nobody can place.
"""

from collections.abc import Iterable

from alerts.road import RoadReport
from feeds.console import SOURCE
from routing.network import metres_between

# What a form carries of a point is rounded to a metre; the next street is further than this.
SAME_PLACE_M = 25.0


def is_answer(word: RoadReport) -> bool:
    """Say whether *word* is the console's own, and says that the road can be walked."""
    return word.attribution.source == SOURCE and word.lifted


def answered(report: RoadReport, answers: Iterable[RoadReport]) -> bool:
    """Say whether one of *answers* (of `is_answer`) is about the road of *report*, and not older than it."""
    return any(answer.attribution.fact_at >= report.attribution.fact_at and _same(report, answer) for answer in answers)


def _same(report: RoadReport, answer: RoadReport) -> bool:
    if not set(report.place.road_ids).isdisjoint(answer.place.road_ids):
        return True
    here, there = report.place.point, answer.place.point
    return here is not None and there is not None and metres_between(here, there) <= SAME_PLACE_M
