"""Claims become hazard maps, shard by shard.

State: one table entry per shard, the snapshot that was last published. A claim that changes nothing
is not published; a snapshot is acknowledged before the entry is written, so that a crash repeats it
with the same version and digest instead of losing it.
"""

import time
from datetime import timedelta
from pathlib import Path

from alerts.claim import Claim, HazardSnapshot
from alerts.place import Shard
from geo.hazard_map import apply, prune, snapshot
from streams.brokers.broker import Broker
from streams.brokers.faust_app import Outlet, ShiraseApp, add_agent, add_table, build_app
from streams.brokers.lag import measure_lag
from streams.brokers.record import Record
from streams.ingest.acceptance import HEADER_HAZARD_MS, HEADER_REPORT_MS
from streams.ingest.agent import acknowledged, stage_headers
from streams.metrics import Hop, Role, StreamMetrics
from streams.topics import CLAIMS, HAZARDS
from streams.wire import decode, encode

# A withdrawn lineage is remembered this long, so that a late older revision cannot bring it back.
TOMBSTONE_AGE = timedelta(days=7)


def build_hazards(broker: Broker | str, *, data_dir: Path, instance: str, metrics: StreamMetrics) -> ShiraseApp:
    """Return the hazards app; nothing runs yet."""
    app = build_app("hazards", broker, data_dir=data_dir, instance=f"hazards-{instance}")
    shards = add_table(app, "shards", CLAIMS)
    hazards = Outlet(app, HAZARDS)

    async def map_claim(record: Record) -> None:
        claim = decode(Claim, record.value)
        known = shards.get(record.key)
        before = decode(HazardSnapshot, known) if known else empty(claim.shard)
        applied = apply(before.standings, claim)
        metrics.claim(applied.reason)
        if not applied.changed:
            return
        kept = prune(applied.standings, sent_before=claim.provenance.sent - TOMBSTONE_AGE)
        after = snapshot(claim.shard, kept, before.version, claim.provenance.lineage)
        value = encode(after)
        await acknowledged([await hazards.send(record.key, value, stage_headers(record, HEADER_HAZARD_MS))])
        shards[record.key] = value
        metrics.hop_since(Hop.CLAIMED_TO_MAPPED, record.headers.get(HEADER_REPORT_MS), time.time())

    add_agent(app, CLAIMS, map_claim, on_aside=lambda reason: metrics.dead_letter(CLAIMS.name, reason))
    measure_lag(app, Role.HAZARDS, CLAIMS, metrics)
    return app


def empty(shard: Shard) -> HazardSnapshot:
    """Return the map of a shard of which nothing has been said."""
    return HazardSnapshot(shard=shard, version=0, digest="", changed="", standings=())
