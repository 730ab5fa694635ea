"""The walking network as columns: what lies in the network file, and what the searches run on.

Nodes are sorted by id and roads by id, so that a position compares as its id does; ties are broken by
position and therefore by id. Each road is one *arc* for each direction in which it is walked. Arcs are
kept twice over, by the node they leave and by the node they reach.
"""

from array import array
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Plain: TypeAlias = "array[int]"

ONE_WAY, BRIDGE, UNDERGROUND, STEPS, LIFT, COVERED = (1 << bit for bit in range(6))
# Written where a road cannot be walked without climbing steps.
NOT_STEP_FREE = -1


@dataclass(frozen=True)
class NetworkColumns:
    """One network. `seconds` are whole and at least one; `layer` is OpenStreetMap's, 0 the ground.

    `barrier_*` are lines that nobody crosses but on a bridge (rivers, railways): `barrier_start` holds
    the first point of each, and one more.
    """

    node_ids: NDArray[np.int64]
    lat: NDArray[np.float64]
    lng: NDArray[np.float64]
    road_ids: NDArray[Any]  # UTF-8 bytes
    start: NDArray[np.int32]
    end: NDArray[np.int32]
    seconds: NDArray[np.int32]
    step_free_seconds: NDArray[np.int32]
    metres: NDArray[np.float32]
    flags: NDArray[np.uint8]
    layer: NDArray[np.int8]
    name: NDArray[np.int32]  # index into `names`; 0 is the empty name
    names: NDArray[Any]  # UTF-8 bytes
    barrier_start: NDArray[np.int32]
    barrier_lat: NDArray[np.float64]
    barrier_lng: NDArray[np.float64]

    @property
    def node_count(self) -> int:
        """Return how many nodes there are."""
        return len(self.node_ids)

    @property
    def road_count(self) -> int:
        """Return how many roads there are."""
        return len(self.road_ids)

    @cached_property
    def arcs(self) -> "Arcs":
        """Return the directed arcs of the roads."""
        return _arcs(self)

    def road_at(self, road_id: str) -> int | None:
        """Return the position of the road *road_id*, or None."""
        at = int(np.searchsorted(self.road_ids, np.bytes_(road_id.encode())))
        found = at < self.road_count and self.road_ids[at] == road_id.encode()
        return at if found else None

    def road_id(self, at: int) -> str:
        """Return the id of the road at a position."""
        return bytes(self.road_ids[at]).decode()

    def name_of(self, at: int) -> str:
        """Return the street name of the road at a position; empty where it has none."""
        return bytes(self.names[self.name[at]]).decode()


@dataclass(frozen=True)
class Arcs:
    """Arcs sorted by (tail, head, road); `into` lists them sorted by (head, tail, road)."""

    tail: NDArray[np.int32]
    head: NDArray[np.int32]
    road: NDArray[np.int32]
    leaving: NDArray[np.int32]  # first arc of each node, and one more
    into: NDArray[np.int32]
    reaching: NDArray[np.int32]  # first place in `into` of each node, and one more
    of_road: NDArray[np.int32]  # two per road: its arcs forward and back, -1 where there is none

    @cached_property
    def plain(self) -> "PlainArcs":
        """Return the same as plain arrays, of which single elements are read several times faster."""
        columns = (self.tail, self.head, self.leaving, self.into, self.reaching)
        return PlainArcs(*(plain(column) for column in columns))


@dataclass(frozen=True, slots=True)
class PlainArcs:
    """What a repair walks along."""

    tail: Plain
    head: Plain
    leaving: Plain
    into: Plain
    reaching: Plain


def plain(column: NDArray[Any]) -> Plain:
    """Return whole numbers as a plain array.

    Not as a list: a million of them would be visited by every pass of the collector, and take four
    times the memory.
    """
    return array("q", np.asarray(column, dtype=np.int64).tobytes())


COLUMN_NAMES = tuple(field.name for field in fields(NetworkColumns))


def _arcs(columns: NetworkColumns) -> Arcs:
    roads = np.arange(columns.road_count, dtype=np.int32)
    both = (np.asarray(columns.flags) & ONE_WAY) == 0
    tail = np.concatenate((columns.start, columns.end[both]))
    head = np.concatenate((columns.end, columns.start[both]))
    road = np.concatenate((roads, roads[both]))
    order = np.lexsort((road, head, tail))
    of_road = np.full(2 * columns.road_count, -1, dtype=np.int32)
    places = np.concatenate((2 * roads, 2 * roads[both] + 1))
    of_road[places[order]] = np.arange(len(order), dtype=np.int32)
    tail, head, road = tail[order], head[order], road[order]
    into = np.lexsort((road, tail, head)).astype(np.int32)
    nodes = np.arange(columns.node_count + 1)
    leaving = np.searchsorted(tail, nodes).astype(np.int32)
    reaching = np.searchsorted(head[into], nodes).astype(np.int32)
    return Arcs(tail, head, road, leaving, into, reaching, of_road)
