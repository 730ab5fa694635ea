"""Wipe people from a snapshot on disk, in place: who has left is not kept until the file happens to be written anew.

What is wiped is what could find or reach somebody: address, keys, id, cells. The row stays where it is, marked as
nobody's, so that no other row moves; its random row number stays, because `told` holds it as well and it names nobody.
The map in memory is of the same file and sees it at once.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dispatch.columns import Flag
from dispatch.registry import Registry

# One of each row, and of each of its places. The index by cell stays sorted: it leads to a row of nobody.
_OF_ROW = ("p256dh", "auth")
_OF_PLACE = ("place_cell", "place_role", "place_min_level", "place_terms")


def wipe(folder: Path, registry: Registry, rows: NDArray[np.int64]) -> None:
    """Wipe *rows* of the snapshot in *folder*, which *registry* was loaded from, and see it on the disk."""
    if not len(rows):
        return
    columns = registry.columns
    first, last = columns.path_offset[rows].astype(np.int64), columns.path_offset[rows + 1].astype(np.int64)
    paths = [slice(begin, end) for begin, end in zip(first.tolist(), last.tolist(), strict=True)]
    first, last = columns.place_offset[rows].astype(np.int64), columns.place_offset[rows + 1].astype(np.int64)
    places = [slice(begin, end) for begin, end in zip(first.tolist(), last.tolist(), strict=True)]
    _write(folder, "flags", [rows], int(Flag.INACTIVE))
    _write(folder, "path", paths, 0)
    for name in _OF_ROW:
        _write(folder, name, [rows], 0)
    for name in _OF_PLACE:
        _write(folder, name, places, 0)
    # The id last: whoever is killed on the way finds the row again by it, and wipes the rest.
    _write(folder, "id", [rows], 0)


def is_nobodys(registry: Registry) -> NDArray[np.bool_]:
    """Tell of each row whether its owner was wiped."""
    found: NDArray[np.bool_] = (registry.columns.flags & np.uint8(Flag.INACTIVE)) != 0
    return found


def _write(folder: Path, name: str, where: list[Any], value: int) -> None:
    column = np.load(folder / f"{name}.npy", mmap_mode="r+", allow_pickle=False)
    for at in where:
        column[at] = value
    column.flush()
