"""Link messages by their references (CAP): those that name each other form one thread.

What holds in a thread is a function of the SET of its messages, so that the order of arrival cannot matter:
the newest Alert or Update is its head; a Cancel ends what it names and whatever is older than that, also
when it comes first; what is newer than anything it names is held for a person, neither told nor killed.
Not the same in every order: a lineage whose beginning came last keeps the id it was told under.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from alerts.alert import Alert, Reference
from alerts.cap import MsgType
from alerts.lineage import (
    Accepted,
    Entry,
    SeriesState,
    Thread,
    ThreadStatus,
    content_of,
    lineage_id,
    newest_expiry,
    says_all_clear,
)
from alerts.report import Outcome, OutcomeKind, Report

# A sender's memory: 500 messages are days of a busy office, and about 150 kB of state.
MAX_ENTRIES = 500


def accept_by_references(state: SeriesState, report: Report) -> Accepted:
    """Return what the message *report* does to the thread that its references put it in."""
    new = _entry(report)
    members = _thread_of((*state.entries, new), new)
    by_key = {entry.key: entry for entry in members}
    names = {entry.lineage for entry in members if entry.lineage}
    old = [thread for thread in state.threads if thread.lineage in names]
    verdict = judge(members)

    def newest_told(thread: Thread) -> tuple[bool, bool, tuple[datetime, int, int, str]]:
        standing = by_key.get(thread.standing)
        return standing is not None, thread.told, standing.rank if standing else new.rank

    kept = max(old, key=newest_told) if old else None
    if kept is None:
        kept = Thread(lineage_id(report.series, _first_key(report.alert, new)), told=False, standing="", revision=0)
    merged = tuple(thread for thread in old if thread.lineage != kept.lineage)
    known_original = any(key in by_key for key in new.references)
    outcome = _outcome(verdict, new, kept, known_original)
    lets_out = outcome.kind in (OutcomeKind.NOTICE, OutcomeKind.UPDATE, OutcomeKind.CANCEL)
    revision = max(thread.revision for thread in (kept, *merged))
    if lets_out:
        place = sum(1 for entry in members if entry.rank <= new.rank)
        revision = max(place, revision + 1)
    standing = kept.standing
    if outcome.kind in (OutcomeKind.NOTICE, OutcomeKind.UPDATE):
        standing = new.key
    elif outcome.kind is OutcomeKind.CANCEL:
        standing = ""
    after = Thread(
        kept.lineage,
        told=any(thread.told for thread in (kept, *merged)) or outcome.kind in (OutcomeKind.NOTICE, OutcomeKind.UPDATE),
        standing=standing,
        revision=revision,
    )
    keys = set(by_key)
    entries = tuple(
        replace(entry, lineage=kept.lineage) if entry.key in keys else entry for entry in (*state.entries, new)
    )
    threads = (*(thread for thread in state.threads if thread.lineage not in names), after)
    replaced = tuple(thread.lineage for thread in merged if thread.standing)
    return Accepted(
        _pruned(replace(state, entries=entries, threads=threads)), outcome, kept.lineage, revision, replaced
    )


def unlinkable(alert: Alert) -> Outcome | None:
    """Return why the references of *alert*, an Update or a Cancel, cannot be followed; None where they can."""
    if not alert.references:
        return Outcome(OutcomeKind.HELD, f"{alert.msg_type.value.lower()}-without-references")
    for reference in alert.references:
        if reference.sender != alert.sender:
            return Outcome(OutcomeKind.HELD, "sender-mismatch", "it names another sender's message")
        if reference.identifier == alert.identifier or _named_at(reference, alert) > _written_at(alert):
            # Every cycle has a link that does not point back in time.
            return Outcome(OutcomeKind.HELD, "references-cycle", "it names itself or a later message")
    return None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What holds in a thread, its head, and what waits for a person."""

    status: ThreadStatus
    head: Entry | None
    held: tuple[Entry, ...]


def judge(members: Iterable[Entry]) -> Judgement:
    """Return what holds among *members*. A function of the set, blind to the order of arrival."""
    ordered = sorted(members, key=lambda entry: entry.rank)
    speaking = [entry for entry in ordered if entry.msg_type is not MsgType.CANCEL]
    named = [entry.cancels_to for entry in ordered if entry.cancels_to is not None]
    if not speaking:
        return Judgement(ThreadStatus.CANCELLED if named else ThreadStatus.UNKNOWN, None, ())
    head = speaking[-1]
    if named:
        newer = tuple(entry for entry in speaking if entry.written_at > max(named))
        return Judgement(ThreadStatus.DISPUTED if newer else ThreadStatus.CANCELLED, None if newer else head, newer)
    return Judgement(ThreadStatus.LIFTED if head.all_clear else ThreadStatus.LIVE, head, ())


