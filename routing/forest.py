"""The forest: from every node the nearest usable shelter and the way to it, in one search.

One multi-source search from the shelters against the direction of the roads answers every origin. It
runs compiled (scipy); networkx is the reference that tests hold it to. Ties go to the smaller shelter
id, then the smaller next node, then the smaller road id, so that two workers, or one worker twice,
give the same advice.

How the ties become part of the search: a node's *label* is seconds x *scale* + the rank of the
shelter, with ranks in the order of the ids. Labels add up along a way as seconds do, so the least
label is the least time and, among equals, the smallest shelter. The next road follows from the labels
alone: the first arc (by node, then road) whose label fits.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from alerts.hazard import HazardKind
from routing.closure import RoadClosure
from routing.columns import NOT_STEP_FREE, Plain, plain
from routing.errors import UnknownNode
from routing.network import Node, RoadNetwork
from routing.shelter import Shelter, Unusable, why_unusable

# An arc that cannot be walked, and a node from which there is no way. Far above any sum of seconds,
# and exact as a float: 2**53 bounds what the compiled search can add without rounding.
NEVER = 1 << 52
AT_SHELTER = -1


class Variant(StrEnum):
    """For whom a way is."""

    GENERAL = "general"
    STEP_FREE = "step-free"


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


@dataclass
class Forest:
    """The answer for every node of one network, one set of dangers and one variant.

    It has one owner, who may repair it in place (`routing.repair`): copying 400,000 labels would cost
    a hundred times the repair. `labels`, `next_arc` and `costs` are plain arrays, because a repair
    reads single elements.
    """

    network: RoadNetwork
    shelters: tuple[Shelter, ...]  # all that are known, by id: their order is the rank
    refused: dict[str, Unusable]
    variant: Variant
    scale: int
    costs: Plain  # of each arc: seconds x scale, or NEVER
    sources: dict[int, list[int]]  # position -> ranks of the usable shelters there, sorted
    labels: Plain
    next_arc: Plain
    open_costs: NDArray[np.int64]  # costs before any closure
    reported: frozenset[str] = frozenset()
    _unblocked: NDArray[np.bool_] | None = field(default=None, repr=False)

    def seconds_at(self, position: int) -> int | None:
        """Return the walk from a position to its shelter, or None where there is no way."""
        label = self.labels[position]
        return None if label >= NEVER else label // self.scale

    def shelter_at(self, position: int) -> Shelter | None:
        """Return the shelter of a position."""
        label = self.labels[position]
        return None if label >= NEVER else self.shelters[label % self.scale]

    def nearest_of(self, positions: Iterable[int]) -> list[tuple[Shelter, int] | None]:
        """Return for each position its shelter and the seconds to it, or None where there is no way.

        As `shelter_at` and `seconds_at`, for many at once: the labels are taken apart compiled.
        """
        wanted = np.fromiter(positions, dtype=np.int64)
        labels = np.frombuffer(self.labels, dtype=np.int64)[wanted]
        seconds, ranks = np.divmod(labels, self.scale)
        ranks[labels >= NEVER] = -1
        shelters = self.shelters
        return [
            None if rank < 0 else (shelters[rank], taken)
            for rank, taken in zip(ranks.tolist(), seconds.tolist(), strict=True)
        ]

    def arcs_from(self, position: int) -> list[int]:
        """Return the arcs of the way from a position."""
        head, found = self.network.columns.arcs.plain.head, []
        while (arc := self.next_arc[position]) != AT_SHELTER:
            found.append(arc)
            position = head[arc]
        return found

    def way_from(self, node: Node) -> Way | NoWay:
        """Return the way from *node* to the nearest usable shelter, or why there is none."""
        position = self.network.position(node)
        shelter, seconds = self.shelter_at(position), self.seconds_at(position)
        if shelter is None or seconds is None:
            return NoWay(self.why_none(position), self.refused)
        columns = self.network.columns
        arcs = self.arcs_from(position)
        heads = (self.network.node_at(int(columns.arcs.head[arc])) for arc in arcs)
        roads = tuple(columns.road_id(int(columns.arcs.road[arc])) for arc in arcs)
        unconfirmed = tuple(road for road in roads if road in self.reported)
        return Way(shelter.id, seconds, (node, *heads), roads, unconfirmed)

    def why_none(self, position: int) -> NoWayReason:
        """Return why there is no way from a position. The first question costs a search."""
        if not self.sources:
            return NoWayReason.NO_USABLE_SHELTER
        if self._unblocked is None:
            self._unblocked = search(self.network, self.open_costs, self.sources) < NEVER
        return NoWayReason.CUT_BY_CLOSURES if self._unblocked[position] else NoWayReason.NOT_CONNECTED

    def sources_changed(self) -> None:
        """Forget what was known without closures: another shelter is offered, or one is not."""
        self._unblocked = None


def grow(
    network: RoadNetwork,
    shelters: Iterable[Shelter],
    hazard: HazardKind | Collection[HazardKind],
    blocked: Mapping[str, RoadClosure] | Collection[str] = (),
    reported: Collection[str] = (),
    *,
    variant: Variant = Variant.GENERAL,
    refused: Mapping[str, Unusable] | None = None,
    blocked_arcs: Iterable[int] = (),
) -> Forest:
    """Return the forest of the usable *shelters*. Only *blocked* roads (confirmed) are avoided.

    *refused* adds shelters that are not offered for reasons of the day (a danger around them, no
    room). *blocked_arcs* are single directions that a danger closes (`routing.passable`).
    Raises UnknownNode for a shelter that stands at no node of the network.
    """
    known = tuple(sorted(shelters, key=lambda shelter: shelter.id))
    why = {s.id: found for s in known if (found := _why(s, hazard, variant, refused or {})) is not None}
    sources: dict[int, list[int]] = {}
    for rank, shelter in enumerate(known):
        try:
            at = network.position(shelter.node)
        except UnknownNode as error:
            raise UnknownNode(f"shelter {shelter.id} stands at a node that the network does not have") from error
        if shelter.id not in why:
            sources.setdefault(at, []).append(rank)
    scale = 1 << (len(known) + 1).bit_length()
    open_costs = arc_costs(network, variant, scale)
    costs = open_costs.copy()
    costs[_arcs_of(network, blocked)] = NEVER
    costs[list(blocked_arcs)] = NEVER
    labels = search(network, costs, sources)
    return Forest(
        network=network,
        shelters=known,
        refused=why,
        variant=variant,
        scale=scale,
        costs=plain(costs),
        sources=sources,
        labels=plain(labels),
        next_arc=plain(next_arcs(network, costs, labels, scale)),
        open_costs=open_costs,
        reported=frozenset(reported),
    )


def arc_costs(network: RoadNetwork, variant: Variant, scale: int) -> NDArray[np.int64]:
    """Return what each arc adds to a label; NEVER where this variant cannot walk it."""
    columns = network.columns
    seconds = np.asarray(columns.seconds if variant is Variant.GENERAL else columns.step_free_seconds, dtype=np.int64)
    of_road = np.where(seconds == NOT_STEP_FREE, NEVER, seconds * scale)
    costs: NDArray[np.int64] = of_road[columns.arcs.road]
    return costs


def search(network: RoadNetwork, costs: NDArray[np.int64], sources: Mapping[int, list[int]]) -> NDArray[np.int64]:
    """Return the least label of every node, compiled.

    One more node stands behind all shelters, at a distance of rank + 1 from each: a search from it is
    the search from all of them, and it breaks the ties.
    """
    arcs, count = network.columns.arcs, network.columns.node_count
    data = costs[arcs.into].astype(np.float64)
    data[data >= NEVER] = np.inf
    places = sorted(sources)
    indices = np.concatenate((arcs.tail[arcs.into], np.array(places, dtype=np.int32)))
    weights = np.concatenate((data, np.array([sources[place][0] + 1 for place in places], dtype=np.float64)))
    bounds = np.append(arcs.reaching, np.int32(len(indices)))
    # Row n holds the arcs that reach node n, from where they come: the roads walked backwards.
    graph = csr_matrix((weights, indices, bounds), shape=(count + 1, count + 1))
    found = dijkstra(graph, indices=count)[:count]
    return np.where(np.isinf(found), NEVER, found - 1).astype(np.int64)


def _why(
    shelter: Shelter, hazard: HazardKind | Collection[HazardKind], variant: Variant, refused: Mapping[str, Unusable]
) -> Unusable | None:
    return why_unusable(shelter, hazard, step_free=variant is Variant.STEP_FREE) or refused.get(shelter.id)


def _arcs_of(network: RoadNetwork, road_ids: Iterable[str]) -> NDArray[np.int64]:
    columns = network.columns
    places = [at for at in (columns.road_at(road) for road in road_ids) if at is not None]
    arcs = columns.arcs.of_road.reshape(-1, 2)[places].ravel()
    return arcs[arcs >= 0].astype(np.int64)


def next_arcs(
    network: RoadNetwork, costs: NDArray[np.int64], labels: NDArray[np.int64], scale: int
) -> NDArray[np.int32]:
    """Return the first arc of each node's way: of those whose label fits, the first in order."""
    arcs = network.columns.arcs
    here = labels[arcs.tail]
    # An arc that cannot be walked fits where nothing does: both sides are NEVER then, or above it.
    fits = np.flatnonzero(costs + labels[arcs.head] == here)
    fits = fits[(here[fits] >= scale) & (here[fits] < NEVER)]
    tails = arcs.tail[fits]
    first = np.ones(len(fits), dtype=np.bool_)
    first[1:] = tails[1:] != tails[:-1]
    found = np.full(len(labels), AT_SHELTER, dtype=np.int32)
    found[tails[first]] = fits[first]
    return found
