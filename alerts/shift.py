"""Move the times of an old document, so that a replay can send it today.

All times of a document move by the same amount, and nothing else about it changes: a document that
was valid for three hours is valid for three hours. References are compared by the bytes of `sent`
as they were written, so they still resolve.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from alerts.alert import Alert, AlertInfo
from alerts.expected import Expected
from alerts.fact import Attribution
from alerts.report import Facts, Report
from alerts.road import RoadReport


def shifted(report: Report, by: timedelta) -> Report:
    """Return *report* with every time of its alert, its facts and its forecast moved by *by*; `received` stays."""
    if not by:
        return report
    return replace(
        report,
        alert=_shifted_alert(report.alert, by),
        facts=_shifted_facts(report.facts, by),
        expected=tuple(_shifted_expected(one, by) for one in report.expected),
    )


def _shifted_expected(one: Expected, by: timedelta) -> Expected:
    return replace(one, begins=one.begins + by, ends=None if one.ends is None else one.ends + by)


def _shifted_facts(facts: Facts, by: timedelta) -> Facts:
    """Return *facts* with their times moved: what was fresh in an old document is fresh in its replay.

    A fact of a list that says no time stays older than everything.
    """

    def moved(said: Attribution) -> Attribution:
        return said if said.fact_at.year <= 1970 else replace(said, fact_at=said.fact_at + by)

    def road(one: RoadReport) -> RoadReport:
        until = None if one.valid_until is None else one.valid_until + by
        return replace(one, attribution=moved(one.attribution), valid_from=one.valid_from + by, valid_until=until)

    return replace(
        facts,
        shelters=tuple(replace(one, attribution=moved(one.attribution)) for one in facts.shelters),
        roads=tuple(road(one) for one in facts.roads),
        incidents=tuple(replace(one, attribution=moved(one.attribution)) for one in facts.incidents),
        readings=tuple(replace(one, attribution=moved(one.attribution)) for one in facts.readings),
    )


def _shifted_alert(alert: Alert, by: timedelta) -> Alert:
    return replace(alert, sent=alert.sent + by, infos=tuple(_shifted_info(info, by) for info in alert.infos))


def _shifted_info(info: AlertInfo, by: timedelta) -> AlertInfo:
    def moved(at: datetime | None) -> datetime | None:
        return None if at is None else at + by

    return replace(info, effective=moved(info.effective), onset=moved(info.onset), expires=moved(info.expires))
