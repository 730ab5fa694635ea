"""How much of a cell is ground of an area: what square kilometres and people are counted by, and nobody is told by.

A cell on a line belongs to several areas in part, and one at a quay is partly water. Direction of safety: none of this
reaches a cover, whose cells are told whole.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.cells import Ids

# A share is kept in a byte.
WHOLE = 255


@dataclass(frozen=True, slots=True, eq=False)
class LandShares:
    """Cells of resolution 9 of which an area has a part only, sorted by cell: the area, and how much of the cell.

    A cell that is listed is so for every area that comes near it; one that is not is ground as a whole, as far as the
    table knows.
    """

    codes: tuple[str, ...]
    cells: Ids
    owners: NDArray[np.uint16]  # index into `codes`
    shares: NDArray[np.uint8]

    @classmethod
    def of(cls, parts: Mapping[str, Mapping[int, float]]) -> "LandShares":
        """Return the shares *parts*, by area and cell; 0 is an area's that only comes near the cell."""
        codes = tuple(sorted(parts))
        rows = sorted(
            (cell, owner, round(share * WHOLE))
            for owner, code in enumerate(codes)
            for cell, share in parts[code].items()
        )
        cells, owners, shares = zip(*rows, strict=True) if rows else ((), (), ())
        return cls(codes, np.array(cells, np.int64), np.array(owners, np.uint16), np.array(shares, np.uint8))
