"""Who was told by which revision: the `told` records of one dispatch worker's buckets, by lineage.

A lineage is looked at as a whole and others never with it, so that a notice costs what its own lineage
costs, however many dangers there are at once.

Rows are frozen range by range, and of each range bucket by bucket; those who join late are in tails, which have
ranges of their own. A record's number says all three: see `number_of`.
"""

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field

import numpy as np

from dispatch import told as told_records
from dispatch.columns import U16, U64
from dispatch.selection import Before
from dispatch.subscription import BUCKETS
from dispatch.told import Told, unit_of
from streams.brokers.client import Producer, Stored, read_to_end
from streams.topics import TOLD

STORED_WITHIN_SECONDS = 30.0
# Far above what the largest notice has; an owner's ranges are numbered from its epoch times this.
RANGES_AN_EPOCH = 4096
# Room for the ranges of 2^28 epochs; numbers are written out, so tails may be as many as there will be.
RANGES = 2**40
# Revisions of which it is kept whom they told: of those that hold, newcomers make us ask again and again.
_SPOKEN = 16


def number_of(bucket: int, place: int, tail: int = 0) -> int:
    """Return the number of the record of *bucket* in range number *place* of *tail*; tail 0 is the revision itself."""
    return bucket + BUCKETS * (place + RANGES * tail)


def bucket_of(number: int) -> int:
    """Return the bucket of a record."""
    return number % BUCKETS


def tail_of(number: int) -> int:
    """Return the tail of a record, 0 for the revision itself."""
    return number // (BUCKETS * RANGES)


@dataclass(slots=True)
class Storing:
    """Records on their way to the broker."""

    told: Mapping[int, Told]
    _keep: Callable[[], None]
    _answers: list["Future[Stored]"]

    @property
    def done(self) -> bool:
        """Say whether the broker has all of them, or has refused one."""
        return all(answer.done() for answer in self._answers)

    def wait(self) -> None:
        """Return when the broker has all of them; one that it has not ends the process."""
        until = time.monotonic() + STORED_WITHIN_SECONDS
        for answer in self._answers:
            answer.result(max(0.0, until - time.monotonic()))
        self._keep()


@dataclass(frozen=True, slots=True)
class _Spoken:
    """Whom a revision told, each once and sorted, and with which part; kept, since a rush of sign-ups asks and asks."""

    units: U64 = field(default_factory=lambda: np.zeros(0, dtype=np.uint64))
    parts: U16 = field(default_factory=lambda: np.zeros(0, dtype=np.uint16))
    highest: int = -1

    def with_more(self, fresh: Mapping[int, Told]) -> "_Spoken":
        """Return the same with *fresh* records, whose numbers are all higher: of a unit the later part counts."""
        if not fresh:
            return self
        newest = [fresh[number] for number in sorted(fresh, reverse=True)]
        units, at = np.unique(np.concatenate([told.units() for told in newest]), return_index=True)
        parts = np.concatenate([told.parts for told in newest])[at]
        if not len(self.units):
            return _Spoken(units, parts, max(fresh))
        where = np.searchsorted(self.units, units)
        known = self.units[np.minimum(where, len(self.units) - 1)] == units
        merged = self.parts.copy()
        merged[where[known]] = parts[known]
        return _Spoken(
            np.insert(self.units, where[~known], units[~known]),
            np.insert(merged, where[~known], parts[~known]),
            max(fresh),
        )


