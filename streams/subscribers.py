"""The subscribers of one dispatch worker: from a packed snapshot, or from the `subscriptions` topic."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dispatch.columns import columns_of
from dispatch.errors import DispatchError
from dispatch.layers import People
from dispatch.registry import Registry, build, load
from dispatch.subscription import SealKeys, Subscription, bucket_of
from streams.client import Consumer, read_to_end
from streams.topics import SUBSCRIPTIONS

log = logging.getLogger(__name__)

# So many changes beside the large registry make selection and start slower than building it anew would cost.
REBUILD_FROM = 20_000


@dataclass(frozen=True, slots=True)
class Joined:
    """Who signed up, moved or renewed since the last look: row numbers. `left` are ids of those who are gone.

    `renewed` are those whose device has heard nothing yet, whatever her earlier one was told.
    """

    all: frozenset[int]
    renewed: frozenset[int]
    left: frozenset[bytes] = frozenset()


class Subscribers:
    """The people of a worker's buckets, who follow their topic."""

    def __init__(self, registry: Registry, consumer: Consumer | None, keys: SealKeys | None, mine: frozenset[int]):
        self.people = People(registry)
        self._consumer = consumer
        self._keys = keys
        self._mine = mine
        self._removed: set[bytes] = set()
        self._changed: dict[bytes, Subscription] = {}

    @property
    def registry(self) -> Registry:
        """Return the large registry alone."""
        return self.people.base

    def forget(self, identifier: bytes) -> None:
        """Leave a subscription out from the next notice on."""
        self._removed.add(identifier)

    def follow(self) -> None:
        """Take in what has come on the topic; the people change with `refresh`."""
        if self._consumer is None or self._keys is None:
            return
        for record in self._consumer.poll_many(1000, 0.0):
            if bucket_of(record.key) not in self._mine:
                continue
            self._changed.pop(record.key, None)
            if record.value is None:
                self._removed.add(record.key)
                continue
            subscription = _unsealed(self._keys, record.key, record.value)
            if subscription is not None:
                self._removed.discard(record.key)
                self._changed[record.key] = subscription

    @property
    def changes(self) -> int:
        """Return how many sign-ups, changes and farewells `refresh` would bring in."""
        return len(self._changed) + len(self._removed)

    def refresh(self) -> Joined:
        """Bring all changes so far into `people`; return who joined by them."""
        if not self._removed and not self._changed:
            return _NOBODY
        joined = replace(self._joined(), left=frozenset(self._removed))
        self.people = self.people.changed_by(self._changed.values(), self._removed)
        self._removed, self._changed = set(), {}
        return joined

    def _joined(self) -> Joined:
        changed = tuple(self._changed.values())
        if not changed:
            return _NOBODY
        numbers = np.array([one.row for one in changed], dtype=np.uint64)
        renewed = set()
        for one, row in zip(changed, self.people.rows_of(numbers).tolist(), strict=True):
            if row >= 0:
                registry, local = self.people.at(row)
                if (registry.endpoint(local), registry.p256dh(local)) != (one.endpoint, one.p256dh):
                    renewed.add(one.row)
        return Joined(frozenset(one.row for one in changed), frozenset(renewed))

    def rebuild(self) -> NDArray[np.int64] | None:
        """Build one registry of all when there are many changes; call it when nothing is going out.

        Returns the old ordinal of each row, or None when nothing was done.
        """
        people = self.people
        dead = 0 if people.alive is None else people.base.count - int(people.alive.sum())
        if people.delta.count + dead < REBUILD_FROM:
            return None
        self.people, old = people.rebuilt()
        return old

    def close(self) -> None:
        """Stop following."""
        if self._consumer is not None:
            self._consumer.close()


_NOBODY = Joined(frozenset(), frozenset())


def from_snapshot(folder: Path, mine: frozenset[int]) -> Subscribers:
    """Return the subscribers of a packed snapshot, which then is the truth: nothing is followed."""
    return Subscribers(load(folder), None, None, mine)


def from_topic(bootstrap: str, keys: SealKeys, folder: Path, mine: frozenset[int]) -> Subscribers:
    """Return the subscribers of the buckets in *mine*, read from the topic and followed from there on.

    The snapshot in *folder* is a cache for the memory map, written anew at each start: an older one could
    bring back somebody who has unsubscribed.
    """
    offsets: dict[int, int] = {}

    def unsealed() -> Iterator[Subscription]:
        newest: dict[bytes, bytes | None] = {}
        for record in read_to_end(bootstrap, SUBSCRIPTIONS.name):
            offsets[record.partition] = record.offset + 1
            if bucket_of(record.key) in mine:
                newest[record.key] = record.value
        for key, value in newest.items():
            if value is not None and (subscription := _unsealed(keys, key, value)) is not None:
                yield subscription

    build(columns_of(unsealed()), folder, version="topic", topic_offsets=offsets)
    consumer = Consumer(bootstrap)
    starts = {
        place: offsets.get(place[1], marks.low) for place, marks in consumer.watermarks(SUBSCRIPTIONS.name).items()
    }
    consumer.assign(starts)
    return Subscribers(load(folder), consumer, keys, mine)


def _unsealed(keys: SealKeys, identifier: bytes, value: bytes) -> Subscription | None:
    try:
        return keys.unseal(identifier, value)
    except DispatchError as error:
        # One unreadable subscription must not keep the others from being told; its bytes stay on the topic.
        log.error("subscription unreadable", extra={"reason": getattr(error, "reason", type(error).__name__)})
        return None
