"""C and Python make the same bytes and refuse the same rows: Python is the reference."""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from alerts.notice import Text
from dispatch.batch import Batch
from dispatch.columns import U8, columns_of
from dispatch.endpoint import MAX_LENGTH
from dispatch.envelope import LARGEST_PLAINTEXT_BYTES, Entry, record_of, seal
from dispatch.errors import NativeMissing
from dispatch.http2.requests import Requests
from dispatch.layers import People
from dispatch.message import Messages
from dispatch.native.library import NO_ADDRESS, NO_ENTRY, SEALED, Library, load
from dispatch.native.packed import Addresses, Bodies
from dispatch.pool import ENTRY_BYTES, KEY_AT, NONCE_AT, SALT_AT, THERE, Generation, new_generation
from dispatch.pushes import Pushes, Rows, Sealing
from dispatch.registry import Registry
from dispatch.settings import DispatchSettings
from dispatch.vapid import Vapid, VapidKey
from tests.dispatch.people import NOON, notice, part, resident

KEY = VapidKey.generate()
SECRET = b"s" * 32
NOW = NOON.timestamp()
# What `endpoint` refuses in a path, and what no text of a request may hold.
BAD_BYTES = [*range(0x21), *b'"#\\', *range(0x7F, 0x100)]
GOOD_BYTES = sorted(set(range(0x100)) - set(BAD_BYTES))


@pytest.fixture(scope="module")
def library() -> Library:
    try:
        return load()
    except NativeMissing as missing:
        pytest.skip(f"only Python seals here: {missing}")


# ── sealing ───────────────────────────────────────────────────────────────────────────────────────


def columns(addresses: Sequence[bytes]) -> tuple[U8, NDArray[np.uint64]]:
    lengths = [len(one) for one in addresses]
    return np.frombuffer(b"".join(addresses), dtype=np.uint8), np.cumsum([0, *lengths]).astype(np.uint64)


def entries(rng: random.Random, count: int) -> U8:
    made = np.frombuffer(rng.randbytes(count * ENTRY_BYTES), dtype=np.uint8).reshape(count, ENTRY_BYTES).copy()
    made[:, 0] = THERE
    return made


def entry_of(row: U8) -> Entry:
    raw = row.tobytes()
    return Entry(raw[:SALT_AT], raw[SALT_AT:KEY_AT], raw[KEY_AT:NONCE_AT], raw[NONCE_AT:])


def numbers(*values: int) -> NDArray[np.int64]:
    return np.array(values, dtype=np.int64)


@given(
    seed=st.integers(0, 2**32),
    plain=st.integers(0, LARGEST_PLAINTEXT_BYTES),
    padded=st.integers(0, LARGEST_PLAINTEXT_BYTES),
    lengths=st.lists(st.one_of(st.integers(2, 300), st.just(MAX_LENGTH)), min_size=1, max_size=40),
    words=st.integers(1, 3),
)
@settings(max_examples=150, deadline=None, derandomize=True)
def test_any_words_under_any_keys_are_sealed_to_the_same_bytes(
    library: Library, seed: int, plain: int, padded: int, lengths: list[int], words: int
) -> None:
    rng = random.Random(seed)
    addresses = [b"/" + bytes(rng.choices(GOOD_BYTES, k=length - 1)) for length in lengths]
    path, offset = columns(addresses)
    pool = entries(rng, len(addresses))
    texts = [rng.randbytes(plain) for _ in range(words)]
    rows = np.array(rng.choices(range(len(addresses)), k=len(addresses)), dtype=np.int64)
    which = np.array(rng.choices(range(words), k=len(addresses)), dtype=np.int64)
    records = [record_of(text, padded) for text in texts]
    made = library.seal(path, offset, pool, rows, which, records)
    assert made.count == len(rows)
    assert list(made.addresses) == [addresses[row] for row in rows]
    assert list(made.bodies) == [
        seal(entry_of(pool[row]), texts[kind], padded) for row, kind in zip(rows, which, strict=True)
    ]
    again = library.seal(path, offset, pool, rows, which, records)
    assert (again.bodies.data == made.bodies.data).all(), "a retry has the same bytes"


