"""Run the stub: listening sockets, the flush timer, and an orderly end."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self, cast

from dispatch.stub.behaviour import Behaviours, Rule
from dispatch.stub.bodies import BodyStore
from dispatch.stub.certificate import server_context, write_certificates
from dispatch.stub.http1 import Http1Connection
from dispatch.stub.http2 import Http2Connection
from dispatch.stub.log import RequestLog
from dispatch.stub.push import PushService
from dispatch.stub.vapid_check import VapidChecker

LOOPBACK = "127.0.0.1"
# What a kill of the stub itself may lose from the log; it is the judge, so tests end it with SIGTERM.
FLUSH_SECONDS = 0.2
BACKLOG = 1024


@dataclass(frozen=True, slots=True)
class StubSettings:
    """How one stub runs.

    `ports`: one origin per port, 0 picks a free one. `name`: the host in the origins; it must resolve to loopback.
    `known_as`: origins beside these that lead here, by way of a relay.
    `store_every`: one in so many accepted bodies is kept, 0 keeps none; `store_bytes` bounds the file.
    `vapid_key`: when given, the only key (base64url) that may push.
    """

    data: Path
    ports: tuple[int, ...] = (0,)
    name: str = "localhost"
    known_as: tuple[str, ...] = ()
    store_every: int = 1
    store_bytes: int = 256 * 1024 * 1024
    vapid_key: str = ""
    rules: Sequence[Rule] = ()


class PushStub:
    """A running stub; made by `start`, ended by `stop`."""

    def __init__(self, settings: StubSettings) -> None:
        settings.data.mkdir(parents=True, exist_ok=True)
        self.settings = settings
        self.log_path = settings.data / "requests.log"
        self.bodies_path = settings.data / "bodies.bin"
        self.ca_path, self._server_path = write_certificates(settings.data, (settings.name,), datetime.now(UTC))
        self.behaviours = Behaviours(settings.rules)
        self.origins: tuple[str, ...] = ()
        self._log = RequestLog(self.log_path)
        self._bodies = BodyStore(self.bodies_path, settings.store_every, settings.store_bytes)
        self.service = PushService(
            self._log,
            self._bodies,
            self.behaviours,
            VapidChecker(settings.vapid_key),
            wall_seconds=time.time,
            monotonic_ns=time.monotonic_ns,
        )
        self.connections: set[Connection] = set()
        self._servers: list[asyncio.Server] = []
        self._flushing: asyncio.Task[None] | None = None

    @classmethod
    async def start(cls, settings: StubSettings) -> Self:
        """Listen on every port and return the stub; its origins are ready to be pushed to."""
        stub = cls(settings)
        loop = asyncio.get_running_loop()
        context = server_context(stub._server_path)
        origins: list[str] = []
        for port in settings.ports:
            server = await loop.create_server(
                lambda: Connection(stub), LOOPBACK, port, ssl=context, backlog=BACKLOG, reuse_address=True
            )
            stub._servers.append(server)
            origins.append(f"https://{settings.name}:{server.sockets[0].getsockname()[1]}")
        stub.origins = tuple(origins)
        stub.service.origins = frozenset((*origins, *settings.known_as))
        stub._flushing = asyncio.create_task(stub._flush_often())
        return stub

    def flush(self) -> None:
        """Write what is waiting to the log and to the bodies."""
        self._log.flush()
        self._bodies.flush()

    async def stop(self) -> None:
        """Take no more, say goodbye, and leave complete files."""
        for server in self._servers:
            server.close()
        for connection in list(self.connections):
            connection.go_away()
        if self._flushing:
            self._flushing.cancel()
            await asyncio.gather(self._flushing, return_exceptions=True)
        self._log.close()
        self._bodies.close()

    async def _flush_often(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            self.flush()


class Connection(asyncio.Protocol):
    """Hand a connection to the protocol that TLS agreed on."""

    def __init__(self, stub: PushStub) -> None:
        self._stub = stub
        self._served: Http2Connection | Http1Connection | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        stream = cast("asyncio.Transport", transport)  # uvloop's own class is registered nowhere
        chosen = transport.get_extra_info("ssl_object").selected_alpn_protocol()
        serve = Http2Connection if chosen == "h2" else Http1Connection
        self._stub.connections.add(self)
        self._served = serve(stream, self._stub.service, asyncio.get_running_loop())

    def data_received(self, data: bytes) -> None:
        assert self._served is not None
        self._served.feed(data)

    def pause_writing(self) -> None:
        if self._served is not None:
            self._served.pause()

    def resume_writing(self) -> None:
        if self._served is not None:
            self._served.resume()

    def connection_lost(self, _exc: Exception | None) -> None:
        self._stub.connections.discard(self)
        if self._served is not None:
            self._served.lost()

    def go_away(self) -> None:
        """End the connection in the words of its protocol."""
        if self._served is not None:
            self._served.go_away()
