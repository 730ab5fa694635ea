"""The function of the library that makes entries of the pool, hundreds in one call, with all that it works on."""

import ctypes
import threading
from pathlib import Path
from typing import Any

import numpy as np

from dispatch.agreement import CONSTANT_TIME, P256, SCALAR_BYTES, libcrypto
from dispatch.columns import U8
from dispatch.envelope import SALT_BYTES
from dispatch.errors import NativeMissing
from dispatch.native.packed import place_of, where
from dispatch.pool import ENTRY_BYTES

# Dividing costs as much for so many points as for one; more of them save nothing that can be measured.
_AT_ONCE = 64
_REFUSALS = {-1: "a receiver's key is no point of P-256", -2: "no room", -3: "libcrypto failed"}
# In the order of `struct curve`.
_FUNCTIONS = (
    "BN_bin2bn", "EC_POINT_mul", "EC_POINT_oct2point", "EC_POINT_point2oct", "EC_POINTs_make_affine",
    "EC_POINT_get_Jprojective_coordinates_GFp", "BN_is_one", "BN_bn2binpad", "BN_clear", "ERR_clear_error",
    "EVP_DigestInit_ex", "EVP_DigestUpdate", "EVP_DigestFinal_ex",
)  # fmt: skip
# OpenSSL deprecates them since 3.0: where one is gone, each point is divided for itself.
_AT_ONCE_ONLY = ("EC_POINTs_make_affine", "EC_POINT_get_Jprojective_coordinates_GFp")


class _Curve(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_void_p) for name in _FUNCTIONS),
        *((name, ctypes.c_void_p) for name in ("group", "scratch", "scalar", "receiver", "x", "y", "z", "digest")),
        ("points", ctypes.c_void_p),
        ("at_once", ctypes.c_uint64),
    ]


class _Making(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_void_p) for name in ("scalars", "salts", "receivers", "auths")),
        ("count", ctypes.c_uint64),
        ("entries", ctypes.c_void_p),
        ("room", ctypes.c_uint64),
    ]


class Entries(threading.local):
    """What makes entries. All that it works on belongs to one thread: each has another."""

    def __init__(self, path: Path, *, together: bool = True) -> None:
        """Raises NativeMissing where the library or libcrypto cannot be loaded.

        Not *together* each point is divided for itself, as where OpenSSL has no more what does it for many.
        """
        try:
            self._make = ctypes.CDLL(str(path)).shirase_entries
            self._curve, self._points = _curve_of(libcrypto(), together=together)
        except (OSError, AttributeError) as error:
            raise NativeMissing("not-loadable", str(error)) from None
        self._make.restype, self._make.argtypes = ctypes.c_int64, [ctypes.c_void_p] * 2

    def __call__(self, scalars: bytes, salts: bytes, receivers: U8, auths: U8) -> U8:
        """Return the entries of so many private keys and salts for as many receivers, as rows.

        *receivers* are points without their leading 4. Raises ValueError where one of them is none.
        """
        count = len(scalars) // SCALAR_BYTES
        receivers, auths = np.ascontiguousarray(receivers), np.ascontiguousarray(auths)
        if (
            (len(scalars), len(salts)) != (count * SCALAR_BYTES, count * SALT_BYTES)
            or (receivers.shape, auths.shape) != ((count, 64), (count, 16))
            or not receivers.dtype == auths.dtype == np.uint8
        ):
            raise ValueError("a scalar, a salt, a point and a secret for each entry")
        made = np.empty((count, ENTRY_BYTES), dtype=np.uint8)
        job = _Making(
            place_of(scalars), place_of(salts), where(receivers), where(auths), count, where(made), made.size
        )  # fmt: skip
        done = self._make(ctypes.byref(self._curve), ctypes.byref(job))
        if done < 0:
            raise ValueError(_REFUSALS[done])
        return made


def _curve_of(crypto: ctypes.CDLL, *, together: bool) -> tuple[_Curve, Any]:
    """Return what `entries.c` needs of libcrypto, and the array of points that it points at.

    It lives as long as its thread's library, which is as long as the process: nothing frees it.
    """
    pointer = ctypes.c_void_p

    def new(name: str, *arguments: int) -> int:
        function = getattr(crypto, name)
        function.restype, function.argtypes = pointer, [pointer] * len(arguments)
        made: int | None = function(*arguments)
        if not made:
            raise OSError(f"libcrypto has no memory for {name}")
        return made

    crypto.EC_GROUP_new_by_curve_name.restype = pointer
    group = crypto.EC_GROUP_new_by_curve_name(P256)
    if not group:
        raise OSError("libcrypto does not know P-256")
    points = (pointer * (2 * _AT_ONCE))(*(new("EC_POINT_new", group) for _ in range(2 * _AT_ONCE)))
    scalar, x, y, z = (new("BN_new") for _ in range(4))
    crypto.BN_set_flags.restype, crypto.BN_set_flags.argtypes = None, [pointer, ctypes.c_int]
    crypto.BN_set_flags(scalar, CONSTANT_TIME)
    digest = new("EVP_MD_CTX_new")
    crypto.EVP_DigestInit_ex.argtypes = [pointer] * 3
    if crypto.EVP_DigestInit_ex(digest, new("EVP_sha256"), None) != 1:
        raise OSError("libcrypto has no SHA-256")
    together = together and all(hasattr(crypto, name) for name in _AT_ONCE_ONLY)
    functions = (
        ctypes.cast(getattr(crypto, name), pointer) if together or name not in _AT_ONCE_ONLY else None
        for name in _FUNCTIONS
    )
    return _Curve(
        *functions, group, new("BN_CTX_new"), scalar, new("EC_POINT_new", group), x, y, z, digest,
        ctypes.cast(points, pointer), _AT_ONCE,
    ), points  # fmt: skip
