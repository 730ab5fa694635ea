"""歩行空間ネットワークデータ (MLIT, 2018 specification): links and nodes as GeoJSON or CSV.

A node has a floor; two links that cross on different floors share no node and do not meet, and a
station's floors meet by the links that are lifts, escalators and stairs.
"""

import csv
import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from alerts.place import LatLng
from routing.errors import NothingImported
from routing.importers.draft import Imported, NetworkDraft
from routing.importers.text import decoded
from routing.walking import WayType

# By `route_type` (経路の種別).
_KINDS = {4: WayType.LIFT, 5: WayType.STEPS, 6: WayType.STEPS, 3: WayType.CROSSING}
# Of `rt_struct` (経路の構造) these matter; the others are pavements, paths and streets.
_CROSSING, _UNDERGROUND, _BRIDGE = 5, 7, 8
_UNKNOWN = 99
_FLAT, _NO_CURB = 1, 1
# vtcl_slope 2 and 3 are "over 5 %", rising and falling; no more is said.
_OVER_FIVE_PERCENT = 0.08


def read_walkspace(path: Path) -> Imported:
    """Return the network of the pair of which *path* is one (…link… and …node…)."""
    links, nodes = (path.with_name(path.name.replace(a, b)) for a, b in (("node", "link"), ("link", "node")))
    if not links.is_file() or not nodes.is_file() or links == nodes:
        raise NothingImported(f"{path.name}: a pair of files, …link… and …node…, is needed")
    draft = NetworkDraft(links.name)
    ids: dict[str, int] = {}
    floors: dict[str, float] = {}
    for row in _rows(nodes):
        try:
            name, point = str(row["node_id"]), LatLng(float(row["lat"]), float(row["lon"]))
        except (KeyError, TypeError, ValueError):
            draft.drop("a node without node_id, lat and lon")
            continue
        ids[name] = len(ids) + 1
        floors[name] = _number(row.get("floor"), 0.0)
        draft.node(ids[name], point)
    for row in _rows(links):
        _take(draft, row, ids, floors)
    return draft.finish()


def _take(draft: NetworkDraft, row: dict[str, Any], ids: dict[str, int], floors: dict[str, float]) -> None:
    link, start, end = (str(row.get(key) or "") for key in ("link_id", "start_id", "end_id"))
    if not link or start not in ids or end not in ids:
        draft.drop("a link without an id, or to a node that is not in the file")
        return
    structure, route = _code(row.get("rt_struct")), _code(row.get("route_type"))
    kind = _KINDS.get(route, WayType.CROSSING if structure == _CROSSING else WayType.FOOTWAY)
    floor = min(floors[start], floors[end])
    direction = _code(row.get("direction"))
    if direction == 3:
        start, end = end, start
    curb, slope = _code(row.get("lev_diff")), _code(row.get("vtcl_slope"))
    known = _UNKNOWN not in (curb, slope)
    free = None if kind is WayType.LIFT else known and curb == _NO_CURB and kind is not WayType.STEPS
    bends = [LatLng(y, x) for x, y, *_ in (row.get("_line") or [])[1:-1]]
    if direction == 3:
        bends.reverse()
    stops = [ids[start], *draft.between(bends), ids[end]]
    for number, (a, b) in enumerate(pairwise(stops)):
        draft.stretch(
            f"{link}-{number:03}",
            a,
            b,
            kind,
            slope=0.0 if slope in (_FLAT, _UNKNOWN) else _OVER_FIVE_PERCENT,
            step_free=free,
            metres=_number(row.get("distance"), 0.0) if len(stops) == 2 else None,
            one_way=direction in (2, 3),
            bridge=structure == _BRIDGE,
            underground=structure == _UNDERGROUND or floor < 0,
            layer=int(floor),
            name=str(row.get("st_name") or ""),
        )


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    if "json" in path.suffix:
        for feature in json.loads(path.read_text(encoding="utf-8")).get("features", []):
            geometry = feature.get("geometry") or {}
            row = dict(feature.get("properties") or {})
            if geometry.get("type") == "LineString":
                row["_line"] = geometry.get("coordinates")
            elif geometry.get("type") == "Point":
                row.setdefault("lon", geometry["coordinates"][0])
                row.setdefault("lat", geometry["coordinates"][1])
            yield row
    else:
        yield from csv.DictReader(decoded(path).splitlines())


def _code(value: object) -> int:
    return int(_number(value, float(_UNKNOWN)))


def _number(value: object, otherwise: float) -> float:
    try:
        return float(str(value))
    except ValueError:
        return otherwise
