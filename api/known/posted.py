"""What became of what coordinators posted, and what they may post about: folded from the topics. No clock."""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from alerts.cap import ResponseType
from alerts.place import LatLng
from alerts.report import OutcomeKind
from alerts.road import RoadReport
from alerts.shelter import ShelterReport
from feeds.console import FEED, SOURCE
from geo.chome import as_counted
from routing.site import Site
from streams.brokers.client import Record
from streams.ingest.facts import is_heartbeat
from streams.payloads import Crossing, FactEffect, ReportRecord
from streams.topics import CLOSURES, CROSSINGS, EFFECTS, REPORTS, SHELTERS
from streams.wire import decode

# The desk reads `reports` as well: one reader gives each record to both.
FOLLOWED = (EFFECTS.name, CLOSURES.name, SHELTERS.name, CROSSINGS.name)
# A night's posts of all wards; what is older is on the topics.
MOST_KEPT = 5_000

_SERIES = f"{FEED}:".encode()
_EFFECT = b"fact|"
_OURS = f"|{SOURCE}".encode()


@dataclass(frozen=True, slots=True)
class NamedSite:
    """A shelter as a form offers it: of a list, or one that somebody has spoken of."""

    id: str
    name: str
    ward: str
    point: LatLng | None


def on_list(sites: Iterable[Site], wards: Mapping[str, str]) -> dict[str, NamedSite]:
    """Return the *sites* of a list by id; *wards* (code to name) names those of which the list gives the code."""
    return {one.id: NamedSite(one.id, one.name, wards.get(one.ward, one.ward), one.point) for one in sites}