@pytest.mark.parametrize("length", [0, 1, 2, 127, 128, MAX_LENGTH, MAX_LENGTH + 1, 70_000])
def test_an_address_has_a_length_and_its_neighbours_are_sealed_whatever_it_is(library: Library, length: int) -> None:
    path, offset = columns([b"/before", (b"/" + b"a" * (length - 1))[:length], b"/after"])
    pool = entries(random.Random(1), 3)
    made = library.seal(path, offset, pool, numbers(0, 1, 2), numbers(0, 0, 0), [b"words"])
    taken = 2 <= length <= MAX_LENGTH
    assert made.states.tolist() == [SEALED, SEALED if taken else NO_ADDRESS, SEALED]
    assert list(made.addresses) == [b"/before", b"/" + b"a" * (length - 1) if taken else b"", b"/after"]


def test_every_byte_that_sign_up_refuses_is_refused_wherever_it_stands(library: Library) -> None:
    for byte in range(0x100):
        for at in (1, 7, 39):
            address = bytearray(b"/" + b"a" * 39)
            address[at] = byte
            path, offset = columns([bytes(address)])
            made = library.seal(path, offset, entries(random.Random(1), 1), numbers(0), numbers(0), [b"words"])
            assert made.states.tolist() == [SEALED if byte in GOOD_BYTES else NO_ADDRESS], byte
            assert library.are_addresses(Addresses(path, offset.astype(np.int64))) == (byte in GOOD_BYTES)
    path, offset = columns([b"no-slash"])
    assert not library.are_addresses(Addresses(path, offset.astype(np.int64)))


def test_offsets_that_fall_or_point_beyond_give_no_address(library: Library) -> None:
    path, _ = columns([b"/abc", b"/def"])
    for offset in ([4, 0, 8], [0, 9, 8], [0, 2**63, 8], [2**64 - 1, 4, 8]):
        made = library.seal(
            path, np.array(offset, dtype=np.uint64), entries(random.Random(1), 2), numbers(0), numbers(0), [b"words"]
        )
        assert (made.states.tolist(), list(made.addresses)) == ([NO_ADDRESS], [b""])


def test_what_the_pool_has_no_entry_for_is_left_to_python(library: Library) -> None:
    path, offset = columns([b"/abc", b"/def"])
    pool = entries(random.Random(1), 2)
    pool[1] = 0
    made = library.seal(path, offset, pool, numbers(0, 1), numbers(0, 0), [b"words"])
    assert (made.states.tolist(), made.count, list(made.addresses)) == ([SEALED, NO_ENTRY], 1, [b"/abc", b"/def"])


@pytest.mark.parametrize(
    ("rows", "which", "records"),
    [
        ((-1,), (0,), [b"words"]),
        ((2,), (0,), [b"words"]),
        ((2**62,), (0,), [b"words"]),
        ((0, 2), (0, 0), [b"words"]),
        ((0,), (-1,), [b"words"]),
        ((0,), (1,), [b"words"]),
        ((0,), (0, 0), [b"words"]),
        ((0,), (0,), []),
        ((0,), (0,), [b""]),
        ((0,), (0,), [b"words", b"longer words"]),
        ((0,), (0,), [b"w" * 16_385]),
    ],
)
def test_a_row_or_words_that_do_not_exist_are_refused_before_anything_is_sealed(
    library: Library, rows: tuple[int, ...], which: tuple[int, ...], records: list[bytes]
) -> None:
    path, offset = columns([b"/abc", b"/def"])
    with pytest.raises(ValueError):
        library.seal(path, offset, entries(random.Random(1), 2), numbers(*rows), numbers(*which), records)


def test_columns_of_another_form_are_refused(library: Library) -> None:
    path, offset = columns([b"/abc", b"/def"])
    pool = entries(random.Random(1), 2)
    rows, which, words = numbers(0), numbers(0), [b"words"]
    broken: tuple[tuple[Any, Any, Any], ...] = (
        (path, offset.astype(np.int64), pool),
        (path.astype(np.uint16), offset, pool),
        (path, offset, pool[:1]),  # of another registry
        (path, offset, pool[:, :108]),
        (path, offset, np.asfortranarray(pool)),
        (np.repeat(path, 2)[::2], offset, pool),
    )
    for one, offsets, envelopes in broken:
        with pytest.raises(ValueError):
            library.seal(one, offsets, envelopes, rows, which, words)


