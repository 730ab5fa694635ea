"""Calls about ways that change cell by cell: once, until there is more to see or somebody has decided."""

from dataclasses import replace

import pytest

from alerts.notice import NoticeKind
from alerts.place import Cell
from streams.duty.woken import CALM_SECONDS, Woken
from streams.payloads import WAYS_OF_AN_ORDER, DraftRecord, DraftState
from tests.streams.test_pager import waiting


def ways(number: int, cells: int = 1) -> DraftRecord:
    """Return the draft of *number* of an order's ways, each in the place of the one before."""
    of = waiting()
    assert of.draft is not None
    (first, *_) = of.draft.notice.parts
    notice = replace(
        of.draft.notice, kind=NoticeKind.GO_THERE, parts=(replace(first, cells=tuple(map(Cell, range(cells)))),)
    )
    return replace(of, draft_id=f"ways-{number}", draft=replace(of.draft, notice=notice))


def called(woken: Woken, record: DraftRecord, at: float) -> bool:
    """Call somebody as the pager does; return whether she was."""
    if woken.lately(record, "koto-1", at):
        return False
    woken.called(record, "koto-1", at)
    return True


def test_cell_after_cell_is_one_call_in_five_minutes() -> None:
    woken = Woken()
    calls = [at for number in range(60) if called(woken, ways(number), at := number * 25.0)]
    assert calls == [0.0, 300.0, 600.0, 900.0, 1200.0]


def test_a_call_that_did_not_arrive_is_made_again() -> None:
    woken = Woken()
    assert called(woken, ways(1), 0.0)
    assert called(woken, ways(1), 1.0), "the same draft: whether it is due once more is for the calls to say"


def test_more_cells_than_she_was_called_about_call_at_once_and_fewer_do_not() -> None:
    woken = Woken()
    assert called(woken, ways(1, cells=2), 0.0)
    assert not called(woken, ways(2, cells=1), 10.0)
    assert called(woken, ways(3, cells=3), 20.0)
    assert not called(woken, ways(4, cells=3), 20.0 + CALM_SECONDS - 1)


def test_another_person_and_another_order_are_called_for_themselves() -> None:
    woken = Woken()
    assert called(woken, ways(1), 0.0)
    assert not woken.lately(ways(2), "koto-2", 1.0)
    assert not woken.lately(replace(ways(2), lineage="other-ways"), "koto-1", 1.0)


@pytest.mark.parametrize(
    ("state", "reason", "again"),
    [
        (DraftState.APPROVED, "approved-by:koto-1", True),
        (DraftState.VOID, "void-by:koto-1", True),
        (DraftState.APPROVED, WAYS_OF_AN_ORDER, False),
        (DraftState.OPEN, "needs-a-person", False),
    ],
)
def test_a_person_who_decided_is_called_about_the_next(state: DraftState, reason: str, again: bool) -> None:
    woken = Woken()
    assert called(woken, ways(1), 0.0)
    woken.hear(replace(ways(1), state=state, reason=reason))
    assert called(woken, ways(2), 1.0) is again


def test_of_an_order_itself_everybody_is_called_each_time() -> None:
    woken = Woken()
    assert called(woken, waiting(), 0.0)
    assert called(woken, replace(waiting(), draft_id="draft-2"), 1.0)
