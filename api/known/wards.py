"""Wards for the console: which of them some cells lie in, who may choose which, and whose ground a cell mostly is."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cached_property

from alerts.alert import GEOCODE_CLASS20, Geocode
from alerts.place import Cell, Cells
from alerts.wording import JAPAN
from geo.area_set import AreaSet
from geo.areas import AreaCover, AreaTable
from geo.cells import compact, count, difference, expand, union
from geo.land import LandShares
from geo.named_areas import NamedAreas

# Twice the 23 wards; looking up more would keep an officer waiting for an answer that is "all of them".
MOST_CELLS_LOOKED_AT = 20_000
# 13101 to 13123 in the table of municipal codes (JIS X 0402), with two digits of the JMA's own.
_SPECIAL_WARDS = "131"


def special_wards(table: AreaTable | None) -> dict[str, str]:
    """Return the 23 special wards of *table* by code: whoever posts chooses among them, never among 1,900 places."""
    if table is None:
        return {}
    named = ((code, table.name(code)) for code in table.codes() if code.startswith(_SPECIAL_WARDS))
    return {code: name.ja for code, name in named if name is not None}


def wards_holding(table: AreaTable | None, cells: Cells) -> frozenset[str]:
    """Return the fewest municipalities that together touch every one of *cells*, the sea left out.

    The cells of one ward touch its neighbours as well: their wards are not the ground that is meant, or no
    ward could ever approve for itself. None is known without a table, or over too much ground to look:
    then nobody's ward covers it, and only a metropolitan account may approve.
    """
    if table is None or count(cells) > MOST_CELLS_LOOKED_AT:
        return frozenset()
    touched = [wards for cell in expand(cells) if (wards := wards_at(table, cell))]
    found: set[str] = set()
    while touched:
        most = Counter(code for wards in touched for code in wards)
        found.add(min(most, key=lambda code: (-most[code], code)))
        touched = [wards for wards in touched if not wards & found]
    return frozenset(found)


def wards_at(table: AreaTable | None, cell: Cell) -> frozenset[str]:
    """Return every municipality that touches *cell*; none is known without a table."""
    return frozenset() if table is None else frozenset(area.code for area in table.area_at(cell))


def ward_of_cells(table: AreaTable | None, names: Mapping[str, str]) -> dict[int, str]:
    """Return each cell of the wards *names* (code to name) with the one in which most of it lies.

    A cell on a line is the ward's that holds half of it or more; where none does, it is the first's.
    """
    found: dict[int, str] = {}
    edges: dict[int, str] = {}
    for code, name in names.items():
        cover = None if table is None else table.lookup(Geocode(GEOCODE_CLASS20, code))
        if cover is None:
            continue
        for cell in expand(difference(cover.cells, cover.partial) if cover.partial else cover.cells):
            found.setdefault(cell, name)
        for cell in expand(cover.partial):
            edges.setdefault(cell, name)
    return {**edges, **found}


class Ground:
    """The wards of this deployment: their names and cells, whose a place is, and where a code or a name lies."""

    def __init__(self, table: AreaTable | None = None, named: NamedAreas | None = None) -> None:
        """Without *table* nothing is known, and only a metropolitan account can act; *named* are imported areas."""
        self._table = table
        self._named = named
        self.names: Mapping[str, str] = special_wards(table)

    def wards_of(self, cells: Cells) -> frozenset[str]:
        """Return the fewest wards that hold all of *cells*."""
        return wards_holding(self._table, cells)

    def wards_at(self, cell: Cell) -> frozenset[str]:
        """Return every ward that touches *cell*."""
        return wards_at(self._table, cell)

    def lookup(self, geocode: Geocode) -> AreaCover | None:
        """Return where *geocode* lies today, as the pipeline will find it."""
        if self._named is not None:
            return self._named.on(datetime.now(JAPAN).date()).lookup(geocode)
        return None if self._table is None else self._table.lookup(geocode)

    def sets(self) -> tuple[AreaSet, ...]:
        """Return the imported sets that hold today."""
        return () if self._named is None else self._named.on(datetime.now(JAPAN).date()).sets

    def only_in(self, wards: frozenset[str]) -> Cells:
        """Return the cells that no ward but *wards* touches: what may be left out without leaving out another's."""
        named = (None if self._table is None else self._table.lookup(Geocode(GEOCODE_CLASS20, code)) for code in wards)
        ground = union(*(cover.cells for cover in named if cover is not None))
        return compact(cell for cell in expand(ground) if self.wards_at(cell) <= wards)

    def covers(self, codes: Iterable[str]) -> tuple[AreaCover, ...]:
        """Return the cells of the wards *codes*, with those that lie mostly beyond their lines."""
        found = (None if self._table is None else self._table.lookup(Geocode(GEOCODE_CLASS20, code)) for code in codes)
        return tuple(cover for cover in found if cover is not None)

    @property
    def land(self) -> LandShares | None:
        """Return how much of cells on lines and quays is whose ground; None where the table does not know it."""
        return None if self._table is None else self._table.land

    @cached_property
    def ward_of(self) -> Mapping[int, str]:
        """Return each cell of the wards with the name of the one in which most of it lies."""
        return ward_of_cells(self._table, self.names)

    @cached_property
    def cells(self) -> Mapping[str, Cells]:
        """Return the ground of each ward by name, for pictures: a cell on a line is one ward's only."""
        by_name: dict[str, list[int]] = {}
        for cell, name in self.ward_of.items():
            by_name.setdefault(name, []).append(cell)
        return {name: compact(found) for name, found in by_name.items()}
