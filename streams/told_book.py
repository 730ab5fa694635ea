"""Who was told by which revision: the `told` records of one dispatch worker's buckets, by lineage.

A lineage is looked at as a whole and others never with it, so that a notice costs what its own lineage
costs, however many dangers there are at once.
"""

import time
from collections.abc import Collection, Mapping

import numpy as np
from numpy.typing import NDArray

from dispatch import told as told_records
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
            if int(bucket) not in mine:
                continue
            place = int(revision), int(bucket)
            if record.value is None:
                book._lineages.get(lineage, {}).pop(place, None)
            else:
                book._lineages.setdefault(lineage, {})[place] = told_records.decode(record.value)
        return book

    def at(self, lineage: str, revision: int, bucket: int) -> Told | None:
        """Return the order that was frozen for *revision*, if it was."""
        return self._lineages.get(lineage, {}).get((revision, bucket))

    def before(self, lineage: str, revision: int, bucket: int) -> Told | None:
        """Return the newest record of an earlier revision; it names everybody whom any of them told."""
        earlier = [at for at in self._lineages.get(lineage, {}) if at[0] < revision and at[1] == bucket]
        return self._lineages[lineage][max(earlier)] if earlier else None

    def everyone_before(self, lineage: str, revision: int, buckets: Collection[int]) -> NDArray[np.uint64]:
        """Return the row numbers that earlier revisions told, in any order."""
        everyone = [
            told.everyone()
            for (known, bucket), told in self._lineages.get(lineage, {}).items()
            if known < revision and bucket in buckets
        ]
        return np.concatenate(everyone) if everyone else np.empty(0, dtype=np.uint64)

    def numbers_after(self, lineage: str, revision: int) -> set[int]:
        """Return the row numbers to which a newer revision speaks already."""
        newer = [told for (known, _), told in self._lineages.get(lineage, {}).items() if known > revision]
        return {number for told in newer for number in told.rows.tolist()}

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
            newest[bucket] = max(revision, newest.get(bucket, 0))
        for revision, bucket in [place for place in places if place[0] < newest[place[1]]]:
            del places[revision, bucket]
            producer.send(TOLD.name, _key(lineage, revision, bucket), None)


def _key(lineage: str, revision: int, bucket: int) -> bytes:
    return f"{lineage}|{revision}|{bucket}".encode()
