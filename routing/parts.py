"""The parts of a cell: where a river or a railway cuts it, each side starts on its own side.

Safe in the stated direction: a part without a node on its own side has no anchor and says that it is
far from the network, instead of borrowing one from across the water.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import h3.api.basic_int as h3

from alerts.place import Cell, LatLng, Ring
from routing.network import RoadNetwork

# Half a cell is 200 m: whoever lives further than this from any way is told so.
FAR_FROM_NETWORK_M = 300.0


@dataclass(frozen=True, slots=True)
class CellPart:
    """A piece of a cell and its anchor: the position of a node, and the metres to it. No position: far.

    `share` is the piece's share of its cell's area, by which people are split.
    """

    cell: Cell
    number: int
    outline: Ring
    position: int | None
    metres: float
    share: float = 1.0


def parts_of(network: RoadNetwork, cells: Iterable[Cell]) -> tuple[CellPart, ...]:
    """Return the parts of each cell, sorted by cell; the largest part of a cell comes first."""
    found = []
    for cell in sorted(cells):
        lat, lng = h3.cell_to_latlng(cell)
        node, metres = network.nearest_node(LatLng(lat, lng))
        far = metres > FAR_FROM_NETWORK_M
        found.append(CellPart(cell, 0, (), None if far else network.position(node), metres))
    return tuple(found)
