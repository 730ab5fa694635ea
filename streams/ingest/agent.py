"""Telegrams become reports, claims and facts, in the order of their series.

State: one table entry per series, holding its life cycle, the shards that each lineage covers, and when
each thing was last spoken of. Claims and facts are acknowledged before the entry is written: were it the
other way round, a crash between the two would find the document already known, call it a duplicate, and
lose what it says.
"""

import asyncio
import time
from collections.abc import Awaitable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from alerts.claim import Claim
from alerts.policy import Policy
from alerts.report import OutcomeKind
from feeds.cap_signature import NO_SIGNERS, Signers
from feeds.gauges.plain_csv import ColumnMap
from feeds.gauges.recognise import NO_MAPS
from geo.areas import AreaTable
from geo.named_areas import NamedAreas
from geo.river_zone import NO_ZONES, RiverZones
from streams.brokers.broker import Broker
from streams.brokers.faust_app import Outlet, ShiraseApp, add_agent, add_table, build_app
from streams.brokers.lag import measure_lag
from streams.brokers.record import Record
from streams.dead_letters import DETAIL, REASON
from streams.ingest.acceptance import (
    HEADER_ARRIVED_MS,
    HEADER_FEED,
    HEADER_NAME,
    HEADER_RECEIPT,
    HEADER_RECEIVED_MS,
    HEADER_REPORT_MS,
    HEADER_SHIFT_MS,
)
from streams.ingest.facts import emitted
from streams.ingest.readings import station_records, without_readings
from streams.ingest.settlement import Arrival, Settled, settle, was_settled
from streams.metrics import Hop, Role, StreamMetrics
from streams.payloads import ReportRecord
from streams.topics import CAPS, CLAIMS, CLOSURES, DEAD_LETTERS, INCIDENTS, READINGS, REPORTS, SHELTERS, TELEGRAMS
from streams.wire import encode


def build_ingest(
    broker: Broker | str,
    *,
    data_dir: Path,
    instance: str,
    table: AreaTable,
    policy: Policy,
    metrics: StreamMetrics,
    signers: Signers = NO_SIGNERS,
    rivers: RiverZones = NO_ZONES,
    column_maps: Mapping[str, ColumnMap] = NO_MAPS,
    named: NamedAreas | None = None,
) -> ShiraseApp:
    """Return the ingest app; nothing runs yet."""
    app = build_app("ingest", broker, data_dir=data_dir, instance=f"ingest-{instance}")
    series = add_table(app, "series", TELEGRAMS)
    reports, claims, aside = Outlet(app, REPORTS), Outlet(app, CLAIMS), Outlet(app, DEAD_LETTERS)
    readings = Outlet(app, READINGS)
    grounds = {topic.name: Outlet(app, topic) for topic in (CLOSURES, SHELTERS, INCIDENTS, CAPS)}

    async def ingest(record: Record) -> None:
        known = series.get(record.key)
        arrival, stored = arrival_of(record), orjson.loads(known) if known else None
        if was_settled(stored, arrival.receipt):
            return
        settled = settle(
            arrival,
            stored,
            table=table,
            policy=policy,
            signers=signers,
            rivers=rivers,
            column_maps=column_maps,
            named=named,
        )
        headers = stage_headers(record, HEADER_REPORT_MS)
        facts = emitted(settled.record.report, settled.record.outcome, (stored or {}).get("facts", {}))
        sent = [await grounds[fact.topic.name].send(fact.key, fact.value, headers) for fact in facts.records]
        for station, value in station_records(settled.record.report, settled.record.outcome):
            sent.append(await readings.send(station, value, headers))
        sent += [await claims.send(shard_key(claim), encode(claim), headers) for claim in settled.claims]
        await acknowledged(sent)
        await acknowledged([await reports.send(record.key, encode(_kept(settled)), headers)])
        if settled.record.outcome is OutcomeKind.DEAD_LETTER:
            await aside.send(record.place.encode(), record.value, {**record.headers, **_reason(settled)})
            metrics.dead_letter(TELEGRAMS.name, settled.record.reason)
        if settled.stored is not None:
            series[record.key] = orjson.dumps({**settled.stored, "facts": facts.known})
        metrics.document(settled.record.feed, settled.record.outcome.value)
        metrics.order_returned(settled.record.reason)
        if settled.claims:
            metrics.hop_since(Hop.RECEIVED_TO_CLAIMED, record.headers.get(HEADER_RECEIVED_MS), time.time())

    add_agent(app, TELEGRAMS, ingest, on_aside=lambda reason: metrics.dead_letter(TELEGRAMS.name, reason))
    measure_lag(app, Role.INGEST, TELEGRAMS, metrics)
    return app


def arrival_of(record: Record) -> Arrival:
    """Return the document of a `telegrams` record; headers that acceptance did not write have defaults."""
    headers = record.headers
    arrived_ms = int(headers.get(HEADER_ARRIVED_MS, headers.get(HEADER_RECEIVED_MS, b"%d" % record.timestamp_ms)))
    return Arrival(
        raw=record.value or b"",
        receipt=headers.get(HEADER_RECEIPT, record.place.encode()).decode(),
        name=headers.get(HEADER_NAME, record.place.encode()).decode(),
        feed=headers.get(HEADER_FEED, b"").decode(),
        received=datetime.fromtimestamp(arrived_ms / 1000, UTC),
        shift=timedelta(milliseconds=int(headers.get(HEADER_SHIFT_MS, b"0"))),
    )


def stage_headers(record: Record, stage: str) -> Mapping[str, bytes]:
    """Return *record*'s headers with the time of this stage: latency is measured where it arises."""
    return {**record.headers, stage: b"%d" % round(time.time() * 1000)}


def shard_key(claim: Claim) -> bytes:
    """Return the key of a claim: its shard in H3's usual hexadecimal form."""
    return b"%x" % claim.shard


async def acknowledged(sent: list[Awaitable[Any]]) -> None:
    """Wait until the broker has stored everything in *sent*."""
    if sent:
        await asyncio.gather(*sent)


def _kept(settled: Settled) -> ReportRecord:
    """Return the record of a document without its readings, which are on a topic of their own."""
    return replace(settled.record, report=without_readings(settled.record.report))


def _reason(settled: Settled) -> dict[str, bytes]:
    return {REASON: settled.record.reason.encode(), DETAIL: settled.record.detail[:200].encode()}
