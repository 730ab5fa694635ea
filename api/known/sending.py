"""What has gone out and how far it is: followed live, and ended by one person.

Folded from the topics; no clock. Of residents there are counts only, and none under 20 is shown.
"""

import threading
from collections import Counter, OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from alerts.extension_words import extends_order
from alerts.notice import ENDS, Notice, Phase
from alerts.reception_check import is_check
from dispatch.outcomes import PushOutcome
from streams.brokers.client import Record
from streams.fanout.checkpoint import Checkpoint, Ring, decode_checkpoint, parse_progress_key
from streams.fanout.told_book import bucket_of, tail_of
from streams.payloads import DraftRecord, ReceiptRecord
from streams.topics import APPROVED, DRAFTS, PROGRESS, RECEIPTS
from streams.wire import decode

# The desk reads the others: one reader gives each record to all.
FOLLOWED = (PROGRESS.name,)
# A bad night's notices; older ones are on the topics.
MOST_NOTICES = 300
MOST_EVENTS = 200
# What happened to an order that was given a later end; a notice has no phase of that name.
EXTENDED = "extended"
_Revision = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Event:
    """One step of a lineage: when, what (a stable word), by whom or why; `until` is the later end of an extension."""

    at: datetime
    what: str
    by: str = ""
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ringed:
    """The rows of one rank of danger: how many a push service accepted, how many have an end, how many there are."""

    accepted: int
    ended: int
    total: int


@dataclass(frozen=True, slots=True)
class HowFar:
    """A fan-out as far as it is known: rows by push service (done, all), ends by outcome, first and last acceptance.

    Of a worker that has ended these are the sums of its receipt, of the others what they saved last. Who joined late
    is not among them. `rings` go by rank of danger, the greatest (0) first. `heard_at` is when a worker last wrote
    anything of it.
    """

    origins: Mapping[str, tuple[int, int]]
    outcomes: Mapping[str, int]
    rings: Mapping[int, "Ringed"]
    first_accepted: datetime | None
    last_accepted: datetime | None
    receipts: int
    workers: int
    heard_at: datetime | None = None

    @property
    def accepted(self) -> int:
        """Return how many rows a push service took."""
        return self.outcomes.get(PushOutcome.ACCEPTED.value, 0)

    @property
    def done(self) -> int:
        """Return how many rows have their end."""
        return sum(self.outcomes.values()) if self.ended else sum(done for done, _ in self.origins.values())

    @property
    def total(self) -> int:
        """Return how many rows are known of; more come while workers begin."""
        return sum(self.outcomes.values()) if self.ended else sum(total for _, total in self.origins.values())

    @property
    def ended(self) -> bool:
        """Say whether every worker has written its receipt."""
        return 0 < self.workers <= self.receipts

    @property
    def is_whole(self) -> bool:
        """Say whether it has ended and every row is counted under its push service.

        Not where the release that ended it did not write whose the rows were: then they are as last saved.
        """
        return self.ended and sum(total for _, total in self.origins.values()) == self.total


@dataclass(slots=True)
class _FanOut:
    checkpoints: dict[int, tuple[int, Checkpoint]] = field(default_factory=dict)
    receipts: dict[tuple[int, int], ReceiptRecord] = field(default_factory=dict)
    heard_ms: int = 0


