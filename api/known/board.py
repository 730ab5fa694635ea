"""All wards at one look, for whoever watches over them: orders, drafts and their age, who is called, shelters (R7).

Folded from the topics, no clock. A ward of which nothing is known is shown as such and never as calm.
"""

import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from alerts.notice import ENDS, Notice
from alerts.place import Cells
from alerts.shelter import ShelterReport, ShelterState
from geo.cells import difference, union
from streams.brokers.client import Record
from streams.duty.across import order_told_of
from streams.duty.standing import OrderStanding, Standing
from streams.payloads import DraftRecord, PageRecord
from streams.topics import APPROVED, PAGES
from streams.wire import decode

_T = TypeVar("_T")
FOLLOWED = (*sorted(APPROVED), PAGES.name)


@dataclass(frozen=True, slots=True)
class NotOrdered:
    """What people across the line of an order in force were told: their own ward has not ordered (R7)."""

    issuer: str
    at: datetime
    cells: Cells


@dataclass(frozen=True, slots=True)
class WardRow:
    """One ward as it stands. No `shelters`: nobody has said anything of one; `joined`: somebody may approve.

    `across` are neighbours' orders of which its people were told that this ward has not ordered, `refused` its own
    drafts that a person refused.
    """

    code: str
    name: str
    joined: bool
    orders: tuple[OrderStanding, ...]
    drafts: tuple[DraftRecord, ...]
    called: tuple[PageRecord, ...]
    shelters: Mapping[ShelterState, int] = field(default_factory=dict)
    across: tuple[NotOrdered, ...] = ()
    refused: tuple[DraftRecord, ...] = ()


@dataclass(slots=True)
class Orders:
    """Orders that have gone out, and who was called for which draft. One thread applies, any thread may look."""

    _standing: Standing = field(default_factory=Standing)
    _across: dict[str, NotOrdered] = field(default_factory=dict)
    _called: dict[str, dict[str, PageRecord]] = field(default_factory=lambda: defaultdict(dict))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def apply(self, record: Record) -> None:
        """Take in one record. Raises `Refused` for one that cannot be read."""
        if record.value is None:
            return
        if record.topic in APPROVED:
            notice = decode(Notice, record.value)
            with self._lock:
                self._standing.hear(notice)
                self._hear_across(notice)
        elif record.topic == PAGES.name:
            page = decode(PageRecord, record.value)
            with self._lock:
                self._called[page.draft_id][f"{page.person}|{page.way}"] = page

    def standing(self) -> tuple[OrderStanding, ...]:
        """Return the orders in force, the newest first."""
        with self._lock:
            return tuple(sorted(self._standing, key=lambda one: one.since, reverse=True))

    def across(self) -> tuple[NotOrdered, ...]:
        """Return who was told that her ward has not ordered, as far as that still holds."""
        with self._lock:
            ordered = union(*(order.cells for order in self._standing if not order.drill))
            said = [self._across[order.lineage] for order in self._standing if order.lineage in self._across]
        left = (replace(one, cells=difference(one.cells, ordered)) for one in said)
        return tuple(one for one in left if one.cells)

    def _hear_across(self, notice: Notice) -> None:
        order = order_told_of(notice)
        if order:
            known = self._across.get(order)
            cells = known.cells if known else ()
            for part in notice.parts:
                cells = difference(cells, part.cells) if part.phase in ENDS else union(cells, part.cells)
            self._across[order] = NotOrdered(notice.issuer, known.at if known else notice.sent, cells)

    def called(self, draft_id: str) -> tuple[PageRecord, ...]:
        """Return who was called for a draft, in order of time."""
        with self._lock:
            return tuple(sorted(self._called.get(draft_id, {}).values(), key=lambda one: (one.at, one.person)))


def rows(
    names: Mapping[str, str],
    orders: Iterable[tuple[OrderStanding, frozenset[str]]],
    drafts: Iterable[tuple[DraftRecord, frozenset[str]]],
    shelters: Iterable[ShelterReport],
    joined: frozenset[str],
    called: Mapping[str, tuple[PageRecord, ...]],
    across: Iterable[tuple[NotOrdered, frozenset[str]]] = (),
    refused: Iterable[tuple[DraftRecord, frozenset[str]]] = (),
) -> tuple[WardRow, ...]:
    """Return a row for each ward, by code. *orders* and *drafts* come with the wards that their cells lie in."""
    standing, waiting = _by_ward(orders), _by_ward(drafts)
    beside, turned_down = _by_ward(across), _by_ward(refused)
    sites: dict[str, dict[ShelterState, int]] = defaultdict(lambda: defaultdict(int))
    for shelter in shelters:
        sites[shelter.ward][shelter.state] += 1
    return tuple(
        WardRow(
            code=code,
            name=name,
            joined=code in joined,
            orders=tuple(standing[code]),
            drafts=tuple(sorted(waiting[code], key=lambda one: one.at)),
            called=tuple(page for draft in waiting[code] for page in called.get(draft.draft_id, ())),
            shelters=dict(sites.get(name, {})),
            across=tuple(beside[code]),
            refused=tuple(turned_down[code]),
        )
        for code, name in sorted(names.items())
    )


def _by_ward(found: Iterable[tuple[_T, frozenset[str]]]) -> defaultdict[str, list[_T]]:
    by_ward: defaultdict[str, list[_T]] = defaultdict(list)
    for one, wards in found:
        for code in wards:
            by_ward[code].append(one)
    return by_ward
