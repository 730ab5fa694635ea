"""The walking network: nodes with points, and roads that are walked one way or both.

`walk_seconds` are whole seconds, rounded up: sums are exact, so that two ways of one length are a
tie on every machine, and a walk is never promised to be shorter than it is.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NewType

import networkx as nx
import numpy as np
from scipy.spatial import cKDTree

from alerts.place import LatLng
from routing.errors import UnknownNode

Node = NewType("Node", int)

# The general pace of R1; slower people are served by a factor on the sum, which keeps the same tree.
WALK_METRES_PER_SECOND = 1.0
_METRES_PER_DEGREE = 111_320.0


@dataclass(frozen=True, slots=True)
class Road:
    """A stretch between two nodes. Closures name its `id`; both directions share it."""

    id: str
    start: Node
    end: Node
    walk_seconds: int
    one_way: bool = False
    bridge: bool = False


class RoadNetwork:
    """Nodes and roads; `graph` is a networkx MultiDiGraph whose edges are keyed by the road's id."""

    def __init__(self, nodes: Mapping[Node, LatLng], roads: Iterable[Road]) -> None:
        self.nodes = dict(nodes)
        self.roads: dict[str, Road] = {}
        self.graph: nx.MultiDiGraph[Node] = nx.MultiDiGraph()
        self.graph.add_nodes_from(self.nodes)
        for road in roads:
            if road.start not in self.nodes or road.end not in self.nodes:
                raise UnknownNode(f"road {road.id} ends at a node that the network does not have")
            self.roads[road.id] = road
            self.graph.add_edge(road.start, road.end, key=road.id, walk_seconds=max(1, road.walk_seconds))
            if not road.one_way:
                self.graph.add_edge(road.end, road.start, key=road.id, walk_seconds=max(1, road.walk_seconds))
        self._order = np.array(sorted(self.nodes), dtype=np.int64)
        self._tree: Any = None

    def nearest_node(self, point: LatLng) -> tuple[Node, float]:
        """Return the node nearest to *point* and the metres to it, as the crow flies."""
        if not self.nodes:
            raise UnknownNode("the network has no nodes")
        if self._tree is None:
            points = (self.nodes[Node(int(node))] for node in self._order)
            self._tree = cKDTree([_flat(found) for found in points])
        metres, at = self._tree.query(_flat(point))
        return Node(int(self._order[at])), float(metres)


def walk_seconds(metres: float) -> int:
    """Return how long *metres* take at the general pace, rounded up to whole seconds."""
    return max(1, math.ceil(metres / WALK_METRES_PER_SECOND))


def metres_between(left: LatLng, right: LatLng) -> float:
    """Return the distance on a flat patch of ground: 0.1 % wrong over 30 km at Tokyo."""
    (x0, y0), (x1, y1) = _flat(left), _flat(right)
    return math.hypot(x1 - x0, y1 - y0)


# One scale for the whole network; it is right at the latitude of Tokyo and stretches elsewhere.
_EAST = _METRES_PER_DEGREE * math.cos(math.radians(35.68))


def _flat(point: LatLng) -> tuple[float, float]:
    return point.lng * _EAST, point.lat * _METRES_PER_DEGREE
