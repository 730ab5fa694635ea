"""One contract for every channel, and what each promises beside it (R16)."""

import base64
import random
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.channel import Channel, ChannelState, Outgoing, Passage, PostChannel
from dispatch.curl import CurlSender
from dispatch.errors import EndpointRefused, KeyFileUnsafe
from dispatch.file_drop import FileDrop
from dispatch.outcomes import PushOutcome
from dispatch.settings import DispatchSettings
from dispatch.stub.opened import Receiver, open_body
from dispatch.vapid import Vapid, VapidKey
from dispatch.web_push import Device, web_push_channel
from dispatch.webhook import (
    TOLERANCE_SECONDS,
    WebhookTarget,
    generate_webhook_secret,
    is_signed,
    read_webhook_secret,
    sign,
    webhook_channel,
    webhook_settings,
)
from tests.dispatch.gateway import Came, Gateway, gateway_at
from tests.dispatch.people import point_of, receiver_key

PATIENCE_SECONDS = 20.0
LONG = 3600.0
SECRET = b"k" * 32
KEY = receiver_key()
AUTH = random.Random(1).randbytes(16)
VAPID = Vapid({0: VapidKey.generate()}, "mailto:operations@shirase.example")
Maker = Callable[[Gateway], tuple[PostChannel, Callable[[Came], bytes]]]


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with gateway_at(tmp_path_factory.mktemp("gateway")) as running:
        yield running


def settings_for(gateway: Gateway) -> DispatchSettings:
    return replace(webhook_settings([gateway.origin], str(gateway.ca)), total_timeout_seconds=10.0)


def push(gateway: Gateway) -> tuple[PostChannel, Callable[[Came], bytes]]:
    known = settings_for(gateway)
    device = Device(f"{gateway.origin}/push/officer", point_of(KEY), AUTH)
    receiver = Receiver(KEY.private_numbers().private_value.to_bytes(32, "big"), AUTH)
    channel = web_push_channel(device, CurlSender(known), VAPID, b"s" * 32, known)
    return channel, lambda came: open_body(came.body, receiver)


def webhook(gateway: Gateway) -> tuple[PostChannel, Callable[[Came], bytes]]:
    known = settings_for(gateway)
    channel = webhook_channel(WebhookTarget(f"{gateway.origin}/hook", SECRET), CurlSender(known), known)

    def said(came: Came) -> bytes:
        headers = came.headers
        assert is_signed(
            [SECRET],
            identifier=headers["webhook-id"],
            timestamp=headers["webhook-timestamp"],
            signature=headers["webhook-signature"],
            body=came.body,
            now=float(headers["webhook-timestamp"]),
        )
        return came.body

    return channel, said


@pytest.fixture(params=[push, webhook], ids=["web-push", "webhook"])
def made(request: pytest.FixtureRequest, gateway: Gateway) -> Iterator[tuple[PostChannel, Callable[[Came], bytes]]]:
    gateway.tell(202)
    channel, said = request.param(gateway)
    yield channel, said
    channel.close()


def outgoing(text: str = "レベル4 避難指示", expires_at: float | None = None, name: str = "lineage.1") -> Outgoing:
    return Outgoing(name, text.encode(), "application/json", time.time() + LONG if expires_at is None else expires_at)


def ended(channel: Channel, at: float, count: int = 1, step: float = 0.0) -> list[Passage]:
    """Poll until *count* have come back, each turn *step* seconds later by the clock that is given."""
    found: list[Passage] = []
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while len(found) < count:
        assert time.monotonic() < give_up_at, "it never came back"
        found += channel.poll(at, 0.05)
        at += step
    return found


# ------------------------------------------------------------------------------------ the contract

Made = tuple[PostChannel, Callable[[Came], bytes]]


def test_what_arrives_is_what_left_byte_for_byte_and_it_comes_back_once(made: Made, gateway: Gateway) -> None:
    channel, said = made
    leaves = outgoing()
    channel.send(leaves, time.time())
    assert channel.waiting == 1
    (passage,) = ended(channel, time.time())
    assert passage == Passage("lineage.1", ChannelState.ACCEPTED, "", 1, leaves.sha256)
    assert [said(came) for came in gateway.came] == [leaves.body]
    assert channel.waiting == 0
    assert channel.poll(time.time(), 0.0) == []


