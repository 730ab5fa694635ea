"""A way in both of its forms: arcs of the network, as it is searched, and a route, as it is told."""

from collections.abc import Mapping

from routing.choice import Walk
from routing.network import RoadNetwork
from routing.plan import Route
from routing.shelter import Shelter, offer_of
from routing.turns import Landmarks, turns_of


def drawn(network: RoadNetwork, landmarks: Landmarks, walk: Walk, shelter: Shelter) -> Route:
    """Return *walk* to *shelter* as it is told: line, turns and roads. The slow pace is the caller's to say."""
    columns = network.columns
    roads = [int(columns.arcs.road[arc]) for arc in walk.arcs]
    positions = [walk.start, *(columns.arcs.plain.head[arc] for arc in walk.arcs)]
    line = tuple(network.point_at(position) for position in positions)
    streets = [columns.name_of(road) for road in roads]
    return Route(
        shelter_id=shelter.id,
        shelter_name=shelter.name,
        offer=offer_of(shelter),
        walk_seconds=walk.seconds,
        slow_seconds=0,
        metres=round(float(sum(columns.metres[road] for road in roads)) + walk.metres),
        line=line,
        turns=turns_of(line, streets, landmarks),
        road_ids=tuple(columns.road_id(road) for road in roads),
    )


def walk_of(network: RoadNetwork, route: Route, starts: Mapping[int, float]) -> Walk | None:
    """Return a told way as arcs of *network*, or None where it no longer begins or leads as it did."""
    columns, arcs = network.columns, []
    ends = columns.arcs.plain
    node, _ = network.nearest_node(route.line[0])
    start = here = network.position(node)
    if start not in starts:
        return None
    for road_id in route.road_ids:
        at = columns.road_at(road_id)
        both = [] if at is None else columns.arcs.of_road[2 * at : 2 * at + 2].tolist()
        arc = next((arc for arc in both if arc >= 0 and ends.tail[arc] == here), None)
        if arc is None:
            return None
        arcs.append(arc)
        here = ends.head[arc]
    return Walk(route.shelter_id, tuple(arcs), route.walk_seconds, start, starts[start])
