"""What a message does to its lineage: new, update, cancel, duplicate, held.

Two ways of linking (`Linkage`):

* REFERENCES (CAP): messages that name each other form one thread; `alerts.references` says what holds in it.
* SERIES (JMA): each telegram restates the whole series; `alerts.series` says which one stands.

What is remembered between messages is in `alerts.lineage`.

Revisions: a message's revision is its place in its thread by `sent`, and always higher than the
revision told before. In order of arrival the two are the same; when older messages come later, the
number on the wire may be lower than the place in `end_state`, but it never falls.

Not the same in every order, and said aloud each time: of two contents under one CAP identifier the
first stands and the second is held; of two JMA telegrams of one second the one that comes last stands;
a lineage whose beginning came last keeps the id it was told under.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alerts.cap import MsgType, Scope
from alerts.drill import drill_words_in, is_live_status
from alerts.lineage import (
    Accepted,
    SeriesState,
    ThreadStatus,
    content_of,
    having_seen,
    says_all_clear,
    series_from_plain,
    series_to_plain,
)
from alerts.references import MAX_ENTRIES, accept_by_references, judge, unlinkable
from alerts.report import Linkage, Outcome, OutcomeKind, Report
from alerts.series import accept_in_series

# Who has a message needs no other import than this module.
__all__ = [
    "CLOCK_SKEW",
    "MAX_ENTRIES",
    "Accepted",
    "EndState",
    "Force",
    "SeriesState",
    "ThreadStatus",
    "accept",
    "end_state",
    "in_force",
    "lineages",
    "push_is_live",
    "says_all_clear",
    "series_from_plain",
    "series_to_plain",
]

# Clocks of agencies and ours differ by seconds; more than this is a wrong clock or a forgery.
CLOCK_SKEW = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class EndState:
    """What holds in a lineage: the same for every order in which its messages came."""

    status: ThreadStatus
    head: str
    held: tuple[str, ...]
    members: tuple[str, ...]
    revision: int


@dataclass(frozen=True, slots=True)
class Force:
    """Whether what was told still holds, and why. Expiry alone never ends it (R10)."""

    in_force: bool
    reason: str


def accept(state: SeriesState, report: Report) -> Accepted:
    """Return what *report* does to its series, and the state of the series after it.

    Fails closed: what is unclear is held for a person and leaves no trace in the state.
    """
    alert = report.alert
    if not is_live_status(alert.status):
        return _outside(state, OutcomeKind.DRILL, f"status-{alert.status.value.lower()}")
    if report.hold:
        return _outside(state, OutcomeKind.HELD, report.hold)
    word = drill_words_in(alert)
    if word is not None:
        return _outside(state, OutcomeKind.HELD, "drill-words-under-actual", word)
    if not state.series:
        state = replace(state, series=report.series)
    repeated = _repeated(state, report)
    if repeated is not None:
        return repeated
    if report.informational:
        return _outside(having_seen(state, report), OutcomeKind.INFORMATIONAL, report.informational)
    if alert.msg_type in (MsgType.ACK, MsgType.ERROR):
        return _outside(state, OutcomeKind.INFORMATIONAL, f"msgtype-{alert.msg_type.value.lower()}")
    held = _implausible(report)
    if held is not None:
        return Accepted(state, held)
    if report.linkage is Linkage.SERIES:
        return accept_in_series(state, report)
    return accept_by_references(state, report)


def push_is_live(expires_at: datetime, at: datetime) -> bool:
    """Return whether a push may still leave at *at*. Says nothing about the order (R10)."""
    return at < expires_at


def in_force(state: SeriesState, lineage: str, at: datetime) -> Force:
    """Return whether the newest message of *lineage* holds at *at*.

    Errs towards "still in force": only an all-clear or a cancel that names the newest revision ends
    it. Past its expiry it reads "lapsed-not-renewed" and counts as in force (R10).
    """
    episode = state.episode
    if episode is not None and episode.lineage == lineage:
        if episode.ended:
            return Force(False, episode.ended)
        return Force(True, _age(episode.expires_at, at))
    members = [entry for entry in state.entries if entry.lineage == lineage]
    if not members:
        return Force(False, "unknown-lineage")
    verdict = judge(members)
    if verdict.status is ThreadStatus.DISPUTED:
        return Force(True, "cancel-disputed")
    if verdict.status is not ThreadStatus.LIVE or verdict.head is None:
        return Force(False, verdict.status.value)
    return Force(True, _age(verdict.head.expires_at, at))


def end_state(state: SeriesState, lineage: str) -> EndState:
    """Return what holds in *lineage*, in terms that do not depend on the order of arrival."""
    episode = state.episode
    if episode is not None and episode.lineage == lineage:
        status = {"": ThreadStatus.LIVE, "lifted": ThreadStatus.LIFTED, "cancelled": ThreadStatus.CANCELLED}
        return EndState(status[episode.ended], episode.identifier, (), (episode.identifier,), 0)
    members = sorted((entry for entry in state.entries if entry.lineage == lineage), key=lambda entry: entry.rank)
    verdict = judge(members)
    head = verdict.head
    return EndState(
        verdict.status,
        head.identifier if head else "",
        tuple(entry.identifier for entry in verdict.held),
        tuple(entry.identifier for entry in members),
        1 + members.index(head) if head else 0,
    )


def lineages(state: SeriesState) -> tuple[str, ...]:
    """Return the lineages that *state* still knows, oldest first."""
    known = dict.fromkeys(entry.lineage for entry in state.entries)
    if state.episode is not None:
        known[state.episode.lineage] = None
    return tuple(known)


def _outside(state: SeriesState, kind: OutcomeKind, reason: str, detail: str = "") -> Accepted:
    return Accepted(state, Outcome(kind, reason, detail))


def _repeated(state: SeriesState, report: Report) -> Accepted | None:
    if report.document in state.seen:
        lineage = state.episode.lineage if state.episode else ""
        return Accepted(state, Outcome(OutcomeKind.DUPLICATE, "same-document"), lineage)
    for entry in state.entries:
        if entry.document == report.document:
            return Accepted(state, Outcome(OutcomeKind.DUPLICATE, "same-document"), entry.lineage)
        if report.linkage is Linkage.REFERENCES and entry.identifier == report.alert.identifier:
            if entry.content == content_of(report.alert):
                return Accepted(state, Outcome(OutcomeKind.DUPLICATE, "same-message"), entry.lineage)
            outcome = Outcome(OutcomeKind.HELD, "identifier-conflict", "same identifier, other content")
            return Accepted(state, outcome, entry.lineage)
    return None


def _implausible(report: Report) -> Outcome | None:
    alert = report.alert
    if alert.scope is not Scope.PUBLIC:
        return Outcome(OutcomeKind.HELD, "scope-not-public", alert.scope.value)
    if alert.sent > report.received + CLOCK_SKEW:
        return Outcome(OutcomeKind.HELD, "sent-in-future", alert.sent.isoformat())
    if alert.msg_type is not MsgType.CANCEL:
        # A Cancel may repeat the times of what it cancels: they say nothing about itself.
        for info in alert.infos:
            if info.expires is not None and info.expires < alert.sent:
                return Outcome(OutcomeKind.HELD, "expires-before-sent", info.expires.isoformat())
    if report.linkage is Linkage.SERIES or alert.msg_type is MsgType.ALERT:
        return None
    return unlinkable(alert)


def _age(expires_at: datetime | None, at: datetime) -> str:
    return "lapsed-not-renewed" if expires_at is not None and at >= expires_at else "in-force"
