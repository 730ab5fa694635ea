"""One connection against the `h2` library as a strict server, in memory."""

import pytest
from hpack import Encoder
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.errors import PushServiceBroken
from dispatch.http2.connection import Connection
from dispatch.http2.frames import (
    ACK,
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    GOAWAY,
    HEADERS,
    PADDED,
    PING,
    PRIORITY_FLAG,
    PUSH_PROMISE,
    RST_STREAM,
    SETTINGS,
    WINDOW_UPDATE,
    WORD,
    frame,
    settings_frame,
)
from dispatch.http2.terms import Terms
from tests.dispatch.http2.server import AUTHORITY, TERMS, WALL, Server, batch, connected, ends, exchange, post

ACCEPTED = ("accepted", 201)


def opened(count: int = 3) -> Connection:
    """Return a client with *count* requests open, streams 1, 3, 5..., keys 0, 1, 2..."""
    client = Connection(AUTHORITY, TERMS)
    client.receive(settings_frame(), 1.0, WALL)
    assert post(client, batch(count)) == count
    client.take_output()
    return client


def head(status: str, *fields: tuple[str, str]) -> bytes:
    encoder = Encoder()
    encoder.header_table_size = 0
    return encoder.encode([(":status", status), *fields])


def test_a_hundred_pushes_arrive_whole_and_each_answer_finds_its_push() -> None:
    server = Server()
    client = connected(server)
    pushes = batch(100)
    assert post(client, pushes) == 100
    exchange(client, server)
    for key, request in enumerate(server.requests.values()):
        assert request.ended
        assert request.fields[":path"] == f"/push/{key}"
        assert request.fields[":authority"] == AUTHORITY
        assert request.fields["ttl"] == "600"
        assert bytes(request.body) == pushes.bodies[key]
    for number in reversed(server.requests):
        server.answer(number, 201 if number % 4 == 1 else 410)
    exchange(client, server)
    found = ends(client.take_answers())
    assert found == {key: (ACCEPTED if key % 2 == 0 else ("gone", 410)) for key in range(100)}
    assert client.open == 0


@st.composite
def conversations(draw: st.DrawFn) -> list[tuple[int, int, int, bytes, int]]:
    """Draw for each request: its turn, its status, how many 1xx come before, a reply, its end."""
    count = draw(st.integers(1, 12))
    turns = draw(st.permutations(range(count)))
    return [
        (
            turn,
            draw(st.one_of(st.just(201), st.integers(200, 599))),
            draw(st.integers(0, 2)),
            draw(st.sampled_from((b"", b"x", b"no such subscription" * 20))),
            draw(st.integers(0, 3)),  # plain, with trailers, reset after the answer, answered in two reads
        )
        for turn in turns
    ]


@settings(deadline=None, derandomize=True, max_examples=150)
@given(conversations(), st.lists(st.integers(1, 400), max_size=60), st.booleans())
def test_any_order_and_any_cut_give_every_push_its_own_status_once(
    conversation: list[tuple[int, int, int, bytes, int]], cuts: list[int], unknown_frames: bool
) -> None:
    server = Server()
    client = connected(server)
    assert post(client, batch(len(conversation))) == len(conversation)
    exchange(client, server)
    said = bytearray()
    for turn, status, informational, body, end in conversation:
        number = 1 + 2 * turn
        for _ in range(informational):
            server.h2.send_headers(number, [(":status", "103"), ("link", "</a>")])
        server.h2.send_headers(number, [(":status", str(status)), ("location", f"/m/{turn}")], end_stream=False)
        if body:
            server.h2.send_data(number, body)
        if end == 1:
            server.h2.send_headers(number, [("x-checksum", "1")], end_stream=True)
        elif end == 2:
            server.h2.reset_stream(number, 0)
        else:
            server.h2.end_stream(number)
        said += server.says()
        if unknown_frames:
            said += frame(0xFA, 0xFF, number, b"grease") + frame(PING, 0, 0, b"12345678")
    place = 0
    for cut in [*cuts, len(said)]:
        client.receive(bytes(said[place : place + cut]), 2.0, WALL)
        place += cut
    client.receive(bytes(said[place:]), 2.0, WALL)
    found = {key: status for key, (_, status) in ends(client.take_answers()).items()}
    assert found == {turn: status for turn, status, *_ in conversation}
    assert client.open == 0
    server.take(client.take_output())


# ── flow control ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("window", [0, 1, 100, 616, 617, 65_535])
def test_a_narrow_stream_window_is_kept_and_every_body_arrives(window: int) -> None:
    server = Server(initial_window_size=window)
    client = connected(server)
    pushes = batch(20)
    assert post(client, pushes) == 20
    exchange(client, server)
    if window == 0:
        assert not any(request.body for request in server.requests.values())
        server.h2.update_settings({4: 300})
        exchange(client, server)
    assert [bytes(request.body) for request in server.requests.values()] == pushes.bodies
    assert all(request.ended for request in server.requests.values())


