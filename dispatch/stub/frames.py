"""What is on the wire, as the stub sees it: frames, flags, settings and error codes (RFC 9113, 4 to 7).

Not the sender's own module: one that is wrong must not agree with itself.
"""

from enum import IntEnum
from struct import Struct

from dispatch.stub.errors import ConnectionBroken

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
FRAME_BYTES = 16_384
FIRST_WINDOW = 65_535
LARGEST_WINDOW = 2**31 - 1

HEAD = Struct(">HBBBL")
WORD = Struct(">L")
SETTING = Struct(">HL")


class Kind(IntEnum):
    """Frame types (RFC 9113, 6)."""

    DATA = 0
    HEADERS = 1
    PRIORITY = 2
    RST_STREAM = 3
    SETTINGS = 4
    PUSH_PROMISE = 5
    PING = 6
    GOAWAY = 7
    WINDOW_UPDATE = 8
    CONTINUATION = 9


class Code(IntEnum):
    """Error codes (RFC 9113, 7)."""

    NO_ERROR = 0
    PROTOCOL_ERROR = 1
    INTERNAL_ERROR = 2
    FLOW_CONTROL_ERROR = 3
    STREAM_CLOSED = 5
    FRAME_SIZE_ERROR = 6
    REFUSED_STREAM = 7
    CANCEL = 8
    COMPRESSION_ERROR = 9
    ENHANCE_YOUR_CALM = 11


END_STREAM = 0x1
ACK = 0x1
END_HEADERS = 0x4
PADDED = 0x8
PRIORITY_FLAG = 0x20
# Plain numbers for the loop that every frame goes through.
DATA, HEADERS, CONTINUATION = 0, 1, 9
HEADER_TABLE_SIZE, ENABLE_PUSH, MAX_CONCURRENT, INITIAL_WINDOW, MAX_FRAME, MAX_HEADER_LIST = range(1, 7)


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """Return one frame."""
    length = len(payload)
    return HEAD.pack(length >> 8, length & 0xFF, kind, flags, stream) + payload


def unpadded(payload: bytes) -> bytes:
    """Return the payload of a padded frame without its padding."""
    if not payload or payload[0] >= len(payload):
        raise ConnectionBroken(Code.PROTOCOL_ERROR, "h2-padding")
    return payload[1 : len(payload) - payload[0]]
