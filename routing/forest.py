"""The forest: from every node the nearest usable shelter and the way to it, in one search.

One multi-source Dijkstra from the shelters against the direction of the roads answers every origin.
Ties go to the smaller shelter id, then the smaller next node, then the smaller road id, so that two
workers, or one worker twice, give the same advice.
"""

import heapq
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from alerts.hazard import HazardKind
from routing.closure import RoadClosure
from routing.errors import UnknownNode
from routing.network import Node, RoadNetwork
from routing.shelter import Shelter, Unusable, why_unusable


class NoWayReason(StrEnum):
    """Why there is no way from a node."""

    NO_USABLE_SHELTER = "no-usable-shelter"
    CUT_BY_CLOSURES = "cut-by-closures"
    NOT_CONNECTED = "not-connected"


@dataclass(frozen=True, slots=True)
class Way:
    """A way on foot. `unconfirmed` are its roads that somebody reported closed but nobody confirmed."""

    shelter_id: str
    walk_seconds: int
    nodes: tuple[Node, ...]
    road_ids: tuple[str, ...]
    unconfirmed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NoWay:
    """No way, and why; `refused` says for each shelter that was left out why it was."""

    reason: NoWayReason
    refused: Mapping[str, Unusable]


@dataclass(frozen=True, slots=True)
class _Step:
    walk_seconds: int
    shelter_id: str
    towards: Node
    road_id: str  # empty at the shelter itself


@dataclass(frozen=True, slots=True)
class Forest:
    """The answer for every node of one network, for one hazard and one set of closures."""

    steps: Mapping[Node, _Step]
    reachable_unblocked: frozenset[Node]
    refused: Mapping[str, Unusable]
    reported: frozenset[str]

    def way_from(self, node: Node) -> Way | NoWay:
        """Return the way from *node* to the nearest usable shelter, or why there is none."""
        if node not in self.steps:
            if not self.reachable_unblocked:
                return NoWay(NoWayReason.NO_USABLE_SHELTER, self.refused)
            cut = node in self.reachable_unblocked
            return NoWay(NoWayReason.CUT_BY_CLOSURES if cut else NoWayReason.NOT_CONNECTED, self.refused)
        first = step = self.steps[node]
        nodes, roads = [node], []
        while step.road_id:
            roads.append(step.road_id)
            nodes.append(step.towards)
            step = self.steps[step.towards]
        unconfirmed = tuple(road for road in roads if road in self.reported)
        return Way(first.shelter_id, first.walk_seconds, tuple(nodes), tuple(roads), unconfirmed)


def grow(
    network: RoadNetwork,
    shelters: Iterable[Shelter],
    hazard: HazardKind,
    blocked: Mapping[str, RoadClosure] | None = None,
    reported: Collection[str] = (),
) -> Forest:
    """Return the forest of the usable *shelters*. Only *blocked* roads (confirmed) are avoided."""
    usable: list[Shelter] = []
    refused: dict[str, Unusable] = {}
    for shelter in shelters:
        if shelter.node not in network.nodes:
            raise UnknownNode(f"shelter {shelter.id} stands at a node that the network does not have")
        why = why_unusable(shelter, hazard)
        if why is None:
            usable.append(shelter)
        else:
            refused[shelter.id] = why
    steps = _search(network, usable, frozenset(blocked or ()))
    unblocked = frozenset(_search(network, usable, frozenset()) if blocked else steps)
    return Forest(steps, unblocked, refused, frozenset(reported))


def _search(network: RoadNetwork, shelters: Iterable[Shelter], blocked: frozenset[str]) -> dict[Node, _Step]:
    into = network.graph.pred
    settled: dict[Node, _Step] = {}
    # The order of the heap's tuples is the order of the ties; a step costs at least one second, so a
    # node's candidates of equal length are all in the heap before the first of them is taken.
    heap: list[tuple[int, str, Node, str, Node]] = [(0, s.id, s.node, "", s.node) for s in shelters]
    heapq.heapify(heap)
    while heap:
        walk_seconds, shelter_id, towards, road_id, node = heapq.heappop(heap)
        if node in settled:
            continue
        settled[node] = _Step(walk_seconds, shelter_id, towards, road_id)
        for origin, roads in into[node].items():
            if origin in settled:
                continue
            for key, edge in roads.items():
                if key not in blocked:
                    heapq.heappush(heap, (walk_seconds + edge["walk_seconds"], shelter_id, node, key, origin))
    return settled
