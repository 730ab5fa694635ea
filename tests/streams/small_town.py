"""A small made-up town for the planner: two banks, three bridges, two shelters, and its words on the wire."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import h3.api.basic_int as h3

from alerts.cap import Certainty, Severity, Urgency
from alerts.claim import Danger, HazardSnapshot, Lane, Provenance, Release, Standing
from alerts.hazard import HazardKind
from alerts.level import Level
from alerts.notice import Notice, NoticeKind, NoticePart, Phase, Recipients
from alerts.place import Cell, LatLng, Shard
from alerts.reception import WardCap
from alerts.report import Report
from alerts.road import RoadReport
from alerts.shelter import ShelterReport, ShelterState
from feeds.read import read
from geo.cells import compact, split_by_shard
from routing.ground import Ground
from routing.network import Node, Road, RoadNetwork, metres_between, walk_seconds
from routing.shelter import Shelter
from streams.evacuation.town import Town

AT = datetime(2026, 9, 18, 5, 0, tzinfo=UTC)  # 14:00 in Tokyo
SOUTH, WEST = 35.70, 139.80
STEP_M = 150.0
ROWS, COLUMNS = 8, 14
BRIDGES = (1, 6, 12)
ORDER = "order-lineage"


def node_at(row: int, column: int) -> Node:
    return Node(row * 100 + column)


def point_at(row: int, column: int) -> LatLng:
    return LatLng(SOUTH + row * STEP_M / 111_320, WEST + column * STEP_M / 90_400)


def _streets() -> RoadNetwork:
    nodes = {node_at(row, column): point_at(row, column) for row in range(ROWS) for column in range(COLUMNS)}
    roads = []
    for row in range(ROWS):
        for column in range(COLUMNS):
            here = node_at(row, column)
            if column + 1 < COLUMNS:
                roads.append(_road(nodes, f"street-{row}-{column}", here, node_at(row, column + 1)))
            if row + 1 < ROWS:
                over = row == 3
                if not over or column in BRIDGES:
                    name = f"bridge-{column}" if over else f"lane-{row}-{column}"
                    roads.append(_road(nodes, name, here, node_at(row + 1, column), bridge=over))
    return RoadNetwork(nodes, roads)


def _road(nodes: dict[Node, LatLng], name: str, start: Node, end: Node, *, bridge: bool = False) -> Road:
    label = f"架空{name}" if bridge else ""
    return Road(name, start, end, walk_seconds(metres_between(nodes[start], nodes[end])), bridge=bridge, name=label)


def _shelter(name: str, row: int, column: int, capacity: int) -> Shelter:
    point = point_at(row, column)
    fit = frozenset({HazardKind.FLOOD})
    return Shelter(
        name, f"架空{name}小学校", point, node_at(row, column), fit, capacity, ShelterState.OPEN, step_free=True
    )


NETWORK = _streets()
CELLS: tuple[Cell, ...] = tuple(
    sorted({Cell(h3.latlng_to_cell(p.lat, p.lng, 9)) for p in NETWORK.nodes.values() if p.lat < point_at(3, 0).lat})
)
SHELTERS = (_shelter("north", 6, 6, 100_000), _shelter("east", 6, 13, 100_000), _shelter("west", 7, 0, 100_000))


def town(**changes: Any) -> Town:
    facts: dict[str, Any] = {
        "network": NETWORK,
        "sites": SHELTERS,
        "people": dict.fromkeys(CELLS, 100),
        "names": {cell: f"架空{number}丁目" for number, cell in enumerate(CELLS, start=1)},
    }
    return Town(**{**facts, **changes})


def order_maps(
    cells: tuple[Cell, ...] = CELLS,
    revision: int = 1,
    *,
    document: str = "",
    expires: datetime = AT + timedelta(hours=6),
    dangers: tuple[Danger, ...] = (),
) -> list[HazardSnapshot]:
    """Return the hazard maps of an order for *cells*; no cells: it is lifted."""
    provenance = Provenance(
        document=document or f"order-document-{revision}",
        lineage=ORDER,
        revision=revision,
        feed="cap",
        kind="CAP-1.2",
        issuer="架空市",
        sent=AT,
        received=AT,
        expires=expires,
        release=Release.AUTOMATIC,
        lane=Lane.LIFE_SAFETY,
        outcome="notice",
    )
    shards = split_by_shard(CELLS)
    by_shard = split_by_shard(compact(cells)) if cells else {}
    found = []
    for shard in shards:
        here = by_shard.get(shard, ())
        said = (_order(here),) if here else ()
        standing = Standing(provenance, len(shards), said + dangers)
        found.append(HazardSnapshot(shard, revision, f"d{revision}", ORDER, (standing,)))
    return found


def _order(cells: tuple[Cell, ...]) -> Danger:
    return Danger(
        hazard=HazardKind.FLOOD,
        level=Level.ALL_LEAVE,
        severity=Severity.EXTREME,
        urgency=Urgency.IMMEDIATE,
        certainty=Certainty.LIKELY,
        event="避難指示",
        area_name="架空市南部",
        area_code="",
        cells=cells,
        evacuate=True,
    )


def order_notice(revision: int = 1, *, document: str = "") -> Notice:
    """Return the kind 1 notice with which the order went out."""
    return Notice(
        lineage=ORDER,
        revision=revision,
        kind=NoticeKind.DANGER_IS_COMING,
        lane=Lane.LIFE_SAFETY,
        document=document or f"order-document-{revision}",
        feed="cap",
        issuer="架空市",
        sent=AT,
        received=AT,
        expires=AT + timedelta(hours=6),
        parts=(
            NoticePart(
                rank=0,
                phase=Phase.ISSUED,
                recipients=Recipients.CELLS,
                level=Level.ALL_LEAVE,
                severity=Severity.EXTREME,
                hazards=(HazardKind.FLOOD,),
                area_names=("架空市",),
                cells=compact(CELLS),
                texts=(),
            ),
        ),
        digest="",
        approved_by="policy",
        approved_at=AT,
    )


def closure(bridge: int, minute: int = 1, **fields: Any) -> RoadReport:
    """Return a coordinator's word that a bridge is closed."""
    south, north = point_at(3, bridge), point_at(4, bridge)
    middle = [(south.lat + north.lat) / 2, south.lng]
    plain = {"kind": "closure", "id": f"bridge-{bridge}", "point": middle, "name": f"架空{bridge}号橋", **fields}
    return _posted(plain, minute).facts.roads[0]


