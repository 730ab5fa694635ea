"""OSMnx GraphML: nodes with x, y; edges with length, highway, geometry (WKT), lists written as Python text."""

import ast
import gzip
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import shapely

from alerts.place import LatLng
from routing.errors import NothingImported
from routing.importers.draft import Imported, NetworkDraft
from routing.importers.osm_tags import read_way

_NS = "{http://graphml.graphdrawing.org/xmlns}"
_TAGS = ("highway", "foot", "access", "bridge", "tunnel", "layer", "level", "incline", "name", "wheelchair", "surface",
         "service", "indoor", "footway", "motorroad", "oneway:foot", "ramp:wheelchair")  # fmt: skip


def read_graphml(path: Path) -> Imported:
    """Return the walking network of a GraphML file that OSMnx wrote.

    A simplified edge keeps its bends as geometry; they become nodes again, so that its cells are
    right. An edge and its reverse are one road.
    """
    draft = NetworkDraft(path.name)
    keys: dict[str, str] = {}
    edges: list[tuple[str, str, dict[str, str]]] = []
    for element in _elements(path):
        tag = element.tag.removeprefix(_NS)
        if tag == "key":
            keys[element.get("id", "")] = element.get("attr.name", "")
        elif tag == "node":
            data = _data(element, keys)
            try:
                draft.node(int(element.get("id", "")), LatLng(float(data["y"]), float(data["x"])))
            except (KeyError, ValueError):
                draft.drop("a node without an id, x and y in numbers")
        elif tag == "edge":
            edges.append((element.get("source", ""), element.get("target", ""), _data(element, keys)))
    seen: set[tuple[int, int, str]] = set()
    for number, (source, target, data) in enumerate(edges):
        if not source.lstrip("-").isdigit() or not target.lstrip("-").isdigit():
            draft.drop("an edge whose ends are no numbers")
            continue
        start, end, way_id = int(source), int(target), _first(data.get("osmid", str(number)))
        if (end, start, way_id) in seen:
            continue  # the way back of an edge that we have: our roads are walked both ways
        seen.add((start, end, way_id))
        _take(draft, f"w{way_id}-{start}-{end}-{data.get('key', number)}", start, end, data)
    return draft.finish()


def _take(draft: NetworkDraft, road_id: str, start: int, end: int, data: dict[str, str]) -> None:
    way = read_way({tag: _first(data[tag]) for tag in _TAGS if data.get(tag)})
    if isinstance(way, str):
        draft.drop(f"an edge: {way or 'no highway'}")
        return
    stops = [start, end]
    if data.get("geometry"):
        try:
            line = shapely.from_wkt(data["geometry"])
        except shapely.errors.ShapelyError:
            draft.drop("a geometry that cannot be read; taken as a straight line")
        else:
            stops = [start, *draft.between([LatLng(y, x) for x, y in line.coords[1:-1]]), end]
    try:
        length = float(data.get("length", "0"))
    except ValueError:
        length = 0.0
    for number, (a, b) in enumerate(pairwise(stops)):
        draft.stretch(
            f"{road_id}-{number:03}",
            a,
            b,
            way.kind,
            slope=way.slope,
            step_free=way.step_free,
            metres=length if len(stops) == 2 else None,
            one_way=way.one_way,
            bridge=way.bridge,
            underground=way.underground,
            layer=way.layer,
            name=way.name,
        )


def _elements(path: Path) -> Iterator[ET.Element]:
    """Yield the file's elements. Files are an operator's own, but a DTD is refused all the same."""
    with path.open("rb") as stored, ExitStack() as stack:
        file: Any = stack.enter_context(gzip.GzipFile(fileobj=stored)) if path.suffix == ".gz" else stored
        if b"<!DOCTYPE" in file.read(4096):
            raise NothingImported(f"{path.name} declares a DTD: export it again without one")
        file.seek(0)
        try:
            for _, element in ET.iterparse(file):  # noqa: S314 - no DTD, see above
                yield element
        except ET.ParseError as error:
            raise NothingImported(f"{path.name} is no XML: {error}") from error


def _data(element: ET.Element, keys: dict[str, str]) -> dict[str, str]:
    found = {keys.get(data.get("key", ""), ""): data.text or "" for data in element.iter(f"{_NS}data")}
    if element.get("id") and element.tag.endswith("edge"):
        found.setdefault("key", element.get("id", ""))
    return found


def _first(text: str) -> str:
    """Return the first of a list that OSMnx wrote as Python text, or *text* itself."""
    if not text.startswith("["):
        return text
    try:
        items = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text
    return str(items[0]) if isinstance(items, list) and items else text
