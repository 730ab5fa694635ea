"""Whoever asks for the whole city names no place: one reserved cell stands for it in the columns.

A notice of kind 1 or 2 that touches the city reaches that cell; one of kind 3 never does, because a way is for
somebody who is somewhere. It is told as about somebody else's place: what was said there, never what to do.
"""

from collections.abc import Iterable

import h3.api.basic_int as h3

from alerts.place import HAZARD_RESOLUTION, Cell
from dispatch.subscription import Place, Role
from dispatch.terms import Terms, Whose

# In the middle of the Pacific, where no notice is ever for anybody.
CITY_CELL = Cell(h3.latlng_to_cell(0.0, -140.0, HAZARD_RESOLUTION))
# The 23 wards: south, west, north, east. Safe in the stated direction: what lies just beside it is told too.
CITY_BOX = (35.515, 139.555, 35.825, 139.93)
# A shard's centre is 3.7 km from its farthest corner.
_MARGIN_DEGREES = 0.05


def whole_city(min_level: int = 0) -> Place:
    """Return the place that stands for the whole city."""
    return Place(CITY_CELL, Role.OTHER, min_level, Terms(Whose.SOMEONE_ELSES))


def touches_city(cells: Iterable[int]) -> bool:
    """Tell whether *cells* reach into the city."""
    south, west, north, east = CITY_BOX
    for cell in cells:
        lat, lng = h3.cell_to_latlng(cell)
        if (
            south - _MARGIN_DEGREES <= lat <= north + _MARGIN_DEGREES
            and west - _MARGIN_DEGREES <= lng <= east + _MARGIN_DEGREES
        ):
            return True
    return False
