"""Whose help line the people of some cells are told: their own ward's, and of a cell on a line both wards'.

Only wards with a number are known here. Direction of safety: where a cell touches two of them both are named, and where
none is known nobody's number is said.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from alerts.help_line import HelpLine
from alerts.place import Cells
from geo.cells import compact, difference, expand, intersection


class HelpLines:
    """The numbers of a deployment, by who signs and by place."""

    def __init__(self, lines: Iterable[tuple[HelpLine, Cells]] = ()) -> None:
        """*lines* come with the ground of their wards, which may overlap at the edges."""
        self._by_name: dict[str, tuple[HelpLine, ...]] = {}
        at: dict[int, list[HelpLine]] = defaultdict(list)
        for line, ground in lines:
            self._by_name[line.ward] = (line,)
            for cell in expand(ground):
                at[cell].append(line)
        self._at: Mapping[int, tuple[HelpLine, ...]] = {cell: tuple(found) for cell, found in at.items()}
        self._ground: Cells = compact(self._at)

    def of_issuer(self, name: str) -> tuple[HelpLine, ...]:
        """Return the line of the ward that signs as *name*; none where it is no ward of the register."""
        return self._by_name.get(name, ())

    def split(self, cells: Cells) -> tuple[tuple[Cells, tuple[HelpLine, ...]], ...]:
        """Return *cells* by the lines that their people are told, disjoint and together *cells* again."""
        here = intersection(cells, self._ground)
        if not here:
            return ((cells, ()),) if cells else ()
        found: dict[tuple[HelpLine, ...], list[int]] = defaultdict(list)
        for cell in expand(here):
            found[self._at[cell]].append(cell)
        beyond = difference(cells, here)
        named = [(compact(inside), lines) for lines, inside in found.items()]
        named.sort(key=lambda one: [(line.ward, line.number) for line in one[1]])
        return (*named, (beyond, ())) if beyond else tuple(named)

    def in_cells(self, cells: Cells) -> tuple[HelpLine, ...]:
        """Return every line of which the ward touches one of *cells*."""
        lines = {line for _, here in self.split(cells) for line in here}
        return tuple(sorted(lines, key=lambda line: (line.ward, line.number)))


NO_HELP_LINES = HelpLines()
