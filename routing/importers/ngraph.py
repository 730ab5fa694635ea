"""The binary pair of ngraph.path.demo, PREFIX.co.bin and PREFIX.gr.bin, each perhaps gzipped.

co: little-endian int32 x, y for each node, in local planar units centred on 0; gr: int32 from, to, ids
from 1. No weights: the straight line. Read as metres around a point that is named; nothing is dropped
but loops and repeated edges, because the set is for measuring.
"""

import gzip
from collections import Counter
from pathlib import Path

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from alerts.place import LatLng
from routing.columns import NetworkColumns
from routing.errors import NothingImported
from routing.importers.draft import Imported, report_of
from routing.network import METRES_PER_DEGREE, METRES_PER_DEGREE_LNG, RoadNetwork

# The units are local: the map is laid around Tokyo, whatever city it is of. Only shapes are measured.
CENTRE = LatLng(35.68, 139.75)


def has_pair(prefix: Path) -> bool:
    """Return whether *prefix* names such a pair."""
    return _file(prefix, "co") is not None and _file(prefix, "gr") is not None


def read_ngraph(prefix: Path, centre: LatLng = CENTRE) -> Imported:
    """Return the network of the pair that begins with *prefix*."""
    points, edges = _numbers(prefix, "co"), _numbers(prefix, "gr") - 1
    dropped: Counter[str] = Counter()
    inside = ((edges >= 0) & (edges < len(points))).all(axis=1)
    loops = edges[:, 0] == edges[:, 1]
    ordered = np.sort(edges, axis=1)
    first = np.zeros(len(edges), dtype=np.bool_)
    first[np.unique(ordered, axis=0, return_index=True)[1]] = True
    for reason, bad in (
        ("an edge to a node that is not in the file", ~inside),
        ("an edge from a node to itself", inside & loops),
        ("an edge that is there already", inside & ~loops & ~first),
    ):
        if bad.any():
            dropped[reason] = int(bad.sum())
    edges = edges[inside & ~loops & first]
    if not len(edges):
        raise NothingImported(f"{prefix.name}: no edge that could be used")
    start, end = edges[:, 0], edges[:, 1]
    metres = np.hypot(*(points[start] - points[end]).T.astype(np.float64))
    seconds = np.maximum(1, np.ceil(metres)).astype(np.int32)
    width = len(str(len(edges)))
    network = RoadNetwork.from_columns(
        NetworkColumns(
            node_ids=np.arange(len(points), dtype=np.int64),
            lat=centre.lat + points[:, 1] / METRES_PER_DEGREE,
            lng=centre.lng + points[:, 0] / METRES_PER_DEGREE_LNG,
            road_ids=np.array([f"e{number:0{width}}".encode() for number in range(len(edges))]),
            start=start.astype(np.int32),
            end=end.astype(np.int32),
            seconds=seconds,
            step_free_seconds=seconds,
            metres=metres.astype(np.float32),
            flags=np.zeros(len(edges), dtype=np.uint8),
            layer=np.zeros(len(edges), dtype=np.int8),
            name=np.zeros(len(edges), dtype=np.int32),
            names=np.array([b""], dtype="S1"),
            barrier_start=np.zeros(1, dtype=np.int32),
            barrier_lat=np.empty(0),
            barrier_lng=np.empty(0),
        )
    )
    graph = coo_matrix((np.ones(len(edges), dtype=np.int8), (start, end)), shape=(len(points), len(points)))
    _, piece = connected_components(graph, directed=False)
    pieces = tuple(sorted(np.bincount(piece).tolist(), reverse=True))
    return Imported(network, report_of(prefix.name, network, dropped, pieces))


def _file(prefix: Path, part: str) -> Path | None:
    for name in (f"{prefix.name}.{part}.bin", f"{prefix.name}.{part}.bin.gz"):
        if prefix.with_name(name).is_file():
            return prefix.with_name(name)
    return None


def _numbers(prefix: Path, part: str) -> np.ndarray:
    path = _file(prefix, part)
    if path is None:
        raise NothingImported(f"{prefix.name}.{part}.bin is not there")
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    if len(raw) % 8:
        raise NothingImported(f"{path.name} is cut short: pairs of int32 are expected")
    return np.frombuffer(raw, dtype="<i4").reshape(-1, 2).astype(np.int64)
