"""Move the times of an old document, so that a replay can send it today.

All times of a document move by the same amount, and nothing else about it changes: a document that
was valid for three hours is valid for three hours. References are compared by the bytes of `sent`
as they were written, so they still resolve.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from alerts.alert import Alert, AlertInfo
from alerts.gauge import GaugeReading
from alerts.report import Facts, Report


def shifted(report: Report, by: timedelta) -> Report:
    """Return *report* with every time of its alert and its readings moved by *by*; `received` stays."""
    if not by:
        return report
    return replace(report, alert=_shifted_alert(report.alert, by), facts=_shifted_facts(report.facts, by))


def _shifted_facts(facts: Facts, by: timedelta) -> Facts:
    """Return *facts* with the times of its readings moved: a rise of last year is judged as one of today."""

    def moved(reading: GaugeReading) -> GaugeReading:
        attribution = reading.attribution
        return replace(reading, attribution=replace(attribution, fact_at=attribution.fact_at + by))

    return replace(facts, readings=tuple(moved(reading) for reading in facts.readings)) if facts.readings else facts


def _shifted_alert(alert: Alert, by: timedelta) -> Alert:
    return replace(alert, sent=alert.sent + by, infos=tuple(_shifted_info(info, by) for info in alert.infos))


def _shifted_info(info: AlertInfo, by: timedelta) -> AlertInfo:
    def moved(at: datetime | None) -> datetime | None:
        return None if at is None else at + by

    return replace(info, effective=moved(info.effective), onset=moved(info.onset), expires=moved(info.expires))
