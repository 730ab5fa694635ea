"""What the stub takes and what it refuses, as a push service must (RFC 8030, 8291, 8292)."""

import ssl
import time
from typing import Any

import httpx
import py_vapid
import pytest

from dispatch.stub.bodies import stored
from dispatch.stub.errors import EnvelopeUnreadable
from dispatch.stub.log import entries
from dispatch.stub.opened import open_body
from dispatch.stub.process import StubProcess
from tests.stub.conftest import Headers
from tests.stub.pushes import Phone, Sender


def test_a_correct_push_is_accepted_with_a_location(client: httpx.Client, headers: Headers, phone: Phone) -> None:
    reply = client.post("/push/one", headers=headers(), content=phone.envelope(b"leave now"))
    assert (reply.status_code, reply.http_version) == (201, "HTTP/2")
    assert reply.headers["location"].startswith(str(client.base_url))


def test_a_sender_without_http2_is_served_too(stub: StubProcess, headers: Headers, phone: Phone) -> None:
    context = ssl.create_default_context(cafile=str(stub.ca_path))
    with httpx.Client(verify=context, base_url=stub.origins[0]) as old:
        replies = [old.post("/push/old", headers=headers(), content=phone.envelope(b"leave now")) for _ in range(3)]
    assert [(reply.status_code, reply.http_version) for reply in replies] == [(201, "HTTP/1.1")] * 3


def test_what_was_accepted_opens_with_the_receivers_keys_only(
    stub: StubProcess, client: httpx.Client, headers: Headers, phone: Phone
) -> None:
    client.post("/push/opened", headers=headers(), content=phone.envelope("避難してください".encode()))
    stub.flush()
    (kept,) = [found for found in stored(stub.bodies_path) if found.token == "opened"]
    assert open_body(kept.body, phone.receiver).decode() == "避難してください"
    with pytest.raises(EnvelopeUnreadable):
        open_body(kept.body, Phone().receiver)


@pytest.mark.parametrize(
    ("changed", "status", "reason"),
    [
        ({"ttl": None}, 400, "ttl-missing"),
        ({"ttl": "-1"}, 400, "ttl-malformed"),
        ({"ttl": "1.5"}, 400, "ttl-malformed"),
        ({"topic": "a" * 33}, 400, "topic-malformed"),
        ({"topic": "a b"}, 400, "topic-malformed"),
        ({"topic": ""}, 400, "topic-malformed"),
        ({"urgency": "urgent"}, 400, "urgency-unknown"),
        ({"content_encoding": "aesgcm"}, 400, "encoding-not-aes128gcm"),
        ({"content_encoding": None}, 400, "encoding-not-aes128gcm"),
        ({"authorization": None}, 401, "vapid-missing"),
        ({"authorization": "Bearer abc"}, 401, "vapid-scheme"),
        ({"authorization": "vapid t=abc"}, 401, "vapid-parameters"),
        ({"authorization": "vapid t=a.b.c, k=BA"}, 403, "vapid-malformed"),
    ],
)
def test_a_header_that_is_wrong_is_refused_by_name(
    client: httpx.Client, headers: Headers, phone: Phone, changed: dict[str, Any], status: int, reason: str
) -> None:
    reply = client.post("/push/wrong", headers=headers(**changed), content=phone.envelope(b"x"))
    assert (reply.status_code, reply.json()) == (status, {"reason": reason})
    assert ("www-authenticate" in reply.headers) == (status == 401)


@pytest.mark.parametrize(
    ("claims", "hours", "reason"),
    [
        ({"aud": "https://localhost"}, 1, "vapid-audience"),
        ({"sub": None}, 1, "vapid-subject"),
        ({"sub": "duty@example.org"}, 1, "vapid-subject"),
        ({}, -1, "vapid-expired"),
        ({}, 24.1, "vapid-exp-too-far"),
        ({"exp": "soon"}, 1, "vapid-exp-missing"),
    ],
)
def test_a_token_that_says_the_wrong_thing_is_forbidden(
    client: httpx.Client,
    stub: StubProcess,
    headers: Headers,
    sender: Sender,
    phone: Phone,
    claims: dict[str, Any],
    hours: float,
    reason: str,
) -> None:
    said = sender.authorization(stub.origins[0], time.time() + hours * 3600, **claims)
    reply = client.post("/push/claims", headers=headers(authorization=said), content=phone.envelope(b"x"))
    assert (reply.status_code, reply.json()) == (403, {"reason": reason})


