"""The connections to one push service, and the pushes that wait for them."""

import ipaddress
from collections import deque
from dataclasses import dataclass
from urllib.parse import urlsplit

from dispatch.batch import Batch
from dispatch.http2.connection import Connection
from dispatch.http2.link import Link
from dispatch.http2.terms import Terms
from dispatch.message import ttl_seconds

# Room for a few streams is left alone until more answers have come: a TLS record and a system call for each
# single push would cost more than the push.
_LEAST_ROOM = 16
# The same for the connection's window: a TLS record's worth. It is never wider than 64 KiB at some services.
_LEAST_WINDOW_BYTES = 16_384
# A run of pushes is short enough that the first is answered while the last is written.
_MOST_AT_ONCE = 128
# Reckoned into TTL for the way to the push service, so that it never lies beyond expiry by its clock.
HANDOVER_SECONDS = 1.0


@dataclass(slots=True, eq=False)
class Line:
    """One connection with its link."""

    pool: "Pool"
    link: Link
    connection: Connection
    give_up_at: float  # monotonic: when it must be open and have said its settings
    watched: int = 0  # what epoll waits for


@dataclass(slots=True, eq=False)
class Waiting:
    """A batch, or what is left of it from *place* on."""

    batch: Batch
    place: int
    since: float

    @property
    def left(self) -> int:
        """Return how many pushes are left."""
        return len(self.batch.keys) - self.place


class Pool:
    """All that belongs to one origin: a bulkhead, nothing here waits for another push service."""

    def __init__(self, origin: str, *, allowed: bool, anywhere: bool) -> None:
        parts = urlsplit(origin)
        self.origin = origin
        self.host = parts.hostname or ""
        self.port = parts.port or 443
        self.authority = parts.netloc
        self.allowed = allowed
        self.anywhere = anywhere  # may be on this machine: named in full by the settings
        self.http1 = False
        self.lines: list[Line] = []
        self.queue: deque[Waiting] = deque()
        self.queued = 0
        self.failures = 0  # connections in a row that did not come up
        self.addresses = 1  # how many there are to try
        self.rests_until = 0.0  # monotonic: no connection is begun before
        self.max_streams = 100
        self.ahead = 0  # connections wanted before there is anything to send

    def add(self, waiting: Waiting) -> None:
        """Let a batch wait for its turn."""
        self.queue.append(waiting)
        self.queued += waiting.left

    def pop(self) -> Waiting:
        """Return the first that waits, and let it go."""
        waiting = self.queue.popleft()
        self.queued -= waiting.left
        return waiting

    def opening(self) -> int:
        """Return how many connections are on their way up."""
        return sum(not line.connection.ready and not line.connection.retired for line in self.lines)

    def serving(self) -> int:
        """Return how many connections take requests, now or soon."""
        return sum(not line.connection.retired for line in self.lines)

    @property
    def reachable(self) -> bool:
        """Tell whether there is a connection that takes requests."""
        return any(line.connection.ready and not line.connection.retired for line in self.lines)

    def wanted(self, most: int) -> int:
        """Return how many more connections what waits is worth; one at a time where the last did not come up."""
        if self.failures:
            return max(0, min(1 - self.opening(), most - self.serving()))
        needed = max(self.ahead, -(-self.queued // min(self.max_streams, _MOST_AT_ONCE))) - self.opening()
        return max(0, min(needed, most - self.serving()))

    def failed(self, now: float) -> None:
        """Note that a connection did not come up; the next waits longer each time, up to about a second.

        Those that were begun together fail together: that is one failure, not one for each.
        """
        if now < self.rests_until:
            return
        self.failures += 1
        self.rests_until = now + 0.02 * 2.0 ** min(self.failures - 1, 6)

    def fill(self, line: Line, now: float, wall: float, total_seconds: float) -> None:
        """Begin on *line* as many requests as it takes."""
        connection = line.connection
        while self.queue and not line.link.wants_to_write:
            room = connection.room
            # A quarter where the peer allows few: it must come sooner or later.
            if room <= 0 or (connection.open and room < min(_LEAST_ROOM, connection.max_streams // 4)):
                break
            if connection.open and connection.window < _LEAST_WINDOW_BYTES:
                break
            waiting = self.queue[0]
            batch = waiting.batch
            ttl = ttl_seconds(batch.expires_at, wall + HANDOVER_SECONDS)
            if ttl <= 0:
                break  # the owner lets it go
            # Ends with the notice: what hangs must not arrive afterwards.
            deadline = now + min(total_seconds, float(ttl))
            most = min(waiting.left, _MOST_AT_ONCE)
            begun = connection.post(batch, waiting.place, most, ttl=ttl, now=now, deadline=deadline)
            if begun == 0:
                break
            waiting.place += begun
            self.queued -= begun
            if not waiting.left:
                self.queue.popleft()

    def new_line(self, link: Link, terms: Terms, give_up_at: float) -> Line:
        """Return a connection over *link*, as one of this pool's."""
        line = Line(self, link, Connection(self.authority, terms), give_up_at)
        self.lines.append(line)
        return line


def is_public(address: str) -> bool:
    """Tell whether *address* is on the public internet (no push service is anywhere else)."""
    found = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(found, "ipv4_mapped", None)
    return (mapped or found).is_global and not (mapped or found).is_multicast
