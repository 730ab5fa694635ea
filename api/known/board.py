"""All wards at one look, for whoever watches over them: orders, drafts and their age, who is called, shelters (R7).

Folded from the topics, no clock. A ward of which nothing is known is shown as such and never as calm.
"""

import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from alerts.notice import Notice
from alerts.shelter import ShelterReport, ShelterState
from streams.brokers.client import Record
from streams.duty.standing import OrderStanding, Standing
from streams.payloads import DraftRecord, PageRecord
from streams.topics import APPROVED, PAGES
from streams.wire import decode

FOLLOWED = (*sorted(APPROVED), PAGES.name)


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

    _standing: Standing = field(default_factory=Standing)
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
        elif record.topic == PAGES.name:
            page = decode(PageRecord, record.value)
            with self._lock:
                self._called[page.draft_id][f"{page.person}|{page.way}"] = page

    def standing(self) -> tuple[OrderStanding, ...]:
        """Return the orders in force, the newest first."""
        with self._lock:
            return tuple(sorted(self._standing, key=lambda one: one.since, reverse=True))

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
