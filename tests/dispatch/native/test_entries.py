"""C makes the entries that Python makes, from any key and salt, however many at once: Python is the reference."""

import random
import threading

import http_ece
import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.agreement import GENERATOR, agree, agree_by_cryptography, scalar_from
from dispatch.columns import U8, columns_of
from dispatch.envelope import Entry, entry_from, seal
from dispatch.errors import NativeMissing
from dispatch.layers import People
from dispatch.native.build import built
from dispatch.native.entries import Entries
from dispatch.native.library import load
from dispatch.pool import ENTRY_BYTES, KEY_AT, NONCE_AT, SALT_AT, Pool, entry_for
from dispatch.registry import Registry
from tests.dispatch.people import point_of, resident

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
SECRET = b"s" * 32
EDGES = [number.to_bytes(32, "big") for number in (1, 2, ORDER - 1, ORDER // 2)]


@pytest.fixture(scope="module", params=["at once", "one by one"])
def entries(request: pytest.FixtureRequest) -> Entries:
    """Return what makes them: with the functions that OpenSSL deprecates, and without them."""
    try:
        load()
        return Entries(built(), together=request.param == "at once")
    except NativeMissing as missing:
        pytest.skip(f"only Python makes entries here: {missing}")


def rows(*values: bytes) -> U8:
    return np.frombuffer(b"".join(values), dtype=np.uint8).reshape(len(values), -1)


def bytes_of(entry: Entry) -> bytes:
    return b"".join((entry.sender_public, entry.salt, entry.content_key, entry.nonce))


@given(seed=st.integers(0, 2**32), count=st.sampled_from([0, 1, 2, 63, 64, 65, 130]))
@settings(max_examples=25, deadline=None, derandomize=True)
def test_any_keys_and_salts_give_the_same_entries(entries: Entries, seed: int, count: int) -> None:
    rng = random.Random(seed)
    scalars = [rng.choice(EDGES) if rng.random() < 0.1 else scalar_from(rng.randbytes(48)) for _ in range(count)]
    receivers = [agree(scalar_from(rng.randbytes(48)), GENERATOR)[0] for _ in range(count)]
    # A multiplication may give the curve's own point, or that of the private key itself.
    receivers[:1] = [GENERATOR] * min(count, 1)
    salts, auths = ([rng.randbytes(16) for _ in range(count)] for _ in range(2))
    none = np.empty((0, 64), np.uint8), np.empty((0, 16), np.uint8)
    points, secrets = (rows(*(one[1:] for one in receivers)), rows(*auths)) if count else none
    made = entries(b"".join(scalars), b"".join(salts), points, secrets)
    assert made.shape == (count, ENTRY_BYTES)
    for row, given_ in zip(made, zip(scalars, salts, receivers, auths, strict=True), strict=True):
        assert row.tobytes() == bytes_of(entry_from(*given_))


def test_a_key_that_is_no_point_is_refused_and_the_next_batch_is_not(entries: Entries) -> None:
    good = GENERATOR[1:]
    for broken in (bytes(64), b"\xff" * 64, good[:-1] + bytes([good[-1] ^ 1])):
        with pytest.raises(ValueError, match="no point"):
            entries(EDGES[1] * 3, b"s" * 48, rows(good, broken, good), rows(*[b"a" * 16] * 3))
    made = entries(EDGES[1], b"s" * 16, rows(good), rows(b"a" * 16))
    assert made.tobytes() == bytes_of(entry_from(EDGES[1], b"s" * 16, GENERATOR, b"a" * 16))


def test_a_scalar_that_is_no_key_is_refused(entries: Entries) -> None:
    for scalar in (bytes(32), ORDER.to_bytes(32, "big")):
        with pytest.raises(ValueError, match="libcrypto"):
            entries(scalar, b"s" * 16, rows(GENERATOR[1:]), rows(b"a" * 16))


def test_what_does_not_belong_together_is_refused_before_it_is_read(entries: Entries) -> None:
    point, auth = rows(GENERATOR[1:]), rows(b"a" * 16)
    for given_ in (
        (EDGES[0][1:], b"s" * 16, point, auth),
        (EDGES[0], b"s" * 15, point, auth),
        (EDGES[0] * 2, b"s" * 32, point, auth),
        (EDGES[0], b"s" * 16, point.astype(np.uint16), auth),
        (EDGES[0], b"s" * 16, point, auth[:, 1:]),
    ):
        with pytest.raises(ValueError, match="for each entry"):
            entries(*given_)


def test_rows_that_are_not_in_one_piece_are_read_as_they_stand(entries: Entries) -> None:
    points = rows(GENERATOR[1:], agree(EDGES[1], GENERATOR)[0][1:])[::-1]
    auths = np.asfortranarray(rows(b"a" * 16, b"b" * 16))
    made = entries(EDGES[2] * 2, b"s" * 32, points, auths)
    for row, point, auth in zip(made, points, auths, strict=True):
        assert row.tobytes() == bytes_of(entry_from(EDGES[2], b"s" * 16, b"\4" + point.tobytes(), auth.tobytes()))


def test_the_pool_is_the_same_by_both_and_the_browser_opens_what_it_seals(entries: Entries) -> None:
    rng = random.Random(1)
    keys = [ec.derive_private_key(rng.randrange(1, ORDER), ec.SECP256R1()) for _ in range(70)]
    people = [resident(rng, p256dh=point_of(key)) for key in keys]
    who = People(Registry.of(columns_of(people)))
    pool = Pool(SECRET, who, 1, together=entries)
    assert (pool.fill(3), pool.fill(100)) == (3, 67), "the second turn begins where the first one ended"
    generation = pool.take(len(who.base.bucket))
    base = who.base
    for row in range(70):
        entry = entry_for(SECRET, generation.name, base.id_of(row), 0, base.p256dh(row), base.auth(row))
        assert generation.entries[row].tobytes() == bytes_of(entry)
    of = {person.id: (person, key) for person, key in zip(people, keys, strict=True)}
    for row in range(0, 70, 10):
        raw = generation.entries[row].tobytes()
        person, key = of[base.id_of(row)]
        body = seal(Entry(raw[:SALT_AT], raw[SALT_AT:KEY_AT], raw[KEY_AT:NONCE_AT], raw[NONCE_AT:]), b"words")
        assert http_ece.decrypt(body, private_key=key, auth_secret=person.auth, version="aes128gcm") == b"words"


def test_what_c_refuses_python_fills(caplog: pytest.LogCaptureFixture) -> None:
    def refuse(scalars: bytes, salts: bytes, points: U8, auths: U8) -> U8:
        raise ValueError("libcrypto failed")

    who = People(Registry.of(columns_of([resident(random.Random(1))])))
    pool = Pool(SECRET, who, 1, together=refuse)
    assert pool.fill(1) == 1
    base, generation = who.base, pool.take(len(who.base.bucket))
    entry = entry_for(SECRET, generation.name, base.id_of(0), 0, base.p256dh(0), base.auth(0))
    assert generation.entries[0].tobytes() == bytes_of(entry)
    assert [record.getMessage() for record in caplog.records] == ["C refused envelopes, Python makes them"]


def test_threads_do_not_write_into_each_others_memory(entries: Entries) -> None:
    found: dict[int, set[bytes]] = {}

    def work(number: int) -> None:
        scalar, point, auth = number.to_bytes(32, "big"), rows(*[GENERATOR[1:]] * 5), rows(*[b"a" * 16] * 5)
        found[number] = {entries(scalar * 5, b"s" * 80, point, auth).tobytes() for _ in range(10)}

    threads = [threading.Thread(target=work, args=(number,)) for number in range(3, 7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, made in found.items():
        scalar = number.to_bytes(32, "big")
        assert agree(scalar, GENERATOR) == agree_by_cryptography(scalar, GENERATOR)
        assert made == {bytes_of(entry_from(scalar, b"s" * 16, GENERATOR, b"a" * 16)) * 5}
