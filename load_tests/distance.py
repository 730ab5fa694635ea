"""Put push services far away: `python -m load_tests.distance --one-way-ms 25 FROM:TO ...` relays TCP, later.

Loopback answers in a tenth of a millisecond and hides what a round trip costs. Every byte is held for the time
of its way, in each direction; nothing is lost and nothing overtakes. What was sent before its sender died still
arrives, as on a real network.
"""

import argparse
import asyncio
import subprocess
import sys
from collections import deque
from collections.abc import Sequence
from types import TracebackType
from typing import Self, cast

import uvloop

from load_tests.errors import SinkNotReady

LOOPBACK = "127.0.0.1"
# More than any window of ours can have under way on one connection; beyond it the sender feels the pressure.
MOST_HELD_BYTES = 8 * 1024 * 1024


class End(asyncio.Protocol):
    """One end of a relayed connection: what comes in here goes out at the other end, after the way."""

    def __init__(self, one_way_seconds: float) -> None:
        self._one_way_seconds = one_way_seconds
        self._held: deque[tuple[float, bytes]] = deque()
        self._held_bytes = 0
        self._timer: asyncio.TimerHandle | None = None
        self._closing = False
        self.transport: asyncio.Transport | None = None
        self.other: End | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        if self.other is not None:
            self.other.deliver()

    def data_received(self, data: bytes) -> None:
        now = asyncio.get_running_loop().time()
        self._held.append((now + self._one_way_seconds, data))
        self._held_bytes += len(data)
        if self._held_bytes > MOST_HELD_BYTES and self.transport is not None:
            self.transport.pause_reading()
        self._set_timer()

    def connection_lost(self, _exc: Exception | None) -> None:
        self._closing = True
        self._held.append((asyncio.get_running_loop().time() + self._one_way_seconds, b""))
        self._set_timer()

    def deliver(self) -> None:
        """Send on what has been on its way long enough."""
        self._timer = None
        out = self.other.transport if self.other else None
        if out is None:
            return  # not connected yet: it calls when it is
        if out.is_closing():
            self._held.clear()  # nobody is there any more
            return
        now = asyncio.get_running_loop().time()
        due: list[bytes] = []
        while self._held and self._held[0][0] <= now:
            data = self._held.popleft()[1]
            if not data:
                out.write(b"".join(due))
                out.close()
                return
            due.append(data)
        if due:
            data = b"".join(due)
            out.write(data)
            self._held_bytes -= len(data)
            if not self._closing and self.transport is not None and self._held_bytes <= MOST_HELD_BYTES:
                self.transport.resume_reading()
        self._set_timer()

    def _set_timer(self) -> None:
        if self._held and self._timer is None:
            self._timer = asyncio.get_running_loop().call_at(self._held[0][0], self.deliver)


async def relay(pairs: Sequence[tuple[int, int]], one_way_seconds: float) -> None:
    """Relay from each first port to each second until cancelled."""
    loop = asyncio.get_running_loop()

    def accept(to: int) -> End:
        near, far = End(one_way_seconds), End(one_way_seconds)
        near.other, far.other = far, near
        connecting.add(task := asyncio.ensure_future(_connect(near, far, to)))
        task.add_done_callback(connecting.discard)
        return near

    connecting: set[asyncio.Future[None]] = set()
    servers = [
        await loop.create_server(lambda to=to: accept(to), LOOPBACK, port, backlog=1024)  # type: ignore[misc]
        for port, to in pairs
    ]
    print("ready", flush=True)
    await asyncio.gather(*(server.serve_forever() for server in servers))


async def _connect(near: End, far: End, to: int) -> None:
    try:
        await asyncio.get_running_loop().create_connection(lambda: far, LOOPBACK, to)
    except OSError:
        if near.transport is not None:
            near.transport.abort()


class Distance:
    """The relay as a child process."""

    def __init__(self, pairs: Sequence[tuple[int, int]], one_way_ms: float) -> None:
        words = [sys.executable, "-m", "load_tests.distance", "--one-way-ms", str(one_way_ms)]
        words += [f"{port}:{to}" for port, to in pairs]
        self._process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        self.pid = self._process.pid
        assert self._process.stdout is not None
        if self._process.stdout.readline().strip() != "ready":
            raise SinkNotReady("the relay did not start; see stderr")

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def main(arguments: Sequence[str] | None = None) -> int:
    """Relay until killed: there is nothing to put in order."""
    parser = argparse.ArgumentParser(prog="python -m load_tests.distance", description="Relay TCP with a delay.")
    parser.add_argument("--one-way-ms", type=float, required=True)
    parser.add_argument("pairs", nargs="+", metavar="FROM:TO", help="loopback ports")
    given = parser.parse_args(arguments)
    pairs = [(int(near), int(far)) for near, far in (pair.split(":") for pair in given.pairs)]
    uvloop.run(relay(pairs, given.one_way_ms / 1000))
    return 0


if __name__ == "__main__":
    sys.exit(main())
