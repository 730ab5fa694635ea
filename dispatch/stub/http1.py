"""Speak just enough HTTP/1.1 (RFC 9112) for a sender that does not offer HTTP/2: one request after the other."""

import asyncio
from http import HTTPStatus

from dispatch.stub.behaviour import Act
from dispatch.stub.push import BODY_BYTES, Answer, PushService, Request

HEAD_BYTES = 16_384
CHUNK_BYTES = 65_536
# Behind a reply that is still going out, this much may wait before the peer is called broken.
WAITING_BYTES = 1 << 20


class Http1Connection:
    """Serve one connection. The owner feeds bytes, tells when writing must pause, and when it is lost."""

    def __init__(self, transport: asyncio.Transport, service: PushService, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._service = service
        self._loop = loop
        self._input = bytearray()
        self._busy = False
        self._ended = False
        self._paused = False
        self._timer: asyncio.TimerHandle | None = None
        self._zeros = 0

    def feed(self, data: bytes) -> None:
        """Take bytes from the peer."""
        self._input += data
        if len(self._input) > WAITING_BYTES:
            self._broken("h1-too-much")
        while not self._busy and not self._ended and self._next():
            pass

    def pause(self) -> None:
        """Stop sending bodies: the peer does not read."""
        self._paused = True

    def resume(self) -> None:
        """Go on sending bodies."""
        self._paused = False
        self._pump()

    def lost(self) -> None:
        """Forget everything; the connection is gone."""
        self._ended = True
        if self._timer:
            self._timer.cancel()

    def go_away(self) -> None:
        """Close."""
        self._ended = True
        self._transport.close()

    def _next(self) -> bool:
        head_end = self._input.find(b"\r\n\r\n")
        if head_end < 0:
            if len(self._input) > HEAD_BYTES:
                self._broken("h1-head-too-large")
            return False
        first, *lines = self._input[:head_end].decode("latin-1").split("\r\n")
        words = first.split(" ")
        headers: dict[str, str] = {}
        for line in lines:
            name, colon, value = line.partition(":")
            if not colon or not name or name != name.strip() or name.lower() in headers:
                self._broken("h1-malformed")
                return False
            headers[name.lower()] = value.strip()
        length = headers.get("content-length", "0")
        if len(words) != 3 or not length.isdecimal() or "transfer-encoding" in headers or "host" not in headers:
            self._broken("h1-malformed")
            return False
        size, begin = int(length), head_end + 4
        too_large = size > BODY_BYTES
        if not too_large and len(self._input) < begin + size:
            return False
        body = bytes(self._input[begin : begin + size])[: BODY_BYTES + 1]
        del self._input[: begin + size]
        answer = self._service.receive(Request(words[0], headers["host"], words[1], headers, body, too_large))
        self._busy = True
        if answer.delay_seconds and answer.act is not Act.DRIP:
            self._timer = self._loop.call_later(answer.delay_seconds, self._answer, answer, too_large)
        else:
            self._answer(answer, too_large)
        return True

    def _answer(self, answer: Answer, close: bool) -> None:
        self._timer = None
        if answer.act is Act.HANG:
            return
        if answer.act in (Act.RESET, Act.CLOSE):
            self._ended = True
            self._transport.abort()
            return
        size = len(answer.body) or answer.reply_bytes
        lines = [f"HTTP/1.1 {answer.status} {_phrase(answer.status)}", f"content-length: {size}"]
        lines += [f"{name}: {value}" for name, value in answer.fields]
        if close:  # the rest of the body is not read
            lines.append("connection: close")
        self._transport.write("\r\n".join([*lines, "", ""]).encode("latin-1") + answer.body)
        self._zeros = answer.reply_bytes
        if close:
            self.go_away()
        elif answer.act is Act.DRIP:
            self._drip(answer.delay_seconds or 1.0)
        else:
            self._pump()

    def _pump(self) -> None:
        if self._timer:
            return
        while self._zeros and not self._paused and not self._transport.is_closing():
            size = min(CHUNK_BYTES, self._zeros)
            self._zeros -= size
            self._transport.write(bytes(size))
        if not self._zeros and self._busy:
            self._done()

    def _drip(self, seconds: float) -> None:
        self._timer = None
        if self._ended:
            return
        self._transport.write(b"\0")
        self._zeros -= 1
        if self._zeros > 0:
            self._timer = self._loop.call_later(seconds, self._drip, seconds)
        else:
            self._zeros = 0
            self._done()

    def _done(self) -> None:
        self._busy = False
        if self._input:
            # From the loop, so that a reply never nests in the reading of the next request.
            self._loop.call_soon(self.feed, b"")

    def _broken(self, reason: str) -> None:
        self._service.note(reason)
        self._transport.write(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        self.go_away()


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
