"""The stub as a process: ready line, control, an end without loss."""

import json
import os
import signal
import ssl
import stat
import time
from pathlib import Path
from urllib.request import urlopen

import httpx
import pytest

from dispatch.stub.behaviour import Act, Rule
from dispatch.stub.bodies import BodyStore, stored
from dispatch.stub.errors import BehaviourMalformed, StubNotReady
from dispatch.stub.judge import judge
from dispatch.stub.process import StubProcess
from tests.stub.conftest import Headers
from tests.stub.pushes import Phone, Sender, text


def test_the_ready_file_says_what_the_ready_line_said(stub: StubProcess) -> None:
    said = json.loads((stub.log_path.parent / "ready.json").read_text())
    assert tuple(said["origins"]) == stub.origins
    assert said["pid"] == stub.pid


def test_the_servers_key_is_readable_by_its_owner_only(stub: StubProcess) -> None:
    assert stat.S_IMODE((stub.ca_path.parent / "server.pem").stat().st_mode) == 0o600


def test_a_client_that_does_not_know_the_authority_is_not_served(stub: StubProcess) -> None:
    with pytest.raises(httpx.ConnectError), httpx.Client() as stranger:
        stranger.post(stub.origins[0] + "/push/a")


def test_a_wrong_rule_is_refused_and_the_old_ones_stay(
    stub: StubProcess, client: httpx.Client, headers: Headers, phone: Phone
) -> None:
    stub.tell([Rule(Act.ANSWER, status=503)])
    with pytest.raises(BehaviourMalformed, match="act is one of"):
        stub._ask("PUT", "/behaviour", b'{"rules": [{"act": "explode"}]}')
    assert client.post("/push/r", headers=headers(), content=phone.envelope(b"x")).status_code == 503


def test_the_verdict_and_the_metrics_count_the_same(
    stub: StubProcess, client: httpx.Client, headers: Headers, phone: Phone
) -> None:
    client.post("/push/m", headers=headers(), content=phone.envelope(b"x"))
    accepted = stub.verdict()["accepted"]
    with urlopen(stub.control + "/metrics") as reply:
        assert f'stub_requests_total{{status="201",reason=""}} {accepted}\n' in reply.read().decode()


def test_sigterm_leaves_complete_files(tmp_path: Path, sender: Sender, phone: Phone) -> None:
    stub = StubProcess.start(tmp_path)
    context = ssl.create_default_context(cafile=str(stub.ca_path))
    said = {
        "authorization": sender.authorization(stub.origins[0], time.time() + 60),
        "ttl": "1",
        "content-encoding": "aes128gcm",
    }
    with httpx.Client(http2=True, verify=context, base_url=stub.origins[0]) as client:
        for place in range(50):
            assert client.post(f"/push/t{place}", headers=said, content=phone.envelope(b"x")).status_code == 201
        assert stub.stop() == 0
    assert judge([stub.log_path]).accepted == 50
    assert [kept.token for kept in stored(stub.bodies_path)] == [f"t{place}" for place in range(50)]


def test_a_pinned_key_keeps_other_senders_out(tmp_path: Path, sender: Sender, phone: Phone) -> None:
    with StubProcess.start(tmp_path, vapid_key=sender.public, store_every=0) as stub:
        context = ssl.create_default_context(cafile=str(stub.ca_path))
        got = []
        with httpx.Client(http2=True, verify=context, base_url=stub.origins[0]) as client:
            for who in (sender, Sender()):
                said = {
                    "authorization": who.authorization(stub.origins[0], time.time() + 60),
                    "ttl": "1",
                    "content-encoding": "aes128gcm",
                }
                got.append(client.post("/push/t", headers=said, content=phone.envelope(b"x")).status_code)
    assert got == [201, 403]
    assert list(stored(stub.bodies_path)) == []


def test_sighup_reads_the_rules_again(tmp_path: Path) -> None:
    stub = StubProcess.start(tmp_path)
    try:
        os.kill(stub.pid, signal.SIGHUP)  # without a file: no rules, and no end
        assert stub._ask("GET", "/behaviour") == {"rules": []}
    finally:
        assert stub.stop() == 0


def test_a_stub_that_cannot_listen_says_so(stub: StubProcess, tmp_path: Path) -> None:
    taken = int(stub.origins[0].rsplit(":", 1)[1])
    with pytest.raises(StubNotReady, match="before it was ready"):
        StubProcess.start(tmp_path, port=taken)


def test_bodies_are_sampled_and_bounded(tmp_path: Path) -> None:
    sampled, bounded = BodyStore(tmp_path / "s", 3, 1 << 20), BodyStore(tmp_path / "b", 1, 30)
    for place in range(7):
        sampled.keep(f"t{place}", "topic", b"body")
        bounded.keep(f"t{place}", "topic", b"body")
    sampled.close()
    bounded.close()
    assert [kept.token for kept in stored(tmp_path / "s")] == ["t0", "t3", "t6"]
    assert (tmp_path / "b").stat().st_size <= 30
    assert text(next(stored(tmp_path / "b")).body) == text(b"body")
