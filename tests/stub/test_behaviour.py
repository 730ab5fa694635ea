"""The stub answers as told."""

import httpx
import pytest

from dispatch.stub.behaviour import Act, Behaviours, Rule, rules_from_plain, rules_to_plain
from dispatch.stub.errors import BehaviourMalformed
from dispatch.stub.process import StubProcess
from tests.stub.conftest import Headers
from tests.stub.pushes import Phone
from tests.stub.wire import H2Client


@pytest.mark.parametrize("status", [200, 404, 406, 410, 413, 429, 500, 502, 503])
def test_a_status_is_answered_to_the_token_it_is_for(
    stub: StubProcess, client: httpx.Client, headers: Headers, phone: Phone, status: int
) -> None:
    stub.tell([Rule(Act.ANSWER, tokens=frozenset({"told"}), status=status, retry_after_seconds=7)])
    reply = client.post("/push/told", headers=headers(), content=phone.envelope(b"x"))
    assert (reply.status_code, reply.headers["retry-after"]) == (status, "7")
    assert client.post("/push/other", headers=headers(), content=phone.envelope(b"x")).status_code == 201


def test_only_the_first_requests_of_a_token_meet_a_passing_fault(
    stub: StubProcess, client: httpx.Client, headers: Headers, phone: Phone
) -> None:
    stub.tell([Rule(Act.ANSWER, status=503, first=2)])
    got = [client.post("/push/r", headers=headers(), content=phone.envelope(b"x")).status_code for _ in range(4)]
    assert got == [503, 503, 201, 201]


def test_one_origin_may_fail_while_another_goes_on(
    stub: StubProcess, client: httpx.Client, headers: Headers, phone: Phone
) -> None:
    stub.tell([Rule(Act.ANSWER, status=500, origin=stub.origins[0])])
    got = [
        client.post(origin + "/push/r", headers=headers(origin=origin), content=phone.envelope(b"x")).status_code
        for origin in stub.origins
    ]
    assert got == [500, 201]


def test_a_redirect_names_where_to_and_sends_nobody_there(
    stub: StubProcess, client: httpx.Client, headers: Headers, phone: Phone
) -> None:
    stub.tell([Rule(Act.REDIRECT, location="https://127.0.0.1:1/inside")])
    reply = client.post("/push/r", headers=headers(), content=phone.envelope(b"x"))
    assert (reply.status_code, reply.headers["location"]) == (307, "https://127.0.0.1:1/inside")


def test_who_hangs_does_not_hold_up_the_others(stub: StubProcess, headers: Headers, phone: Phone) -> None:
    stub.tell([Rule(Act.HANG, tokens=frozenset({"hangs"}))])
    with H2Client(stub.origins[0], stub.ca_path) as wire:
        hanging = wire.post("/push/hangs", headers(), phone.envelope(b"x"))
        assert wire.wait(wire.post("/push/answers", headers(), phone.envelope(b"x"))).status == 201
        wire.ping()
        assert wire.replies[hanging].status == 0


def test_a_delayed_answer_is_overtaken(stub: StubProcess, headers: Headers, phone: Phone) -> None:
    stub.tell([Rule(Act.ANSWER, tokens=frozenset({"late"}), delay_seconds=0.3)])
    with H2Client(stub.origins[0], stub.ca_path) as wire:
        late = wire.post("/push/late", headers(), phone.envelope(b"x"))
        assert wire.wait(wire.post("/push/soon", headers(), phone.envelope(b"x"))).status == 201
        assert wire.replies[late].status == 0
        assert wire.wait(late).status == 201


def test_a_reset_ends_one_stream_and_leaves_the_connection(stub: StubProcess, headers: Headers, phone: Phone) -> None:
    stub.tell([Rule(Act.RESET, tokens=frozenset({"reset"}))])
    with H2Client(stub.origins[0], stub.ca_path) as wire:
        assert wire.wait(wire.post("/push/reset", headers(), phone.envelope(b"x"))).reset == 2
        assert wire.wait(wire.post("/push/next", headers(), phone.envelope(b"x"))).status == 201


def test_a_close_ends_every_open_request(stub: StubProcess, headers: Headers, phone: Phone) -> None:
    stub.tell([Rule(Act.HANG, tokens=frozenset({"open"})), Rule(Act.CLOSE)])
    with H2Client(stub.origins[0], stub.ca_path) as wire:
        wire.post("/push/open", headers(), phone.envelope(b"x"))
        wire.wait(wire.post("/push/closes", headers(), phone.envelope(b"x")))
        assert wire.closed


def test_fifty_mebibytes_come_within_the_windows_of_the_reader(
    stub: StubProcess, headers: Headers, phone: Phone
) -> None:
    stub.tell([Rule(Act.BIG_REPLY)])
    with H2Client(stub.origins[0], stub.ca_path) as wire:  # h2 raises when a window is overrun
        reply = wire.wait(wire.post("/push/r", headers(), phone.envelope(b"x")))
    assert (reply.status, reply.body, reply.ended) == (201, 50 * 1024 * 1024, True)


def test_a_dripping_reply_comes_byte_by_byte(stub: StubProcess, headers: Headers, phone: Phone) -> None:
    stub.tell([Rule(Act.DRIP, delay_seconds=0.01, reply_bytes=5)])
    with H2Client(stub.origins[0], stub.ca_path) as wire:
        number = wire.post("/push/r", headers(), phone.envelope(b"x"))
        assert not wire.wait_for_body(number, 1).ended
        assert wire.wait(number).body == 5


def test_a_share_is_of_tokens_and_always_the_same_ones() -> None:
    behaviours = Behaviours([Rule(Act.ANSWER, status=410, share=0.05)])
    chosen = [n for n in range(20_000) if behaviours.rule_for("", f"token-{n}")]
    assert 800 < len(chosen) < 1200
    assert chosen == [n for n in range(20_000) if behaviours.rule_for("", f"token-{n}")]


def test_rules_survive_their_own_json() -> None:
    rules = (Rule(Act.HANG, tokens=frozenset({"a", "b"})), Rule(Act.ANSWER, status=429, share=0.5, first=1))
    assert rules_from_plain(rules_to_plain(rules)) == rules


@pytest.mark.parametrize(
    ("plain", "word"),
    [
        ([], "rules"),
        ({"rules": [1]}, "object"),
        ({"rules": [{"act": "explode"}]}, "act is one of"),
        ({"rules": [{"act": "hang", "delay": 1}]}, "unknown field in a rule: delay"),
        ({"rules": [{"act": "hang", "share": "all"}]}, "wrong type"),
    ],
)
def test_a_rule_that_cannot_be_read_says_why(plain: object, word: str) -> None:
    with pytest.raises(BehaviourMalformed, match=word):
        rules_from_plain(plain)
