"""Where: points, rings, and H3 cells as plain integers.

The numbers are only names here; everything that computes with cells is in `geo/`.
"""

from dataclasses import dataclass
from typing import NewType

# One H3 index as an integer, of any resolution from SHARD_RESOLUTION to HAZARD_RESOLUTION.
Cell = NewType("Cell", int)
# The resolution-6 parent of a cell: the key under which state is kept (33 km² at Tokyo).
Shard = NewType("Shard", int)
# A set of cells: sorted, disjoint, compacted (a parent stands for all of its children).
Cells = tuple[Cell, ...]

HAZARD_RESOLUTION = 9
SHARD_RESOLUTION = 6


@dataclass(frozen=True, slots=True)
class LatLng:
    """A point on WGS 84, in degrees. CAP writes lat,lon; GeoJSON writes lon,lat; we name both."""

    lat: float
    lng: float


# A closed line of points: the first equals the last.
Ring = tuple[LatLng, ...]


@dataclass(frozen=True, slots=True)
class Circle:
    """A centre and a radius in kilometres on the ground, never in degrees (CAP 1.2, 3.2.4)."""

    centre: LatLng
    radius_km: float
