"""One connection without its socket: bytes from the push service in, bytes for it out, answers in between.

No clock, no socket, no callback, so that every order of frames and every cut between them can be tested.
"""

from dispatch.batch import Batch, BatchAnswer
from dispatch.errors import PushServiceBroken
from dispatch.http2.chunk import Chunk
from dispatch.http2.frames import (
    ACK,
    CANCEL,
    DATA,
    END_HEADERS,
    END_STREAM,
    FIRST_WINDOW,
    FRAME_SIZE_ERROR,
    GOAWAY,
    HEAD,
    HEAD_BYTES,
    HEADER_TABLE_SIZE,
    HEADERS,
    HTTP_1_1_REQUIRED,
    INITIAL_WINDOW_SIZE,
    MAX_CONCURRENT_STREAMS,
    NO_ERROR,
    PADDED,
    PING,
    PRIORITY_FLAG,
    PROTOCOL_ERROR,
    REFUSED_STREAM,
    RST_STREAM,
    SETTINGS,
    SMALLEST_FRAME_SIZE,
    WORD,
    frame,
    introduction,
    settings_of,
    without_padding,
)
from dispatch.http2.header_block import OpenBlock, status_and_wait
from dispatch.http2.replies import Replies
from dispatch.http2.requests import Requests
from dispatch.http2.status import COMMON, status_at
from dispatch.http2.terms import Terms
from dispatch.outcomes import PushOutcome, outcome_of_status

# Until the peer has said how many; most say 100 to 1,000.
FIRST_MAX_STREAMS = 100
# Less is read sooner than C is called.
_WORTH_BYTES = 100
_PLAIN = END_HEADERS | PADDED | PRIORITY_FLAG


