"""What areas are chosen from by name: rivers with their lines, imported areas, and those that a ward keeps. Pure.

Who chooses is offered her own wards: what she chooses is cut to their ground.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from alerts.place import Cells
from api.orders.by_name import Named
from geo.area_set import AreaSet, AreaSetKind
from geo.cells import union
from geo.course import Line
from geo.river_zone import RiverCourse
from streams.payloads import KeptArea

# What a coordinator calls by name: 町丁目 are typed as places, and the agency's own areas are nobody's to order in.
KINDS_CHOSEN = (
    AreaSetKind.FLOOD_ZONE, AreaSetKind.LANDSLIDE_ZONE, AreaSetKind.RIVER_REACH, AreaSetKind.OTHER,
)  # fmt: skip

River = Named[tuple[Line, ...]]
Imported = Named[Cells]


@dataclass(frozen=True, slots=True)
class AreaSources:
    """Where names are looked up for one account. `wards` are those it may choose, by code."""

    rivers: tuple[River, ...] = ()
    imported: Callable[[], tuple[Imported, ...]] = lambda: ()
    kept: tuple[KeptArea, ...] = ()
    """What its wards keep under a name."""
    wards: Mapping[str, str] | None = None
    """None where nobody is limited: then nothing is cut, and a ward that is ticked is ticked on purpose."""
    ground: Callable[[], Cells] = lambda: ()
    """The cells of `wards`; empty where no table says where they are."""

    @property
    def has_one_ward(self) -> bool:
        """Say whether there is one ward to choose: then it is ticked beforehand, and says nothing beside a part."""
        return self.wards is not None and len(self.wards) == 1


def rivers_of(courses: Iterable[RiverCourse]) -> tuple[River, ...]:
    """Return each river of *courses* by its name, with the lines of all its reaches."""
    lines: dict[tuple[str, str], list[Line]] = {}
    for course in courses:
        if course.name and len(course.line) > 1:
            lines.setdefault((course.name, course.river), []).append(course.line)
    return tuple(Named(name, code, tuple(found)) for (name, code), found in sorted(lines.items()))


def imported_of(sets: Iterable[AreaSet]) -> tuple[Imported, ...]:
    """Return the areas of *sets* that have a name and ground; several parts of one code are one area."""
    parts: dict[tuple[str, str], list[Cells]] = {}
    for one in sets:
        if one.kind in KINDS_CHOSEN:
            for feature in one.features:
                if feature.ja and feature.cells:
                    parts.setdefault((feature.ja, feature.code), []).append(feature.cells)
    return tuple(Named(name, code, union(*found)) for (name, code), found in sorted(parts.items()))


class ImportedOfDay:
    """The imported areas that hold today, put together once for the sets of a day."""

    def __init__(self, sets: Callable[[], tuple[AreaSet, ...]]) -> None:
        self._sets = sets
        self._known: tuple[tuple[AreaSet, ...], tuple[Imported, ...]] = ((), ())

    def __call__(self) -> tuple[Imported, ...]:
        """Return them by name."""
        sets, (known, found) = self._sets(), self._known
        if sets is not known:
            found = imported_of(sets)
            self._known = (sets, found)
        return found
