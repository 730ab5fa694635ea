"""How much ground some cells cover. Pure; square kilometres, and sea beside a quay is in its cell and counts."""

import h3.api.basic_int as h3

from alerts.place import Cells
from geo.areas import AreaCover
from geo.cells import difference, union


def km2_of(cells: Cells) -> float:
    """Return the ground of *cells*, each with its own size: it differs by a tenth in one country."""
    return float(sum(h3.cell_area(cell, unit="km^2") for cell in cells))


def mostly_inside(cells: Cells, covers: tuple[AreaCover, ...]) -> Cells:
    """Return *cells* without those on the edge of an area of *covers* that is in them as a whole.

    An area's people on its edge are told with all of their cell; of a cell by which less than half lies in it, the
    ground is the neighbour's. What somebody drew is as large as it was drawn.
    """
    edge: Cells = ()
    own: Cells = ()
    for cover in covers:
        ground = difference(cover.cells, cover.partial)
        if not difference(ground, cells):
            edge, own = union(edge, cover.partial), union(own, ground)
    return difference(cells, difference(edge, own))
