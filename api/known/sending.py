"""What has gone out and how far it is: followed live, and ended by one person.

Folded from the topics; no clock. Of residents there are counts only, and none under 20 is shown.
"""

import threading
from collections import Counter, OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from alerts.notice import ENDS, Notice
from alerts.reception_check import is_check
from dispatch.outcomes import PushOutcome
from streams.brokers.client import Record
from streams.fanout.checkpoint import Checkpoint, Ring, decode_checkpoint, parse_progress_key
from streams.payloads import DraftRecord, ReceiptRecord
from streams.topics import APPROVED, DRAFTS, PROGRESS, RECEIPTS
from streams.wire import decode

# The desk reads the others: one reader gives each record to all.
FOLLOWED = (PROGRESS.name,)
# A bad night's notices; older ones are on the topics.
MOST_NOTICES = 300
MOST_EVENTS = 200
_Revision = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Event:
    """One step of a lineage: when, what (a stable word), by whom or why."""

    at: datetime
    what: str
    by: str = ""


@dataclass(frozen=True, slots=True)
class Ringed:
    """The rows of one rank of danger: how many a push service accepted, how many have an end, how many there are."""

    accepted: int
    ended: int
    total: int


@dataclass(frozen=True, slots=True)
class HowFar:
    """A fan-out as far as it is known: rows by push service (done, all), ends by outcome, first and last acceptance.

    `rings` go by rank of danger, the greatest (0) first. `heard_at` is when a worker last wrote anything of it.
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

    def events(self, lineage: str) -> tuple[Event, ...]:
        """Return what happened to *lineage*, oldest first."""
        with self._lock:
            return tuple(sorted(self._events.get(lineage, ()), key=lambda event: event.at))

    def how_far(self, lineage: str, revision: int) -> HowFar:
        """Return how far the fan-out of a revision is."""
        with self._lock:
            fan_out = self._fan_outs.get((lineage, revision)) or _FanOut()
            checkpoints = [checkpoint for _, checkpoint in fan_out.checkpoints.values()]
            receipts = [one for (_, tail), one in fan_out.receipts.items() if tail == 0]
            heard_ms = fan_out.heard_ms
        origins: dict[str, tuple[int, int]] = {}
        outcomes: Counter[str] = Counter()
        sums = Checkpoint()
        for one in checkpoints:
            sums.add(one)
            outcomes.update(one.outcomes)
            for origin, progress in one.positions.items():
                done, total = origins.get(origin, (0, 0))
                origins[origin] = done + progress.finals, total + progress.total
        if receipts and len(receipts) >= receipts[0].workers:
            # The account of the end is whole; what was saved in between may not be.
            outcomes = Counter()
            for receipt in receipts:
                outcomes.update(receipt.outcomes)
            sums.rings = _rings_of(receipts) or sums.rings
            # Every row has its end; which push service each belonged to the receipts do not say, unless it was one.
            whole = outcomes.total() if len(origins) == 1 else 0
            origins = {origin: (whole or total, whole or total) for origin, (_, total) in origins.items()}
        firsts = [one.first_accepted_ms for one in checkpoints] + [one.first_accepted_ms for one in receipts]
        lasts = [one.last_accepted_ms for one in checkpoints] + [one.last_accepted_ms for one in receipts]
        return HowFar(
            origins=dict(sorted(origins.items())),
            outcomes=dict(outcomes.most_common()),
            rings={rank: _ringed(sums.rings[rank]) for rank in sorted(sums.rings)},
            first_accepted=_moment(min(filter(None, firsts), default=None)),
            last_accepted=_moment(max(filter(None, lasts), default=None)),
            receipts=len({receipt.worker for receipt in receipts}),
            workers=max((receipt.workers for receipt in receipts), default=0),
            heard_at=_moment(heard_ms or None),
        )

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
            del self._newest[next(iter(self._newest))]
        phases = ",".join(dict.fromkeys(part.phase.value for part in notice.parts))
        self._happened(notice.lineage, Event(notice.approved_at, f"notice-{phases}", notice.approved_by))

    def _happened(self, lineage: str, event: Event) -> None:
        events = self._events.setdefault(lineage, [])
        if event not in events:
            events.append(event)
            del events[:-MOST_EVENTS]
        self._events.move_to_end(lineage)
        if len(self._events) > MOST_NOTICES:
            self._events.popitem(last=False)


def _rings_of(receipts: list[ReceiptRecord]) -> dict[int, Ring]:
    """Return the sums of whole accounts: every row has its end."""
    found: dict[int, Ring] = {}
    for receipt in receipts:
        for rank, outcomes in receipt.rings.items():
            ring = found.setdefault(int(rank), Ring())
            ring.outcomes.update(outcomes)
            ring.rows += sum(outcomes.values())
    return found


def _ringed(ring: Ring) -> Ringed:
    return Ringed(ring.outcomes[PushOutcome.ACCEPTED.value], sum(ring.outcomes.values()), ring.rows)


def _moment(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)
