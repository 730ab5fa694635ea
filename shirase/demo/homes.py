"""Where synthetic people live and work: the demo city, or cells all over Japan.

Tokyo's people follow the demo city. Japan's are spread alike over the municipalities, so that a
replay of the agency's samples, which come from everywhere, reaches somebody everywhere.
"""

from dataclasses import dataclass

import h3.api.basic_int as h3
import numpy as np
from numpy.typing import NDArray

from alerts.alert import GEOCODE_CLASS20, Geocode
from alerts.place import HAZARD_RESOLUTION
from geo.areas import AreaTable
from geo.cells import difference, resolution_of
from shirase.demo.wards import CENTRAL, WARDS
from shirase.errors import UnknownArea

AREAS = ("tokyo23", "japan")
# Cells to live in, per municipality outside the demo city.
CELLS_PER_MUNICIPALITY = 24


@dataclass(frozen=True, slots=True)
class Homes:
    """Cells to live in with their weights (sum 1), their ward, and the cells where offices are."""

    cells: NDArray[np.uint64]
    weight: NDArray[np.float64]
    ward: NDArray[np.int64]
    wards: tuple[str, ...]  # class20 codes
    offices: NDArray[np.int64]


def homes_in(area: str, seed: int, table: AreaTable | None = None) -> Homes:
    """Return where the people of *area* live; all of Japan needs the *table* of its areas."""
    if area == "tokyo23":
        return _tokyo(seed)
    if area == "japan":
        if table is None:
            raise UnknownArea("people all over Japan need the table of areas; build it and give it")
        return _japan(seed, table)
    raise UnknownArea(f"there are no people for the area {area!r}; choose one of: {', '.join(AREAS)}")


def _tokyo(seed: int) -> Homes:
    # Imported here: every worker starts through the command line, and the city's road network costs it a second.
    from shirase.demo.city import people

    living = people(seed)
    codes = tuple(ward.code for ward in WARDS)
    offices = np.flatnonzero(np.isin(living.ward, [codes.index(code) for code in CENTRAL]))
    return Homes(living.cells, living.people / living.people.sum(), living.ward.astype(np.int64), codes, offices)


def _japan(seed: int, table: AreaTable) -> Homes:
    random = np.random.default_rng([seed, 12])
    codes = table.codes()
    cells: list[int] = []
    ward: list[int] = []
    for index, code in enumerate(codes):
        cover = table.lookup(Geocode(GEOCODE_CLASS20, code))
        if cover is None:
            continue
        # Where a municipality has no cell of which most lies inside, a border cell must do.
        inside = difference(cover.cells, cover.partial) or cover.cells
        sizes = np.array([7.0 ** (HAZARD_RESOLUTION - resolution_of(cell)) for cell in inside])
        for chosen in random.choice(len(inside), CELLS_PER_MUNICIPALITY, p=sizes / sizes.sum()).tolist():
            cells.append(_descendant(random, int(inside[chosen])))
            ward.append(index)
    weight = np.full(len(cells), 1 / len(cells))
    everywhere = np.arange(len(cells), dtype=np.int64)
    return Homes(np.array(cells, dtype=np.uint64), weight, np.array(ward, dtype=np.int64), codes, everywhere)


def _descendant(random: np.random.Generator, cell: int) -> int:
    while resolution_of(cell) < HAZARD_RESOLUTION:
        children = sorted(h3.cell_to_children(cell))
        cell = children[int(random.integers(len(children)))]
    return cell
