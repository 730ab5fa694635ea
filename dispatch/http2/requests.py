"""The sending half of a connection: requests become frames, within the peer's windows.

A run of pushes is written as one piece of bytes. Flow control is reckoned for the run, and only a body that does
not fit its stream's window is followed by itself.
"""

from collections.abc import Sequence

from dispatch.batch import Batch
from dispatch.errors import PushServiceBroken
from dispatch.http2.fields import NO_BLOCK, FieldEncoder
from dispatch.http2.frames import (
    DATA,
    END_HEADERS,
    END_STREAM,
    FIRST_WINDOW,
    FLOW_CONTROL_ERROR,
    HEAD,
    HEADERS,
    LARGEST_STREAM,
    LARGEST_WINDOW,
    PROTOCOL_ERROR,
    SMALLEST_FRAME_SIZE,
    frame,
)
from dispatch.native.library import load
from dispatch.native.packed import Addresses, Bodies


class Requests:
    """Writes requests on new streams, and keeps the peer's windows."""

    def __init__(self, authority: str) -> None:
        self._encoder = FieldEncoder(authority)
        self._window = FIRST_WINDOW
        self._initial_window = FIRST_WINDOW
        self._stream_windows: dict[int, int] = {}  # of streams whose body waits
        self._out: list[bytes] = []
        self.bodies: dict[int, bytes] = {}  # what is left of bodies that wait for a window
        self.next = 1  # the next stream's number
        self.begun = 0
        self.written = 0  # bytes, since the connection began

    @property
    def window(self) -> int:
        """Return how many bytes of bodies the peer takes on this connection now."""
        return self._window

    @property
    def numbers_left(self) -> int:
        """Return how many streams can still be begun before their numbers run out (RFC 9113, 5.1.1)."""
        return max(0, (LARGEST_STREAM - self.next) // 2 + 1)

    def write(self, data: bytes) -> None:
        """Put bytes behind what waits to be sent."""
        self._out.append(data)
        self.written += len(data)

    def take_output(self) -> bytes:
        """Return the bytes to send."""
        if not self._out:
            return b""
        data = b"".join(self._out)
        self._out.clear()
        return data

    def post(self, batch: Batch, begin: int, most: int, ttl: int) -> int:
        """Write requests of *batch* from place *begin* on, at most *most*; return how many that are."""
        if isinstance(batch.bodies, Bodies) and isinstance(batch.paths, Addresses):
            return self._post_packed(batch, batch.paths, batch.bodies, begin, most, ttl)
        bodies = batch.bodies[begin : begin + most]
        count = self._affordable(bodies)
        if count == 0:
            slow = bool(bodies) and len(bodies[0]) > min(self._initial_window, SMALLEST_FRAME_SIZE)
            return self._post_slowly(batch, begin, ttl) if slow else 0
        number, block, size, spent = self.next, NO_BLOCK, -1, 0
        pack = HEAD.pack
        parts: list[bytes] = []
        add = parts.extend
        for path, body in zip(batch.paths[begin : begin + count], bodies, strict=False):
            if len(body) != size or block.once:
                size = len(body)
                block = self._encoder.block(batch.headers, ttl, size)
            length = len(path)
            known = block.prefixes.get(length) or block.prefix_for(length)
            add(
                (
                    pack(0, known[0], HEADERS, END_HEADERS, number), known[1], path, block.after,
                    pack(0, size, DATA, END_STREAM, number), body,
                )
            )  # fmt: skip
            spent += size
            number += 2
        self._window -= spent
        self.next = number
        self.begun += count
        self.write(b"".join(parts))
        return count

    def _post_packed(self, batch: Batch, addresses: Addresses, bodies: Bodies, begin: int, most: int, ttl: int) -> int:
        """Do what `post` does, in C."""
        size, most = bodies.size, min(most, len(bodies) - begin)
        if size > min(self._initial_window, SMALLEST_FRAME_SIZE):
            return self._post_slowly(batch, begin, ttl) if most > 0 else 0
        count = max(0, min(most, self._window // size))
        done = 0
        while done < count:
            block = self._encoder.block(batch.headers, ttl, size)
            some = 1 if block.once else count - done
            place = begin + done
            self.write(load().frames(addresses, bodies, place, some, self.next, block.before, block.after))
            self.next += 2 * some
            done += some
        self._window -= count * size
        self.begun += count
        return count

    def _affordable(self, bodies: Sequence[bytes]) -> int:
        """Return how many of *bodies* may be sent whole now."""
        if not bodies:
            return 0
        sizes = list(map(len, bodies))
        most = min(self._initial_window, SMALLEST_FRAME_SIZE)
        if max(sizes) <= most and sum(sizes) <= self._window:
            return len(sizes)
        left, count = self._window, 0
        for size in sizes:
            left -= size
            if left < 0 or size > most:
                break
            count += 1
        return count

    def _post_slowly(self, batch: Batch, begin: int, ttl: int) -> int:
        """Begin one request whose body does not fit the peer's window for a stream, or one frame."""
        number = self.next
        self.next += 2
        self.begun += 1
        path, body = batch.paths[begin], batch.bodies[begin]
        block = self._encoder.block(batch.headers, ttl, len(body))
        length, middle = block.prefix_for(len(path))
        self.write(b"".join((HEAD.pack(0, length, HEADERS, END_HEADERS, number), middle, path, block.after)))
        self.bodies[number] = body
        self._stream_windows[number] = self._initial_window
        self.go_on()
        return 1

    # ── the peer's windows ────────────────────────────────────────────────────────────────────────

    def initial_window(self, value: int) -> None:
        """Take the peer's SETTINGS_INITIAL_WINDOW_SIZE, for open streams too (RFC 9113, 6.9.2)."""
        for number in self._stream_windows:
            self._stream_windows[number] += value - self._initial_window  # may fall below zero
        self._initial_window = value

    def table_bytes(self, value: int) -> None:
        """Take the peer's SETTINGS_HEADER_TABLE_SIZE."""
        self._encoder.limit(value)

    def more(self, number: int, more: int) -> None:
        """Take a WINDOW_UPDATE for a stream, or for the connection (number 0)."""
        if more == 0:
            raise PushServiceBroken("h2-window-update", PROTOCOL_ERROR)
        if number == 0:
            self._window += more
            if self._window > LARGEST_WINDOW:
                raise PushServiceBroken("h2-window-update", FLOW_CONTROL_ERROR)
        elif number in self._stream_windows:
            self._stream_windows[number] += more
        if self.bodies:
            self.go_on()

    def forget_body(self, number: int) -> bool:
        """Send no more of a body; return whether there was more of it."""
        self._stream_windows.pop(number, None)
        return self.bodies.pop(number, None) is not None

    def go_on(self) -> None:
        """Write of the waiting bodies what the windows allow."""
        for number, body in tuple(self.bodies.items()):
            rest = body
            while rest:
                size = min(len(rest), self._window, self._stream_windows[number], SMALLEST_FRAME_SIZE)
                if size <= 0:
                    break
                self.write(frame(DATA, END_STREAM if size == len(rest) else 0, number, rest[:size]))
                self._window -= size
                self._stream_windows[number] -= size
                rest = rest[size:]
            if rest:
                self.bodies[number] = rest
            else:
                self.forget_body(number)