def test_the_connections_window_stops_requests_and_not_bodies() -> None:
    server = Server(max_concurrent_streams=1000)
    server.acknowledges = False
    client = connected(server)
    pushes = batch(200)
    begun = post(client, pushes)
    assert begun == 65_535 // 617
    exchange(client, server)
    assert all(request.ended for request in server.requests.values())
    server.h2.increment_flow_control_window(10 * 617)
    exchange(client, server)
    assert post(client, pushes, begun) in (10, 11)


def test_a_window_that_shrinks_while_bodies_wait_may_fall_below_zero() -> None:
    server = Server(initial_window_size=500)
    server.acknowledges = False
    client = connected(server)
    pushes = batch(1)
    post(client, pushes)
    exchange(client, server)
    server.h2.update_settings({4: 0})
    exchange(client, server)
    server.h2.increment_flow_control_window(600, stream_id=1)
    exchange(client, server)
    server.h2.increment_flow_control_window(17, stream_id=1)
    exchange(client, server)
    assert bytes(server.requests[1].body) == pushes.bodies[0]


def test_a_body_larger_than_a_frame_is_cut() -> None:
    server = Server()
    client = connected(server)
    pushes = batch(1, body_bytes=40_000)
    assert post(client, pushes) == 1
    exchange(client, server)
    assert bytes(server.requests[1].body) == pushes.bodies[0]


def test_no_more_streams_than_allowed_and_a_new_allowance_counts_at_once() -> None:
    server = Server(max_concurrent_streams=7)
    client = connected(server)
    pushes = batch(30)
    assert post(client, pushes) == 7
    exchange(client, server)
    server.h2.update_settings({3: 9})
    exchange(client, server)
    assert post(client, pushes, 7) == 2
    exchange(client, server)
    for number in (1, 3, 5):
        server.answer(number)
    exchange(client, server)
    assert post(client, pushes, 9) == 3


def test_a_reply_that_has_not_ended_still_takes_a_stream() -> None:
    client = opened(1)
    client.receive(frame(HEADERS, END_HEADERS, 1, head("201")), 1.0, WALL)
    assert ends(client.take_answers()) == {0: ACCEPTED}
    assert client.open == 1
    client.receive(frame(DATA, END_STREAM, 1, b""), 1.0, WALL)
    assert client.open == 0


# ── replies that talk on ──────────────────────────────────────────────────────────────────────────


def test_a_long_reply_is_cut_off_and_its_status_counts() -> None:
    server = Server()
    client = connected(server)
    post(client, batch(1))
    exchange(client, server)
    server.h2.send_headers(1, [(":status", "201")])
    server.h2.send_data(1, b"x" * 16_384)
    exchange(client, server)
    assert ends(client.take_answers()) == {0: ACCEPTED}
    assert server.resets == {1: 8}
    assert client.open == 0


def test_a_reply_that_drips_is_cut_off_at_its_deadline() -> None:
    client = opened(1)
    client.receive(frame(HEADERS, END_HEADERS, 1, head("201")), 1.0, WALL)
    for second in range(30):
        client.receive(frame(DATA, 0, 1, b"x"), float(second), WALL)
    client.take_output()
    client.expire(20.9)
    assert client.open == 1
    client.expire(21.0)
    assert client.open == 0
    assert client.take_output() == frame(RST_STREAM, 0, 1, WORD.pack(8))
    client.receive(frame(DATA, 0, 1, b"x"), 22.0, WALL)  # was on its way


def test_what_is_not_answered_in_time_is_given_up_and_a_late_answer_changes_nothing() -> None:
    server = Server()
    client = connected(server)
    post(client, batch(3))
    exchange(client, server)
    server.answer(3)
    exchange(client, server)
    client.expire(21.0)
    assert ends(client.take_answers()) == {0: ("timeout", 0), 1: ACCEPTED, 2: ("timeout", 0)}
    late = frame(HEADERS, END_HEADERS | END_STREAM, 1, head("201"))
    client.receive(late, 22.0, WALL)
    assert client.take_answers() == []
    exchange(client, server)
    assert server.resets == {1: 8, 5: 8}


# ── ends ──────────────────────────────────────────────────────────────────────────────────────────


def test_goaway_says_what_was_not_looked_at_and_the_rest_may_still_be_answered() -> None:
    client = opened(4)
    client.receive(frame(GOAWAY, 0, 0, WORD.pack(3) + WORD.pack(0)), 1.0, WALL)
    assert ends(client.take_answers()) == {2: ("not-sent", 0), 3: ("not-sent", 0)}
    assert client.room == 0
    client.receive(frame(HEADERS, END_HEADERS | END_STREAM, 1, head("201")), 1.0, WALL)
    client.lost(2.0, handed_over=10**9)
    assert ends(client.take_answers()) == {0: ACCEPTED, 1: ("unknown", 0)}


