"""The official forecast of a river stands beside its warning, and comes from the agency's own telegram (R23)."""

from dataclasses import replace
from datetime import timedelta

from alerts.alert import Alert, AlertInfo, Geocode
from alerts.cap import Certainty, MsgType, Severity, Status, Urgency
from alerts.claim import Release
from alerts.hazard import HazardKind
from alerts.report import Linkage, OutcomeKind, Report
from api.live.facts import Section
from feeds.jma.river import PARAMETER_LEVEL_FORECAST, PARAMETER_LEVEL_NOW
from streams.payloads import ReportRecord
from streams.topics import REPORTS
from tests.api.evening import KOTO, NINE_PM, Evening, around, danger, provenance
from tests.api.live.test_board import Desk


def telegram(kind: str = "VXKO50", outcome: OutcomeKind = OutcomeKind.NOTICE) -> ReportRecord:
    info = AlertInfo(
        "氾濫危険情報", HazardKind.FLOOD, Urgency.IMMEDIATE, Severity.SEVERE, Certainty.LIKELY,
        headline="荒川では氾濫危険水位に到達",
        parameters=(Geocode(PARAMETER_LEVEL_NOW, "3"), Geocode(PARAMETER_LEVEL_FORECAST, "4")),
    )  # fmt: skip
    alert = Alert("flood-0", "jma", NINE_PM, Status.ACTUAL, MsgType.ALERT, infos=(info,))
    report = Report("flood-0", "jma", kind, "s", Linkage.SERIES, alert, NINE_PM)
    return ReportRecord(
        "r", "x.xml", "jma", kind, "flood-0", "s", outcome, "told", "", 4, ("flood",), (), "flood", 0, 1,
        Release.AUTOMATIC, "", NINE_PM, NINE_PM, report,
    )  # fmt: skip


def warned(desk: Desk) -> None:
    evening = Evening()
    evening.say(provenance(), [replace(danger(around(*KOTO, rings=2)), event="氾濫危険情報")])
    desk.tell(evening)


def test_an_official_river_telegram_says_the_level_now_and_the_one_that_is_forecast() -> None:
    desk = Desk()
    warned(desk)
    desk.hear(REPORTS.name, b"s", telegram())
    (shown,) = desk.said(Section.RIVER)["official_forecasts"]
    assert (shown["level"], shown["level_now"], shown["level_forecast"]) == (4, 3, 4)
    assert (shown["event"], shown["issuer"]) == ("氾濫危険情報", "気象庁")
    assert shown["headline"] == "荒川では氾濫危険水位に到達"


def test_a_telegram_that_comes_after_its_warning_is_shown_at_once() -> None:
    desk = Desk()
    warned(desk)
    (before,) = desk.said(Section.RIVER)["official_forecasts"]
    assert (before["level_now"], before["level_forecast"]) == (None, None)
    desk.hear(REPORTS.name, b"s", telegram())
    (after,) = desk.said(Section.RIVER, NINE_PM + timedelta(seconds=1))["official_forecasts"]
    assert after["level_forecast"] == 4


def test_neither_other_kinds_nor_what_was_not_told_is_read() -> None:
    desk = Desk()
    desk.hear(REPORTS.name, b"s", telegram("VPWW54"))
    desk.hear(REPORTS.name, b"s", telegram(outcome=OutcomeKind.HELD))
    desk.hear(REPORTS.name, b"s", telegram(outcome=OutcomeKind.DRILL))
    assert not desk.board.facts.rivers
