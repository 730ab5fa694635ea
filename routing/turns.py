"""The first turns of a way, told by streets, bridges and landmarks, with metres (R15)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

from scipy.spatial import cKDTree

from alerts.place import LatLng
from routing.network import metres_between
from routing.plan import Side, Turn

# A push holds about four; after these a walker is out of the streets that she may not know.
FIRST_TURNS = 4
_NEAR_M = 40.0
# Streets bend; a turn is what a walker would call one.
_TURN_DEGREES = 40.0
_BACK_DEGREES = 150.0
_EAST = math.cos(math.radians(35.68))


@dataclass(frozen=True)
class Landmarks:
    """Named places that a walker sees: stations, schools, crossings, bridges."""

    names: tuple[str, ...] = ()
    points: tuple[LatLng, ...] = ()

    def near(self, point: LatLng, metres: float = _NEAR_M) -> str:
        """Return the name of the landmark nearest to *point* within *metres*; empty where there is none."""
        if not self.points:
            return ""
        distance, at = self._tree.query((point.lng * _EAST, point.lat))
        return self.names[at] if distance * 111_320.0 <= metres else ""

    @cached_property
    def _tree(self) -> Any:
        return cKDTree([(point.lng * _EAST, point.lat) for point in self.points])


def turns_of(
    line: Sequence[LatLng], streets: Sequence[str], landmarks: Landmarks, most: int = FIRST_TURNS
) -> tuple[Turn, ...]:
    """Return the first turns along *line*; *streets* names each of its stretches, empty where unnamed.

    The last of them ends where the way does or where telling stops, and is straight.
    """
    found: list[Turn] = []
    metres = 0.0
    for at, (start, end) in enumerate(pairwise(line)):
        metres += metres_between(start, end)
        last = at + 2 >= len(line)
        side = Side.STRAIGHT if last else _side(start, end, line[at + 2])
        renamed = not last and streets[at] != streets[at + 1] and bool(streets[at + 1])
        if side is Side.STRAIGHT and not last and not renamed:
            continue
        found.append(Turn(round(metres), streets[at], side, landmarks.near(end)))
        metres = 0.0
        if len(found) == most:
            break
    return tuple(found)


def _side(before: LatLng, here: LatLng, after: LatLng) -> Side:
    came, goes = _bearing(before, here), _bearing(here, after)
    turn = (goes - came + 180) % 360 - 180
    if abs(turn) < _TURN_DEGREES:
        return Side.STRAIGHT
    if abs(turn) > _BACK_DEGREES:
        return Side.BACK
    return Side.RIGHT if turn > 0 else Side.LEFT


def _bearing(start: LatLng, end: LatLng) -> float:
    return math.degrees(math.atan2((end.lng - start.lng) * _EAST, end.lat - start.lat))
