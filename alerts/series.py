"""Link telegrams by their series (JMA): each restates the whole of it, so the newest time wins.

Older ones are superseded. At the same time a correction (訂正) wins over what it corrects, a 取消 over both.
After an all-clear or a cancel the next telegram begins a new episode, which is a new lineage. Not the same
in every order, and said aloud: of two telegrams of one second the one that comes last stands.
"""

from dataclasses import replace
from datetime import UTC

from alerts.alert import Alert
from alerts.cap import MsgType
from alerts.lineage import (
    Accepted,
    Episode,
    SeriesState,
    content_of,
    having_seen,
    lineage_id,
    newest_expiry,
    says_all_clear,
)
from alerts.report import Outcome, OutcomeKind, Report

_CORRECTION = "訂正"


def accept_in_series(state: SeriesState, report: Report) -> Accepted:
    """Return what the telegram *report* does to the series that it restates."""
    alert = report.alert
    before = state.episode
    same_time = False
    rank = _series_rank(alert)
    content = content_of(alert)
    if before is not None and before.serial and report.serial:
        disputed = _by_serial(before, report, content)
        if disputed is not None:
            return Accepted(having_seen(state, report), disputed, before.lineage, before.revision)
    if before is not None:
        if (alert.sent, rank) < (before.sent, before.rank):
            outcome = Outcome(OutcomeKind.DUPLICATE, "superseded", before.sent.isoformat())
            return Accepted(having_seen(state, report), outcome, before.lineage, before.revision)
        if (alert.sent, rank) == (before.sent, before.rank):
            if content == before.content:
                outcome = Outcome(OutcomeKind.DUPLICATE, "same-message")
                return Accepted(state, outcome, before.lineage, before.revision)
            # Two telegrams of one second: the JMA gives no order, and to tell both is the lesser error.
            same_time = True
    going_on = before if before is not None and not before.ended else None
    cancelled = alert.msg_type is MsgType.CANCEL
    lifted = not cancelled and says_all_clear(alert)
    after = Episode(
        lineage=going_on.lineage if going_on else lineage_id(_thread_name(report), _first_time(alert)),
        identifier=alert.identifier,
        sent=alert.sent,
        rank=rank,
        content=content,
        ended="cancelled" if cancelled else "lifted" if lifted else "",
        told=going_on is not None or not (cancelled or lifted),
        revision=going_on.revision + 1 if going_on else 1,
        expires_at=newest_expiry(alert),
        serial=report.serial,
    )
    if cancelled:
        outcome = Outcome(OutcomeKind.CANCEL, "cancelled" if going_on else "original-not-sent")
    elif lifted:
        outcome = Outcome(OutcomeKind.UPDATE, "all-clear" if going_on else "all-clear-not-sent")
    elif going_on:
        reason = "same-time-restated" if same_time else "corrected" if rank else "restated"
        outcome = Outcome(OutcomeKind.UPDATE, reason)
    elif alert.msg_type is MsgType.UPDATE:
        outcome = Outcome(OutcomeKind.NOTICE, "original-unknown" if before is None else "new-episode")
    else:
        outcome = Outcome(OutcomeKind.NOTICE, "new" if before is None else "new-episode")
    return Accepted(having_seen(replace(state, episode=after), report), outcome, after.lineage, after.revision)


def _series_rank(alert: Alert) -> int:
    if alert.msg_type is MsgType.CANCEL:
        return 2
    return 1 if _CORRECTION in alert.note else 0


def _thread_name(report: Report) -> str:
    return f"{report.series}|{report.thread}" if report.thread else report.series


def _first_time(alert: Alert) -> str:
    return alert.sent.astimezone(UTC).isoformat()


def _by_serial(before: Episode, report: Report, content: str) -> Outcome | None:
    """Return what the source's own number says against *report*: it rises with each revision, and with time."""
    if report.serial < before.serial:
        return Outcome(OutcomeKind.DUPLICATE, "superseded", f"revision {before.serial} is known")
    if report.serial == before.serial:
        if content == before.content:
            return Outcome(OutcomeKind.DUPLICATE, "same-message")
        return Outcome(OutcomeKind.HELD, "revision-conflict", f"revision {report.serial} says two things")
    if report.alert.sent < before.sent:
        return Outcome(OutcomeKind.HELD, "revision-back-in-time", f"revision {report.serial} is older than the last")
    return None
