"""Read one JMA telegram to a report: header first, then its kind, then its body."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from alerts.alert import Alert, AlertInfo
from alerts.cap import MsgType, Severity, Status
from alerts.drill import drill_words
from alerts.expected import Expected
from alerts.report import Linkage, Report
from feeds.errors import JmaError
from feeds.jma import (
    advisories,
    bulletins,
    expected,
    intensity,
    landslide,
    river,
    tsunami,
    typhoon,
    volcano,
    warnings,
)
from feeds.jma.envelope import Envelope, InfoType, read_envelope, series_key
from feeds.jma.kinds import FORECASTS, TYPHOON, Family, family_of, informational_reason, kind_of
from feeds.jma.tree import child, descendants, text
from feeds.xml import Element

FEED = "jma"
SENDER = "jma.go.jp"
# The same code as the life cycle gives: one reason, whichever of the two finds the words.
DRILL_WORDS = "drill-words-under-actual"

_MESSAGE_TYPES = {
    InfoType.ISSUE: MsgType.ALERT,
    InfoType.DELAYED: MsgType.ALERT,
    InfoType.CORRECTION: MsgType.UPDATE,
    InfoType.CANCEL: MsgType.CANCEL,
}


def read_jma(root: Element, raw: bytes, *, received: datetime) -> Report:
    """Return what the telegram *root* (built from *raw*) says.

    A 取消 may have an empty body and is never looked into.
    """
    envelope = read_envelope(root)
    kind = kind_of(envelope.title)
    infos: tuple[AlertInfo, ...] = ()
    informational = informational_reason(kind)
    if not informational and envelope.info_type is not InfoType.CANCEL:
        infos, informational = _infos_of_status(family_of(kind), root, envelope)
    word = drill_words(_texts(root)) if envelope.status is Status.ACTUAL else None
    later: tuple[Expected, ...] = ()
    if infos or kind in FORECASTS:
        later = _expected(kind, child(root, "Body"), envelope)
        infos = tuple(_beginning(info, later, envelope) for info in infos)
    series = series_key(envelope.title, envelope.editorial_office, envelope.event_ids)
    alert = Alert(
        identifier=_identifier(kind, envelope),
        sender=SENDER,
        sent=envelope.sent,
        status=envelope.status,
        msg_type=_MESSAGE_TYPES[envelope.info_type],
        sent_text=envelope.sent_text,
        source=f"{envelope.title} {envelope.editorial_office} {envelope.reported_at.isoformat()}",
        note=envelope.info_type.value if envelope.info_type is not InfoType.ISSUE else "",
        incidents=envelope.event_ids,
        infos=infos,
        sender_name=envelope.publishing_office,
    )
    return Report(
        document=hashlib.sha256(raw).hexdigest(),
        feed=FEED,
        kind=kind,
        series=series,
        linkage=Linkage.SERIES,
        alert=alert,
        received=received,
        hold=DRILL_WORDS if word else "",
        informational=informational,
        expected=later,
    )


def _expected(kind: str, body: Element | None, envelope: Envelope) -> tuple[Expected, ...]:
    """Return what the telegram says of the hours to come; a cancelled one says nothing any more."""
    if envelope.info_type is InfoType.CANCEL:
        return ()
    if kind == TYPHOON:
        return typhoon.expected_of(body)
    match family_of(kind):
        case Family.RIVER:
            return river.expected_of(body)
        case Family.WARNING | Family.RECORDED:
            return expected.expected_of(body, envelope)
        case _:
            return ()


def _beginning(info: AlertInfo, later: tuple[Expected, ...], envelope: Envelope) -> AlertInfo:
    """Return *info* with the hour in which it begins, where the telegram names one for all of its areas."""
    if info.onset is not None or info.severity not in (Severity.SEVERE, Severity.EXTREME):
        return info
    return replace(info, onset=expected.onset_of(info.hazard, info.areas, later, envelope.sent))


def _infos_of_status(family: Family, root: Element, envelope: Envelope) -> tuple[tuple[AlertInfo, ...], str]:
    try:
        return _infos(family, root, envelope)
    except JmaError:
        # Status comes first: a drill stays a drill, however odd its body is.
        if envelope.status is not Status.ACTUAL:
            return (), ""
        raise


def _infos(family: Family, root: Element, envelope: Envelope) -> tuple[tuple[AlertInfo, ...], str]:
    body = child(root, "Body")
    match family:
        case Family.WARNING:
            return warnings.infos_of(body, envelope), ""
        case Family.LANDSLIDE:
            return landslide.infos_of(body, envelope), ""
        case Family.RIVER:
            return river.infos_of(child(root, "Head"), body, envelope), ""
        case Family.RECORD_RAIN:
            return advisories.record_rain(body, envelope), ""
        case Family.TORNADO:
            return advisories.tornado(body, envelope), ""
        case Family.INTENSITY:
            infos, reason = intensity.infos_of(body, envelope)
            # A correction that takes the strong shaking back is an all-clear to those who were told.
            return infos, "" if envelope.info_type is InfoType.CORRECTION else reason
        case Family.TSUNAMI:
            return tsunami.infos_of(body, envelope), ""
        case Family.VOLCANO:
            return volcano.warning(body, envelope), ""
        case Family.ERUPTION:
            return volcano.eruption(body, envelope), ""
        case Family.BULLETIN:
            infos, reason = bulletins.infos_of(child(root, "Head"), envelope)
            return infos, "" if envelope.info_type is InfoType.CORRECTION else reason
        case Family.RECORDED:
            raise JmaError("jma-kind", "a recorded kind has no reader")


def _identifier(kind: str, envelope: Envelope) -> str:
    # JMA numbers no telegram. These fields together name one; two contents under one name conflict.
    parts = (
        kind,
        envelope.title,
        envelope.editorial_office,
        " ".join(envelope.event_ids),
        envelope.sent_text,
        envelope.info_type.value,
        envelope.serial,
    )
    return "|".join(parts)


def _texts(root: Element) -> Iterator[str]:
    """Return what a person would read: titles, headline, sentences; never names or codes."""
    head = child(root, "Head")
    yield text(head, "Title")
    for element in descendants(root, "Text", "Notice", "FreeFormComment"):
        yield (element.text or "").strip()
