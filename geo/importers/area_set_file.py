"""Area sets on disk: one file per kind and date, so that no import overwrites another day's areas."""

import io
import json
import os
from datetime import date
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from geo.area_set import AreaFeature, AreaLibrary, AreaSet, AreaSetKind
from geo.depth import DepthRank
from geo.errors import AreaTableError

FORMAT = 1
REBUILD = "import it again: shirase areas import"
_SUFFIX = ".areas.npz"


def to_bytes(areas: AreaSet) -> bytes:
    """Return *areas* as one file's content."""
    meta = {
        "format": FORMAT,
        "kind": areas.kind.value,
        "valid_from": areas.valid_from,
        "source": areas.source,
        "attribution": areas.attribution,
        "features": [[f.code, f.ja, f.en, None if f.depth is None else int(f.depth)] for f in areas.features],
    }
    written = io.BytesIO()
    np.savez_compressed(
        written,
        meta=np.frombuffer(json.dumps(meta, ensure_ascii=False).encode(), dtype=np.uint8),
        cells=np.array([cell for f in areas.features for cell in f.cells], dtype=np.int64),
        ends=np.cumsum([len(f.cells) for f in areas.features], dtype=np.int64),
        partial=np.array([cell for f in areas.features for cell in f.partial], dtype=np.int64),
        partial_ends=np.cumsum([len(f.partial) for f in areas.features], dtype=np.int64),
    )
    return written.getvalue()


def from_bytes(content: bytes) -> AreaSet:
    """Return the set written by `to_bytes`. Raises AreaTableError for anything else."""
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            meta: dict[str, Any] = json.loads(file["meta"].tobytes())
            arrays = {name: file[name] for name in ("cells", "ends", "partial", "partial_ends")}
        if meta["format"] != FORMAT:
            raise AreaTableError("area-set-version", f"format {meta['format']}, expected {FORMAT}; {REBUILD}")
        listed = meta["features"]
        cells = np.split(arrays["cells"], arrays["ends"][:-1]) if listed else []
        partial = np.split(arrays["partial"], arrays["partial_ends"][:-1]) if listed else []
        features = tuple(
            AreaFeature(
                code,
                ja,
                tuple(own.tolist()),
                en,
                tuple(part.tolist()),
                None if depth is None else DepthRank(depth),
            )
            for (code, ja, en, depth), own, part in zip(listed, cells, partial, strict=True)
        )
        return AreaSet(AreaSetKind(meta["kind"]), meta["valid_from"], meta["source"], meta["attribution"], features)
    except (OSError, ValueError, KeyError, TypeError, EOFError, BadZipFile) as damage:
        raise AreaTableError("area-set-damaged", f"{type(damage).__name__}; {REBUILD}") from damage


def save(areas: AreaSet, folder: Path) -> Path:
    """Write *areas* under their kind and date, whole or not at all, and return the file."""
    date.fromisoformat(areas.valid_from)  # it names the file
    path = folder / areas.kind.value / f"{areas.valid_from}{_SUFFIX}"
    path.parent.mkdir(parents=True, exist_ok=True)
    written = path.with_name(f"{path.name}.{os.getpid()}.new")
    written.write_bytes(to_bytes(areas))
    written.replace(path)
    return path


def load_library(folder: Path) -> AreaLibrary:
    """Return every set below *folder*; an empty library where there is none."""
    return AreaLibrary.of(from_bytes(path.read_bytes()) for path in sorted(folder.glob(f"*/*{_SUFFIX}")))
