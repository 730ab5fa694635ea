"""Speak to the stub below the level of a client library: by h2's state machine, or by bytes."""

import socket
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import h2.config
import h2.connection
import h2.events

from dispatch.stub.frames import HEAD, PREFACE, frame

DEADLINE_SECONDS = 20.0  # for a stub that says nothing: the test fails instead of hanging


def connect(origin: str, ca_path: Path, protocols: tuple[str, ...] = ("h2",)) -> ssl.SSLSocket:
    parts = urlsplit(origin)
    context = ssl.create_default_context(cafile=str(ca_path))
    context.set_alpn_protocols(list(protocols))
    raw = socket.create_connection(("127.0.0.1", parts.port or 443), timeout=DEADLINE_SECONDS)
    return context.wrap_socket(raw, server_hostname=parts.hostname)


@dataclass
class Reply:
    """What came back on one stream."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: int = 0
    ended: bool = False
    reset: int | None = None


class H2Client:
    """Hold one HTTP/2 connection with as many open requests as a test wants."""

    def __init__(self, origin: str, ca_path: Path) -> None:
        self.origin = origin
        self._socket = connect(origin, ca_path)
        assert self._socket.selected_alpn_protocol() == "h2"
        self._h2 = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        self.replies: dict[int, Reply] = {}
        self.closed = False
        self.goaway: int | None = None
        self._h2.initiate_connection()
        self.ping()  # the stub's settings and its window have been read

    def post(self, path: str, headers: dict[str, str], body: bytes) -> int:
        """Send a whole request and return its stream."""
        number = self._h2.get_next_available_stream_id()
        self.replies[number] = Reply()
        authority = urlsplit(self.origin).netloc
        pseudo = [(":method", "POST"), (":scheme", "https"), (":authority", authority), (":path", path)]
        self._h2.send_headers(number, [*pseudo, *headers.items()])
        for begin in range(0, len(body), 16_384):
            self._h2.send_data(number, body[begin : begin + 16_384])
        self._h2.end_stream(number)
        self._flush()
        return number

    def ping(self) -> None:
        """Return when the stub has answered a PING: all that was sent before it has been read."""
        self._h2.ping(b"shirase!")
        self._flush()
        while not self.closed:
            if any(isinstance(event, h2.events.PingAckReceived) for event in self._read()):
                return

    def wait(self, number: int) -> Reply:
        """Read until the stream is over, or the connection is."""
        reply = self.replies[number]
        while not (reply.ended or reply.reset is not None or self.closed):
            self._read()
        return reply

    def wait_for_body(self, number: int, size: int) -> Reply:
        """Read until so many bytes of the body are there."""
        reply = self.replies[number]
        while reply.body < size and not self.closed:
            self._read()
        return reply

    def _read(self) -> list[h2.events.Event]:
        try:
            data = self._socket.recv(65_536)
        except (ConnectionError, ssl.SSLEOFError):
            data = b""
        if not data:
            self.closed = True
            return []
        events = self._h2.receive_data(data)
        for event in events:
            if isinstance(event, h2.events.ResponseReceived):
                fields = {str(name): str(value) for name, value in event.headers or []}
                self.replies[event.stream_id].status = int(fields.pop(":status"))
                self.replies[event.stream_id].headers = fields
            elif isinstance(event, h2.events.DataReceived):
                self.replies[event.stream_id].body += len(event.data)
                self._h2.acknowledge_received_data(event.flow_controlled_length or 0, event.stream_id)
            elif isinstance(event, h2.events.StreamEnded):
                self.replies[event.stream_id].ended = True
            elif isinstance(event, h2.events.StreamReset):
                self.replies[event.stream_id].reset = int(event.error_code)
            elif isinstance(event, h2.events.ConnectionTerminated):
                self.goaway = int(event.error_code or 0)
        self._flush()
        return events

    def _flush(self) -> None:
        self._socket.sendall(self._h2.data_to_send())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()


def frames_after(origin: str, ca_path: Path, *sent: bytes, settings: bool = True) -> list[tuple[int, int, int, bytes]]:
    """Send bytes after the preface and return the frames (type, flags, stream, payload) until the stub closes."""
    with connect(origin, ca_path) as raw:
        raw.sendall(PREFACE + (frame(4, 0, 0) if settings else b"") + b"".join(sent))
        data = bytearray()
        while True:
            try:
                more = raw.recv(65_536)
            except (ConnectionError, ssl.SSLEOFError):
                break
            if not more:
                break
            data += more
    frames, place = [], 0
    while place + HEAD.size <= len(data):
        high, low, kind, flags, number = HEAD.unpack_from(data, place)
        begin = place + HEAD.size
        place = begin + (high << 8 | low)
        frames.append((kind, flags, number, bytes(data[begin:place])))
    return frames
