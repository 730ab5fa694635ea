"""What an order would do, before it is one: ground, wards, people, who can be reached, seams, and how long it takes.

Pure. Figures are for whole areas; what is shown under 20 reads "<20" (promise 15).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from alerts.claim import Lane
from alerts.place import Cells
from api.known.census import Census, Reach
from api.officers.approval import WIDE_PEOPLE, WIDE_WARDS
from geo.cells import count
from geo.seam import SeamReport, seam_report

# H3's mean area of a cell of resolution 9 (h3geo.org, table of cell areas).
CELL_KM2 = 0.1053
# Half of what one worker does on two shared cores (docs/scaling.md): to be done sooner than said is the better error.
PUSHES_PER_SECOND = 10_000.0
# From the approval to the first push, with room (promise 5).
_FIRST_PUSH_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Preview:
    """What an order in *cells* would touch; None is what nobody has counted."""

    cells: Cells
    wards: tuple[str, ...]
    reach: Reach
    seam: SeamReport | None
    last_push_seconds: float | None

    @property
    def km2(self) -> float:
        """Return the ground in square kilometres; cells at the edge count whole."""
        return count(self.cells) * CELL_KM2

    @property
    def is_wide(self) -> bool:
        """Say whether nobody may let it go alone, whoever wrote it."""
        residents = self.reach.residents
        return len(self.wards) >= WIDE_WARDS or (residents is not None and residents > WIDE_PEOPLE)


def preview_of(
    cells: Cells,
    wards: tuple[str, ...],
    *,
    census: Census,
    ward_of: Mapping[int, str],
    at: datetime,
    lane: Lane = Lane.LIFE_SAFETY,
) -> Preview:
    """Return what a notice of *lane* in *cells* would do at *at*; *ward_of* says whose ground a cell mostly is."""
    reach = census.reach(cells, at=at, lane=lane)
    seconds = None if reach.reachable is None else _FIRST_PUSH_SECONDS + reach.reachable / PUSHES_PER_SECOND
    seam = seam_report(cells, ward_of, census.people) if ward_of and reach.residents is not None else None
    return Preview(cells, wards, reach, seam, seconds)