def _written_at(alert: Alert) -> datetime:
    """Return the time that the message itself carries: references repeat that, also in a replay."""
    return _instant(alert.sent_text) or alert.sent


def _named_at(reference: Reference, alert: Alert) -> datetime:
    # A time that cannot be read says nothing: the reference then links, but orders nothing.
    return _instant(reference.sent) or _written_at(alert)


def _instant(text: str) -> datetime | None:
    try:
        time = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return time.astimezone(UTC) if time.tzinfo is not None else None


def _key(identifier: str, sent_text: str) -> str:
    time = _instant(sent_text)
    return f"{identifier}\x1f{time.isoformat() if time else sent_text.strip()}"


def _entry(report: Report) -> Entry:
    alert = report.alert
    linked = alert.msg_type is not MsgType.ALERT  # msgType decides everything
    references = alert.references if linked else ()
    return Entry(
        key=_key(alert.identifier, alert.sent_text or alert.sent.isoformat()),
        identifier=alert.identifier,
        written_at=_written_at(alert).astimezone(UTC),
        msg_type=alert.msg_type,
        references=tuple(_key(reference.identifier, reference.sent) for reference in references),
        cancels_to=(
            max(_named_at(reference, alert) for reference in references).astimezone(UTC)
            if alert.msg_type is MsgType.CANCEL
            else None
        ),
        content=content_of(alert),
        document=report.document,
        all_clear=bool(alert.infos) and says_all_clear(alert),
        expires_at=newest_expiry(alert),
        lineage="",
    )


def _thread_of(entries: Sequence[Entry], start: Entry) -> list[Entry]:
    """Return the messages linked to *start* by references, also through one that nobody has seen."""
    by_key: dict[str, list[Entry]] = {}
    for entry in entries:
        for key in (entry.key, *entry.references):
            by_key.setdefault(key, []).append(entry)
    found: dict[str, Entry] = {start.key: start}
    waiting = [start]
    while waiting:
        entry = waiting.pop()
        for key in (entry.key, *entry.references):
            for other in by_key.get(key, ()):
                if other.key not in found:
                    found[other.key] = other
                    waiting.append(other)
    return list(found.values())


def _first_key(alert: Alert, new: Entry) -> str:
    """Return the earliest message that *alert* names: most senders list all, so it is the original."""
    if not new.references:
        return new.key
    named = zip(alert.references, new.references, strict=True)
    return min((_named_at(reference, alert), key) for reference, key in named)[1]


def _outcome(verdict: Judgement, new: Entry, kept: Thread, known_original: bool) -> Outcome:
    cancel = new.msg_type is MsgType.CANCEL
    if verdict.status is ThreadStatus.DISPUTED:
        if cancel:
            return Outcome(OutcomeKind.HELD, "cancel-of-older-revision", "newer revisions are not named by it")
        if new in verdict.held:
            return Outcome(OutcomeKind.HELD, "revision-after-cancel", "a cancel does not name it")
        return Outcome(OutcomeKind.DUPLICATE, "cancelled-already")
    if verdict.status is ThreadStatus.CANCELLED:
        if kept.standing:
            return Outcome(OutcomeKind.CANCEL, "cancelled")
        if cancel and not kept.told:
            return Outcome(OutcomeKind.CANCEL, "original-not-sent")
        return Outcome(OutcomeKind.DUPLICATE, "cancelled-already")
    if verdict.head is not new:
        return Outcome(OutcomeKind.DUPLICATE, "superseded", verdict.head.identifier if verdict.head else "")
    if new.all_clear:
        return Outcome(OutcomeKind.UPDATE, "all-clear" if kept.told else "all-clear-not-sent")
    if kept.told:
        return Outcome(OutcomeKind.UPDATE, "update")
    if new.references and not known_original:
        return Outcome(OutcomeKind.NOTICE, "original-unknown")
    return Outcome(OutcomeKind.NOTICE, "new")


def _pruned(state: SeriesState) -> SeriesState:
    """Forget whole threads until the series is small: ended ones first, the oldest first."""
    if len(state.entries) <= MAX_ENTRIES:
        return state
    members: dict[str, list[Entry]] = {}
    for entry in state.entries:
        members.setdefault(entry.lineage, []).append(entry)

    def keeps_longest(lineage: str) -> tuple[bool, datetime]:
        live = judge(members[lineage]).status in (ThreadStatus.LIVE, ThreadStatus.DISPUTED)
        return live, max(entry.written_at for entry in members[lineage])

    excess = len(state.entries) - MAX_ENTRIES
    dropped: set[str] = set()
    for lineage in sorted(members, key=keeps_longest)[:-1]:
        if excess <= 0:
            break
        dropped.add(lineage)
        excess -= len(members[lineage])
    return replace(
        state,
        entries=tuple(entry for entry in state.entries if entry.lineage not in dropped),
        threads=tuple(thread for thread in state.threads if thread.lineage not in dropped),
    )