# ── frames ────────────────────────────────────────────────────────────────────────────────────────


def packed(addresses: Sequence[bytes], bodies: Sequence[bytes]) -> tuple[Addresses, Bodies]:
    path, offset = columns(addresses)
    data = np.frombuffer(b"".join(bodies), dtype=np.uint8).reshape(len(bodies), -1)
    return Addresses(path, offset.astype(np.int64)), Bodies(data)


@given(
    seed=st.integers(0, 2**32),
    size=st.one_of(st.integers(1, 4096), st.sampled_from([600, 1127, 16_384, 16_385, 20_000])),
    lengths=st.lists(
        st.one_of(st.integers(2, 400), st.sampled_from([126, 127, 128, 254, 255, MAX_LENGTH])), min_size=1, max_size=30
    ),
    turns=st.lists(
        st.tuples(
            st.integers(0, 40),  # at most so many
            st.integers(0, 2),  # TTL falls by
            st.integers(0, 70_000),  # the connection's window grows by
            st.sampled_from([None, 0, 40, 4096]),  # the peer's header table
            st.sampled_from([None, 500, 2_000, 65_535, 1 << 20]),  # a stream's first window
            st.booleans(),  # a new token
        ),
        min_size=1,
        max_size=8,
    ),
)
@settings(max_examples=200, deadline=None, derandomize=True)
def test_any_run_of_requests_is_framed_to_the_same_bytes_within_the_same_windows(
    library: Library,
    seed: int,
    size: int,
    lengths: list[int],
    turns: list[tuple[int, int, int, int | None, int | None, bool]],
) -> None:
    assert library is load()
    rng = random.Random(seed)
    addresses = [b"/" + bytes(rng.choices(GOOD_BYTES, k=length - 1)) for length in lengths]
    bodies = [rng.randbytes(size) for _ in addresses]
    one, other = Requests("push.example"), Requests("push.example")
    headers, ttl, begin = (("Urgency", "high"), ("Authorization", "vapid t=" + "e" * 220)), 3_600, 0
    keys = range(len(addresses))
    for most, falls, grows, table, window, new_token in turns:
        ttl -= falls
        headers = (("Urgency", "high"), ("Authorization", f"vapid t={rng.random()}")) if new_token else headers
        plain = Batch("https://push.example", headers, NOW, keys, addresses, bodies)
        in_c = packed(addresses, bodies)
        packed_too = replace(plain, paths=in_c[0], bodies=in_c[1])
        counts = []
        for requests, batch in ((one, plain), (other, packed_too)):
            if table is not None:
                requests.table_bytes(table)
            if window is not None:
                requests.initial_window(window)
            if grows:
                requests.more(0, grows)
            counts.append(requests.post(batch, begin, most, ttl))
        assert counts[0] == counts[1]
        assert (one.take_output(), one.window, one.next, one.begun, one.written, one.bodies) == (
            other.take_output(), other.window, other.next, other.begun, other.written, other.bodies,
        )  # fmt: skip
        begin += counts[0]


def test_frames_that_cannot_be_are_refused(library: Library) -> None:
    addresses, bodies = packed([b"/abc", b"/def"], [b"one", b"two"])

    def frames(
        addresses: Addresses = addresses, bodies: Bodies = bodies, *, begin: int = 0, count: int = 2, stream: int = 1,
        before: bytes = b"<", after: bytes = b">",
    ) -> bytes:  # fmt: skip
        return library.frames(addresses, bodies, begin, count, stream, before, after)

    assert frames(count=0) == b""
    assert len(frames(stream=2**31 - 3)) == len(frames()), "the last two streams that there are"
    refusals: tuple[Callable[[], bytes], ...] = (
        lambda: frames(begin=1),
        lambda: frames(begin=3, count=0),
        lambda: frames(begin=-1),
        lambda: frames(count=-1),
        lambda: frames(stream=2**31 - 1),
        lambda: frames(stream=2**31 + 1),
        lambda: frames(before=b"<" * 16_385),
        lambda: frames(before=b"<" * 16_380),
        lambda: frames(after=b">" * 16_385),
        lambda: frames(addresses, Bodies(np.zeros((2, 16_385), dtype=np.uint8))),
        lambda: frames(addresses, Bodies(bodies.data[:1])),
        lambda: frames(Addresses(addresses.data, numbers(4, 0, 8))),
        lambda: frames(Addresses(addresses.data, numbers(0, 4, 9))),
        lambda: frames(Addresses(addresses.data, numbers(-1, 4, 8))),
    )
    for refused in refusals:
        with pytest.raises(ValueError):
            refused()
    assert not library.are_addresses(Addresses(addresses.data, numbers(0, 4, 9)))
    assert not library.are_addresses(Addresses(addresses.data, numbers(4, 0, 8)))


