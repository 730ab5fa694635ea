"""Way tiles for the phone: the next hop and the seconds to the shelter of every node around a place.

A tile is a cell of resolution 8 with one ring around it. A phone that holds the tile finds the nearest
node of its exact point by itself and walks the hops, so that the point never leaves it (R13). Equal
facts give equal bytes: a tile can be cached under its digest.

Layout, compressed as zlib (a browser's `DecompressionStream("deflate")`): a JSON head on one line,
then columns of varints, each after its length in bytes. Nodes stand in the order of a walk outwards
from the ends of the ways, so that a node's next hop is before it and most often right before it:

    back     places to the next hop; 0: the way ends here or leaves the tile
    north    1e-5 degrees to the next hop, zigzag; of an end, to the end before it
    east     the same
    seconds  to the next hop; of an end, what is left beyond the tile (0 at the shelter)
    ends     of each end, in order: 0 for no way, else 1 + the number of its shelter
    free     step-free: 0 as for everybody, 1 its way ends, leaves the tile or is none; else 2 + the
             zigzag of the places to its next hop
    extra    for each that is not 0: an end's shelter and the seconds left, or the seconds to the hop
"""

import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import h3.api.basic_int as h3
import numpy as np
from numpy.typing import NDArray

from alerts.place import Cell, LatLng
from geo.cells import parent_of, resolution_of
from routing.forest import AT_SHELTER, NEVER, Forest
from routing.passable import RoadCells

TILE_RESOLUTION = 8
MOST_BYTES = 60_000
_UNIT = 1e-5
_END, _HOP = 1, 2
# A next hop or None, the seconds to it or left, and 1 + the shelter of an end.
_Rest = tuple[int | None, int, int]
_COLUMNS = ("back", "north", "east", "seconds", "ends", "free", "extra")


@dataclass(frozen=True, slots=True)
class TileNode:
    """A node as the phone reads it. A next hop of None ends here: at the shelter when nothing is left to walk."""

    point: LatLng
    next_hop: int | None
    seconds: int | None
    shelter: int | None
    free_hop: int | None
    free_seconds: int | None
    free_shelter: int | None


@dataclass(frozen=True, slots=True)
class WayTile:
    """A decoded tile. `shelters` are (id, name, point)."""

    cell: Cell
    facts_at: datetime
    shelters: tuple[tuple[str, str, LatLng], ...]
    nodes: tuple[TileNode, ...]


