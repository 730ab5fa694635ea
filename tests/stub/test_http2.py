"""The stub is strict about HTTP/2, and never lets its own windows run dry."""

import hpack
import pytest

from dispatch.stub.frames import (
    ACK,
    END_HEADERS,
    END_STREAM,
    PADDED,
    PRIORITY_FLAG,
    WORD,
    Code,
    Kind,
    frame,
)
from dispatch.stub.http2 import MAX_STREAMS
from dispatch.stub.log import entries
from dispatch.stub.process import StubProcess
from tests.stub.conftest import Headers
from tests.stub.pushes import Phone
from tests.stub.wire import H2Client, frames_after

PSEUDO = [(":method", "POST"), (":scheme", "https"), (":authority", "localhost"), (":path", "/push/a")]
BLOCK = hpack.Encoder().encode(PSEUDO)
WHOLE = END_HEADERS | END_STREAM


@pytest.mark.parametrize(
    ("sent", "code", "reason"),
    [
        ([frame(Kind.DATA, 0, 1, b"x")], Code.PROTOCOL_ERROR, "h2-data-on-idle-stream"),
        ([frame(Kind.DATA, 0, 0, b"x")], Code.PROTOCOL_ERROR, "h2-data-on-idle-stream"),
        ([frame(Kind.HEADERS, WHOLE, 2, BLOCK)], Code.PROTOCOL_ERROR, "h2-stream-number"),
        ([frame(Kind.HEADERS, WHOLE, 1, b"\xff\xff\xff\xff\xff\xff")], Code.COMPRESSION_ERROR, "h2-compression"),
        ([frame(Kind.HEADERS, 0, 1, BLOCK), frame(Kind.PING, 0, 0, bytes(8))], Code.PROTOCOL_ERROR,
         "h2-continuation-expected"),
        ([frame(Kind.CONTINUATION, END_HEADERS, 1, BLOCK)], Code.PROTOCOL_ERROR, "h2-continuation-unexpected"),
        ([frame(Kind.HEADERS, 0, 1, BLOCK), *[frame(Kind.CONTINUATION, 0, 1, bytes(16_000))] * 2],
         Code.ENHANCE_YOUR_CALM, "h2-header-block-too-large"),
        ([frame(Kind.HEADERS, WHOLE, 1, BLOCK), frame(Kind.DATA, 0, 1, b"x")], Code.STREAM_CLOSED,
         "h2-data-on-closed-stream"),
        ([frame(Kind.HEADERS, WHOLE | PADDED, 1, b"\xff")], Code.PROTOCOL_ERROR, "h2-padding"),
        ([frame(Kind.PUSH_PROMISE, 0, 1, bytes(4))], Code.PROTOCOL_ERROR, "h2-push-promise"),
        ([frame(Kind.PING, 0, 0, bytes(7))], Code.FRAME_SIZE_ERROR, "h2-ping"),
        ([frame(Kind.SETTINGS, 0, 0, bytes(5))], Code.FRAME_SIZE_ERROR, "h2-settings"),
        ([frame(Kind.SETTINGS, 0, 0, b"\x00\x04\xff\xff\xff\xff")], Code.FLOW_CONTROL_ERROR,
         "h2-setting-initial-window"),
        ([frame(Kind.WINDOW_UPDATE, 0, 0, WORD.pack(0))], Code.PROTOCOL_ERROR, "h2-window-update"),
        ([frame(Kind.WINDOW_UPDATE, 0, 0, WORD.pack(2**31 - 1))], Code.FLOW_CONTROL_ERROR, "h2-window-update"),
        ([frame(Kind.RST_STREAM, 0, 9, bytes(4))], Code.PROTOCOL_ERROR, "h2-rst-stream-on-idle-stream"),
        ([frame(Kind.PRIORITY, 0, 1, bytes(4))], Code.FRAME_SIZE_ERROR, "h2-priority"),
        ([b"\x00\x40\x01\x00\x00\x00\x00\x00\x01"], Code.FRAME_SIZE_ERROR, "h2-frame-too-large"),
    ],
)  # fmt: skip
def test_who_breaks_the_protocol_is_sent_away_and_written_down(
    stub: StubProcess, sent: list[bytes], code: Code, reason: str
) -> None:
    *_, last = frames_after(stub.origins[0], stub.ca_path, *sent)
    assert (last[0], Code(WORD.unpack(last[3][4:8])[0]), last[3][8:].decode()) == (Kind.GOAWAY, code, reason)
    stub.flush()
    assert [entry.reason for entry in entries(stub.log_path)][-1] == reason


