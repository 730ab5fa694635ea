"""The area table of this machine: built once from `reversejp`, then read from its file."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from geo.area_set import AreaSetKind
from geo.areas import AreaTable, from_bytes
from geo.errors import AreaTableError
from geo.named_areas import NamedAreas
from geo.river_zone import NO_ZONES, RiverZones


def table_at(path: Path) -> AreaTable:
    """Return the table in *path*."""
    return from_bytes(path.read_bytes())


def missing_in(table: AreaTable) -> str:
    """Return what *table* lacks because an earlier release built it, and what helps; empty where it has all."""
    if table.land is not None:
        return ""
    return "the area table has no shares of land: areas are shown with their water; build it again: shirase areas"


def ward_names(path: Path) -> dict[str, str]:
    """Return the names of the municipalities in the table at *path* by code, none where it is not there."""
    if not path.exists():
        return {}
    table = table_at(path)
    return {code: name.ja for code in table.codes() if (name := table.name(code)) is not None}


def river_zones_at(path: Path | None) -> RiverZones:
    """Return the river zones in *path*, none at all without one."""
    if path is None:
        return NO_ZONES
    from geo.importers.river_zone_file import load

    return load(path)


def named_areas_at(folder: Path | None, table: AreaTable) -> NamedAreas | None:
    """Return *table* with the imported sets below *folder*, None without one.

    Raises AreaTableError for a folder without a set: a mistyped name must not hold each order in silence.
    """
    if folder is None:
        return None
    from geo.importers.area_set_file import load_library

    library = load_library(folder)
    if not any(library.dates(kind) for kind in AreaSetKind):
        raise AreaTableError("area-sets-missing", f"no set below {folder}; shirase areas import")
    return NamedAreas(table, library)


def ensure_table(path: Path, say: Callable[[str, int, int], None], *, newest: bool = False) -> Path:
    """Build the table of all Japan into *path* unless it is there; about a minute on one core.

    With *newest* also in the place of one of an earlier release that lacks what this one shows.
    """
    if not path.exists() or (newest and missing_in(table_at(path))):
        from geo.importers.reversejp import build  # only who builds the table needs the shapes library

        path.parent.mkdir(parents=True, exist_ok=True)
        table = build(built_on=datetime.now(UTC).date().isoformat(), progress=say)
        unfinished = path.with_suffix(".tmp")
        unfinished.write_bytes(table.to_bytes())
        unfinished.rename(path)
    return path
