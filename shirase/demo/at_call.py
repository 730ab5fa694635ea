"""Who is called in the demo: a roster of made-up posts, and a gateway on loopback that takes their calls.

A ward's own gateway telephones. This one checks the signature, as that should, and says whom it would have woken.
"""

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from alerts.wording import clock
from dispatch.stub.certificate import write_certificates
from dispatch.webhook import generate_webhook_secret, is_signed
from shirase.demo.run import Run
from shirase.demo.wards import WARDS
from streams.metrics import Role

# The two officers of the console, and a post at the end of every ladder. Whoever may approve is called first.
DRAFTER, APPROVER, METROPOLITAN = "kakuu_tantou", "kakuu_shounin", "kakuu_to"
_SECRET = "gateway.secret"  # noqa: S105 - a file's name
_LONGEST_BYTES = 65_536

Say = Callable[[str], None]


@contextmanager
def at_call(run: Run, say: Say, console_url: str) -> Iterator[None]:
    """Have the pager of *run* call the roster of each ward until the block ends; *say* hears of each call."""
    folder = run.folder.resolve() / "duty"
    with gateway(folder, say) as (origin, authority):
        roster = write_roster(folder / "duty.toml", origin)
        settings = {
            "SHIRASE_DUTY": str(roster),
            "SHIRASE_DUTY_CA": str(authority),
            "SHIRASE_CONSOLE_URL": console_url,
        }
        run.pipeline.begin(Role.PAGER, settings)
        yield


def write_roster(path: Path, origin: str) -> Path:
    """Write the register of a gateway at *origin* to *path*, and return it: one and the same roster for each ward."""
    people = (
        f'[[person]]\nname = "{name}"\nurl = "{origin}/{name}"\nsecret = "{_SECRET}"\n'
        for name in (APPROVER, DRAFTER, METROPOLITAN)
    )
    wards = (
        f'[[ward]]\ncode = "{ward.code[:5]}"\nname = "{ward.name}"\n'
        f'on_duty = ["{APPROVER}"]\ndeputies = ["{DRAFTER}"]\n'
        for ward in WARDS
    )
    said = f'# Made up for the demo.\nmetropolitan = ["{METROPOLITAN}"]\n'
    path.write_text("\n".join((said, *people, *wards)), encoding="utf-8")
    return path


@contextmanager
def gateway(folder: Path, say: Say) -> Iterator[tuple[str, Path]]:
    """Serve on a free port of loopback; yield the origin and its authority. Its secret is in *folder*."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    secret = generate_webhook_secret(folder / _SECRET)
    authority, server_path = write_certificates(folder, ("localhost",), datetime.now(UTC))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = self.headers.get("content-length", "")
            body = self.rfile.read(int(length)) if length.isdecimal() and int(length) <= _LONGEST_BYTES else b""
            now = datetime.now(UTC)
            taken = is_signed(
                (secret,),
                identifier=self.headers.get("webhook-id", ""),
                timestamp=self.headers.get("webhook-timestamp", ""),
                signature=self.headers.get("webhook-signature", ""),
                body=body,
                now=now.timestamp(),
            )
            if taken:
                say(f"呼び出し call {clock(now)}  {self.path.strip('/')}  {json.loads(body)['title']}  受け取り taken")
            else:
                self.close_connection = True  # what was left unread is no next request
                say(f"呼び出し call {clock(now)}  署名が違い、受け取らず not signed, not taken")
            self.send_response(202 if taken else 401)
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
