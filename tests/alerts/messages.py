"""Messages and reports for the tests of this folder."""

import hashlib
from datetime import UTC, datetime, timedelta

from alerts.alert import Alert, AlertInfo, Area, Geocode, Reference
from alerts.cap import Certainty, MsgType, ResponseType, Scope, Severity, Status, Urgency
from alerts.hazard import HazardKind
from alerts.report import Linkage, Report

NOON = datetime(2026, 9, 8, 3, 0, tzinfo=UTC)
SENDER = "river@example.tokyo"


def info(
    headline: str = "荒川の水位が上がっています", *, expires_minutes: int | None = 180, all_clear: bool = False
) -> AlertInfo:
    return AlertInfo(
        event="氾濫警戒情報",
        hazard=HazardKind.FLOOD,
        urgency=Urgency.EXPECTED,
        severity=Severity.SEVERE,
        certainty=Certainty.LIKELY,
        headline=headline,
        response_types=(ResponseType.ALL_CLEAR,) if all_clear else (),
        expires=None if expires_minutes is None else NOON + timedelta(minutes=expires_minutes),
        areas=(Area("江東区", geocodes=(Geocode("JMA.class20", "1310800"),)),),
    )


def alert(
    identifier: str,
    minutes: int,
    msg_type: MsgType = MsgType.ALERT,
    references: tuple[Alert, ...] = (),
    *,
    sender: str = SENDER,
    status: Status = Status.ACTUAL,
    scope: Scope = Scope.PUBLIC,
    infos: tuple[AlertInfo, ...] | None = None,
    note: str = "",
) -> Alert:
    sent = NOON + timedelta(minutes=minutes)
    return Alert(
        identifier=identifier,
        sender=sender,
        sent=sent,
        sent_text=sent.isoformat(),
        status=status,
        msg_type=msg_type,
        scope=scope,
        note=note,
        references=tuple(Reference(other.sender, other.identifier, other.sent_text) for other in references),
        infos=(info(),) if infos is None else infos,
    )


def report(
    message: Alert,
    *,
    linkage: Linkage = Linkage.REFERENCES,
    received_minutes: int = 60,
    hold: str = "",
    informational: str = "",
    series: str = "",
    raw: str = "",
) -> Report:
    return Report(
        document=hashlib.sha256((raw or repr(message)).encode()).hexdigest(),
        feed="cap" if linkage is Linkage.REFERENCES else "jma",
        kind="CAP-1.2" if linkage is Linkage.REFERENCES else "VPWW54",
        series=series or f"cap:{message.sender}",
        linkage=linkage,
        alert=message,
        received=NOON + timedelta(minutes=received_minutes),
        hold=hold,
        informational=informational,
    )
