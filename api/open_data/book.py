"""Every notice with what held in its lineage after it: what CAP messages and the record of an event are made of.

Drills are kept and marked; what is for staff alone, checks of reception and our own canaries never come here. Of a
lineage the revisions are kept in order; a copy of one that is known changes nothing.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field

from alerts.claim import Lane
from alerts.notice import Notice, NoticeKind
from alerts.reception_check import is_check
from alerts.theme import Audience
from api.known.state import Said, said_after
from dispatch.message import topic_and_tag
from streams.brokers.client import Record
from streams.payloads import ReceiptRecord
from streams.topics import APPROVED, RECEIPTS
from streams.wire import decode

TOPICS = (*sorted(APPROVED), RECEIPTS.name)
# A year of a metropolis; the topic itself keeps ninety days.
MOST_NOTICES = 5_000
_OPEN = (Lane.LIFE_SAFETY, Lane.ROUTINE, Lane.DRILL)


@dataclass(frozen=True, slots=True)
class Published:
    """One notice: what holds after it, what it ends, and the names of those before it in its lineage."""

    name: str
    notice: Notice
    holds: tuple[Said, ...]
    ends: tuple[Said, ...]
    before: tuple["Published", ...]

    @property
    def drill(self) -> bool:
        """Return whether it is an exercise."""
        return self.notice.lane is Lane.DRILL


def tag_of(lineage: str, kind: NoticeKind) -> str:
    """Return the short name of a lineage, the one that its pushes carry."""
    return topic_and_tag(lineage, kind3=kind is NoticeKind.GO_THERE)


@dataclass(slots=True)
class OpenBook:
    """Notices by name and lineages by tag, newest last. One thread applies, any thread may look."""

    _published: "OrderedDict[str, Published]" = field(default_factory=OrderedDict)
    _lineages: dict[str, list[Published]] = field(default_factory=dict)
    _receipts: dict[str, dict[tuple[int, int, int], ReceiptRecord]] = field(default_factory=dict)
    _generation: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def apply(self, record: Record) -> None:
        """Take in one record of `TOPICS`. Raises `Refused` for one that cannot be read."""
        if record.value is None:
            return
        if record.topic in APPROVED:
            notice = decode(Notice, record.value)
            with self._lock:
                self._take(notice)
        elif record.topic == RECEIPTS.name:
            receipt = decode(ReceiptRecord, record.value)
            with self._lock:
                known = self._receipts.setdefault(receipt.lineage, {})
                known[receipt.revision, receipt.worker, receipt.tail] = receipt

    def find(self, name: str) -> Published | None:
        """Return the notice *name*."""
        with self._lock:
            return self._published.get(name)

    def newest(self, most: int) -> tuple[int, tuple[Published, ...]]:
        """Return a number that rises with each notice, and the newest *most*, newest first."""
        with self._lock:
            names = list(self._published)[-most:]
            return self._generation, tuple(self._published[name] for name in reversed(names))

    def event(self, tag: str) -> tuple[Published, ...]:
        """Return all notices of the lineage *tag* in order, and of the ways that its orders led to."""
        with self._lock:
            own = tuple(self._lineages.get(tag, ()))
            if not own:
                return ()
            lineage = own[0].notice.lineage
            ways = [
                one
                for many in self._lineages.values()
                for one in many
                if one.notice.order is not None and one.notice.order.lineage == lineage and one.name != own[0].name
            ]
        return tuple(sorted({one.name: one for one in (*own, *ways)}.values(), key=lambda one: one.notice.approved_at))

    def receipts(self, lineage: str) -> tuple[ReceiptRecord, ...]:
        """Return the ends of the fan-outs of *lineage*."""
        with self._lock:
            return tuple(self._receipts.get(lineage, {}).values())

    def _take(self, notice: Notice) -> None:
        if notice.lane not in _OPEN or is_check(notice) or notice.audience is not Audience.PUBLIC:
            return
        tag = tag_of(notice.lineage, notice.kind)
        before = self._lineages.setdefault(tag, [])
        if before and notice.revision <= before[-1].notice.revision:
            return  # the topic may hold a notice twice after a crash; the first copy counts
        holds, ends = said_after(before[-1].holds if before else (), notice)
        made = Published(f"{tag}-{notice.revision}", notice, holds, ends, tuple(before))
        before.append(made)
        self._published[made.name] = made
        self._generation += 1
        while len(self._published) > MOST_NOTICES:
            self._forget(next(iter(self._published)))

    def _forget(self, name: str) -> None:
        old = self._published.pop(name)
        tag = tag_of(old.notice.lineage, old.notice.kind)
        self._lineages[tag] = [one for one in self._lineages[tag] if one.name != name]
        if not self._lineages[tag]:
            del self._lineages[tag]


def names(published: Iterable[Published]) -> tuple[str, ...]:
    """Return the names of *published*."""
    return tuple(one.name for one in published)
