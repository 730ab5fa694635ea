"""The table `river_zone` on disk: written by an importer, read by every worker at its start."""

import io
import json
import os
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from alerts.place import LatLng
from geo.depth import DepthRank
from geo.errors import AreaTableError
from geo.river_zone import RiverCourse, RiverZone, RiverZones

FORMAT = 1
REBUILD = "import the river zones again: shirase areas river-zones"


def to_bytes(table: RiverZones) -> bytes:
    """Return *table* as one file's content."""
    meta = {
        "format": FORMAT,
        "zones": [
            [row.river, row.reach, row.zone, None if row.depth is None else int(row.depth), row.source, row.date]
            for row in table.zones
        ],
        "courses": [
            [course.river, course.reach, course.name, [[point.lat, point.lng] for point in course.line]]
            for course in table.courses
        ],
    }
    flat = [cell for row in table.zones for cell in row.cells]
    written = io.BytesIO()
    np.savez_compressed(
        written,
        meta=np.frombuffer(json.dumps(meta, ensure_ascii=False).encode(), dtype=np.uint8),
        cells=np.array(flat, dtype=np.int64),
        ends=np.cumsum([len(row.cells) for row in table.zones], dtype=np.int64),
    )
    return written.getvalue()


def from_bytes(content: bytes) -> RiverZones:
    """Return the table written by `to_bytes`. Raises AreaTableError for anything else."""
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            meta: dict[str, Any] = json.loads(file["meta"].tobytes())
            cells, ends = file["cells"], file["ends"]
        if meta["format"] != FORMAT:
            raise AreaTableError("river-zones-version", f"format {meta['format']}, expected {FORMAT}; {REBUILD}")
        parts = np.split(cells, ends[:-1]) if len(ends) else []
        zones = tuple(
            RiverZone(
                river, reach, zone, None if depth is None else DepthRank(depth), source, date, tuple(own.tolist())
            )
            for (river, reach, zone, depth, source, date), own in zip(meta["zones"], parts, strict=True)
        )
        courses = tuple(
            RiverCourse(river, reach, name, tuple(LatLng(lat, lng) for lat, lng in line))
            for river, reach, name, line in meta["courses"]
        )
    except (OSError, ValueError, KeyError, TypeError, EOFError, BadZipFile) as damage:
        raise AreaTableError("river-zones-damaged", f"{type(damage).__name__}; {REBUILD}") from damage
    return RiverZones(zones, courses)


def load(path: Path) -> RiverZones:
    """Return the table in *path*. Raises AreaTableError where there is none that we can read."""
    try:
        return from_bytes(path.read_bytes())
    except FileNotFoundError as missing:
        raise AreaTableError("river-zones-missing", f"no {path}; {REBUILD}") from missing


def save(table: RiverZones, path: Path) -> Path:
    """Write *table* to *path*, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    written = path.with_name(f"{path.name}.{os.getpid()}.new")
    written.write_bytes(to_bytes(table))
    written.replace(path)
    return path
