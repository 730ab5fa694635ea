"""Read a road network, whatever it is written in: by its name first, by its first bytes second."""

import gzip
from pathlib import Path

from routing.errors import NothingImported
from routing.importers.crowdwalk import read_crowdwalk
from routing.importers.csv_links import read_csv_links
from routing.importers.draft import Imported, report_of
from routing.importers.gmns import read_gmns
from routing.importers.graphml import read_graphml
from routing.importers.network_file import MAGIC, open_network
from routing.importers.ngraph import has_pair, read_ngraph
from routing.importers.osm import read_osm, read_overpass
from routing.importers.walkspace import read_walkspace

_HEAD_BYTES = 4096
_OSM_SUFFIXES = (".osm", ".osm.gz", ".osm.bz2", ".osm.pbf", ".pbf")


def read_roads(path: Path) -> Imported:
    """Return the network at *path*: a file of any kind that we read, or the prefix of a binary pair.

    Raises NothingImported when nothing reads it, saying what would.
    """
    if not path.is_file():
        if has_pair(path):
            return read_ngraph(path)
        if path.is_dir():
            raise NothingImported(f"{path} is a folder: name the file in it, or the prefix of a pair")
        raise NothingImported(f"{path}: no such file, and no pair {path.name}.co.bin and {path.name}.gr.bin")
    if path.name.endswith(_OSM_SUFFIXES):
        return read_osm(path)
    head = _head(path)
    if head.startswith(MAGIC):
        network = open_network(path)
        return Imported(network, report_of(path.name, network, {}, ()))
    if b"<graphml" in head:
        return read_graphml(path)
    if b"<Group" in head:
        return read_crowdwalk(path)
    if b"<osm" in head:
        return read_osm(path)
    if b'"elements"' in head:
        return read_overpass(path)
    pair = head + _head(path.with_name(path.name.replace("node", "link")))
    if b"start_id" in pair or b"rt_struct" in pair:
        return read_walkspace(path)
    if b"from_node_id" in pair:
        return read_gmns(path)
    if path.suffix == ".csv":
        return read_csv_links(path)
    raise NothingImported(
        f"{path.name} is none of: OpenStreetMap, Overpass JSON, OSMnx GraphML, GMNS GeoJSON, 歩行空間ネットワーク, "
        "CrowdWalk, CSV of links, ngraph pair, network file"
    )


def _head(path: Path) -> bytes:
    if not path.is_file():
        return b""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if head[:2] != b"\x1f\x8b":
        return head
    with gzip.open(path, "rb") as file:
        return file.read(_HEAD_BYTES)
