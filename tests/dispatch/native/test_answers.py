"""Answers read in C end as those read in Python, whatever else is said between them and wherever they are cut."""

from dataclasses import replace

import pytest
from hpack import Encoder
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.errors import NativeMissing, PushServiceBroken
from dispatch.http2.connection import Connection
from dispatch.http2.frames import (
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    GOAWAY,
    HEADERS,
    PADDED,
    PING,
    PRIORITY_FLAG,
    RST_STREAM,
    WINDOW_UPDATE,
    WORD,
    frame,
    settings_frame,
)
from dispatch.native.library import Library, load
from tests.dispatch.http2.server import AUTHORITY, TERMS, WALL, batch, post

REQUESTS = 12
WHOLE = END_STREAM | END_HEADERS


@pytest.fixture(scope="module")
def library() -> Library:
    try:
        return load()
    except NativeMissing as missing:
        pytest.skip(f"only Python reads here: {missing}")


def block(status: int, form: int) -> bytes:
    """Return fields that begin with a status, in one of the forms that HPACK has for it."""
    text, encoder = b"%d" % status, Encoder()
    encoder.header_table_size = 0
    match form:
        case 0:
            return encoder.encode([(":status", str(status)), ("server", "h")])
        case 1:
            return b"\x48\x03" + text
        case 2:
            return b"\x20\x3e" + b"\x08\x03" + text + b"\x76\x01h"  # changes of the table's size before it
        case 3:
            return b"\x18\x03" + text
        case 4:
            return bytes([0x88 + status % 8])  # one byte, of which one names no status
        case _:
            return b"\x48\x82\x10" + bytes([status % 256])  # Huffman, mostly with a wrong end


streams = st.one_of(st.integers(0, REQUESTS - 1).map(lambda nth: 2 * nth + 1), st.integers(0, 2 * REQUESTS + 3))
statuses = st.one_of(
    st.just(201), st.integers(200, 299), st.sampled_from([100, 103, 199, 300, 404, 410, 429, 500, 999])
)
answers = st.builds(
    lambda number, status, form, flags, reset: (
        frame(HEADERS, flags, number, block(status, form))
        + (frame(RST_STREAM, 0, number, WORD.pack(0)) if reset else b"")
    ),
    streams,
    statuses,
    st.integers(0, 5),
    st.sampled_from([WHOLE, WHOLE, WHOLE, WHOLE, END_HEADERS, END_STREAM, WHOLE | PADDED, WHOLE | PRIORITY_FLAG, 0xFF]),
    st.booleans(),
)
others = st.builds(
    frame,
    st.sampled_from([DATA, HEADERS, RST_STREAM, WINDOW_UPDATE, PING, GOAWAY, CONTINUATION, 0xFA]),
    st.sampled_from([0, END_STREAM, WHOLE]),
    streams,
    st.sampled_from([b"", b"\0\0\0\0", b"\0\0\0\x08", b"12345678", bytes(40)]),
)


def outcome(client: Connection, said: bytes, cuts: list[int]) -> tuple[object, ...]:
    """Return all that can be seen of what *client* makes of *said*."""
    place, broken = 0, ""
    try:
        for cut in [*cuts, len(said)]:
            client.receive(said[place : place + cut], 2.0, WALL)
            place += cut
        client.receive(said[place:], 2.0, WALL)
    except PushServiceBroken as error:
        broken = f"{error.reason} {error.code}"
    ends = sorted((key, answer.outcome.value, answer.status) for answer in client.take_answers() for key in answer.keys)
    return broken, ends, client.open, client.retired, client.window, client.take_output()


@given(said=st.lists(st.one_of(answers, answers, others), max_size=30), cuts=st.lists(st.integers(0, 150), max_size=8))
@settings(max_examples=400, deadline=None, derandomize=True)
def test_whatever_is_said_ends_the_same_way(library: Library, said: list[bytes], cuts: list[int]) -> None:
    ends = []
    for reader in (None, library):
        client = Connection(AUTHORITY, replace(TERMS, library=reader))
        client.receive(settings_frame(), 1.0, WALL)
        assert post(client, batch(REQUESTS)) == REQUESTS
        client.take_output()
        ends.append(outcome(client, b"".join(said), cuts))
    assert ends[0] == ends[1]


def test_every_status_in_every_form_is_read_as_it_is_or_left_to_python(library: Library) -> None:
    for status in range(100, 600):
        for form in range(4):
            said = frame(HEADERS, WHOLE, 7, block(status, form))
            numbers, found, after = library.answers(said, 0)
            assert (numbers, found, after) in (([7], [status], len(said)), ([], [], 0))
            assert not numbers or status in range(200, 300), "what is not an acceptance is never read here"
            assert numbers or status != 201


def test_only_what_is_whole_is_read_and_a_reset_behind_its_answer_with_it(library: Library) -> None:
    one = frame(HEADERS, WHOLE, 7, block(201, 1))
    reset = frame(RST_STREAM, 0, 7, WORD.pack(0))
    other = frame(RST_STREAM, 0, 9, WORD.pack(0))
    for size in range(len(one)):
        assert library.answers(one[:size], 0) == ([], [], 0)
    assert library.answers(b"xyz" + one, 3) == ([7], [201], 3 + len(one))
    assert library.answers(one, len(one)) == ([], [], len(one))
    assert library.answers(one, 2**63)[:2] == ([], [])
    assert library.answers(one + reset + one, 0) == ([7, 7], [201, 201], 2 * len(one) + len(reset))
    assert library.answers(one + other, 0) == ([7], [201], len(one))
    assert library.answers(reset, 0) == ([], [], 0)
    for cut in range(1, len(reset)):
        assert library.answers(one + reset[:cut], 0) == ([7], [201], len(one))


def test_a_long_run_is_read_in_pieces(library: Library) -> None:
    said = b"".join(frame(HEADERS, WHOLE, 2 * nth + 1, block(201, 1)) for nth in range(5_000))
    numbers, found, after = library.answers(said, 0)
    assert numbers == [2 * nth + 1 for nth in range(4_096)]
    assert (found, after) == ([201] * 4_096, 4_096 * 14)
    assert len(library.answers(said, after)[0]) == 5_000 - 4_096
