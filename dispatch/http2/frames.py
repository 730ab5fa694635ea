"""What is on the wire: frames, their flags, settings and error codes (RFC 9113, 4 to 7)."""

from struct import Struct

from dispatch.errors import PushServiceBroken

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

# The length has three bytes. Nothing that we send or take is longer than the lower two can say.
HEAD = Struct(">BHBBL")
HEAD_BYTES = 9
WORD = Struct(">L")
SETTING = Struct(">HL")

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)

END_STREAM = ACK = 0x1
END_HEADERS = 0x4
PADDED = 0x8
PRIORITY_FLAG = 0x20

HEADER_TABLE_SIZE, ENABLE_PUSH, MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE, MAX_FRAME_SIZE = range(1, 6)

NO_ERROR, PROTOCOL_ERROR = 0x0, 0x1
FLOW_CONTROL_ERROR, FRAME_SIZE_ERROR, REFUSED_STREAM, CANCEL, COMPRESSION_ERROR = 0x3, 0x6, 0x7, 0x8, 0x9
HTTP_1_1_REQUIRED = 0xD

FIRST_WINDOW = 65_535
LARGEST_WINDOW = 2**31 - 1
SMALLEST_FRAME_SIZE = 16_384
LARGEST_STREAM = 2**31 - 1


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """Return one frame of less than 64 KiB."""
    return HEAD.pack(0, len(payload), kind, flags, stream) + payload


def settings_frame(*settings: tuple[int, int]) -> bytes:
    """Return a SETTINGS frame."""
    return frame(SETTINGS, 0, 0, b"".join(SETTING.pack(name, value) for name, value in settings))


def introduction(stream_window: int) -> bytes:
    """Return what a client begins with: no table, no pushes, so much for each reply, no bound on their sum."""
    settings = (HEADER_TABLE_SIZE, 0), (ENABLE_PUSH, 0), (INITIAL_WINDOW_SIZE, stream_window)
    return PREFACE + settings_frame(*settings) + frame(WINDOW_UPDATE, 0, 0, WORD.pack(LARGEST_WINDOW - FIRST_WINDOW))


def settings_of(payload: bytes) -> list[tuple[int, int]]:
    """Return what a SETTINGS frame says, checked (RFC 9113, 6.5.2)."""
    if len(payload) % SETTING.size:
        raise PushServiceBroken("h2-settings-size", FRAME_SIZE_ERROR)
    found = list(SETTING.iter_unpack(payload))
    for name, value in found:
        if name == INITIAL_WINDOW_SIZE and value > LARGEST_WINDOW:
            raise PushServiceBroken("h2-setting-initial-window", FLOW_CONTROL_ERROR)
        if name == MAX_FRAME_SIZE and not SMALLEST_FRAME_SIZE <= value < 2**24:
            raise PushServiceBroken("h2-setting-max-frame", PROTOCOL_ERROR)
        if name == ENABLE_PUSH and value:
            raise PushServiceBroken("h2-setting-enable-push", PROTOCOL_ERROR)
    return found


def without_padding(flags: int, payload: bytes) -> bytes:
    """Return the payload of a DATA or HEADERS frame without padding and without priority."""
    if flags & PADDED:
        if not payload or payload[0] >= len(payload):
            raise PushServiceBroken("h2-padding", PROTOCOL_ERROR)
        payload = payload[1 : len(payload) - payload[0]]
    if flags & PRIORITY_FLAG:
        if len(payload) < 5:
            raise PushServiceBroken("h2-priority", FRAME_SIZE_ERROR)
        payload = payload[5:]
    return payload
