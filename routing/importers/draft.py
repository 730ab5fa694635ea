"""A network while it is read: what was taken, and what was dropped and why."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from alerts.place import LatLng
from routing.errors import NothingImported
from routing.network import Barrier, Node, Road, RoadNetwork, metres_between
from routing.walking import WayType, walking

# A piece of fewer nodes is what a clip or a mapping error leaves; nobody's way starts there.
SMALLEST_PIECE = 20


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of a file. `dropped` counts by reason; `pieces` are the nodes of each connected piece."""

    source: str
    nodes: int
    roads: int
    kilometres: float
    dropped: Mapping[str, int]
    pieces: tuple[int, ...]

    @property
    def text(self) -> str:
        """Return the report for an operator."""
        lines = [f"{self.source}: {self.nodes} nodes, {self.roads} roads, {self.kilometres:.1f} km"]
        lines.append(f"connected pieces: {len(self.pieces)}, the largest {self.pieces[0] if self.pieces else 0} nodes")
        lines += [f"dropped, {reason}: {count}" for reason, count in sorted(self.dropped.items())]
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Imported:
    """A network and its report."""

    network: RoadNetwork
    report: ImportReport


@dataclass
class NetworkDraft:
    """Collects nodes and roads. Nodes may come after the roads that name them."""

    source: str
    nodes: dict[Node, LatLng] = field(default_factory=dict)
    roads: list[Road] = field(default_factory=list)
    barriers: list[Barrier] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)
    _made: int = 0

    def node(self, node: int, point: LatLng) -> None:
        """Take a node; a point off the Earth is dropped."""
        if -90 <= point.lat <= 90 and -180 <= point.lng <= 180:
            self.nodes[Node(node)] = point
        else:
            self.drop("a node off the Earth")

    def drop(self, reason: str, count: int = 1) -> None:
        """Count what is not taken."""
        self.dropped[reason] += count

    def stretch(
        self,
        road_id: str,
        start: int,
        end: int,
        kind: WayType,
        *,
        slope: float = 0.0,
        step_free: bool | None = None,
        metres: float | None = None,
        one_way: bool = False,
        bridge: bool = False,
        underground: bool = False,
        layer: int = 0,
        name: str = "",
    ) -> None:
        """Take a straight stretch between two nodes that are known already, or count why not."""
        if start not in self.nodes or end not in self.nodes:
            self.drop("a stretch to a node that is not in the file")
            return
        if start == end:
            self.drop("a stretch from a node to itself")
            return
        flat = metres_between(self.nodes[Node(start)], self.nodes[Node(end)])
        # A length that the file gives may be longer than the line (slopes, curves), never shorter.
        long = max(flat, metres or 0.0)
        times = walking(long, kind, slope=slope, step_free=step_free)
        self.roads.append(
            Road(
                road_id,
                Node(start),
                Node(end),
                times.seconds,
                one_way=one_way,
                bridge=bridge,
                underground=underground,
                steps=kind is WayType.STEPS,
                step_free_seconds=times.step_free_seconds,
                layer=max(-99, min(99, layer)),
                name=name,
                metres=long,
            )
        )

    def between(self, points: list[LatLng]) -> list[int]:
        """Make nodes for the inner points of a bent link and return their ids, all below zero."""
        made = []
        for point in points:
            self._made -= 1
            self.nodes[Node(self._made)] = point
            made.append(self._made)
        return made

    def finish(self, smallest_piece: int = SMALLEST_PIECE) -> Imported:
        """Return the network of what was taken.

        Raises NothingImported when no road is left.
        """
        if not self.roads:
            raise NothingImported(f"{self.source}: no road that can be walked; dropped: {dict(self.dropped)}")
        used = sorted({end for road in self.roads for end in (road.start, road.end)})
        if len(self.nodes) > len(used):
            self.drop("a node that no road uses", len(self.nodes) - len(used))
        at = {node: index for index, node in enumerate(used)}
        starts = [at[road.start] for road in self.roads]
        ends = [at[road.end] for road in self.roads]
        pieces, sizes = _pieces(len(used), starts, ends)
        small = sizes < min(smallest_piece, sizes.max())
        roads = [road for road, start in zip(self.roads, starts, strict=True) if not small[pieces[start]]]
        if len(roads) < len(self.roads):
            reason = f"a road of a piece of fewer than {smallest_piece} nodes"
            self.drop(reason, len(self.roads) - len(roads))
        kept = {node: self.nodes[node] for node, piece in zip(used, pieces.tolist(), strict=True) if not small[piece]}
        network = RoadNetwork(kept, roads, self.barriers)
        left = tuple(sorted(sizes[~small].tolist(), reverse=True))
        return Imported(network, report_of(self.source, network, self.dropped, left))


def report_of(source: str, network: RoadNetwork, dropped: Mapping[str, int], pieces: tuple[int, ...]) -> ImportReport:
    """Return the report of *network*."""
    columns = network.columns
    kilometres = float(np.asarray(columns.metres, dtype=np.float64).sum()) / 1000
    return ImportReport(source, columns.node_count, columns.road_count, kilometres, dict(dropped), pieces)


def _pieces(count: int, starts: list[int], ends: list[int]) -> tuple[np.ndarray, np.ndarray]:
    graph = coo_matrix((np.ones(len(starts), dtype=np.int8), (starts, ends)), shape=(count, count))
    _, piece = connected_components(graph, directed=False)
    return piece, np.bincount(piece)
