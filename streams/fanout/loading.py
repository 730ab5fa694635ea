"""Everybody on the `subscriptions` topic as columns: what a worker reads that starts without a disk.

A person's newest record is her state. Records are opened in the order in which they come, the older ones of a person
too (compaction leaves few), so that neither their bytes nor objects of a million people are in memory at once.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dispatch import signs
from dispatch.columns import U8, Columns, taken
from dispatch.errors import SubscriptionUnreadable
from dispatch.subscription import ID_BYTES, SealKeys, bucket_of
from dispatch.unsealing import joined_all, unseal_many
from streams.brokers.client import Record, batches_to_end
from streams.brokers.rolling import is_roll
from streams.topics import SUBSCRIPTIONS

# Opened together; what waits for it is as many sealed values.
_TOGETHER = 5_000

Unreadable = Callable[[Record, str], None]


@dataclass(frozen=True, slots=True)
class Loaded:
    """Who is on the topic, the bucket of each, and the next offset to read of each partition."""

    columns: Columns
    bucket: U8
    offsets: dict[int, int]
    strays: dict[bytes, int]
    """Signs of life of nobody who is here."""


class _Newest:
    """Takes records in their order, and knows in the end whose was the last."""

    def __init__(self, keys: SealKeys, unreadable: Unreadable) -> None:
        self._keys = keys
        self._unreadable = unreadable
        self._waiting: list[Record] = []
        self._buckets: list[int] = []
        self._numbers: list[int] = []
        self._pieces: list[Columns] = []
        self._piece_numbers: list[NDArray[np.int64]] = []
        self._piece_buckets: list[U8] = []
        self._ended: list[bytes] = []
        self._ended_numbers: list[int] = []
        self._next = 0
        self.signs: dict[bytes, int] = {}

    def take_sign(self, record: Record) -> None:
        if record.value is None:
            self.signs.pop(signs.id_of(record.key), None)
            return
        try:
            self.signs[signs.id_of(record.key)] = signs.opened(self._keys, record.key, record.value)
        except SubscriptionUnreadable as error:
            self._unreadable(record, error.reason)

    def take(self, record: Record, bucket: int) -> None:
        self._next += 1
        if record.value is None:
            self._end(record.key, self._next)
            return
        self._waiting.append(record)
        self._buckets.append(bucket)
        self._numbers.append(self._next)
        if len(self._waiting) >= _TOGETHER:
            self._open()

    def loaded(self) -> tuple[Columns, U8]:
        self._open()
        columns = joined_all(self._pieces)
        numbers = np.concatenate([*self._piece_numbers, np.array(self._ended_numbers, dtype=np.int64)])
        bucket = np.concatenate([*self._piece_buckets, np.zeros(0, dtype=np.uint8)])
        self._pieces.clear()
        ended = np.frombuffer(b"".join(self._ended), dtype=np.uint8).reshape(-1, ID_BYTES)
        keep = _are_last(np.concatenate([columns.id, ended]), numbers)[: columns.count]
        return (columns, bucket) if keep.all() else (taken(columns, keep), bucket[keep])

    def _open(self) -> None:
        if not self._waiting:
            return
        waiting, numbers, buckets = self._waiting, np.array(self._numbers), np.array(self._buckets, dtype=np.uint8)
        self._waiting, self._numbers, self._buckets = [], [], []
        found = unseal_many(self._keys, [one.key for one in waiting], [one.value or b"" for one in waiting])
        self._pieces.append(found.columns)
        self._piece_numbers.append(numbers[found.at])
        self._piece_buckets.append(buckets[found.at])
        for at, reason in found.refused:
            self._end(waiting[at].key, int(numbers[at]))
            self._unreadable(waiting[at], reason)

    def _end(self, identifier: bytes, number: int) -> None:
        # Nobody has another length: such a key never had a value that could be read.
        if len(identifier) == ID_BYTES:
            self._ended.append(identifier)
            self._ended_numbers.append(number)


def load_topic(bootstrap: str, keys: SealKeys, mine: frozenset[int], unreadable: Unreadable) -> Loaded:
    """Read `subscriptions` to its end; whose newest record cannot be read is reported and left out."""
    offsets: dict[int, int] = {}
    newest = _Newest(keys, unreadable)
    for batch in batches_to_end(bootstrap, SUBSCRIPTIONS.name):
        for record in batch:
            offsets[record.partition] = record.offset + 1
            if is_roll(record.key):
                continue
            bucket = bucket_of(record.key[:ID_BYTES])
            if bucket not in mine:
                continue
            if signs.is_sign(record.key):
                newest.take_sign(record)
            else:
                newest.take(record, bucket)
    columns, bucket_column = newest.loaded()
    rows, spans, absent = signs.rows_of(columns, newest.signs)
    signs.note(columns, rows, spans)
    return Loaded(columns, bucket_column, offsets, {one: newest.signs[one] for one in absent})


def _are_last(ids: NDArray[np.uint8], numbers: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell of each record whether none of the same id came after it."""
    halves = np.ascontiguousarray(ids).view(np.uint64)
    order = np.lexsort((numbers, halves[:, 1], halves[:, 0]))
    sorted_halves = halves[order]
    last = np.ones(len(order), dtype=np.bool_)
    last[:-1] = (sorted_halves[1:] != sorted_halves[:-1]).any(axis=1)
    found = np.empty(len(order), dtype=np.bool_)
    found[order] = last
    return found
