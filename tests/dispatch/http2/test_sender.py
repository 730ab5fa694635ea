"""The engine around its connections: names, HTTP/1.1, a fence, a hundred ways to be unreachable."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from dispatch.batch import Batch, BatchAnswer
from dispatch.curl import CurlSender
from dispatch.errors import SenderFull
from dispatch.http2.lookup import Address, Lookup
from dispatch.http2.sender import AHEAD, Http2Sender
from dispatch.one_by_one import OneByOne
from dispatch.outcomes import PushOutcome
from dispatch.settings import DispatchSettings
from dispatch.stub.certificate import server_context, write_certificates
from dispatch.stub.process import StubProcess

PATIENCE_SECONDS = 30.0


@pytest.fixture(scope="module")
def stub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StubProcess]:
    with StubProcess.start(tmp_path_factory.mktemp("stub")) as running:
        yield running


def sender_for(*origins: str, ca_path: Path, may_send: bool = True, **changes: float) -> Http2Sender:
    settings = DispatchSettings(extra_origins=origins, ca_file=str(ca_path), **changes)  # type: ignore[arg-type]
    return Http2Sender(settings, lambda: OneByOne(CurlSender(settings)), may_send=lambda: may_send)


def pushes(origin: str, *paths: bytes, keys_from: int = 0) -> Batch:
    keys = range(keys_from, keys_from + len(paths))
    return Batch(origin, (("Urgency", "high"),), time.time() + 60, keys, paths, [b"x" * 617] * len(paths))


def poll(sender: Http2Sender, count: int) -> dict[int, tuple[PushOutcome, Batch]]:
    """Return the ends of *count* pushes by key."""
    found: dict[int, tuple[PushOutcome, Batch]] = {}
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while len(found) < count:
        assert time.monotonic() < give_up_at
        for answer in sender.poll_batches(0.05):
            assert not found.keys() & set(answer.keys)
            found.update((key, (answer.outcome, answer.batch)) for key in answer.keys)
    return found


@contextmanager
def http1_server(folder: Path) -> Iterator[tuple[str, Path, list[str]]]:
    """Serve HTTP/1.1 over TLS and nothing else."""
    ca_path, certificate = write_certificates(folder, ("localhost",), datetime.now(UTC))
    seen: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            seen.append(self.path)
            self.send_response(201)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    context = server_context(certificate)
    context.set_alpn_protocols(["http/1.1"])
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"https://localhost:{server.server_address[1]}", ca_path, seen
    finally:
        server.shutdown()
        server.server_close()


def test_a_push_service_that_speaks_http1_only_is_served_by_libcurl(tmp_path: Path) -> None:
    with http1_server(tmp_path) as (origin, ca_path, seen):
        sender = sender_for(origin, ca_path=ca_path)
        first, second = pushes(origin, b"/a", b"/b"), pushes(origin, b"/c", keys_from=2)
        sender.submit_batch(first)
        found = poll(sender, 2)
        sender.submit_batch(second)
        found |= poll(sender, 1)
        assert {key: outcome for key, (outcome, _) in found.items()} == dict.fromkeys(range(3), PushOutcome.ACCEPTED)
        assert [batch for _, batch in found.values()] == [first, first, second]
        assert sorted(seen) == ["/a", "/b", "/c"]
        assert sender.in_flight == 0
        assert not sender._parts._wholes
        sender.close()


def test_an_address_that_is_none_fails_alone(stub: StubProcess) -> None:
    origin = stub.origins[0]
    sender = sender_for(origin, ca_path=stub.ca_path)
    batch = pushes(
        origin, b"/push/good", b"no-slash", b"/push/with space", b"/push/\x00", b"", b"/push/fine", b"/p\xc3\xbc"
    )
    sender.submit_batch(batch)
    found = poll(sender, 7)
    failed = {key for key, (outcome, _) in found.items() if outcome is PushOutcome.FAILED}
    assert failed >= {1, 2, 3, 4, 6}
    # The stub has its own opinion of these two (no token): what counts is that they were asked.
    assert stub.verdict()["requests"] == 2
    assert all(of is batch for _, of in found.values())
    sender.close()


def test_whoever_may_have_been_replaced_writes_nothing(stub: StubProcess) -> None:
    origin = stub.origins[0]
    before = stub.verdict()["requests"]
    sender = sender_for(origin, ca_path=stub.ca_path, may_send=False)
    sender.submit_batch(pushes(origin, b"/push/fenced"))
    for _ in range(5):
        assert sender.poll_batches(0.02) == []
    assert sender.in_flight == 1
    assert stub.verdict()["requests"] == before
    sender.close()


def test_more_than_is_free_is_not_taken_at_all(stub: StubProcess) -> None:
    origin = stub.origins[0]
    sender = sender_for(origin, ca_path=stub.ca_path, max_in_flight=2)
    with pytest.raises(SenderFull):
        sender.submit_batch(pushes(origin, b"/a", b"/b", b"/c"))
    assert (sender.in_flight, sender.free) == (0, 2)
    sender.close()


def test_one_that_never_shakes_hands_holds_up_no_other(stub: StubProcess) -> None:
    origin = stub.origins[0]
    with socket.create_server(("127.0.0.1", 0)) as silent:
        away = f"https://localhost:{silent.getsockname()[1]}"
        sender = sender_for(origin, away, ca_path=stub.ca_path, connect_timeout_seconds=0.3)
        sender.submit_batch(pushes(away, b"/x", b"/y"))
        sender.submit_batch(pushes(origin, b"/push/meanwhile", keys_from=2))
        found = list(poll(sender, 3).items())
    assert [key for key, _ in found] == [2, 0, 1]
    assert {outcome for key, (outcome, _) in found if key < 2} == {PushOutcome.NOT_SENT}
    sender.close()


def test_the_next_address_is_tried_when_the_first_is_dead(stub: StubProcess) -> None:
    origin = stub.origins[0]
    port = int(origin.rsplit(":", 1)[1])
    sender = sender_for(origin, ca_path=stub.ca_path)
    here, dead = Address(socket.AF_INET, ("127.0.0.1", port)), Address(socket.AF_INET, ("127.0.0.1", 9))
    sender._lookup = Lookup(lambda: None, resolve=lambda _host, _port: [dead, here])
    sender.submit_batch(pushes(origin, b"/push/second-address"))
    assert poll(sender, 1)[0][0] is PushOutcome.REFUSED  # for want of a token: it was asked
    sender.close()


@contextmanager
def relay_that_drops_the_first(port: int) -> Iterator[tuple[int, list[socket.socket]]]:
    """Pass connections on to *port*, all but the first, which is closed before a word was said."""
    held: list[socket.socket] = []

    def pump(source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65_536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            return

    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:

        def accept() -> None:
            try:
                listener.accept()[0].close()
                while True:
                    near, far = listener.accept()[0], socket.create_connection(("127.0.0.1", port))
                    held.extend((near, far))
                    for ends in ((near, far), (far, near)):
                        threading.Thread(target=pump, args=ends, daemon=True).start()
            except OSError:
                return

        threading.Thread(target=accept, daemon=True).start()
        yield int(listener.getsockname()[1]), held
        listener.shutdown(socket.SHUT_RDWR)
        for one in held:
            one.close()


def test_a_handshake_that_fails_gives_nothing_back_while_others_are_on_their_way(stub: StubProcess) -> None:
    with relay_that_drops_the_first(int(stub.origins[0].rsplit(":", 1)[1])) as (port, held):
        origin = f"https://localhost:{port}"
        before = stub.verdict()["requests"]
        sender = sender_for(origin, ca_path=stub.ca_path)
        sender.submit_batch(pushes(origin, *(b"/push/%d" % number for number in range(400))))
        found = poll(sender, 400)
        assert held
        # They lack what a push needs, but each was asked.
        assert PushOutcome.NOT_SENT not in {outcome for outcome, _ in found.values()}
        assert stub.verdict()["requests"] - before == 400
        sender.close()


def test_a_name_without_addresses_is_not_sent_to_and_asked_again_next_time(tmp_path: Path) -> None:
    ca_path, _ = write_certificates(tmp_path, ("localhost",), datetime.now(UTC))
    origin, asked = "https://nowhere.example", []

    def resolve(host: str, _port: int) -> list[Address]:
        asked.append(host)
        return []

    sender = sender_for(origin, ca_path=ca_path)
    sender._lookup = Lookup(lambda: None, resolve=resolve)
    for number in range(2):
        sender.submit_batch(pushes(origin, b"/x", keys_from=number))
        assert poll(sender, 1)[number][0] is PushOutcome.NOT_SENT
    assert asked == ["nowhere.example"] * 2
    sender.close()


def test_a_connection_that_waited_for_work_is_closed_by_us_first(stub: StubProcess) -> None:
    origin = stub.origins[0]
    sender = sender_for(origin, ca_path=stub.ca_path)
    sender.submit_batch(pushes(origin, b"/push/idle"))
    poll(sender, 1)
    (line,) = sender._lines.values()
    line.connection.heard_at -= 60.0
    sender._ticked_at = 0.0
    sender.poll_batches(0.0)
    assert not sender._lines
    sender.submit_batch(pushes(origin, b"/push/after", keys_from=1))
    assert poll(sender, 1)[1][0] is PushOutcome.REFUSED
    sender.close()


def test_hands_are_shaken_before_there_is_anything_to_send(stub: StubProcess) -> None:
    origin = stub.origins[0]
    sender = sender_for(origin, ca_path=stub.ca_path)
    sender.open_ahead((origin, origin, "https://elsewhere.example"))
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while not sender._lines or not all(line.connection.ready for line in sender._lines.values()):
        assert time.monotonic() < give_up_at
        assert sender.poll_batches(0.05) == []
    opened = set(sender._lines)
    assert len(opened) == AHEAD
    sender.submit_batch(pushes(origin, b"/push/ahead"))
    poll(sender, 1)
    sender.open_ahead((origin,))
    assert set(sender._lines) == opened, "what is open serves, and no more is opened beside it"
    sender.close()


def test_opening_ahead_asks_once_and_only_for_whom_we_may_write(stub: StubProcess) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        away = f"https://localhost:{gone.getsockname()[1]}"
    sender = sender_for(away, ca_path=stub.ca_path)
    sender.open_ahead((away,))
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while not (pool := sender._pools[away]).failures or pool.ahead:
        assert time.monotonic() < give_up_at
        assert sender.poll_batches(0.05) == []
    failures = pool.failures
    assert sender.poll_batches(0.05) == []
    assert (sender._lines, pool.failures) == ({}, failures)
    sender.submit_batch(pushes(away, b"/x"))
    assert poll(sender, 1)[0][0] is PushOutcome.NOT_SENT
    sender.close()
    replaced = sender_for(stub.origins[0], ca_path=stub.ca_path, may_send=False)
    replaced.open_ahead(stub.origins[:1])
    assert replaced.poll_batches(0.05) == []
    assert not replaced._lines
    replaced.close()


def test_a_flood_of_hung_requests_is_given_up_together(tmp_path: Path) -> None:
    ca_path, certificate = write_certificates(tmp_path, ("localhost",), datetime.now(UTC))
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        context.set_alpn_protocols(["h2"])
        held: list[ssl.SSLSocket] = []

        def hang() -> None:
            try:
                while True:
                    link = context.wrap_socket(listener.accept()[0], server_side=True)
                    link.sendall(b"\x00\x00\x00\x04\x00\x00\x00\x00\x00")  # SETTINGS, and then not a word
                    held.append(link)
            except OSError:
                return

        threading.Thread(target=hang, daemon=True).start()
        origin = f"https://localhost:{listener.getsockname()[1]}"
        sender = sender_for(origin, ca_path=ca_path, total_timeout_seconds=0.5)
        sender.submit_batch(pushes(origin, *(b"/%d" % number for number in range(500))))
        answers: list[BatchAnswer] = []
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        while sender.in_flight and time.monotonic() < give_up_at:
            answers += sender.poll_batches(0.05)
        assert {answer.outcome for answer in answers} <= {PushOutcome.TIMEOUT, PushOutcome.NOT_SENT}
        assert sum(len(answer.keys) for answer in answers) == 500
        # Not a word since it was asked: such a connection gets nothing more.
        assert all(line.connection.retired for line in sender._lines.values() if line.connection.ready)
        sender.close()
        listener.shutdown(socket.SHUT_RDWR)
        for link in held:
            link.close()