@dataclass(slots=True)
class Posts:
    """One thread applies, any thread may look. `sent` remembers this process's own posts from the first moment on.

    `listed` are the shelters of the lists: before the first word on one there must be a name to choose.
    """

    listed: Mapping[str, NamedSite] = field(default_factory=dict)
    _reports: OrderedDict[str, ReportRecord] = field(default_factory=OrderedDict)
    _effects: dict[str, FactEffect] = field(default_factory=dict)
    _closures: dict[str, RoadReport] = field(default_factory=dict)
    _shelters: dict[str, ShelterReport] = field(default_factory=dict)
    _orders: OrderedDict[str, ReportRecord] = field(default_factory=OrderedDict)
    _crossings: dict[bytes, Crossing] = field(default_factory=dict)
    _sent: OrderedDict[str, None] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def apply(self, record: Record) -> None:
        """Take in one record; those that are not about posts are passed over unread."""
        if record.topic == REPORTS.name and record.key.startswith(_SERIES) and record.value is not None:
            report = decode(ReportRecord, record.value)
            with self._lock:
                self._reports[report.receipt] = report
                if len(self._reports) > MOST_KEPT:
                    self._reports.popitem(last=False)
                self._take_order(report)
        elif record.topic == EFFECTS.name and record.key.startswith(_EFFECT) and record.key.endswith(_OURS):
            if record.value is not None:
                effect = decode(FactEffect, record.value)
                with self._lock:
                    self._effects[effect.fact] = effect
        elif record.topic == CLOSURES.name and record.key.endswith(_OURS) and not is_heartbeat(record.key):
            road = None if record.value is None else decode(RoadReport, record.value)
            with self._lock:
                _put(self._closures, record.key.removesuffix(_OURS).decode(errors="replace"), road)
        elif record.topic == SHELTERS.name and not is_heartbeat(record.key) and record.value is not None:
            shelter = decode(ShelterReport, record.value)
            with self._lock:
                self._shelters[shelter.id] = _together(self._shelters.get(shelter.id), shelter)
        elif record.topic == CROSSINGS.name and record.value is not None:
            crossing = decode(Crossing, record.value)
            with self._lock:
                self._crossings[record.key] = crossing

    def crossings(self) -> tuple[Crossing, ...]:
        """Return the lines between wards that people are sent over, those with most people first."""
        with self._lock:
            found = [one for one in self._crossings.values() if one.people]
        return tuple(sorted(found, key=lambda one: (-one.people, one.from_ward, one.to_ward)))

    def has_sent(self, receipt: str) -> None:
        """Remember that the broker has stored the document of *receipt*."""
        with self._lock:
            self._sent[receipt] = None
            if len(self._sent) > MOST_KEPT:
                self._sent.popitem(last=False)

    def knows(self, receipt: str) -> bool:
        """Say whether a document of this receipt is on its way or has had its end."""
        with self._lock:
            return receipt in self._sent or receipt in self._reports

    def report(self, receipt: str) -> ReportRecord | None:
        """Return how a posted document ended, or None when it has not (yet)."""
        with self._lock:
            return self._reports.get(receipt)

    def order(self, thing: str) -> ReportRecord | None:
        """Return the newest word on the order *thing*, or None when it has ended or was never one of ours."""
        with self._lock:
            return self._orders.get(thing)

    def orders(self) -> tuple[ReportRecord, ...]:
        """Return the orders that were posted and have not ended, the newest first."""
        with self._lock:
            return tuple(reversed(self._orders.values()))

    def _take_order(self, report: ReportRecord) -> None:
        _, kind, thing = (*report.series.split(":", 2), "", "")[:3]
        if kind != "order" or report.report is None or report.outcome is OutcomeKind.DUPLICATE:
            return
        ended = any(ResponseType.ALL_CLEAR in info.response_types for info in report.report.alert.infos)
        if ended or report.outcome is OutcomeKind.DEAD_LETTER:
            self._orders.pop(thing, None)
        else:
            self._orders[thing] = report
            self._orders.move_to_end(thing)
            if len(self._orders) > MOST_KEPT:
                self._orders.popitem(last=False)

    def effect(self, thing: str) -> FactEffect | None:
        """Return what the planner last made of what the console said of *thing*."""
        with self._lock:
            return self._effects.get(f"{thing}|{SOURCE}")

    def closure(self, thing: str) -> RoadReport | None:
        """Return the console's newest word on the closure *thing*."""
        with self._lock:
            return self._closures.get(thing)

    def closures(self, at: datetime) -> tuple[RoadReport, ...]:
        """Return what the console has closed and what holds at *at*, the newest first."""
        with self._lock:
            known = tuple(self._closures.values())
        holding = (one for one in known if not one.lifted and (one.valid_until is None or one.valid_until > at))
        return tuple(sorted(holding, key=lambda one: (one.attribution.fact_at, one.id), reverse=True))

    def site(self, thing: str) -> NamedSite | None:
        """Return the shelter *thing* as a list or any source names it."""
        with self._lock:
            spoken = self._shelters.get(thing)
        return _named(self.listed.get(thing), spoken)

    def sites(self) -> tuple[NamedSite, ...]:
        """Return every shelter of the lists, and every other of which somebody spoke, as people count them."""
        with self._lock:
            spoken = dict(self._shelters)
        found = (_named(self.listed.get(thing), spoken.get(thing)) for thing in {*self.listed, *spoken})
        named = (one for one in found if one is not None)
        return tuple(sorted(named, key=lambda one: (one.ward, as_counted(one.name), one.id)))

    def shelters(self) -> tuple[ShelterReport, ...]:
        """Return every shelter that any source has named, by ward and name."""
        with self._lock:
            return tuple(sorted(self._shelters.values(), key=lambda one: (one.ward, one.name, one.id)))


def _named(listed: NamedSite | None, spoken: ShelterReport | None) -> NamedSite | None:
    if spoken is None:
        return listed
    if listed is None:
        return NamedSite(spoken.id, spoken.name, spoken.ward, spoken.point)
    return listed


def _put(kept: dict[str, RoadReport], thing: str, road: RoadReport | None) -> None:
    if road is None:
        kept.pop(thing, None)
    else:
        kept[thing] = road


def _together(before: ShelterReport | None, now: ShelterReport) -> ShelterReport:
    """Return the newer of two words, with the name, place and ward that only the other gives."""
    if before is None:
        return now
    newer, older = (now, before) if now.attribution.fact_at >= before.attribution.fact_at else (before, now)
    return replace(
        newer, name=newer.name or older.name, point=newer.point or older.point, ward=newer.ward or older.ward
    )
