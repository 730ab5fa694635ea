"""The walking network: nodes with points, and roads that are walked one way or both.

`walk_seconds` are whole seconds, rounded up: sums are exact, so that two ways of one length are a
tie on every machine, and a walk is never promised to be shorter than it is.

Kept as columns (`routing.columns`); `graph` is the same as a networkx graph, which is the model and
what tests compare with. `nodes`, `roads` and `graph` are built when first asked for.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, Self

import networkx as nx
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from alerts.place import LatLng
from routing import columns as col
from routing.columns import NetworkColumns
from routing.errors import UnknownNode
from routing.node import Node as Node

# The general pace of R1; slower people are served by a factor on the sum, which keeps the same tree.
WALK_METRES_PER_SECOND = 1.0
METRES_PER_DEGREE = 111_320.0
# A piece of less than one in so many nodes leads nowhere.
_LARGE_PIECE = 100
# A line on the ground that nobody crosses but on a bridge.
Barrier = tuple[LatLng, ...]


@dataclass(frozen=True, slots=True)
class Road:
    """A straight stretch between two nodes. Closures name its `id`; both directions share it.

    `step_free_seconds` None is "has steps"; 0 is "as `walk_seconds`". `layer` is OpenStreetMap's.
    """

    id: str
    start: Node
    end: Node
    walk_seconds: int
    one_way: bool = False
    bridge: bool = False
    underground: bool = False
    steps: bool = False
    step_free_seconds: int | None = 0
    layer: int = 0
    name: str = ""
    metres: float | None = None


class RoadNetwork:
    """Nodes and roads; `graph` is a networkx MultiDiGraph whose edges are keyed by the road's id."""

    def __init__(self, nodes: Mapping[Node, LatLng], roads: Iterable[Road], barriers: Iterable[Barrier] = ()) -> None:
        self.columns = columns_of(nodes, roads, barriers)

    @classmethod
    def from_columns(cls, columns: NetworkColumns) -> Self:
        """Return the network that lies in *columns*."""
        network = cls.__new__(cls)
        network.columns = columns
        return network

    @cached_property
    def nodes(self) -> dict[Node, LatLng]:
        """Return the point of each node."""
        return {Node(node): LatLng(lat, lng) for node, lat, lng in zip(*_lists(self.columns), strict=True)}

    @cached_property
    def roads(self) -> dict[str, Road]:
        """Return each road by its id."""
        return {road.id: road for road in (self.road(at) for at in range(self.columns.road_count))}

    @cached_property
    def graph(self) -> "nx.MultiDiGraph[Node]":
        """Return the network as a networkx graph."""
        graph: nx.MultiDiGraph[Node] = nx.MultiDiGraph()
        graph.add_nodes_from(self.columns.node_ids.tolist())
        for road in self.roads.values():
            graph.add_edge(road.start, road.end, key=road.id, walk_seconds=road.walk_seconds)
            if not road.one_way:
                graph.add_edge(road.end, road.start, key=road.id, walk_seconds=road.walk_seconds)
        return graph

    @cached_property
    def barriers(self) -> tuple[Barrier, ...]:
        """Return the lines that nobody crosses but on a bridge."""
        columns = self.columns
        points = [
            LatLng(*pair) for pair in zip(columns.barrier_lat.tolist(), columns.barrier_lng.tolist(), strict=True)
        ]
        bounds = columns.barrier_start.tolist()
        return tuple(tuple(points[a:b]) for a, b in pairwise(bounds))

    def road(self, at: int) -> Road:
        """Return the road at a position of the columns."""
        columns = self.columns
        flags, step_free = int(columns.flags[at]), int(columns.step_free_seconds[at])
        return Road(
            columns.road_id(at),
            Node(int(columns.node_ids[columns.start[at]])),
            Node(int(columns.node_ids[columns.end[at]])),
            int(columns.seconds[at]),
            one_way=bool(flags & col.ONE_WAY),
            bridge=bool(flags & col.BRIDGE),
            underground=bool(flags & col.UNDERGROUND),
            steps=bool(flags & col.STEPS),
            step_free_seconds=None if step_free == col.NOT_STEP_FREE else step_free,
            layer=int(columns.layer[at]),
            name=columns.name_of(at),
            metres=float(columns.metres[at]),
        )

    def position(self, node: int) -> int:
        """Return where *node* stands in the columns.

        Raises UnknownNode for a node that the network does not have.
        """
        at = int(np.searchsorted(self.columns.node_ids, node))
        if at == self.columns.node_count or self.columns.node_ids[at] != node:
            raise UnknownNode(f"the network has no node {node}: import it again")
        return at

    def node_at(self, position: int) -> Node:
        """Return the node at a position of the columns."""
        return Node(int(self.columns.node_ids[position]))

    def point_at(self, position: int) -> LatLng:
        """Return the point of the node at a position of the columns."""
        return LatLng(float(self.columns.lat[position]), float(self.columns.lng[position]))

    def nearest_node(self, point: LatLng) -> tuple[Node, float]:
        """Return the node nearest to *point* and the metres to it, as the crow flies."""
        if not self.columns.node_count:
            raise UnknownNode("the network has no nodes")
        metres, at = self._tree.query(_flat(point))
        return self.node_at(int(at)), float(metres)

    def nearest_joined(self, point: LatLng) -> tuple[int, float]:
        """Return the position of the nearest node of a piece that leads somewhere, and the metres to it.

        A clipped map has pieces of a few nodes; whoever stands beside one is not cut off.
        """
        if not self.columns.node_count:
            raise UnknownNode("the network has no nodes")
        metres, at = self._joined_tree.query(_flat(point))
        return int(self.joined[at]), float(metres)

    @cached_property
    def joined(self) -> NDArray[np.int64]:
        """Return the positions of the nodes whose piece holds a hundredth of the network or more."""
        columns, count = self.columns, self.columns.node_count
        ends = (np.asarray(columns.start), np.asarray(columns.end))
        graph = coo_matrix((np.ones(columns.road_count, dtype=np.int8), ends), shape=(count, count))
        _, piece = connected_components(graph, directed=False)
        sizes = np.bincount(piece)
        found: NDArray[np.int64] = np.flatnonzero(sizes[piece] * _LARGE_PIECE >= count)
        return found if len(found) else np.arange(count)

    @cached_property
    def _flat_points(self) -> NDArray[np.float64]:
        return np.column_stack(
            (np.asarray(self.columns.lng) * METRES_PER_DEGREE_LNG, np.asarray(self.columns.lat) * METRES_PER_DEGREE)
        )

    @cached_property
    def _joined_tree(self) -> Any:
        return cKDTree(self._flat_points[self.joined])

    @cached_property
    def _tree(self) -> Any:
        return cKDTree(self._flat_points)


