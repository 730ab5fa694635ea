"""How much of each cell beside Tokyo's harbour is land, worked out from municipal borders that follow the quays.

    python -m geo.importers.harbour N03-21_13.geojson > the lines of geo/tokyo_harbour.py

`reversejp` draws the harbour's channels and basins as land: by it Koto is half as large again as it is. 国土数値情報
N03 (行政区域) follows the quays; of it nothing is kept but the share of land in a cell, in ninths.
"""

import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import h3.api.basic_int as h3
import reversejp
from shapely.geometry.base import BaseGeometry

from alerts.place import HAZARD_RESOLUTION
from geo.importers import geojson, vector_file
from geo.importers.reversejp import TOKYO_WARDS
from geo.tokyo_harbour import BLOCK_RESOLUTION, STEPS, UNKNOWN, children_of

# Where no cell has less land than this, `reversejp` errs by no more than its lines do everywhere.
_LEAST_LAND = 0.5
_DIGITS = 5


def wards_in(path: Path) -> list[BaseGeometry]:
    """Return the ground of the 23 wards in a file of N03."""
    codes = {code[:_DIGITS] for code in TOKYO_WARDS}
    return [one.ground for one in vector_file.read(path).features if one.attributes["N03_007"] in codes]


def lines_of(wards: Iterable[BaseGeometry]) -> Iterator[tuple[int, str]]:
    """Yield each block of cells with water in it, and the land of its cells."""
    land: dict[int, float] = defaultdict(float)
    for ground in wards:
        for cell, share in geojson.shares_of(ground).items():
            land[cell] += share
    inside = {h3.cell_to_parent(cell, BLOCK_RESOLUTION) for cell in land}
    for block in sorted({near for one in inside for near in h3.grid_disk(one, 1)}):
        cells = children_of(block)
        if all(land[cell] >= _LEAST_LAND for cell in cells):
            continue
        drawn = {cell: _areas_in(cell) for cell in cells}
        known = {cell for cell in cells if drawn[cell].issubset(TOKYO_WARDS)}
        if any(land[cell] < _LEAST_LAND and drawn[cell] for cell in known):
            shares = (round(min(1.0, land[cell]) * STEPS) if cell in known else UNKNOWN for cell in cells)
            yield block, "".join(map(str, shares))


def _areas_in(cell: int) -> set[str]:
    """Return the municipal areas that `reversejp` draws in *cell*."""
    points = [h3.cell_to_latlng(child) for child in h3.cell_to_children(cell, HAZARD_RESOLUTION + 1)]
    points += h3.cell_to_boundary(cell)
    found = {area.code for lat, lng in points for area in reversejp.find_properties(lng, lat)}
    return {code for code in found if len(code) == len(TOKYO_WARDS[0])}


if __name__ == "__main__":
    for number, digits in lines_of(wards_in(Path(sys.argv[1]))):
        sys.stdout.write(f'    (0x{number:x}, "{digits}"),\n')