class Connection:
    """The client's half of one HTTP/2 connection. Times are monotonic seconds, given by the owner."""

    def __init__(self, authority: str, terms: Terms) -> None:
        self._terms = terms
        self._requests = Requests(authority)
        self._chunks: list[Chunk] = []
        self._streams: dict[int, Chunk] = {}  # asked and not answered
        self._max_streams = FIRST_MAX_STREAMS
        self._input = b""
        self._block: OpenBlock | None = None
        self._answers: list[BatchAnswer] = []
        # Our own windows. A reply is small: one that fills its stream's window is cut off and never gets more. The
        # connection's is as large as it can be, so that nothing has to be reckoned for each reply.
        stream_window = min(FIRST_WINDOW, terms.max_reply_bytes)
        self._replies = Replies(stream_window)
        self._requests.write(introduction(stream_window))
        self.ready = False  # the peer's settings have come
        self.retired = False  # takes no more requests
        self.wants_http1 = False
        self.heard_at = 0.0

    # ── what the owner asks ───────────────────────────────────────────────────────────────────────

    @property
    def open(self) -> int:
        """Return how many streams are open, by the peer's reckoning."""
        return len(self._streams) + len(self._replies)

    @property
    def room(self) -> int:
        """Return how many requests may be begun now, windows aside."""
        if not self.ready or self.retired:
            return 0
        return min(self._max_streams - len(self._streams) - len(self._replies), self._left())

    @property
    def window(self) -> int:
        """Return how many bytes of bodies the peer takes now."""
        return self._requests.window

    @property
    def max_streams(self) -> int:
        """Return how many streams the peer allows."""
        return self._max_streams

    def take_answers(self) -> list[BatchAnswer]:
        """Return what was answered since the last time."""
        answers, self._answers = self._answers, []
        return answers

    def take_output(self) -> bytes:
        """Return the bytes to send."""
        return self._requests.take_output()

    def post(self, batch: Batch, begin: int, most: int, *, ttl: int, now: float, deadline: float) -> int:
        """Begin the requests of *batch* from place *begin* on, at most *most*; return how many that are."""
        most = min(most, self.room)
        first, begins_at = self._requests.next, self._requests.written
        count = self._requests.post(batch, begin, most, ttl) if most > 0 else 0
        if count:
            chunk = Chunk(batch, batch.keys[begin : begin + count], first, begins_at, now, deadline)
            self._chunks.append(chunk)
            self._streams.update(dict.fromkeys(range(first, first + 2 * count, 2), chunk))
            self.retired |= self._left() <= 0
        return count

    def _left(self) -> int:
        """Return how many more requests this connection is good for."""
        requests, terms = self._requests, self._terms
        if requests.written >= terms.retire_after_bytes:
            return 0
        return min(terms.retire_after_requests - requests.begun, requests.numbers_left)

    # ── answers ───────────────────────────────────────────────────────────────────────────────────

    def receive(self, data: bytes, now: float, wall: float) -> None:
        """Take bytes from the peer; *wall* is epoch seconds, for dates in answers.

        Raises PushServiceBroken when the peer does not keep to the protocol: the connection is of no more use.
        """
        self.heard_at = now
        if self._input:
            data = self._input + data
        place, end, begun = self._plain_answers(data, 0, now), len(data), self._requests.next
        unpack, streams, replies, bodies = HEAD.unpack_from, self._streams, self._replies, self._requests.bodies
        # Answers come in runs: same chunk, same status. One answer object for each run.
        chunk: Chunk | None = None
        status = 0
        keys: list[int] = []
        while end - place >= HEAD_BYTES:
            high, length, kind, flags, number = unpack(data, place)
            if high or length > SMALLEST_FRAME_SIZE:
                self._answered(chunk, status, keys, now)
                raise PushServiceBroken("h2-frame-too-large", FRAME_SIZE_ERROR)
            begin = place + HEAD_BYTES
            after = begin + length
            if after > end:
                break
            place = after
            if kind == HEADERS and flags & _PLAIN == END_HEADERS and self._block is None:
                # A slice past the block's end finds nothing that begins in it; status_at looks closely.
                said = COMMON.get(data[begin : begin + 2 + (data[begin + 1] & 0x7F)]) if length > 2 else 0
                said = said or status_at(data, begin, after)
                if 200 <= said < 300 and number in streams and number not in bodies:
                    of = streams.pop(number)
                    if of is not chunk or said != status:
                        self._answered(chunk, status, keys, now)
                        chunk, status, keys = of, said, []
                    keys.append(of.keys[(number - of.first) >> 1])
                    if not flags & END_STREAM:
                        replies.begin(number, of.deadline)
                    continue
            elif kind == DATA and flags & END_STREAM and number in replies and number not in bodies:
                replies.end(number)
                continue
            elif kind == RST_STREAM and length == 4 and number & 1 and number not in streams and number < begun:
                # Of a request that was answered: nginx asks us so to stop sending what we have sent already.
                if number in replies or number in bodies:
                    replies.end(number)
                    self._requests.forget_body(number)
                if begin == HEAD_BYTES:
                    # What a read begins with, its answer was the last of the read before: now come the others.
                    place = self._plain_answers(data, place, now)
                continue
            self._answered(chunk, status, keys, now)
            chunk, keys = None, []
            self._frame(kind, flags, number & 0x7FFFFFFF, data[begin:after], now, wall)
            place = self._plain_answers(data, place, now)
        self._answered(chunk, status, keys, now)
        self._input = data[place:]

    def _plain_answers(self, data: bytes, place: int, now: float) -> int:
        """Take the answers from *place* on that C can read; return the place behind them, for what is unusual."""
        library, streams = self._terms.library, self._streams
        if library is None or self._block is not None or self._requests.bodies or len(data) - place < _WORTH_BYTES:
            return place
        numbers, statuses, after = library.answers(data, place)
        asked = set(numbers)
        if not numbers or len(asked) != len(numbers) or not streams.keys() >= asked:
            return place  # what nobody asked for is looked at one by one
        chunk, status, keys = streams[numbers[0]], statuses[0], list[int]()
        for number, said in zip(numbers, statuses, strict=True):
            of = streams.pop(number)
            if of is not chunk or said != status:
                self._answered(chunk, status, keys, now)
                chunk, status, keys = of, said, []
            keys.append(of.keys[(number - of.first) >> 1])
        self._answered(chunk, status, keys, now)
        return after

    def _answered(self, chunk: Chunk | None, status: int, keys: list[int], now: float) -> None:
        if chunk is not None:
            self._end(chunk, outcome_of_status(status), status, None, keys, now)

    def _end(
        self, chunk: Chunk, outcome: PushOutcome, status: int, waits: float | None, keys: list[int], now: float
    ) -> None:
        chunk.left -= len(keys)
        self._answers.append(BatchAnswer(chunk.batch, outcome, status, waits, chunk.started_at, now, keys))

    def _end_one(self, number: int, outcome: PushOutcome, status: int, waits: float | None, now: float) -> None:
        chunk = self._streams.pop(number)
        self._end(chunk, outcome, status, waits, chunk.keys_of((number,)), now)

    def _frame(self, kind: int, flags: int, number: int, payload: bytes, now: float, wall: float) -> None:
        if self._block is not None:
            self._block.expect(kind, number)
        if not self.ready and kind != SETTINGS:
            raise PushServiceBroken("h2-settings-first", PROTOCOL_ERROR)
        match kind:
            case 0:  # DATA
                self._data(flags, number, len(payload))
            case 1:  # HEADERS
                self._headers(flags, number, without_padding(flags, payload), now, wall)
            case 9:  # CONTINUATION
                self._continuation(flags, payload, now, wall)
            case 3:  # RST_STREAM
                self._reset(number, payload, now)
            case 4:  # SETTINGS
                self._settings(flags, number, payload)
            case 6:  # PING
                if number or len(payload) != 8:
                    raise PushServiceBroken("h2-ping", PROTOCOL_ERROR)
                if not flags & ACK:
                    self._requests.write(frame(PING, ACK, 0, payload))
            case 7:  # GOAWAY
                self._go_away(number, payload, now)
            case 8:  # WINDOW_UPDATE
                self._window_update(number, payload)
            case 5:  # PUSH_PROMISE
                raise PushServiceBroken("h2-push-promise", PROTOCOL_ERROR)
        # PRIORITY says nothing to a client; unknown kinds are passed over (RFC 9113, 5.5).

    def _headers(self, flags: int, number: int, payload: bytes, now: float, wall: float) -> None:
        if not flags & END_HEADERS:
            self._block = OpenBlock(number, flags, bytearray(payload))
            return
        self._head(number, flags, payload, now, wall)

    def _continuation(self, flags: int, payload: bytes, now: float, wall: float) -> None:
        if self._block is None:
            raise PushServiceBroken("h2-continuation-unexpected", PROTOCOL_ERROR)
        self._block.add(payload)
        if flags & END_HEADERS:
            whole, self._block = self._block, None
            self._head(whole.number, whole.flags, bytes(whole.so_far), now, wall)

    def _head(self, number: int, flags: int, block: bytes, now: float, wall: float) -> None:
        """Take the fields of an answer: its status, a status before it (1xx), or what comes after a body."""
        if number not in self._streams:
            self._only_known(number)
            if flags & END_STREAM:
                self._replies.end(number)
            return
        status, waits = status_and_wait(block, wall, self._terms.retry_after_cap_seconds)
        ended = bool(flags & END_STREAM)
        if 100 <= status < 200:
            if ended or status == 101:
                raise PushServiceBroken("h2-informational-end", PROTOCOL_ERROR)
            return
        deadline = self._streams[number].deadline
        self._end_one(number, outcome_of_status(status), status, waits if status >= 300 else None, now)
        if not ended:
            self._replies.begin(number, deadline)
        elif self._requests.forget_body(number):
            # It answered without waiting for all of the request: the rest is of no use to anybody.
            self._requests.write(frame(RST_STREAM, 0, number, WORD.pack(NO_ERROR)))

    def _data(self, flags: int, number: int, size: int) -> None:
        if number not in self._replies:
            if number in self._streams:
                raise PushServiceBroken("h2-data-before-headers", PROTOCOL_ERROR)
            self._only_known(number)
            return
        if flags & END_STREAM:
            self._replies.end(number)
            if self._requests.forget_body(number):
                self._requests.write(frame(RST_STREAM, 0, number, WORD.pack(NO_ERROR)))
        elif self._replies.more(number, size):
            self._cancel(number)

    def _cancel(self, number: int) -> None:
        self._replies.end(number)
        self._requests.forget_body(number)
        self._requests.write(frame(RST_STREAM, 0, number, WORD.pack(CANCEL)))

    def _reset(self, number: int, payload: bytes, now: float) -> None:
        if len(payload) != 4:
            raise PushServiceBroken("h2-rst-stream", FRAME_SIZE_ERROR)
        self._only_known(number)
        self._requests.forget_body(number)
        # After an answer it says nothing more: NO_ERROR there asks us only to stop sending (RFC 9113, 8.1).
        self._replies.end(number)
        if number in self._streams:
            (code,) = WORD.unpack(payload)
            self.wants_http1 |= code == HTTP_1_1_REQUIRED
            # Only these two promise that the request was not looked at (RFC 9113, 8.7 and 7).
            unseen = code in (REFUSED_STREAM, HTTP_1_1_REQUIRED)
            self._end_one(number, PushOutcome.NOT_SENT if unseen else PushOutcome.UNKNOWN, 0, None, now)

    def _only_known(self, number: int) -> None:
        # Even ones are the peer's own, which we forbade; higher ones we never began.
        if number % 2 == 0 or number >= self._requests.next:
            raise PushServiceBroken("h2-stream-number", PROTOCOL_ERROR)

    # ── the connection as a whole ─────────────────────────────────────────────────────────────────

    def _settings(self, flags: int, number: int, payload: bytes) -> None:
        if number:
            raise PushServiceBroken("h2-settings-stream", PROTOCOL_ERROR)
        if flags & ACK:
            if payload:
                raise PushServiceBroken("h2-settings-ack", FRAME_SIZE_ERROR)
            return
        for name, value in settings_of(payload):
            if name == MAX_CONCURRENT_STREAMS:
                self._max_streams = value
            elif name == INITIAL_WINDOW_SIZE:
                self._requests.initial_window(value)
            elif name == HEADER_TABLE_SIZE:
                self._requests.table_bytes(value)
        self.ready = True
        # First the word that they are taken, then what they allow: a strict peer counts from there.
        self._requests.write(frame(SETTINGS, ACK, 0))
        self._requests.go_on()

    def _window_update(self, number: int, payload: bytes) -> None:
        if len(payload) != 4:
            raise PushServiceBroken("h2-window-update", FRAME_SIZE_ERROR)
        more = WORD.unpack(payload)[0] & 0x7FFFFFFF
        if number:
            self._only_known(number)
        self._requests.more(number, more)

    def _go_away(self, number: int, payload: bytes, now: float) -> None:
        if number or len(payload) < 8:
            raise PushServiceBroken("h2-goaway", PROTOCOL_ERROR)
        self.retired = True
        last = WORD.unpack_from(payload)[0] & 0x7FFFFFFF
        # It will never look at what is above its last (RFC 9113, 6.8); the others may still be answered.
        for unseen in [one for one in self._streams if one > last]:
            self._requests.forget_body(unseen)
            self._end_one(unseen, PushOutcome.NOT_SENT, 0, None, now)

    def expire(self, now: float) -> None:
        """Give up what was not answered in time, and replies that do not end."""
        for chunk in self._chunks:
            if chunk.left and chunk.deadline <= now:
                late = [number for number in chunk.numbers() if number in self._streams]
                for number in late:
                    del self._streams[number]
                    self._cancel(number)
                self._end(chunk, PushOutcome.TIMEOUT, 0, None, chunk.keys_of(late), now)
                # Not a word since it was asked: the connection is dead, not slow.
                self.retired |= self.heard_at < chunk.started_at
        self._chunks = [chunk for chunk in self._chunks if chunk.left]
        for number in self._replies.late(now):
            self._cancel(number)

    def lost(self, now: float, handed_over: int) -> None:
        """End everything: the connection is gone after *handed_over* bytes of what was written.

        Safe in one direction: what the kernel was given counts as "may have arrived".
        """
        self.retired = True
        for chunk in self._chunks:
            if chunk.left:
                open_ = [number for number in chunk.numbers() if number in self._streams]
                outcome = PushOutcome.NOT_SENT if chunk.begins_at >= handed_over else PushOutcome.UNKNOWN
                self._end(chunk, outcome, 0, None, chunk.keys_of(open_), now)
        self._chunks.clear()
        self._streams.clear()
        self._replies.clear()

    def say_goodbye(self, code: int = NO_ERROR) -> None:
        """Tell the peer that this connection ends, and why."""
        self.retired = True
        self._requests.write(frame(GOAWAY, 0, 0, WORD.pack(0) + WORD.pack(code)))
