"""The subscribers of one dispatch worker: from a packed snapshot, or from the `subscriptions` topic."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dispatch import signs
from dispatch.erasure import is_nobodys, wipe
from dispatch.errors import DispatchError
from dispatch.layers import People
from dispatch.registry import Registry, build, load
from dispatch.subscription import BUCKETS, ID_BYTES, SealKeys, Subscription, bucket_of
from streams.brokers.client import BrokerNotReady, Consumer, Partition, Record, Watermarks
from streams.brokers.rolling import is_roll
from streams.fanout.aside import Aside
from streams.fanout.loading import load_topic
from streams.topics import SUBSCRIPTIONS

# So many changes beside the large registry make selection and start slower than building it anew would cost: of a
# large one that takes seconds, in which nothing begins, so it waits for a tenth.
REBUILD_FROM = 20_000
_REBUILD_SHARE = 10
# Half of the topic's `delete.retention.ms`: so long every tombstone is still there to be read.
SNAPSHOT_SECONDS = int(SUBSCRIPTIONS.extra["delete.retention.ms"]) / 1000 / 2
# What somebody had before she moved stays in the snapshot no longer than this, once nothing is going out.
OUTDATED_SECONDS = 60.0
_CAUGHT_UP_SECONDS = 120.0


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

    def __init__(
        self,
        registry: Registry,
        consumer: Consumer | None,
        keys: SealKeys | None,
        mine: frozenset[int],
        folder: Path | None = None,
        aside: Aside | None = None,
    ) -> None:
        """*folder* is the snapshot that *registry* was loaded from, where it is ours to wipe.

        What cannot be read goes to *aside*.
        """
        wiped = is_nobodys(registry)
        self.people = People(registry, ~wiped if wiped.any() else None)
        self._stored = registry if folder is not None else None
        self._folder = folder
        self._consumer = consumer
        self._keys = keys
        self._aside = aside
        self._mine = mine
        self._removed: set[bytes] = set()
        self._changed: dict[bytes, Subscription] = {}
        self._outdated: set[int] = set()
        self._outdated_at = 0.0
        self._signs: dict[bytes, int] = {}
        self._noted_at = 0.0

    @property
    def registry(self) -> Registry:
        """Return the large registry alone."""
        return self.people.base

    @property
    def follows(self) -> bool:
        """Say whether the topic is the truth, and not a packed snapshot."""
        return self._consumer is not None

    def forget(self, identifier: bytes) -> None:
        """Leave a subscription out from the next notice on."""
        self._removed.add(identifier)

    def follow(self, within_seconds: float = 0.0) -> None:
        """Take in what has come on the topic; the people change with `refresh`."""
        if self._consumer is None or self._keys is None:
            return
        for record in self._consumer.poll_many(1000, within_seconds):
            if is_roll(record.key) or bucket_of(record.key[:ID_BYTES]) not in self._mine:
                continue
            if signs.is_sign(record.key):
                self._take_sign(record)
                continue
            self._changed.pop(record.key, None)
            if record.value is None:
                self._removed.add(record.key)
                continue
            try:
                self._changed[record.key] = self._keys.unseal(record.key, record.value)
            except DispatchError as error:
                self._unreadable(record, getattr(error, "reason", type(error).__name__))
                continue
            self._removed.discard(record.key)
        if self._aside is not None:
            self._aside.say()

    def _take_sign(self, record: Record) -> None:
        assert self._keys is not None
        if record.value is None:
            self._signs.pop(signs.id_of(record.key), None)
            return
        try:
            self._signs[signs.id_of(record.key)] = signs.opened(self._keys, record.key, record.value)
        except DispatchError as error:
            self._unreadable(record, getattr(error, "reason", type(error).__name__))

    def note_signs(self, now: float | None = None) -> frozenset[bytes]:
        """Keep in a minute, or at once without *now*, who was there; return ids of whom a sign is and nothing else.

        Call it when nothing is going out: it looks through all rows.
        """
        if not self._signs or (now is not None and now - self._noted_at < OUTDATED_SECONDS):
            return frozenset()
        self._noted_at = self._noted_at if now is None else now
        absent = frozenset(self._signs)
        for registry in (self.people.base, self.people.delta):
            rows, spans, others = signs.rows_of(registry.columns, self._signs)
            signs.note(registry.columns, rows, spans, self._folder if registry is self._stored else None)
            absent &= others
        self._signs = {}
        return absent

    def _unreadable(self, record: Record, reason: str) -> None:
        # One of them must not keep the others from being told; its bytes stay on the topic.
        if self._aside is not None:
            self._aside.put(record, reason)

    def catch_up(self) -> None:
        """Follow the topic to what is its end now; raises `BrokerNotReady` when it does not come."""
        if self._consumer is None:
            return
        ends = {place: mark.high for place, mark in self._consumer.watermarks(SUBSCRIPTIONS.name).items()}
        until = time.monotonic() + _CAUGHT_UP_SECONDS
        while any(self._consumer.positions().get(place, 0) < end for place, end in ends.items()):
            if self._consumer.has_reached_the_end():
                break  # what compaction removed at the end is waited for in vain
            if time.monotonic() > until:
                raise BrokerNotReady(f"{SUBSCRIPTIONS.name} could not be followed to its end")
            self.follow(0.1)
        self.erase(self.refresh().left)
        self.erase_outdated()

    def erase(self, left: frozenset[bytes]) -> None:
        """Wipe who has left from the snapshot on disk; call it when no push to them can begin any more."""
        if left and self._folder is not None and self._stored is not None:
            wipe(self._folder, self._stored, self._stored.rows_with_ids(left))

    def erase_outdated(self, now: float | None = None) -> None:
        """Wipe from the snapshot what people had before they moved or renewed, in a minute; at once without *now*.

        Call it when nothing is going out: a push that is under way reads the old row. What they have now is on the
        topic behind the snapshot's offsets, and is read from there by the next start.
        """
        if self._outdated and (now is None or now - self._outdated_at >= OUTDATED_SECONDS):
            if self._folder is not None and self._stored is not None:
                wipe(self._folder, self._stored, np.array(sorted(self._outdated), dtype=np.int64))
            self._outdated.clear()
        if not self._outdated and now is not None:
            self._outdated_at = now

    @property
    def changes(self) -> int:
        """Return how many sign-ups, changes and farewells `refresh` would bring in."""
        return len(self._changed) + len(self._removed)

    def refresh(self) -> Joined:
        """Bring all changes so far into `people`; return who joined by them."""
        if not self._removed and not self._changed:
            return _NOBODY
        found = replace(self._joined(), left=frozenset(self._removed))
        if self._stored is not None:
            self._outdated.update(self._stored.rows_with_ids(set(self._changed)).tolist())
        self.people = self.people.changed_by(self._changed.values(), self._removed)
        self._removed, self._changed = set(), {}
        return found

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
        if people.delta.count + dead < max(REBUILD_FROM, people.base.count // _REBUILD_SHARE):
            return None
        self.people, old = people.rebuilt()
        return old

    def close(self) -> None:
        """Stop following."""
        if self._consumer is not None:
            self._consumer.close()
        if self._aside is not None:
            self._aside.close()


_NOBODY = Joined(frozenset(), frozenset())


def from_snapshot(folder: Path, mine: frozenset[int]) -> Subscribers:
    """Return the subscribers of a packed snapshot, which then is the truth: nothing is followed."""
    return Subscribers(load(folder), None, None, mine)


def from_topic(
    bootstrap: str, keys: SealKeys, folder: Path, mine: frozenset[int], clock: Callable[[], float] = time.time
) -> Subscribers:
    """Return the subscribers of the buckets in *mine* as the topic has them, followed from there on.

    The snapshot in *folder* is a cache that names its offsets: gone on with while every tombstone since is still on the
    topic, else written anew. An older one could bring back somebody who has unsubscribed.
    """
    consumer, aside = Consumer(bootstrap, patient=True), Aside(bootstrap)
    marks = consumer.watermarks(SUBSCRIPTIONS.name)
    source, at = consumer.cluster(), clock()
    registry, strays = _kept(folder, mine, source, marks, at), dict[bytes, int]()
    if registry is None:
        offsets = {partition: mark.low for (_, partition), mark in marks.items()}
        loaded = load_topic(bootstrap, keys, mine, aside.put)
        aside.say()
        offsets |= loaded.offsets
        build(
            loaded.columns,
            folder,
            version="topic",
            topic_offsets=offsets,
            made_at=int(at),
            source=source,
            share=_share(mine),
            bucket=loaded.bucket,
        )
        strays = loaded.strays
        del loaded
        registry = load(folder)
    consumer.assign({place: registry.manifest.topic_offsets.get(place[1], mark.low) for place, mark in marks.items()})
    subscribers = Subscribers(registry, consumer, keys, mine, folder, aside)
    # They wait for the next look, which finds again that they are nobody's.
    subscribers._signs = strays
    subscribers.catch_up()
    return subscribers


def _share(mine: frozenset[int]) -> str:
    return np.packbits(np.isin(np.arange(BUCKETS), list(mine))).tobytes().hex()


def _kept(
    folder: Path, mine: frozenset[int], source: str, marks: Mapping[Partition, Watermarks], at: float
) -> Registry | None:
    """Return the snapshot in *folder* if it can be gone on with: of these buckets, of this cluster, young enough."""
    try:
        registry = load(folder)
    except DispatchError:
        return None
    manifest = registry.manifest
    if (manifest.source, manifest.share) != (source, _share(mine)) or not source:
        return None
    if not 0 <= at - manifest.made_at < SNAPSHOT_SECONDS:
        return None
    known = manifest.topic_offsets
    # A topic that was made anew begins at zero again: its offsets are not those.
    if any(not mark.low <= known.get(partition, -1) <= mark.high for (_, partition), mark in marks.items()):
        return None
    return registry
