"""Read and write header blocks (RFC 7541), with memory for the strings that every push repeats.

A sender never indexes `authorization`, so its 300 Huffman-coded bytes come with every request. Decoding them
again each time costs more than all else together; remembered, they cost one dictionary lookup.
"""

from collections import deque
from functools import cache, lru_cache

from hpack.huffman_table import HUFFMAN_COMPLETE, HUFFMAN_EMIT_SYMBOL, HUFFMAN_FAIL, HUFFMAN_TABLE
from hpack.table import HeaderTable

from dispatch.stub.errors import FieldsMalformed

TABLE_BYTES = 4096  # the default of SETTINGS_HEADER_TABLE_SIZE; we never announce another
ENTRY_OVERHEAD_BYTES = 32  # RFC 7541, 4.1
BLOCK_BYTES = 16_384
LIST_BYTES = 65_536  # a small block may name a large table entry thousands of times

Field = tuple[str, str]
STATIC: tuple[Field, ...] = tuple((name.decode(), value.decode()) for name, value in HeaderTable.STATIC_TABLE)
STATIC_COUNT = len(STATIC)
STATIC_STATUS = {"200": 8, "204": 9, "206": 10, "304": 11, "400": 12, "404": 13, "500": 14}
STATUS_NAME = 8
STATIC_NAMES = {name: place for place, (name, _) in reversed(list(enumerate(STATIC, start=1)))}


@lru_cache(maxsize=1024)
def huffman_text(raw: bytes) -> str:
    """Return the text of one Huffman-coded string.

    hpack's table goes by half bytes; walked once for each (state, byte), it is remembered by whole bytes.
    """
    state, complete, parts = 0, True, []
    for byte in raw:
        state, part, complete = _huffman_step(state, byte)
        parts.append(part)
    if not complete:
        raise FieldsMalformed("a Huffman string ends inside a character")
    return "".join(parts)


@cache
def _huffman_step(state: int, byte: int) -> tuple[int, str, bool]:
    part, flags = "", 0
    for half in (byte >> 4, byte & 0x0F):
        state, flags, character = HUFFMAN_TABLE[state * 16 + half]
        if flags & HUFFMAN_FAIL:
            raise FieldsMalformed("a Huffman string cannot be decoded")
        if flags & HUFFMAN_EMIT_SYMBOL:
            part += chr(character)
    return state, part, bool(flags & HUFFMAN_COMPLETE)


class FieldDecoder:
    """Turn header blocks of one connection into names and values."""

    __slots__ = ("_limit", "_size", "_table")

    def __init__(self) -> None:
        self._table: deque[Field] = deque()
        self._size = 0
        self._limit = TABLE_BYTES

    def decode(self, block: bytes) -> list[Field]:
        """Return the fields of a complete block, in order; raise FieldsMalformed."""
        try:
            return self._decode(block)
        except IndexError:
            raise FieldsMalformed("a header block ends early") from None

    def _decode(self, block: bytes) -> list[Field]:
        fields: list[Field] = []
        place, end, total = 0, len(block), 0
        while place < end:
            first = block[place]
            if first & 0x80:
                if 0x80 < first <= 0x80 + STATIC_COUNT:  # most fields of most requests
                    field, place = STATIC[first - 0x81], place + 1
                else:
                    index, place = _integer(block, place, 0x7F)
                    field = self._entry(index)
            elif first & 0xC0 == 0x40:
                index, place = _integer(block, place, 0x3F)
                field, place = self._literal(block, place, index)
                self._remember(field)
            elif first & 0xE0 == 0x20:
                if fields:
                    raise FieldsMalformed("a table size update must come first in a block")
                size, place = _integer(block, place, 0x1F)
                if size > TABLE_BYTES:
                    raise FieldsMalformed("a table size update exceeds what was announced")
                self._limit = size
                self._evict()
                continue
            else:
                index, place = _integer(block, place, 0x0F)
                field, place = self._literal(block, place, index)
            total += len(field[0]) + len(field[1]) + ENTRY_OVERHEAD_BYTES
            if total > LIST_BYTES:
                raise FieldsMalformed("the header list is too large")
            fields.append(field)
        return fields

    def _literal(self, block: bytes, place: int, index: int) -> tuple[Field, int]:
        if index:
            name = self._entry(index)[0]
        else:
            name, place = _string(block, place)
        value, place = _string(block, place)
        return (name, value), place

    def _entry(self, index: int) -> Field:
        if index == 0:
            raise FieldsMalformed("index 0 names nothing")
        if index <= STATIC_COUNT:
            return STATIC[index - 1]
        if index - STATIC_COUNT > len(self._table):
            raise FieldsMalformed("an index is beyond the table")
        return self._table[index - STATIC_COUNT - 1]

    def _remember(self, field: Field) -> None:
        self._table.appendleft(field)
        self._size += len(field[0]) + len(field[1]) + ENTRY_OVERHEAD_BYTES
        self._evict()

    def _evict(self) -> None:
        while self._size > self._limit:
            name, value = self._table.pop()
            self._size -= len(name) + len(value) + ENTRY_OVERHEAD_BYTES


def encode(status: int, fields: tuple[Field, ...] = ()) -> bytes:
    """Return a header block that touches no table: nothing to keep in step, and safe to build ahead."""
    text = str(status)
    known = STATIC_STATUS.get(text)
    block = bytearray([0x80 | known] if known else [STATUS_NAME, len(text)])
    if not known:
        block += text.encode()
    for name, value in fields:
        index = STATIC_NAMES.get(name)
        if index:
            block += _write_integer(index, 0x0F, 0x00)
        else:
            block += b"\x00" + _write_integer(len(name), 0x7F, 0x00) + name.encode("latin-1")
        block += _write_integer(len(value), 0x7F, 0x00) + value.encode("latin-1")
    return bytes(block)


def _string(block: bytes, place: int) -> tuple[str, int]:
    huffman = block[place] & 0x80
    length, place = _integer(block, place, 0x7F)
    end = place + length
    if end > len(block):
        raise FieldsMalformed("a string runs past its block")
    raw = block[place:end]
    return (huffman_text(raw) if huffman else raw.decode("latin-1")), end


def _integer(block: bytes, place: int, mask: int) -> tuple[int, int]:
    value = block[place] & mask
    place += 1
    if value < mask:
        return value, place
    shift = 0
    while True:
        byte = block[place]
        place += 1
        value += (byte & 0x7F) << shift
        if not byte & 0x80:
            return value, place
        shift += 7
        if shift > 28:  # five bytes: no honest length needs more
            raise FieldsMalformed("an integer is too long")


def _write_integer(value: int, mask: int, pattern: int) -> bytes:
    if value < mask:
        return bytes([pattern | value])
    written = bytearray([pattern | mask])
    value -= mask
    while value >= 0x80:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)
