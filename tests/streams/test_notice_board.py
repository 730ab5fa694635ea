"""What is drafted, when, and that a restart drafts neither more nor less."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import h3.api.basic_int as h3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.claim import Danger, HazardSnapshot, Release, Standing
from alerts.languages.known import LANGUAGES
from alerts.level import Level
from alerts.notice import Phase, Recipients
from alerts.place import Cell, Shard
from streams.digest import approval_digest
from streams.notices.notice_board import BACKLOG_WAIT_SECONDS, COMPLETE_WAIT_SECONDS, NoticeBoard
from streams.payloads import Command, Draft, Verb
from tests.geo.documents import danger, provenance
from tests.streams.evening import snapshots_of_the_evening

AT = datetime(2026, 9, 18, 9, 0, tzinfo=UTC)
_KOTO = h3.latlng_to_cell(35.6727, 139.8169, 6)
A, B, C = (Shard(shard) for shard in sorted(h3.grid_disk(_KOTO, 1))[:3])


def inside(shard: Shard, level: Level = Level.ELDERLY_LEAVE) -> Danger:
    """Return a danger in the middle of *shard*."""
    return danger((Cell(h3.cell_to_center_child(shard, 9)),), level)


def said(
    shard: Shard, revision: int, *dangers: Danger, shards: int = 2, outcome: str = "notice", lineage: str = "lineage-1"
) -> HazardSnapshot:
    """Return the map of *shard* after revision *revision* of a document of *shards* shards."""
    source = provenance(revision, lineage, outcome)
    return HazardSnapshot(shard, revision, "", lineage, (Standing(source, shards, dangers),))


def hear(board: NoticeBoard, *snapshots: HazardSnapshot, at: float = 0.0) -> tuple[Draft, ...]:
    for snapshot in snapshots:
        board.hear(snapshot, at=at)
    return board.due(at=at)


def told(draft: Draft) -> dict[Phase, set[Shard]]:
    """Return the shards of a draft by what their people are told."""
    found: dict[Phase, set[Shard]] = {}
    for part in draft.notice.parts:
        found.setdefault(part.phase, set()).update(Shard(h3.cell_to_parent(cell, 6)) for cell in part.cells)
    return found


def create(draft: Draft) -> Command:
    return Command(Verb.CREATE, draft.draft, "notices", AT, draft=draft)


def test_a_document_is_drafted_when_all_its_shards_are_there() -> None:
    board = NoticeBoard()
    assert hear(board, said(A, 1, inside(A))) == ()
    (draft,) = hear(board, said(B, 1, inside(B)))
    assert draft.complete
    assert told(draft) == {Phase.ISSUED: {A, B}}
    assert (draft.notice.revision, draft.notice.document) == (1, "lineage-1-1")
    assert draft.notice.digest == approval_digest(draft.notice)


def test_a_slow_shard_does_not_hold_back_the_others_and_follows_as_a_revision() -> None:
    board = NoticeBoard()
    assert hear(board, said(A, 1, inside(A))) == ()
    assert board.due(at=COMPLETE_WAIT_SECONDS * 0.9) == ()
    (first,) = board.due(at=COMPLETE_WAIT_SECONDS)
    assert not first.complete
    assert told(first) == {Phase.ISSUED: {A}}
    assert board.due(at=60.0) == (), "said once"
    (second,) = hear(board, said(B, 1, inside(B)), at=61.0)
    assert second.complete
    assert told(second) == {Phase.ISSUED: {B}}
    assert second.notice.revision == first.notice.revision + 1


def test_while_snapshots_wait_unread_an_incomplete_document_waits_longer_but_not_for_ever() -> None:
    board = NoticeBoard()
    board.hear(said(A, 1, inside(A)), at=0.0)
    assert board.due(at=COMPLETE_WAIT_SECONDS * 2, unread=True) == ()
    (draft,) = board.due(at=BACKLOG_WAIT_SECONDS, unread=True)
    assert not draft.complete


def test_news_of_others_in_a_shard_make_no_further_drafts_of_a_document_that_waits() -> None:
    board = NoticeBoard()
    hear(board, said(A, 1, inside(A)))
    (_,) = board.due(at=1.0)
    both = replace(
        said(A, 1, inside(A)),
        standings=(*said(A, 1, inside(A)).standings, *said(A, 1, lineage="other", shards=9).standings),
    )
    for at in (2.0, 3.0, 4.0):
        board.hear(both, at=at)
        assert board.due(at=at + 0.9) == ()


def test_revisions_that_overtake_each_other_in_different_shards_end_in_order() -> None:
    board = NoticeBoard()
    assert hear(board, said(A, 1, inside(A)), said(A, 2, inside(A, Level.ALL_LEAVE))) == ()
    first, second = hear(board, said(B, 1, inside(B)), said(B, 2, inside(B, Level.ALL_LEAVE)))
    assert (first.provenance.revision, second.provenance.revision) == (1, 2)
    assert told(first) == {Phase.ISSUED: {A, B}}
    assert told(second) == {Phase.RAISED: {A, B}}


def test_a_revision_that_a_shard_never_showed_ends_with_the_next_and_changes_nothing() -> None:
    """A compacted log shows the newest snapshot only; the document before it must not stay open for ever."""
    board = NoticeBoard()
    assert hear(board, said(A, 1, inside(A))) == ()
    newer, passed = hear(board, said(A, 2, inside(A)), said(B, 2, inside(B)))
    assert (newer.provenance.revision, told(newer)) == (2, {Phase.ISSUED: {A, B}})
    assert (passed.provenance.revision, passed.complete, passed.notice.parts) == (1, True, ())
    assert board.due(at=60.0) == ()


def test_an_older_revision_that_comes_late_brings_nothing_back() -> None:
    board = NoticeBoard()
    hear(board, said(A, 2, inside(A, Level.ALL_LEAVE)), said(B, 2, inside(B)))
    assert hear(board, said(A, 1, inside(A)), said(B, 1, inside(B)), at=60.0) == ()


def test_a_document_that_changes_nothing_has_no_parts_and_no_revision_of_its_own() -> None:
    board = NoticeBoard()
    (first,) = hear(board, said(A, 1, inside(A)), said(B, 1, inside(B)))
    (same,) = hear(board, said(A, 2, inside(A)), said(B, 2, inside(B)))
    assert (same.notice.parts, same.complete) == ((), True)
    assert same.notice.revision == first.notice.revision
    (raised,) = hear(board, said(A, 3, inside(A, Level.ALL_LEAVE)), said(B, 3, inside(B)))
    assert told(raised) == {Phase.RAISED: {A}}
    assert raised.notice.revision == first.notice.revision + 1


def test_what_a_shard_no_longer_has_is_lifted_for_those_who_were_told() -> None:
    board = NoticeBoard()
    hear(board, said(A, 1, inside(A)), said(B, 1, inside(B)))
    (draft,) = hear(board, said(A, 2, inside(A)), said(B, 2))
    assert told(draft) == {Phase.LIFTED: {B}}
    assert {part.recipients for part in draft.notice.parts} == {Recipients.TOLD}


def test_a_cancel_reaches_all_who_were_told_wherever_they_are() -> None:
    board = NoticeBoard()
    hear(board, said(A, 1, inside(A)), said(B, 1, inside(B)))
    (draft,) = hear(board, said(A, 2, outcome="cancel"), said(B, 2, outcome="cancel"))
    (part,) = draft.notice.parts
    assert (part.phase, part.recipients) == (Phase.CANCELLED, Recipients.ALL_TOLD)
    assert tuple(text.language for text in part.texts) == LANGUAGES
    assert draft.told_after.parts == ()


def test_the_most_endangered_are_the_first_part_and_an_end_is_the_last() -> None:
    board = NoticeBoard()
    hear(board, said(A, 1, inside(A), shards=3), said(B, 1, inside(B), shards=3), said(C, 1, inside(C), shards=3))
    (draft,) = hear(
        board,
        said(A, 2, shards=3),
        said(B, 2, inside(B, Level.CHECK_ACTION), shards=3),
        said(C, 2, inside(C, Level.SECURE_LIFE), shards=3),
    )
    assert [part.phase for part in draft.notice.parts] == [Phase.RAISED, Phase.LOWERED, Phase.LIFTED]
    assert [part.rank for part in draft.notice.parts] == [0, 1, 2]


def test_what_nobody_let_out_was_not_told() -> None:
    board = NoticeBoard()
    held = said(A, 1, inside(A), shards=1)
    (standing,) = held.standings
    waiting = replace(standing, provenance=replace(standing.provenance, release=Release.DRAFT))
    (first,) = hear(board, replace(held, standings=(waiting,)))
    assert first.release is Release.DRAFT
    (second,) = hear(board, said(A, 2, inside(A), shards=1))
    assert told(second) == {Phase.ISSUED: {A}}


def test_the_digest_covers_words_cells_and_expiry_and_not_who_approved() -> None:
    board = NoticeBoard()
    (draft,) = hear(board, said(A, 1, inside(A), shards=1))
    notice = draft.notice
    (part,) = notice.parts
    assert approval_digest(replace(notice, approved_by="officer", approved_at=AT, revision=9)) == notice.digest
    for other in (
        replace(notice, expires=AT),
        replace(notice, parts=(replace(part, cells=(*part.cells, Cell(1))),)),
        replace(notice, parts=(replace(part, texts=(replace(part.texts[0], body="逃げろ"), *part.texts[1:])),)),
        replace(notice, parts=()),
    ):
        assert approval_digest(other) != notice.digest


# ── restarts ──────────────────────────────────────────────────────────────────────────────────────


def undisturbed(log: Iterable[HazardSnapshot]) -> list[Draft]:
    board = NoticeBoard()
    return [draft for snapshot in log for draft in hear(board, snapshot)]


def restarted(log: Sequence[HazardSnapshot], cuts: Sequence[tuple[int, int]]) -> list[Draft]:
    """Return what is stored when the process ends after *cut* snapshots, with *lost* drafts not stored."""
    stored: list[Draft] = []
    board, heard = NoticeBoard(), 0
    for cut, lost in cuts:
        new = [draft for snapshot in log[heard:cut] for draft in hear(board, snapshot)]
        stored += new[: max(0, len(new) - lost)]
        board, heard = NoticeBoard(), cut
        for draft in stored:
            board.remember(create(draft))
        for snapshot in log[:cut]:
            board.hear(snapshot, at=0.0)
        stored += board.due(at=0.0)
    return stored + [draft for snapshot in log[heard:] for draft in hear(board, snapshot)]


@st.composite
def restarts(draw: st.DrawFn) -> list[tuple[int, int]]:
    end = len(snapshots_of_the_evening())
    cuts = sorted(draw(st.lists(st.integers(0, end), min_size=1, max_size=3)))
    return [(cut, draw(st.integers(0, 3))) for cut in cuts]


@given(restarts())
@settings(max_examples=15, deadline=None)
def test_a_restart_at_any_point_drafts_neither_more_nor_less(cuts: list[tuple[int, int]]) -> None:
    log = snapshots_of_the_evening()
    want = [draft.draft for draft in undisturbed(log)]
    got = [draft.draft for draft in restarted(log, cuts)]
    assert sorted(got) == sorted(want), "each once: nothing lost, nothing twice, under the same names"


@pytest.mark.parametrize("keep", range(4))
def test_the_newest_snapshots_alone_are_enough_to_know_what_was_told(keep: int) -> None:
    """Of a compacted log only each shard's last snapshot is left: nothing is told a second time."""
    log = snapshots_of_the_evening()[: 20 * (keep + 1)]
    drafts = undisturbed(log)
    board = NoticeBoard()
    for draft in drafts:
        board.remember(create(draft))
    newest = {snapshot.shard: snapshot for snapshot in log}
    for snapshot in newest.values():
        board.hear(snapshot, at=0.0)
    assert [draft for draft in board.due(at=0.0) if draft.notice.parts] == []
