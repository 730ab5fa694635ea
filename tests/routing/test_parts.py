"""A cell that a river cuts: the way given to any of its points starts on that point's own side."""

import random

import h3.api.basic_int as h3
import pytest
from shapely.geometry import LineString

from alerts.place import Cell, LatLng
from routing.network import Node, Road, RoadNetwork, metres_between, walk_seconds
from routing.parts import CellPart, part_at, parts_of
from routing.plan import MOST_PARTS

CELL = Cell(h3.latlng_to_cell(35.70, 139.80, 9))
MIDDLE = LatLng(*h3.cell_to_latlng(CELL))
SPACING = 0.0006


def streets(barriers: tuple[tuple[LatLng, ...], ...] = (), bridge_rows: tuple[int, ...] = (0,)) -> RoadNetwork:
    """Streets every 60 m around the cell; where a street meets a barrier only some rows have a bridge."""
    side = 17
    nodes = {
        Node(r * side + c): LatLng(MIDDLE.lat + (r - 8) * SPACING, MIDDLE.lng + (c - 8) * SPACING)
        for r in range(side)
        for c in range(side)
    }
    lines = [LineString([(p.lng, p.lat) for p in barrier]) for barrier in barriers]
    roads = []
    for r in range(side):
        for c in range(side):
            for other in ((r, c + 1), (r + 1, c)):
                if max(other) >= side:
                    continue
                start, end = Node(r * side + c), Node(other[0] * side + other[1])
                piece = LineString([(nodes[n].lng, nodes[n].lat) for n in (start, end)])
                crosses = any(line.intersects(piece) for line in lines)
                if crosses and r not in bridge_rows:
                    continue
                seconds = walk_seconds(metres_between(nodes[start], nodes[end]))
                roads.append(Road(f"{start:03}-{end:03}", start, end, seconds, bridge=crosses))
    return RoadNetwork(nodes, roads, barriers)


def river(*points: tuple[float, float]) -> tuple[LatLng, ...]:
    """A line through offsets from the cell's middle, in thousandths of a degree (east, north)."""
    return tuple(LatLng(MIDDLE.lat + north / 1000, MIDDLE.lng + east / 1000) for east, north in points)


def points_in(cell: Cell, count: int = 300) -> list[LatLng]:
    chooser = random.Random(7)
    found: list[LatLng] = []
    while len(found) < count:
        point = LatLng(MIDDLE.lat + chooser.uniform(-0.003, 0.003), MIDDLE.lng + chooser.uniform(-0.003, 0.003))
        if h3.latlng_to_cell(point.lat, point.lng, 9) == cell:
            found.append(point)
    return found


def test_a_cell_that_nothing_cuts_is_one_part_without_outline() -> None:
    (part,) = parts_of(streets(), [CELL])
    assert (part.outline, part.number, part.share) == ((), 0, 1.0)
    assert part.position is not None
    assert part.metres < 60


RIVERS = {
    "straight": (river((-6, 0.31), (6, 0.31)),),
    "near the edge": (river((-6, -1.1), (6, -1.0)),),
    "bend": (river((-6, 0.25), (-0.2, 0.31), (0.1, -6)),),
    "two": (river((-6, 0.71), (6, 0.71)), river((-6, -0.69), (6, -0.69))),
    "cross": (river((-6, 0.13), (6, 0.13)), river((0.17, -6), (0.17, 6))),
    "three and a railway": (
        river((-6, 1.03), (6, 1.03)), river((-6, 0.13), (6, 0.13)), river((-6, -0.83), (6, -0.83)),
        river((0.17, -6), (0.17, 6)),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", list(RIVERS))
def test_for_every_point_of_a_cell_the_way_starts_on_its_own_side(name: str) -> None:
    barriers = RIVERS[name]
    network = streets(barriers)
    parts = parts_of(network, [CELL])
    assert 1 <= len(parts) <= MOST_PARTS
    assert [part.number for part in parts] == list(range(len(parts)))
    assert sum(part.share for part in parts) == pytest.approx(1.0)
    lines = [LineString([(p.lng, p.lat) for p in barrier]) for barrier in barriers]
    told = 0
    for point in points_in(CELL):
        part = part_at(parts, point)
        if part is None or part.position is None:
            continue
        told += 1
        assert same_side(point, network.point_at(part.position), lines), (name, point, part)
    assert told > (150 if name in ("cross", "three and a railway") else 270)


def same_side(left: LatLng, right: LatLng, lines: list[LineString]) -> bool:
    """All barriers here run to beyond the map: two points are on one side when a line between them crosses
    each of them an even number of times.
    """
    between = LineString([(left.lng, left.lat), (right.lng, right.lat)])
    crossed = 0
    for line in lines:
        meets = between.intersection(line)
        crossed = 0 if meets.is_empty else len(getattr(meets, "geoms", [meets]))
        if crossed % 2:
            return False
    return True


def test_a_bank_without_a_street_has_no_anchor_and_borrows_none() -> None:
    barriers = (river((-60, 0.31), (60, 0.31)),)
    full = streets(barriers)
    south = {node: point for node, point in full.nodes.items() if point.lat < MIDDLE.lat + 0.00031}
    roads = [road for road in full.roads.values() if road.start in south and road.end in south]
    parts = parts_of(RoadNetwork(south, roads, barriers), [CELL])
    assert len(parts) == 2
    by_side = {outline_middle(part) > MIDDLE.lat + 0.00031: part for part in parts}
    assert by_side[True].position is None
    assert by_side[False].position is not None


def outline_middle(part: CellPart) -> float:
    return sum(corner.lat for corner in part.outline) / len(part.outline)


def test_a_node_on_a_bridge_is_nobody_s_anchor() -> None:
    line = river((-6, 0.01), (6, 0.01))
    nodes = {
        Node(1): LatLng(MIDDLE.lat - 0.0015, MIDDLE.lng),
        Node(2): LatLng(MIDDLE.lat + 0.00025, MIDDLE.lng),
        Node(3): LatLng(MIDDLE.lat + 0.0015, MIDDLE.lng),
    }
    roads = [Road("a", Node(1), Node(2), 150, bridge=True), Road("b", Node(2), Node(3), 150, bridge=True)]
    roads += [Road("c", Node(3), Node(4), 150), Road("d", Node(1), Node(5), 150)]
    nodes |= {
        Node(4): LatLng(MIDDLE.lat + 0.0015, MIDDLE.lng + 0.001),
        Node(5): LatLng(MIDDLE.lat - 0.0015, MIDDLE.lng + 0.001),
    }
    network = RoadNetwork(nodes, roads, (line,))
    anchors = {network.node_at(part.position) for part in parts_of(network, [CELL]) if part.position is not None}
    assert anchors <= {Node(1), Node(3), Node(4), Node(5)}
    assert len(anchors) == 2
