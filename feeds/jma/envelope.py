"""Control and Head, read before anything else (standards: JMA disaster XML, 3, 5 and 6).

`Control/DateTime` is UTC with seconds and orders a series; `Head/ReportDateTime` is JST and only to
the minute. `EventID` may hold several ids (two earthquakes, one tsunami); the oldest comes first.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from alerts.cap import Status
from feeds.errors import JmaError
from feeds.jma.tree import child, descendants, text, words
from feeds.moment import in_range
from feeds.xml import Element


class InfoType(StrEnum):
    """What a telegram does to its series."""

    ISSUE = "発表"
    CORRECTION = "訂正"
    CANCEL = "取消"
    DELAYED = "遅延"  # sent late because of a fault; its content counts like an issue


_STATUS = {"通常": Status.ACTUAL, "訓練": Status.EXERCISE, "試験": Status.TEST}


@dataclass(frozen=True, slots=True)
class Envelope:
    """The header of one telegram."""

    title: str
    sent: datetime
    sent_text: str
    status: Status
    editorial_office: str
    publishing_office: str
    head_title: str
    reported_at: datetime
    target_at: datetime | None
    valid_until: datetime | None
    event_ids: tuple[str, ...]
    info_type: InfoType
    serial: str
    info_kind: str
    headline: str
    headline_places: tuple[tuple[str, str], ...]  # (name, code) of every area that the headline lists


def read_envelope(root: Element) -> Envelope:
    """Return the header of *root*; raise `JmaError` where it does not say what a series needs."""
    control = child(root, "Control")
    head = child(root, "Head")
    if control is None or head is None:
        raise JmaError("jma-no-header", "Control or Head is missing")
    status_text = text(control, "Status")
    if status_text not in _STATUS:
        raise JmaError("jma-status", f"Status is {status_text!r}")
    info_text = text(head, "InfoType")
    try:
        info_type = InfoType(info_text)
    except ValueError:
        raise JmaError("jma-info-type", f"InfoType is {info_text!r}") from None
    sent_text = text(control, "DateTime")
    title = text(control, "Title")
    if not title:
        raise JmaError("jma-no-title", "Control/Title is empty")
    headline = child(head, "Headline")
    return Envelope(
        title=title,
        sent=_moment(sent_text, "Control/DateTime"),
        sent_text=sent_text,
        status=_STATUS[status_text],
        editorial_office=text(control, "EditorialOffice"),
        publishing_office=" ".join(words(text(control, "PublishingOffice"))),
        head_title=text(head, "Title"),
        reported_at=_moment(text(head, "ReportDateTime"), "Head/ReportDateTime"),
        target_at=_optional(text(head, "TargetDateTime"), "Head/TargetDateTime"),
        valid_until=_optional(text(head, "ValidDateTime"), "Head/ValidDateTime"),
        event_ids=words(text(head, "EventID")),
        info_type=info_type,
        serial=text(head, "Serial"),
        info_kind=text(head, "InfoKind"),
        headline=text(headline, "Text"),
        headline_places=tuple((text(area, "Name"), text(area, "Code")) for area in descendants(headline, "Area")),
    )


def series_key(title: str, editorial_office: str, event_ids: tuple[str, ...]) -> str:
    """Return the key of a series. Of several event ids the first, which all its telegrams repeat."""
    return f"jma:{title}|{editorial_office}|{event_ids[0] if event_ids else ''}"


def _moment(written: str, where: str) -> datetime:
    try:
        at = datetime.fromisoformat(written)
    except ValueError:
        raise JmaError("jma-time", f"{where} is {written!r}") from None
    if at.tzinfo is None:
        raise JmaError("jma-time", f"{where} has no offset")
    if not in_range(at):
        raise JmaError("jma-time", f"{where} is in the year {at.year}")
    return at


def _optional(written: str, where: str) -> datetime | None:
    return _moment(written, where) if written else None