@pytest.mark.parametrize(
    ("code", "outcome"),
    [(0, "unknown"), (2, "unknown"), (7, "not-sent"), (8, "unknown"), (11, "unknown"), (13, "not-sent")],
)
def test_only_a_refused_stream_was_surely_not_looked_at(code: int, outcome: str) -> None:
    client = opened(2)
    client.receive(frame(RST_STREAM, 0, 3, WORD.pack(code)), 1.0, WALL)
    assert ends(client.take_answers()) == {1: (outcome, 0)}
    assert client.wants_http1 == (code == 13)


def test_a_reset_after_the_answer_takes_nothing_back() -> None:
    client = opened(1)
    said = frame(HEADERS, END_HEADERS, 1, head("201")) + frame(RST_STREAM, 0, 1, WORD.pack(0))
    client.receive(said, 1.0, WALL)
    assert ends(client.take_answers()) == {0: ACCEPTED}
    assert client.open == 0


def test_an_answer_before_the_whole_request_ends_the_request_too() -> None:
    server = Server(initial_window_size=100)
    server.acknowledges = False
    client = connected(server)
    post(client, batch(1))
    exchange(client, server)
    server.answer(1, 413)
    exchange(client, server)
    assert ends(client.take_answers()) == {0: ("too-large", 413)}
    assert (client.open, server.resets) == (0, {1: 0})


def test_what_the_kernel_never_had_was_not_sent() -> None:
    client = Connection(AUTHORITY, TERMS)
    client.receive(settings_frame(), 1.0, WALL)
    post(client, batch(5))
    first = len(client.take_output())
    post(client, batch(5, first_key=5))
    client.take_output()
    client.lost(2.0, handed_over=first)
    found = ends(client.take_answers())
    assert {key: outcome for key, (outcome, _) in found.items()} == {
        **dict.fromkeys(range(5), "unknown"),
        **dict.fromkeys(range(5, 10), "not-sent"),
    }


def test_a_connection_retires_before_its_peer_tires_of_it() -> None:
    client = Connection(AUTHORITY, Terms(16_384, 120.0, retire_after_requests=10))
    client.receive(settings_frame(), 1.0, WALL)
    assert post(client, batch(30)) == 10
    assert client.retired
    assert client.room == 0
    heavy = Connection(AUTHORITY, Terms(16_384, 120.0, retire_after_bytes=5_000))
    heavy.receive(settings_frame(), 1.0, WALL)
    for key in range(30):
        post(heavy, batch(1, first_key=key))
    assert heavy.retired
    assert 5_000 <= heavy._requests.written < 7_000


def test_stream_numbers_run_out_in_order() -> None:
    client = Connection(AUTHORITY, Terms(16_384, 120.0, retire_after_requests=2**40, retire_after_bytes=2**60))
    client.receive(settings_frame(), 1.0, WALL)
    client._requests.next = 2**31 - 5
    assert post(client, batch(30)) == 3
    assert client.retired
    for number in (2**31 - 5, 2**31 - 3, 2**31 - 1):
        client.receive(frame(HEADERS, END_HEADERS | END_STREAM, number, head("201")), 1.0, WALL)
    assert ends(client.take_answers()) == dict.fromkeys(range(3), ACCEPTED)


# ── the odd and the wrong ─────────────────────────────────────────────────────────────────────────


def test_padding_priority_and_continuation_are_read() -> None:
    client = opened(3)
    block = head("201", ("location", "/m/1"))
    padded = bytes([4]) + bytes(5) + block + bytes(4)
    client.receive(frame(HEADERS, END_HEADERS | END_STREAM | PADDED | PRIORITY_FLAG, 1, padded), 1.0, WALL)
    client.receive(frame(HEADERS, END_STREAM, 3, block[:2]) + frame(CONTINUATION, 0, 3, block[2:3]), 1.0, WALL)
    client.receive(frame(CONTINUATION, END_HEADERS, 3, block[3:]), 1.0, WALL)
    assert ends(client.take_answers()) == {0: ACCEPTED, 1: ACCEPTED}


def test_a_ping_is_answered_and_settings_are_acknowledged() -> None:
    client = opened(1)
    client.receive(frame(PING, 0, 0, b"12345678") + frame(PING, ACK, 0, b"12345678"), 1.0, WALL)
    assert client.take_output() == frame(PING, ACK, 0, b"12345678")
    client.receive(settings_frame((3, 5)) + frame(SETTINGS, ACK, 0), 1.0, WALL)
    assert client.take_output() == frame(SETTINGS, ACK, 0)
    assert client.max_streams == 5


