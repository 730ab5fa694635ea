"""The engine: all connections to all push services, one epoll, no task and no object for a single push."""

import logging
import os
import select
import ssl
import time
from collections.abc import Callable, Sequence

from dispatch.batch import Batch, BatchAnswer, BatchSender
from dispatch.endpoint import origin_is_allowed
from dispatch.errors import LinkLost, PushServiceBroken, SenderFull
from dispatch.http2.link import Link, Stage
from dispatch.http2.lookup import Lookup
from dispatch.http2.parts import Parts
from dispatch.http2.pool import HANDOVER_SECONDS, Line, Pool, Waiting, is_public
from dispatch.http2.terms import Terms
from dispatch.message import ttl_seconds
from dispatch.native.library import Native, library_for, load
from dispatch.native.packed import Addresses
from dispatch.outcomes import PushOutcome
from dispatch.settings import DispatchSettings

log = logging.getLogger(__name__)

# Connections opened before there is anything to send: enough for the first hundreds, little for who gets nothing.
AHEAD = 4
# How often deadlines are looked at: much finer than any of them.
TICK_SECONDS = 0.05
# A longer silence between two polls means that the process was stopped or starved.
STOPPED_SECONDS = 1.0
# Push services close what is idle after a minute or more (nginx: 75 s). Whoever closes first knows that nothing
# was under way.
IDLE_SECONDS = 50.0
# What `endpoint` lets a path consist of: anything else could break the connection for its neighbours.
_PATH_BYTES = bytes(range(0x21, 0x7F)).translate(None, b'"#\\')


