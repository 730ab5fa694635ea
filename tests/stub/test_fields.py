"""Header blocks are read as the reference reads them."""

import contextlib

import hpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.stub.errors import FieldsMalformed
from dispatch.stub.fields import FieldDecoder, encode

NAMES = st.sampled_from([":path", "authorization", "ttl", "topic", "x-unheard-of", "content-length"])
FIELDS = st.lists(st.tuples(NAMES, st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=300)))


@given(st.lists(st.tuples(FIELDS, st.booleans(), st.sampled_from([0, 64, 500, 4096])), max_size=8))
def test_blocks_of_a_connection_read_as_they_were_written(
    blocks: list[tuple[list[tuple[str, str]], bool, int]],
) -> None:
    encoder, decoder = hpack.Encoder(), FieldDecoder()
    for fields, huffman, table_bytes in blocks:
        encoder.header_table_size = table_bytes
        assert decoder.decode(encoder.encode(fields, huffman=huffman)) == fields


@given(st.binary(max_size=60))
def test_no_bytes_do_more_than_be_refused(block: bytes) -> None:
    with contextlib.suppress(FieldsMalformed):
        FieldDecoder().decode(block)


@pytest.mark.parametrize(
    "block",
    [
        b"\x80",  # index 0
        b"\xff\x80\x80\x80\x80\x80\x01",  # an integer without end
        b"\xfe",  # beyond the table
        b"\x3f\xe2\x1f",  # a table of 4,097 bytes
        b"\x88\x20",  # a size update after a field
        b"\x00\x01",  # cut short
        b"\x00\x81\xff\x00",  # padding that is no padding
        b"\x40\x01a\x7f\xa1\x1e" + b"b" * 4000 + b"\xbe" * 20,  # 4 kB become 80 kB
    ],
)
def test_a_block_that_breaks_the_rules_is_refused(block: bytes) -> None:
    with pytest.raises(FieldsMalformed):
        FieldDecoder().decode(block)


@given(st.integers(100, 599), FIELDS.map(tuple))
def test_what_we_write_the_reference_reads(status: int, fields: tuple[tuple[str, str], ...]) -> None:
    read = [(str(name), str(value)) for name, value in hpack.Decoder(max_header_list_size=1 << 20).decode(
        encode(status, fields)
    )]  # fmt: skip
    assert read == [(":status", str(status)), *fields]
