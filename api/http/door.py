"""The way into each process: a time within which a request is whole, and one write for what is ready as bytes.

In a rush nearly every question has a ready answer. What parses a request into dictionaries, begins a task for it and
joins its answer again costs eight times as much as the answer; so a complete question of the plainest kind is looked
up in the bytes that came. Whatever is not of that kind goes the long way, which says what is wrong with it.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# A connection on which nothing whole came for so long is ended: whoever dribbles letters, or opens a thousand
# connections and says nothing, would else keep all others out (slow loris).
WHOLE_WITHIN_SECONDS = 10.0
# A report of 1 MiB over a bad line.
BODY_WITHIN_SECONDS = 60.0
_LOOK_SECONDS = 2.5

Headers = list[tuple[bytes, bytes]]
Front = Callable[[bytes, Headers], bytes | None]
"""Takes what came in one piece and the headers that every answer has; returns the whole answer, or None."""


class Door(HttpToolsProtocol):
    """uvicorn's protocol with a deadline for each request and a front that may answer without it."""

    def __init__(self, *given: Any, front: Front | None = None, **named: Any) -> None:
        super().__init__(*given, **named)
        self._front = front
        self._begun = False  # a request has begun and is not whole
        self._since: float | None = None  # when what we wait for began; None while it is our turn
        self._allowed = WHOLE_WITHIN_SECONDS
        self._looking: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._since = self.loop.time()
        self._looking = self.loop.call_later(_LOOK_SECONDS, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        if self._looking is not None:
            self._looking.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Answer at once what is ready, and hand on everything else."""
        if self._front is not None and self._idle():
            answer = self._front(data, self.server_state.default_headers)
            if answer is not None:
                self._unset_keepalive_if_required()
                self.transport.write(answer)
                self.server_state.total_requests += 1
                # The next one has as long as a first one: no timer is made for each answer.
                self._since, self._allowed = self.loop.time(), float(self.timeout_keep_alive)
                return
        super().data_received(data)

    def _idle(self) -> bool:
        """Say whether no request is half read, none is being answered, and the last answer has left."""
        answered = self.cycle is None or self.cycle.response_complete
        return answered and not self._begun and not self.flow.write_paused and not self.transport.is_closing()

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self._begun, self._since, self._allowed = True, self.loop.time(), WHOLE_WITHIN_SECONDS

    def on_headers_complete(self) -> None:
        """Begin its body: that may take longer."""
        super().on_headers_complete()
        self._allowed = BODY_WITHIN_SECONDS

    def on_message_complete(self) -> None:
        """End it: what takes long from here on is the answer."""
        super().on_message_complete()
        self._begun, self._since = False, None

    def _look(self) -> None:
        """End the connection when what we wait for has not come in time."""
        if self._since is not None and self.loop.time() - self._since >= self._allowed:
            self.transport.abort()
            return
        self._looking = self.loop.call_later(_LOOK_SECONDS, self._look)


def door_with(front: Front | None) -> type[asyncio.Protocol]:
    """Return what uvicorn makes for each connection, with *front*."""
    return partial(Door, front=front)  # type: ignore[return-value]