class Http2Sender:
    """`BatchSender` on HTTP/2 framed by hand. An origin that speaks HTTP/1.1 only is served by *http1*."""

    def __init__(
        self,
        settings: DispatchSettings,
        http1: Callable[[], BatchSender],
        clock: Callable[[], float] = time.time,
        may_send: Callable[[], bool] = lambda: True,
    ) -> None:
        """*may_send* is asked before anything is written: a worker that may have been replaced says no."""
        self._settings = settings
        self._clock = clock
        self._may_send = may_send
        self._make_http1 = http1
        self._http1: BatchSender | None = None
        self._terms = Terms(
            settings.max_reply_bytes,
            settings.retry_after_cap_seconds,
            library=library_for(Native(settings.native)),
        )
        self._context = ssl.create_default_context(cafile=settings.ca_file or None)
        self._context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._context.set_alpn_protocols(["h2", "http/1.1"])
        self._pools: dict[str, Pool] = {}
        self._lines: dict[int, Line] = {}
        self._answers: list[BatchAnswer] = []
        self._in_flight = 0
        self._parts = Parts()
        self._epoll = select.epoll()
        self._bell = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._epoll.register(self._bell, select.EPOLLIN)
        self._lookup = Lookup(lambda: os.eventfd_write(self._bell, 1))
        self._ticked_at = 0.0
        self._polled_at = time.monotonic()

    @property
    def in_flight(self) -> int:
        """Return how many pushes were submitted and have not come back."""
        return self._in_flight

    @property
    def free(self) -> int:
        """Return how many more may be submitted now."""
        return self._settings.max_in_flight - self._in_flight

    def open_ahead(self, origins: Sequence[str]) -> None:
        """Begin a few connections to each push service that none leads to; the next polls go on with them."""
        now = time.monotonic()
        for origin in origins:
            pool = self._pool(origin)
            if pool.allowed and not pool.http1 and not pool.serving() and self._may_send():
                pool.ahead = AHEAD
                self._connect(pool, now)

    def submit_batch(self, batch: Batch) -> None:
        """Take all of *batch*; it is handed over by the next poll."""
        count = len(batch.keys)
        if count > self.free:
            raise SenderFull("sender-full", f"{count} pushes are more than the {self.free} that may be open")
        if not count:
            return
        self._in_flight += count
        now = time.monotonic()
        pool = self._pool(batch.origin)
        if not pool.allowed:
            self._end(batch, PushOutcome.FAILED, batch.keys, now)
            return
        checked = self._without_bad_paths(batch, now)
        if checked is not None:
            pool.add(Waiting(checked, 0, now))

    def poll_batches(self, timeout_seconds: float) -> list[BatchAnswer]:
        """Hand over what was submitted and wait up to *timeout_seconds* for answers."""
        now = time.monotonic()
        until = now + timeout_seconds
        self._let_go_after_a_stop(now)
        self._pump(now)
        while True:
            wait = 0.0 if self._answers else min(TICK_SECONDS, max(0.0, until - now))
            events = self._epoll.poll(self._wait(wait))
            self._let_go_after_a_stop(time.monotonic())
            for descriptor, ready in events:
                self._serve(descriptor, ready)
            now = time.monotonic()
            if now - self._ticked_at >= TICK_SECONDS:
                self._tick(now)
            self._pump(now)
            self._poll_http1()
            if self._answers or now >= until:
                break
        self._polled_at = now
        answers, self._answers = self._answers, []
        self._in_flight -= sum(len(answer.keys) for answer in answers)
        return answers

    def close(self) -> None:
        """Drop what is open and close all connections."""
        for line in tuple(self._lines.values()):
            line.connection.say_goodbye()
            self._try_to_say(line)
            line.link.close()
        self._lines.clear()
        self._pools.clear()
        self._answers.clear()
        self._in_flight = 0
        self._epoll.close()
        self._lookup.close()
        os.close(self._bell)
        if self._http1 is not None:
            self._http1.close()

    # ── what was submitted ────────────────────────────────────────────────────────────────────────

    def _pool(self, origin: str) -> Pool:
        pool = self._pools.get(origin)
        if pool is None:
            anywhere = origin in self._settings.extra_origins
            pool = Pool(origin, allowed=origin_is_allowed(origin, self._settings), anywhere=anywhere)
            self._pools[origin] = pool
        return pool

    def _without_bad_paths(self, batch: Batch, now: float) -> Batch | None:
        """Return *batch* without addresses that are none; they end as FAILED."""
        if isinstance(batch.paths, Addresses) and load().are_addresses(batch.paths):
            return batch
        # A line's end is not among the bytes of a path: with one between two, all are looked at together.
        joined, between = b"\n".join(batch.paths), len(batch.paths) - 1
        clean = joined.translate(None, _PATH_BYTES) == b"\n" * between
        if clean and joined[:1] == b"/" and joined.count(b"\n/") == between:
            return batch
        good = [not path.translate(None, _PATH_BYTES) and path[:1] == b"/" for path in batch.paths]
        self._end(batch, PushOutcome.FAILED, [key for key, fine in zip(batch.keys, good, strict=True) if not fine], now)
        return self._parts.cut(batch, [place for place, fine in enumerate(good) if fine])

    def _end(self, batch: Batch, outcome: PushOutcome, keys: object, now: float) -> None:
        if keys:
            self._take([BatchAnswer(batch, outcome, 0, None, now, now, keys)])  # type: ignore[arg-type]

    def _take(self, answers: list[BatchAnswer]) -> None:
        """Keep answers for the caller, who knows only the batches that it made itself."""
        self._answers += self._parts.of_wholes(answers)

    # ── pushes go out ─────────────────────────────────────────────────────────────────────────────

    def _pump(self, now: float) -> None:
        wall = self._clock()
        for pool in self._pools.values():
            if not pool.queue:
                if pool.ahead and self._may_send():
                    self._connect(pool, now)
                continue
            self._let_go_of_expired(pool, now, wall)
            if pool.http1:
                self._hand_to_http1(pool)
                continue
            for line in tuple(pool.lines):
                if not pool.queue or not self._may_send():
                    break
                if line.connection.ready and not line.link.wants_to_write:
                    pool.fill(line, now, wall, self._settings.total_timeout_seconds)
                    self._say(line, now)
            if pool.queue and self._may_send():
                self._connect(pool, now)

    def _let_go_of_expired(self, pool: Pool, now: float, wall: float) -> None:
        while pool.queue and ttl_seconds(pool.queue[0].batch.expires_at, wall + HANDOVER_SECONDS) <= 0:
            self._let_go(pool.pop(), PushOutcome.EXPIRED, now)

    def _let_go(self, waiting: Waiting, outcome: PushOutcome, now: float) -> None:
        self._end(waiting.batch, outcome, waiting.batch.keys[waiting.place :], now)

    def _say(self, line: Line, now: float) -> None:
        """Send what the connection has to say."""
        data = line.connection.take_output()
        try:
            if data:
                line.link.write(data)
        except LinkLost:
            # What it said last may still be there to read, above all which requests it did not look at.
            self._hear(line, now)
            self._lose(line, now)
            return
        self._watch(line)

    def _try_to_say(self, line: Line) -> None:
        try:
            if line.link.stage is Stage.OPEN:
                line.link.write(line.connection.take_output())
        except LinkLost:
            return

    def _watch(self, line: Line) -> None:
        wanted = select.EPOLLIN | (select.EPOLLOUT if line.link.wants_to_write else 0)
        if wanted != line.watched and self._lines.get(line.link.descriptor) is line:
            self._epoll.modify(line.link.descriptor, wanted)
            line.watched = wanted

    # ── connections come and go ───────────────────────────────────────────────────────────────────

    def _connect(self, pool: Pool, now: float) -> None:
        wanted = pool.wanted(self._settings.max_connections_per_origin)
        if not wanted or now < pool.rests_until:
            return
        addresses = self._lookup.addresses(pool.host, pool.port)
        if addresses is None:
            return
        usable = [one for one in addresses if pool.anywhere or is_public(str(one.where[0]))]
        if not usable:
            self._give_up(pool, now, "no-public-address")
            return
        pool.addresses, pool.ahead = len(usable), 0
        for _ in range(wanted):
            address = usable[pool.failures % len(usable)]
            try:
                link = Link(address.where, address.family, self._context, pool.host)
            except LinkLost as lost:
                self._did_not_come_up(pool, now, f"{lost.reason} {lost.detail}")
                return
            line = pool.new_line(link, self._terms, now + self._settings.connect_timeout_seconds)
            self._lines[link.descriptor] = line
            line.watched = select.EPOLLOUT
            self._epoll.register(link.descriptor, line.watched)

    def _did_not_come_up(self, pool: Pool, now: float, why: str) -> None:
        pool.failed(now)
        # With others in service or on their way up, or another address to try, nothing is lost yet.
        if not pool.reachable and not pool.opening() and pool.failures >= pool.addresses:
            self._give_up(pool, now, why)

    def _give_up(self, pool: Pool, now: float, why: str) -> None:
        """Return what waits for a push service that cannot be reached: the caller decides when to try again."""
        pool.ahead = 0
        log.warning("push service cannot be reached", extra={"host": pool.host, "reason": why})
        while pool.queue:
            self._let_go(pool.pop(), PushOutcome.NOT_SENT, now)

    def _serve(self, descriptor: int, ready: int) -> None:
        if descriptor == self._bell:
            os.eventfd_read(self._bell)
            return
        line = self._lines.get(descriptor)
        if line is None:  # an earlier one in this round has closed it
            return
        now = time.monotonic()
        try:
            if line.link.stage is not Stage.OPEN:
                if not line.link.advance():
                    self._watch(line)
                    return
                if line.link.protocol != "h2":
                    self._speaks_http1(line)
                    return
                self._say(line, now)
            elif ready & select.EPOLLOUT:
                line.link.flush()
            self._hear(line, now)
            self._say(line, now)
        except LinkLost as lost:
            self._lose(line, now, f"{lost.reason} {lost.detail}")

    def _hear(self, line: Line, now: float) -> None:
        connection = line.connection
        try:
            data = line.link.read()
            if data:
                connection.receive(data, now, self._clock())
        except PushServiceBroken as broken:
            log.warning("push service broke HTTP/2", extra={"host": line.pool.host, "reason": broken.reason})
            connection.say_goodbye(broken.code)
            self._try_to_say(line)
            self._lose(line, now)
        except LinkLost:
            self._lose(line, now)
        self._take(connection.take_answers())
        if connection.ready:
            line.pool.failures = 0
            line.pool.max_streams = connection.max_streams
        line.pool.http1 |= connection.wants_http1

    def _lose(self, line: Line, now: float, why: str = "closed") -> None:
        """Close *line*, and end what was open on it."""
        if self._lines.get(line.link.descriptor) is not line:
            return  # lost before; its descriptor may belong to another by now
        del self._lines[line.link.descriptor]
        connection, pool = line.connection, line.pool
        came_up = connection.ready
        connection.lost(now, line.link.handed_over)
        self._take(connection.take_answers())
        self._epoll.unregister(line.link.descriptor)
        line.link.close()
        pool.lines.remove(line)
        if not came_up:
            self._did_not_come_up(pool, now, why)

    def _let_go_after_a_stop(self, now: float) -> None:
        """Close what holds bytes of before, if this process stood still: their TTL is of long ago."""
        if now - self._polled_at >= STOPPED_SECONDS:
            for line in [line for line in self._lines.values() if line.connection.ready and line.link.wants_to_write]:
                self._lose(line, now)
        self._polled_at = now

    # ── HTTP/1.1 ──────────────────────────────────────────────────────────────────────────────────

    def _speaks_http1(self, line: Line) -> None:
        line.pool.http1 = True
        line.pool.lines.remove(line)
        del self._lines[line.link.descriptor]
        self._epoll.unregister(line.link.descriptor)
        line.link.close()

    def _hand_to_http1(self, pool: Pool) -> None:
        if self._http1 is None:
            self._http1 = self._make_http1()
        while pool.queue:
            waiting = pool.pop()
            part = self._parts.cut(waiting.batch, list(range(waiting.place, len(waiting.batch.keys))))
            if part is not None:
                self._http1.submit_batch(part)

    def _poll_http1(self) -> None:
        if self._http1 is not None and self._http1.in_flight:
            self._take(self._http1.poll_batches(0.0))

    def _wait(self, seconds: float) -> float:
        # libcurl waits on sockets of its own.
        return min(seconds, 0.005) if self._http1 is not None and self._http1.in_flight else seconds

    # ── time passes ───────────────────────────────────────────────────────────────────────────────

    def _tick(self, now: float) -> None:
        self._ticked_at = now
        for line in tuple(self._lines.values()):
            connection = line.connection
            if not connection.ready:
                if now >= line.give_up_at:
                    self._lose(line, now, "handshake timeout")
                continue
            connection.expire(now)
            self._take(connection.take_answers())
            idle = not connection.open and (connection.retired or now - connection.heard_at >= IDLE_SECONDS)
            if idle:
                connection.say_goodbye()
                self._try_to_say(line)
                self._lose(line, now)
            else:
                self._say(line, now)
        wall = self._clock()
        for pool in self._pools.values():
            self._let_go_of_expired(pool, now, wall)
            while pool.queue and now - pool.queue[0].since >= self._settings.total_timeout_seconds:
                self._let_go(pool.pop(), PushOutcome.NOT_SENT, now)
