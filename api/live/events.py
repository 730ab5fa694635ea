"""Who wants to know at once is told which shards say something else: Server-Sent Events.

The newest changes are kept in one ring that everybody reads at their own pace: a slow phone has no queue of
its own, and one that has fallen behind the ring is sent the `index` event, which means "compare with
shards.json". Nobody says where they are: everybody hears of all shards (R13).
"""

import asyncio
import secrets
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import orjson
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.http.reader import Freshness
from api.live.board import SHARDS, Change, LiveBoard

# A hundred changes are minutes of the worst evening; whoever was away for longer compares the index.
_KEPT = 256
# Held connections take places from those who ask once (`serve.MOST_AT_ONCE`); the rest polls as well.
MOST_STREAMS = 400
# Proxies and mobile networks close what is still for 30 to 60 s.
BEAT_SECONDS = 15.0
# A phone that takes nothing for this long has gone; its connection is given to another.
_SEND_SECONDS = 30.0
# An hour, so that a process that is to be replaced is rid of its listeners; they come back by themselves.
_LONGEST_SECONDS = 3600.0
_RETRY_MS = 5000
# Proxies that collect a first block before they pass anything on collect this.
_PADDING = b":" + b" " * 2048 + b"\n"


@dataclass(frozen=True, slots=True)
class _Event:
    number: int
    text: bytes


class Hub:
    """The ring of changes, and those who wait for the next one."""

    def __init__(self, board: LiveBoard, most: int | None = None) -> None:
        # A number alone would mean something else after a restart or at another process.
        self._name = secrets.token_hex(4)
        self._board = board
        self._most = MOST_STREAMS if most is None else most
        self._events: deque[_Event] = deque(maxlen=_KEPT)
        self._number = 0
        self._waiting: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}
        self._lock = threading.Lock()
        board.on_change = self.publish

    @property
    def full(self) -> bool:
        """Return whether nobody else may listen now."""
        return len(self._waiting) >= self._most

    def publish(self, change: Change) -> None:
        """Tell everybody of *change*; called by the thread that made it."""
        with self._lock:
            self._number += 1
            said = {"shards": change.shards, "index": self._index(), "facts_at": change.facts_at}
            self._events.append(_Event(self._number, self._text("change", said)))
            waiting = tuple(self._waiting.items())
        for bell, loop in waiting:
            loop.call_soon_threadsafe(bell.set)

    def join(self) -> asyncio.Event:
        """Return the bell of a new listener; it rings after each change."""
        bell = asyncio.Event()
        with self._lock:
            self._waiting[bell] = asyncio.get_running_loop()
        return bell

    def leave(self, bell: asyncio.Event) -> None:
        """Forget a listener."""
        with self._lock:
            self._waiting.pop(bell, None)

    def after(self, last: str) -> tuple[bytes, str]:
        """Return what to send to somebody whose newest event is *last*, and the name of the newest now."""
        with self._lock:
            name, _, text = last.partition("-")
            number = int(text) if name == self._name and text.isascii() and text.isdigit() else -1
            oldest = self._events[0].number if self._events else self._number + 1
            if number < oldest - 1 or number > self._number:
                return self._text("index", {"index": self._index()}), self._id
            return b"".join(event.text for event in self._events if event.number > number), self._id

    @property
    def _id(self) -> str:
        return f"{self._name}-{self._number}"

    def _index(self) -> str | None:
        body = self._board.answers.bodies.get(SHARDS)
        return None if body is None else body.digest

    def _text(self, kind: str, said: object) -> bytes:
        return b"event: %s\nid: %s\ndata: %s\n\n" % (kind.encode(), self._id.encode(), orjson.dumps(said))


class EventStream(Response):
    """One listener's connection."""

    media_type = "text/event-stream"

    def __init__(self, hub: Hub, last: str, freshness: Callable[[], Freshness]) -> None:
        super().__init__(
            headers={
                "cache-control": "no-store, no-transform",
                "x-accel-buffering": "no",  # nginx would keep events back until it has a block of them
            }
        )
        del self.headers["content-length"]
        self._hub, self._last, self._freshness = hub, last, freshness

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Tell of changes until the listener leaves or takes nothing any more."""
        bell = self._hub.join()
        gone = asyncio.ensure_future(_left(receive))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            text, last = self._hub.after(self._last)
            await _pass(send, b"retry: %d\n" % _RETRY_MS + _PADDING + b"\n" + text)
            until = asyncio.get_running_loop().time() + _LONGEST_SECONDS
            while not gone.done() and asyncio.get_running_loop().time() < until:
                await _rung(bell, gone)
                if gone.done():
                    return
                bell.clear()
                text, last = self._hub.after(last)
                await _pass(send, text or self._beat())
            await send({"type": "http.response.body", "body": b""})
        except TimeoutError:
            return  # it takes nothing; the server closes what was not ended
        finally:
            self._hub.leave(bell)
            gone.cancel()

    def _beat(self) -> bytes:
        fresh = self._freshness()
        return b"event: beat\ndata: %s\n\n" % orjson.dumps({"age_seconds": fresh.age_seconds})


async def _rung(bell: asyncio.Event, gone: "asyncio.Future[None]") -> None:
    ringing = asyncio.ensure_future(bell.wait())
    try:
        await asyncio.wait((ringing, gone), timeout=BEAT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    finally:
        ringing.cancel()


async def _pass(send: Send, text: bytes) -> None:
    async with asyncio.timeout(_SEND_SECONDS):
        await send({"type": "http.response.body", "body": text, "more_body": True})


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
