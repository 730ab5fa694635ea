"""The network file: all columns in one file, mapped into memory instead of read.

Layout: the magic, the length of a JSON header, the header (name, type, shape and place of each
column), then the columns, each at a multiple of 64 bytes. Several processes that map one file share
its pages.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from routing.columns import COLUMN_NAMES, NetworkColumns
from routing.errors import NetworkFileDamaged
from routing.network import RoadNetwork

MAGIC = b"SHIRASE-ROADS-1\n"
_ALIGN = 64


def write_network(path: Path, network: RoadNetwork) -> None:
    """Write *network* to *path*, at once: a reader sees the old file or the new one."""
    columns = {name: np.ascontiguousarray(getattr(network.columns, name)) for name in COLUMN_NAMES}
    header: dict[str, object] = {}
    at = 0
    for name, column in columns.items():
        header[name] = {"dtype": column.dtype.str, "length": len(column), "at": at}
        at = _aligned(at + column.nbytes)
    head = json.dumps(header).encode()
    body = _aligned(len(MAGIC) + 8 + len(head))
    unfinished = path.with_suffix(path.suffix + ".unfinished")
    with unfinished.open("wb") as file:
        file.write(MAGIC + len(head).to_bytes(8, "little") + head)
        for name, column in columns.items():
            place = header[name]
            assert isinstance(place, dict)
            file.seek(body + place["at"])
            file.write(column.tobytes())
        file.truncate(body + at)
    unfinished.replace(path)


def open_network(path: Path) -> RoadNetwork:
    """Return the network in the file at *path*, mapped into memory.

    Raises NetworkFileDamaged for a file that is cut short, or of another version.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise NetworkFileDamaged(f"{path} is no network file of this version: import it again")
        length = int.from_bytes(file.read(8), "little")
        try:
            header = json.loads(file.read(length))
            body = _aligned(len(MAGIC) + 8 + length)
            ends = [body + h["at"] + np.dtype(h["dtype"]).itemsize * h["length"] for h in header.values()]
        except (ValueError, KeyError, TypeError) as error:
            raise NetworkFileDamaged(f"{path} is damaged: import it again") from error
    if set(header) != set(COLUMN_NAMES) or max(ends) > size:
        raise NetworkFileDamaged(f"{path} is cut short: import it again")
    columns: dict[str, NDArray[Any]] = {}
    for name, place in header.items():
        if place["length"]:
            columns[name] = np.memmap(
                path, dtype=place["dtype"], mode="r", offset=body + place["at"], shape=(place["length"],)
            )
        else:
            columns[name] = np.empty(0, dtype=place["dtype"])
    return RoadNetwork.from_columns(NetworkColumns(**columns))


def _aligned(at: int) -> int:
    return -(-at // _ALIGN) * _ALIGN
