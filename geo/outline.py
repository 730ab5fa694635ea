"""Draw cells as rings, for documents that know no cells.

Direction of safety: the rings cover every cell, holes are filled, and cells beside them are hardly touched:
the line runs ten metres inside the outermost edge, so that reading it back gives the same cells.
"""

import h3
from shapely.geometry import MultiPolygon, Polygon
from shapely.ops import unary_union

from alerts.place import HAZARD_RESOLUTION, Cells, LatLng, Ring
from geo.cells import expand

# About ten metres: less than any cell has, and more than the bend of an edge between two of them.
_INSIDE_DEGREES = 1e-4
_SEAM_DEGREES = 1e-5
# What readers of CAP take from us and from others (standards: H3 2).
MAX_RINGS = 100
MAX_VERTICES = 10_000


def rings_of(cells: Cells, resolution: int = HAZARD_RESOLUTION) -> tuple[Ring, ...]:
    """Return closed rings around *cells*; their convex hulls where the outline would be too long to be read.

    No cell may be finer than *resolution*, at which they are drawn: a country is drawn coarsely.
    """
    if not cells:
        return ()
    hexagons = [
        Polygon([(lng, lat) for lat, lng in h3.cell_to_boundary(h3.int_to_str(cell))])
        for cell in expand(cells, resolution)
    ]
    # Neighbours share corners up to rounding; a metre closes the seams.
    joined = unary_union([hexagon.buffer(_SEAM_DEGREES, join_style="mitre") for hexagon in hexagons])
    parts = list(joined.geoms) if isinstance(joined, MultiPolygon) else [joined]
    outer = [Polygon(part.exterior).buffer(-_INSIDE_DEGREES - _SEAM_DEGREES, join_style="mitre") for part in parts]
    flat = [polygon for part in outer for polygon in (part.geoms if isinstance(part, MultiPolygon) else [part])]
    if len(flat) > MAX_RINGS:
        flat = [unary_union(flat).convex_hull]
    flat = [part if len(part.exterior.coords) <= MAX_VERTICES else part.convex_hull for part in flat]
    return tuple(_ring(part) for part in flat if not part.is_empty)


def _ring(polygon: Polygon) -> Ring:
    points = [LatLng(round(lat, 6), round(lng, 6)) for lng, lat in polygon.exterior.coords]
    return (*points[:-1], points[0])
