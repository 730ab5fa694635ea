"""All wards at one look, for whoever watches over them: orders, drafts and their age, who is called, shelters (R7).

Folded from the topics, no clock. A ward of which nothing is known is shown as such and never as calm.
"""

import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from alerts.claim import Lane
from alerts.duty import alone_by
from alerts.level import Level
from alerts.notice import Notice, NoticeKind, Phase, Recipients
from alerts.order_words import reads_as_order
from alerts.place import Cells
from alerts.shelter import ShelterReport, ShelterState
from geo.cells import difference, union
from streams.brokers.client import Record
from streams.payloads import DraftRecord, PageRecord
from streams.topics import APPROVED, PAGES
from streams.wire import decode

FOLLOWED = (*sorted(APPROVED), PAGES.name)
_ENDS = frozenset((Phase.LIFTED, Phase.CANCELLED))


@dataclass(frozen=True, slots=True)
class OrderStanding:
    """An order that has gone out and was not lifted; past its expiry it is still in force (R10)."""

    lineage: str
    issuer: str
    title: str
    level: Level | None
    since: datetime
    expires: datetime
    cells: Cells
    drill: bool = False
    alone: str = ""
    """Who let it go alone, "" where two did."""


@dataclass(frozen=True, slots=True)
class WardRow:
    """One ward as it stands. No `shelters`: nobody has said anything of one; `joined`: somebody may approve."""

    code: str
    name: str
    joined: bool
    orders: tuple[OrderStanding, ...]
    drafts: tuple[DraftRecord, ...]
    called: tuple[PageRecord, ...]
    shelters: Mapping[ShelterState, int] = field(default_factory=dict)


@dataclass(slots=True)
class Orders:
    """Orders that have gone out, and who was called for which draft. One thread applies, any thread may look."""

    _standing: dict[str, OrderStanding] = field(default_factory=dict)
    _revisions: dict[str, int] = field(default_factory=dict)
    _called: dict[str, dict[str, PageRecord]] = field(default_factory=lambda: defaultdict(dict))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def apply(self, record: Record) -> None:
        """Take in one record. Raises `Refused` for one that cannot be read."""
        if record.value is None:
            return
        if record.topic in APPROVED:
            notice = decode(Notice, record.value)
            with self._lock:
                self._take(notice)
        elif record.topic == PAGES.name:
            page = decode(PageRecord, record.value)
            with self._lock:
                self._called[page.draft_id][f"{page.person}|{page.way}"] = page

    def standing(self) -> tuple[OrderStanding, ...]:
        """Return the orders in force, the newest first."""
        with self._lock:
            return tuple(sorted(self._standing.values(), key=lambda one: one.since, reverse=True))

    def called(self, draft_id: str) -> tuple[PageRecord, ...]:
        """Return who was called for a draft, in order of time."""
        with self._lock:
            return tuple(sorted(self._called.get(draft_id, {}).values(), key=lambda one: (one.at, one.person)))

    def _take(self, notice: Notice) -> None:
        if notice.kind is NoticeKind.GO_THERE or notice.lane is Lane.CANARY:
            return
        if notice.revision <= self._revisions.get(notice.lineage, -1):
            return
        known = self._standing.get(notice.lineage)
        if known is None and not any(reads_as_order(text) for part in notice.parts for text in part.texts):
            return
        self._revisions[notice.lineage] = notice.revision
        cells = known.cells if known is not None else ()
        for part in notice.parts:
            if part.recipients is Recipients.ALL_TOLD:
                cells = ()
            ended = part.phase in _ENDS
            cells = difference(cells, part.cells) if ended else union(cells, part.cells)
        if not cells:
            self._standing.pop(notice.lineage, None)
            return
        begins = [part for part in notice.parts if part.phase not in _ENDS]
        self._standing[notice.lineage] = OrderStanding(
            lineage=notice.lineage,
            issuer=notice.issuer,
            title=begins[0].texts[0].title if begins else known.title if known is not None else "",
            level=max(
                (part.level for part in begins if part.level is not None), default=known.level if known else None
            ),
            since=known.since if known is not None else notice.sent,
            expires=notice.expires,
            cells=cells,
            drill=notice.lane is Lane.DRILL,
            alone=alone_by(notice.approved_by) or (known.alone if known is not None else ""),
        )


def rows(
    names: Mapping[str, str],
    orders: Iterable[tuple[OrderStanding, frozenset[str]]],
    drafts: Iterable[tuple[DraftRecord, frozenset[str]]],
    shelters: Iterable[ShelterReport],
    joined: frozenset[str],
    called: Mapping[str, tuple[PageRecord, ...]],
) -> tuple[WardRow, ...]:
    """Return a row for each ward, by code. *orders* and *drafts* come with the wards that their cells lie in."""
    by_ward: dict[str, list[OrderStanding]] = defaultdict(list)
    for order, wards in orders:
        for code in wards:
            by_ward[code].append(order)
    waiting: dict[str, list[DraftRecord]] = defaultdict(list)
    for draft, wards in drafts:
        for code in wards:
            waiting[code].append(draft)
    sites: dict[str, dict[ShelterState, int]] = defaultdict(lambda: defaultdict(int))
    for shelter in shelters:
        sites[shelter.ward][shelter.state] += 1
    return tuple(
        WardRow(
            code=code,
            name=name,
            joined=code in joined,
            orders=tuple(by_ward[code]),
            drafts=tuple(sorted(waiting[code], key=lambda one: one.at)),
            called=tuple(page for draft in waiting[code] for page in called.get(draft.draft_id, ())),
            shelters=dict(sites.get(name, {})),
        )
        for code, name in sorted(names.items())
    )
