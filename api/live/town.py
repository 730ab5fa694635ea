"""What residents are shown of a town beside what was said of it: the sites of lists, its roads, the names of places."""

from dataclasses import dataclass

from api.drawing.lines import Line
from api.live.here import PlaceName
from routing.network import RoadNetwork
from routing.site import Site
from streams.evacuation.town import Town


@dataclass(frozen=True, slots=True)
class ShownTown:
    """Without sites only those are shown of which somebody spoke; without roads none is drawn by its id alone.

    `name_of` says what people call the place of a cell (its chome), "" where nobody knows.
    """

    sites: tuple[Site, ...] = ()
    roads: RoadNetwork | None = None
    name_of: PlaceName | None = None
    planned: Town | None = None
    """What the planner knows; with it the ways of a shard are served."""
    rivers: tuple[Line, ...] = ()
    """Lines of rivers, drawn beneath the plain maps."""


NO_TOWN = ShownTown()
