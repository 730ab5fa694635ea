"""A ward's own gateway, on loopback: it takes what is signed, as a ward's should, and says what it took."""

import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from alerts.wording import clock
from dispatch.stub.certificate import write_certificates
from dispatch.webhook import generate_webhook_secret, is_signed

SECRET = "gateway.secret"  # noqa: S105 - a file's name
# A revision of a wide warning with all its parts and languages has a few hundred kilobytes.
_LONGEST_BYTES = 4_194_304

Say = Callable[[str], None]
Taking = Callable[[str, Mapping[str, Any]], str]


@contextmanager
def gateway(folder: Path, say: Say, taking: Taking) -> Iterator[tuple[str, Path]]:
    """Serve on a free port of loopback; yield the origin and its authority. Its secret is in *folder*.

    *taking* says in words that something was taken, by the last part of its path and its body, or "" to refuse it.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    secret = generate_webhook_secret(folder / SECRET)
    authority, server_path = write_certificates(folder, ("localhost",), datetime.now(UTC))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = self.headers.get("content-length", "")
            body = self.rfile.read(int(length)) if length.isdecimal() and int(length) <= _LONGEST_BYTES else b""
            now = datetime.now(UTC)
            signed = is_signed(
                (secret,),
                identifier=self.headers.get("webhook-id", ""),
                timestamp=self.headers.get("webhook-timestamp", ""),
                signature=self.headers.get("webhook-signature", ""),
                body=body,
                now=now.timestamp(),
            )
            said = taking(self.path.strip("/"), json.loads(body)) if signed else ""
            if said:
                say(f"{clock(now)}  {said}  受け取り taken")
            else:
                self.close_connection = True  # what was left unread is no next request
                say(f"{clock(now)}  受け取らず not taken" + ("" if signed else "  署名が違う not signed"))
            # Refused for good: who is refused for now asks again, until it is too late for anybody to type it in.
            self.send_response(202 if said else 400 if signed else 401)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: ARG002
            return

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002
            return  # who hangs up in a handshake is no news

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(server_path)
    server = Server(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, name="gateway", daemon=True)
    thread.start()
    try:
        yield f"https://localhost:{server.server_port}", authority
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
