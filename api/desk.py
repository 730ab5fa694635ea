"""What waits for a person, folded from `drafts`, `reports` and `dead-letters`. No broker and no clock."""

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

from alerts.report import OutcomeKind
from streams.client import Record
from streams.dead_letters import DETAIL, REASON
from streams.payloads import DraftRecord, DraftState, ReportRecord, SourceRecord
from streams.topics import DEAD_LETTERS, DRAFTS, REPORTS, SOURCES
from streams.wire import decode

TOPICS = (DRAFTS.name, REPORTS.name, DEAD_LETTERS.name, SOURCES.name)

# More than a shift can look at; the topics keep the rest.
MOST_KEPT = 500

T = TypeVar("T")

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
    """Everything that waits at one moment, newest first."""

    drafts: tuple[DraftRecord, ...]
    held: tuple[ReportRecord, ...]
    dead: tuple[DeadLetter, ...]
    sources: tuple[SourceRecord, ...] = ()


@dataclass(slots=True)
class Desk:
    """One thread applies, any thread may look."""

    _drafts: dict[str, DraftRecord] = field(default_factory=dict)
    _held: OrderedDict[str, ReportRecord] = field(default_factory=OrderedDict)
    _dead: OrderedDict[str, DeadLetter] = field(default_factory=OrderedDict)
    _sources: dict[str, SourceRecord] = field(default_factory=dict)
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
        elif record.topic == DEAD_LETTERS.name:
            letter = _dead_letter(record)
            with self._lock:
                _keep(self._dead, letter.place, letter)

    def view(self) -> DeskView:
        """Return what waits now."""
        with self._lock:
            drafts = sorted(self._drafts.values(), key=lambda record: record.at, reverse=True)
            return DeskView(
                drafts=tuple(drafts),
                held=tuple(reversed(self._held.values())),
                dead=tuple(reversed(self._dead.values())),
                sources=tuple(self._sources[name] for name in sorted(self._sources)),
            )

    def _take_source(self, name: str, source: SourceRecord | None) -> None:
        if source is None:
            # Taken out of the register by a person: its silence is meant.
            self._sources.pop(name, None)
        else:
            self._sources[name] = source

    def _take_draft(self, draft_id: str, verdict: DraftRecord | None) -> None:
        if verdict is None or verdict.state not in _WAITING:
            # Whatever was decided about it, nobody needs to look at it any more.
            self._drafts.pop(draft_id, None)
        else:
            self._drafts[draft_id] = verdict


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
