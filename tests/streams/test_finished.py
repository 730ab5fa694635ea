"""Offsets to commit, when work ends in any order."""

from hypothesis import given
from hypothesis import strategies as st

from streams.brokers.finished import Finished
from streams.processes.progress import Progress, is_progress


def test_holes_in_a_compacted_topic_hold_nothing_back() -> None:
    finished = Finished()
    for offset in (3, 9, 10):
        finished.delivered(offset)
    assert finished.done(3) == 4
    assert finished.done(10) is None
    assert finished.done(9) == 11
    assert finished.open == 0


@given(st.permutations(range(20)))
def test_never_past_an_open_record(order: list[int]) -> None:
    finished = Finished()
    for offset in range(20):
        finished.delivered(offset)
    done: set[int] = set()
    for offset in order:
        done.add(offset)
        store = finished.done(offset)
        first_open = min(set(range(20)) - done, default=20)
        assert store in (None, first_open)
    assert finished.open == 0


def test_a_worker_without_work_is_alive_and_one_that_stands_before_work_is_not() -> None:
    assert is_progress(Progress(moved=5, waiting=0), Progress(moved=5, waiting=0))
    assert is_progress(Progress(moved=5, waiting=9), Progress(moved=6, waiting=9))
    assert not is_progress(Progress(moved=5, waiting=9), Progress(moved=5, waiting=9))
