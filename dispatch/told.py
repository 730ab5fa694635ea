"""Who was told: random row numbers, kept per lineage, revision and bucket, which corrections go by.

One record is written before the first POST of a revision. It freezes the order in which that
revision is sent, because the registry may have changed when another worker takes over, and it keeps
everybody who was told by earlier revisions. No endpoint, no place, no id is in it.
"""

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dispatch.columns import U16, U64
from dispatch.errors import ToldUnreadable
from dispatch.registry import Registry
from dispatch.selection import Selection

_VERSION = 1
# Version, revision, rows, earlier rows, bytes of the origin table.
_HEAD = struct.Struct("<BIIII")


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """The rows of one revision in frozen order, and those that only earlier revisions told."""

    revision: int
    rows: U64
    parts: U16
    origin: U16
    origins: tuple[str, ...]
    earlier: U64

    def everyone(self) -> U64:
        """Return all row numbers that any revision told, sorted."""
        return np.union1d(self.rows, self.earlier)

    def positions(self, origin: str) -> NDArray[np.int64]:
        """Return the positions of *origin*'s rows: what its progress counts."""
        if origin not in self.origins:
            return np.zeros(0, dtype=np.int64)
        return np.flatnonzero(self.origin == self.origins.index(origin))


def freeze(registry: Registry, revision: int, selection: Selection, previous: Told | None = None) -> Told:
    """Return the record to write before *selection* (of one bucket) is sent."""
    rows = registry.columns.row_number[selection.rows]
    earlier = np.zeros(0, dtype=np.uint64) if previous is None else np.setdiff1d(previous.everyone(), rows)
    origin = registry.columns.origin[selection.rows]
    # Only the origins of this bucket's rows, so that the table does not grow with the registry.
    used, code = np.unique(origin, return_inverse=True)
    origins = tuple(registry.columns.origins[int(one)] for one in used)
    return Told(revision, rows, selection.parts, code.astype(np.uint16), origins, earlier)


def encode(told: Told) -> bytes:
    """Write *told*. Random numbers do not compress, so they are written as they are."""
    origins = "\n".join(told.origins).encode()
    head = _HEAD.pack(_VERSION, told.revision, len(told.rows), len(told.earlier), len(origins))
    arrays = (
        told.rows.astype("<u8"),
        told.parts.astype("<u2"),
        told.origin.astype("<u2"),
        told.earlier.astype("<u8"),
    )
    return b"".join((head, origins, *(array.tobytes() for array in arrays)))


def decode(raw: bytes) -> Told:
    """Read what `encode` wrote; anything else raises ToldUnreadable."""
    if not raw or raw[0] != _VERSION:
        raise ToldUnreadable("told-version")
    if len(raw) < _HEAD.size:
        raise ToldUnreadable("told-length")
    _, revision, count, before, table = _HEAD.unpack_from(raw)
    if len(raw) != _HEAD.size + table + count * 12 + before * 8:
        raise ToldUnreadable("told-length")
    at = _HEAD.size + table
    try:
        origins = tuple(raw[_HEAD.size : at].decode().split("\n")) if table else ()
    except UnicodeDecodeError:
        raise ToldUnreadable("told-origins") from None
    rows = np.frombuffer(raw, "<u8", count, at).astype(np.uint64)
    parts = np.frombuffer(raw, "<u2", count, at + count * 8).astype(np.uint16)
    origin = np.frombuffer(raw, "<u2", count, at + count * 10).astype(np.uint16)
    if count and int(origin.max()) >= len(origins):
        raise ToldUnreadable("told-origins")
    return Told(
        revision, rows, parts, origin, origins, np.frombuffer(raw, "<u8", before, at + count * 12).astype(np.uint64)
    )
