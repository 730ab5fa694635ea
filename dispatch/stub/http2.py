"""Speak the server's half of HTTP/2 (RFC 9113), framed by hand for one kind of request.

Strict: whoever breaks the protocol gets a GOAWAY or a reset, and it is written down. A lenient stub would
let a sender pass here that fails at a real push service.
"""

import asyncio

from dispatch.stub.behaviour import Act
from dispatch.stub.errors import ConnectionBroken, FieldsMalformed
from dispatch.stub.fields import BLOCK_BYTES, FieldDecoder
from dispatch.stub.frames import (
    ACK,
    CONTINUATION,
    DATA,
    ENABLE_PUSH,
    END_HEADERS,
    END_STREAM,
    FIRST_WINDOW,
    FRAME_BYTES,
    HEAD,
    HEADERS,
    INITIAL_WINDOW,
    LARGEST_WINDOW,
    MAX_CONCURRENT,
    MAX_FRAME,
    PADDED,
    PREFACE,
    PRIORITY_FLAG,
    SETTING,
    WORD,
    Code,
    Kind,
    frame,
    unpadded,
)
from dispatch.stub.push import BODY_BYTES, Answer, PushService, Request
from dispatch.stub.replies import Replies, Stream
from dispatch.stub.request_fields import checked

# Bodies are at most 4 KiB and are used at once, so the connection's window may be wide: a thousand open pushes.
CONNECTION_WINDOW = 16 * 1024 * 1024
MAX_STREAMS = 1000
# A stream that was reset by us may still receive what was under way; older ones are an error.
RESET_REMEMBERED = 4096
# CVE-2023-44487: a peer that opens and resets without end. Far above what a sender that gives up would do.
MAX_PEER_RESETS = 20_000


