"""Cut the dangers of a shard into faces: sets of cells in which exactly the same holds."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from alerts.claim import HazardSnapshot, Standing
from alerts.place import Cells, Shard
from api.drawing.look import Look, look_of
from geo.cells import cells_of, intervals, merge, union
from geo.hazard_map import Verdict, worst_at


@dataclass(frozen=True, slots=True)
class Face:
    """Cells, disjoint from those of every other face, and the verdict for each of them."""

    cells: Cells
    verdict: Verdict


def faces_of(snapshot: HazardSnapshot) -> tuple[Face, ...]:
    """Return the faces of one shard; their union is every cell of which something holds."""
    covers = [
        bounds
        for cells in dict.fromkeys(danger.cells for standing in snapshot.standings for danger in standing.dangers)
        if len(bounds := intervals(cells))
    ]
    if not covers:
        return ()
    edges = np.unique(np.concatenate([bounds.ravel() for bounds in covers]))
    starts, ends = edges[:-1], edges[1:]
    # One row per stretch between two edges, one column per danger: equal rows are one face.
    inside = np.zeros((len(starts), len(covers)), dtype=np.bool_)
    for column, bounds in enumerate(covers):
        at = np.searchsorted(bounds[:, 0], starts, side="right") - 1
        inside[:, column] = (at >= 0) & (starts < bounds[np.maximum(at, 0), 1])
    _, kinds = np.unique(inside, axis=0, return_inverse=True)
    kinds = np.where(inside.any(axis=1), kinds.ravel(), -1)
    found = []
    for kind in np.unique(kinds[kinds >= 0]):
        cells = cells_of(merge(starts[kinds == kind], ends[kinds == kind]))
        # Every danger covers a face wholly or not at all: one cell speaks for it.
        verdict = worst_at(snapshot, cells[0])
        if verdict is not None:
            found.append(Face(cells, verdict))
    return tuple(found)


class FaceCache:
    """Faces by shard, made again only where something changed: one document touches few of many shards."""

    def __init__(self) -> None:
        self._known: dict[Shard, tuple[tuple[Standing, ...], tuple[Face, ...]]] = {}

    def faces(self, snapshots: Iterable[HazardSnapshot]) -> tuple[Face, ...]:
        """Return the faces of all *snapshots*, shard by shard."""
        known = self._known
        self._known = {}
        for snapshot in snapshots:
            held = known.get(snapshot.shard)
            if held is None or not _same(held[0], snapshot.standings):
                held = snapshot.standings, faces_of(snapshot)
            self._known[snapshot.shard] = held
        return tuple(face for _, found in self._known.values() for face in found)


def by_look(found: Iterable[Face]) -> dict[Look, Cells]:
    """Return the cells of all faces that look the same, together."""
    together: dict[Look, list[Cells]] = defaultdict(list)
    for face in found:
        together[look_of(face.verdict.level, face.verdict.severity)].append(face.cells)
    return {look: union(*cells) for look, cells in together.items()}


def _same(left: tuple[Standing, ...], right: tuple[Standing, ...]) -> bool:
    # By identity: comparing thousands of cells would cost as much as cutting them.
    return len(left) == len(right) and all(one is other for one, other in zip(left, right, strict=True))
