"""The status of an answer, from a few bytes or from all of them."""

from contextlib import suppress

import pytest
from hpack import Encoder, HeaderTuple, NeverIndexedHeaderTuple
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.errors import PushServiceBroken
from dispatch.http2.status import COMMON, head_of, retry_after_seconds, status_at

NOW = 1_800_000_000.0
TEXT = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=40)
NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,20}", fullmatch=True)


def quick(block: bytes) -> int:
    """Return what the loop over an answer's bytes makes of *block*."""
    common = COMMON.get(block[: 2 + (block[1] & 0x7F)], 0) if len(block) > 2 else 0
    return common or status_at(block, 0, len(block))


@st.composite
def answers(draw: st.DrawFn) -> tuple[int, bytes]:
    """Draw a status, and a block that says it as the `hpack` library may encode it with a table of size 0."""
    status = draw(st.integers(100, 599))
    kind = draw(st.sampled_from((HeaderTuple, NeverIndexedHeaderTuple)))
    others = draw(st.lists(st.tuples(NAMES, TEXT), max_size=6))
    encoder = Encoder()
    encoder.header_table_size = 0
    if draw(st.booleans()):
        encoder.encode([("x", "y")])  # so that the change of size is not in this block
    fields = [kind(":status", str(status)), *(HeaderTuple(name, value) for name, value in others)]
    return status, encoder.encode(fields, huffman=draw(st.booleans()))


@settings(deadline=None, derandomize=True, max_examples=300)
@given(answers())
def test_whatever_a_library_encodes_gives_its_status(answer: tuple[int, bytes]) -> None:
    status, block = answer
    assert quick(block) in (status, 0)
    assert head_of(block).status == status


@pytest.mark.parametrize("huffman", [False, True])
def test_every_status_is_read_from_its_first_bytes_alone(huffman: bool) -> None:
    for status in range(100, 600):
        encoder = Encoder()
        encoder.header_table_size = 0
        first = encoder.encode([(":status", str(status)), ("server", "x")], huffman=huffman)
        second = encoder.encode([(":status", str(status)), ("server", "x")], huffman=huffman)
        assert first[0] & 0xE0 == 0x20  # says first that the table has no room
        assert status_at(first, 0, len(first)) == status
        assert quick(second) == status
    assert quick(b"\x48\x82\x10\x03") == 201


@settings(deadline=None, derandomize=True, max_examples=300)
@given(st.binary(max_size=60))
def test_no_bytes_make_it_stumble(block: bytes) -> None:
    found = status_at(block, 0, len(block))
    assert found == 0 or 100 <= found < 600
    with suppress(PushServiceBroken):
        assert found in (0, head_of(block).status)


def test_a_block_that_ends_in_its_status_is_not_read_beyond() -> None:
    block = bytes.fromhex("48821003")
    for end in range(4):
        assert status_at(block, 0, end) == 0


def test_a_status_by_a_name_in_letters_needs_the_whole_block() -> None:
    block = b"\x00\x07:status\x03201"
    assert status_at(block, 0, len(block)) == 0
    assert head_of(block).status == 201


@pytest.mark.parametrize("block", [b"", b"\x00\x01a\x01b", b"\xbe", b"\x08\x0220", b"\x88\x88"])
def test_a_block_without_one_readable_status_is_a_broken_push_service(block: bytes) -> None:
    with pytest.raises(PushServiceBroken):
        head_of(block)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("17", 17.0),
        (" 17 ", 17.0),
        ("0", None),
        ("86400", 120.0),
        ("9" * 400, 120.0),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        ("Fri, 15 Jan 2027 08:00:30 GMT", 30.0),
        ("Fri, 15 Jan 2027 07:59:00 GMT", None),
        ("Fri, 99 Jan 2027 07:59:00 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(text: str, seconds: float | None) -> None:
    assert retry_after_seconds(text, NOW, 120.0) == seconds
