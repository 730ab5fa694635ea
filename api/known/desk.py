"""What waits for a person, folded from `drafts`, `reports` and `dead-letters`. No broker and no clock."""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TypeVar

from alerts.notice import ENDS, Notice, Recipients
from alerts.reception_check import is_check
from alerts.report import OutcomeKind
from geo.cells import difference
from streams.brokers.client import Record
from streams.dead_letters import DETAIL, REASON
from streams.deciding.decision import POLICY
from streams.notices.edit import ground_of
from streams.notices.overtaken import Documents, is_of_a_document
from streams.payloads import DraftRecord, DraftState, ReceiptRecord, ReportRecord, SourceRecord
from streams.topics import APPROVED, DEAD_LETTERS, DRAFTS, RECEIPTS, REPORTS, SOURCES
from streams.wire import decode

TOPICS = (DRAFTS.name, REPORTS.name, DEAD_LETTERS.name, SOURCES.name, RECEIPTS.name, *sorted(APPROVED))

# More than a shift can look at; the topics keep the rest.
MOST_KEPT = 500

T = TypeVar("T")

_BY_A_PERSON = ("approved-by:", "void-by:")
_WAITING = (DraftState.OPEN, DraftState.HELD)


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record that went aside: where it came from and why. Its bytes stay on the topic."""

    place: str
    reason: str
    detail: str
    stored: datetime
    size_bytes: int


@dataclass(frozen=True, slots=True)
class DeskView:
    """Everything that waits at one moment, newest first, and what persons have decided of late."""

    drafts: tuple[DraftRecord, ...]
    held: tuple[ReportRecord, ...]
    dead: tuple[DeadLetter, ...]
    sources: tuple[SourceRecord, ...] = ()
    decided: tuple[DraftRecord, ...] = ()
    accepted: Mapping[tuple[str, int], int] = field(default_factory=dict)
    """Pushes that were accepted, by lineage and revision, as far as their fan-outs have ended."""
    closed: tuple[DraftRecord, ...] = ()
    """Drafts that closed of late because what they said had been overtaken."""


@dataclass(slots=True)
class Desk:
    """One thread applies, any thread may look."""

    _drafts: dict[str, DraftRecord] = field(default_factory=dict)
    _documents: Documents = field(default_factory=Documents)
    _held: OrderedDict[str, ReportRecord] = field(default_factory=OrderedDict)
    _dead: OrderedDict[str, DeadLetter] = field(default_factory=OrderedDict)
    _sources: dict[str, SourceRecord] = field(default_factory=dict)
    _decided: OrderedDict[str, DraftRecord] = field(default_factory=OrderedDict)
    _closed: OrderedDict[str, DraftRecord] = field(default_factory=OrderedDict)
    _accepted: dict[tuple[str, int], dict[tuple[int, int], int]] = field(default_factory=dict)
    _sent: OrderedDict[str, Notice] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def apply(self, record: Record) -> None:
        """Take in one record. Raises `Refused` for one that cannot be read."""
        if record.topic == DRAFTS.name:
            verdict = None if record.value is None else decode(DraftRecord, record.value)
            with self._lock:
                self._take_draft(record.key.decode(errors="replace"), verdict)
        elif record.topic == REPORTS.name and record.value is not None:
            report = decode(ReportRecord, record.value)
            if report.outcome is OutcomeKind.HELD:
                with self._lock:
                    _keep(self._held, report.receipt, report)
        elif record.topic == SOURCES.name:
            source = None if record.value is None else decode(SourceRecord, record.value)
            with self._lock:
                self._take_source(record.key.decode(errors="replace"), source)
        elif record.topic == RECEIPTS.name and record.value is not None:
            receipt = decode(ReceiptRecord, record.value)
            with self._lock:
                # By worker and tail: a receipt that is written again counts once.
                by_worker = self._accepted.setdefault((receipt.lineage, receipt.revision), {})
                by_worker[receipt.worker, receipt.tail] = receipt.outcomes.get("accepted", 0)
        elif record.topic in APPROVED and record.value is not None:
            notice = decode(Notice, record.value)
            with self._lock:
                self._take_notice(notice)
        elif record.topic == DEAD_LETTERS.name:
            letter = _dead_letter(record)
            with self._lock:
                _keep(self._dead, letter.place, letter)

    def draft(self, draft_id: str) -> DraftRecord | None:
        """Return a draft that waits, or None when it does not (any more)."""
        with self._lock:
            return self._drafts.get(draft_id)

    def sent(self, lineage: str = "") -> tuple[Notice, ...]:
        """Return what persons have let go and nobody has ended, the newest first; of one *lineage* if given."""
        with self._lock:
            return tuple(one for one in reversed(self._sent.values()) if lineage in ("", one.lineage))

    def _take_notice(self, notice: Notice) -> None:
        if is_check(notice):
            return  # it says nothing that could be ended (R19)
        known = self._sent.get(notice.lineage)
        if known is not None and known.revision >= notice.revision:
            return
        left = _all_told(known, notice)
        if not left.parts:
            self._sent.pop(notice.lineage, None)
        elif known is not None or notice.approved_by not in ("", POLICY):
            # What policy lets out belongs to its source, which ends it.
            _keep(self._sent, notice.lineage, left)

    def accepted(self, lineage: str) -> int:
        """Return how many pushes of *lineage* were accepted, over all of its revisions that have ended."""
        with self._lock:
            return sum(sum(by_worker.values()) for (known, _), by_worker in self._accepted.items() if known == lineage)

    def view(self) -> DeskView:
        """Return what waits now."""
        with self._lock:
            waiting = (record for record in self._drafts.values() if not self._is_superseded(record))
            drafts = sorted(waiting, key=lambda record: record.at, reverse=True)
            return DeskView(
                drafts=tuple(drafts),
                held=tuple(reversed(self._held.values())),
                dead=tuple(reversed(self._dead.values())),
                decided=tuple(reversed(self._decided.values())),
                closed=tuple(reversed(self._closed.values())),
                accepted={notice: sum(by_worker.values()) for notice, by_worker in self._accepted.items()},
                sources=tuple(self._sources[name] for name in sorted(self._sources)),
            )

    def _take_source(self, name: str, source: SourceRecord | None) -> None:
        if source is None:
            # Taken out of the register by a person: its silence is meant.
            self._sources.pop(name, None)
        else:
            self._sources[name] = source

    def _is_superseded(self, record: DraftRecord) -> bool:
        """Say whether the decider would refuse it: its source has since changed, lifted or cancelled what it says.

        What gives an order a later end is no document of its source; a revision that has gone out since overtakes it.
        """
        if not is_of_a_document(record):
            sent = self._sent.get(record.lineage)
            return sent is not None and sent.revision >= record.revision
        return self._documents.overtake(record)

    def _take_draft(self, draft_id: str, verdict: DraftRecord | None) -> None:
        if verdict is not None:
            self._documents.hear(verdict)
        if verdict is None or verdict.state not in _WAITING:
            # Whatever was decided about it, nobody needs to look at it any more.
            self._drafts.pop(draft_id, None)
            if verdict is not None and verdict.reason.startswith(_BY_A_PERSON):
                _keep(self._decided, draft_id, verdict)
            elif verdict is not None and verdict.state is DraftState.VOID:
                _keep(self._closed, draft_id, verdict)
        else:
            self._drafts[draft_id] = verdict
            # Asked for once more after it was discarded: it waits again.
            self._decided.pop(draft_id, None)
            self._closed.pop(draft_id, None)


def _all_told(known: Notice | None, notice: Notice) -> Notice:
    """Return *notice* with the parts of the one before where it says nothing new: all of it is what an end ends.

    Without what is over: of an order that was lifted in a part of its area the rest stands.
    """
    now = tuple(part for part in notice.parts if part.phase not in ENDS)
    if known is None or any(part.recipients is Recipients.ALL_TOLD for part in notice.parts):
        return replace(notice, parts=now)
    ground = ground_of(notice)
    before = (replace(part, cells=difference(part.cells, ground)) for part in known.parts)
    return replace(notice, parts=(*now, *(part for part in before if part.cells)))


def _dead_letter(record: Record) -> DeadLetter:
    return DeadLetter(
        place=record.key.decode(errors="replace"),
        reason=record.headers.get(REASON, b"").decode(errors="replace"),
        detail=record.headers.get(DETAIL, b"").decode(errors="replace"),
        stored=datetime.fromtimestamp(record.timestamp_ms / 1000, UTC),
        size_bytes=len(record.value or b""),
    )


def _keep(kept: OrderedDict[str, T], key: str, value: T) -> None:
    kept[key] = value
    kept.move_to_end(key)
    if len(kept) > MOST_KEPT:
        kept.popitem(last=False)
