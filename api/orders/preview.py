"""What an order would do, before it is one: ground, wards, people, who can be reached, seams, and how long it takes.

Pure. Figures are for whole areas; what is shown under 20 reads "<20" (promise 15).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from alerts.claim import Lane
from alerts.place import Cells
from api.known.census import Census, Reach
from api.officers.approval import is_wide_area
from geo.extent import Extent, extent_of
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
    km2: float = 0.0
    """Its ground: of a whole ward what is within its line, of what somebody drew all but water."""
    with_water: bool = False
    """Nobody here knows where the water is: it is in `km2`."""
    across: int = 0
    """How many of the people are told because their cell lies on the line of a ward that was meant, and live across."""

    @property
    def is_wide(self) -> bool:
        """Say whether nobody may let it go alone, whoever wrote it."""
        return is_wide_area(len(self.wards), self.reach.residents)


def preview_of(
    cells: Cells,
    wards: tuple[str, ...],
    *,
    census: Census,
    ward_of: Mapping[int, str],
    at: datetime,
    lane: Lane = Lane.LIFE_SAFETY,
    extent: Extent | None = None,
) -> Preview:
    """Return what a notice of *lane* in *cells* would do at *at*; *ward_of* says whose ground a cell mostly is.

    *extent* is what counts of the cells; without one they count whole.
    """
    counted = extent or extent_of(cells, (), None)
    reach = census.reach(cells, at=at, lane=lane)
    seconds = None if reach.reachable is None else _FIRST_PUSH_SECONDS + reach.reachable / PUSHES_PER_SECOND
    seam = seam_report(cells, ward_of, census.people) if ward_of and reach.residents is not None else None
    return Preview(
        cells,
        wards,
        reach,
        seam,
        seconds,
        counted.km2,
        counted.with_water,
        counted.people_across(census.people),
    )
