"""The area table of this machine: built once from `reversejp`, then read from its file."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from geo.areas import AreaTable, from_bytes
from geo.river_zone import NO_ZONES, RiverZones

DEFAULT_AREAS = Path(".cache/areas/japan.bin")
DEFAULT_LIBRARY = Path(".cache/areas/library")
DEFAULT_RIVER_ZONES = Path(".cache/areas/river-zones.npz")


def table_at(path: Path) -> AreaTable:
    """Return the table in *path*."""
    return from_bytes(path.read_bytes())


def river_zones_at(path: Path | None) -> RiverZones:
    """Return the river zones in *path*, none at all without one."""
    if path is None:
        return NO_ZONES
    from geo.importers.river_zone_file import load

    return load(path)


def ensure_table(path: Path, say: Callable[[str, int, int], None]) -> Path:
    """Build the table of all Japan into *path* unless it is there; about a minute on one core."""
    if not path.exists():
        from geo.importers.reversejp import build  # only who builds the table needs the shapes library

        path.parent.mkdir(parents=True, exist_ok=True)
        table = build(built_on=datetime.now(UTC).date().isoformat(), progress=say)
        unfinished = path.with_suffix(".tmp")
        unfinished.write_bytes(table.to_bytes())
        unfinished.rename(path)
    return path
