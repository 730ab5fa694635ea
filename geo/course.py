"""The ground beside a river's line: all of it, or a stretch between two places near it.

Direction of safety: the cells reach at least the stated distance from the water everywhere, and a stretch begins and
ends at the points of the line that are nearest to the places, never short of them.
"""

import math

from shapely.geometry import LineString, Point
from shapely.ops import substring

from alerts.place import Cells, LatLng
from geo.buffer import around
from geo.cover import cover

Line = tuple[LatLng, ...]
# Two places at one bend would leave a stretch of nothing: about two metres are a place to be near.
_LEAST_DEGREES = 2e-5


def beside(line: Line, metres: float) -> Cells:
    """Return the cells within *metres* of *line*; raises ShapeError for a distance or a line that is none."""
    return cover([around(line, metres)])


def stretch(line: Line, start: LatLng | None, end: LatLng | None) -> Line:
    """Return what of *line* lies between its points nearest to *start* and *end*, in whichever order they come.

    Without *start* it begins at the upper end, without *end* it goes on to the mouth.
    """
    if len(line) < 2 or (start is None and end is None):
        return line
    # Degrees of longitude are shorter than those of latitude: without that the nearest point is another one.
    shrink = math.cos(math.radians(sum(point.lat for point in line) / len(line)))
    flat = LineString([(point.lng * shrink, point.lat) for point in line])
    ends = (
        0.0 if start is None else flat.project(Point(start.lng * shrink, start.lat)),
        flat.length if end is None else flat.project(Point(end.lng * shrink, end.lat)),
    )
    part = substring(flat, max(0.0, min(ends) - _LEAST_DEGREES), min(flat.length, max(ends) + _LEAST_DEGREES))
    return tuple(LatLng(lat, lng / shrink) for lng, lat in part.coords)
