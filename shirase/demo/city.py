"""The demo city: made-up people, streets and shelters on the real wards of Tokyo.

The wards' outlines are real (the JMA municipal areas that `reversejp` carries), and so is the number of people of
each; everything in them comes from a seed. No cell's people are a statistic, and every name that is made up says 架空.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import h3.api.basic_int as h3
import numpy as np
import reversejp
from numpy.typing import NDArray
from shapely import LineString, STRtree

from alerts.hazard import HazardKind
from alerts.place import HAZARD_RESOLUTION, LatLng
from alerts.shelter import ShelterState
from geo.tokyo_harbour import land_by_cell
from routing.network import Node, Road, RoadNetwork, metres_between, walk_seconds
from routing.shelter import Shelter
from shirase.demo.rivers import RIVERS, River
from shirase.demo.wards import WARDS

PEOPLE = sum(ward.people for ward in WARDS)
PEOPLE_PER_SHELTER = 10_000
STREET_SPACING_M = 200.0
# Schools with a ramp or a lift; the others are not offered to those who cannot climb.
STEP_FREE_SHARE = 0.7
# One crossing in five carries a bridge: about one each kilometre along a river.
BRIDGE_EVERY = 5

_SOUTH, _WEST, _NORTH, _EAST = 35.48, 139.55, 35.83, 139.93
_CENTRE = LatLng(35.690, 139.755)
_METRES_PER_DEGREE = 111_320.0


@dataclass(frozen=True, slots=True)
class CityCells:
    """The resolution-9 cells whose centre lies in a ward, with the people who live there."""

    cells: NDArray[np.uint64]
    ward: NDArray[np.uint16]  # index into WARDS
    people: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class City:
    """A whole demo city. `label` is shown wherever its people or places are."""

    seed: int
    label: str
    cells: CityCells
    streets: RoadNetwork
    shelters: tuple[Shelter, ...]
    rivers: tuple[River, ...]


@lru_cache(maxsize=4)
def city(seed: int = 1) -> City:
    """Return the demo city of *seed*: the same seed gives the same city on every machine."""
    cells = people(seed)
    streets = _streets(seed, cells)
    return City(seed, f"架空の都市（種 {seed}）", cells, streets, _shelters(seed, cells, streets), RIVERS)


@lru_cache(maxsize=4)
def people(seed: int = 1) -> CityCells:
    """Return where the made-up people live: of each ward as many as it has, on land, denser towards the middle."""
    cells, ward = _ward_cells()
    east, north = _offsets_km(cells)
    distance_km = np.hypot(east, north)
    # Most people live in the ring around the offices; the very middle empties at night.
    density = np.exp(-((distance_km / 14.0) ** 2)) * (1.0 - 0.6 * np.exp(-((distance_km / 2.5) ** 2)))
    density *= np.random.default_rng([seed, 1]).lognormal(0.0, 0.45, len(cells))
    land = land_by_cell()
    density *= [land.get(cell, 1.0) for cell in cells.tolist()]
    whole = np.zeros(len(cells), dtype=np.int64)
    for index, one in enumerate(WARDS):
        mine = np.flatnonzero(ward == index)
        whole[mine] = _shared_out(one.people, density[mine])
    return CityCells(cells, ward, whole)


def _shared_out(people: int, weights: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return *people* shared out by *weights*, none of them lost: the largest remainders get what rounding left."""
    share = weights / weights.sum() * people
    whole: NDArray[np.int64] = np.floor(share).astype(np.int64)
    short = people - int(whole.sum())
    whole[np.argsort(whole - share, kind="stable")[:short]] += 1
    return whole


@lru_cache(maxsize=1)
def _ward_cells() -> tuple[NDArray[np.uint64], NDArray[np.uint16]]:
    codes = {ward.code: index for index, ward in enumerate(WARDS)}
    box = h3.LatLngPoly([(_SOUTH, _WEST), (_SOUTH, _EAST), (_NORTH, _EAST), (_NORTH, _WEST)])
    found: list[tuple[int, int]] = []
    for cell in h3.polygon_to_cells(box, HAZARD_RESOLUTION):
        lat, lng = h3.cell_to_latlng(cell)
        inside = [codes[area.code] for area in reversejp.find_properties(lng, lat) if area.code in codes]
        if inside:
            found.append((cell, inside[0]))
    found.sort()
    return np.array([c for c, _ in found], dtype=np.uint64), np.array([w for _, w in found], dtype=np.uint16)