@pytest.mark.parametrize("statuses", [(503, 202), (0, 500, 429, 202)], ids=["busy", "lost-error-throttled"])
def test_a_try_that_may_help_is_made_again_with_the_same_bytes(
    made: Made, gateway: Gateway, statuses: tuple[int, ...]
) -> None:
    channel, said = made
    gateway.tell(*statuses)
    leaves, now = outgoing(expires_at=time.time() + 100 * LONG), time.time()
    channel.send(leaves, now)
    (passage,) = ended(channel, now, step=30.0)
    assert (passage.state, passage.attempts) == (ChannelState.ACCEPTED, len(statuses))
    assert {said(came) for came in gateway.came} == {leaves.body}
    assert len(gateway.came) == len(statuses)


def test_nothing_is_tried_again_before_its_time(made: Made, gateway: Gateway) -> None:
    channel, _ = made
    gateway.tell(503, 202, Retry_After="60")
    now = time.time()
    channel.send(outgoing(), now)
    until = time.monotonic() + PATIENCE_SECONDS
    while not gateway.came and time.monotonic() < until:
        assert channel.poll(now, 0.05) == []
    for later in (1.0, 30.0, 59.0):
        assert channel.poll(now + later, 0.05) == []
    assert len(gateway.came) == 1
    assert ended(channel, now + 61.0)[0].state is ChannelState.ACCEPTED


@pytest.mark.parametrize(
    ("status", "reason"),
    [(400, PushOutcome.FAILED), (410, PushOutcome.GONE), (413, PushOutcome.TOO_LARGE), (302, PushOutcome.REDIRECT)],
)
def test_a_refusal_is_final_and_a_redirect_is_not_followed(
    made: Made, gateway: Gateway, status: int, reason: PushOutcome
) -> None:
    channel, _ = made
    gateway.tell(status, Location=f"{gateway.origin}/elsewhere")
    channel.send(outgoing(), time.time())
    (passage,) = ended(channel, time.time())
    assert (passage.state, passage.reason, passage.attempts) == (ChannelState.FAILED, reason.value, 1)
    assert "/elsewhere" not in [came.path for came in gateway.came]


def test_a_wrong_signature_or_key_is_tried_three_times(made: Made, gateway: Gateway) -> None:
    channel, _ = made
    gateway.tell(401)
    now = time.time()
    channel.send(outgoing(expires_at=now + 100 * LONG), now)
    (passage,) = ended(channel, now, step=120.0)
    assert (passage.state, passage.reason) == (ChannelState.FAILED, PushOutcome.REFUSED.value)
    assert passage.attempts == len(gateway.came) == 3


def test_what_has_expired_leaves_no_more(made: Made, gateway: Gateway) -> None:
    channel, _ = made
    now = time.time()
    channel.send(outgoing(expires_at=now - 1), now)
    assert ended(channel, now)[0].reason == PushOutcome.EXPIRED.value
    gateway.tell(503)
    channel.send(outgoing(expires_at=now + 20), now)
    (passage,) = ended(channel, now, step=5.0)
    assert passage.state is ChannelState.FAILED
    assert len(gateway.came) >= 1


def test_one_that_waits_holds_up_no_other(made: Made, gateway: Gateway) -> None:
    channel, _ = made
    gateway.tell(503, 202, Retry_After="600")
    now = time.time()
    channel.send(outgoing(name="slow"), now)
    until = time.monotonic() + PATIENCE_SECONDS
    while not gateway.came and time.monotonic() < until:
        channel.poll(now, 0.05)
    channel.send(outgoing(name="other"), now)
    assert [one.id for one in ended(channel, now)] == ["other"]
    assert channel.waiting == 1


# ------------------------------------------------------------------------------------ the webhook


def test_the_id_stays_the_same_at_every_try_and_the_signature_is_that_of_the_try(gateway: Gateway) -> None:
    gateway.tell(500, 202)
    channel, said = webhook(gateway)
    now = time.time()
    channel.send(outgoing(expires_at=now + LONG), now)
    ended(channel, now, step=10.0)
    first, second = gateway.came
    assert {one.headers["webhook-id"] for one in (first, second)} == {"lineage.1"}
    assert {one.headers["idempotency-key"] for one in (first, second)} == {'"lineage.1"'}
    assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]
    assert said(first) == said(second)
    channel.close()


def test_the_signature_is_that_of_the_published_form() -> None:
    # The example of the Standard Webhooks specification.
    secret = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").ljust(32, b"\0")
    body = b'{"test": 2432232314}'
    # HMAC pads a short key with zeros, so the published example holds for the padded key as well.
    assert sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body) == (
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    )


