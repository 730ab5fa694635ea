"""The library that `push.c` makes: loaded, compared with the Python that it stands for, and called by the batch."""

import ctypes
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dispatch.agreement import GENERATOR, agree, libcrypto
from dispatch.columns import U8, U64
from dispatch.endpoint import MAX_LENGTH
from dispatch.envelope import HEADER_BYTES, TAG_BYTES, entry_from, seal
from dispatch.errors import NativeMissing
from dispatch.native.build import built
from dispatch.native.entries import Entries
from dispatch.native.packed import Addresses, Bodies, place_of, where
from dispatch.pool import ENTRY_BYTES

log = logging.getLogger(__name__)

SEALED, NO_ADDRESS, NO_ENTRY = range(3)
# A run of frames is written here first; it grows to the largest.
_FIRST_SCRATCH_BYTES = 256 * 1024
_MOST_ANSWERS = 4096
_REFUSALS = {-1: "a row, or the number of its words, that does not exist", -2: "no room", -3: "libcrypto failed"}


class Native(StrEnum):
    """Who seals and frames pushes, and fills the pool."""

    AUTO = "auto"  # C where it can be built or was, else Python
    ON = "on"  # C, or the worker does not start
    OFF = "off"  # Python


class _Libcrypto(ctypes.Structure):
    _fields_ = [(name, ctypes.c_void_p) for name in ("init", "update", "final", "control", "context")]


def _fields(text: str) -> list[tuple[str, Any]]:
    """Return fields by name: a pointer where the name begins with `*`, else a number of 64 bits."""
    return [(name.lstrip("*"), ctypes.c_void_p if name[0] == "*" else ctypes.c_uint64) for name in text.split()]


class _Sealing(ctypes.Structure):
    _fields_ = _fields(
        "*path path_bytes *path_offset *entries row_count *rows *which wanted *records record_count record_bytes"
        " longest_address *addresses addresses_room *address_offset *bodies bodies_room *states"
    )


class _Framing(ctypes.Structure):
    _fields_ = _fields(
        "*addresses addresses_bytes *address_offset *bodies body_bytes row_count begin count first_stream"
        " *before before_bytes *after after_bytes *out room"
    )


@dataclass(frozen=True, slots=True, eq=False)
class Sealed:
    """What became of rows: `states` says of each whether it is SEALED, has NO_ADDRESS, or NO_ENTRY."""

    addresses: Addresses
    bodies: Bodies
    states: U8
    count: int


class Library(threading.local):
    """The functions of `push.c`. What they work on belongs to one thread: each has another."""

    _scratch: U8 = np.empty(0, dtype=np.uint8)
    _scratch_at = 0

    def __init__(self, path: Path) -> None:
        """Raises NativeMissing where the library or libcrypto cannot be loaded."""
        try:
            functions, crypto = ctypes.CDLL(str(path)), libcrypto()
            self._seal, self._frames, self._are, self._answers = (
                _typed(functions, f"shirase_{name}", *arguments)
                for name, arguments in (
                    ("seal", [ctypes.c_void_p] * 2),
                    ("frames", [ctypes.c_void_p]),
                    ("are_addresses", [ctypes.c_void_p, ctypes.c_uint64] * 2 + [ctypes.c_uint64]),
                    ("answers", [ctypes.c_char_p, *[ctypes.c_uint64] * 3, *[ctypes.c_void_p] * 3]),
                )
            )
            self._crypto = _aes_of(crypto)
            self.entries = Entries(path)
        except (OSError, AttributeError) as error:
            raise NativeMissing("not-loadable", str(error)) from None
        self._room(_FIRST_SCRATCH_BYTES)
        self._read = np.empty((2, _MOST_ANSWERS), dtype=np.int64)
        self._read_at = where(self._read)
        self._next = ctypes.c_uint64()
        self._next_at = ctypes.addressof(self._next)

    def seal(
        self,
        path: U8,
        path_offset: U64,
        entries: U8,
        rows: NDArray[np.int64],
        which: NDArray[np.int64],
        records: list[bytes],
    ) -> Sealed:
        """Fetch the address of each of *rows* and seal for it the record that *which* numbers.

        *records* have one length. Raises ValueError for a row or a record that does not exist, or arrays that are not
        of the form that `dispatch.columns` gives them.
        """
        _check(path, np.uint8)
        _check(path_offset, np.uint64)
        _check(entries, np.uint8)
        count, size = len(rows), len(records[0]) if records else 0
        if len(path_offset) != len(entries) + 1 or entries.shape[1:] != (ENTRY_BYTES,):
            raise ValueError("a pool is for the rows of its registry")
        if len(which) != count or any(len(record) != size for record in records):
            raise ValueError("a record for each row, all of one length")
        rows, which = np.ascontiguousarray(rows, dtype=np.int64), np.ascontiguousarray(which, dtype=np.int64)
        words = b"".join(records)
        room = self._room(count * MAX_LENGTH)
        offsets = np.empty(count + 1, dtype=np.int64)
        bodies = np.empty((count, HEADER_BYTES + size + TAG_BYTES), dtype=np.uint8)
        states = np.empty(count, dtype=np.uint8)
        job = _Sealing(
            where(path), len(path), where(path_offset), where(entries), len(entries),
            where(rows), where(which), count, place_of(words), len(records), size, MAX_LENGTH,
            self._scratch_at, room.size, where(offsets), where(bodies), bodies.size, where(states),
        )  # fmt: skip
        done = self._seal(ctypes.byref(self._crypto), ctypes.byref(job))
        if done < 0:
            raise ValueError(_REFUSALS[done])
        addresses = Addresses(room[: int(offsets[-1])].copy(), offsets)
        return Sealed(addresses, Bodies(bodies), states, done)

    def frames(
        self, addresses: Addresses, bodies: Bodies, begin: int, count: int, stream: int, before: bytes, after: bytes
    ) -> bytes:
        """Return HEADERS and DATA of *count* rows from *begin* on, on streams from *stream* on.

        *before* and *after* are the encoded fields around `:path`. Raises ValueError for what does not fit a frame.
        """
        if len(addresses) != len(bodies) or not 0 <= begin <= begin + count <= len(bodies):
            raise ValueError("rows that do not exist")
        offsets, size = addresses.offsets, bodies.size
        text = int(offsets[begin + count]) - int(offsets[begin])
        if not 0 <= text <= addresses.data.size:
            raise ValueError("addresses that lie elsewhere")
        each = 2 * _HEAD_BYTES + len(before) + 1 + _LONGEST_INTEGER + len(after) + size
        room = self._room(text + count * each)
        job = _Framing(
            addresses.data_at, addresses.data.size, addresses.offsets_at, bodies.data_at, size,
            len(bodies), begin, count, stream, place_of(before), len(before), place_of(after), len(after),
            self._scratch_at, room.size,
        )  # fmt: skip
        done = self._frames(ctypes.byref(job))
        if done < 0:
            raise ValueError(_REFUSALS[done])
        return room[:done].tobytes()

    def are_addresses(self, addresses: Addresses) -> bool:
        """Say whether all of *addresses* are as sign-up lets them in."""
        are = self._are(addresses.data_at, addresses.data.size, addresses.offsets_at, len(addresses), MAX_LENGTH)
        return are == 1

    def answers(self, data: bytes, place: int) -> tuple[list[int], list[int], int]:
        """Return streams and statuses of the plain answers that *data* has from *place* on, and the place behind them.

        Plain is what is one HEADERS frame, begins with a status of 200 to 299 and ends its stream.
        """
        second = self._read_at + 8 * _MOST_ANSWERS
        count = self._answers(data, len(data), place, _MOST_ANSWERS, self._read_at, second, self._next_at)
        if not count:
            return [], [], place
        return self._read[0, :count].tolist(), self._read[1, :count].tolist(), self._next.value

    def _room(self, size: int) -> U8:
        if self._scratch.size < size:
            self._scratch = np.empty(size, dtype=np.uint8)
            self._scratch_at = where(self._scratch)
        return self._scratch


