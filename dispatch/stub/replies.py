"""The stub's sending half: replies within the peer's windows, in drips, or as long as 50 MiB."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from dispatch.stub.behaviour import Act
from dispatch.stub.errors import ConnectionBroken
from dispatch.stub.fields import encode
from dispatch.stub.frames import (
    DATA,
    END_HEADERS,
    END_STREAM,
    FIRST_WINDOW,
    FRAME_BYTES,
    HEADERS,
    LARGEST_WINDOW,
    Code,
    frame,
)
from dispatch.stub.push import Answer


@dataclass(slots=True)
class Stream:
    """One request and its reply while they are under way."""

    headers: Mapping[str, str]
    window: int
    body: bytearray = field(default_factory=bytearray)
    received: int = 0
    request_ended: bool = False
    too_large: bool = False
    timer: asyncio.TimerHandle | None = None
    reply: bytes = b""  # what is left of a short body
    reply_zeros: int = 0  # what is left of a made-up long one
    drip_seconds: float = 0.0


class Replies:
    """The replies of one connection. *output* is what it will send, *send* sends it, *finish* ends a stream."""

    def __init__(
        self,
        output: bytearray,
        send: Callable[[], None],
        finish: Callable[[int, Stream], None],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._output = output
        self._send = send
        self._finish = finish
        self._loop = loop
        self.streams: dict[int, Stream] = {}
        self.paused = False
        self.ended = False
        self.window = FIRST_WINDOW
        self.initial_window = FIRST_WINDOW
        self.frame_bytes = FRAME_BYTES

    def begin(self, number: int, stream: Stream, answer: Answer) -> None:
        """Answer a request: its fields now, its body as the peer lets us."""
        ended = not answer.body and not answer.reply_bytes
        flags = END_HEADERS | END_STREAM if ended else END_HEADERS
        self._output += frame(HEADERS, flags, number, encode(answer.status, answer.fields))
        if ended:
            self._finish(number, stream)
            return
        stream.reply, stream.reply_zeros = answer.body, answer.reply_bytes
        if answer.act is Act.DRIP:
            stream.drip_seconds = answer.delay_seconds or 1.0
            self._drip(number, stream)
        else:
            self.pump(number, stream)

    def widen(self, more: int) -> None:
        """Take a WINDOW_UPDATE for the connection; raises ConnectionBroken where it breaks the protocol."""
        self.window += more
        if more == 0 or self.window > LARGEST_WINDOW:
            code = Code.FLOW_CONTROL_ERROR if more else Code.PROTOCOL_ERROR
            raise ConnectionBroken(code, "h2-window-update")
        self.pump_all()

    def initial_window_changed(self, value: int) -> None:
        """Take the peer's SETTINGS_INITIAL_WINDOW_SIZE, for open streams too (RFC 9113, 6.9.2)."""
        if value > LARGEST_WINDOW:
            raise ConnectionBroken(Code.FLOW_CONTROL_ERROR, "h2-setting-initial-window")
        change = value - self.initial_window
        self.initial_window = value
        for stream in self.streams.values():
            stream.window += change  # may fall below zero
            if stream.window > LARGEST_WINDOW:
                raise ConnectionBroken(Code.FLOW_CONTROL_ERROR, "h2-setting-initial-window")

    def pump_all(self) -> None:
        """Send of all bodies what may be sent."""
        for number, stream in list(self.streams.items()):
            if self.window <= 0 or self.paused:
                return
            self.pump(number, stream)

    def pump(self, number: int, stream: Stream) -> None:
        """Send of one body what may be sent."""
        if stream.drip_seconds:
            return
        while (stream.reply or stream.reply_zeros) and not self.paused and not self.ended:
            size = min(self.frame_bytes, self.window, stream.window)
            if size <= 0:
                return
            self._body_frame(number, stream, size)
            # Sent at once, so that a peer who does not read is noticed after 64 KiB and not after 50 MiB.
            self._send()

    def _drip(self, number: int, stream: Stream) -> None:
        stream.timer = None
        if self.window > 0 and stream.window > 0:
            self._body_frame(number, stream, 1)
            self._send()
        if number in self.streams:
            stream.timer = self._loop.call_later(stream.drip_seconds, self._drip, number, stream)

    def _body_frame(self, number: int, stream: Stream, size: int) -> None:
        if stream.reply:
            chunk, stream.reply = stream.reply[:size], stream.reply[size:]
        else:
            chunk = bytes(min(size, stream.reply_zeros))
            stream.reply_zeros -= len(chunk)
        self.window -= len(chunk)
        stream.window -= len(chunk)
        ended = not stream.reply and not stream.reply_zeros
        self._output += frame(DATA, END_STREAM if ended else 0, number, chunk)
        if ended:
            self._finish(number, stream)
