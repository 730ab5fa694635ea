"""What a source says about a shelter: its class, its state, how full it is, and whom it takes.

The site itself (where its entrance is, which dangers it is fit for) comes from lists; here is what
changes while people are on their way. `unknown` is a value of its own: no typed state is not "no
shelter" (R11), and an unknown capacity is not an infinite one.
"""

from dataclasses import dataclass
from enum import StrEnum

from alerts.fact import Attribution
from alerts.hazard import HazardKind
from alerts.place import LatLng


class ShelterState(StrEnum):
    """What its staff or the ward last said."""

    OPEN = "open"
    FULL = "full"
    CLOSED = "closed"
    UNKNOWN = "unknown"


class SiteClass(StrEnum):
    """What kind of site it is, which decides whether it needs somebody to open it (R11)."""

    STAFFED = "staffed"  # 指定避難所: opened by staff
    ALWAYS_OPEN = "always-open"  # 指定緊急避難場所 in the open, 広域避難場所, tsunami refuges
    TEMPORARY_STAY = "temporary-stay"  # 一時滞在施設, for those who cannot go home
    WELFARE = "welfare"  # 福祉避難所


class OccupancyBand(StrEnum):
    """Four bands, because nobody counts heads at a gate in a storm. Shares of the capacity."""

    EMPTY = "empty"  # 空き: under a third
    FILLING = "filling"  # やや混雑: under two thirds
    CROWDED = "crowded"  # 混雑: up to the last place
    FULL = "full"  # 満員


class Accepts(StrEnum):
    """Whom a site takes (R17)."""

    OWN_WARD = "own-ward"
    AGREED_WARDS = "agreed-wards"
    ANYONE = "anyone"


@dataclass(frozen=True, slots=True)
class ShelterReport:
    """What one source says about one site. None means "did not say", and keeps what was known.

    `id` is the national common id where there is one, else the source's own, prefixed by the source.
    `ward` is a label and the tenant who may write, never a key. `capacity_text` is the prose that a
    capacity came in (「屋内480人／屋外3,350人」). Occupants and capacity are people. `undo` takes a mistake
    back: whom it had moved go back to where they were sent before (R14).
    """

    id: str
    name: str
    attribution: Attribution
    state: ShelterState = ShelterState.UNKNOWN
    point: LatLng | None = None
    ward: str = ""
    address: str = ""
    site_class: SiteClass | None = None
    fit_for: tuple[HazardKind, ...] | None = None
    step_free: bool | None = None
    capacity: int | None = None
    capacity_text: str = ""
    occupants: int | None = None
    band: OccupancyBand | None = None
    accepts: Accepts | None = None
    agreed_wards: tuple[str, ...] | None = None
    needs: tuple[str, ...] = ()
    undo: bool = False


def band_of(occupants: int | None, capacity: int | None) -> OccupancyBand | None:
    """Return the band of *occupants* of *capacity*, None where either is not known or the capacity is none."""
    if occupants is None or not capacity:
        return None
    if occupants >= capacity:
        return OccupancyBand.FULL
    share = occupants / capacity
    if share < 1 / 3:
        return OccupancyBand.EMPTY
    return OccupancyBand.FILLING if share < 2 / 3 else OccupancyBand.CROWDED
