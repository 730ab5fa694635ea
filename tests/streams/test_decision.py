"""One verdict for each draft, and at most one notice."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from alerts.claim import Release
from geo.change import NOTHING_TOLD
from streams.deciding.decision import POLICY, Decided, Ledger, decide
from streams.digest import approval_digest
from streams.payloads import Command, Draft, DraftState, Verb
from tests.dispatch.people import notice
from tests.geo.documents import provenance

NOW = datetime(2026, 9, 18, 9, 0, tzinfo=UTC)


def draft(
    release: Release = Release.AUTOMATIC, name: str = "draft-1", *, document_revision: int = 1, complete: bool = True
) -> Draft:
    proposed = replace(notice(lineage="lineage-1"), approved_by="", digest="")
    proposed = replace(proposed, digest=approval_digest(proposed))
    source = replace(provenance(document_revision), release=release)
    return Draft(name, source, complete, release, proposed, NOTHING_TOLD)


def create(proposed: Draft) -> Command:
    return Command(Verb.CREATE, proposed.draft, "notices", NOW, draft=proposed)


def approve(proposed: Draft, by: str = "officer", digest: str = "") -> Command:
    return Command(Verb.APPROVE, proposed.draft, by, NOW, digest=digest or proposed.notice.digest)


def void(proposed: Draft) -> Command:
    return Command(Verb.VOID, proposed.draft, "officer", NOW)


def applied(ledger: Ledger, command: Command) -> Decided:
    """Decide and keep, as the decider does."""
    decided = decide(ledger, command, at=NOW)
    if decided.notice is not None:
        ledger.has_sent(decided.notice)
    if decided.record is not None:
        ledger.knows(decided.record)
    return decided


def test_a_repeated_official_warning_goes_out_by_policy() -> None:
    decided = applied(Ledger(), create(draft()))
    assert decided.record is not None
    assert decided.notice is not None
    assert (decided.record.state, decided.record.reason) == (DraftState.APPROVED, "repeats-an-official-warning")
    assert (decided.notice.approved_by, decided.notice.approved_at) == (POLICY, NOW)
    assert approval_digest(decided.notice) == decided.notice.digest
    assert decided.record.draft is None, "a draft that nobody can act on is not kept whole"


@pytest.mark.parametrize(
    ("release", "state", "reason", "kept"),
    [
        (Release.DRAFT, DraftState.OPEN, "needs-a-person", True),
        (Release.HOLD, DraftState.HELD, "held-by-policy", True),
        (Release.RECORD, DraftState.RECORDED, "recorded-only", False),
    ],
)
def test_what_policy_does_not_let_out_waits_and_is_not_sent(
    release: Release, state: DraftState, reason: str, kept: bool
) -> None:
    decided = applied(Ledger(), create(draft(release)))
    assert decided.record is not None
    assert (decided.record.state, decided.record.reason, decided.notice) == (state, reason, None)
    assert (decided.record.draft is not None) is kept


@pytest.mark.parametrize("release", list(Release))
def test_a_draft_without_parts_changed_nothing_whatever_policy_says(release: Release) -> None:
    proposed = draft(release)
    empty = replace(proposed, notice=replace(proposed.notice, parts=()))
    decided = applied(Ledger(), create(empty))
    assert decided.record is not None
    assert (decided.record.state, decided.notice) == (DraftState.NOTHING_CHANGED, None)


@pytest.mark.parametrize("release", list(Release))
def test_the_same_draft_again_is_no_news(release: Release) -> None:
    ledger = Ledger()
    applied(ledger, create(draft(release)))
    again = applied(ledger, create(draft(release)))
    assert (again.record, again.notice, again.refusal) == (None, None, "already-decided")


def test_a_notice_that_was_stored_without_its_verdict_is_not_sent_again() -> None:
    """The process ended between the two: the second time only the verdict is written."""
    ledger = Ledger()
    first = decide(ledger, create(draft()), at=NOW)
    assert first.notice is not None
    ledger.has_sent(first.notice)
    again = decide(ledger, create(draft()), at=NOW + timedelta(seconds=5))
    assert again.record is not None
    assert (again.record.state, again.notice, again.refusal) == (DraftState.APPROVED, None, "already-sent")


def test_an_officer_approves_what_she_saw() -> None:
    ledger, open_one = Ledger(), draft(Release.DRAFT)
    applied(ledger, create(open_one))
    decided = applied(ledger, approve(open_one))
    assert decided.record is not None
    assert decided.notice is not None
    assert (decided.record.state, decided.record.reason) == (DraftState.APPROVED, "approved-by:officer")
    assert decided.notice == replace(open_one.notice, approved_by="officer", approved_at=NOW)


def test_an_approval_of_other_words_is_refused_and_the_draft_stays_open() -> None:
    ledger, open_one = Ledger(), draft(Release.DRAFT)
    applied(ledger, create(open_one))
    refused = applied(ledger, approve(open_one, digest="0" * 64))
    assert (refused.record, refused.notice, refused.refusal) == (None, None, "approval-digest-mismatch")
    assert applied(ledger, approve(open_one)).notice is not None


def test_of_two_approvals_one_wins() -> None:
    ledger, open_one = Ledger(), draft(Release.DRAFT)
    applied(ledger, create(open_one))
    first, second = applied(ledger, approve(open_one, by="a")), applied(ledger, approve(open_one, by="b"))
    assert first.notice is not None
    assert first.notice.approved_by == "a"
    assert (second.record, second.notice, second.refusal) == (None, None, "draft-approved")


def test_what_was_voided_stays_void() -> None:
    ledger, open_one = Ledger(), draft(Release.HOLD)
    applied(ledger, create(open_one))
    decided = applied(ledger, void(open_one))
    assert decided.record is not None
    assert (decided.record.state, decided.record.reason) == (DraftState.VOID, "void-by:officer")
    assert applied(ledger, approve(open_one)).refusal == "draft-void"
    assert applied(ledger, void(open_one)).refusal == "draft-void"


def test_what_was_sent_cannot_be_voided() -> None:
    ledger, sent = Ledger(), draft()
    applied(ledger, create(sent))
    assert applied(ledger, void(sent)).refusal == "draft-approved"


def test_nobody_approves_what_was_never_proposed() -> None:
    assert applied(Ledger(), approve(draft())).refusal == "draft-unknown"
    assert applied(Ledger(), replace(create(draft()), draft=None)).refusal == "create-without-draft"


@pytest.mark.parametrize("release", [Release.AUTOMATIC, Release.DRAFT])
def test_a_draft_that_is_not_what_its_digest_says_is_held(release: Release) -> None:
    ledger, proposed = Ledger(), draft(release)
    altered = replace(proposed, notice=replace(proposed.notice, expires=NOW + timedelta(days=9)))
    applied(ledger, create(altered))
    decided = applied(ledger, approve(altered))
    assert decided.notice is None
    assert decided.refusal == "digest-mismatch"
    assert ledger.drafts[altered.draft].state is DraftState.HELD


@pytest.mark.parametrize("later_release", list(Release))
def test_an_older_document_cannot_be_approved_once_its_lineage_went_on(later_release: Release) -> None:
    """The warning waits for a person, its cancel comes: approved now it would alarm for nothing."""
    ledger, waiting = Ledger(), draft(Release.DRAFT)
    applied(ledger, create(waiting))
    later = draft(later_release, "draft-2", document_revision=2)
    applied(ledger, create(replace(later, notice=replace(later.notice, parts=(), revision=1))))
    refused = applied(ledger, approve(waiting))
    assert (refused.notice, refused.refusal) == (None, "draft-superseded")


def test_a_draft_of_some_shards_gives_way_to_the_one_of_all() -> None:
    ledger = Ledger()
    part, whole = draft(Release.DRAFT, "part", complete=False), draft(Release.DRAFT, "whole")
    applied(ledger, create(part))
    applied(ledger, create(whole))
    assert applied(ledger, approve(part)).refusal == "draft-superseded"
    assert applied(ledger, approve(whole)).notice is not None


def test_the_ledger_read_back_decides_alike() -> None:
    before, after = Ledger(), Ledger()
    waiting, later = draft(Release.DRAFT), draft(Release.HOLD, "draft-2", document_revision=2)
    for proposed in (waiting, later):
        applied(before, create(proposed))
    for record in reversed(before.drafts.values()):  # the topic's partitions come in any order
        after.knows(record)
    for command in (approve(waiting), approve(later), create(waiting)):
        assert decide(after, command, at=NOW) == decide(before, command, at=NOW)


@pytest.mark.parametrize("release", [Release.DRAFT, Release.AUTOMATIC])
def test_our_own_river_forecast_is_told_to_nobody_whoever_approves(release: Release) -> None:
    """R23: a flood forecast for the public needs the JMA's permission; coordinators see it and act on their own."""
    ledger = Ledger()
    proposed = draft(release)
    proposed = replace(proposed, provenance=replace(proposed.provenance, feed="forecast"))
    assert applied(ledger, create(proposed)).notice is None
    approved = applied(ledger, approve(proposed))
    assert approved.notice is None
    assert approved.refusal in ("for-coordinators-only", "draft-recorded")
