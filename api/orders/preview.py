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
from geo.areas import AreaCover
from geo.extent import km2_of, mostly_inside
from geo.seam import SeamReport, seam_report

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
    ground: Cells = ()
    """The cells of `cells` that count as its ground: of a whole ward not those that lie mostly beyond its line."""

    @property
    def km2(self) -> float:
        """Return the ground in square kilometres; cells at the edge of what was drawn count whole."""
        return km2_of(self.ground or self.cells)

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
    covers: tuple[AreaCover, ...] = (),
) -> Preview:
    """Return what a notice of *lane* in *cells* would do at *at*; *ward_of* says whose ground a cell mostly is.

    *covers* are the wards that it touches: where one is in it as a whole, its ground is the ward's and no neighbour's.
    """
    reach = census.reach(cells, at=at, lane=lane)
    seconds = None if reach.reachable is None else _FIRST_PUSH_SECONDS + reach.reachable / PUSHES_PER_SECOND
    seam = seam_report(cells, ward_of, census.people) if ward_of and reach.residents is not None else None
    return Preview(cells, wards, reach, seam, seconds, mostly_inside(cells, covers))
