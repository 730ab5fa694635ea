"""Let another process steer the stub: a few plain HTTP requests on loopback."""

import asyncio
import json
from collections.abc import Callable

from dispatch.stub.behaviour import rules_from_plain, rules_to_plain
from dispatch.stub.errors import BehaviourMalformed
from dispatch.stub.judge import judge
from dispatch.stub.server import LOOPBACK, PushStub

BODY_BYTES = 16 * 1024 * 1024  # rules may name a hundred thousand tokens
REQUEST_SECONDS = 30.0


class Control:
    """Answer `GET /verdict`, `GET|PUT /behaviour`, `POST /flush` and `GET /metrics`."""

    def __init__(self, stub: PushStub) -> None:
        self._stub = stub

    async def listen(self, port: int) -> asyncio.Server:
        """Listen on a loopback port; 0 picks a free one."""
        return await asyncio.start_server(self._serve, LOOPBACK, port)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                status, kind, reply = await self._answer(reader)
                head = f"HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {len(reply)}\r\n"
                writer.write(head.encode() + b"connection: close\r\n\r\n" + reply)
                await writer.drain()
        except (TimeoutError, ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
            pass  # whoever asked has gone, or did not speak HTTP
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader) -> tuple[str, str, bytes]:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.split("\r\n")
        method, path, _ = first.split(" ", 2)
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        size = int(headers.get("content-length", "0"))
        if size > BODY_BYTES:
            return "413 Content Too Large", "text/plain", b""
        body = await reader.readexactly(size)
        acts: dict[tuple[str, str], Callable[[], bytes]] = {
            ("GET", "/verdict"): self._verdict,
            ("GET", "/behaviour"): lambda: json.dumps(rules_to_plain(self._stub.behaviours.rules)).encode(),
            ("PUT", "/behaviour"): lambda: self._tell(body),
            ("POST", "/flush"): self._flush,
            ("GET", "/metrics"): self._metrics,
        }
        act = acts.get((method, path))
        if act is None:
            return "404 Not Found", "text/plain", b""
        try:
            reply = act()
        except BehaviourMalformed as error:
            return "400 Bad Request", "text/plain", str(error).encode()
        return "200 OK", "text/plain; version=0.0.4" if path == "/metrics" else "application/json", reply

    def _verdict(self) -> bytes:
        self._stub.flush()
        return json.dumps(judge([self._stub.log_path]).to_plain()).encode()

    def _tell(self, body: bytes) -> bytes:
        try:
            plain = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise BehaviourMalformed(f"not JSON: {error}") from error
        self._stub.behaviours.tell(rules_from_plain(plain))
        return b"{}"

    def _flush(self) -> bytes:
        self._stub.flush()
        return b"{}"

    def _metrics(self) -> bytes:
        lines = [
            "# HELP stub_requests_total Requests and notes that the stub wrote down, by answered status and reason.",
            "# TYPE stub_requests_total counter",
        ]
        for (status, reason), count in sorted(self._stub.service.counts.items()):
            lines.append(f'stub_requests_total{{status="{status}",reason="{reason}"}} {count}')
        lines += [
            "# HELP stub_connections Connections open now.",
            "# TYPE stub_connections gauge",
            f"stub_connections {len(self._stub.connections)}",
        ]
        return ("\n".join(lines) + "\n").encode()
