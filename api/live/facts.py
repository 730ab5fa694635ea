"""What was said of roads, shelters, ways, rivers and sources, folded from their topics, and what it touches.

No clock and no broker. One source's newest word on one thing is kept; a word is never taken away by
silence. Our own forecasts of rivers end here: they are read off the record and thrown away (R23).
"""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar

import h3.api.basic_int as h3

from alerts.alert import Geocode
from alerts.fact import Heartbeat
from alerts.place import SHARD_RESOLUTION, LatLng, Shard
from alerts.report import OutcomeKind
from alerts.road import RoadPlace, RoadReport
from alerts.shelter import ShelterReport
from api.known.roads import RoadLine, no_line
from routing.plan import EvacuationPlan
from routing.site import Site
from streams.brokers.client import Record
from streams.gauges.record import GaugeRecord
from streams.ingest.facts import is_heartbeat
from streams.payloads import POSITION_KEY, PlanPosition, ReportRecord, SourceRecord
from streams.topics import CLOSURES, EFFECTS, GAUGES, PLANS, REPORTS, SHELTERS, SOURCES
from streams.wire import decode

TOPICS = (CLOSURES.name, SHELTERS.name, PLANS.name, EFFECTS.name, GAUGES.name, SOURCES.name, REPORTS.name)

# River telegrams are a few in a hundred of all reports; the rest is not even decoded.
_RIVER_MARKS = (b'"kind":"VXKO', b'"kind":"VXSU')
_MOST_RIVER_REPORTS = 500
_SAID_AGAIN = timedelta(seconds=10)
_TOLD = frozenset({OutcomeKind.NOTICE, OutcomeKind.UPDATE})

Word = TypeVar("Word", RoadReport, ShelterReport)


class Section(StrEnum):
    """The parts of a shard's state, named as they are asked for."""

    HAZARDS = "hazards.geojson"
    NOTICES = "notices.json"
    SHELTERS = "shelters.geojson"
    CLOSURES = "closures.geojson"
    PLAN = "plan.json"
    RIVER = "river.json"
    HERE = "here"

    @property
    def media_type(self) -> str:
        """Return what its bytes are."""
        if self is Section.HERE:
            return "text/html; charset=utf-8"
        return "application/geo+json" if self.value.endswith(".geojson") else "application/json"

    def path(self, shard: str) -> str:
        """Return where it is asked for, of *shard* or of a template."""
        return f"/here/{shard}" if self is Section.HERE else f"/live/{shard}/{self.value}"


@dataclass(frozen=True, slots=True)
class RiverReport:
    """What an official river telegram says beside its level: the levels at its gauges, now and forecast."""

    document: str
    parameters: tuple[Geocode, ...]
    headline: str


