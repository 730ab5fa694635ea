"""Acts wait in threads of their own: who waits for whom, who is told that nothing was done."""

import asyncio
import threading

import anyio
import pytest

from api.http.errors import ApiError
from api.http.turns import MOST_IN_LINE, Turns

# Never waited for to its end: a test that hangs is ended by it.
PATIENCE_SECONDS = 20.0
AT_ONCE_SECONDS = 0.01


class Stalled:
    """An act that a broker keeps waiting until it is let go."""

    def __init__(self) -> None:
        self.begun, self.may_end = threading.Event(), threading.Event()

    def __call__(self) -> str:
        self.begun.set()
        assert self.may_end.wait(PATIENCE_SECONDS)
        return "done"


async def holds(turns: Turns, subject: str) -> tuple[Stalled, "asyncio.Task[str]"]:
    """Begin an act on *subject* that stalls, and return once it has."""
    act = Stalled()
    task = asyncio.create_task(turns.take(subject, act))
    assert await asyncio.to_thread(act.begun.wait, PATIENCE_SECONDS)
    return act, task


async def refused(turns: Turns, subject: str) -> str:
    done: list[int] = []
    with pytest.raises(ApiError) as caught:
        await turns.take(subject, lambda: done.append(1))
    assert (done, caught.value.status) == ([], 503), "what is refused has not begun"
    return caught.value.code


def test_an_act_is_done_off_the_loop_and_its_answer_or_error_comes_back() -> None:
    def in_a_thread() -> str:
        with pytest.raises(RuntimeError):
            asyncio.get_running_loop()
        return "here"

    def fails() -> None:
        raise ApiError(409, "known", "What the act raises")

    async def story() -> None:
        turns = Turns()
        assert await turns.take("a", in_a_thread) == "here"
        with pytest.raises(ApiError, match="known"):
            await turns.take("a", fails)
        assert await turns.take("a", in_a_thread) == "here", "what failed holds nothing"

    asyncio.run(story())


def test_a_stalled_act_holds_up_its_own_subject_and_no_other() -> None:
    async def story() -> None:
        turns = Turns(2, wait_seconds=AT_ONCE_SECONDS)
        stalled, task = await holds(turns, "a")
        assert await refused(turns, "a") == "under-way"
        assert await turns.take("b", lambda: "done") == "done"
        assert await turns.take("", lambda: "done") == "done"
        stalled.may_end.set()
        assert await task == "done"
        assert await turns.take("a", lambda: "again") == "again"

    asyncio.run(story())


def test_where_every_thread_is_held_the_next_is_told_that_nothing_was_done() -> None:
    async def story() -> None:
        turns = Turns(2, wait_seconds=AT_ONCE_SECONDS)
        held = [await holds(turns, subject) for subject in ("a", "b")]
        assert await refused(turns, "c") == "busy"
        assert await refused(turns, "") == "busy"
        for stalled, _ in held:
            stalled.may_end.set()
        assert [await task for _, task in held] == ["done", "done"]
        assert await turns.take("c", lambda: "done") == "done"

    asyncio.run(story())


def test_no_more_wait_than_may() -> None:
    async def story() -> None:
        turns = Turns(1, most_waiting=1, wait_seconds=PATIENCE_SECONDS)
        stalled, task = await holds(turns, "a")
        waits = asyncio.create_task(turns.take("b", lambda: "b"))
        await anyio.wait_all_tasks_blocked()
        assert await refused(turns, "c") == "busy"
        stalled.may_end.set()
        assert (await task, await waits) == ("done", "b")

    asyncio.run(story())


def test_one_subject_pressed_again_and_again_leaves_room_for_others() -> None:
    async def story() -> None:
        turns = Turns(2, most_waiting=MOST_IN_LINE + 1, wait_seconds=PATIENCE_SECONDS)
        stalled, task = await holds(turns, "a")
        order: list[int] = []
        waits = [asyncio.create_task(turns.take("a", order.append, number)) for number in range(MOST_IN_LINE)]
        await anyio.wait_all_tasks_blocked()
        assert await refused(turns, "a") == "under-way"
        assert await turns.take("b", lambda: "b") == "b"
        stalled.may_end.set()
        await asyncio.gather(task, *waits)
        assert order == sorted(order), "in the order in which they came"

    asyncio.run(story())
