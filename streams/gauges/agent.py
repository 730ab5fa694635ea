"""Readings become levels, and a level that is crossed becomes a document on `telegrams`, as from any source.

State: one table entry for each station. What is said is acknowledged before the entry is written: a crash
between the two judges the reading again and says the same bytes under the same receipt, which ingest knows.
The same holds for what coordinators see on `gauges`.

Neighbours are the stations that this process holds. With one instance these are all; with several a rare jump
is asked of fewer, and fewer than two neighbours are no reason to doubt it.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from alerts.alert import Alert
from alerts.claim import Release
from alerts.gauge import GaugeStation
from alerts.place import LatLng
from alerts.report import OutcomeKind
from feeds.cap_write import write_cap
from feeds.read import series_of
from geo.gauges.doubt import Neighbour
from geo.gauges.neighbours import neighbours_of
from geo.gauges.silence import voices
from geo.gauges.station import GaugeState
from geo.gauges.watch import Watched, hear
from geo.night_warning import FEED as NIGHT_FEED
from geo.night_warning import Home, night_warnings
from geo.river_zone import Endangered, RiverZones, cells_endangered
from streams.brokers.broker import Broker
from streams.brokers.faust_app import Outlet, ShiraseApp, add_agent, add_table, build_app
from streams.brokers.lag import measure_lag
from streams.brokers.record import Record
from streams.gauges.metrics import GaugeMetrics
from streams.gauges.record import gauge_record
from streams.ingest.acceptance import (
    HEADER_ARRIVED_MS,
    HEADER_FEED,
    HEADER_NAME,
    HEADER_RECEIPT,
    HEADER_RECEIVED_MS,
    epoch_ms,
)
from streams.ingest.agent import acknowledged
from streams.ingest.readings import StationFacts
from streams.metrics import Role, StreamMetrics
from streams.payloads import ReportRecord
from streams.topics import GAUGES, READINGS, REPORTS, TELEGRAMS
from streams.wire import decode, encode

# Official sources whose warnings for the night open a draft; our own drafts must not answer themselves.
_OFFICIAL = frozenset({"jma", "cap"})
_TOLD = frozenset({OutcomeKind.NOTICE, OutcomeKind.UPDATE})
# Silence is measured in minutes.
_LOOK_EVERY_SECONDS = 5.0


class Gauges:
    """All stations that this process holds, and the rivers that they stand at."""

    def __init__(self, zones: RiverZones, zone: tzinfo, home: Home) -> None:
        self.zones, self.zone, self.home = zones, zone, home
        self.states: dict[str, GaugeState] = {}
        self._ground: dict[tuple[str, str, LatLng], Endangered] = {}

    def neighbours(self, station: GaugeStation, at: datetime) -> Sequence[Neighbour]:
        """Return the neighbours of *station* that were heard lately."""
        return neighbours_of(station, self.states.values(), at)

    def river(self, station: GaugeStation) -> Endangered:
        """Return the ground that *station*'s river endangers; drawn once, since maps change with a restart."""
        key = station.river, station.reach, station.point
        if key not in self._ground:
            self._ground[key] = cells_endangered(self.zones, station.river, station.reach, near=station.point)
        return self._ground[key]


def build_gauges(
    broker: Broker | str,
    *,
    data_dir: Path,
    instance: str,
    gauges: Gauges,
    metrics: StreamMetrics,
    gauge_metrics: GaugeMetrics,
) -> ShiraseApp:
    """Return the gauges app; nothing runs yet."""
    app = build_app("gauges", broker, data_dir=data_dir, instance=f"gauges-{instance}")
    stations = add_table(app, "stations", READINGS)
    telegrams, board = Outlet(app, TELEGRAMS), Outlet(app, GAUGES)

    def remembered(key: bytes) -> Watched:
        if not gauges.states:
            # After a restart the table is back before the first record; neighbours come from it.
            for name, value in stations.items():
                gauges.states[name.decode()] = decode(Watched, value).state
        known = stations.get(key)
        return decode(Watched, known) if known else Watched()

    async def say(feed: str, alert: Alert, received: datetime, headers: Mapping[str, bytes]) -> None:
        raw = write_cap(alert)
        key = series_of(raw, feed).encode()
        await acknowledged([await telegrams.send(key, raw, document_headers(feed, alert, received, headers))])

    async def judge(record: Record) -> None:
        facts = decode(StationFacts, record.value)
        before = remembered(record.key)
        heard = hear(
            before,
            facts.station,
            facts.readings,
            neighbours=gauges.neighbours,
            river=gauges.river,
            zone=gauges.zone,
        )
        received = max((one.attribution.received_at for one in facts.readings), default=datetime.now(UTC))
        for message in heard.messages:
            await say(message.feed, message.alert, received, record.headers)
        for stepped in heard.steps:
            gauge_metrics.reading(stepped.belief.doubt)
        name = record.key.decode()
        if facts.readings:
            gauge_metrics.heard(name.partition(":")[0], received.timestamp())
        gauges.states[name] = heard.watched.state
        if heard.watched == before:
            return
        await acknowledged([await board.send(record.key, encode(gauge_record(name, heard.watched)), record.headers)])
        stations[record.key] = encode(heard.watched)

    async def look_at_the_night(record: Record) -> None:
        settled = decode(ReportRecord, record.value)
        if settled.report is None or settled.feed not in _OFFICIAL or not speaks_of_the_night(settled):
            return
        thread = settled.lineage or settled.series
        for alert, _ in night_warnings(settled.report, thread, settled.received, home=gauges.home, zone=gauges.zone):
            await say(NIGHT_FEED, alert, settled.received, record.headers)

    add_agent(app, READINGS, judge, on_aside=lambda reason: metrics.dead_letter(READINGS.name, reason))
    add_agent(app, REPORTS, look_at_the_night, on_aside=lambda reason: metrics.dead_letter(REPORTS.name, reason))
    measure_lag(app, Role.GAUGES, READINGS, metrics)

    @app.task(on_leader=False)
    async def listen() -> None:
        while not app.should_stop:
            gauge_metrics.voices(voices(gauges.states.values(), datetime.now(UTC)))
            await asyncio.sleep(_LOOK_EVERY_SECONDS)

    return app


def speaks_of_the_night(settled: ReportRecord) -> bool:
    """Return whether what *settled* expects may open a draft: it is told, or recorded as the forecast that it is.

    A drill, what is held, what is old or came twice, and what policy keeps from everybody open nothing.
    """
    if settled.outcome is OutcomeKind.INFORMATIONAL:
        return settled.report is not None and bool(settled.report.expected)
    return settled.outcome in _TOLD and settled.release is not Release.RECORD


def document_headers(feed: str, alert: Alert, received: datetime, came_with: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the headers of a document of our own; its receipt is its name, so that it has one end only.

    The time of the reading's own reception goes along: how long a rise takes is measured over the whole way.
    """
    now = b"%d" % round(time.time() * 1000)
    return {
        HEADER_RECEIPT: alert.identifier.encode(),
        HEADER_RECEIVED_MS: came_with.get(HEADER_RECEIVED_MS, now),
        HEADER_ARRIVED_MS: b"%d" % epoch_ms(received),
        HEADER_NAME: f"{feed}/{alert.identifier}".encode(),
        HEADER_FEED: feed.encode(),
    }
