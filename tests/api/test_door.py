"""Whoever does not say a whole request in time is let go, and the rest is answered once each."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from uvicorn.config import Config
from uvicorn.server import ServerState

from api.http.door import BODY_WITHIN_SECONDS, WHOLE_WITHIN_SECONDS, Door

READY = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nready"


class Clock:
    """A loop whose time is moved by hand."""

    def __init__(self) -> None:
        self.now = 100.0
        self.tasks: list[Any] = []
        self.timers: list[tuple[float, Callable[[], None], list[bool]]] = []

    def time(self) -> float:
        return self.now

    def call_later(self, seconds: float, work: Callable[[], None]) -> "Timer":
        alive = [True]
        self.timers.append((self.now + seconds, work, alive))
        return Timer(alive)

    def create_task(self, work: Any, **_named: Any) -> "Task":
        work.close()
        self.tasks.append(work)
        return Task()

    def move(self, seconds: float) -> None:
        """Let so much time pass, and ring every bell that is due."""
        until = self.now + seconds
        while due := [one for one in self.timers if one[0] <= until and one[2][0]]:
            first = min(due, key=lambda one: one[0])
            self.timers.remove(first)
            self.now = first[0]
            first[1]()
        self.now = until


class Timer:
    def __init__(self, alive: list[bool]) -> None:
        self._alive = alive

    def cancel(self) -> None:
        self._alive[0] = False


class Task:
    def add_done_callback(self, work: Any) -> None:
        del work


class Line(asyncio.Transport):
    """The other end: what was written to it, and whether it was let go."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[bytes] = []
        self.gone = False

    def write(self, data: Any) -> None:
        self.said.append(bytes(data))

    def close(self) -> None:
        self.gone = True

    def abort(self) -> None:
        self.gone = True

    def is_closing(self) -> bool:
        return self.gone

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


class Caller:
    """A connection to a door whose front knows "GET /ready"."""

    def __init__(self) -> None:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            del scope, receive, send

        def front(data: bytes, _default: Any) -> bytes | None:
            return READY if data == b"GET /ready HTTP/1.1\r\n\r\n" else None

        self.clock, self.line = Clock(), Line()
        config = Config(app, timeout_keep_alive=10)
        self.door = Door(config=config, server_state=ServerState(), app_state={}, _loop=self.clock, front=front)
        self.door.connection_made(self.line)

    def say(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.door.data_received(piece)


def test_what_is_ready_is_one_write_and_no_task() -> None:
    caller = Caller()
    caller.say(b"GET /ready HTTP/1.1\r\n\r\n", b"GET /ready HTTP/1.1\r\n\r\n")
    assert caller.line.said == [READY, READY]
    assert caller.clock.tasks == []
    assert caller.door.server_state.total_requests == 2


@pytest.mark.parametrize(
    "said",
    [(), (b"GET / HTTP/1.1\r\nHost: a\r\n",), (b"GET /ready HTTP/1.1\r\n\r\n", b"GET /rea")],
    ids=["nothing", "half", "half-after-whole"],
)
def test_who_says_nothing_whole_is_let_go(said: tuple[bytes, ...]) -> None:
    caller = Caller()
    caller.say(*said)
    caller.clock.move(WHOLE_WITHIN_SECONDS - 0.1)
    assert not caller.line.gone
    caller.clock.move(3.0)
    assert caller.line.gone


def test_letters_that_dribble_in_win_no_time() -> None:
    caller = Caller()
    caller.say(b"GET / HTTP/1.1\r\n")
    for _ in range(8):
        caller.clock.move(2.0)
        if not caller.line.gone:
            caller.say(b"X: 1\r\n")
    assert caller.line.gone


def test_a_body_has_longer_and_not_for_ever() -> None:
    caller = Caller()
    caller.say(b"POST /reports HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n")
    caller.clock.move(WHOLE_WITHIN_SECONDS + 5)
    assert not caller.line.gone
    caller.say(b"x" * 100)
    caller.clock.move(BODY_WITHIN_SECONDS)
    assert caller.line.gone


def test_a_request_that_is_whole_may_take_its_time_to_be_answered() -> None:
    caller = Caller()
    caller.say(b"GET /live/events HTTP/1.1\r\nHost: a\r\n\r\n")
    caller.clock.move(3600.0)
    assert not caller.line.gone
    assert len(caller.clock.tasks) == 1


def test_nothing_is_answered_before_its_turn() -> None:
    caller = Caller()
    caller.say(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /ready HTTP/1.1\r\n\r\n")
    assert caller.line.said == []
    half = Caller()
    half.say(b"GET /slow HT", b"GET /ready HTTP/1.1\r\n\r\n")
    assert READY not in half.line.said


def test_who_reads_nothing_is_not_written_to_without_end() -> None:
    caller = Caller()
    caller.door.pause_writing()
    caller.say(b"GET /ready HTTP/1.1\r\n\r\n")
    assert caller.line.said == []
