"""Columns of bytes that C can read, and that look like a sequence of bytes to everybody else."""

import ctypes
from collections.abc import Iterator, Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from dispatch.columns import U8


def where(array: NDArray[Any]) -> int:
    """Return where the elements of *array* are: in half of the time that `array.ctypes.data` takes."""
    return int(array.__array_interface__["data"][0])


def place_of(data: bytes) -> int | None:
    """Return where *data* is, for as long as somebody holds it."""
    return ctypes.cast(ctypes.c_char_p(data), ctypes.c_void_p).value


class Addresses(Sequence[bytes]):
    """The addresses of a batch, one after another; the first of `offsets` is 0."""

    __slots__ = ("data", "data_at", "offsets", "offsets_at")

    def __init__(self, data: U8, offsets: NDArray[np.int64]) -> None:
        self.data = data
        self.offsets = offsets
        self.data_at = where(data)  # asked for with each run of frames
        self.offsets_at = where(offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @overload
    def __getitem__(self, at: int) -> bytes: ...
    @overload
    def __getitem__(self, at: slice) -> list[bytes]: ...
    def __getitem__(self, at: int | slice) -> bytes | list[bytes]:
        """Return one address, or a list of them."""
        if isinstance(at, slice):
            return [self[one] for one in range(*at.indices(len(self)))]
        place = range(len(self))[at]  # counts from the end as a list does, and refuses what is beyond
        return self.data[self.offsets[place] : self.offsets[place + 1]].tobytes()

    def __iter__(self) -> Iterator[bytes]:
        return iter(self[:])


class Bodies(Sequence[bytes]):
    """The bodies of a batch, all of one size: the rows of `data`."""

    __slots__ = ("data", "data_at")

    def __init__(self, data: U8) -> None:
        self.data = data
        self.data_at = where(data)

    @property
    def size(self) -> int:
        """Return how many bytes each body has."""
        return int(self.data.shape[1])

    def __len__(self) -> int:
        return len(self.data)

    @overload
    def __getitem__(self, at: int) -> bytes: ...
    @overload
    def __getitem__(self, at: slice) -> list[bytes]: ...
    def __getitem__(self, at: int | slice) -> bytes | list[bytes]:
        """Return one body, or a list of them."""
        if isinstance(at, slice):
            return [one.tobytes() for one in self.data[at]]
        return bytes(self.data[at])

    def __iter__(self) -> Iterator[bytes]:
        return iter(self[:])
