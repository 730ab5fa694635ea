"""A server over TLS that takes POSTs as it is told and writes down what came: a ward's gateway, a push service."""

import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from dispatch.stub.certificate import write_certificates


@dataclass(frozen=True)
class Came:
    """One request as it arrived; names of headers are lower case."""

    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Gateway:
    """Statuses to answer with, in turn, the last for ever; 0 drops the connection without an answer."""

    origin: str = ""
    ca: Path = Path()
    statuses: list[int] = field(default_factory=lambda: [202])
    headers: dict[str, str] = field(default_factory=dict)
    came: list[Came] = field(default_factory=list)

    def tell(self, *statuses: int, **headers: str) -> None:
        self.statuses, self.headers, self.came = list(statuses), dict(headers), []


@contextmanager
def gateway_at(folder: Path) -> Iterator[Gateway]:
    """Serve on a free port of loopback until the block ends."""
    told = Gateway()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            told.came.append(Came(self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            status = told.statuses.pop(0) if len(told.statuses) > 1 else told.statuses[0]
            if not status:
                self.close_connection = True
                return
            self.send_response(status)
            for name, value in told.headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            return

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            return

    told.ca, server_path = write_certificates(folder, ("gateway.test",), datetime.now(UTC))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server_path)
    server = Quiet(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    told.origin = f"https://localhost:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