_HEAD_BYTES = 9
_LONGEST_INTEGER = 5


def _typed(functions: ctypes.CDLL, name: str, *arguments: Any) -> Callable[..., int]:
    found = getattr(functions, name)
    found.restype, found.argtypes = ctypes.c_int64, arguments
    return found  # type: ignore[no-any-return]


def _check(array: NDArray[Any], kind: type[np.unsignedinteger[Any]]) -> None:
    if array.dtype != kind or not (array.flags.c_contiguous and array.flags.aligned):
        raise ValueError(f"an array of {array.dtype} where C reads {kind.__name__} in one piece")


def _aes_of(crypto: ctypes.CDLL) -> _Libcrypto:
    """Return what `push.c` needs of libcrypto: a context for AES-128-GCM, used for one message after another.

    It lives as long as its thread's library, which is as long as the process: nothing frees it.
    """
    pointer = ctypes.c_void_p
    crypto.EVP_CIPHER_CTX_new.restype = crypto.EVP_aes_128_gcm.restype = pointer
    crypto.EVP_EncryptInit_ex.argtypes = [pointer] * 5
    context = crypto.EVP_CIPHER_CTX_new()
    if not context or crypto.EVP_EncryptInit_ex(context, crypto.EVP_aes_128_gcm(), None, None, None) != 1:
        raise OSError("libcrypto has no AES-128-GCM")
    names = ("EVP_EncryptInit_ex", "EVP_EncryptUpdate", "EVP_EncryptFinal_ex", "EVP_CIPHER_CTX_ctrl")
    return _Libcrypto(*(ctypes.cast(getattr(crypto, name), pointer) for name in names), context)


@cache
def load() -> Library:
    """Return the library; raises NativeMissing where there is none whose bytes are right."""
    library = Library(built())
    if not _says_the_same(library):
        raise NativeMissing("other-bytes", "the library seals or makes entries otherwise than Python")
    return library


def _says_the_same(library: Library) -> bool:
    scalar, salt, auth = b"private." * 4, b"salt" * 4, b"auth" * 4
    receiver = agree(b"receiver" * 4, GENERATOR)[0]
    entry = entry_from(scalar, salt, receiver, auth)
    words = b"words" * 100
    entries = library.entries(
        scalar, salt, np.frombuffer(receiver[1:], np.uint8).reshape(1, -1), np.frombuffer(auth, np.uint8).reshape(1, -1)
    )
    if entries.tobytes() != b"".join((entry.sender_public, entry.salt, entry.content_key, entry.nonce)):
        return False
    none = np.zeros(1, dtype=np.int64)
    found = library.seal(
        np.frombuffer(b"/a", dtype=np.uint8), np.array([0, 2], dtype=np.uint64), entries, none, none, [words + b"\2"]
    )
    return found.count == 1 and list(found.addresses) == [b"/a"] and list(found.bodies) == [seal(entry, words)]


@cache
def library_for(native: Native) -> Library | None:
    """Return what seals and frames, None for Python; raises NativeMissing where C is wanted and cannot be had."""
    if native is Native.OFF:
        return None
    try:
        return load()
    except NativeMissing as missing:
        if native is Native.ON:
            raise
        log.warning("pushes are sealed by Python, which takes longer", extra={"reason": str(missing)})
        return None
