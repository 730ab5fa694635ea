"""Roads that are known by their id alone, as lines: what a closure by id is drawn with."""

from collections.abc import Callable

from alerts.place import LatLng
from routing.network import RoadNetwork

RoadLine = Callable[[str], tuple[LatLng, ...]]


def no_line(_road_id: str) -> tuple[LatLng, ...]:
    """Return no line: without a network nobody can draw a road by its id."""
    return ()


def line_on(network: RoadNetwork | None) -> RoadLine:
    """Return what draws a road of *network* from end to end; without a network nothing does."""
    if network is None:
        return no_line
    columns = network.columns

    def line_of(road_id: str) -> tuple[LatLng, ...]:
        at = columns.road_at(road_id)
        if at is None:
            return ()
        ends = (int(columns.start[at]), int(columns.end[at]))
        return tuple(LatLng(float(columns.lat[end]), float(columns.lng[end])) for end in ends)

    return line_of
