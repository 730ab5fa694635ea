"""Request fields against the `hpack` library's decoder, whose table is the peer's."""

from hpack import Decoder
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.http2.fields import FieldEncoder, integer
from dispatch.sender import Headers

AUTHORITY = "updates.push.services.mozilla.com"
HEADERS: Headers = (
    ("Urgency", "high"),
    ("Topic", "d8vrK6KL64pPc6tM"),
    ("Content-Encoding", "aes128gcm"),
    ("Content-Type", "application/octet-stream"),
    ("Authorization", f"vapid t={'e' * 220}, k={'B' * 87}"),
)


def request(encoder: FieldEncoder, headers: Headers, ttl: int, size: int, path: bytes) -> bytes:
    block = encoder.block(headers, ttl, size)
    length, middle = block.prefix_for(len(path))
    whole = middle + path + block.after
    assert len(whole) == length
    return whole


def expected(headers: Headers, ttl: int, size: int, path: str) -> list[tuple[str, str]]:
    pseudo = [(":method", "POST"), (":scheme", "https"), (":authority", AUTHORITY), (":path", path)]
    own = [("user-agent", "Shirase"), ("content-length", str(size)), ("ttl", str(ttl))]
    return [*pseudo, *((name.lower(), value) for name, value in headers), *own]


def decoded(decoder: Decoder, block: bytes) -> list[tuple[str, str]]:
    return [(str(name), str(value)) for name, value in decoder.decode(block)]


def test_the_token_travels_once_and_is_then_one_byte() -> None:
    encoder, decoder = FieldEncoder(AUTHORITY), Decoder()
    first = request(encoder, HEADERS, 600, 617, b"/a")
    second = request(encoder, HEADERS, 600, 617, b"/b")
    assert decoded(decoder, first) == expected(HEADERS, 600, 617, "/a")
    assert decoded(decoder, second) == expected(HEADERS, 600, 617, "/b")
    assert len(first) > 400
    assert len(second) < 30


def test_a_ttl_that_falls_and_a_token_that_changes_are_told_at_once() -> None:
    encoder, decoder = FieldEncoder(AUTHORITY), Decoder()
    renewed = (*HEADERS[:-1], ("Authorization", f"vapid t={'f' * 220}, k={'B' * 87}"))
    for headers, ttl in ((HEADERS, 600), (HEADERS, 599), (renewed, 599), (HEADERS, 598), (renewed, 1)):
        for path in ("/x", "/y"):
            block = request(encoder, headers, ttl, 617, path.encode())
            assert decoded(decoder, block) == expected(headers, ttl, 617, path)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(
    st.lists(st.integers(0, 5000), max_size=3),
    st.lists(
        st.tuples(
            st.sampled_from(("t-one", "t-two", "t-three")),
            st.integers(0, 4000),  # the token's length: a place in the table or none
            st.integers(1, 99_999),
            st.sampled_from((0, 617, 1121, 2697)),
            st.integers(1, 300),
        ),
        min_size=1,
        max_size=30,
    ),
    st.data(),
)
def test_the_peers_table_and_our_picture_of_it_never_differ(
    limits: list[int], requests: list[tuple[str, int, int, int, int]], data: st.DataObject
) -> None:
    encoder, decoder = FieldEncoder(AUTHORITY), Decoder()
    changes = sorted(data.draw(st.lists(st.integers(0, len(requests)), min_size=len(limits), max_size=len(limits))))
    for number, (topic, token_length, ttl, size, path_length) in enumerate(requests):
        while changes and changes[0] <= number:
            changes.pop(0)
            limit = limits.pop()
            decoder.max_allowed_table_size = min(limit, decoder.max_allowed_table_size)
            encoder.limit(limit)
        headers = (("Topic", topic), ("Authorization", "v" * token_length))
        path = "/" + "p" * path_length
        block = request(encoder, headers, ttl, size, path.encode())
        assert decoded(decoder, block) == expected(headers, ttl, size, path)


def test_integers_have_the_standards_own_examples() -> None:
    # RFC 7541, C.1.
    assert integer(10, 5, 0) == bytes([10])
    assert integer(1337, 5, 0) == bytes([0b11111, 0b10011010, 0b1010])
    assert integer(42, 8, 0) == bytes([42])
