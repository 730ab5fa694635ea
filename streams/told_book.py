"""Who was told by which revision: the `told` records of one dispatch worker's buckets, by lineage.

A lineage is looked at as a whole and others never with it, so that a notice costs what its own lineage
costs, however many dangers there are at once.

A bucket's rows are in one record; those who join late are in further ones, tails, whose number is the
bucket's plus 256 for each.
"""

import time
from collections.abc import Collection, Iterable, Mapping

import numpy as np

from dispatch import told as told_records
from dispatch.columns import U16, U64
from dispatch.selection import Before
from dispatch.subscription import BUCKETS
from dispatch.told import Told
from streams.client import Producer, read_to_end
from streams.topics import TOLD

STORED_WITHIN_SECONDS = 30.0


class ToldBook:
    """The frozen orders by lineage, revision and bucket; the topic is the truth, this its copy."""

    def __init__(self) -> None:
        self._lineages: dict[str, dict[tuple[int, int], Told]] = {}

    @classmethod
    def recall(cls, bootstrap: str, mine: Collection[int]) -> "ToldBook":
        """Return the book of the buckets in *mine* as the topic has it."""
        book = cls()
        for record in read_to_end(bootstrap, TOLD.name):
            lineage, revision, bucket = record.key.decode().rsplit("|", 2)
            if int(bucket) % BUCKETS not in mine:
                continue
            place = int(revision), int(bucket)
            if record.value is None:
                book._lineages.get(lineage, {}).pop(place, None)
            else:
                book._lineages.setdefault(lineage, {})[place] = told_records.decode(record.value)
        return book

    def of_revision(self, lineage: str, revision: int) -> dict[int, Told]:
        """Return the orders that were frozen for *revision*, by bucket, without tails."""
        return {
            bucket: told
            for (known, bucket), told in self._lineages.get(lineage, {}).items()
            if known == revision and bucket < BUCKETS
        }

    def tails(self, lineage: str, revision: int) -> dict[int, dict[int, Told]]:
        """Return the tails of *revision*: number of the tail -> bucket with its number -> rows."""
        found: dict[int, dict[int, Told]] = {}
        for (known, bucket), told in self._lineages.get(lineage, {}).items():
            if known == revision and bucket >= BUCKETS:
                found.setdefault(bucket // BUCKETS, {})[bucket] = told
        return found

    def before(self, lineage: str, revision: int, bucket: int) -> Before:
        """Return everybody in *bucket* whom an earlier revision told."""
        return _everyone(
            told
            for (known, number), told in self._lineages.get(lineage, {}).items()
            if known < revision and number % BUCKETS == bucket
        )

    def everyone_before(self, lineage: str, revision: int, buckets: Collection[int]) -> Before:
        """Return everybody whom earlier revisions told, in any order."""
        return _everyone(
            told
            for (known, bucket), told in self._lineages.get(lineage, {}).items()
            if known < revision and bucket % BUCKETS in buckets
        )

    def units_after(self, lineage: str, revision: int) -> U64:
        """Return the units to which a newer revision speaks already."""
        newer = [told.units() for (known, _), told in self._lineages.get(lineage, {}).items() if known > revision]
        return np.concatenate(newer) if newer else np.zeros(0, dtype=np.uint64)

    def parts_of(self, lineage: str, revision: int) -> tuple[U64, U16]:
        """Return the units that *revision* was frozen for, tails included, each once and sorted, and their parts.

        Of somebody who moved and joined a tail it is the later part.
        """
        records = self._lineages.get(lineage, {})
        own = [records[place] for place in sorted(records, reverse=True) if place[0] == revision]
        if not own:
            return np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.uint16)
        units, at = np.unique(np.concatenate([told.units() for told in own]), return_index=True)
        return units, np.concatenate([told.parts for told in own])[at]

    def store(self, producer: Producer, lineage: str, revision: int, fresh: Mapping[int, Told]) -> None:
        """Store the frozen order by bucket; returns when the broker has it, and only then may a POST go out."""
        records = [(_key(lineage, revision, bucket), told_records.encode(told)) for bucket, told in fresh.items()]
        producer.send_all(TOLD.name, records, time.monotonic() + STORED_WITHIN_SECONDS)
        self._lineages.setdefault(lineage, {}).update({(revision, bucket): told for bucket, told in fresh.items()})

    def thin(self, producer: Producer, lineage: str) -> None:
        """Remove what the newest record of each bucket says too; call it when no revision is going out."""
        places = self._lineages.get(lineage, {})
        newest: dict[int, int] = {}
        for revision, bucket in places:
            if bucket < BUCKETS:
                newest[bucket] = max(revision, newest.get(bucket, 0))
        for revision, bucket in [place for place in places if place[0] < newest.get(place[1] % BUCKETS, 0)]:
            del places[revision, bucket]
            producer.send(TOLD.name, _key(lineage, revision, bucket), None)


def _everyone(records: Iterable[Told]) -> Before:
    found = [told.everyone() for told in records]
    if not found:
        return Before.nobody()
    return Before(np.concatenate([rows for rows, _ in found]), np.concatenate([places for _, places in found]))


def _key(lineage: str, revision: int, bucket: int) -> bytes:
    return f"{lineage}|{revision}|{bucket}".encode()