@dataclass(slots=True)
class Sending:
    """One thread applies, any thread may look."""

    _fan_outs: OrderedDict[_Revision, _FanOut] = field(default_factory=OrderedDict)
    _events: OrderedDict[str, list[Event]] = field(default_factory=OrderedDict)
    _newest: dict[str, Notice] = field(default_factory=dict)
    # The revisions of each lineage that spoke once more to those who were told before, and to nobody new.
    _again: dict[str, set[int]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def apply(self, record: Record) -> None:
        """Take in one record. Raises `Refused` for one that cannot be read."""
        if record.value is None:
            return
        if record.topic == PROGRESS.name:
            lineage, revision, bucket, epoch = parse_progress_key(record.key)
            checkpoint = decode_checkpoint(record.value)
            with self._lock:
                fan_out = self._of(lineage, revision)
                fan_out.heard_ms = max(fan_out.heard_ms, record.timestamp_ms)
                known = fan_out.checkpoints
                if bucket not in known or known[bucket][0] <= epoch:
                    known[bucket] = epoch, checkpoint
        elif record.topic == RECEIPTS.name:
            receipt = decode(ReceiptRecord, record.value)
            with self._lock:
                fan_out = self._of(receipt.lineage, receipt.revision)
                fan_out.heard_ms = max(fan_out.heard_ms, record.timestamp_ms)
                fan_out.receipts[receipt.worker, receipt.tail] = receipt
        elif record.topic == DRAFTS.name:
            verdict = decode(DraftRecord, record.value)
            with self._lock:
                self._happened(verdict.lineage, Event(verdict.at, verdict.state.value, verdict.reason))
        elif record.topic in APPROVED:
            notice = decode(Notice, record.value)
            with self._lock:
                self._took(notice)

    def newest(self, lineage: str) -> Notice | None:
        """Return the newest revision of *lineage* that went out."""
        with self._lock:
            return self._newest.get(lineage)

    def in_force(self) -> tuple[Notice, ...]:
        """Return the newest revision of every lineage that went out and has not ended, by whomever it was let go.

        A check of reception says nothing that could hold (R19).
        """
        with self._lock:
            standing = (one for one in self._newest.values() if not is_check(one))
            return tuple(one for one in standing if any(part.phase not in ENDS for part in one.parts))

    def checks(self) -> tuple[Notice, ...]:
        """Return the checks of reception that went out, the newest first."""
        with self._lock:
            found = [one for one in self._newest.values() if is_check(one)]
        return tuple(sorted(found, key=lambda one: one.approved_at, reverse=True))

    def events(self, lineage: str) -> tuple[Event, ...]:
        """Return what happened to *lineage*, oldest first."""
        with self._lock:
            return tuple(sorted(self._events.get(lineage, ()), key=lambda event: event.at))

    def how_far(self, lineage: str, revision: int) -> HowFar:
        """Return how far the fan-out of a revision is."""
        with self._lock:
            fan_out = self._fan_outs.get((lineage, revision)) or _FanOut()
            saved = {number: one for number, (_, one) in fan_out.checkpoints.items() if tail_of(number) == 0}
            receipts = {worker: one for (worker, tail), one in fan_out.receipts.items() if tail == 0}
            heard_ms = fan_out.heard_ms
        workers = max((receipt.workers for receipt in receipts.values()), default=0)
        account = _Account()
        for number, checkpoint in saved.items():
            ended = receipts.get(bucket_of(number) % workers) if workers else None
            account.add_saved(checkpoint, ended)
        for receipt in receipts.values():
            account.add_end(receipt)
        return HowFar(
            origins=dict(sorted(account.origins.items())),
            outcomes=dict(account.sums.outcomes.most_common()),
            rings={rank: _ringed(account.sums.rings[rank]) for rank in sorted(account.sums.rings)},
            first_accepted=_moment(account.sums.first_accepted_ms),
            last_accepted=_moment(account.sums.last_accepted_ms),
            receipts=len(receipts),
            workers=workers,
            heard_at=_moment(heard_ms or None),
        )

    def told(self, lineage: str) -> int:
        """Return how many people have been sent *lineage* so far, late joiners too: whom its end touches.

        What spoke once more to who had been told, as an extension does, counts nobody twice. Rather too many than too
        few: who moved from one part to another may be counted in both.
        """
        with self._lock:
            again = frozenset(self._again.get(lineage, ()))
            late = {
                revision: sum(_accepted(one) for (_, tail), one in found.receipts.items() if tail)
                for (known, revision), found in self._fan_outs.items()
                if known == lineage
            }
        sent = {revision: self.how_far(lineage, revision).accepted + more for revision, more in late.items()}
        first = sum(number for revision, number in sent.items() if revision not in again)
        return max([first, *(number for revision, number in sent.items() if revision in again)])

    def _of(self, lineage: str, revision: int) -> _FanOut:
        found = self._fan_outs.setdefault((lineage, revision), _FanOut())
        self._fan_outs.move_to_end((lineage, revision))
        if len(self._fan_outs) > MOST_NOTICES:
            self._fan_outs.popitem(last=False)
        return found

    def _took(self, notice: Notice) -> None:
        known = self._newest.get(notice.lineage)
        if known is not None and known.revision >= notice.revision:
            return
        self._newest[notice.lineage] = notice
        if len(self._newest) > MOST_NOTICES:
            oldest = next(iter(self._newest))
            del self._newest[oldest]
            self._again.pop(oldest, None)
        if all(part.phase is not Phase.ISSUED for part in notice.parts):
            self._again.setdefault(notice.lineage, set()).add(notice.revision)
        extends = extends_order(notice)
        phases = EXTENDED if extends else ",".join(dict.fromkeys(part.phase.value for part in notice.parts))
        until = notice.expires if extends else None
        self._happened(notice.lineage, Event(notice.approved_at, f"notice-{phases}", notice.approved_by, until))

    def _happened(self, lineage: str, event: Event) -> None:
        events = self._events.setdefault(lineage, [])
        if event not in events:
            events.append(event)
            del events[:-MOST_EVENTS]
        self._events.move_to_end(lineage)
        if len(self._events) > MOST_NOTICES:
            self._events.popitem(last=False)


@dataclass(slots=True)
class _Account:
    """Sums over the workers of one fan-out: of each its receipt where there is one, else what it saved last."""

    origins: dict[str, tuple[int, int]] = field(default_factory=dict)
    sums: Checkpoint = field(default_factory=Checkpoint)

    def add_saved(self, checkpoint: Checkpoint, receipt: ReceiptRecord | None) -> None:
        """Add what was saved of a bucket, but for what the *receipt* of its worker says better."""
        if receipt is None:
            self.sums.add(checkpoint)
        elif not receipt.rings:
            self.sums.add(Checkpoint(rings=checkpoint.rings))
        if receipt is None or not receipt.origins:
            for origin, progress in checkpoint.positions.items():
                self._add(origin, progress.finals if receipt is None else progress.total, progress.total)

    def add_end(self, receipt: ReceiptRecord) -> None:
        """Add a whole account: every row has its end."""
        rings = {int(rank): Ring(sum(ends.values()), Counter(ends)) for rank, ends in receipt.rings.items()}
        times = receipt.first_accepted_ms, receipt.last_accepted_ms
        self.sums.add(Checkpoint({}, Counter(receipt.outcomes), Counter(), *times, rings=rings))
        for origin, rows in receipt.origins.items():
            self._add(origin, rows, rows)

    def _add(self, origin: str, done: int, total: int) -> None:
        before, of = self.origins.get(origin, (0, 0))
        self.origins[origin] = before + done, of + total


def _accepted(receipt: ReceiptRecord) -> int:
    return receipt.outcomes.get(PushOutcome.ACCEPTED.value, 0)


def _ringed(ring: Ring) -> Ringed:
    return Ringed(ring.outcomes[PushOutcome.ACCEPTED.value], sum(ring.outcomes.values()), ring.rows)


def _moment(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)
