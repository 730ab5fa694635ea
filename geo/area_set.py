"""A set of areas of one kind and one date: what an importer read, and what it had to leave out.

An area set never replaces an older one silently: both stay in the library under their dates, and a
question names the day that it is about.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from alerts.place import Cells
from geo.cells import contains
from geo.depth import DepthRank


class AreaSetKind(StrEnum):
    """What the areas of a set are. The value is a folder name and an argument of the command line."""

    MUNICIPALITY = "municipality"
    FORECAST_AREA = "forecast-area"
    QUAKE_AREA = "quake-area"
    TSUNAMI_COAST = "tsunami-coast"
    CHOME = "chome"
    FLOOD_ZONE = "flood-zone"
    LANDSLIDE_ZONE = "landslide-zone"
    RIVER_REACH = "river-reach"
    OTHER = "other"


class DropReason(StrEnum):
    """Why a feature of a file is in no set. Stable: it is counted and printed."""

    NO_GEOMETRY = "no-geometry"
    NO_CODE = "no-code"
    NO_AREA = "encloses-nothing"
    NOT_A_PLACE = "not-a-place"
    AXES_SWAPPED = "axes-swapped"
    WRONG_GEOMETRY = "wrong-geometry"


@dataclass(frozen=True, slots=True)
class AreaFeature:
    """One area. Less than half of each cell in `partial` lies inside it, where that was asked for."""

    code: str
    ja: str
    cells: Cells
    en: str = ""
    partial: Cells = ()
    depth: DepthRank | None = None


@dataclass(frozen=True, slots=True)
class Dropped:
    """A feature that is not in the set: its number in the file from 0, and why."""

    number: int
    reason: DropReason
    detail: str


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of each feature: read = kept + dropped; some of the kept ones were mended."""

    read: int
    kept: int
    repaired: tuple[int, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    notes: tuple[str, ...] = ()

    def lines(self) -> tuple[str, ...]:
        """Return the report for a person: sums first, then one line per feature that was left out."""
        sums = f"{self.read} features read, {self.kept} kept, {len(self.repaired)} of them mended"
        return (
            f"{sums}, {len(self.dropped)} left out",
            *self.notes,
            *(f"left out: feature {drop.number}: {drop.reason.value}: {drop.detail}" for drop in self.dropped),
        )


@dataclass(frozen=True, slots=True)
class AreaSet:
    """All areas of a kind as one source had them on one day. `valid_from` is an ISO date."""

    kind: AreaSetKind
    valid_from: str
    source: str
    attribution: str
    features: tuple[AreaFeature, ...]

    def of(self, code: str) -> tuple[AreaFeature, ...]:
        """Return the features of *code*: a flood map has several under one, a municipality one."""
        return tuple(feature for feature in self.features if feature.code == code)

    def at(self, cell: int) -> tuple[AreaFeature, ...]:
        """Return the features that hold *cell*."""
        return tuple(feature for feature in self.features if contains(feature.cells, cell))


@dataclass(slots=True)
class AreaLibrary:
    """All sets, by kind and date."""

    _sets: dict[tuple[AreaSetKind, str], AreaSet] = field(default_factory=dict)

    @classmethod
    def of(cls, sets: Iterable[AreaSet]) -> "AreaLibrary":
        """Return a library of *sets*; of two with one kind and date the later one stands."""
        return cls({(one.kind, one.valid_from): one for one in sets})

    def dates(self, kind: AreaSetKind) -> tuple[str, ...]:
        """Return the dates of which there is a set of *kind*, oldest first."""
        return tuple(sorted(valid_from for of_kind, valid_from in self._sets if of_kind is kind))

    def on(self, kind: AreaSetKind, day: date) -> AreaSet | None:
        """Return the set of *kind* that held on *day*: the newest that had begun, None before the first.

        A set of a later date is no answer: wards are joined and rivers mapped anew.
        """
        begun = [valid_from for valid_from in self.dates(kind) if date.fromisoformat(valid_from) <= day]
        return self._sets[kind, begun[-1]] if begun else None


def kept_apart(read: int, features: int, repaired: Iterable[int], dropped: Iterable[Dropped]) -> ImportReport:
    """Return the report of an import; the sums must agree, or a feature was lost without a word."""
    drops = tuple(sorted(dropped, key=lambda drop: drop.number))
    if read != features + len(drops):
        raise AssertionError(f"{read} features read, {features} kept and {len(drops)} dropped: some were lost")
    return ImportReport(read, features, tuple(sorted(repaired)), drops)