def shelter_state(name: str, state: str, minute: int = 1, **fields: Any) -> ShelterReport:
    """Return a coordinator's word on a shelter."""
    return _posted({"kind": "shelter", "id": name, "state": state, **fields}, minute).facts.shelters[0]


def _posted(plain: dict[str, Any], minute: int) -> Report:
    at = AT + timedelta(minutes=minute)
    raw = json.dumps({"shirase": "console/1", "by": "officer", "at": at.isoformat(), **plain}).encode()
    return read(raw, name="x", received=at, feed="console")


def cap(most: int | None, minute: int = 1, **fields: Any) -> WardCap:
    """Return a receiving ward's word on how many of the south it takes."""
    plain = {"kind": "cap", "id": "south>mid", "from_ward": "south", "to_ward": "mid", "most": most, **fields}
    return _posted({name: value for name, value in plain.items() if value is not None}, minute).facts.caps[0]


def two_wards() -> Town:
    """Return the town with wards: everybody lives in the south, and each shelter is a ward of its own."""
    wards = {"north": "mid", "east": "east", "west": "west"}
    sites = tuple(replace(site, ward=wards[site.id]) for site in SHELTERS)
    return town(sites=sites, ground={cell: Ground(ward="south") for cell in CELLS})


SHARDS: tuple[Shard, ...] = tuple(split_by_shard(CELLS))