def test_a_token_for_one_origin_is_worth_nothing_at_another(
    stub: StubProcess, client: httpx.Client, headers: Headers, phone: Phone
) -> None:
    said = headers(origin=stub.origins[0])
    assert client.post("/push/a", headers=said, content=phone.envelope(b"x")).status_code == 201
    reply = client.post(stub.origins[1] + "/push/a", headers=said, content=phone.envelope(b"x"))
    assert (reply.status_code, reply.json()) == (403, {"reason": "vapid-audience"})


def test_a_token_by_the_reference_library_is_good(
    stub: StubProcess, client: httpx.Client, headers: Headers, phone: Phone
) -> None:
    signer = py_vapid.Vapid02()
    signer.generate_keys()
    said = signer.sign({"aud": stub.origins[0], "sub": "mailto:duty@example.org", "exp": int(time.time()) + 60})
    reply = client.post("/push/a", headers=headers(authorization=said["Authorization"]), content=phone.envelope(b"x"))
    assert reply.status_code == 201


def test_a_signature_of_somebody_else_is_forbidden(
    stub: StubProcess, client: httpx.Client, headers: Headers, phone: Phone, sender: Sender
) -> None:
    mine = sender.authorization(stub.origins[0], time.time() + 3600)
    other = Sender()
    swapped = mine.replace(sender.public, other.public)
    reply = client.post("/push/a", headers=headers(authorization=swapped), content=phone.envelope(b"x"))
    assert (reply.status_code, reply.json()) == (403, {"reason": "vapid-signature"})


def test_an_unsigned_token_is_forbidden(
    stub: StubProcess, client: httpx.Client, headers: Headers, phone: Phone, sender: Sender
) -> None:
    claims = {"aud": stub.origins[0], "exp": int(time.time()) + 60, "sub": "mailto:a@example.org"}
    said = f"vapid t={sender.token(claims, algorithm='none')}, k={sender.public}"
    reply = client.post("/push/a", headers=headers(authorization=said), content=phone.envelope(b"x"))
    assert (reply.status_code, reply.json()) == (403, {"reason": "vapid-algorithm"})


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda body: b"", "envelope-too-short"),
        (lambda body: body[:20] + b"\x00" + body[21:], "envelope-key-id"),
        (lambda body: body[:16] + b"\x00\x00\x00\x12" + body[20:], "envelope-not-one-record"),
    ],
)
def test_a_body_that_no_phone_could_open_is_refused(
    client: httpx.Client, headers: Headers, phone: Phone, change: Any, reason: str
) -> None:
    reply = client.post("/push/a", headers=headers(), content=change(phone.envelope(b"leave now")))
    assert (reply.status_code, reply.json()) == (400, {"reason": reason})


def test_4096_bytes_pass_and_one_more_does_not(client: httpx.Client, headers: Headers, phone: Phone) -> None:
    largest = phone.envelope(bytes(4096 - 103))
    assert len(largest) == 4096
    assert client.post("/push/big", headers=headers(), content=largest).status_code == 201
    assert client.post("/push/big", headers=headers(), content=largest + b"\0").status_code == 413


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("POST", "/elsewhere", 404), ("POST", "/push/", 404), ("POST", "/push/a/b", 404), ("GET", "/push/a", 405)],
)
def test_only_a_post_to_a_push_resource_is_known(
    client: httpx.Client, headers: Headers, method: str, path: str, status: int
) -> None:
    assert client.request(method, path, headers=headers()).status_code == status


def test_another_name_for_this_host_is_misdirected(
    stub: StubProcess, client: httpx.Client, headers: Headers, phone: Phone
) -> None:
    elsewhere = stub.origins[0].replace("localhost", "127.0.0.1")
    assert client.post(elsewhere + "/push/a", headers=headers(), content=phone.envelope(b"x")).status_code == 421


def test_the_log_holds_what_arrived_and_nothing_unchecked(
    stub: StubProcess, client: httpx.Client, headers: Headers, phone: Phone
) -> None:
    body = phone.envelope(b"x")
    client.post("/push/logged", headers=headers(topic="t1", ttl="7", urgency="low"), content=body)
    client.post("/push/logged", headers=headers(topic="no\ttab", ttl="seven"), content=body)
    stub.flush()
    first, second = [entry for entry in entries(stub.log_path) if entry.token == "logged"]
    assert (first.status, first.topic, first.ttl, first.urgency) == (201, "t1", "7", "low")
    assert (first.origin, first.body_bytes) == (stub.origins[0], len(body))
    assert (second.status, second.topic, second.ttl) == (400, "?", "?")
    assert first.body_sha == second.body_sha
    assert second.monotonic_ns > first.monotonic_ns
