"""The account of a dispatch worker's fan-outs on the broker: `progress` while they run, `receipts` at their end."""

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import Future

import numpy as np

from alerts.notice import Notice
from dispatch.layers import People
from dispatch.outcomes import PushOutcome
from dispatch.selection import Selection
from dispatch.subscription import BUCKETS
from streams.brokers.client import Producer, Stored, read_to_end
from streams.fanout.checkpoint import (
    Checkpoint,
    Ring,
    decode_checkpoint,
    encode_checkpoint,
    parse_progress_key,
    progress_key,
)
from streams.fanout.fanout import FanOut
from streams.payloads import OwnerRecord, ReceiptRecord
from streams.topics import PROGRESS, RECEIPTS
from streams.wire import decode, encode

# A record each 1,000 ends or 50 ms, whichever is first: what a kill makes us repeat stays small.
SAVE_ENDS = 1000
SAVE_SECONDS = 0.05
STORED_WITHIN_SECONDS = 30.0

Place = tuple[str, int, int]  # lineage, revision, bucket


class Ledger:
    """What is known to be final, and what is not stored yet."""

    def __init__(self, bootstrap: str, producer: Producer, owner: OwnerRecord, mine: frozenset[int]) -> None:
        """Read what the owners before have written about the buckets in *mine*."""
        self._producer = producer
        self._owner = owner
        self._saved: dict[Place, tuple[int, bytes]] = {}
        self._done: set[tuple[str, int, int]] = set()
        self._ends = 0
        self._ends_being_saved = 0
        self._saving: list[Future[Stored]] = []
        self._saved_at = 0.0
        for record in read_to_end(bootstrap, PROGRESS.name):
            lineage, revision, bucket, epoch = parse_progress_key(record.key)
            place = lineage, revision, bucket
            if record.value is None or bucket % BUCKETS not in mine:
                continue
            if epoch >= self._saved.get(place, (0, b""))[0]:
                self._saved[place] = epoch, record.value
        for record in read_to_end(bootstrap, RECEIPTS.name):
            if record.value is not None:
                receipt = decode(ReceiptRecord, record.value)
                if (receipt.worker, receipt.workers) == (owner.worker, owner.workers):
                    self._done.add((receipt.lineage, receipt.revision, receipt.tail))

    @property
    def unsaved(self) -> int:
        """Return how many rows have ended without their end being durable: a kill would repeat them."""
        return self._ends

    def is_done(self, notice: Notice, tail: int = 0) -> bool:
        """Say whether there is a receipt: the fan-out of *notice* has ended here."""
        return (notice.lineage, notice.revision, tail) in self._done

    def resumed(self, notice: Notice, buckets: Iterable[int]) -> dict[int, Checkpoint]:
        """Return what is known to be final of *notice*, by bucket."""
        found = {}
        for bucket in buckets:
            saved = self._saved.get((notice.lineage, notice.revision, bucket))
            if saved is not None:
                found[bucket] = decode_checkpoint(saved[1])
        return found

    def ended(self, count: int) -> None:
        """Note that *count* more rows have ended."""
        self._ends += count

    def save(self, active: Iterable[FanOut]) -> bool:
        """Store what has ended, when it is time to, and return whether it was."""
        if self._saving:
            if not all(future.done() for future in self._saving):
                return False
            self.wait()
        due = self._ends >= SAVE_ENDS or time.monotonic() - self._saved_at >= SAVE_SECONDS
        if not self._ends or not due:
            return False
        self.start_saving(active)
        return True

    def start_saving(self, active: Iterable[FanOut]) -> None:
        """Hand over the records of all that has ended."""
        self.wait()
        for fanout in active:
            self.settle(fanout)
        self._ends_being_saved = self._ends
        self._saved_at = time.monotonic()

    def settle(self, fanout: FanOut) -> None:
        """Hand over the records of one that leaves before its notice has ended: nobody will ask it again."""
        notice = fanout.notice
        for number, checkpoint in fanout.take_dirty():
            key = progress_key(notice.lineage, notice.revision, number, self._owner.epoch)
            self._saving.append(self._producer.send(PROGRESS.name, key, encode_checkpoint(checkpoint)))

    def wait(self) -> None:
        """Read the delivery reports; a record that could not be stored ends the process."""
        for future in self._saving:
            future.result(STORED_WITHIN_SECONDS)
        self._saving = []
        self._ends -= self._ends_being_saved
        self._ends_being_saved = 0

    def receipt(
        self,
        notice: Notice,
        origins: Mapping[str, int],
        totals: Checkpoint,
        received_ms: int,
        tail: int = 0,
    ) -> ReceiptRecord:
        """Write the end of a fan-out, or of the *tail* of those who joined late; *origins* has who was selected."""
        receipt = ReceiptRecord(
            lineage=notice.lineage,
            revision=notice.revision,
            document=notice.document,
            worker=self._owner.worker,
            workers=self._owner.workers,
            epoch=self._owner.epoch,
            selected=sum(origins.values()),
            outcomes=dict(totals.outcomes),
            wards=dict(totals.wards),
            received_ms=received_ms,
            first_accepted_ms=totals.first_accepted_ms,
            last_accepted_ms=totals.last_accepted_ms,
            tail=tail,
            ward_bytes=dict(totals.ward_bytes),
            rings={str(rank): dict(ring.outcomes) for rank, ring in totals.rings.items()},
            origins=dict(origins),
        )
        key = f"{notice.lineage}|{notice.revision}|{self._owner.worker}" + (f"|{tail}" if tail else "")
        self._producer.send(RECEIPTS.name, key.encode(), encode(receipt)).result(STORED_WITHIN_SECONDS)
        self._done.add((notice.lineage, notice.revision, tail))
        return receipt

    def all_expired(self, notice: Notice, people: People, chosen: Selection, received_ms: int) -> None:
        """Write the end of a notice that came too late for all whom it was for."""
        totals = Checkpoint()
        for part, rows in zip(notice.parts, np.bincount(chosen.parts, minlength=len(notice.parts)), strict=True):
            if rows:
                ends = Counter({PushOutcome.EXPIRED.value: int(rows)})
                totals.add(Checkpoint(outcomes=ends, rings={part.rank: Ring(int(rows), ends)}))
        self.receipt(notice, people.rows_by_origin(chosen.rows), totals, received_ms)