def test_packed_columns_are_sequences_of_bytes() -> None:
    texts, blobs = [b"/a", b"/bc", b"/def"], [b"one", b"two", b"six"]
    addresses, bodies = packed(texts, blobs)
    both: list[tuple[Sequence[bytes], list[bytes]]] = [(addresses, texts), (bodies, blobs)]
    for column, plain in both:
        assert list(column) == plain
        assert (len(column), column[1], column[-1], column[1:], column[::-1]) == (
            3,
            plain[1],
            plain[-1],
            plain[1:],
            plain[::-1],
        )
        assert [column.index(one) for one in plain] == [0, 1, 2]
        with pytest.raises(IndexError):
            column[3]


# ── the batches of a notice ───────────────────────────────────────────────────────────────────────


@given(
    seed=st.integers(0, 2**32),
    count=st.integers(1, 60),
    holes=st.floats(0, 1),
    bad=st.sampled_from([0.0, 0.0, 0.1, 1.0]),
    short=st.booleans(),
)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_a_notice_makes_the_same_batches_and_refuses_the_same_rows(
    library: Library, seed: int, count: int, holes: float, bad: float, short: bool
) -> None:
    assert library is load()
    rng = random.Random(seed)
    hosts = ("fcm.googleapis.com", "web.push.apple.com", "elsewhere.example")
    people = []
    for number in range(count):
        text = "".join(map(chr, rng.choices(GOOD_BYTES, k=rng.choice((1, 30, 160)))))
        text += rng.choice((" ", "\\", "\n", "a" * MAX_LENGTH)) if rng.random() < bad else ""
        endpoint = f"https://{rng.choice(hosts)}/{text}{number}"
        people.append(resident(rng, language=rng.choice(("ja", "en", "ko")), endpoint=endpoint))
    who = People(Registry.of(columns_of(people)))
    pool = entries(rng, count)
    pool[[rng.random() < holes for _ in range(count)]] = 0
    generation = Generation(new_generation(), pool)
    texts = (
        Text("ja", "題", "日本語の本文。" * rng.randint(1, 90)),
        Text("en", "Title", "A sentence. " * rng.randint(1, 90)),
    )
    rows = np.array(rng.sample(range(count), k=count), dtype=np.int64)
    nths = np.array([rng.random() < 0.1 for _ in rows], dtype=np.uint8)
    none = np.zeros(count, dtype=np.uint8)
    wanted = Rows(rows.tolist(), rows, none.astype(np.uint16), who.language(rows), none, nths, none.astype(np.int64))
    vapid = Vapid({0: KEY}, "mailto:a@b.example")
    found = []
    for native in ("on", "off"):
        how = DispatchSettings(native=native)
        pushes = Pushes(
            who, Messages(notice(part(texts=texts)), how), NOW + 600, vapid, how, SECRET,
            languages=who.languages, sealings=(Sealing(generation.name, generation),),
        )  # fmt: skip
        batches, refused = pushes.batches(wanted, NOW, short=short)
        packed_columns = [isinstance(batch.bodies, Bodies) for batch in batches]
        if native == "off":
            assert not any(packed_columns)
        elif not bad and not short:
            assert packed_columns.count(False) <= sum(nths), "all but second pushes are made in C"
        plain = [
            (batch.origin, batch.headers, batch.expires_at, list(batch.keys), list(batch.paths), list(batch.bodies))
            for batch in batches
        ]
        found.append((sorted(plain), sorted(refused)))
    assert found[0] == found[1]
    sealed = [(body[:16], body[86:]) for batch in found[0][0] for body in batch[5]]
    assert all(one[0] != other[0] or one == other for one, other in pairwise(sorted(sealed))), "no key meets two texts"
