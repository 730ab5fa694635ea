"""Widen a line or a point into the ground along it: the banks of a river, the streets around a fire.

Direction of safety: the ring reaches at least the stated distance everywhere, and a little beyond it.
"""

import math
from collections.abc import Sequence

from shapely.geometry import LineString, Point

from alerts.place import LatLng, Ring
from geo.cover import check_point
from geo.errors import ShapeError

# The least number of metres in a degree of latitude anywhere (WGS 84, at the equator): a buffer in degrees that
# is made with it is never too narrow.
_M_PER_DEGREE = 110_574.0
# A circle of 8 x 4 corners lies up to 0.5 % inside the true one; widened by that it lies outside.
_CORNERS = 8
_OUTSIDE = 1 / math.cos(math.pi / (4 * _CORNERS))
MAX_METRES = 5_000.0
# Beyond this a degree of longitude is so short that nothing here would be near the truth.
_MOST_LATITUDE = 80.0


def around(line: Sequence[LatLng], metres: float) -> Ring:
    """Return a closed ring around all that lies within *metres* of *line* (one point or more).

    Raises ShapeError for what is no line, and for a distance of nothing or more than `MAX_METRES`.
    """
    if not line:
        raise ShapeError("buffer-without-line", "a line has one point or more")
    if not 0 < metres <= MAX_METRES:
        raise ShapeError("buffer-distance", f"more than 0 and at most {MAX_METRES:g} metres")
    for point in line:
        check_point(point)
    widest = max(abs(point.lat) for point in line)
    if widest > _MOST_LATITUDE:
        raise ShapeError("buffer-near-a-pole", f"latitude {widest:g}")
    # The latitude farthest from the equator: degrees of longitude are shortest there, so the ring is widest.
    shrink = math.cos(math.radians(min(widest + metres / _M_PER_DEGREE, 89.0)))
    flat = [(point.lng * shrink, point.lat) for point in line]
    shape = Point(flat[0]) if len(set(flat)) == 1 else LineString(flat)
    wide = shape.buffer(metres / _M_PER_DEGREE * _OUTSIDE, quad_segs=_CORNERS)
    return tuple(LatLng(lat, lng / shrink) for lng, lat in wide.exterior.coords)
