"""Which roads a danger closes, as a table with reasons.

Beside confirmed closures, which people report, these follow from the hazard map and the forecast. Safe
in the stated direction: a depth that is not known counts as deep, and a road counts as in a cell as
soon as one of its points is. What no rule names is open: no news of a road is not a closure.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

import h3.api.basic_int as h3
import numpy as np
from numpy.typing import NDArray

from alerts.hazard import HazardKind
from alerts.place import HAZARD_RESOLUTION, Cell
from geo.depth import DepthRank, depth_to_avoid
from routing.columns import BRIDGE, UNDERGROUND
from routing.ground import Situation
from routing.network import RoadNetwork
from routing.shelter import Shelter

_H, _D = HazardKind, DepthRank
_WATER = frozenset({_H.FLOOD, _H.HEAVY_RAIN, _H.STORM_SURGE, _H.TSUNAMI})
# Knee-deep water that flows takes an adult's feet away; a way is given up before it is there.
WATER_MARGIN = timedelta(minutes=30)
# A road longer than this may pass through a cell in which it has no end.
_SAMPLE_M = 80.0


class Blocked(StrEnum):
    """Why a danger closes a road."""

    WATER_THERE = "water-there"
    WATER_SOON = "water-soon"
    UNDERGROUND_FLOODS = "underground-floods"
    BRIDGE_OVER_RISING_RIVER = "bridge-over-rising-river"
    TOWARDS_THE_SEA = "towards-the-sea"
    INTO_THE_DANGER = "into-the-danger"


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: in *hazards*, *what* is closed *when*, and the reason that is given."""

    hazards: frozenset[HazardKind]
    what: str
    when: str
    reason: Blocked


# The rows say what `_judge` does; tests hold the two to each other.
RULES = (
    Rule(_WATER, "any way in a cell where water stands", "now", Blocked.WATER_THERE),
    Rule(
        _WATER,
        "any way in a cell that will be half a metre deep or more, or of unknown depth",
        "from 30 minutes before the water's forecast arrival",
        Blocked.WATER_SOON,
    ),
    Rule(_WATER, "any way in a cell under half a metre", "from the forecast arrival", Blocked.WATER_SOON),
    Rule(_WATER, "underground ways", "as long as the danger holds", Blocked.UNDERGROUND_FLOODS),
    Rule(
        _WATER,
        "bridges in a cell of a river at level 4 or more",
        "as long as the level holds",
        Blocked.BRIDGE_OVER_RISING_RIVER,
    ),
    Rule(
        frozenset({_H.TSUNAMI}),
        "the direction from a cell into one that will be deeper (up and inland only)",
        "as long as the warning holds",
        Blocked.TOWARDS_THE_SEA,
    ),
    Rule(
        frozenset({_H.FIRE, _H.EARTHQUAKE, _H.LANDSLIDE, _H.VOLCANO}),
        "the direction into a cell where the danger is; out of it and within it stays open",
        "now",
        Blocked.INTO_THE_DANGER,
    ),
)


class RoadCells:
    """In which cells each node and road of a network lies. Built once for a network."""

    def __init__(self, network: RoadNetwork) -> None:
        columns = network.columns
        pairs = zip(columns.lat.tolist(), columns.lng.tolist(), strict=True)
        self.of_node: NDArray[np.int64] = np.array(
            [h3.latlng_to_cell(lat, lng, HAZARD_RESOLUTION) for lat, lng in pairs], dtype=np.int64
        )
        roads = np.arange(columns.road_count)
        found_roads, found_cells = [roads, roads], [self.of_node[columns.start], self.of_node[columns.end]]
        extra: list[tuple[int, int]] = []
        for road in np.flatnonzero(np.asarray(columns.metres) > _SAMPLE_M).tolist():
            extra += ((road, cell) for cell in self._between(network, road))
        if extra:
            found_roads.append(np.array([road for road, _ in extra]))
            found_cells.append(np.array([cell for _, cell in extra], dtype=np.int64))
        cells, owners = np.concatenate(found_cells), np.concatenate(found_roads)
        order = np.lexsort((owners, cells))
        self._cells, self._roads = cells[order], owners[order]

    def roads_in(self, cell: int) -> list[int]:
        """Return the positions of the roads that touch *cell*, sorted."""
        low, high = np.searchsorted(self._cells, cell, "left"), np.searchsorted(self._cells, cell, "right")
        return sorted(set(self._roads[low:high].tolist()))

    @staticmethod
    def _between(network: RoadNetwork, road: int) -> set[int]:
        columns = network.columns
        start, end = int(columns.start[road]), int(columns.end[road])
        steps = int(float(columns.metres[road]) / _SAMPLE_M) + 1
        shares = np.arange(1, steps) / steps
        lats = columns.lat[start] + shares * (columns.lat[end] - columns.lat[start])
        lngs = columns.lng[start] + shares * (columns.lng[end] - columns.lng[start])
        return {
            h3.latlng_to_cell(lat, lng, HAZARD_RESOLUTION)
            for lat, lng in zip(lats.tolist(), lngs.tolist(), strict=True)
        }


