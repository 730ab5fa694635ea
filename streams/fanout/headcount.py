"""Once a day, how many people each ward has and how many of them can be reached: counts and nothing else (R19, R25).

A compacted topic of subscriptions does not say who was there last week; an account of a month does. Each worker counts
its own buckets and writes one record a day, anew every hour so that the day's is of its end.
"""

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from dispatch.columns import Flag, lengths_of
from dispatch.layers import People
from dispatch.life import Age, ages
from dispatch.registry import Registry
from dispatch.subscription import BUCKETS
from streams.brokers.client import Producer
from streams.payloads import HeadCountRecord, WardCount
from streams.topics import HEADCOUNTS
from streams.wire import encode

# Days end at midnight in Tokyo, where the account is settled.
ZONE = ZoneInfo("Asia/Tokyo")
EVERY_SECONDS = 3600.0
# Row and place in the columns, besides the address: what is stored of somebody.
_ROW_BYTES, _PLACE_BYTES = 130, 14


def day_of(at: float) -> str:
    """Return the day of the account that *at* (seconds since 1970) lies in."""
    return datetime.fromtimestamp(at, UTC).astimezone(ZONE).strftime("%Y-%m-%d")


def counted(people: People, buckets: Collection[int], at: float) -> dict[str, WardCount]:
    """Return the residents of each ward in *buckets*; drill, canary and staff rows are nobody's residents."""
    totals: Counter[tuple[str, int]] = Counter()
    stored: Counter[str] = Counter()
    alive = np.ones(people.base.count, dtype=np.bool_) if people.alive is None else people.alive
    for registry, living in ((people.base, alive), (people.delta, np.ones(people.delta.count, dtype=np.bool_))):
        if registry.count:
            _count(registry, living, buckets, at, totals, stored)
    return {
        ward: WardCount(totals[ward, Age.RECENT], totals[ward, Age.HALF_YEAR], totals[ward, Age.OLDER], stored[ward])
        for ward in sorted(stored)
    }


def _count(
    registry: Registry,
    living: NDArray[np.bool_],
    buckets: Collection[int],
    at: float,
    totals: Counter[tuple[str, int]],
    stored: Counter[str],
) -> None:
    columns = registry.columns
    mine = np.isin(np.arange(BUCKETS), list(buckets))[registry.bucket]
    counts = living & mine & ((columns.flags & np.uint8(Flag.DRILL | Flag.CANARY | Flag.STAFF | Flag.INACTIVE)) == 0)
    rows = np.flatnonzero(counts)
    wards, age = columns.ward[rows].astype(np.int64), ages(columns.seen[rows], at)
    by = np.bincount(wards * len(Age) + age, minlength=len(columns.wards) * len(Age))
    size = _ROW_BYTES + lengths_of(columns.path_offset)[rows] + _PLACE_BYTES * lengths_of(columns.place_offset)[rows]
    held = np.bincount(wards, weights=size, minlength=len(columns.wards))
    for code, ward in enumerate(columns.wards):
        if held[code]:
            stored[ward] += int(held[code])
            for one in Age:
                totals[ward, one] += int(by[code * len(Age) + one])


class HeadCounts:
    """Writes the count of a worker's people once an hour under the key of the day."""

    def __init__(
        self,
        producer: Producer,
        worker: int,
        workers: int,
        buckets: Collection[int],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._producer = producer
        self._worker = worker
        self._workers = workers
        self._buckets = buckets
        self._clock = clock
        self._next_at = 0.0

    def go_on(self, people: People) -> dict[Age, int]:
        """Count when it is due and return the sums, nothing otherwise.

        A million people take some hundredths of a second: call it when idle.
        """
        now = self._clock()
        if now < self._next_at:
            return {}
        self._next_at = now + EVERY_SECONDS
        day = day_of(now)
        wards = counted(people, self._buckets, now)
        record = HeadCountRecord(day, self._worker, self._workers, datetime.fromtimestamp(now, UTC), wards)
        self._producer.send(HEADCOUNTS.name, f"{day}|{self._worker}|{self._workers}".encode(), encode(record))
        return {
            Age.RECENT: sum(one.recent for one in wards.values()),
            Age.HALF_YEAR: sum(one.half_year for one in wards.values()),
            Age.OLDER: sum(one.older for one in wards.values()),
        }


def of_day(records: Iterable[HeadCountRecord], day: str) -> dict[str, WardCount]:
    """Return the counts of *day* over all workers; where their number changed within it, by its newest number."""
    today = [one for one in records if one.day == day]
    if not today:
        return {}
    workers = max(today, key=lambda one: one.at).workers
    newest = {one.worker: one for one in sorted(today, key=lambda one: one.at) if one.workers == workers}
    found: dict[str, WardCount] = {}
    for record in newest.values():
        for ward, count in record.wards.items():
            found[ward] = found[ward].plus(count) if ward in found else count
    return found
