"""GMNS as a pair of GeoJSON files, …_node.geojson and …_link.geojson.

Quirks: `dir_flag` and `directed` speak of vehicles; a link that allows walk is walked both ways. Other
fields may be null, and `osm_node_id` is text.
"""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

from alerts.place import LatLng
from routing.errors import NothingImported
from routing.importers.draft import Imported, NetworkDraft
from routing.walking import WayType

_KINDS = {"footway": WayType.FOOTWAY, "pedestrian": WayType.FOOTWAY, "steps": WayType.STEPS, "path": WayType.PATH,
          "track": WayType.PATH, "corridor": WayType.CORRIDOR, "crossing": WayType.CROSSING}  # fmt: skip
_CLOSED = {"motorway", "motorway_link"}


def read_gmns(path: Path) -> Imported:
    """Return the walking network of the pair of which *path* is one."""
    links_path, nodes_path = _pair(path)
    draft = NetworkDraft(links_path.name)
    for feature in _features(nodes_path):
        properties = feature.get("properties", {})
        try:
            draft.node(int(properties["node_id"]), LatLng(float(properties["y_coord"]), float(properties["x_coord"])))
        except (KeyError, TypeError, ValueError):
            draft.drop("a node without node_id, x_coord and y_coord")
    seen: set[tuple[int, int, Any, int]] = set()
    for feature in _features(links_path):
        properties = feature.get("properties", {})
        try:
            link, start, end = (int(properties[key]) for key in ("link_id", "from_node_id", "to_node_id"))
        except (KeyError, TypeError, ValueError):
            draft.drop("a link without link_id, from_node_id and to_node_id")
            continue
        uses = str(properties.get("allowed_uses") or "walk")
        if "walk" not in uses and "all" not in uses:
            draft.drop("a link that is not for walking")
            continue
        kind_name = str(properties.get("facility_type") or "")
        if kind_name in _CLOSED:
            draft.drop("a motorway")
            continue
        way = properties.get("osm_way_id")
        length = _number(properties.get("length"))
        if (end, start, way, round(length)) in seen:
            continue  # the same road, written once for each direction
        seen.add((start, end, way, round(length)))
        line = (feature.get("geometry") or {}).get("coordinates") or []
        between = draft.between([LatLng(y, x) for x, y, *_ in line[1:-1]])
        stops = [start, *between, end]
        for number, (a, b) in enumerate(pairwise(stops)):
            draft.stretch(
                f"l{link}-{number:03}",
                a,
                b,
                _KINDS.get(kind_name, WayType.STREET),
                metres=length if len(stops) == 2 else None,
                name=str(properties.get("name") or ""),
            )
    return draft.finish()


def _pair(path: Path) -> tuple[Path, Path]:
    links = path.with_name(path.name.replace("node", "link"))
    nodes = path.with_name(path.name.replace("link", "node"))
    for one in (links, nodes):
        if not one.is_file() or links == nodes:
            raise NothingImported(f"{path.name}: GMNS is a pair of files, …link… and …node…; {one.name} is not there")
    return links, nodes


def _features(path: Path) -> list[dict[str, Any]]:
    features = json.loads(path.read_text(encoding="utf-8")).get("features", [])
    return [feature for feature in features if isinstance(feature, dict)]


def _number(value: object) -> float:
    try:
        return float(str(value))
    except ValueError:
        return 0.0
