"""The area of a draft as an SVG picture made here: for terminals without WebGL or scripts (R20)."""

from collections.abc import Iterable, Mapping
from html import escape

import h3.api.basic_int as h3

from alerts.place import Cells
from api.drawing.frame import WIDTH, Frame, middle, outline
from geo.cells import expand

# Room around the area, so that the people beside it are seen as well.
_MARGIN = 0.35
_LEAST_DEGREES = 0.02
_MOST_CORNERS = 2_000


def frame_around(cells: Cells) -> Frame:
    """Return a window on *cells* with room around it."""
    # Coarse cells speak for the fine ones in them: only the edge of the window is wanted.
    some = expand(cells, 8) if len(cells) > _MOST_CORNERS else cells
    corners = [corner for cell in some for corner in h3.cell_to_boundary(cell)]
    south, north = min(lat for lat, _ in corners), max(lat for lat, _ in corners)
    west, east = min(lng for _, lng in corners), max(lng for _, lng in corners)
    high = max((north - south) * (1 + 2 * _MARGIN), _LEAST_DEGREES)
    wide = max((east - west) * (1 + 2 * _MARGIN), high * 1.2)
    lat, lng = (south + north) / 2, (west + east) / 2
    return Frame("area", "対象の範囲", lng - wide / 2, lat - high / 2, lng + wide / 2, lat + high / 2)


def draw_area(cells: Cells, wards: Mapping[str, Cells], level: str, title: str) -> str:
    """Return the picture of *cells* over the outlines of *wards* (name to cells); *level* is a class of the style."""
    frame = frame_around(cells)
    seen = {name: ground for name, ground in wards.items() if frame.inside(ground)}
    land = "".join(outline(frame, ground) for ground in seen.values())
    names = "".join(_name(frame, name, ground) for name, ground in seen.items())
    return (
        f'<svg class="map" viewBox="0 0 {WIDTH} {frame.height}" role="img" aria-label="{escape(title, quote=True)}">'
        f'<rect class="around" width="{WIDTH}" height="{frame.height}"/><path class="land" d="{land}"/>'
        f'<path class="{level} danger" d="{outline(frame, cells)}"/><path class="border" d="{land}"/>{names}</svg>'
    )


def _name(frame: Frame, name: str, cells: Iterable[int]) -> str:
    in_sight = tuple(cell for cell in cells if _well_inside(frame, cell))
    at = middle(frame, in_sight) if in_sight else None
    return "" if at is None else f'<text class="ward" x="{at[0]}" y="{at[1]}">{escape(name)}</text>'


def _well_inside(frame: Frame, cell: int) -> bool:
    lat: float
    lng: float
    lat, lng = h3.cell_to_latlng(cell)
    edge_lat, edge_lng = (frame.north - frame.south) * 0.08, (frame.east - frame.west) * 0.08
    return frame.south + edge_lat < lat < frame.north - edge_lat and frame.west + edge_lng < lng < frame.east - edge_lng
