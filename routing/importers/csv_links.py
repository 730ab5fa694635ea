"""Networks as two CSV files, …nodes.csv and …links.csv (UXsim and others).

Quirks of the UXsim tables: links are CP932, nodes ASCII; x is longitude and y latitude; each direction
of a road is a link of its own, and people on foot walk both.
"""

import csv
import math
from pathlib import Path

from alerts.place import LatLng
from routing.errors import NothingImported
from routing.importers.draft import Imported, NetworkDraft
from routing.importers.text import decoded
from routing.walking import WayType


def read_csv_links(path: Path) -> Imported:
    """Return the network of the pair of which *path* is one."""
    links, nodes = (path.with_name(path.name.replace(a, b)) for a, b in (("nodes", "links"), ("links", "nodes")))
    if not links.is_file() or not nodes.is_file() or links == nodes:
        raise NothingImported(f"{path.name}: a pair of files, …nodes.csv and …links.csv, is needed")
    draft = NetworkDraft(links.name)
    ids: dict[str, int] = {}
    for row in csv.DictReader(decoded(nodes).splitlines()):
        name = row.get("name") or ""
        try:
            point = LatLng(float(row["y"]), float(row["x"]))
        except (KeyError, TypeError, ValueError):
            draft.drop("a node without name, x and y")
            continue
        if name in ids:
            draft.drop("a node whose name is taken")
            continue
        ids[name] = int(name) if name.isdigit() else -(1 << 40) - len(ids)
        draft.node(ids[name], point)
    seen: set[tuple[int, int, str]] = set()
    for number, row in enumerate(csv.DictReader(decoded(links).splitlines())):
        start, end = ids.get(row.get("start") or ""), ids.get(row.get("end") or "")
        if start is None or end is None:
            draft.drop("a link to a node that is not in the file")
            continue
        metres = _metres(row.get("length"))
        if metres is None:
            draft.drop("a link whose length is no number above zero")
            continue
        name = (row.get("name") or "").lstrip("0123456789")
        if (end, start, name) in seen:
            continue  # the same road the other way
        seen.add((start, end, name))
        draft.stretch(f"c{number:06}", start, end, WayType.STREET, metres=metres, name=name)
    return draft.finish()


def _metres(value: str | None) -> float | None:
    try:
        found = float(value or "")
    except ValueError:
        return None
    return found if math.isfinite(found) and found > 0 else None
