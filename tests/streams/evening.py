"""The demo's evening through the pure stages, with a table of the wards that takes no time to build."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import h3.api.basic_int as h3
import orjson

from alerts.claim import Claim, HazardSnapshot
from alerts.place import Shard
from alerts.policy import Policy
from feeds.read import series_of
from geo.areas import AreaEntry, AreaName, AreaSource, AreaTable, table_of
from geo.cells import compact
from geo.hazard_map import apply, snapshot
from shirase.demo.scenario import ScenarioDocument, river_evening
from shirase.demo.wards import WARDS
from streams.ingest.settlement import Arrival, Settled, settle

START = datetime(2026, 9, 18, 9, 0, tzinfo=UTC)
_POLICY = Path(__file__).resolve().parents[2] / "ops" / "policy.toml"


@cache
def wards_table() -> AreaTable:
    """Return the 23 wards as discs on a grid: some share a shard, some cover two."""
    entries = []
    for number, ward in enumerate(WARDS):
        middle = h3.latlng_to_cell(35.60 + 0.04 * (number // 5), 139.62 + 0.05 * (number % 5), 9)
        entries.append(
            AreaEntry(AreaName(ward.code, ward.name, ward.code), "130010", compact(h3.grid_disk(middle, 5)), ())
        )
    return table_of(AreaSource("test", "1", "2026-01-01", "", ()), entries, [AreaName("130010", "東京地方", "Tokyo")])


@cache
def policy() -> Policy:
    """Return the policy as shipped."""
    return Policy.from_plain(tomllib.loads(_POLICY.read_text(encoding="utf-8")))


@cache
def evening() -> tuple[ScenarioDocument, ...]:
    return river_evening(START, seed=7)


def arrival(raw: bytes, at: datetime, name: str = "document.xml", receipt: str = "") -> Arrival:
    return Arrival(raw, receipt or name, name, "", at, timedelta(0))


class Ingest:
    """The ingest stage without its topics: one stored state per series, kept as JSON as the table does."""

    def __init__(self, table: AreaTable | None = None, rules: Policy | None = None) -> None:
        self.table = table or wards_table()
        self.policy = rules or policy()
        self.stored: dict[str, bytes] = {}

    def state(self, raw: bytes) -> Mapping[str, Any] | None:
        known = self.stored.get(series_of(raw))
        return orjson.loads(known) if known else None

    def look(self, raw: bytes, at: datetime, name: str = "document.xml") -> Settled:
        """Settle without keeping the state: what a crash before the entry was written leaves behind."""
        return settle(arrival(raw, at, name), self.state(raw), table=self.table, policy=self.policy)

    def take(self, raw: bytes, at: datetime, name: str = "document.xml") -> Settled:
        return self._keep(raw, self.look(raw, at, name))

    def take_by(self, raw: bytes, at: datetime, feed: str) -> Settled:
        """Take a document that says by which way it came."""
        came = replace(arrival(raw, at), feed=feed)
        return self._keep(raw, settle(came, self.state(raw), table=self.table, policy=self.policy))

    def _keep(self, raw: bytes, settled: Settled) -> Settled:
        if settled.stored is not None:
            self.stored[series_of(raw)] = orjson.dumps(settled.stored)
        return settled


@cache
def settled_evening() -> tuple[tuple[ScenarioDocument, Settled], ...]:
    ingest = Ingest()
    return tuple((document, ingest.take(document.raw, START + document.at, document.name)) for document in evening())


class Maps:
    """The hazards stage without its topics."""

    def __init__(self) -> None:
        self.maps: dict[Shard, HazardSnapshot] = {}

    def take(self, claims: Iterable[Claim]) -> Iterator[HazardSnapshot]:
        for claim in claims:
            before = self.maps.get(claim.shard) or HazardSnapshot(claim.shard, 0, "", "", ())
            applied = apply(before.standings, claim)
            if applied.changed:
                after = snapshot(claim.shard, applied.standings, before.version, claim.provenance.lineage)
                self.maps[claim.shard] = after
                yield after


@cache
def snapshots_of_the_evening() -> Sequence[HazardSnapshot]:
    maps = Maps()
    return tuple(one for _, settled in settled_evening() for one in maps.take(settled.claims))
