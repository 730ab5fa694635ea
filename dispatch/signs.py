"""Signs of life, each in a record of its own beside its subscription's (R19).

Who writes a subscription again because its owner was there may overtake her farewell, and bring her back: between what
was read and what is written there is always a moment, and a process may die in it. So a sign never writes a
subscription. What is left of one that came after a farewell holds no address and no place, and is removed.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dispatch.columns import U16, Columns
from dispatch.errors import SubscriptionUnreadable
from dispatch.subscription import ID_BYTES, SealKeys

_MARK = b"\x01"
_SPAN_BYTES = 2


def key_of(subscription_id: bytes) -> bytes:
    """Return the key of the record that says when the owner of a subscription was last there."""
    return subscription_id + _MARK


def is_sign(key: bytes) -> bool:
    """Say whether a record of `subscriptions` is a sign of life: its key has one byte more than an id."""
    return len(key) == ID_BYTES + 1 and key.endswith(_MARK)


def id_of(key: bytes) -> bytes:
    """Return whose sign it is."""
    return key[:ID_BYTES]


def sealed(keys: SealKeys, subscription_id: bytes, span: int) -> bytes:
    """Return the value that says *span* (`dispatch.life`), bound to its key."""
    return keys.close(key_of(subscription_id), span.to_bytes(_SPAN_BYTES, "big"))


def opened(keys: SealKeys, key: bytes, value: bytes) -> int:
    """Return the span of a sign; one moved to another key, edited, or of an unknown key raises."""
    raw = keys.open(key, value)
    if len(raw) != _SPAN_BYTES:
        raise SubscriptionUnreadable("sign-form")
    return int.from_bytes(raw, "big")


def rows_of(columns: Columns, signs: Mapping[bytes, int]) -> tuple[NDArray[np.int64], U16, frozenset[bytes]]:
    """Return the rows that *signs* (id -> span) are of, the span of each, and the ids that are not here."""
    if not signs:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.uint16), frozenset()
    wanted = np.frombuffer(b"".join(signs), dtype=np.uint64).reshape(-1, 2)
    order = np.argsort(wanted[:, 0], kind="stable")
    wanted, spans = wanted[order], np.fromiter(signs.values(), dtype=np.uint16, count=len(signs))[order]
    halves = np.ascontiguousarray(columns.id).view(np.uint64).reshape(-1, 2)
    at = np.minimum(np.searchsorted(wanted[:, 0], halves[:, 0]), len(wanted) - 1)
    # Two ids that share their first half are one in 10^19 pairs; of such, one sign stays unread.
    rows = np.flatnonzero((wanted[at] == halves).all(axis=1))
    here = np.zeros(len(wanted), dtype=np.bool_)
    here[at[rows]] = True
    missing = wanted[~here].tobytes()
    absent = frozenset(missing[first : first + ID_BYTES] for first in range(0, len(missing), ID_BYTES))
    return rows, spans[at[rows]], absent


def note(columns: Columns, rows: NDArray[np.int64], spans: U16, folder: Path | None = None) -> None:
    """Keep the later of what is known and *spans*; in the snapshot in *folder* where the columns are mapped from it."""
    if not len(rows):
        return
    seen = columns.seen if folder is None else np.load(folder / "seen.npy", mmap_mode="r+", allow_pickle=False)
    seen[rows] = np.maximum(seen[rows], spans)
    if isinstance(seen, np.memmap):
        seen.flush()