class Http2Connection:
    """Serve one connection. The owner feeds bytes, tells when writing must pause, and when it is lost."""

    def __init__(self, transport: asyncio.Transport, service: PushService, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._service = service
        self._loop = loop
        self._decoder = FieldDecoder()
        self._input = bytearray()
        self._output = bytearray()
        self._preface_seen = False
        self._settings_seen = False
        self._ended = False
        self._reset: dict[int, None] = {}
        self._highest = 0
        self._peer_resets = 0
        self._receive_window = CONNECTION_WINDOW
        self._replies = Replies(self._output, self._send, self._finish, loop)
        self._streams = self._replies.streams
        self._block: bytearray | None = None  # a header block that CONTINUATION frames go on with
        self._block_stream = 0
        self._block_flags = 0
        self._output += frame(Kind.SETTINGS, 0, 0, SETTING.pack(MAX_CONCURRENT, MAX_STREAMS))
        self._output += frame(Kind.WINDOW_UPDATE, 0, 0, WORD.pack(CONNECTION_WINDOW - FIRST_WINDOW))
        self._send()

    # ------------------------------------------------------------------ what the owner calls

    def feed(self, data: bytes) -> None:
        """Take bytes from the peer."""
        if self._ended:
            return
        self._input += data
        try:
            self._read()
        except ConnectionBroken as broken:
            self._end(broken.code, broken.reason)
        self._send()

    def pause(self) -> None:
        """Stop sending bodies: the peer does not read."""
        self._replies.paused = True

    def resume(self) -> None:
        """Go on sending bodies."""
        self._replies.paused = False
        self._replies.pump_all()
        self._send()

    def lost(self) -> None:
        """Forget everything; the connection is gone."""
        self._ended = self._replies.ended = True
        for stream in self._streams.values():
            if stream.timer:
                stream.timer.cancel()
        self._streams.clear()

    def go_away(self) -> None:
        """Tell the peer that no new request is taken, and close."""
        if not self._ended:
            self._end(Code.NO_ERROR, "")

    # ------------------------------------------------------------------ reading frames

    def _read(self) -> None:
        data = self._input
        if not self._preface_seen:
            if not PREFACE.startswith(data[: len(PREFACE)]):
                raise ConnectionBroken(Code.PROTOCOL_ERROR, "h2-preface")
            if len(data) < len(PREFACE):
                return
            del data[: len(PREFACE)]
            self._preface_seen = True
        place, end = 0, len(data)
        while end - place >= 9 and not self._ended:
            high, low, kind, flags, number = HEAD.unpack_from(data, place)
            length = high << 8 | low
            if length > FRAME_BYTES:
                raise ConnectionBroken(Code.FRAME_SIZE_ERROR, "h2-frame-too-large")
            after = place + 9 + length
            if after > end:
                break
            self._frame(kind, flags, number & 0x7FFFFFFF, bytes(data[place + 9 : after]))
            place = after
        del data[:place]

    def _frame(self, kind: int, flags: int, number: int, payload: bytes) -> None:
        if self._block is not None and (kind != CONTINUATION or number != self._block_stream):
            raise ConnectionBroken(Code.PROTOCOL_ERROR, "h2-continuation-expected")
        if not self._settings_seen and kind != Kind.SETTINGS:
            raise ConnectionBroken(Code.PROTOCOL_ERROR, "h2-settings-first")
        if kind == DATA:
            self._data(flags, number, payload)
        elif kind == HEADERS:
            self._headers(flags, number, payload)
        elif kind == CONTINUATION:
            self._continuation(flags, payload)
        elif kind == Kind.WINDOW_UPDATE:
            self._window_update(number, payload)
        elif kind == Kind.SETTINGS:
            self._settings(flags, number, payload)
        elif kind == Kind.RST_STREAM:
            self._peer_reset(number, payload)
        elif kind == Kind.PING:
            self._ping(flags, number, payload)
        elif kind == Kind.GOAWAY:
            if number or len(payload) < 8:
                raise ConnectionBroken(Code.PROTOCOL_ERROR, "h2-goaway")
        elif kind == Kind.PRIORITY:
            if number == 0:
                raise ConnectionBroken(Code.PROTOCOL_ERROR, "h2-priority")
            if len(payload) != 5:
                raise ConnectionBroken(Code.FRAME_SIZE_ERROR, "h2-priority")
        elif kind == Kind.PUSH_PROMISE:
            raise ConnectionBroken(Code.PROTOCOL_ERROR, "h2-push-promise")
        # Unknown types are passed over (RFC 9113, 5.5).

    def _headers(self, flags: int, number: int, payload: bytes) -> None:
        if number % 2 == 0:  # 0 as well
            raise ConnectionBroken(Code.PROTOCOL_ERROR, "h2-stream-number")
        if flags & PADDED:
            payload = unpadded(payload)
        if flags & PRIORITY_FLAG:
            if len(payload) < 5:
                raise ConnectionBroken(Code.FRAME_SIZE_ERROR, "h2-headers-too-short")
            payload = payload[5:]
        if flags & END_HEADERS:
            self._block_complete(number, flags, payload)
        else:
            self._block, self._block_stream, self._block_flags = bytearray(payload), number, flags

    def _continuation(self, flags: int, payload: bytes) -> None:
        if self._block is None:
            raise ConnectionBroken(Code.PROTOCOL_ERROR, "h2-continuation-unexpected")
        self._block += payload
        if len(self._block) > BLOCK_BYTES:
            raise ConnectionBroken(Code.ENHANCE_YOUR_CALM, "h2-header-block-too-large")
        if flags & END_HEADERS:
            block, self._block = bytes(self._block), None
            self._block_complete(self._block_stream, self._block_flags, block)

    def _block_complete(self, number: int, flags: int, block: bytes) -> None:
        # Decoded even when the stream is of no interest: the table is shared by the whole connection.
        try:
            fields = self._decoder.decode(block)
        except FieldsMalformed as error:
            raise ConnectionBroken(Code.COMPRESSION_ERROR, "h2-compression") from error
        if number <= self._highest:
            self._trailers(number, flags)
            return
        self._highest = number
        if len(self._streams) >= MAX_STREAMS:
            self._reset_stream(number, Code.REFUSED_STREAM, "h2-too-many-streams")
            return
        headers = checked(fields)
        if headers is None:
            self._reset_stream(number, Code.PROTOCOL_ERROR, "h2-malformed-request")
            return
        stream = Stream(headers, self._replies.initial_window)
        self._streams[number] = stream
        if flags & END_STREAM:
            self._request_complete(number, stream)

    def _trailers(self, number: int, flags: int) -> None:
        stream = self._streams.get(number)
        if stream is None:
            if number in self._reset:
                return
            raise ConnectionBroken(Code.STREAM_CLOSED, "h2-headers-on-closed-stream")
        if stream.request_ended or not flags & END_STREAM:
            self._reset_stream(number, Code.PROTOCOL_ERROR, "h2-trailers")
            return
        self._request_complete(number, stream)

    def _data(self, flags: int, number: int, payload: bytes) -> None:
        size = len(payload)  # padding counts too (RFC 9113, 6.9.1)
        self._receive_window -= size
        if self._receive_window < 0:
            raise ConnectionBroken(Code.FLOW_CONTROL_ERROR, "h2-connection-window")
        if self._receive_window <= CONNECTION_WINDOW // 2:
            self._output += frame(Kind.WINDOW_UPDATE, 0, 0, WORD.pack(CONNECTION_WINDOW - self._receive_window))
            self._receive_window = CONNECTION_WINDOW
        stream = self._streams.get(number)
        if stream is None or stream.request_ended:
            if number in self._reset:
                return
            if number == 0 or number > self._highest:
                raise ConnectionBroken(Code.PROTOCOL_ERROR, "h2-data-on-idle-stream")
            raise ConnectionBroken(Code.STREAM_CLOSED, "h2-data-on-closed-stream")
        if stream.too_large:
            stream.request_ended = bool(flags & END_STREAM)
            return
        if flags & PADDED:
            payload = unpadded(payload)
        stream.received += size
        if stream.received > FIRST_WINDOW:
            self._reset_stream(number, Code.FLOW_CONTROL_ERROR, "h2-stream-window")
            return
        stream.body += payload
        if len(stream.body) > BODY_BYTES:
            # Answered before all of it came; the rest is not waited for (RFC 9113, 8.1).
            stream.too_large = True
            self._request_complete(number, stream, early=not flags & END_STREAM)
        elif flags & END_STREAM:
            self._request_complete(number, stream)

    def _window_update(self, number: int, payload: bytes) -> None:
        if len(payload) != 4:
            raise ConnectionBroken(Code.FRAME_SIZE_ERROR, "h2-window-update")
        more = WORD.unpack(payload)[0] & 0x7FFFFFFF
        if number == 0:
            self._replies.widen(more)
            return
        stream = self._streams.get(number)
        if stream is None:
            if number > self._highest:
                raise ConnectionBroken(Code.PROTOCOL_ERROR, "h2-window-update-on-idle-stream")
            return
        stream.window += more
        if more == 0 or stream.window > LARGEST_WINDOW:
            code = Code.FLOW_CONTROL_ERROR if more else Code.PROTOCOL_ERROR
            self._reset_stream(number, code, "h2-window-update")
            return
        self._replies.pump(number, stream)

    def _settings(self, flags: int, number: int, payload: bytes) -> None:
        if number:
            raise ConnectionBroken(Code.PROTOCOL_ERROR, "h2-settings")
        if len(payload) % 6 or (flags & ACK and payload):
            raise ConnectionBroken(Code.FRAME_SIZE_ERROR, "h2-settings")
        if flags & ACK:
            if not self._settings_seen:
                raise ConnectionBroken(Code.PROTOCOL_ERROR, "h2-settings-first")
            return
        self._settings_seen = True
        for name, value in SETTING.iter_unpack(payload):
            if name == ENABLE_PUSH and value > 1:
                raise ConnectionBroken(Code.PROTOCOL_ERROR, "h2-setting-enable-push")
            if name == MAX_FRAME:
                if not FRAME_BYTES <= value < 2**24:
                    raise ConnectionBroken(Code.PROTOCOL_ERROR, "h2-setting-max-frame")
                self._replies.frame_bytes = value
            if name == INITIAL_WINDOW:
                self._replies.initial_window_changed(value)
        self._output += frame(Kind.SETTINGS, ACK, 0)
        self._replies.pump_all()

    def _peer_reset(self, number: int, payload: bytes) -> None:
        if len(payload) != 4:
            raise ConnectionBroken(Code.FRAME_SIZE_ERROR, "h2-rst-stream")
        if number == 0 or number > self._highest:
            raise ConnectionBroken(Code.PROTOCOL_ERROR, "h2-rst-stream-on-idle-stream")
        stream = self._streams.pop(number, None)
        if stream is None:
            return
        if stream.timer:
            stream.timer.cancel()
        self._peer_resets += 1
        if self._peer_resets > MAX_PEER_RESETS:
            raise ConnectionBroken(Code.ENHANCE_YOUR_CALM, "h2-too-many-resets")
        self._service.note("h2-reset-by-peer")

    def _ping(self, flags: int, number: int, payload: bytes) -> None:
        if number:
            raise ConnectionBroken(Code.PROTOCOL_ERROR, "h2-ping")
        if len(payload) != 8:
            raise ConnectionBroken(Code.FRAME_SIZE_ERROR, "h2-ping")
        if not flags & ACK:
            self._output += frame(Kind.PING, ACK, 0, payload)

    # ------------------------------------------------------------------ answering

    def _request_complete(self, number: int, stream: Stream, *, early: bool = False) -> None:
        stream.request_ended = not early
        headers = stream.headers
        length = headers.get("content-length")
        if length is not None and not stream.too_large and length != str(len(stream.body)):
            self._reset_stream(number, Code.PROTOCOL_ERROR, "h2-content-length")
            return
        request = Request(
            headers[":method"], headers[":authority"], headers[":path"], headers, bytes(stream.body), stream.too_large
        )
        stream.body.clear()
        answer = self._service.receive(request)
        if answer.delay_seconds and answer.act is not Act.DRIP:
            stream.timer = self._loop.call_later(answer.delay_seconds, self._answer_later, number, stream, answer)
        else:
            self._answer(number, stream, answer)

    def _answer_later(self, number: int, stream: Stream, answer: Answer) -> None:
        stream.timer = None
        self._answer(number, stream, answer)
        self._send()

    def _answer(self, number: int, stream: Stream, answer: Answer) -> None:
        act = answer.act
        if act is Act.HANG:
            return
        if act is Act.RESET:
            del self._streams[number]
            self._output += frame(Kind.RST_STREAM, 0, number, WORD.pack(Code.INTERNAL_ERROR))
            return
        if act is Act.CLOSE:
            self._ended = self._replies.ended = True
            self._transport.abort()
            return
        self._replies.begin(number, stream, answer)

    def _finish(self, number: int, stream: Stream) -> None:
        del self._streams[number]
        if not stream.request_ended:
            self._remember_reset(number)
            # NO_ERROR asks the peer to stop sending, and does not take the answer back (RFC 9113, 8.1).
            self._output += frame(Kind.RST_STREAM, 0, number, WORD.pack(Code.NO_ERROR))

    # ------------------------------------------------------------------ ending

    def _reset_stream(self, number: int, code: Code, reason: str) -> None:
        stream = self._streams.pop(number, None)
        if stream is not None and stream.timer:
            stream.timer.cancel()
        self._remember_reset(number)
        self._output += frame(Kind.RST_STREAM, 0, number, WORD.pack(code))
        self._service.note(reason)

    def _remember_reset(self, number: int) -> None:
        self._reset[number] = None
        if len(self._reset) > RESET_REMEMBERED:
            del self._reset[next(iter(self._reset))]

    def _end(self, code: int, reason: str) -> None:
        self._output += frame(Kind.GOAWAY, 0, 0, WORD.pack(self._highest) + WORD.pack(code) + reason.encode())
        self._send()
        if reason:
            self._service.note(reason)
        self._ended = self._replies.ended = True
        self._transport.close()

    def _send(self) -> None:
        if self._output and not self._transport.is_closing():
            self._transport.write(bytes(self._output))
            self._output.clear()
