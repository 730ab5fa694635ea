"""The hazard map of any moment, from `telegrams` alone.

Snapshots are a function of the documents in the order in which each series came: settled by the same
code, mapped by the same code, they come out identical, digest by digest. What a person asks about last
night therefore needs no other record than the telegrams, and a lost `hazards` topic can be made again.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from alerts.claim import Claim, HazardSnapshot
from alerts.place import Shard
from alerts.policy import Policy
from feeds.cap_signature import NO_SIGNERS, Signers
from geo.areas import AreaTable
from geo.hazard_map import apply, prune, snapshot
from geo.named_areas import NamedAreas
from geo.river_zone import NO_ZONES, RiverZones
from streams.hazards.agent import TOMBSTONE_AGE, empty
from streams.ingest.settlement import Arrival, settle, was_settled


def maps_of(
    arrivals: Iterable[tuple[bytes, Arrival]],
    *,
    table: AreaTable,
    policy: Policy,
    rivers: RiverZones = NO_ZONES,
    signers: Signers = NO_SIGNERS,
    named: NamedAreas | None = None,
) -> dict[Shard, HazardSnapshot]:
    """Return the newest snapshot of every shard after *arrivals*, each with the key of its series.

    A series comes in its own order; how series lie between each other changes no content.
    """
    stored: dict[bytes, bytes] = {}
    maps: dict[Shard, HazardSnapshot] = {}
    for key, arrival in arrivals:
        known: Mapping[str, Any] | None = orjson.loads(stored[key]) if key in stored else None
        if was_settled(known, arrival.receipt):
            continue
        settled = settle(arrival, known, table=table, policy=policy, rivers=rivers, signers=signers, named=named)
        for claim in settled.claims:
            _mapped(maps, claim)
        if settled.stored is not None:
            # As the table keeps it: what JSON cannot hold may not make a difference.
            stored[key] = orjson.dumps(settled.stored)
    return maps


def _mapped(maps: dict[Shard, HazardSnapshot], claim: Claim) -> None:
    before = maps.get(claim.shard) or empty(claim.shard)
    applied = apply(before.standings, claim)
    if applied.changed:
        kept = prune(applied.standings, sent_before=claim.provenance.sent - TOMBSTONE_AGE)
        maps[claim.shard] = snapshot(claim.shard, kept, before.version, claim.provenance.lineage)
