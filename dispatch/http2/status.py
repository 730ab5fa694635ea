"""Read the status out of an answer's field block, mostly from its first few bytes.

We allow the peer no dynamic table (SETTINGS_HEADER_TABLE_SIZE 0), so each block can be read by itself, and one
whose status says all need not be read further.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import lru_cache

from hpack import Decoder, HPACKError
from hpack.huffman import HuffmanEncoder
from hpack.huffman_constants import REQUEST_CODES, REQUEST_CODES_LENGTH

from dispatch.errors import PushServiceBroken
from dispatch.http2.frames import COMPRESSION_ERROR, PROTOCOL_ERROR

# What a whole block may hold when it is decoded; real ones have a few hundred bytes.
LARGEST_BLOCK_BYTES = 65_536

_STATUSES = range(100, 600)
_INDEXED = {0x88: 200, 0x89: 204, 0x8A: 206, 0x8B: 304, 0x8C: 400, 0x8D: 404, 0x8E: 500}
# `:status` by one of its numbers in the static table (8 to 14), with incremental, without and never indexing.
_NAMED = frozenset(kind | number for kind in (0x40, 0x00, 0x10) for number in range(8, 15))


def _values() -> Iterable[tuple[bytes, int]]:
    huffman = HuffmanEncoder(REQUEST_CODES, REQUEST_CODES_LENGTH)
    for status in _STATUSES:
        plain = b"%d" % status
        packed = huffman.encode(plain)
        yield bytes([len(plain)]) + plain, status
        yield bytes([0x80 | len(packed)]) + packed, status


# The value as it stands in the block, its length before it.
_VALUES = dict(_values())

# The first field whole, looked up without a call, where `:status` stands as number 8 (201 is 48 82 10 03).
COMMON = {bytes([first]) + value: status for value, status in _VALUES.items() for first in (0x48, 0x08, 0x18)}


@dataclass(frozen=True, slots=True)
class Head:
    """What an answer says of itself. `retry_after` is the field as it came."""

    status: int
    retry_after: str = ""


def status_at(data: bytes, begin: int, end: int) -> int:
    """Return the status of the block in *data*; 0 where only the whole block can tell."""
    while begin < end and data[begin] & 0xE0 == 0x20:  # a change of the table's size, before all fields
        begin += 1 if data[begin] & 0x1F != 0x1F else end
    if begin >= end:
        return 0
    first = data[begin]
    if first & 0x80:
        return _INDEXED.get(first, 0)
    if first not in _NAMED or begin + 1 >= end:
        return 0
    value_end = begin + 2 + (data[begin + 1] & 0x7F)
    return _VALUES.get(data[begin + 1 : value_end], 0) if value_end <= end else 0


@lru_cache(maxsize=256)
def head_of(block: bytes) -> Head:
    """Decode the whole *block*; raises PushServiceBroken for one that cannot be read or has no status."""
    decoder = Decoder(max_header_list_size=LARGEST_BLOCK_BYTES)
    decoder.max_allowed_table_size = 0
    decoder.header_table_size = 0
    try:
        fields = [(bytes(name), bytes(value)) for name, value in decoder.decode(block, raw=True)]
    except (HPACKError, ValueError):
        raise PushServiceBroken("h2-compression", COMPRESSION_ERROR) from None
    found = [value for name, value in fields if name == b":status"]
    if len(found) != 1 or len(found[0]) != 3 or not found[0].isdigit():
        raise PushServiceBroken("h2-status", PROTOCOL_ERROR)
    waits = next((value for name, value in fields if name == b"retry-after"), b"")
    return Head(int(found[0]), waits.decode("latin-1"))


def retry_after_seconds(text: str, now: float, most_seconds: float) -> float | None:
    """Return how long to wait by Retry-After (RFC 9110, 10.2.3), at most *most_seconds*; None when it says nothing.

    *now* is epoch seconds: the field may be a date.
    """
    text = text.strip()
    if text.isascii() and text.isdigit():
        seconds = float(text[:12])
    else:
        try:
            date = parsedate_to_datetime(text)
        except ValueError:
            return None
        seconds = date.replace(tzinfo=date.tzinfo or UTC).timestamp() - now
    return min(seconds, most_seconds) if seconds > 0 else None
