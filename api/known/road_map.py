"""The roads of the planner's network for the console: drawn shard by shard, and found by name without a map (R20).

What is closed is then named by its id, as the planner knows it, and lies in a ward. Read only; nobody's place is in it.
"""

import threading
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import h3.api.basic_int as h3
import orjson

from alerts.place import SHARD_RESOLUTION, Cell, LatLng, Shard
from api.known.roads import RoadLine, line_on
from routing.network import RoadNetwork

# A stretch of a street is its roads within a cell of this resolution: about 900 m across.
_STRETCH_RESOLUTION = 8
MOST_STRETCHES = 60
# An address has room for so many; a longer stretch is closed by a line.
MOST_ROADS = 40
_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Stretch:
    """The roads of one name that lie near each other; `at` is about their middle."""

    name: str
    cell: Cell
    at: LatLng
    roads: tuple[str, ...]


class RoadMap:
    """Answers from memory; what a shard holds is written when it is first asked for."""

    def __init__(self, network: RoadNetwork) -> None:
        self._columns = network.columns
        self.line_of: RoadLine = line_on(network)
        self._written: dict[Shard, bytes] = {}
        self._lock = threading.Lock()

    def in_shard(self, shard: Shard) -> bytes:
        """Return the roads whose middle lies in *shard*, as GeoJSON with id and name."""
        with self._lock:
            if shard not in self._written:
                self._written[shard] = orjson.dumps(
                    {
                        "type": "FeatureCollection",
                        "features": [self._feature(at) for at in self._by_shard.get(shard, ())],
                    }
                )
            return self._written[shard]

    def named(self, word: str) -> tuple[Stretch, ...]:
        """Return the stretches of streets and bridges with *word* in their name, by name and place; at most some."""
        wanted = "".join(word.split())
        if not wanted:
            return ()
        found: dict[tuple[str, Cell], list[int]] = defaultdict(list)
        for name, roads in self._by_name.items():
            if wanted in name:
                for at in roads:
                    middle = self._middle(at)
                    cell = h3.latlng_to_cell(middle.lat, middle.lng, _STRETCH_RESOLUTION)
                    found[name, Cell(cell)].append(at)
        listed = sorted(found.items())[:MOST_STRETCHES]
        return tuple(self._stretch(name, cell, roads) for (name, cell), roads in listed)

    def _stretch(self, name: str, cell: Cell, roads: list[int]) -> Stretch:
        ids = tuple(self._columns.road_id(at) for at in roads[:MOST_ROADS])
        return Stretch(name, cell, self._middle(roads[len(roads) // 2]), ids)

    def _feature(self, at: int) -> Mapping[str, object]:
        line = self.line_of(self._columns.road_id(at))
        return {
            "type": "Feature",
            "geometry": {
                "type": "LineString",
                "coordinates": [[round(end.lng, _DIGITS), round(end.lat, _DIGITS)] for end in line],
            },
            "properties": {"road": self._columns.road_id(at), "name": self._columns.name_of(at)},
        }

    def _middle(self, at: int) -> LatLng:
        columns = self._columns
        ends = (int(columns.start[at]), int(columns.end[at]))
        return LatLng(
            sum(float(columns.lat[end]) for end in ends) / 2, sum(float(columns.lng[end]) for end in ends) / 2
        )

    @cached_property
    def _by_shard(self) -> Mapping[Shard, list[int]]:
        found: dict[Shard, list[int]] = defaultdict(list)
        for at in range(self._columns.road_count):
            middle = self._middle(at)
            found[Shard(h3.latlng_to_cell(middle.lat, middle.lng, SHARD_RESOLUTION))].append(at)
        return found

    @cached_property
    def _by_name(self) -> Mapping[str, list[int]]:
        found: dict[str, list[int]] = defaultdict(list)
        for at in range(self._columns.road_count):
            name = self._columns.name_of(at)
            if name:
                found[name].append(at)
        return found
