"""Watch the topics of a run and keep its account: which document ended how, and what is still open.

A document is drained when it can lead to nothing more: it touched no shard, or its draft was decided
with all of its shards and, where that became a notice, every fan-out worker has written its receipt.
"""

import sys
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from alerts.notice import Notice
from alerts.report import OutcomeKind
from feeds.read import OWN_FEEDS
from streams.brokers.client import Consumer, Record
from streams.payloads import (
    POSITION_KEY,
    DraftRecord,
    DraftState,
    FactEffect,
    PlanPosition,
    ReceiptRecord,
    ReportRecord,
)
from streams.topics import DRAFTS, DRILL_NOTICES, EFFECTS, NOTICES, RECEIPTS, REPORTS, Topic
from streams.wire import decode

_WATCHED: Sequence[Topic] = (REPORTS, DRAFTS, NOTICES, DRILL_NOTICES, RECEIPTS, EFFECTS)
_POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Ended:
    """The end of one document as a run remembers it; what the document says in full is on `reports`.

    A year of headlines is kept in memory, so words that many documents share are kept once.
    """

    name: str
    document: str
    outcome: OutcomeKind
    reason: str
    level: int | None
    hazards: tuple[str, ...]
    codes: tuple[str, ...]
    claims: int


@dataclass(slots=True)
class Account:
    """What was seen so far."""

    reports: dict[str, Ended] = field(default_factory=dict)
    own: dict[str, Ended] = field(default_factory=dict)
    """Documents that the pipeline wrote itself, e.g. of a gauge that crossed a level: nobody sent or awaits them."""
    drafts: dict[str, DraftRecord] = field(default_factory=dict)
    complete: set[str] = field(default_factory=set)
    notices: dict[tuple[str, int], Notice] = field(default_factory=dict)
    receipts: dict[tuple[str, int, int], ReceiptRecord] = field(default_factory=dict)
    late: dict[tuple[str, int, int, int], ReceiptRecord] = field(default_factory=dict)
    """Of those who joined while a notice was in force, by tail."""
    stamps: dict[tuple[str, int], Mapping[str, bytes]] = field(default_factory=dict)
    """Each notice's headers: when its document passed which stage."""
    effects: list[FactEffect] = field(default_factory=list)
    """What the planner made of each fact, in the order in which it said so."""
    position: PlanPosition | None = None
    """How far the planner has read and acted."""
    _shared: dict[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict)
    _undecided: dict[str, dict[str, int]] = field(default_factory=dict)
    """Claims by document and receipt, as long as the document's draft is not decided with all of its shards."""

    def settled(self, report: ReportRecord) -> None:
        """Note the end of a document."""
        shared = self._shared
        # What a person or a test sends under these feeds are readings; what we write of them is CAP.
        ours = report.feed in OWN_FEEDS and report.kind.startswith("CAP")
        (self.own if ours else self.reports)[report.receipt] = Ended(
            name=report.name,
            document=report.document,
            outcome=report.outcome,
            reason=sys.intern(report.reason),
            level=report.level,
            hazards=shared.setdefault(report.hazards, report.hazards),
            codes=shared.setdefault(report.codes, report.codes),
            claims=report.claims,
        )
        if report.claims and not ours and report.document not in self.complete:
            self._undecided.setdefault(report.document, {})[report.receipt] = report.claims

    def decided(self, document: str) -> None:
        """Note that the draft of *document* was decided with all of its shards."""
        self.complete.add(document)
        self._undecided.pop(document, None)

    def outcomes(self) -> dict[str, int]:
        """Return how many documents ended in which way."""
        return dict(Counter(report.outcome.value for report in self.reports.values()))

    def open_documents(self) -> int:
        """Return how many settled documents still wait for their draft to be decided."""
        return sum(len(receipts) for receipts in self._undecided.values())

    def open_claims(self) -> int:
        """Return how many shards the settled but undecided documents touch."""
        return sum(sum(receipts.values()) for receipts in self._undecided.values())

    def open_fanouts(self, workers: int) -> int:
        """Return how many (notice, worker) pairs have no receipt yet."""
        approved = {
            (draft.lineage, draft.revision) for draft in self.drafts.values() if draft.state is DraftState.APPROVED
        }
        return sum(
            (lineage, revision, worker) not in self.receipts
            for lineage, revision in approved | self.notices.keys()
            for worker in range(workers)
        )


class Observer:
    """Read the topics from the moment it is made, in a thread of its own."""

    def __init__(self, bootstrap: str) -> None:
        self.account = Account()
        self.changed = threading.Condition()
        self._consumer = Consumer(bootstrap)
        starts = {
            place: marks.high for topic in _WATCHED for place, marks in self._consumer.watermarks(topic.name).items()
        }
        self._consumer.assign(starts)
        self._stop = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._watch, name="observer", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop watching."""
        self._stop.set()
        self._thread.join()
        self._consumer.close()

    def check(self) -> None:
        """Raise what ended the watching, if anything did."""
        if self._failure is not None:
            raise self._failure

    def _watch(self) -> None:
        try:
            while not self._stop.is_set():
                records = self._consumer.poll_many(500, _POLL_SECONDS)
                if records:
                    with self.changed:
                        for record in records:
                            self._note(record)
                        self.changed.notify_all()
        except Exception as error:  # noqa: BLE001  raised again by `check`, in the thread of whoever waits
            self._failure = error

    def _note(self, record: Record) -> None:
        account = self.account
        match record.topic:
            case REPORTS.name:
                account.settled(decode(ReportRecord, record.value))
            case DRAFTS.name:
                draft = decode(DraftRecord, record.value)
                account.drafts[draft.draft_id] = draft
                if draft.complete:
                    account.decided(draft.document)
            case NOTICES.name | DRILL_NOTICES.name:
                notice = decode(Notice, record.value)
                account.notices[notice.lineage, notice.revision] = notice
                account.stamps[notice.lineage, notice.revision] = record.headers
            case EFFECTS.name if record.key == POSITION_KEY:
                account.position = decode(PlanPosition, record.value)
            case EFFECTS.name:
                account.effects.append(decode(FactEffect, record.value))
            case RECEIPTS.name:
                receipt = decode(ReceiptRecord, record.value)
                if receipt.tail:
                    account.late[receipt.lineage, receipt.revision, receipt.worker, receipt.tail] = receipt
                else:
                    account.receipts[receipt.lineage, receipt.revision, receipt.worker] = receipt
