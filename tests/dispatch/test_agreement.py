"""Both ways to agree on a secret give the same bytes, and refuse the same keys."""

import threading

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.agreement import Agree, Libcrypto, agree_by_cryptography, scalar_from
from tests.dispatch.people import point_of

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
SCALARS = st.one_of(st.integers(1, ORDER - 1), st.sampled_from([1, 2, ORDER - 1, ORDER // 2])).map(
    lambda number: number.to_bytes(32, "big")
)


@pytest.fixture(scope="module")
def libcrypto() -> Libcrypto:
    try:
        return Libcrypto()
    except OSError as error:
        pytest.skip(f"only `cryptography` agrees here: {error}")


def point(scalar: bytes) -> bytes:
    return point_of(ec.derive_private_key(int.from_bytes(scalar, "big"), ec.SECP256R1()))


@given(scalar=SCALARS, receiver=SCALARS)
@settings(max_examples=150, deadline=None, derandomize=True)
def test_both_ways_give_the_same_bytes(libcrypto: Libcrypto, scalar: bytes, receiver: bytes) -> None:
    public, shared = libcrypto(scalar, point(receiver))
    assert (public, shared) == agree_by_cryptography(scalar, point(receiver))
    assert public == point(scalar)
    # The browser comes to the same secret from its own side.
    assert agree_by_cryptography(receiver, public)[1] == shared


@pytest.mark.parametrize("way", ["libcrypto", "cryptography"])
@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"\x04" + bytes(64),  # not on the curve
        b"\x00",  # infinity
        b"\x04" + b"\xff" * 64,  # beyond the field
        b"\x04" + bytes(63),
    ],
    ids=["empty", "off the curve", "infinity", "beyond the field", "short"],
)
def test_a_key_that_is_no_point_is_refused_and_the_next_is_not(
    way: str, broken: bytes, request: pytest.FixtureRequest
) -> None:
    agree: Agree = request.getfixturevalue("libcrypto") if way == "libcrypto" else agree_by_cryptography
    good = point((7).to_bytes(32, "big"))
    with pytest.raises(ValueError, match=r"."):
        agree((5).to_bytes(32, "big"), broken)
    swapped = good[:33] + good[33:-1] + bytes([good[-1] ^ 1])
    with pytest.raises(ValueError, match=r"."):
        agree((5).to_bytes(32, "big"), swapped)
    assert agree((5).to_bytes(32, "big"), good)[0] == point((5).to_bytes(32, "big"))


def test_no_scalar_is_refused_that_is_no_key(libcrypto: Libcrypto) -> None:
    good = point((7).to_bytes(32, "big"))
    for scalar in (bytes(32), ORDER.to_bytes(32, "big"), b"\x01"):
        with pytest.raises(ValueError, match=r"."):
            libcrypto(scalar, good)


@given(st.binary(min_size=48, max_size=48))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_every_random_gives_a_key(random: bytes) -> None:
    assert 1 <= int.from_bytes(scalar_from(random), "big") < ORDER
    assert len(scalar_from(random)) == 32


def test_threads_do_not_write_into_each_others_memory(libcrypto: Libcrypto) -> None:
    receiver, found = point((9).to_bytes(32, "big")), dict[int, set[tuple[bytes, bytes]]]()

    def work(number: int) -> None:
        found[number] = {libcrypto(number.to_bytes(32, "big"), receiver) for _ in range(60)}

    threads = [threading.Thread(target=work, args=(number,)) for number in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {number: {agree_by_cryptography(number.to_bytes(32, "big"), receiver)} for number in range(1, 5)}
