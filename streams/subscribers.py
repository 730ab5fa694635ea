"""The subscribers of one dispatch worker: from a packed snapshot, or from the `subscriptions` topic."""

import logging
from collections.abc import Iterator
from pathlib import Path

from dispatch.columns import columns_of
from dispatch.errors import DispatchError
from dispatch.registry import Registry, build, load
from dispatch.subscription import SealKeys, Subscription, bucket_of
from streams.client import Consumer, read_to_end
from streams.topics import SUBSCRIPTIONS

log = logging.getLogger(__name__)


class Subscribers:
    """A registry that follows its topic."""

    def __init__(self, registry: Registry, consumer: Consumer | None, keys: SealKeys | None, mine: frozenset[int]):
        self.registry = registry
        self._consumer = consumer
        self._keys = keys
        self._mine = mine
        self._removed: set[bytes] = set()
        self._changed: dict[bytes, Subscription] = {}

    def forget(self, identifier: bytes) -> None:
        """Leave a subscription out from the next notice on."""
        self._removed.add(identifier)

    def follow(self) -> None:
        """Take in what has come on the topic; the registry changes with `refresh`."""
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

    def refresh(self) -> Registry:
        """Return the registry with all changes so far."""
        if self._removed or self._changed:
            self.registry = self.registry.with_changes(self._changed.values(), self._removed)
            self._removed, self._changed = set(), {}
        return self.registry

    def close(self) -> None:
        """Stop following."""
        if self._consumer is not None:
            self._consumer.close()


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
