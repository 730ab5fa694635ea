"""OpenStreetMap files (.osm, .osm.gz, .osm.pbf, through pyosmium) and Overpass answers (`out geom`).

Roads meet where ways share a node, and nowhere else: a bridge does not meet the street under it, and
a station's levels meet at the steps and lifts that share their nodes. References to nodes that the
file does not hold (a clipped extract) cut the way there and are counted.
"""

import gzip
import json
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import osmium

from alerts.place import LatLng
from routing.errors import NothingImported
from routing.importers.draft import Imported, NetworkDraft
from routing.importers.osm_tags import OsmWay, Tags, is_barrier, read_way
from routing.walking import WayType

_Point = tuple[int, LatLng | None]


def read_osm(path: Path) -> Imported:
    """Return the walking network of an OSM file."""
    draft = NetworkDraft(path.name)
    try:
        for found in osmium.FileProcessor(str(path)).with_locations():
            if isinstance(found, osmium.osm.Way):
                points = [(n.ref, LatLng(n.lat, n.lon) if n.location.valid() else None) for n in found.nodes]
                _take(draft, found.id, dict(found.tags), points)
    except RuntimeError as error:  # pyosmium's error for a damaged file
        raise NothingImported(f"{path.name} cannot be read as OpenStreetMap data: {error}") from error
    return draft.finish()


def read_overpass(path: Path) -> Imported:
    """Return the walking network of an Overpass answer in JSON, gzipped or not."""
    draft = NetworkDraft(path.name)
    raw = path.read_bytes()
    answer = json.loads(gzip.decompress(raw) if path.suffix == ".gz" else raw)
    corners = {
        element["id"]: LatLng(element["lat"], element["lon"])
        for element in answer.get("elements", ())
        if element.get("type") == "node"
    }
    for element in answer.get("elements", ()):
        if element.get("type") != "way":
            continue
        nodes, geometry = element.get("nodes", []), element.get("geometry")
        if geometry is None:
            points = [(node, corners.get(node)) for node in nodes]
        else:
            # A point outside the box that was asked for is null.
            places = [LatLng(point["lat"], point["lon"]) if point else None for point in geometry]
            points = list(zip(nodes, places, strict=False))
        _take(draft, element["id"], element.get("tags", {}), points)
    return draft.finish()


def _take(draft: NetworkDraft, way_id: int, tags: Tags, points: Iterable[_Point]) -> None:
    line = list(points)
    if is_barrier(tags):
        barrier = tuple(point for _, point in line if point is not None)
        if len(barrier) > 1:
            draft.barriers.append(barrier)
    way = read_way(tags)
    if isinstance(way, str):
        if way:
            draft.drop(f"a way: {way}")
        return
    if len(line) < 2:
        draft.drop("a way of fewer than two nodes")
        return
    if way.against:
        line.reverse()
    missing = sum(point is None for _, point in line)
    if missing:
        draft.drop("a reference to a node that is not in the file", missing)
    for node, point in line:
        if point is not None:
            draft.node(node, point)
    for number, ((start, from_point), (end, to_point)) in enumerate(pairwise(line)):
        if from_point is not None and to_point is not None:
            _stretch(draft, f"w{way_id}-{number:03}", start, end, way)


def _stretch(draft: NetworkDraft, road_id: str, start: int, end: int, way: OsmWay) -> None:
    draft.stretch(
        road_id,
        start,
        end,
        way.kind,
        slope=0.0 if way.kind is WayType.STEPS else way.slope,
        step_free=way.step_free,
        one_way=way.one_way,
        bridge=way.bridge,
        underground=way.underground,
        layer=way.layer,
        name=way.name,
    )
