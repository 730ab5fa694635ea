"""A part of a ward that is chosen by name: along a river, an area of an imported set, one that the ward keeps.

The first two are cut to one's own ground, the last is one's own already.

Direction of safety: never narrower than was said, but for what lies in another's ward, where one cannot order.
"""

from collections.abc import Callable, Mapping
from typing import Any

import h3.api.basic_int as h3

from alerts.place import Cells, LatLng
from api.http.errors import FormWrong
from api.orders.area_document import plain_area
from api.orders.area_sources import AreaSources
from api.orders.by_name import found_by_name
from geo.buffer import MAX_METRES
from geo.cells import expand, intersection, union
from geo.course import beside, stretch
from geo.errors import GeoError
from geo.outline import rings_of

USUAL_METRES = "300"
PlaceCells = Callable[[str], Cells]


def named_parts(form: Mapping[str, str], sources: AreaSources, cells_at: PlaceCells) -> list[dict[str, Any]]:
    """Return the areas that *form* names; raises `FormWrong`. *cells_at* is where a typed place lies."""
    return [*_along_river(form, sources, cells_at), *_imported(form, sources), *_kept(form, sources)]


def _along_river(form: Mapping[str, str], sources: AreaSources, cells_at: PlaceCells) -> list[dict[str, Any]]:
    word = form.get("river", "")
    if not word:
        return []
    river = found_by_name(word, sources.rivers, what="川", reason="river")
    metres = form.get("river_metres", "") or USUAL_METRES
    if not (metres.isascii() and metres.isdecimal() and 0 < int(metres) <= MAX_METRES):
        raise FormWrong(f"川からの幅は、1から{MAX_METRES:,.0f}までのメートルで書いてください。", "river-distance")
    start, end = (_near(form.get(name, ""), cells_at) for name in ("river_from", "river_to"))
    try:
        cells = union(*(beside(stretch(line, start, end), float(metres)) for line in river.value))
    except GeoError as error:
        raise FormWrong(f"「{river.name}」のまわりの範囲を作れません。", error.reason) from None
    return _cut(form.get("area_name", "") or f"{river.name}沿い", cells, sources, "river-elsewhere")


def _imported(form: Mapping[str, str], sources: AreaSources) -> list[dict[str, Any]]:
    word = form.get("imported", "")
    if not word:
        return []
    one = found_by_name(word, sources.imported(), what="取り込んだ範囲", reason="area")
    return _cut(form.get("area_name", "") or one.name, one.value, sources, "area-elsewhere")


def _kept(form: Mapping[str, str], sources: AreaSources) -> list[dict[str, Any]]:
    """Return the kept areas that are chosen, by their ids: what they are made of, as it was kept."""
    by_id = {one.id: one for one in sources.kept}
    chosen = list(dict.fromkeys(form.get("kept", "").split()))
    if not set(chosen) <= by_id.keys():
        raise FormWrong("選んだ範囲は、もう一覧にありません。選び直してください。", "kept-unknown")
    return [plain_area(area) for one in chosen for area in by_id[one].areas]


def _cut(name: str, cells: Cells, sources: AreaSources, reason: str) -> list[dict[str, Any]]:
    """Return outlines around what of *cells* lies in one's own wards: a document knows no cells."""
    ground = sources.ground()
    inside = intersection(cells, ground) if ground else cells
    if not inside:
        wards = "、".join((sources.wards or {}).values())
        raise FormWrong(f"「{name}」は{wards or '選べる区'}の中にはありません。", reason)
    return [{"name": name, "polygon": [[point.lat, point.lng] for point in ring]} for ring in rings_of(inside)]


def _near(text: str, cells_at: PlaceCells) -> LatLng | None:
    """Return about the middle of a typed place, where a stretch begins or ends; None where nothing is typed."""
    if not text:
        return None
    points = [h3.cell_to_latlng(cell) for cell in expand(cells_at(text))]
    return LatLng(sum(lat for lat, _ in points) / len(points), sum(lng for _, lng in points) / len(points))
