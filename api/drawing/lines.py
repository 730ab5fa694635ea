"""Water, railways and main roads beneath a map, faint, to find one's way by; never more than a map's budget of bytes.

A street counts as a main road by how long it is under one name: the network does not say which roads are large. Rivers
are the lines of an import of their own, where there is one: many networks are roads alone.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from alerts.place import LatLng
from api.drawing.frame import Frame
from routing.columns import NetworkColumns

_LEAST_MAIN_M = 1_000.0
# Units of the frame: about the width of what is drawn.
_NEAREST_CORNERS = 8
Line = tuple[LatLng, ...]


@dataclass(frozen=True, slots=True)
class Lines:
    """What is drawn beneath: `barriers` nobody crosses but on a bridge (water, railways), `roads` the longest first.

    `rivers` have a name and no width: drawn as wide as one finds them by.
    """

    barriers: tuple[Line, ...] = ()
    roads: tuple[Line, ...] = ()
    rivers: tuple[Line, ...] = ()


NO_LINES = Lines()


def lines_of(columns: NetworkColumns | None, rivers: Iterable[Line] = ()) -> Lines:
    """Return the lines of a network and of *rivers*."""
    if columns is None:
        return Lines(rivers=tuple(rivers))
    bounds = columns.barrier_start.tolist()
    points = [LatLng(*pair) for pair in zip(columns.barrier_lat.tolist(), columns.barrier_lng.tolist(), strict=True)]
    barriers = tuple(tuple(points[a:b]) for a, b in pairwise(bounds) if b - a > 1)
    by_name: dict[str, list[int]] = defaultdict(list)
    for road in range(columns.road_count):
        name = columns.name_of(road)
        if name:
            by_name[name].append(road)
    long = {name: sum(float(columns.metres[road]) for road in roads) for name, roads in by_name.items()}
    main = sorted((name for name in by_name if long[name] >= _LEAST_MAIN_M), key=lambda name: (-long[name], name))
    return Lines(barriers, tuple(line for name in main for line in _chains(columns, by_name[name])), tuple(rivers))


def drawn_beneath(frame: Frame, lines: Lines, most_bytes: int) -> str:
    """Return *lines* as far as *frame* shows them, water and railways first, within *most_bytes*."""
    rivers, left = _path(frame, lines.rivers, most_bytes // 2)
    water, left = _path(frame, lines.barriers, left)
    roads, _ = _path(frame, lines.roads, left + most_bytes - most_bytes // 2)
    return (
        (
            f'<path class="beneath" d="{rivers}" fill="none" stroke="#5b8fb9" stroke-opacity=".7" stroke-width="16"'
            ' stroke-linejoin="round"/>'
            if rivers
            else ""
        )
        + (
            f'<path class="beneath" d="{water}" fill="none" stroke="#5b8fb9" stroke-opacity=".55" stroke-width="7"/>'
            if water
            else ""
        )
        + (
            f'<path class="beneath" d="{roads}" fill="none" stroke="#8a8f96" stroke-opacity=".5" stroke-width="5"/>'
            if roads
            else ""
        )
    )


def _chains(columns: NetworkColumns, roads: Sequence[int]) -> Iterable[Line]:
    """Yield *roads* joined where one ends and the next begins."""
    at: dict[int, list[int]] = defaultdict(list)
    for road in roads:
        at[int(columns.start[road])].append(road)
        at[int(columns.end[road])].append(road)
    left = set(roads)
    for first in roads:
        if first not in left:
            continue
        left.discard(first)
        chain = [int(columns.start[first]), int(columns.end[first])]
        while (following := next((road for road in at[chain[-1]] if road in left), None)) is not None:
            left.discard(following)
            start, end = int(columns.start[following]), int(columns.end[following])
            chain.append(end if start == chain[-1] else start)
        yield tuple(LatLng(float(columns.lat[node]), float(columns.lng[node])) for node in chain)


def _path(frame: Frame, lines: Iterable[Line], most_bytes: int) -> tuple[str, int]:
    """Return the path of *lines*, and how many bytes were left; corners nearer than a stroke's width are one."""
    pieces: list[str] = []
    left = most_bytes
    for line in lines:
        if not any(_sees(frame, point) for point in line):
            continue
        x, y = frame.point(line[0].lat, line[0].lng)
        steps = [f"M{x} {y}l"]
        for number, point in enumerate(line[1:], start=2):
            to_x, to_y = frame.point(point.lat, point.lng)
            if abs(to_x - x) + abs(to_y - y) >= _NEAREST_CORNERS or number == len(line):
                steps.append(f"{to_x - x} {to_y - y} ")
                x, y = to_x, to_y
        piece = "".join(steps).strip()
        if len(piece) > left:
            break
        left -= len(piece)
        pieces.append(piece)
    return "".join(pieces), left


def _sees(frame: Frame, point: LatLng) -> bool:
    return frame.south <= point.lat <= frame.north and frame.west <= point.lng <= frame.east