def test_settings_come_first(stub: StubProcess) -> None:
    *_, last = frames_after(stub.origins[0], stub.ca_path, frame(Kind.PING, 0, 0, bytes(8)), settings=False)
    assert (last[0], last[3][8:]) == (Kind.GOAWAY, b"h2-settings-first")


@pytest.mark.parametrize(
    "fields",
    [
        PSEUDO[:3],
        [*PSEUDO, ("TTL", "1")],
        [("ttl", "1"), *PSEUDO],
        [*PSEUDO, (":method", "POST")],
        [*PSEUDO, (":status", "201")],
        [*PSEUDO, ("connection", "close")],
        [*PSEUDO, ("te", "gzip")],
        [*PSEUDO, ("topic", "a\r\nx: y")],
        [*PSEUDO, ("topic", "a\0")],
        [*PSEUDO, ("to pic", "a")],
        [*PSEUDO, ("content-length", "5")],
    ],
)
def test_a_malformed_request_is_reset_and_the_connection_goes_on(
    stub: StubProcess, fields: list[tuple[str, str]]
) -> None:
    block = hpack.Encoder().encode(fields)
    ping, end = frame(Kind.PING, 0, 0, b"still ok"), frame(Kind.PING, 0, 1, bytes(8))
    frames = frames_after(stub.origins[0], stub.ca_path, frame(Kind.HEADERS, WHOLE, 1, block), ping, end)
    assert (Kind.RST_STREAM, 0, 1, WORD.pack(Code.PROTOCOL_ERROR)) in frames
    assert (Kind.PING, ACK, 0, b"still ok") in frames


def test_headers_may_come_in_pieces_padded_and_with_a_priority(stub: StubProcess) -> None:
    end = frame(Kind.PING, 0, 1, bytes(8))
    pieces = [
        frame(Kind.HEADERS, END_STREAM | PADDED | PRIORITY_FLAG, 1, b"\x03" + bytes(5) + BLOCK[:4] + bytes(3)),
        frame(Kind.CONTINUATION, 0, 1, BLOCK[4:9]),
        frame(Kind.CONTINUATION, END_HEADERS, 1, BLOCK[9:]),
    ]
    frames = frames_after(stub.origins[0], stub.ca_path, *pieces, end)
    (headers,) = [payload for kind, _, _, payload in frames if kind == Kind.HEADERS]
    assert str(next(iter(hpack.Decoder().decode(headers)))[1]) == "421"  # understood: the authority lacks its port


def test_more_streams_than_announced_are_refused_and_may_be_tried_again(stub: StubProcess) -> None:
    block = hpack.Encoder().encode([*PSEUDO, ("content-length", "1")])
    opened = [frame(Kind.HEADERS, END_HEADERS, 1 + 2 * place, block) for place in range(MAX_STREAMS + 1)]
    frames = frames_after(stub.origins[0], stub.ca_path, *opened, frame(Kind.PING, 0, 1, bytes(8)))
    refused = [number for kind, _, number, payload in frames if (kind, payload) == (3, WORD.pack(Code.REFUSED_STREAM))]
    assert refused == [1 + 2 * MAX_STREAMS]


def test_a_connection_carries_more_than_its_window(stub: StubProcess, headers: Headers, phone: Phone) -> None:
    body, said = phone.envelope(bytes(3900)), headers()
    with H2Client(stub.origins[0], stub.ca_path) as wire:  # 5,000 of 4 kB are 20 MB; the window is 16 MiB
        statuses = set()
        for _ in range(50):
            numbers = [wire.post("/push/w", said, body) for _ in range(100)]
            statuses |= {wire.wait(number).status for number in numbers}
    assert statuses == {201}


def test_a_body_far_too_large_is_answered_before_it_ends(stub: StubProcess, headers: Headers) -> None:
    with H2Client(stub.origins[0], stub.ca_path) as wire:
        reply = wire.wait(wire.post("/push/r", headers(), bytes(60_000)))
        assert reply.status == 413
        wire.ping()
        assert not wire.closed
