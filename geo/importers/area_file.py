"""The area table on disk: built once, read in milliseconds."""

import os
from collections.abc import Callable
from pathlib import Path

from geo.areas import REBUILD, AreaTable, from_bytes
from geo.errors import AreaTableError

FILE_NAME = "areas.npz"


def load(folder: Path) -> AreaTable:
    """Return the table kept in *folder*. Raises AreaTableError where there is none that we can read."""
    path = folder / FILE_NAME
    try:
        content = path.read_bytes()
    except FileNotFoundError as missing:
        raise AreaTableError("area-file-missing", f"no {path}; {REBUILD}") from missing
    return from_bytes(content)


def save(table: AreaTable, folder: Path) -> Path:
    """Write *table* into *folder*, whole or not at all, and return the file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE_NAME
    # One name per process: two that build at once each replace the file by a complete one.
    written = folder / f"{FILE_NAME}.{os.getpid()}.new"
    written.write_bytes(table.to_bytes())
    written.replace(path)
    return path


def load_or_build(folder: Path, build: Callable[[], AreaTable]) -> AreaTable:
    """Return the table in *folder*; where none is usable, build it and keep it there."""
    try:
        return load(folder)
    except AreaTableError:
        table = build()
        save(table, folder)
        return table