def blocked_arcs(network: RoadNetwork, cells: RoadCells, situation: Situation) -> dict[int, Blocked]:
    """Return each arc that the dangers of *situation* close, with the reason."""
    found: dict[int, Blocked] = {}
    for rule, arc in _judge(network, cells, situation):
        found.setdefault(arc, rule)
    return found


def in_danger(shelter: Shelter, situation: Situation) -> bool:
    """Return whether *shelter* lies where a danger holds that it is not fit for."""
    cell = Cell(h3.latlng_to_cell(shelter.point.lat, shelter.point.lng, HAZARD_RESOLUTION))
    outlook = situation.outlook_of(cell)
    holds = outlook.dangers | (situation.hazards if outlook.active else frozenset())
    return not holds <= shelter.fit_for


def _judge(network: RoadNetwork, cells: RoadCells, situation: Situation) -> Iterable[tuple[Blocked, int]]:
    hazards, columns = situation.hazards, network.columns
    of_road, arcs = columns.arcs.of_road, columns.arcs

    def both(roads: Iterable[int]) -> Iterable[int]:
        return (arc for road in roads for arc in of_road[2 * road : 2 * road + 2].tolist() if arc >= 0)

    if hazards & _WATER:
        for cell in situation.outlook:
            why = _water(cell, situation)
            if why is not None:
                yield from ((why, arc) for arc in both(cells.roads_in(cell)))
    if hazards & _WATER:
        flags = np.asarray(columns.flags)
        yield from ((Blocked.UNDERGROUND_FLOODS, arc) for arc in both(np.flatnonzero(flags & UNDERGROUND).tolist()))
        for cell in sorted(situation.rising):
            bridges = (road for road in cells.roads_in(cell) if flags[road] & BRIDGE)
            yield from ((Blocked.BRIDGE_OVER_RISING_RIVER, arc) for arc in both(bridges))
    if _H.TSUNAMI in hazards:
        depth = _by_node(cells, lambda cell: _tsunami_depth(cell, situation))
        yield from (
            (Blocked.TOWARDS_THE_SEA, arc) for arc in np.flatnonzero(depth[arcs.head] > depth[arcs.tail]).tolist()
        )
    active = {cell for cell, outlook in situation.outlook.items() if _burns(outlook.active, outlook.dangers, hazards)}
    if active:
        inside = _by_node(cells, lambda cell: cell if cell in active else 0)
        heads, tails = inside[arcs.head], inside[arcs.tail]
        into = np.flatnonzero((heads != 0) & (heads != tails)).tolist()
        yield from ((Blocked.INTO_THE_DANGER, arc) for arc in into)
        # A road without an end in the cell passes through it: closed both ways.
        for cell in sorted(active):
            through = (r for r in cells.roads_in(cell) if not inside[columns.start[r]] and not inside[columns.end[r]])
            yield from ((Blocked.INTO_THE_DANGER, arc) for arc in both(through))


def _water(cell: Cell, situation: Situation) -> Blocked | None:
    outlook = situation.outlook_of(cell)
    if outlook.active:
        return Blocked.WATER_THERE
    if outlook.arrives_at is None or situation.ground_of(cell).dry:
        return None
    shallow = depth_to_avoid(situation.ground_of(cell).depth) is _D.UNDER_HALF_M
    margin = timedelta(0) if shallow else WATER_MARGIN
    return Blocked.WATER_SOON if outlook.arrives_at - margin <= situation.at else None


def _burns(active: bool, dangers: frozenset[HazardKind], hazards: frozenset[HazardKind]) -> bool:
    kinds = RULES[-1].hazards
    return bool(dangers & kinds) or (active and bool(hazards & kinds))


def _tsunami_depth(cell: int, situation: Situation) -> int:
    """Return how deep a cell will be, 0 outside the zone. No map at all: every cell alike, nothing closes."""
    ground = situation.ground.get(Cell(cell))
    if ground is None or ground.dry:
        return 0
    return int(depth_to_avoid(ground.depth))


def _by_node(cells: RoadCells, value: Callable[[int], int]) -> NDArray[np.int64]:
    distinct, where = np.unique(cells.of_node, return_inverse=True)
    values = np.array([value(cell) for cell in distinct.tolist()], dtype=np.int64)
    found: NDArray[np.int64] = values[where]
    return found