def tile_of(general: Forest, step_free: Forest, cells: RoadCells, tile: Cell, facts_at: datetime) -> bytes:
    """Return the tile of *tile*, a cell of `TILE_RESOLUTION` or a shard. Both forests stand on one network.

    A shard's is asked for by a phone that must not say more closely where it is (R13).
    """
    around = np.array(sorted(tiles_of(tile)), dtype=np.int64)
    members = np.flatnonzero(np.isin(_tiles_of_nodes(cells), around)).tolist()
    order, number = _outwards(general, members)
    columns: dict[str, bytearray] = {name: bytearray() for name in _COLUMNS}
    shelters: dict[int, int] = {}
    lat = np.round(np.asarray(general.network.columns.lat)[order] / _UNIT).astype(np.int64).tolist()
    lng = np.round(np.asarray(general.network.columns.lng)[order] / _UNIT).astype(np.int64).tolist()
    origin = [round(part / _UNIT) for part in h3.cell_to_latlng(tile)]
    before = origin
    for at, position in enumerate(order):
        hop, seconds = _hop(general, position, number)
        if hop is None:
            _put(columns["back"], 0)
            _put(columns["ends"], _shelter_number(general, position, shelters))
            base = before
            before = [lat[at], lng[at]]
        else:
            _put(columns["back"], at - hop)
            base = [lat[hop], lng[hop]]
        _put(columns["north"], _zigzag(lat[at] - base[0]))
        _put(columns["east"], _zigzag(lng[at] - base[1]))
        _put(columns["seconds"], seconds)
        _put_free(columns, general, step_free, position, at, number, shelters)
    sites = [general.shelters[rank] for rank in shelters]
    head = {
        "v": 1,
        "cell": f"{tile:x}",
        "facts_at": facts_at.isoformat(),
        "origin": origin,
        "nodes": len(order),
        "shelters": [[s.id, s.name, round(s.point.lat, 5), round(s.point.lng, 5)] for s in sites],
    }
    body = json.dumps(head, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
    for name in _COLUMNS:
        length = bytearray()
        _put(length, len(columns[name]))
        body += bytes(length) + bytes(columns[name])
    return zlib.compress(body, 9)


def tiles_of(tile: Cell) -> set[int]:
    """Return the cells of `TILE_RESOLUTION` that the tile of *tile* covers: its own, and one ring around them."""
    inside = [tile] if resolution_of(tile) >= TILE_RESOLUTION else h3.cell_to_children(tile, TILE_RESOLUTION)
    return {near for one in inside for near in h3.grid_disk(one, 1)}


def read_tile(data: bytes) -> WayTile:
    """Return a tile as the phone's code does."""
    head_line, _, body = zlib.decompress(data).partition(b"\n")
    head = json.loads(head_line)
    columns, at = {}, 0
    for name in _COLUMNS:
        length, at = _get(body, at)
        columns[name] = _numbers(body[at : at + length])
        at += length
    points: list[tuple[int, int]] = []
    ways: list[_Rest] = []
    free_ways: list[_Rest] = []
    before = tuple(head["origin"])
    for number in range(head["nodes"]):
        back, seconds = next(columns["back"]), next(columns["seconds"])
        hop = number - back if back else None
        base = points[hop] if hop is not None else before
        here = (base[0] + _signed(next(columns["north"])), base[1] + _signed(next(columns["east"])))
        points.append(here)
        if hop is None:
            before = here
            ways.append((None, seconds, next(columns["ends"])))
        else:
            ways.append((hop, seconds, 0))
        free = next(columns["free"])
        if free == 0:
            free_ways.append(ways[-1])
        elif free == _END:
            end = next(columns["extra"])
            free_ways.append((None, next(columns["extra"]), end))
        else:
            free_ways.append((number - _signed(free - _HOP), next(columns["extra"]), 0))
    nodes = tuple(
        TileNode(LatLng(point[0] * _UNIT, point[1] * _UNIT), way[0], *_left(ways, at), free[0], *_left(free_ways, at))
        for at, (point, way, free) in enumerate(zip(points, ways, free_ways, strict=True))
    )
    shelters = tuple((id_, name, LatLng(lat, lng)) for id_, name, lat, lng in head["shelters"])
    return WayTile(Cell(int(head["cell"], 16)), datetime.fromisoformat(head["facts_at"]), shelters, nodes)


def _left(ways: Sequence[_Rest], at: int) -> tuple[int | None, int | None]:
    """Return the seconds left and the shelter's number, by walking the hops."""
    total, hop = 0, ways[at]
    while hop[0] is not None:
        total += hop[1]
        hop = ways[hop[0]]
    return (total + hop[1], hop[2] - 1) if hop[2] else (None, None)


def _tiles_of_nodes(cells: RoadCells) -> NDArray[np.int64]:
    distinct, where = np.unique(cells.of_node, return_inverse=True)
    parents = np.array([parent_of(cell, TILE_RESOLUTION) for cell in distinct.tolist()], dtype=np.int64)
    found: NDArray[np.int64] = parents[where]
    return found


def _outwards(forest: Forest, members: Sequence[int]) -> tuple[list[int], dict[int, int]]:
    """Return the positions in the order of the tile, each after its next hop, and the place of each."""
    head, inside = forest.network.columns.arcs.plain.head, set(members)
    behind: dict[int, list[int]] = {}
    roots = []
    for position in members:
        arc = forest.next_arc[position]
        hop = head[arc] if arc != AT_SHELTER else None
        if hop is None or hop not in inside:
            roots.append(position)
        else:
            behind.setdefault(hop, []).append(position)
    order: list[int] = []
    waiting = roots[::-1]
    while waiting:
        position = waiting.pop()
        order.append(position)
        waiting.extend(reversed(behind.get(position, ())))
    return order, {position: at for at, position in enumerate(order)}


def _hop(forest: Forest, position: int, number: dict[int, int]) -> tuple[int | None, int]:
    """Return the place of the next hop within the tile and the seconds to it, or None and the seconds left."""
    arc = forest.next_arc[position]
    if arc != AT_SHELTER:
        hop = number.get(forest.network.columns.arcs.plain.head[arc])
        if hop is not None:
            return hop, forest.costs[arc] // forest.scale
    return None, forest.seconds_at(position) or 0


def _shelter_number(forest: Forest, position: int, shelters: dict[int, int]) -> int:
    """Return 1 + the number of a position's shelter in the tile's list, which grows; 0 for no way."""
    label = forest.labels[position]
    return 0 if label >= NEVER else 1 + shelters.setdefault(label % forest.scale, len(shelters))


def _put_free(
    columns: dict[str, bytearray],
    general: Forest,
    step_free: Forest,
    position: int,
    at: int,
    number: dict[int, int],
    shelters: dict[int, int],
) -> None:
    hop, seconds = _hop(step_free, position, number)
    # "As for everybody" is true of all that follows on this way, not of this hop alone.
    if step_free.labels[position] == general.labels[position] and hop == _hop(general, position, number)[0]:
        _put(columns["free"], 0)
    elif hop is None:
        _put(columns["free"], _END)
        _put(columns["extra"], _shelter_number(step_free, position, shelters))
        _put(columns["extra"], seconds)
    else:
        _put(columns["free"], _HOP + _zigzag(at - hop))
        _put(columns["extra"], seconds)


def _zigzag(value: int) -> int:
    return value * 2 if value >= 0 else -value * 2 - 1


def _signed(value: int) -> int:
    return value // 2 if value % 2 == 0 else -(value + 1) // 2


def _put(column: bytearray, value: int) -> None:
    while value > 0x7F:
        column.append(value & 0x7F | 0x80)
        value >>= 7
    column.append(value)


def _get(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def _numbers(data: bytes) -> Iterator[int]:
    at = 0
    while at < len(data):
        value, at = _get(data, at)
        yield value
