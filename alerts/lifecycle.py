"""What a message does to its lineage: new, update, cancel, duplicate, held.

Two ways of linking (`Linkage`):

* REFERENCES (CAP): messages that name each other form one thread. What holds in a thread is a
  function of the SET of its messages, so that the order of arrival cannot matter: the newest Alert or
  Update is its head; a Cancel ends what it names and whatever is older than that, also when it comes
  first; what is newer than anything it names is held for a person, neither told nor killed.
* SERIES (JMA): each telegram restates the whole series, so the newest time wins and older ones are
  superseded. At the same time a correction (訂正) wins over what it corrects, a 取消 over both. After an
  all-clear or a cancel the next telegram begins a new episode, which is a new lineage.

Revisions: a message's revision is its place in its thread by `sent`, and always higher than the
revision told before. In order of arrival the two are the same; when older messages come later, the
number on the wire may be lower than the place in `end_state`, but it never falls.

Not the same in every order, and said aloud each time: of two contents under one CAP identifier the
first stands and the second is held; of two JMA telegrams of one second the one that comes last stands;
a lineage whose beginning came last keeps the id it was told under.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from alerts.alert import Alert, Reference
from alerts.cap import MsgType, ResponseType, Scope
from alerts.drill import drill_words_in, is_live_status
from alerts.report import Linkage, Outcome, OutcomeKind, Report

# Clocks of agencies and ours differ by seconds; more than this is a wrong clock or a forgery.
CLOCK_SKEW = timedelta(minutes=10)
# A sender's memory: 500 messages are days of a busy office, and about 150 kB of state.
MAX_ENTRIES = 500
# Enough to know every repetition of a pull feed that lists a day of one office.
MAX_SEEN = 64
LINEAGE_HEX_DIGITS = 24
_CONTENT_HEX_DIGITS = 16
_CORRECTION = "訂正"


@dataclass(frozen=True, slots=True)
class Entry:
    """One message of a thread: what the rules need to know of it, never its text."""

    key: str  # identifier and instant, as a reference names it
    identifier: str
    written_at: datetime
    msg_type: MsgType
    references: tuple[str, ...]
    cancels_to: datetime | None  # for a Cancel: the newest time that it names
    content: str
    document: str
    all_clear: bool
    expires_at: datetime | None
    lineage: str

    @property
    def rank(self) -> tuple[datetime, int, int, str]:
        """Order of the thread: time, then an update after its original, then by name."""
        return self.written_at, int(self.msg_type is not MsgType.ALERT), len(self.references), self.identifier


@dataclass(frozen=True, slots=True)
class Thread:
    """What was let out of a lineage. `standing` is the key of the message that holds downstream."""

    lineage: str
    told: bool
    standing: str
    revision: int


@dataclass(frozen=True, slots=True)
class Episode:
    """The newest telegram of a series that restates itself."""

    lineage: str
    identifier: str
    sent: datetime
    rank: int
    content: str
    ended: str  # "", "lifted" or "cancelled"
    told: bool
    revision: int
    expires_at: datetime | None
    serial: int = 0  # the source's own rising number, 0 where it has none


@dataclass(frozen=True, slots=True)
class SeriesState:
    """All that is remembered of one series."""

    series: str = ""
    entries: tuple[Entry, ...] = ()
    threads: tuple[Thread, ...] = ()
    episode: Episode | None = None
    seen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Accepted:
    """The state afterwards and what became of the document.

    `lineage` is empty where the document belongs to none. `replaces` names other lineages whose claims
    end now, whatever the outcome: threads that turned out to be this one.
    """

    state: SeriesState
    outcome: Outcome
    lineage: str = ""
    revision: int = 0
    replaces: tuple[str, ...] = ()


class ThreadStatus(StrEnum):
    """What holds in a lineage, by the set of its messages."""

    LIVE = "live"
    LIFTED = "lifted"
    CANCELLED = "cancelled"
    DISPUTED = "disputed"  # a cancel names older revisions only: a person decides
    UNKNOWN = "unknown"


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
        return _outside(_seen(state, report), OutcomeKind.INFORMATIONAL, report.informational)
    if alert.msg_type in (MsgType.ACK, MsgType.ERROR):
        return _outside(state, OutcomeKind.INFORMATIONAL, f"msgtype-{alert.msg_type.value.lower()}")
    held = _implausible(report)
    if held is not None:
        return Accepted(state, held)
    if report.linkage is Linkage.SERIES:
        return _accept_series(state, report)
    return _accept_references(state, report)


def lineage_id(series: str, first: str) -> str:
    """Return the short name of the lineage that *first* begins in *series*."""
    return hashlib.sha256(f"{series}\x1f{first}".encode()).hexdigest()[:LINEAGE_HEX_DIGITS]


def says_all_clear(alert: Alert) -> bool:
    """Return whether nothing is left in force: no info at all, or each one an AllClear."""
    return all(ResponseType.ALL_CLEAR in info.response_types for info in alert.infos)


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
    verdict = _judge(members)
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
    verdict = _judge(members)
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


# ------------------------------------------------------------------------------------ both linkages


def _outside(state: SeriesState, kind: OutcomeKind, reason: str, detail: str = "") -> Accepted:
    return Accepted(state, Outcome(kind, reason, detail))


def _seen(state: SeriesState, report: Report) -> SeriesState:
    return replace(state, seen=(*state.seen, report.document)[-MAX_SEEN:])


def _content(alert: Alert) -> str:
    return hashlib.sha256(repr(alert).encode()).hexdigest()[:_CONTENT_HEX_DIGITS]


def _repeated(state: SeriesState, report: Report) -> Accepted | None:
    if report.document in state.seen:
        lineage = state.episode.lineage if state.episode else ""
        return Accepted(state, Outcome(OutcomeKind.DUPLICATE, "same-document"), lineage)
    for entry in state.entries:
        if entry.document == report.document:
            return Accepted(state, Outcome(OutcomeKind.DUPLICATE, "same-document"), entry.lineage)
        if report.linkage is Linkage.REFERENCES and entry.identifier == report.alert.identifier:
            if entry.content == _content(report.alert):
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
    if not alert.references:
        return Outcome(OutcomeKind.HELD, f"{alert.msg_type.value.lower()}-without-references")
    for reference in alert.references:
        if reference.sender != alert.sender:
            return Outcome(OutcomeKind.HELD, "sender-mismatch", "it names another sender's message")
        if reference.identifier == alert.identifier or _named_at(reference, alert) > _written_at(alert):
            # Every cycle has a link that does not point back in time.
            return Outcome(OutcomeKind.HELD, "references-cycle", "it names itself or a later message")
    return None


def _expires_at(alert: Alert) -> datetime | None:
    times = [info.expires for info in alert.infos if info.expires is not None]
    return max(times) if times else None


def _age(expires_at: datetime | None, at: datetime) -> str:
    return "lapsed-not-renewed" if expires_at is not None and at >= expires_at else "in-force"


# ------------------------------------------------------------------------------------------- SERIES


def _series_rank(alert: Alert) -> int:
    if alert.msg_type is MsgType.CANCEL:
        return 2
    return 1 if _CORRECTION in alert.note else 0


def _accept_series(state: SeriesState, report: Report) -> Accepted:
    alert = report.alert
    before = state.episode
    same_time = False
    rank = _series_rank(alert)
    content = _content(alert)
    if before is not None and before.serial and report.serial:
        disputed = _by_serial(before, report, content)
        if disputed is not None:
            return Accepted(_seen(state, report), disputed, before.lineage, before.revision)
    if before is not None:
        if (alert.sent, rank) < (before.sent, before.rank):
            outcome = Outcome(OutcomeKind.DUPLICATE, "superseded", before.sent.isoformat())
            return Accepted(_seen(state, report), outcome, before.lineage, before.revision)
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
        expires_at=_expires_at(alert),
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
    return Accepted(_seen(replace(state, episode=after), report), outcome, after.lineage, after.revision)


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


# --------------------------------------------------------------------------------------- REFERENCES


@dataclass(frozen=True, slots=True)
class _Verdict:
    status: ThreadStatus
    head: Entry | None
    held: tuple[Entry, ...]


def _judge(members: Iterable[Entry]) -> _Verdict:
    """Return what holds among *members*. A function of the set, blind to the order of arrival."""
    ordered = sorted(members, key=lambda entry: entry.rank)
    speaking = [entry for entry in ordered if entry.msg_type is not MsgType.CANCEL]
    named = [entry.cancels_to for entry in ordered if entry.cancels_to is not None]
    if not speaking:
        return _Verdict(ThreadStatus.CANCELLED if named else ThreadStatus.UNKNOWN, None, ())
    head = speaking[-1]
    if named:
        newer = tuple(entry for entry in speaking if entry.written_at > max(named))
        return _Verdict(ThreadStatus.DISPUTED if newer else ThreadStatus.CANCELLED, None if newer else head, newer)
    return _Verdict(ThreadStatus.LIFTED if head.all_clear else ThreadStatus.LIVE, head, ())


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
        content=_content(alert),
        document=report.document,
        all_clear=bool(alert.infos) and says_all_clear(alert),
        expires_at=_expires_at(alert),
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


def _accept_references(state: SeriesState, report: Report) -> Accepted:
    new = _entry(report)
    members = _thread_of((*state.entries, new), new)
    by_key = {entry.key: entry for entry in members}
    names = {entry.lineage for entry in members if entry.lineage}
    old = [thread for thread in state.threads if thread.lineage in names]
    verdict = _judge(members)

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


def _first_key(alert: Alert, new: Entry) -> str:
    """Return the earliest message that *alert* names: most senders list all, so it is the original."""
    if not new.references:
        return new.key
    named = zip(alert.references, new.references, strict=True)
    return min((_named_at(reference, alert), key) for reference, key in named)[1]


def _outcome(verdict: _Verdict, new: Entry, kept: Thread, known_original: bool) -> Outcome:
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
        live = _judge(members[lineage]).status in (ThreadStatus.LIVE, ThreadStatus.DISPUTED)
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


# --------------------------------------------------------------------------------- plain, for tables


def series_to_plain(state: SeriesState) -> dict[str, Any]:
    """Return *state* as what JSON can hold."""
    episode = state.episode
    return {
        "v": 1,
        "series": state.series,
        "seen": list(state.seen),
        "threads": [[thread.lineage, thread.told, thread.standing, thread.revision] for thread in state.threads],
        "entries": [
            {
                "key": entry.key,
                "identifier": entry.identifier,
                "written_at": entry.written_at.isoformat(),
                "msg_type": entry.msg_type.value,
                "references": list(entry.references),
                "cancels_to": _text(entry.cancels_to),
                "content": entry.content,
                "document": entry.document,
                "all_clear": entry.all_clear,
                "expires_at": _text(entry.expires_at),
                "lineage": entry.lineage,
            }
            for entry in state.entries
        ],
        "episode": None
        if episode is None
        else {
            "lineage": episode.lineage,
            "identifier": episode.identifier,
            "sent": episode.sent.isoformat(),
            "rank": episode.rank,
            "content": episode.content,
            "ended": episode.ended,
            "told": episode.told,
            "revision": episode.revision,
            "expires_at": _text(episode.expires_at),
            "serial": episode.serial,
        },
    }


def series_from_plain(plain: Mapping[str, Any] | None) -> SeriesState:
    """Return the state that `series_to_plain` wrote; an empty one for nothing at all."""
    if not plain:
        return SeriesState()
    if plain.get("v") != 1:
        raise ValueError(f"series state of version {plain.get('v')!r}: this program reads version 1")
    episode = plain["episode"]
    return SeriesState(
        series=plain["series"],
        seen=tuple(plain["seen"]),
        threads=tuple(Thread(*fields) for fields in plain["threads"]),
        entries=tuple(
            Entry(
                **{
                    **entry,
                    "written_at": datetime.fromisoformat(entry["written_at"]),
                    "msg_type": MsgType(entry["msg_type"]),
                    "references": tuple(entry["references"]),
                    "cancels_to": _time(entry["cancels_to"]),
                    "expires_at": _time(entry["expires_at"]),
                }
            )
            for entry in plain["entries"]
        ),
        episode=None
        if episode is None
        else Episode(
            **{
                **episode,
                "sent": datetime.fromisoformat(episode["sent"]),
                "expires_at": _time(episode["expires_at"]),
            }
        ),
    )


def _text(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat()


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
