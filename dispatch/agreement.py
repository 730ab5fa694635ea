"""Our side of a key agreement on P-256 (RFC 8291, 3.1): a scalar's public point, and the secret shared with a browser.

Two ways to the same bytes. `cryptography` checks and wraps each key that it is given, which costs as much as half of
the arithmetic; where the system's libcrypto can be loaded, its functions are called directly, for every key the same
ones that `cryptography` calls in the end. All of these exist unchanged since OpenSSL 1.1.
"""

import ctypes
import threading
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

POINT_BYTES = 65
SCALAR_BYTES = 32
UNCOMPRESSED = 4
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
# The point that every other is a multiple of (FIPS 186-4, D.1.2.3).
GENERATOR = bytes.fromhex(
    "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
)
_CURVE = ec.SECP256R1()
_ECDH = ec.ECDH()
# The names under which Linux has it. Elsewhere, and where it is another, `cryptography` does the work.
_LIBRARIES = ("libcrypto.so.3", "libcrypto.so.1.1")
P256 = 415  # NID_X9_62_prime256v1
CONSTANT_TIME = 4  # BN_FLG_CONSTTIME

Agree = Callable[[bytes, bytes], tuple[bytes, bytes]]
"""From a scalar and the receiver's point to our public point and the shared secret; ValueError for no such point."""


def scalar_from(random: bytes) -> bytes:
    """Return the private key that 48 bytes of pseudo-random give."""
    # 384 bits reduced to 256 leave no measurable bias; plus one, because zero is not a key.
    return (int.from_bytes(random, "big") % (_ORDER - 1) + 1).to_bytes(SCALAR_BYTES, "big")


def agree_by_cryptography(scalar: bytes, receiver: bytes) -> tuple[bytes, bytes]:
    """Agree with keys as objects, each checked when it is made."""
    private = ec.derive_private_key(int.from_bytes(scalar, "big"), _CURVE)
    public = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return public, private.exchange(_ECDH, ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, receiver))


class Libcrypto(threading.local):
    """Agree by libcrypto's own functions. Its scratch memory is one thread's: each thread has another."""

    def __init__(self) -> None:
        """Raises OSError where there is no libcrypto that has what is needed."""
        library = libcrypto()
        pointer, number, size, text = ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t, ctypes.c_char_p

        def function(name: str, result: object, *arguments: object) -> Callable[..., int]:
            try:
                found = getattr(library, name)
            except AttributeError:
                raise OSError(f"libcrypto has no {name}") from None
            found.restype, found.argtypes = result, arguments
            return found  # type: ignore[no-any-return]

        self._scalar_of = function("BN_bin2bn", pointer, text, number, pointer)
        self._multiply = function("EC_POINT_mul", number, *[pointer] * 6)
        self._read = function("EC_POINT_oct2point", number, pointer, pointer, text, size, pointer)
        self._write = function("EC_POINT_point2oct", size, pointer, pointer, number, text, size, pointer)
        self._clear = function("BN_clear", None, pointer)
        self._forget_errors = function("ERR_clear_error", None)
        self._group = function("EC_GROUP_new_by_curve_name", pointer, number)(P256)
        new_point = function("EC_POINT_new", pointer, pointer)
        self._point, self._receiver = new_point(self._group), new_point(self._group)
        self._scalar = function("BN_new", pointer)()
        self._scratch = function("BN_CTX_new", pointer)()
        if not all((self._group, self._point, self._receiver, self._scalar, self._scratch)):
            raise OSError("libcrypto does not know P-256")
        function("BN_set_flags", None, pointer, number)(self._scalar, CONSTANT_TIME)
        self._bytes = ctypes.create_string_buffer(POINT_BYTES)

    def __call__(self, scalar: bytes, receiver: bytes) -> tuple[bytes, bytes]:
        """Agree; see `Agree`."""
        group, point, scratch = self._group, self._point, self._scratch
        if len(scalar) != SCALAR_BYTES or len(receiver) != POINT_BYTES or receiver[0] != UNCOMPRESSED:
            raise ValueError("a scalar has 32 bytes and a point 65, the first of them 4")
        # Refuses what is not on the curve.
        if not self._read(group, self._receiver, receiver, POINT_BYTES, scratch):
            self._forget_errors()
            raise ValueError("the receiver's key is no point of P-256")
        self._scalar_of(scalar, SCALAR_BYTES, self._scalar)
        public = self._bytes_of(self._multiply(group, point, self._scalar, None, None, scratch))
        shared = self._bytes_of(self._multiply(group, point, None, self._receiver, self._scalar, scratch))
        self._clear(self._scalar)
        return public, shared[1 : 1 + SCALAR_BYTES]

    def _bytes_of(self, multiplied: int) -> bytes:
        written = multiplied and self._write(
            self._group, self._point, UNCOMPRESSED, self._bytes, POINT_BYTES, self._scratch
        )
        if written != POINT_BYTES:
            self._forget_errors()
            raise ValueError("the scalar is no private key of P-256")
        return self._bytes.raw


def libcrypto() -> ctypes.CDLL:
    """Return the system's libcrypto; raises OSError where it has none of these names."""
    for name in _LIBRARIES:
        try:
            return ctypes.CDLL(name)
        except OSError:
            continue
    raise OSError("no libcrypto that this knows")


def fastest() -> Agree:
    """Return the faster way that this machine has."""
    try:
        return Libcrypto()
    except OSError:
        return agree_by_cryptography


agree: Agree = fastest()