@dataclass(slots=True)
class LiveFacts:
    """Everything but hazards and notices. One thread applies; whoever holds `board`'s lock looks."""

    sites: dict[str, Site] = field(default_factory=dict)
    line_of: RoadLine = no_line
    roads: dict[str, dict[str, RoadReport]] = field(default_factory=dict)
    shelters: dict[str, dict[str, ShelterReport]] = field(default_factory=dict)
    beats: dict[str, Heartbeat] = field(default_factory=dict)
    plans: dict[Shard, EvacuationPlan] = field(default_factory=dict)
    gauges: dict[str, GaugeRecord] = field(default_factory=dict)
    sources: dict[str, SourceRecord] = field(default_factory=dict)
    rivers: "OrderedDict[str, RiverReport]" = field(default_factory=OrderedDict)
    road_shards: dict[str, frozenset[Shard]] = field(default_factory=dict)
    site_shards: dict[str, Shard] = field(default_factory=dict)
    gauge_shards: dict[str, frozenset[Shard]] = field(default_factory=dict)
    touched: set[tuple[Section, Shard]] = field(default_factory=set)
    sources_changed: bool = False
    rivers_changed: bool = False
    # Up to when the planner heard every source: what all plans stand for, also those that did not change.
    plans_at: datetime | None = None

    def __post_init__(self) -> None:
        for site in self.sites.values():
            self.site_shards[site.id] = shard_at(site.point)

    def apply(self, record: Record) -> None:
        """Take in one record of `TOPICS`. Raises `Refused` for one that cannot be read."""
        if record.value is None:
            return
        if record.topic == CLOSURES.name:
            self._hear_closure(record, record.value)
        elif record.topic == SHELTERS.name:
            self._hear_shelter(record, record.value)
        elif record.topic == PLANS.name:
            self._hear_plan(decode(EvacuationPlan, record.value))
        elif record.topic == EFFECTS.name and record.key == POSITION_KEY:
            self._hear_position(decode(PlanPosition, record.value))
        elif record.topic == GAUGES.name:
            self._hear_gauge(decode(GaugeRecord, record.value))
        elif record.topic == SOURCES.name:
            source = decode(SourceRecord, record.value)
            self.sources[source.source] = source
            self.sources_changed = True
        elif record.topic == REPORTS.name and any(mark in record.value[:2000] for mark in _RIVER_MARKS):
            self._hear_river(decode(ReportRecord, record.value))

    def shards(self) -> set[Shard]:
        """Return every shard of which something is known here."""
        found = set(self.plans) | set(self.site_shards.values())
        return found.union(*self.road_shards.values()) if self.road_shards else found

    def _hear_closure(self, record: Record, value: bytes) -> None:
        if is_heartbeat(record.key):
            beat = decode(Heartbeat, value)
            known = self.beats.get(beat.source)
            if known is None or known.received_at <= beat.received_at:
                self.beats[beat.source] = beat
                self.sources_changed = True
            return
        report = decode(RoadReport, value)
        if _newer(self.roads.setdefault(report.id, {}), report):
            before = self.road_shards.get(report.id, frozenset())
            words = self.roads[report.id].values()
            self.road_shards[report.id] = after = frozenset().union(
                *(shards_of(word.place, self.line_of) for word in words)
            )
            self.touched |= {(Section.CLOSURES, shard) for shard in before | after}

    def _hear_shelter(self, record: Record, value: bytes) -> None:
        if is_heartbeat(record.key):
            return
        report = decode(ShelterReport, value)
        if not _newer(self.shelters.setdefault(report.id, {}), report):
            return
        site = self.sites.get(report.id)
        point = site.point if site is not None else report.point
        if point is not None:
            self.site_shards[report.id] = shard_at(point)
        if report.id in self.site_shards:
            self.touched.add((Section.SHELTERS, self.site_shards[report.id]))

    def _hear_plan(self, plan: EvacuationPlan) -> None:
        self.plans[plan.shard] = plan
        self.touched.add((Section.PLAN, plan.shard))

    def _hear_position(self, position: PlanPosition) -> None:
        at, before = position.facts_at, self.plans_at
        # It comes with each batch that the planner reads: forwards is said every few seconds, backwards at once.
        if at is None or (before is not None and timedelta(0) <= at - before < _SAID_AGAIN):
            return
        self.plans_at = at
        self.sources_changed = True
        if before is None or before.replace(second=0, microsecond=0) != at.replace(second=0, microsecond=0):
            self.touched |= {(Section.HERE, shard) for shard, plan in self.plans.items() if plan.cells}

    def _hear_gauge(self, gauge: GaugeRecord) -> None:
        self.gauges[gauge.station] = replace(gauge, forecasts=(), others=())
        if gauge.described is None:
            return
        here = shard_at(gauge.described.point)
        # A river floods beside its gauge and a few kilometres on: the shards around are told of it too.
        self.gauge_shards[gauge.station] = shards = frozenset(Shard(one) for one in h3.grid_disk(here, 1))
        self.touched |= {(Section.RIVER, shard) for shard in shards}

    def _hear_river(self, settled: ReportRecord) -> None:
        if settled.report is None or settled.outcome not in _TOLD:
            return
        infos = settled.report.alert.infos
        parameters = dict.fromkeys(parameter for info in infos for parameter in info.parameters)
        headline = next((info.headline for info in infos if info.headline), "")
        self.rivers_changed = True
        self.rivers[settled.document] = RiverReport(settled.document, tuple(parameters), headline)
        while len(self.rivers) > _MOST_RIVER_REPORTS:
            self.rivers.popitem(last=False)


def shard_at(point: LatLng) -> Shard:
    """Return the shard in which *point* lies."""
    return Shard(h3.latlng_to_cell(point.lat, point.lng, SHARD_RESOLUTION))


def points_of(place: RoadPlace, line_of: RoadLine = no_line) -> tuple[LatLng, ...]:
    """Return the points by which *place* can be drawn; none where it only names roads that we cannot draw."""
    given = (*(() if place.point is None else (place.point,)), *place.line, *place.polygon)
    return given or tuple(point for road in place.road_ids for point in line_of(road))


def shards_of(place: RoadPlace, line_of: RoadLine = no_line) -> Iterable[Shard]:
    """Return the shards that *place* touches."""
    return {shard_at(point) for point in points_of(place, line_of)}


def _newer(known: dict[str, Word], word: Word) -> bool:
    source = word.attribution.source
    before = known.get(source)
    if before is not None and (before.attribution.fact_at > word.attribution.fact_at or before == word):
        return False
    known[source] = word
    return True
