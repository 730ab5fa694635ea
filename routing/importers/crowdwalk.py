"""CrowdWalk maps (XML): nodes in metres of a plane coordinate system, links between them.

Quirks of the Ginza map: zone 9 (EPSG:6677) with the sign of y flipped, so that north is -y; every
width is 2.0; the links of a node are listed twice, at the node and as links.
"""

import gzip
from pathlib import Path
from xml.etree import ElementTree as ET

from pyproj import Transformer

from alerts.place import LatLng
from routing.errors import NothingImported
from routing.importers.draft import Imported, NetworkDraft
from routing.walking import WayType

TOKYO_PLANE = 6677  # JGD2011, zone 9
_STEPS = {"STAIR", "STAIRS", "階段"}


def read_crowdwalk(path: Path, plane: int = TOKYO_PLANE) -> Imported:
    """Return the walking network of a CrowdWalk map."""
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    if b"<!DOCTYPE" in raw[:4096]:
        raise NothingImported(f"{path.name} declares a DTD: save it again without one")
    try:
        root = ET.fromstring(raw)  # noqa: S314 - no DTD, see above
    except ET.ParseError as error:
        raise NothingImported(f"{path.name} is no XML: {error}") from error
    draft = NetworkDraft(path.name)
    to_degrees = Transformer.from_crs(plane, 4326, always_xy=True)
    ids: dict[str, int] = {}
    heights: dict[str, float] = {}
    for element in root.iter("Node"):
        name = element.get("id", "")
        try:
            east, north = float(element.get("x", "")), -float(element.get("y", ""))
        except ValueError:
            draft.drop("a node without x and y in numbers")
            continue
        lng, lat = to_degrees.transform(east, north)
        ids[name] = len(ids) + 1
        heights[name] = float(element.get("height") or 0.0)
        draft.node(ids[name], LatLng(lat, lng))
    for element in root.iter("Link"):
        start, end = element.get("from"), element.get("to")
        if start is None or end is None:
            continue  # the short form at a node, which only names the link
        if start not in ids or end not in ids:
            draft.drop("a link to a node that is not in the file")
            continue
        tags = {tag.text or "" for tag in element.iter("tag")}
        long = float(element.get("length") or 0.0)
        draft.stretch(
            element.get("id", ""),
            ids[start],
            ids[end],
            WayType.STEPS if tags & _STEPS else WayType.STREET,
            slope=(heights[end] - heights[start]) / long if long else 0.0,
            metres=long,
            one_way="ONE-WAY-FORWARD" in tags,
        )
    return draft.finish()
