"""A registry and what has changed since it was built: somebody who signs up is there at once.

Building the index of a million rows anew takes seconds, which nobody who signs up in the middle of a
flood has. So changes form a small registry of their own, and rows of the large one that they replace
or remove are only marked. Rows of the small one follow those of the large one. It may hold a hundred thousand after a
rush of sign-ups: each wave of them is packed once and then copied.
"""

from collections.abc import Iterable
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dispatch.columns import U64, columns_of, joined, taken
from dispatch.registry import Registry
from dispatch.subscription import Subscription, bucket_of

Rows = NDArray[Any]


# A strided look at so many rows tells the large push services from the small.
_SAMPLE_ROWS = 4_096


class People:
    """All subscriptions of a worker: *base* without the rows that are not *alive*, then *delta*."""

    def __init__(self, base: Registry, alive: NDArray[np.bool_] | None = None, delta: Registry | None = None) -> None:
        self.base = base
        self.alive = alive
        self.delta = _NOBODY if delta is None else delta
        self.origins, self._origin_codes = _merged(base.columns.origins, self.delta.columns.origins, np.uint16)
        self.languages, self._language_codes = _merged(base.columns.languages, self.delta.columns.languages, np.uint8)
        self.wards, self._ward_codes = _merged(base.columns.wards, self.delta.columns.wards, np.uint16)

    @property
    def count(self) -> int:
        """Return the number of rows, the dead ones included: where ordinals end."""
        return self.base.count + self.delta.count

    @cached_property
    def living(self) -> int:
        """Return the number of subscriptions."""
        return self.count if self.alive is None else int(self.alive.sum()) + self.delta.count

    def changed_by(self, upserts: Iterable[Subscription], removals: Iterable[bytes]) -> "People":
        """Return the people with *upserts* added or replaced and the ids of *removals* gone; quick."""
        gone = set(removals)
        added = {one.id: one for one in upserts if one.id not in gone}
        touched = gone | added.keys()
        dead = self.base.rows_with_ids(touched)
        alive = self.alive
        if len(dead):
            alive = np.ones(self.base.count, dtype=np.bool_) if alive is None else alive.copy()
            alive[dead] = False
        kept = np.ones(self.delta.count, dtype=np.bool_)
        kept[self.delta.rows_with_ids(touched)] = False
        columns, fresh = taken(self.delta.columns, kept), columns_of(added.values())
        bucket = np.array([bucket_of(one) for one in added], dtype=np.uint8)
        delta = Registry.of(joined(columns, fresh), bucket=np.concatenate([self.delta.bucket[kept], bucket]))
        return People(self.base, alive, delta if delta.count else None)

    def rebuilt(self) -> tuple["People", NDArray[np.int64]]:
        """Return the same people as one registry, and for each of its rows the old ordinal; takes seconds."""
        keep = np.ones(self.base.count, dtype=np.bool_) if self.alive is None else self.alive
        columns = taken(self.base.columns, keep)
        bucket = self.base.bucket[keep]
        if self.delta.count:
            columns = joined(columns, self.delta.columns)
            bucket = np.concatenate([bucket, self.delta.bucket])
        manifest = self.base.manifest
        registry = Registry.of(columns, version=manifest.version, topic_offsets=manifest.topic_offsets, bucket=bucket)
        old = np.concatenate([np.flatnonzero(keep), np.arange(self.base.count, self.count)])
        return People(registry), old

    def main_origins(self, most: int) -> tuple[str, ...]:
        """Return up to *most* push services, those of most people first, by a sample."""
        base = self.base.columns
        sample = base.origin[:: max(1, base.count // _SAMPLE_ROWS)]
        counts = np.bincount(sample, minlength=len(base.origins))
        first = np.argsort(-counts, kind="stable")[:most]
        return tuple(base.origins[code] for code in first.tolist() if counts[code])

    # ── columns ───────────────────────────────────────────────────────────────────────────────────

    def row_numbers(self, rows: Rows) -> U64:
        """Return the random number of each row."""
        return self._column("row_number", rows)

    def origin(self, rows: Rows) -> NDArray[Any]:
        """Return codes of the push services, in `origins`."""
        return self._column("origin", rows, self._origin_codes)

    def rows_by_origin(self, rows: Rows) -> dict[str, int]:
        """Return how many of *rows* each push service has."""
        counts = np.bincount(self.origin(rows), minlength=len(self.origins)).tolist()
        return {origin: count for origin, count in zip(self.origins, counts, strict=True) if count}

    def language(self, rows: Rows) -> NDArray[Any]:
        """Return codes of the languages, in `languages`."""
        return self._column("language", rows, self._language_codes)

    def ward(self, rows: Rows) -> NDArray[Any]:
        """Return codes of the wards, in `wards`."""
        return self._column("ward", rows, self._ward_codes)

    def bucket(self, rows: Rows) -> NDArray[Any]:
        """Return the bucket of each row."""
        if not self.delta.count:
            return self.base.bucket[rows]
        return self._picked(self.base.bucket, self.delta.bucket, rows)

    def rows_of(self, numbers: U64) -> NDArray[np.int64]:
        """Return the ordinal of each row number, -1 for those that are not here any more."""
        found = self.base.rows_of(numbers)
        if self.alive is not None:
            found[(found >= 0) & ~self.alive[found]] = -1
        if self.delta.count:
            newer = self.delta.rows_of(numbers)
            found = np.where(newer >= 0, newer + self.base.count, found)
        return found

    def rows_with_ids(self, ids: Iterable[bytes]) -> NDArray[np.int64]:
        """Return the ordinals of the subscriptions *ids* that are here, the dead ones included."""
        wanted = frozenset(ids)
        newer = self.delta.rows_with_ids(wanted) + self.base.count
        return np.concatenate([self.base.rows_with_ids(wanted), newer])

    def at(self, row: int) -> tuple[Registry, int]:
        """Return the registry that holds *row*, and its ordinal there."""
        return (self.base, row) if row < self.base.count else (self.delta, row - self.base.count)

    def id_of(self, row: int) -> bytes:
        """Return the subscription id of *row*."""
        registry, local = self.at(row)
        return registry.id_of(local)

    def ward_of(self, row: int) -> str:
        """Return the ward label of *row*, for counting only (R25)."""
        registry, local = self.at(row)
        return registry.ward_of(local)

    def _column(self, name: str, rows: Rows, codes: NDArray[Any] | None = None) -> NDArray[Any]:
        base = getattr(self.base.columns, name)
        if not self.delta.count:
            return base[rows]  # type: ignore[no-any-return]
        return self._picked(base, getattr(self.delta.columns, name), rows, codes)

    def _picked(
        self, base: NDArray[Any], delta: NDArray[Any], rows: Rows, codes: NDArray[Any] | None = None
    ) -> NDArray[Any]:
        at = np.asarray(rows).astype(np.int64)
        found = np.empty(len(at), dtype=base.dtype)
        in_base = at < len(base)
        found[in_base] = base[at[in_base]]
        # Only what is asked for is given its code: in a rush this is asked for thirty rows of a hundred thousand.
        newer = delta[at[~in_base] - len(base)]
        found[~in_base] = newer if codes is None else codes[newer]
        return found


def _merged(one: tuple[str, ...], other: tuple[str, ...], kind: type[Any]) -> tuple[tuple[str, ...], NDArray[Any]]:
    """Return one table for both, and the codes in it of *other*'s entries."""
    table, where = list(one), {value: code for code, value in reversed(list(enumerate(one)))}
    most = np.iinfo(kind).max
    codes = []
    for value in other:
        # A full table turns newcomers into readers of its first: see `columns`.
        if value not in where and len(table) <= most:
            where[value] = len(table)
            table.append(value)
        codes.append(where.get(value, 0))
    return tuple(table), np.array(codes, dtype=kind)


_NOBODY = Registry.of(columns_of(()))
