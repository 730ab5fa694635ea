"""What residents may be shown of the ways: the tile around a place, and every shelter with the age of its state.

For a process that answers residents: it follows the planner's own topics and grows the same forests from
the same facts, so that a tile says what the plan says, and the exact point stays on the phone (R13). One
thread applies, any thread may ask. No clock.

Safe in the stated direction: a tile is given only where an order is in force, because a way to a shelter
is an order to leave for whoever reads it, and software never states one first.
"""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import h3.api.basic_int as h3

from alerts.claim import HazardSnapshot
from alerts.fact import Freshness, Heartbeat, freshness_at
from alerts.hazard import HazardKind
from alerts.notice import Notice
from alerts.place import HAZARD_RESOLUTION, SHARD_RESOLUTION, Cell, Shard
from alerts.road import RoadReport
from alerts.shelter import OccupancyBand, ShelterReport, band_of
from routing.forest import Variant
from routing.passable import RoadCells
from routing.planner import Facts, obstacles_of
from routing.shelter import Offer, Shelter, Unusable, offer_of, why_unusable
from routing.standing import Standing
from routing.way_tile import TILE_RESOLUTION, tile_of, tiles_of
from streams.brokers.client import Record
from streams.evacuation.fact_book import FactBook
from streams.evacuation.plan_facts import facts_of
from streams.evacuation.town import Town
from streams.ingest.facts import is_heartbeat
from streams.notices.order_book import OrderBook
from streams.topics import CLOSURES, HAZARDS, NOTICES, PLANNER_FOLLOWS, SHELTERS
from streams.wire import decode

FOLLOWED = tuple(topic.name for topic in PLANNER_FOLLOWS)
# Promise 6: a way of under a minute is shown as it is. Older facts are looked at again before they are served.
LOOK_AGAIN = timedelta(seconds=30)
# Some 30 kB each; a ward under order has about a hundred.
_TILES_KEPT = 1_000


class NoTile(StrEnum):
    """Why there is no tile."""

    NOT_A_TILE = "not-a-tile"  # neither a cell of resolution 8 nor a shard
    NO_ORDER_HERE = "no-order-here"
    NO_WAY_HERE = "no-way-here"  # the network has nothing around it


@dataclass(frozen=True, slots=True)
class Tile:
    """The bytes of `routing.way_tile`, a digest to cache them under, and up to when the facts were heard."""

    data: bytes
    etag: str
    facts_at: datetime


@dataclass(frozen=True, slots=True)
class ShelterNow:
    """A site with its state, how old that is, and why people are not sent there now (None: they are).

    Where no order is in force there is no danger that it would have to be fit for: both are None.
    """

    site: Shelter
    age: Freshness
    band: OccupancyBand | None
    unusable: Unusable | None
    offer: Offer | None