@given(
    body=st.binary(max_size=200),
    other=st.binary(max_size=200),
    identifier=st.text("abc.", min_size=1, max_size=8),
    at=st.integers(0, 2**32),
    off=st.integers(-400, 400),
)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_only_what_was_signed_passes_and_only_for_five_minutes(
    body: bytes, other: bytes, identifier: str, at: int, off: int
) -> None:
    given = {"identifier": identifier, "timestamp": str(at), "signature": sign(SECRET, identifier, at, body)}
    passes = is_signed([b"o" * 32, SECRET], **given, body=body, now=at + off)
    assert passes == (abs(off) <= TOLERANCE_SECONDS)
    assert not is_signed([b"o" * 32], **given, body=body, now=at)
    assert is_signed([SECRET], **given, body=other, now=at) == (other == body)
    assert not is_signed([SECRET], **{**given, "timestamp": str(at + 1)}, body=body, now=at)
    assert not is_signed([SECRET], **{**given, "timestamp": "now"}, body=body, now=at)


def test_a_secret_has_no_default_and_nobody_else_may_read_it(tmp_path: Path) -> None:
    made = generate_webhook_secret(tmp_path / "secret")
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600
    assert read_webhook_secret(tmp_path / "secret") == made
    with pytest.raises(KeyFileUnsafe, match="key-file-missing"):
        read_webhook_secret(tmp_path / "absent")
    (tmp_path / "secret").chmod(0o644)
    with pytest.raises(KeyFileUnsafe, match="key-file-mode"):
        read_webhook_secret(tmp_path / "secret")
    for number, wrong in enumerate((b"", b"whsec_", b"whsec_c2hvcnQ=", b"x" * 60, b"whsec_\xff")):
        path = tmp_path / str(number)
        path.write_bytes(wrong)
        path.chmod(0o600)
        with pytest.raises(KeyFileUnsafe, match="webhook-secret"):
            read_webhook_secret(path)


@pytest.mark.parametrize(
    "url",
    [
        "https://elsewhere.example/hook",
        "http://gateway.ward.example/hook",
        "https://gateway.ward.example.evil.example/hook",
        "https://gateway.ward.example@evil.example/hook",
        "https://gateway.ward.example:8443/hook",
        "https://127.0.0.1/hook",
        "https://2130706433/hook",
        "https://[::1]/hook",
        "https://10.1.2.3:8443@evil.example/hook",
        "https://10.1.2.3:84430/hook",
        "https://gateway.ward.example",
    ],
)
def test_only_addresses_on_the_list_are_posted_to(url: str) -> None:
    known = webhook_settings(["https://gateway.ward.example", "https://10.1.2.3:8443"])
    sender = CurlSender(known)
    with pytest.raises(EndpointRefused):
        webhook_channel(WebhookTarget(url, SECRET), sender, known)
    sender.close()


def test_an_address_in_the_ward_s_own_network_is_named_with_its_port_and_never_in_the_clear() -> None:
    known = webhook_settings(["https://gateway.ward.example", "https://10.1.2.3:8443"])
    assert (known.push_hosts, known.extra_origins) == (("gateway.ward.example",), ("https://10.1.2.3:8443",))
    with pytest.raises(EndpointRefused):
        webhook_settings(["http://gateway.ward.example"])


# ---------------------------------------------------------------------------------------- the files


def test_a_file_is_there_whole_under_its_name_and_once(tmp_path: Path) -> None:
    drop, leaves = FileDrop(tmp_path / "out"), outgoing(name="order.1.xml")
    for _ in range(2):
        drop.send(leaves, 0.0)
        (passage,) = ended(drop, time.time())
        assert (passage.state, passage.sha256) == (ChannelState.ACCEPTED, leaves.sha256)
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == {"order.1.xml": leaves.body}


def test_other_bytes_under_a_name_that_may_have_been_fetched_fail_and_a_page_may_change(tmp_path: Path) -> None:
    first, second = outgoing("first", name="a"), outgoing("second", name="a")
    for drop, wanted, left in (
        (FileDrop(tmp_path / "files"), "other-bytes", b"first"),
        (FileDrop(tmp_path / "pages", replaces=True), "", b"second"),
    ):
        for one in (first, second):
            drop.send(one, 0.0)
        assert [one.reason for one in ended(drop, time.time(), 2)] == ["", wanted]
        assert (drop._folder / "a").read_bytes() == left


def test_a_folder_that_cannot_be_written_is_a_failure_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    drop = FileDrop(tmp_path / "file" / "out")
    drop.send(outgoing(name="a"), 0.0)
    (passage,) = ended(drop, time.time())
    assert passage.state is ChannelState.FAILED
    assert passage.reason.startswith("disk-")
    for name in ("", "..", "a/b"):
        with pytest.raises(ValueError, match="name of a file"):
            drop.send(outgoing(name=name), 0.0)
