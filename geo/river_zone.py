"""Which ground a river endangers: the table `river_zone`, and what is assumed where it has no row.

A gauge and a river forecast speak of a river, and water does not stop at the ward that a telegram
names. The tie is explicit: river, reach, zone, depth, source and date. Without a row the cells beside
and downstream of the place are taken, and the answer says that this tie was assumed.

Direction of safety: too many cells. Where nothing at all is known the answer is empty and says so;
the municipality's own claim is kept beside it in every case.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from shapely.affinity import scale
from shapely.geometry import LineString, Point
from shapely.ops import substring

from alerts.place import Cells, Circle, LatLng
from geo.cells import contains, union
from geo.cover import KM_PER_DEGREE, cover, fill
from geo.depth import DepthRank, deepest, depth_to_avoid

# A breach of the levees of a large river in the plain reaches further (the Kinugawa 2015: 8 km), a small
# one less; a stated figure, shown wherever it was used, and replaced by a row of the table.
ASSUMED_BANK_KM = 2.0
# So far downstream a rise that is measured now arrives within the hours of a river forecast.
ASSUMED_DOWNSTREAM_KM = 20.0
# Water that cannot flow off stands above the gauge too.
ASSUMED_UPSTREAM_KM = 2.0
# Around a gauge of which not even the river's line is known.
ASSUMED_AROUND_KM = 5.0
# Degrees are not metres: a buffer may be 1 % too wide, never too narrow.
_MARGIN = 1.01
# A JMA forecast reach is named by the ten digits of its river and two of its own.
_RIVER_DIGITS = 10


class RiverTie(StrEnum):
    """How a river came to its cells."""

    TABLE = "table"
    ASSUMED = "assumed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class RiverZone:
    """One row: *cells* stand up to *depth* under water when *river* overflows on *reach*.

    An empty `reach` is the whole river. `date` is that of the map (ISO).
    """

    river: str
    reach: str
    zone: str
    depth: DepthRank | None
    source: str
    date: str
    cells: Cells


@dataclass(frozen=True, slots=True)
class RiverCourse:
    """The line of a river from its upper reach to its mouth."""

    river: str
    reach: str
    name: str
    line: tuple[LatLng, ...]


@dataclass(frozen=True, slots=True)
class RiverZones:
    """The table, and the courses for what it does not hold."""

    zones: tuple[RiverZone, ...] = ()
    courses: tuple[RiverCourse, ...] = ()


NO_ZONES = RiverZones()


@dataclass(frozen=True, slots=True)
class Endangered:
    """The ground that a river endangers, how deep, and who says so."""

    cells: Cells
    depth: DepthRank | None  # the deepest of all; None as soon as a part of it is not known
    tie: RiverTie
    reason: str
    zones: tuple[RiverZone, ...] = ()
    name: str = ""  # of the river, for a text

    def depth_at(self, cell: int) -> DepthRank | None:
        """Return the depth in *cell*, None where it is not known (or the cell is not endangered)."""
        return deepest(zone.depth for zone in self.zones if contains(zone.cells, cell))

    def depth_to_avoid_at(self, cell: int) -> DepthRank | None:
        """Return the depth that a way through *cell* must reckon with; None where it is not endangered."""
        return depth_to_avoid(self.depth_at(cell)) if contains(self.cells, cell) else None


def cells_endangered(table: RiverZones, river: str, reach: str = "", *, near: LatLng | None = None) -> Endangered:
    """Return the cells that *river* endangers on *reach*; *near* is the gauge, where there is one.

    Rows of the reach come before rows of the whole river. Without a row the cells within
    ASSUMED_BANK_KM of the river's line are taken, from ASSUMED_UPSTREAM_KM above *near* to
    ASSUMED_DOWNSTREAM_KM below it (all of the line without *near*); without a line, those within
    ASSUMED_AROUND_KM of *near*.
    """
    rows = zones_of(table, river, reach)
    if rows:
        sources = ", ".join(dict.fromkeys(f"{row.source} {row.date}".strip() for row in rows))
        return Endangered(
            cells=union(*(row.cells for row in rows)),
            depth=deepest(row.depth for row in rows),
            tie=RiverTie.TABLE,
            reason=f"river_zone of {river}: {sources}",
            zones=rows,
            name=next((row.zone for row in rows if row.zone), ""),
        )
    courses = [course for course in table.courses if _names(course.river, course.reach, river, reach)]
    if courses:
        cells = union(*(_beside(course.line, near) for course in courses))
        stretch = f"{ASSUMED_DOWNSTREAM_KM:g} km downstream" if near else "its whole line"
        reason = f"river tie assumed: {ASSUMED_BANK_KM:g} km beside {courses[0].name}, {stretch}"
        return Endangered(cells, None, RiverTie.ASSUMED, reason, name=courses[0].name)
    if near is not None:
        reason = f"river tie assumed: {ASSUMED_AROUND_KM:g} km around the gauge, the river's line is not known"
        return Endangered(cover((), (Circle(near, ASSUMED_AROUND_KM),)), None, RiverTie.ASSUMED, reason)
    return Endangered((), None, RiverTie.UNKNOWN, f"river {river} is in no table")


def zones_of(table: RiverZones, river: str, reach: str = "") -> tuple[RiverZone, ...]:
    """Return the rows of *reach*, else those of the whole *river*; empty if there are none."""
    found = [row for row in table.zones if _names(row.river, row.reach, river, reach)]
    own = [row for row in found if row.reach]
    return tuple(own or found)


def endangered_at(table: RiverZones, cell: int) -> tuple[RiverZone, ...]:
    """Return the rows that hold *cell*, the deepest first (unknown counts as the deepest)."""
    rows = [row for row in table.zones if contains(row.cells, cell)]
    return tuple(sorted(rows, key=lambda row: (-depth_to_avoid(row.depth), row.river, row.reach, row.zone)))


def merged(tables: Iterable[RiverZones]) -> RiverZones:
    """Return all rows and courses of *tables*, each once."""
    listed = list(tables)
    return RiverZones(
        tuple(dict.fromkeys(row for table in listed for row in table.zones)),
        tuple(dict.fromkeys(course for table in listed for course in table.courses)),
    )


def _names(row_river: str, row_reach: str, river: str, reach: str) -> bool:
    """Return whether a row for (row_river, row_reach) speaks of the asked (river, reach).

    A telegram gives one code for both: then *river* may be a reach, or begin with its river.
    """
    asked = {river, reach} - {""}
    if row_reach:
        return row_reach in asked or (row_river == river and not reach)
    return row_river in asked or any(
        len(code) > len(row_river) >= _RIVER_DIGITS for code in asked if code.startswith(row_river)
    )


def _beside(line: tuple[LatLng, ...], near: LatLng | None) -> Cells:
    """Return the cells beside *line*, around and downstream of *near*."""
    # On a plane of kilometres that is true at the line's middle; a river of a forecast is short enough.
    shrink = math.cos(math.radians(sum(point.lat for point in line) / len(line)))
    course = LineString([(point.lng * shrink * KM_PER_DEGREE, point.lat * KM_PER_DEGREE) for point in line])
    if near is not None:
        at = course.project(Point(near.lng * shrink * KM_PER_DEGREE, near.lat * KM_PER_DEGREE))
        course = substring(course, max(0.0, at - ASSUMED_UPSTREAM_KM), at + ASSUMED_DOWNSTREAM_KM)
    ground = course.buffer(ASSUMED_BANK_KM * _MARGIN, quad_segs=16)
    return fill([scale(ground, 1 / (shrink * KM_PER_DEGREE), 1 / KM_PER_DEGREE, origin=(0.0, 0.0))])