def columns_of(nodes: Mapping[Node, LatLng], roads: Iterable[Road], barriers: Iterable[Barrier] = ()) -> NetworkColumns:
    """Return *nodes* and *roads* as columns. Of two roads of one id the later one holds.

    Raises UnknownNode for a road that ends at a node that is not among *nodes*.
    """
    ids = np.array(sorted(nodes), dtype=np.int64)
    points = [nodes[Node(node)] for node in ids.tolist()]
    at = {node: index for index, node in enumerate(ids.tolist())}
    kept = sorted({road.id: road for road in roads}.values(), key=lambda road: road.id.encode())
    for road in kept:
        if road.start not in at or road.end not in at:
            raise UnknownNode(f"road {road.id} ends at a node that the network does not have")
    names = {name: index for index, name in enumerate(sorted({"", *(road.name for road in kept)}))}
    seconds = [max(1, road.walk_seconds) for road in kept]
    lines = [tuple(line) for line in barriers]
    corners = [point for line in lines for point in line]
    return NetworkColumns(
        node_ids=ids,
        lat=np.array([point.lat for point in points], dtype=np.float64),
        lng=np.array([point.lng for point in points], dtype=np.float64),
        road_ids=np.array([road.id.encode() for road in kept] or [], dtype=np.bytes_),
        start=np.array([at[road.start] for road in kept], dtype=np.int32),
        end=np.array([at[road.end] for road in kept], dtype=np.int32),
        seconds=np.array(seconds, dtype=np.int32),
        step_free_seconds=np.array(
            [
                col.NOT_STEP_FREE if road.step_free_seconds is None else max(road.step_free_seconds, general)
                for road, general in zip(kept, seconds, strict=True)
            ],
            dtype=np.int32,
        ),
        metres=np.array(
            [
                metres_between(nodes[road.start], nodes[road.end]) if road.metres is None else road.metres
                for road in kept
            ],
            dtype=np.float32,
        ),
        flags=np.array([_flags(road) for road in kept], dtype=np.uint8),
        layer=np.array([road.layer for road in kept], dtype=np.int8),
        name=np.array([names[road.name] for road in kept], dtype=np.int32),
        names=np.array([name.encode() for name in names], dtype=np.bytes_),
        barrier_start=np.array([0, *np.cumsum([len(line) for line in lines])], dtype=np.int32),
        barrier_lat=np.array([point.lat for point in corners], dtype=np.float64),
        barrier_lng=np.array([point.lng for point in corners], dtype=np.float64),
    )


def walk_seconds(metres: float) -> int:
    """Return how long *metres* take at the general pace, rounded up to whole seconds."""
    return max(1, math.ceil(metres / WALK_METRES_PER_SECOND))


def metres_between(left: LatLng, right: LatLng) -> float:
    """Return the distance on a flat patch of ground: 0.1 % wrong over 30 km at Tokyo."""
    (x0, y0), (x1, y1) = _flat(left), _flat(right)
    return math.hypot(x1 - x0, y1 - y0)


# One scale for the whole network; it is right at the latitude of Tokyo and stretches elsewhere.
METRES_PER_DEGREE_LNG = METRES_PER_DEGREE * math.cos(math.radians(35.68))


def _flat(point: LatLng) -> tuple[float, float]:
    return point.lng * METRES_PER_DEGREE_LNG, point.lat * METRES_PER_DEGREE


def _lists(columns: NetworkColumns) -> tuple[list[int], list[float], list[float]]:
    return columns.node_ids.tolist(), columns.lat.tolist(), columns.lng.tolist()


def _flags(road: Road) -> int:
    return (
        road.one_way * col.ONE_WAY
        | road.bridge * col.BRIDGE
        | road.underground * col.UNDERGROUND
        | road.steps * col.STEPS
    )
