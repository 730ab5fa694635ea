"""A web server on loopback that answers as it is told, and writes down what it was asked."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# Writes an answer by itself, for what a status, headers and a body cannot say.
Script = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Page:
    """One answer. A body with an `etag` or `modified` is answered by 304 when the caller has it."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    etag: str = ""
    modified: str = ""


@dataclass
class Server:
    """What is served, by path, and the paths that were asked for with the status of each answer."""

    origin: str = ""
    pages: dict[str, Page | Script] = field(default_factory=dict)
    asked: list[tuple[str, int]] = field(default_factory=list)

    def paths(self, status: int = 200) -> list[str]:
        return [path for path, answered in self.asked if answered == status]


@contextmanager
def serving() -> Iterator[Server]:
    """Serve on a free port of loopback until the block ends."""
    told = Server()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            page = told.pages.get(self.path, Page(status=404))
            if not isinstance(page, Page):
                told.asked.append((self.path, 0))
                page(self)
                self.close_connection = True
                return
            known = (page.etag and self.headers.get("If-None-Match") == page.etag) or (
                page.modified and self.headers.get("If-Modified-Since") == page.modified
            )
            status = 304 if known else page.status
            told.asked.append((self.path, status))
            self.send_response(status)
            for name, value in page.headers.items():
                self.send_header(name, value)
            if page.etag:
                self.send_header("ETag", page.etag)
            if page.modified:
                self.send_header("Last-Modified", page.modified)
            body = b"" if status == 304 else page.body
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            return

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            # A client that leaves in the middle of an answer is what some tests are about.
            return

    server = Quiet(("127.0.0.1", 0), Handler)
    told.origin = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