class WayBook:
    """Facts, orders, and the two forests of the ways."""

    def __init__(self, town: Town) -> None:
        self._town = town
        self._facts = FactBook(town.network, town.sites)
        self._orders = OrderBook()
        self._maps: dict[Shard, HazardSnapshot] = {}
        self._lock = threading.RLock()
        self._stale = True
        self._look_at: datetime | None = None
        self._facts_at: datetime | None = None
        self._standing: dict[Variant, Standing] = {}
        self._road_cells: RoadCells | None = None
        self._walked: frozenset[int] = frozenset()
        self._under_order: frozenset[Cell] = frozenset()
        self._tiles: OrderedDict[Cell, Tile] = OrderedDict()

    def apply(self, record: Record) -> None:
        """Take in one record of a topic of FOLLOWED. Raises `Refused` for one that cannot be read."""
        if record.value is None:
            return
        match record.topic:
            case HAZARDS.name:
                snapshot = decode(HazardSnapshot, record.value)
                self._take(lambda: self._hear_map(snapshot))
            case NOTICES.name:
                notice = decode(Notice, record.value)
                self._take(lambda: self._orders.hear_notice(notice))
            case CLOSURES.name if not is_heartbeat(record.key):
                road = decode(RoadReport, record.value)
                self._take(lambda: self._facts.hear_road(road))
            case SHELTERS.name if not is_heartbeat(record.key):
                shelter = decode(ShelterReport, record.value)
                self._take(lambda: self._facts.hear_shelter(shelter))
            case CLOSURES.name:
                self._hear_beat(record)

    def tile(self, tile: Cell, at: datetime) -> Tile | NoTile:
        """Return the tile of *tile*, a cell of resolution 8 or a shard, by the facts of *at*, or why there is none."""
        if not h3.is_valid_cell(tile) or h3.get_resolution(tile) not in (SHARD_RESOLUTION, TILE_RESOLUTION):
            return NoTile.NOT_A_TILE
        with self._lock:
            self._look(at)
            if self._under_order.isdisjoint(_cells_around(tile)):
                return NoTile.NO_ORDER_HERE
            known = self._tiles.get(tile)
            if known is None:
                known = self._cut(tile)
                self._tiles[tile] = known
                if len(self._tiles) > _TILES_KEPT:
                    self._tiles.popitem(last=False)
            return known if known.data else NoTile.NO_WAY_HERE

    def shelters(self, at: datetime) -> tuple[ShelterNow, ...]:
        """Return every site that is known, by id, as it was last said to be."""
        with self._lock:
            sites = self._facts.shelters()
            hazards = {hazard for order in self._orders.in_force() for hazard in order.hazards}
        return tuple(_now(site, hazards, at) for site in sites)

    def facts_at(self, at: datetime) -> datetime:
        """Return up to when every source of closures was heard."""
        with self._lock:
            return self._facts.facts_at(at)

    # ── inside, under the lock ────────────────────────────────────────────────────────────────────

    def _take(self, hear: Callable[[], bool]) -> None:
        with self._lock:
            self._stale |= hear()

    def _hear_map(self, snapshot: HazardSnapshot) -> bool:
        self._maps[snapshot.shard] = snapshot
        self._orders.hear_map(snapshot)
        return True

    def _hear_beat(self, record: Record) -> None:
        beat = decode(Heartbeat, record.value)
        with self._lock:
            self._facts.hear_heartbeat(beat)

    def _look(self, at: datetime) -> None:
        """Let the forests follow the facts, when these changed or grew old."""
        if not self._stale and self._look_at is not None and at < self._look_at:
            return
        edge, look = self._facts.next_edge(at), at + LOOK_AGAIN
        self._look_at = min(edge, look) if edge is not None else look
        self._stale = False
        orders = self._orders.in_force()
        self._under_order = frozenset(cell for order in orders for cell in order.cells)
        self._tiles.clear()
        self._facts_at = self._facts.facts_at(at)
        if orders:
            self._follow(facts_of(self._town, self._facts, orders, self._maps, at))

    def _follow(self, facts: Facts) -> None:
        hazards = facts.situation.hazards
        found = obstacles_of(self._town.network, self._cells, facts)
        for variant in Variant:
            if variant not in self._standing:
                self._standing[variant] = Standing(self._town.network, variant, facts.shelters, hazards)
            self._standing[variant].follow(facts.shelters, hazards, found.closed, found.danger, found.refused)

    def _cells(self) -> RoadCells:
        if self._road_cells is None:
            self._road_cells = RoadCells(self._town.network)
            self._walked = frozenset(self._road_cells.of_node.tolist())
        return self._road_cells

    def _cut(self, tile: Cell) -> Tile:
        assert self._facts_at is not None
        general, free = (self._standing[variant].forest for variant in Variant)
        cells = self._cells()
        here = not self._walked.isdisjoint(_cells_around(tile))
        data = tile_of(general, free, cells, tile, self._facts_at) if here else b""
        return Tile(data, hashlib.sha256(data).hexdigest()[:32], self._facts_at)


def _cells_around(tile: Cell) -> frozenset[Cell]:
    return frozenset(Cell(child) for near in tiles_of(tile) for child in h3.cell_to_children(near, HAZARD_RESOLUTION))


def _now(site: Shelter, hazards: Collection[HazardKind], at: datetime) -> ShelterNow:
    unusable = why_unusable(site, hazards) if hazards else None
    return ShelterNow(
        site=site,
        age=freshness_at(site.state_at, at=at) if site.state_at is not None else Freshness.UNCONFIRMED,
        band=band_of(site.occupants, site.capacity),
        unusable=unusable,
        offer=offer_of(site) if hazards and unusable is None else None,
    )
