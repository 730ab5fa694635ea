"""A site as a list names it, and its place on the walking network."""

from collections.abc import Iterable
from dataclasses import dataclass

from alerts.hazard import HazardKind
from alerts.place import LatLng
from alerts.shelter import ShelterState, SiteClass
from routing.network import RoadNetwork
from routing.shelter import Shelter

# An entrance further than this from any way is a wrong point or a gap in the map: nobody is sent there.
FURTHEST_ENTRANCE_M = 250.0


@dataclass(frozen=True, slots=True)
class Site:
    """One row of a list. None is "the list does not say": of a capacity, or of step-free access.

    `remark` is the list's own prose; `out_of_use` says that it closes the site for a while (works).
    """

    id: str
    name: str
    point: LatLng
    fit_for: frozenset[HazardKind]
    ward: str = ""
    address: str = ""
    site_class: SiteClass = SiteClass.STAFFED
    capacity: int | None = None
    step_free: bool | None = None
    remark: str = ""
    out_of_use: bool = False


def place_on(network: RoadNetwork, sites: Iterable[Site]) -> tuple[tuple[Shelter, ...], tuple[tuple[Site, float], ...]]:
    """Return the shelters of *sites* on *network*, and those too far from any way, with the metres.

    The nearest node is the entrance until somebody names a better one. States are unknown until told.
    """
    placed, far = [], []
    for site in sorted(sites, key=lambda site: site.id):
        position, metres = network.nearest_joined(site.point)
        if metres > FURTHEST_ENTRANCE_M:
            far.append((site, metres))
            continue
        placed.append(
            Shelter(
                id=site.id,
                name=site.name,
                point=site.point,
                node=network.node_at(position),
                fit_for=site.fit_for,
                capacity=site.capacity,
                state=ShelterState.CLOSED if site.out_of_use else ShelterState.UNKNOWN,
                site_class=site.site_class,
                step_free=site.step_free,
                ward=site.ward,
            )
        )
    return tuple(placed), tuple(far)
