"""Cut the dangers of a shard into faces: sets of cells in which exactly the same holds."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from alerts.claim import HazardSnapshot
from alerts.place import Cells
from api.look import Look, look_of
from geo.cells import difference, intersection, union
from geo.hazard_map import Verdict, worst_at


@dataclass(frozen=True, slots=True)
class Face:
    """Cells, disjoint from those of every other face, and the verdict for each of them."""

    cells: Cells
    verdict: Verdict


def faces_of(snapshot: HazardSnapshot) -> tuple[Face, ...]:
    """Return the faces of one shard; their union is every cell of which something holds."""
    pieces: list[Cells] = []
    for cells in {danger.cells for standing in snapshot.standings for danger in standing.dangers}:
        split: list[Cells] = []
        for piece in pieces:
            split += [part for part in (intersection(piece, cells), difference(piece, cells)) if part]
        rest = difference(cells, union(*pieces)) if pieces else cells
        pieces = [*split, rest] if rest else split
    return tuple(
        Face(piece, verdict)
        for piece in sorted(pieces)
        # Every danger covers a piece wholly or not at all: one cell speaks for the piece.
        if (verdict := worst_at(snapshot, piece[0])) is not None
    )


def faces(snapshots: Iterable[HazardSnapshot]) -> tuple[Face, ...]:
    """Return the faces of all *snapshots*, shard by shard."""
    return tuple(face for snapshot in snapshots for face in faces_of(snapshot))


def by_look(found: Iterable[Face]) -> dict[Look, Cells]:
    """Return the cells of all faces that look the same, together."""
    together: dict[Look, list[Cells]] = defaultdict(list)
    for face in found:
        together[look_of(face.verdict.level, face.verdict.severity)].append(face.cells)
    return {look: union(*cells) for look, cells in together.items()}
