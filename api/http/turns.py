"""Acts that wait for a broker or a disk: in threads of their own, those of one subject one after the other.

Nothing here runs on the event loop but the waiting: whoever reads is answered meanwhile, and whoever acts on another
subject is not held up. Threads are bounded, and so is the waiting: what has not begun in time is told so, and was
not done. A slow broker then costs those who write a clear answer, and those who read nothing.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import ParamSpec, TypeVar

from api.http.errors import ApiError

P = ParamSpec("P")
T = TypeVar("T")

# A stalled act holds its thread for 20 s at most (trail, then command). Each subject holds one, so that as many drafts
# may stall before another one waits; a thread that waits costs some 50 kB.
AT_ONCE = 32
# Longer than a healthy broker needs for a whole queue, and short enough that an officer sees an answer.
WAIT_SECONDS = 5.0
MOST_WAITING = 200
# Somebody presses again, and once more; a script that goes on pressing does not use up what others may wait for.
MOST_IN_LINE = 4


def busy() -> ApiError:
    """Return the answer to an act that has not begun: too many others wait."""
    return ApiError(503, "busy", "Nothing was done: too much waits here at this moment", "Safe to try again.")


def under_way() -> ApiError:
    """Return the answer to an act that has not begun while one before it, on the same subject, has not ended."""
    return ApiError(503, "under-way", "Not known yet: what was asked before has not ended", "Safe to try again.")


@dataclass(slots=True)
class _Line:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    takers: int = 0


class Turns:
    """Who acts now and who waits. One event loop uses it."""

    def __init__(
        self,
        at_once: int = AT_ONCE,
        *,
        most_waiting: int = MOST_WAITING,
        wait_seconds: float = WAIT_SECONDS,
        busy: Callable[[], ApiError] = busy,
        under_way: Callable[[], ApiError] = under_way,
    ) -> None:
        """*busy* is said where nothing has begun, *under_way* where an act before on the same subject has not ended."""
        # Whoever has a slot has a thread at once: none waits inside the pool, where it could not be told so.
        self._slots = asyncio.Semaphore(at_once)
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="turn")
        self._most_waiting = most_waiting
        self._wait_seconds = wait_seconds
        self._busy, self._under_way = busy, under_way
        self._lines: dict[str, _Line] = {}
        self._waiting = 0

    async def take(self, subject: str, act: Callable[P, T], *given: P.args, **named: P.kwargs) -> T:
        """Return what *act* returns, or raise what it raises; "" is no subject, and waits for no other.

        Raises `ApiError` 503 where it has not begun in time: then nothing of it was done, and it may be tried again.
        """
        async with self._line(subject), self._slot():
            done = asyncio.get_running_loop().run_in_executor(self._threads, partial(act, *given, **named))
            try:
                return await asyncio.shield(done)
            except asyncio.CancelledError:
                # A thread cannot be stopped: its subject is kept from others until it has ended.
                await asyncio.wait((done,))
                raise

    @asynccontextmanager
    async def _line(self, subject: str) -> AsyncIterator[None]:
        """Wait until nobody else acts on *subject*, and keep others from it."""
        if not subject:
            yield
            return
        line = self._lines.setdefault(subject, _Line())
        if line.takers > MOST_IN_LINE:
            raise self._under_way()
        line.takers += 1
        try:
            async with self._waits(self._under_way if line.lock.locked() else self._busy):
                await line.lock.acquire()
            try:
                yield
            finally:
                line.lock.release()
        finally:
            line.takers -= 1
            if not line.takers:
                del self._lines[subject]

    @asynccontextmanager
    async def _slot(self) -> AsyncIterator[None]:
        async with self._waits(self._busy):
            await self._slots.acquire()
        try:
            yield
        finally:
            self._slots.release()

    @asynccontextmanager
    async def _waits(self, late: Callable[[], ApiError]) -> AsyncIterator[None]:
        """Bound a wait, by its length and by how many wait; raises *late* beyond that."""
        if self._waiting >= self._most_waiting:
            raise late()
        self._waiting += 1
        try:
            async with asyncio.timeout(self._wait_seconds):
                yield
        except TimeoutError:
            raise late() from None
        finally:
            self._waiting -= 1