class ToldBook:
    """The frozen orders by lineage, revision and bucket; the topic is the truth, this its copy."""

    def __init__(self) -> None:
        self._lineages: dict[str, dict[int, dict[int, Told]]] = {}  # lineage -> revision -> number of the record
        self._spoken: dict[tuple[str, int], _Spoken] = {}

    @classmethod
    def recall(cls, bootstrap: str, mine: Collection[int]) -> "ToldBook":
        """Return the book of the buckets in *mine* as the topic has it."""
        book = cls()
        for record in read_to_end(bootstrap, TOLD.name):
            lineage, revision, number = _parsed(record.key)
            if bucket_of(number) not in mine:
                continue
            if record.value is None:
                book._remove(lineage, revision, number)
            else:
                book._of(lineage, revision)[number] = told_records.decode(record.value)
        return book

    def of_revision(self, lineage: str, revision: int) -> dict[int, Told]:
        """Return the orders that were frozen for *revision*, by number, without tails."""
        return {number: told for number, told in self._known(lineage, revision).items() if not tail_of(number)}

    def tails(self, lineage: str, revision: int) -> dict[int, dict[int, Told]]:
        """Return the tails of *revision*: number of the tail -> number of the record -> rows."""
        found: dict[int, dict[int, Told]] = {}
        for number, told in self._known(lineage, revision).items():
            if tail_of(number):
                found.setdefault(tail_of(number), {})[number] = told
        return found

    def last_tail(self, lineage: str, revision: int) -> int:
        """Return the number of the newest tail of *revision*, 0 where it has none."""
        # Tails have the highest numbers, the later the higher.
        return tail_of(max(self._known(lineage, revision), default=0))

    def before(self, lineage: str, revision: int) -> dict[int, Before]:
        """Return by bucket everybody whom an earlier revision told."""
        found: dict[int, list[Told]] = {}
        for records in self._revisions(lineage, lambda known: known < revision):
            for number, told in records.items():
                found.setdefault(bucket_of(number), []).append(told)
        return {bucket: _everyone(told) for bucket, told in found.items()}

    def everyone_before(self, lineage: str, revision: int, buckets: Collection[int]) -> Before:
        """Return everybody whom earlier revisions told, in any order."""
        return _everyone(
            told
            for records in self._revisions(lineage, lambda known: known < revision)
            for number, told in records.items()
            if bucket_of(number) in buckets
        )

    def units_after(self, lineage: str, revision: int) -> U64:
        """Return the units to which a newer revision speaks already, sorted."""
        after = self._revisions(lineage, lambda known: known > revision)
        newer = [told.units() for records in after for told in records.values()]
        return np.sort(np.concatenate(newer)) if newer else np.zeros(0, dtype=np.uint64)

    def units_ever(self, lineage: str) -> U64:
        """Return the units that any revision told, each once and sorted."""
        every = self._revisions(lineage, lambda _: True)
        return np.unique(_units(told for records in every for told in records.values()))

    def parts_of(self, lineage: str, revision: int) -> tuple[U64, U16]:
        """Return the units that *revision* was frozen for, tails included, each once and sorted, and their parts.

        Of somebody who moved and joined a tail it is the later part.
        """
        if (lineage, revision) not in self._spoken:
            self._spoken[lineage, revision] = _Spoken().with_more(self._known(lineage, revision))
            if len(self._spoken) > _SPOKEN:
                del self._spoken[next(iter(self._spoken))]
        spoken = self._spoken[lineage, revision]
        return spoken.units, spoken.parts

    def store(self, producer: Producer, lineage: str, revision: int, fresh: Mapping[int, Told]) -> Storing:
        """Hand over the frozen order of a range; only when its `wait` has returned may a POST of it go out."""
        answers = [
            producer.send(TOLD.name, _key(lineage, revision, number), told_records.encode(told))
            for number, told in fresh.items()
        ]

        def keep() -> None:
            self._of(lineage, revision).update(fresh)
            spoken = self._spoken.pop((lineage, revision), None)
            # Read anew where a range of the revision itself is stored after a tail of it.
            if spoken is not None and spoken.highest < min(fresh, default=0):
                self._spoken[lineage, revision] = spoken.with_more(fresh)

        return Storing(fresh, keep, answers)

    def thin(self, producer: Producer, lineage: str) -> None:
        """Remove what a bucket's newest revision says too; call it when no revision is going out.

        A tail of an older revision may have come after the newer one was frozen: it stays.
        """
        revisions = sorted(self._lineages.get(lineage, {}))
        if len(revisions) < 2:
            return  # it is asked after every tail of a rush
        by_bucket: dict[int, list[tuple[int, int]]] = {}
        for revision in revisions:
            for number in self._known(lineage, revision):
                by_bucket.setdefault(bucket_of(number), []).append((revision, number))
        for own in by_bucket.values():
            newest = max((revision for revision, number in own if not tail_of(number)), default=0)
            older = [place for place in own if place[0] < newest]
            if not older:
                continue
            known = _units(self._known(lineage, newest)[number] for revision, number in own if revision == newest)
            for revision, number in older:
                if np.isin(_units([self._known(lineage, revision)[number]]), known).all():
                    self._remove(lineage, revision, number)
                    self._spoken.pop((lineage, revision), None)
                    producer.send(TOLD.name, _key(lineage, revision, number), None)

    def _known(self, lineage: str, revision: int) -> Mapping[int, Told]:
        return self._lineages.get(lineage, {}).get(revision, {})

    def _of(self, lineage: str, revision: int) -> dict[int, Told]:
        return self._lineages.setdefault(lineage, {}).setdefault(revision, {})

    def _revisions(self, lineage: str, wanted: Callable[[int], bool]) -> list[dict[int, Told]]:
        return [records for revision, records in self._lineages.get(lineage, {}).items() if wanted(revision)]

    def _remove(self, lineage: str, revision: int, number: int) -> None:
        revisions = self._lineages.get(lineage, {})
        revisions.get(revision, {}).pop(number, None)
        if not revisions.get(revision):
            revisions.pop(revision, None)


def _everyone(records: Iterable[Told]) -> Before:
    found = [told.everyone() for told in records]
    if not found:
        return Before.nobody()
    return Before(np.concatenate([rows for rows, _ in found]), np.concatenate([places for _, places in found]))


def _units(records: Iterable[Told]) -> U64:
    """Return the units of everybody in *records*, whichever revision told them."""
    found = _everyone(records)
    return unit_of(found.rows, found.places)


def _parsed(key: bytes) -> tuple[str, int, int]:
    lineage, revision, number = key.decode().rsplit("|", 2)
    return lineage, int(revision), int(number)


def _key(lineage: str, revision: int, number: int) -> bytes:
    return f"{lineage}|{revision}|{number}".encode()