def _offsets_km(cells: NDArray[np.uint64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    points = np.array([h3.cell_to_latlng(int(cell)) for cell in cells])
    north = (points[:, 0] - _CENTRE.lat) * _METRES_PER_DEGREE / 1000
    east = (points[:, 1] - _CENTRE.lng) * _metres_per_degree_lng() / 1000
    return east, north


def _metres_per_degree_lng() -> float:
    return _METRES_PER_DEGREE * math.cos(math.radians(_CENTRE.lat))


def _streets(seed: int, cells: CityCells) -> RoadNetwork:
    """Lay a grid with noise over the wards; where a street meets a river only some have a bridge."""
    random = np.random.default_rng([seed, 2])
    rows = int((_NORTH - _SOUTH) * _METRES_PER_DEGREE / STREET_SPACING_M)
    columns = int((_EAST - _WEST) * _metres_per_degree_lng() / STREET_SPACING_M)
    inhabited = set(cells.cells.tolist())
    jitter = random.uniform(-0.3, 0.3, (rows, columns, 2))
    nodes: dict[Node, LatLng] = {}
    for row in range(rows):
        for column in range(columns):
            point = LatLng(
                round(_SOUTH + (row + jitter[row, column, 0]) * STREET_SPACING_M / _METRES_PER_DEGREE, 6),
                round(_WEST + (column + jitter[row, column, 1]) * STREET_SPACING_M / _metres_per_degree_lng(), 6),
            )
            if h3.latlng_to_cell(point.lat, point.lng, HAZARD_RESOLUTION) in inhabited:
                nodes[Node(row * columns + column)] = point
    pairs = [
        (node, other)
        for node in nodes
        for other in (Node(node + 1), Node(node + columns))
        if other in nodes and not (other == node + 1 and other % columns == 0)
    ]
    missing = random.random(len(pairs)) < 0.08  # blocks larger than one square
    crosses = _crossings(nodes, pairs)
    roads = []
    over = 0
    for (start, end), gone, crossing in zip(pairs, missing.tolist(), crosses, strict=True):
        if crossing:
            over += 1
        if (crossing and over % BRIDGE_EVERY) or (gone and not crossing):
            continue
        seconds = walk_seconds(metres_between(nodes[start], nodes[end]))
        roads.append(Road(f"架空{start}-{end}", start, end, seconds, bridge=crossing))
    return RoadNetwork(nodes, roads)


def _crossings(nodes: dict[Node, LatLng], pairs: list[tuple[Node, Node]]) -> list[bool]:
    lines = [
        LineString([(nodes[start].lng, nodes[start].lat), (nodes[end].lng, nodes[end].lat)]) for start, end in pairs
    ]
    tree = STRtree(lines)
    crossing = [False] * len(pairs)
    for river in RIVERS:
        for index in tree.query(LineString([(p.lng, p.lat) for p in river.line]), predicate="intersects"):
            crossing[int(index)] = True
    return crossing


# Four in ten sites are fit for floods: on low ground most are not (field-rules, on R1).
_FIT: tuple[tuple[HazardKind, float], ...] = (
    (HazardKind.EARTHQUAKE, 0.9),
    (HazardKind.FLOOD, 0.4),
    (HazardKind.HEAVY_RAIN, 0.5),
    (HazardKind.STORM_SURGE, 0.3),
    (HazardKind.LANDSLIDE, 0.6),
)
_STATES = (ShelterState.OPEN, ShelterState.FULL, ShelterState.CLOSED, ShelterState.UNKNOWN)


def _shelters(seed: int, cells: CityCells, streets: RoadNetwork) -> tuple[Shelter, ...]:
    random = np.random.default_rng([seed, 3])
    ramps = np.random.default_rng([seed, 4])
    wanted = PEOPLE // PEOPLE_PER_SHELTER
    chosen = random.choice(len(cells.cells), wanted, replace=False, p=cells.people / cells.people.sum())
    shelters = []
    for number, index in enumerate(sorted(chosen.tolist()), start=1):
        lat, lng = h3.cell_to_latlng(int(cells.cells[index]))
        node, _ = streets.nearest_node(LatLng(lat, lng))
        fit = frozenset(hazard for hazard, share in _FIT if random.random() < share)
        state = _STATES[int(random.choice(4, p=(0.8, 0.05, 0.05, 0.1)))]
        ward = WARDS[int(cells.ward[index])]
        capacity = int(random.integers(10, 150)) * 10
        name = f"架空{ward.name}第{number}避難所"
        shelters.append(
            Shelter(
                id=f"kaku:{number:04d}",
                name=name,
                point=streets.nodes[node],
                node=node,
                fit_for=fit,
                capacity=capacity,
                state=state,
                step_free=bool(ramps.random() < STEP_FREE_SHARE),
                ward=ward.code,
            )
        )
    return tuple(shelters)
