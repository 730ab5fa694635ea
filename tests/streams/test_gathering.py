"""Answers of a large notice are taken by the hundred, those of a small one as they come."""

from collections import deque
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.batch import Batch, BatchAnswer
from dispatch.outcomes import PushOutcome
from streams.fanout.gathering import GATHER_ROWS, GATHER_SECONDS, gathered

BATCH = Batch("https://push.example", (), 0.0, (), (), ())


class Answering:
    """Has so many pushes open, and answers some of them at each poll."""

    def __init__(self, in_flight: int, answers: Sequence[int]) -> None:
        self.in_flight = in_flight
        self.free = 0
        self.waited: list[float] = []
        self._answers = deque(answers)

    def open_ahead(self, origins: Sequence[str]) -> None:
        raise AssertionError("nobody asked for connections")

    def submit_batch(self, batch: Batch) -> None:
        raise AssertionError("nobody had anything to send")

    def poll_batches(self, timeout_seconds: float) -> list[BatchAnswer]:
        self.waited.append(timeout_seconds)
        count = self._answers.popleft() if self._answers else 0
        self.in_flight -= count
        return [BatchAnswer(BATCH, PushOutcome.ACCEPTED, 201, None, 0.0, 0.0, range(count))] if count else []

    def close(self) -> None:
        raise AssertionError("nobody is done")


def taken(sender: Answering, wait: float) -> tuple[int, list[float]]:
    """Return how many answers were taken, and for how long was slept."""
    slept: list[float] = []
    return sum(len(answer.keys) for answer in gathered(sender, wait, slept.append)), slept


def test_a_handful_amid_a_large_notice_waits_for_company_once() -> None:
    sender = Answering(4_000, [3, 300, 300])
    assert taken(sender, 0.01) == (303, [GATHER_SECONDS])
    assert sender.waited == [0.01, 0.0]


def test_nothing_waits_while_more_can_be_handed_over_or_hundreds_have_come_or_few_are_open() -> None:
    for sender, wait in (
        (Answering(4_000, [3, 300]), 0.0),
        (Answering(4_000, [GATHER_ROWS, 300]), 0.01),
        (Answering(GATHER_ROWS + 2, [3, 300]), 0.01),
    ):
        count, slept = taken(sender, wait)
        assert slept == []
        assert len(sender.waited) == 1
        assert count in (3, GATHER_ROWS)


def test_a_push_service_that_says_nothing_is_waited_for_by_the_sender_alone() -> None:
    sender = Answering(4_000, [0, 300])
    assert taken(sender, 0.01) == (0, [])


@given(
    in_flight=st.integers(0, 5_000),
    answers=st.lists(st.integers(0, 900), max_size=4),
    wait=st.sampled_from([0.0, 0.01]),
)
@settings(deadline=None, derandomize=True)
def test_every_answer_comes_back_once_and_a_turn_is_never_much_longer(
    in_flight: int, answers: list[int], wait: float
) -> None:
    sender = Answering(in_flight, answers)
    count, slept = taken(sender, wait)
    assert count == sum(answers[: len(sender.waited)])
    assert sum(slept) <= GATHER_SECONDS
    assert len(sender.waited) <= 2
