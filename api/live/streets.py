"""What people call the places of a shard's roads: streets, towns and landmarks, each with a point on a road.

For a report of a road by somebody who has no map. It is given by the whole shard, and whoever looks for a name does it
on the phone or on the page (R13): no question says where she stands. A point here lies on the road that it means, so
that a report snaps to it as to every other point.
"""

import threading
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

import h3.api.basic_int as h3
import numpy as np

from alerts.place import HAZARD_RESOLUTION, SHARD_RESOLUTION, Cell, LatLng, Shard
from routing.network import METRES_PER_DEGREE, METRES_PER_DEGREE_LNG, RoadNetwork
from routing.site import Site

PlaceName = Callable[[Cell], str]

# A street is listed once for each cell of this resolution that it passes: about 350 m across, a few crossings.
_STRETCH_RESOLUTION = HAZARD_RESOLUTION
# As far as somebody sees who names a town or a school, and as many as she reads on a phone.
NEARBY_M = 500.0
MOST_NEARBY = 12
# A shelter further from every road of the network is none that stands on one of them.
_LANDMARK_M = 150.0
_DIGITS = 5  # a metre


class PlaceKind(StrEnum):
    """What a name is the name of."""

    STREET = "street"
    TOWN = "town"
    LANDMARK = "landmark"


@dataclass(frozen=True, slots=True)
class StreetPlace:
    """One name and a point on the road that it means; `near` is the town in which that lies."""

    name: str
    kind: PlaceKind
    near: str
    at: LatLng

    @property
    def label(self) -> str:
        """Return the name with its town, by which it is told from another stretch of the same street."""
        return f"{self.name}（{self.near}）" if self.near and self.near != self.name else self.name


class StreetBook:
    """The named places of each shard; made when a shard is first asked for."""

    def __init__(self, network: RoadNetwork, name_of: PlaceName, sites: Iterable[Site] = ()) -> None:
        self._columns = network.columns
        self._name_of = name_of
        self._sites = tuple(sites)
        self._made: dict[Shard, tuple[StreetPlace, ...]] = {}
        self._lock = threading.Lock()

    @property
    def shards(self) -> frozenset[Shard]:
        """Return the shards in which a road lies."""
        return frozenset(self._roads)

    def places(self, shard: Shard) -> tuple[StreetPlace, ...]:
        """Return the places of *shard*: towns first, then streets and landmarks, each by name."""
        with self._lock:
            if shard not in self._made:
                found = (*self._towns(shard), *self._streets(shard), *self._landmarks(shard))
                self._made[shard] = tuple(dict.fromkeys(found))
            return self._made[shard]

    def _towns(self, shard: Shard) -> Iterator[StreetPlace]:
        cells: dict[str, list[int]] = defaultdict(list)
        for at in self._roads.get(shard, ()):
            name = self._name_of(Cell(h3.latlng_to_cell(*self._middle(at), HAZARD_RESOLUTION)))
            if name:
                cells[name].append(at)
        for name, roads in sorted(cells.items()):
            lat, lng = (sum(self._middle(at)[axis] for at in roads) / len(roads) for axis in (0, 1))
            nearest = min(roads, key=lambda at: metres(LatLng(*self._middle(at)), LatLng(lat, lng)))
            yield self._place(name, PlaceKind.TOWN, nearest)

    def _streets(self, shard: Shard) -> Iterator[StreetPlace]:
        stretches: dict[tuple[str, int], list[int]] = defaultdict(list)
        for at in self._roads.get(shard, ()):
            name = self._columns.name_of(at)
            if name:
                stretches[name, h3.latlng_to_cell(*self._middle(at), _STRETCH_RESOLUTION)].append(at)
        for (name, _), roads in sorted(stretches.items()):
            yield self._place(name, PlaceKind.STREET, roads[len(roads) // 2])

    def _landmarks(self, shard: Shard) -> Iterator[StreetPlace]:
        roads = self._roads.get(shard, ())
        here = [(site.name, site.point) for site in self._sites if _shard_of(site.point) == shard and site.name]
        here.sort(key=lambda one: (one[0], one[1].lat, one[1].lng))
        if not roads:
            return
        middles = np.array([self._middle(at) for at in roads])
        for name, point in here:
            # Of all roads at once: a shard of a real ward has tens of thousands, and a hundred sites.
            north = (middles[:, 0] - point.lat) * METRES_PER_DEGREE
            east = (middles[:, 1] - point.lng) * METRES_PER_DEGREE_LNG
            away = np.hypot(north, east)
            nearest = int(away.argmin())
            if away[nearest] <= _LANDMARK_M:
                yield self._place(name, PlaceKind.LANDMARK, roads[nearest])

    def _place(self, name: str, kind: PlaceKind, road: int) -> StreetPlace:
        lat, lng = self._middle(road)
        near = self._name_of(Cell(h3.latlng_to_cell(lat, lng, HAZARD_RESOLUTION)))
        return StreetPlace(name, kind, near, LatLng(round(lat, _DIGITS), round(lng, _DIGITS)))

    def _middle(self, road: int) -> tuple[float, float]:
        columns = self._columns
        start, end = int(columns.start[road]), int(columns.end[road])
        return (
            (float(columns.lat[start]) + float(columns.lat[end])) / 2,
            (float(columns.lng[start]) + float(columns.lng[end])) / 2,
        )

    @cached_property
    def _roads(self) -> Mapping[Shard, list[int]]:
        found: dict[Shard, list[int]] = defaultdict(list)
        for at in range(self._columns.road_count):
            found[_shard_of(LatLng(*self._middle(at)))].append(at)
        return found


def meant_by(places: Iterable[StreetPlace], typed: str) -> tuple[StreetPlace, ...]:
    """Return what *typed* may mean: the one of that whole label, else those of that name, else with it in theirs."""
    wanted, known = plain(typed), tuple(places)
    if not wanted:
        return ()
    whole = tuple(place for place in known if plain(place.label) == wanted)
    named = whole or tuple(place for place in known if plain(place.name) == wanted)
    return named or tuple(place for place in known if wanted in plain(place.label))


def roads_near(places: Iterable[StreetPlace], point: LatLng) -> tuple[StreetPlace, ...]:
    """Return the streets, and the roads beside landmarks, about *point*, the nearest first; a town is no road."""
    roads = ((metres(place.at, point), place.label, place) for place in places if place.kind is not PlaceKind.TOWN)
    near = sorted((one for one in roads if one[0] <= NEARBY_M), key=lambda one: one[:2])
    return tuple(place for _, _, place in near[:MOST_NEARBY])


def plain(words: str) -> str:
    """Return *words* as a keyboard for another script may have written them, without blanks."""
    return "".join(unicodedata.normalize("NFKC", words).casefold().split())


def metres(one: LatLng, other: LatLng) -> float:
    """Return about how far two points of a city lie apart."""
    north = (one.lat - other.lat) * METRES_PER_DEGREE
    east = (one.lng - other.lng) * METRES_PER_DEGREE_LNG
    return float((north * north + east * east) ** 0.5)


def _shard_of(point: LatLng) -> Shard:
    return Shard(h3.latlng_to_cell(point.lat, point.lng, SHARD_RESOLUTION))