def test_retry_after_comes_with_the_answer() -> None:
    client = opened(2)
    client.receive(frame(HEADERS, END_HEADERS | END_STREAM, 1, head("429", ("retry-after", "17"))), 1.0, WALL)
    client.receive(frame(HEADERS, END_HEADERS | END_STREAM, 3, head("503")), 1.0, WALL)
    answers = client.take_answers()
    assert [(answer.outcome.value, answer.retry_after_seconds) for answer in answers] == [
        ("busy", 17.0),
        ("busy", None),
    ]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"\x01\x00\x00" + bytes(6), "h2-frame-too-large"),
        (frame(PUSH_PROMISE, END_HEADERS, 1, bytes(4)), "h2-push-promise"),
        (frame(HEADERS, END_HEADERS, 2, head("201")), "h2-stream-number"),
        (frame(HEADERS, END_HEADERS, 99, head("201")), "h2-stream-number"),
        (frame(HEADERS, END_HEADERS | END_STREAM, 99, head("201")), "h2-stream-number"),
        (frame(DATA, 0, 1, b"x"), "h2-data-before-headers"),
        (frame(DATA, 0, 99, b"x"), "h2-stream-number"),
        (frame(HEADERS, END_HEADERS, 1, b"\xff\xff\xff"), "h2-compression"),
        (frame(HEADERS, END_HEADERS, 1, head("abc")), "h2-status"),
        (frame(HEADERS, END_HEADERS | END_STREAM, 1, head("100")), "h2-informational-end"),
        (frame(HEADERS, END_HEADERS | PADDED, 1, b"\x05ab"), "h2-padding"),
        (frame(HEADERS, 0, 1, b"") + frame(PING, 0, 0, bytes(8)), "h2-continuation-expected"),
        (frame(CONTINUATION, END_HEADERS, 1, b""), "h2-continuation-unexpected"),
        (frame(HEADERS, 0, 1, b"") + frame(CONTINUATION, 0, 1, bytes(16_384)) * 5, "h2-header-block-too-large"),
        (frame(RST_STREAM, 0, 1, b"x"), "h2-rst-stream"),
        (frame(RST_STREAM, 0, 0, bytes(4)), "h2-stream-number"),
        (frame(WINDOW_UPDATE, 0, 0, bytes(4)), "h2-window-update"),
        (frame(WINDOW_UPDATE, 0, 0, WORD.pack(2**31 - 1)), "h2-window-update"),
        (frame(WINDOW_UPDATE, 0, 0, b"x"), "h2-window-update"),
        (frame(SETTINGS, 0, 1), "h2-settings-stream"),
        (frame(SETTINGS, 0, 0, b"x"), "h2-settings-size"),
        (frame(SETTINGS, ACK, 0, bytes(6)), "h2-settings-ack"),
        (settings_frame((4, 2**31)), "h2-setting-initial-window"),
        (settings_frame((5, 1)), "h2-setting-max-frame"),
        (settings_frame((2, 1)), "h2-setting-enable-push"),
        (frame(PING, 0, 0, b"x"), "h2-ping"),
        (frame(GOAWAY, 0, 0, b"x"), "h2-goaway"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_who_breaks_the_protocol_is_told_and_no_push_is_forgotten(said: bytes, reason: str) -> None:
    client = opened(3)
    answered = frame(HEADERS, END_HEADERS | END_STREAM, 5, head("201"))
    with pytest.raises(PushServiceBroken) as broken:
        client.receive(answered + said, 1.0, WALL)
    assert broken.value.reason == reason
    client.lost(2.0, handed_over=10**9)
    assert ends(client.take_answers()) == {0: ("unknown", 0), 1: ("unknown", 0), 2: ACCEPTED}


def test_a_peer_that_does_not_begin_with_its_settings_is_no_http2() -> None:
    client = Connection(AUTHORITY, TERMS)
    with pytest.raises(PushServiceBroken):
        client.receive(frame(PING, 0, 0, bytes(8)), 1.0, WALL)
    assert client.room == 0


@settings(deadline=None, derandomize=True, max_examples=200)
@given(st.binary(max_size=200), st.lists(st.integers(1, 50), max_size=10))
def test_no_bytes_lose_a_push(noise: bytes, cuts: list[int]) -> None:
    client = opened(5)
    place = 0
    try:
        for cut in [*cuts, len(noise)]:
            client.receive(noise[place : place + cut], 1.0, WALL)
            place += cut
    except PushServiceBroken:
        pass
    client.lost(2.0, handed_over=10**9)
    assert set(ends(client.take_answers())) == set(range(5))
