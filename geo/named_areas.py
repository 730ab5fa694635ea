"""Names and codes that the built-in table does not hold, answered from the imported sets of a day.

`JIS.area-name` (「13108 亀戸一丁目」) is looked up among the municipality's 町丁目. Any other code is found
where its valueName is the kind of a set (`flood-zone`) or the source that the set was imported under.
The built-in table comes first: an imported file changes nothing that it knows.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from alerts.alert import GEOCODE_AREA_NAME, GEOCODE_CLASS20, Geocode
from geo.area_set import AreaFeature, AreaLibrary, AreaSet, AreaSetKind
from geo.areas import AreaCover, AreaTable
from geo.chome import ChomeOf, chome_of, together

_MUNICIPAL_DIGITS = 5


@dataclass(slots=True)
class NamedAreas:
    """The built-in table and the imported sets. Answers are computed once and kept."""

    table: AreaTable
    library: AreaLibrary
    _days: dict[tuple[str, ...], "AreasOfDay"] = field(default_factory=dict)

    def on(self, day: date) -> "AreasOfDay":
        """Return what held on *day*: of each kind the newest set that had begun."""
        sets = tuple(found for kind in AreaSetKind if (found := self.library.on(kind, day)) is not None)
        key = tuple(f"{one.kind.value} {one.valid_from}" for one in sets)
        if key not in self._days:
            self._days[key] = AreasOfDay(self.table, sets)
        return self._days[key]


@dataclass(slots=True)
class AreasOfDay:
    """The built-in table and one set of each kind."""

    table: AreaTable
    sets: tuple[AreaSet, ...]
    _chome: dict[str, ChomeOf] = field(default_factory=dict)
    _listed: Mapping[str, list[AreaFeature]] | None = None
    _codes: Mapping[tuple[str, str], list[AreaFeature]] | None = None

    def lookup(self, geocode: Geocode) -> AreaCover | None:
        """Return the cells of *geocode*, None where neither the table nor a set of this day holds it."""
        found = self.table.lookup(geocode)
        if found is not None:
            return found
        if geocode.value_name == GEOCODE_AREA_NAME:
            code, _, name = geocode.value.partition(" ")
            return self._of_municipality(code).lookup(name)
        return self._coded(geocode)

    def _coded(self, geocode: Geocode) -> AreaCover | None:
        if self._codes is None:
            codes: dict[tuple[str, str], list[AreaFeature]] = {}
            for one in self.sets:
                for feature in one.features:
                    for value_name in {one.kind.value, one.source}:
                        codes.setdefault((value_name, feature.code), []).append(feature)
            self._codes = codes
        features = self._codes.get((geocode.value_name, geocode.value), [])
        covers = [AreaCover(one.ja, one.code, one.cells, one.partial) for one in features if one.cells]
        return together(covers[0].name, geocode.value, covers) if covers else None

    def _of_municipality(self, code: str) -> ChomeOf:
        if code not in self._chome:
            self._chome[code] = self._read(code)
        return self._chome[code]

    def _read(self, code: str) -> ChomeOf:
        ground = self.table.lookup(Geocode(GEOCODE_CLASS20, f"{code}00"))
        if ground is None or len(code) != _MUNICIPAL_DIGITS:
            return ChomeOf(code, {}, {})
        parts = [self.table.name(one) for one in self.table.codes() if one[:_MUNICIPAL_DIGITS] == code]
        names = [one.ja for one in parts if one is not None] or [ground.name]
        if self._listed is None:
            self._listed = _by_municipality(self.sets)
        features = [
            (listed if listed != code else "", feature)
            for listed, of_it in self._listed.items()
            if listed == code or any(_same(listed, name) for name in names)
            for feature in of_it
        ]
        return chome_of(code, names[0], ground.cells, features)


def _by_municipality(sets: tuple[AreaSet, ...]) -> Mapping[str, list[AreaFeature]]:
    """Return the 町丁目 by what their list calls the municipality: a name (江東区), or the five digits of its code."""
    listed: dict[str, list[AreaFeature]] = {}
    for one in sets:
        for feature in one.features if one.kind is AreaSetKind.CHOME else ():
            named = feature.code.removesuffix(feature.ja) if feature.ja else ""
            of = named if named and named != feature.code else feature.code[:_MUNICIPAL_DIGITS]
            listed.setdefault(of, []).append(feature)
    return listed


def _same(listed: str, name: str) -> bool:
    """Say whether a list's municipality may be *name*: 札幌市中央区 is a part of 札幌市, a table may split a city."""
    return bool(listed) and bool(name) and (listed.startswith(name) or name.startswith(listed))
