"""Decide a draft: the one place where a proposal becomes a notice, or does not.

Pure. The decider process keeps what has been decided (rebuilt from `notices` and `drafts`) and
applies commands in order, so that a race between two people has one winner.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime

from alerts.claim import Lane, Release
from alerts.duty import alone_by
from alerts.help_line import HelpLine
from alerts.notice import ENDS, Notice, NoticeKind, Recipients
from alerts.place import Cells
from alerts.policy import COORDINATORS_ONLY
from alerts.reception_check import NoCheck, is_check
from geo.cells import contains, difference, union
from geo.sign import ORDER_WITHOUT_SIGN
from streams.digest import approval_digest
from streams.notices.check import Threats, why_no_check
from streams.notices.drill import PRACTICE_SECOND
from streams.notices.edit import ground_of, why_no_edit
from streams.notices.ending import why_no_end
from streams.notices.extending import is_extension, why_no_extension
from streams.notices.order_book import lines_of
from streams.notices.overtaken import Documents
from streams.payloads import WAYS_OF_AN_ORDER, Command, Draft, DraftRecord, DraftState, Verb

POLICY = "policy"  # who approved, where no person did
ORDER_RUNS_OUT = "order-runs-out"  # why the draft of an extension waits
_WAITING = (DraftState.OPEN, DraftState.HELD)


@dataclass(frozen=True, slots=True)
class Decided:
    """What a command leads to: a verdict to record, and at most one notice to send."""

    record: DraftRecord | None
    notice: Notice | None
    refusal: str = ""


@dataclass(slots=True)
class Ledger:
    """What has been decided so far."""

    drafts: dict[str, DraftRecord] = field(default_factory=dict)
    sent: set[tuple[str, int, str]] = field(default_factory=set)
    # Those of them that wait to give an order a later end.
    extensions: dict[str, Draft] = field(default_factory=dict)
    documents: Documents = field(default_factory=Documents)
    # The ground of each lineage of which notices have gone out: ways go only under such an order, and only there.
    grounds: dict[str, Cells] = field(default_factory=dict)
    # The last revision of each lineage that went out, and its lane: what an end must come after.
    last: dict[str, tuple[int, Lane]] = field(default_factory=dict)
    # Where each lineage still holds: only there, and only what has not ended, may it be given a later end.
    standing: dict[str, Cells] = field(default_factory=dict)
    # Whom the notices of each lineage told people to telephone: ways under an order name nobody else.
    lines: dict[str, set[HelpLine]] = field(default_factory=dict)
    # What each lineage that went out endangers now: where no check of reception goes (R19).
    threats: Threats = field(default_factory=Threats)

    def knows(self, record: DraftRecord) -> None:
        """Take in a verdict, just now or read back from `drafts`."""
        self.drafts[record.draft_id] = record
        self.documents.hear(record)
        if record.state in _WAITING and record.draft is not None and is_extension(record.draft):
            self.extensions[record.draft_id] = record.draft
        else:
            self.extensions.pop(record.draft_id, None)

    def has_sent(self, notice: Notice) -> None:
        """Take back a notice read from `notices`."""
        self.sent.add((notice.lineage, notice.revision, notice.digest))
        known = self.last.get(notice.lineage)
        if known is None or notice.revision >= known[0]:
            self.last[notice.lineage] = notice.revision, notice.lane
        self.threats.hear(notice)
        if notice.kind is not NoticeKind.GO_THERE:
            self.standing[notice.lineage] = _left(self.standing.get(notice.lineage, ()), notice)
            self.grounds[notice.lineage] = union(self.grounds.get(notice.lineage, ()), ground_of(notice))
            self.lines.setdefault(notice.lineage, set()).update(lines_of(notice))


def _left(standing: Cells, notice: Notice) -> Cells:
    """Return where a lineage that stood in *standing* holds once *notice* has gone out."""
    if any(part.recipients is Recipients.ALL_TOLD for part in notice.parts):
        return ()
    for part in notice.parts:
        standing = difference(standing, part.cells) if part.phase in ENDS else union(standing, part.cells)
    return standing


def decide(ledger: Ledger, command: Command, *, at: datetime) -> Decided:
    """Return what *command* leads to. Decided drafts stay decided: the same command again is no news."""
    if command.verb is Verb.CREATE:
        return _create(ledger, command, at)
    if command.verb is Verb.END:
        if command.by == PRACTICE_SECOND:
            return Decided(None, None, "practice-person")
        return _end(ledger, command, at)
    if command.verb is Verb.EXTEND:
        return _extend(ledger, command, at)
    known = ledger.drafts.get(command.draft_id)
    if known is None:
        return Decided(None, None, "draft-unknown")
    # Only a draft that somebody may still act on was kept whole.
    if known.state not in _WAITING or known.draft is None:
        return Decided(None, None, f"draft-{known.state.value}")
    if command.verb is Verb.VOID:
        return Decided(_verdict(known.draft, DraftState.VOID, f"void-by:{command.by}", at, keep=True), None)
    if known.draft.provenance.feed in COORDINATORS_ONLY:
        return Decided(None, None, "for-coordinators-only")
    stale = _why_stale(ledger, known, known.draft)
    if stale:
        return Decided(None, None, stale)
    if command.by == PRACTICE_SECOND and (
        known.draft.notice.lane is not Lane.DRILL or command.verb is not Verb.APPROVE
    ):
        # The second person of a rehearsal is no person: nothing real goes out by it, whoever sent the command.
        return Decided(None, None, "practice-person")
    if command.digest != known.draft.notice.digest:
        # The approver saw something else than what would go out: nothing goes out (R14).
        return Decided(None, None, "approval-digest-mismatch")
    if is_check(known.draft.notice):
        return _check(ledger, known.draft, command, at)
    if command.verb is Verb.EDIT:
        return _edit(known.draft, command, at)
    return _approved(ledger, known.draft, by=command.by, reason=f"approved-by:{command.by}", at=at)


def _why_stale(ledger: Ledger, record: DraftRecord, draft: Draft) -> str:
    """Return why *draft*, of which *record* is the last verdict, is not of now any more; empty while it is.

    Approved now it would bring back what its own source has since changed, lifted or cancelled.
    """
    if is_extension(draft):
        return _why_no_extension(ledger, draft.notice)
    return "draft-superseded" if ledger.documents.overtake(record) else ""


def _extend(ledger: Ledger, command: Command, at: datetime) -> Decided:
    """Open the draft that gives an order a later end; it waits for a person, whatever its sender says of release."""
    draft = command.draft
    if draft is None or not is_extension(draft):
        return Decided(None, None, "extend-without-draft")
    known = ledger.drafts.get(draft.draft)
    if known is not None and known.state is not DraftState.VOID:
        return Decided(None, None, "already-decided")
    # One that somebody discarded may be asked for again: its id follows from the order and the end.
    refusal = _why_no_extension(ledger, draft.notice)
    if refusal:
        return Decided(None, None, refusal)
    return Decided(_verdict(draft, DraftState.OPEN, ORDER_RUNS_OUT, at, keep=True), None)


def _why_no_extension(ledger: Ledger, notice: Notice) -> str:
    newest, lane = ledger.last.get(notice.lineage, (None, None))
    return why_no_extension(notice, newest, lane, ledger.standing.get(notice.lineage, ()))


def outlived(ledger: Ledger, *, at: datetime) -> tuple[DraftRecord, ...]:
    """Return the verdicts that close drafts of a later end which no order has a use for any more, each with its reason.

    Their order has ended, or has gone on without them. Nobody could let them go, and officers would be called for them
    until somebody discards them. What has gone out is not closed: its own verdict is still to be written.
    """
    found = []
    for draft in ledger.extensions.values():
        notice = draft.notice
        reason = _why_no_extension(ledger, notice)
        if reason and (notice.lineage, notice.revision, notice.digest) not in ledger.sent:
            found.append(_verdict(draft, DraftState.VOID, reason, at, keep=False))
    return tuple(found)


def _edit(known: Draft, command: Command, at: datetime) -> Decided:
    """Keep the draft as it was changed, open for another person: an approval of what it was finds another digest."""
    changed = command.draft
    refusal = "edit-without-draft" if changed is None else why_no_edit(known, changed, command.by)
    if changed is None or refusal:
        return Decided(None, None, refusal)
    return Decided(_verdict(changed, DraftState.OPEN, f"edited-by:{command.by}", at, keep=True), None)


def _check(ledger: Ledger, draft: Draft, command: Command, at: datetime) -> Decided:
    """Let a check of reception go when two persons have approved it, and nothing is up in its ground (R19).

    Nobody wrote it, so the first who approves stands where an author would. Each of them is refused while there is
    danger: the one who looks first hears it, and the second again.
    """
    if command.verb is Verb.EDIT:
        return Decided(None, None, NoCheck.CHANGED)
    waiting = (one.draft.notice for one in ledger.drafts.values() if one.draft is not None and one.state in _WAITING)
    refusal = why_no_check(draft.notice, ledger.threats.by_lineage.values(), waiting, at)
    if refusal is not None:
        return Decided(None, None, refusal)
    if alone_by(command.by):
        return Decided(None, None, NoCheck.SAME_PERSON)
    if not draft.edited_by:
        confirmed = replace(draft, edited_by=(command.by,))
        return Decided(_verdict(confirmed, DraftState.OPEN, f"confirmed-by:{command.by}", at, keep=True), None)
    if command.by in draft.edited_by:
        return Decided(None, None, NoCheck.SAME_PERSON)
    return _approved(ledger, draft, by=command.by, reason=f"approved-by:{command.by}", at=at)


def _end(ledger: Ledger, command: Command, at: datetime) -> Decided:
    """Let one person end what was sent; it speaks to those who were told, and once."""
    draft = command.draft
    if draft is None:
        return Decided(None, None, "end-without-draft")
    if draft.draft in ledger.drafts:
        return Decided(None, None, "already-decided")
    newest, lane = ledger.last.get(draft.notice.lineage, (None, None))
    refusal = why_no_end(draft.notice, newest, lane)
    if refusal:
        return Decided(None, None, refusal)
    return _approved(ledger, draft, by=command.by, reason=f"approved-by:{command.by}", at=at)


def _create(ledger: Ledger, command: Command, at: datetime) -> Decided:
    draft = command.draft
    if draft is None:
        return Decided(None, None, "create-without-draft")
    if draft.draft in ledger.drafts:
        return Decided(None, None, "already-decided")
    if draft.release is Release.AUTOMATIC and draft.provenance.feed in COORDINATORS_ONLY:
        return Decided(_verdict(draft, DraftState.RECORDED, "for-coordinators-only", at, keep=False), None)
    if not draft.notice.parts:
        return Decided(_verdict(draft, DraftState.NOTHING_CHANGED, "nothing-changed", at, keep=False), None)
    refusal = _why_no_way(ledger, draft.notice)
    if refusal:
        return Decided(_verdict(draft, DraftState.HELD, refusal, at, keep=True), None)
    if is_check(draft.notice) and (draft.release is not Release.DRAFT or draft.edited_by):
        # Whoever asks: a check goes out by two persons or not at all.
        return Decided(_verdict(draft, DraftState.HELD, "check-needs-two-persons", at, keep=True), None)
    match draft.release:
        case Release.AUTOMATIC if draft.notice.order is not None:
            return _approved(ledger, draft, by=POLICY, reason=WAYS_OF_AN_ORDER, at=at)
        case Release.AUTOMATIC:
            return _approved(ledger, draft, by=POLICY, reason=draft.reason or "repeats-an-official-warning", at=at)
        case Release.DRAFT:
            return Decided(_verdict(draft, DraftState.OPEN, "needs-a-person", at, keep=True), None)
        case Release.HOLD:
            return Decided(_verdict(draft, DraftState.HELD, draft.reason or "held-by-policy", at, keep=True), None)
        case Release.WITH_SIGN:
            # Nobody has looked for a sign: the stage that knows the map decides that, and it did not.
            return Decided(_verdict(draft, DraftState.HELD, ORDER_WITHOUT_SIGN, at, keep=True), None)
        case Release.RECORD:
            return Decided(_verdict(draft, DraftState.RECORDED, "recorded-only", at, keep=False), None)


def _why_no_way(ledger: Ledger, notice: Notice) -> str:
    """Return why a notice of ways is not what an order's approval covers; empty when it is, and for other kinds.

    The order itself must have gone out, and no cell beyond its own may be told (R14, promise 11), nor another number
    to telephone than the order named.
    """
    if notice.kind is not NoticeKind.GO_THERE:
        return ""
    order = notice.order
    ground = None if order is None else ledger.grounds.get(order.lineage)
    if order is None or ground is None:
        return "order-not-approved"
    # An order that was made smaller before it went out is still whole on the map.
    if any(
        not contains(order.cells, cell) or not contains(ground, cell) for part in notice.parts for cell in part.cells
    ):
        return "cells-beyond-the-order"
    if not set(order.help_lines) <= ledger.lines.get(order.lineage, set()):
        return "help-line-not-approved"
    return ""


def _approved(ledger: Ledger, draft: Draft, *, by: str, reason: str, at: datetime) -> Decided:
    draft = _behind_what_was_sent(ledger, draft)
    notice = replace(draft.notice, approved_by=by, approved_at=at)
    if approval_digest(notice) != notice.digest:
        return Decided(_verdict(draft, DraftState.HELD, "digest-mismatch", at, keep=True), None, "digest-mismatch")
    record = _verdict(draft, DraftState.APPROVED, reason, at, keep=False)
    if (notice.lineage, notice.revision, notice.digest) in ledger.sent:
        return Decided(record, None, "already-sent")
    return Decided(record, notice)


def _behind_what_was_sent(ledger: Ledger, draft: Draft) -> Draft:
    """Return *draft* with a revision above the last that went out: an order that was extended while this one waited.

    A phone takes the higher revision for the newer word. The revision is no part of what is approved. Ways have a
    lineage of their own, which nobody extends.
    """
    notice = draft.notice
    newest, _ = ledger.last.get(notice.lineage, (notice.revision - 1, None))
    if notice.kind is NoticeKind.GO_THERE or newest < notice.revision:
        return draft
    for revision in range(notice.revision, newest + 1):
        if (notice.lineage, revision, notice.digest) in ledger.sent:
            return replace(draft, notice=replace(notice, revision=revision))
    return replace(draft, notice=replace(notice, revision=newest + 1))


def _verdict(draft: Draft, state: DraftState, reason: str, at: datetime, *, keep: bool) -> DraftRecord:
    """Return the record of a verdict; only a draft that somebody may still act on is kept whole, and one refused.

    Of what a person refused the ground is still needed: people there hear that nobody has ordered (R6, R7).
    """
    return DraftRecord(
        draft_id=draft.draft,
        lineage=draft.provenance.lineage,
        revision=draft.notice.revision,
        document=draft.provenance.document,
        state=state,
        reason=reason,
        complete=draft.complete,
        at=at,
        draft=draft if keep else None,
        document_revision=draft.provenance.revision,
    )
