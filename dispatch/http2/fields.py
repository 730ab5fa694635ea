"""Encode request fields (HPACK, RFC 7541): what does not change is in the peer's table after the first request.

A token for VAPID alone is 300 bytes. Sent once for each connection and then named by one byte, it makes a
request half as long for us to encrypt and for the push service to read.
"""

from dispatch.sender import Headers

# Both sides start with this; a push service that wants less says so (RFC 9113, 6.5.2).
FIRST_TABLE_BYTES = 4096
_ENTRY_BYTES = 32  # RFC 7541, 4.1: what an entry counts beside its text
_FIRST_DYNAMIC = 62

# From the static table (RFC 7541, appendix A).
_POST, _HTTPS = b"\x83", b"\x87"
_STATIC_NAMES = {
    ":authority": 1,
    "authorization": 23,
    "content-encoding": 26,
    "content-length": 28,
    "content-type": 31,
    "user-agent": 58,
}
_PATH_NAME = 4


def integer(value: int, prefix_bits: int, first: int) -> bytes:
    """Return *value* in HPACK's form, its first byte's upper bits from *first* (RFC 7541, 5.1)."""
    most = (1 << prefix_bits) - 1
    if value < most:
        return bytes([first | value])
    made = bytearray([first | most])
    value -= most
    while value >= 128:
        made.append(value & 127 | 128)
        value >>= 7
    made.append(value)
    return bytes(made)


class Block:
    """The encoded fields of a request around its `:path`."""

    __slots__ = ("after", "before", "once", "prefixes", "ttl")

    def __init__(self, before: bytes, after: bytes, ttl: int, *, once: bool) -> None:
        self.before = before
        self.after = after
        self.ttl = ttl
        self.once = once  # the next request wants another
        self.prefixes: dict[int, tuple[int, bytes]] = {}

    def prefix_for(self, length: int) -> tuple[int, bytes]:
        """Return the length of the whole block, and what stands before a path of *length* bytes."""
        # Neither indexing nor Huffman for the path: both cost time with each push.
        middle = self.before + integer(_PATH_NAME, 4, 0x00) + integer(length, 7, 0x00)
        known = len(middle) + length + len(self.after), middle
        self.prefixes[length] = known
        return known


class FieldEncoder:
    """The sending side's picture of one connection's dynamic table."""

    def __init__(self, authority: str) -> None:
        self._authority = authority
        self._blocks: dict[tuple[Headers, int], Block] = {}
        self._table: list[tuple[str, str]] = []  # the newest first, as HPACK counts
        self._bytes = 0
        self._most = FIRST_TABLE_BYTES
        self._announce: int | None = None

    def limit(self, table_bytes: int) -> None:
        """Use no more than *table_bytes* of the peer's memory; the next block says so (RFC 7541, 4.2).

        What was once taken away is not used again, even if the peer offers it: nothing is gained by more.
        """
        if table_bytes < self._most:
            self._most = self._announce = table_bytes
            self._evict(0)
            self._blocks.clear()

    def block(self, headers: Headers, ttl: int, body_bytes: int) -> Block:
        """Return the fields of the next request: made anew when TTL has fallen, or when the peer's table changes.

        The first block with new fields teaches the peer's table, and holds for one request; what follows only
        points into it.
        """
        known = self._blocks.get((headers, body_bytes))
        if known is not None and known.ttl == ttl:
            return known
        made = self._made(headers, ttl, body_bytes)
        if made.once:
            self._blocks.clear()  # what pointed into the table points elsewhere now
        else:
            self._blocks[headers, body_bytes] = made
        return made

    def _made(self, headers: Headers, ttl: int, body_bytes: int) -> Block:
        fields = self._fields(headers, body_bytes)
        known = set(self._table)
        worthy = [field for field in fields if self._fits(field)]
        # Fields that do not all fit at once would push each other out with every request.
        teaches = not known.issuperset(worthy) and sum(map(_size, worthy)) <= self._most
        first, *others = [self._encode(field, teaches) for field in fields]
        announced, self._announce = self._announce, None
        size = b"" if announced is None else integer(announced, 5, 0x20)
        # Pseudo-fields come before all others (RFC 9113, 8.3). TTL falls with time: never worth a place.
        before = size + _POST + _HTTPS + first
        after = b"".join(others) + _literal("ttl", str(ttl), 0, 4, 0x00)
        return Block(before, after, ttl, once=teaches or announced is not None)

    def _fields(self, headers: Headers, body_bytes: int) -> list[tuple[str, str]]:
        own = (("user-agent", "Shirase"), ("content-length", str(body_bytes)))
        return [(":authority", self._authority), *((name.lower(), value) for name, value in (*headers, *own))]

    def _encode(self, field: tuple[str, str], teaches: bool) -> bytes:
        if field in self._table:
            return integer(_FIRST_DYNAMIC + self._table.index(field), 7, 0x80)
        name, value = field
        number = _STATIC_NAMES.get(name, 0)
        if not teaches or not self._fits(field):
            return _literal(name, value, number, 4, 0x00)
        made = _literal(name, value, number, 6, 0x40)
        self._evict(_size(field))
        self._table.insert(0, field)
        self._bytes += _size(field)
        return made

    def _fits(self, field: tuple[str, str]) -> bool:
        # A field that would push out most of the others is cheaper without a place.
        return _size(field) <= self._most // 2

    def _evict(self, wanted: int) -> None:
        while self._table and self._bytes + wanted > self._most:
            self._bytes -= _size(self._table.pop())


def _size(field: tuple[str, str]) -> int:
    return len(field[0]) + len(field[1]) + _ENTRY_BYTES


def _literal(name: str, value: str, number: int, prefix_bits: int, first: int) -> bytes:
    text = value.encode("latin-1")
    named = integer(number, prefix_bits, first)
    if not number:
        named += integer(len(name), 7, 0x00) + name.encode("ascii")
    return named + integer(len(text), 7, 0x00) + text


NO_BLOCK = Block(b"", b"", -1, once=True)
