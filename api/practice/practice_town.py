"""A made-up quarter on which an officer practises: a road is closed, and the ways change as the real search says.

It is drawn and computed here and written nowhere: no closure of a rehearsal is on any topic.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

from alerts.hazard import HazardKind
from alerts.place import LatLng
from alerts.shelter import ShelterState
from routing.forest import NoWay, grow
from routing.network import Node, Road, RoadNetwork, metres_between, walk_seconds
from routing.shelter import Shelter

# Places on a sheet of 320 by 200; a unit is five metres on the ground.
_METRES_PER_UNIT = 5.0
_PLACES = {
    1: (40, 40), 2: (40, 100), 3: (40, 160), 4: (110, 40), 5: (110, 100), 6: (110, 160),
    7: (210, 40), 8: (210, 160), 9: (280, 40), 10: (280, 160), 11: (280, 100),
}  # fmt: skip
# Id: name, both ends. The two bridges are the choice that matters.
_ROADS: Mapping[str, tuple[str, int, int]] = {
    "north-bridge": ("架空北橋", 4, 7),
    "south-bridge": ("架空南橋", 6, 8),
    "first": ("架空一番通り", 1, 4),
    "second": ("架空二番通り", 2, 5),
    "third": ("架空三番通り", 3, 6),
    "bank-north": ("架空堤通り北", 4, 5),
    "bank-south": ("架空堤通り南", 5, 6),
    "home-north": ("架空西通り北", 1, 2),
    "home-south": ("架空西通り南", 2, 3),
    "school": ("架空学校通り", 7, 9),
    "park": ("架空公園通り", 8, 10),
    "hill-north": ("架空坂上通り", 9, 11),
    "hill-south": ("架空坂下通り", 10, 11),
}
_HOMES = {1: 1_200, 2: 900, 3: 700, 5: 400}
_SHELTERS = {"s1": ("架空東小学校", 9), "s2": ("架空高台公園", 10)}
ROAD_NAMES: Mapping[str, str] = {road: name for road, (name, _, _) in _ROADS.items()}


@dataclass(frozen=True, slots=True)
class Course:
    """From a block of homes to where its people go; `walk_seconds` None where no way is left."""

    home: int
    people: int
    shelter: str
    walk_seconds: int | None
    roads: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Effect:
    """The ways before and after a closure."""

    closed: str
    before: tuple[Course, ...]
    after: tuple[Course, ...]

    @property
    def moved(self) -> int:
        """Return how many people have another way, or none."""
        pairs = zip(self.before, self.after, strict=True)
        return sum(old.people for old, new in pairs if old.roads != new.roads)


def effect_of(closed: str) -> Effect:
    """Return what closing a road does; an id that is no road of the quarter closes nothing."""
    return Effect(closed, _courses(frozenset()), _courses(frozenset({closed}) & _ROADS.keys()))


def _courses(closed: frozenset[str]) -> tuple[Course, ...]:
    nodes = {Node(place): _point(place) for place in _PLACES}
    roads = (
        Road(road, Node(a), Node(b), walk_seconds(metres_between(nodes[Node(a)], nodes[Node(b)])), name=name)
        for road, (name, a, b) in _ROADS.items()
    )
    network = RoadNetwork(nodes, roads)
    shelters = [
        Shelter(
            id=key,
            name=name,
            point=nodes[Node(place)],
            node=Node(place),
            fit_for=frozenset({HazardKind.FLOOD}),
            capacity=None,
            state=ShelterState.OPEN,
        )
        for key, (name, place) in _SHELTERS.items()
    ]
    forest = grow(network, shelters, HazardKind.FLOOD, closed)
    found = []
    for home, people in _HOMES.items():
        way = forest.way_from(Node(home))
        if isinstance(way, NoWay):
            found.append(Course(home, people, "", None, ()))
        else:
            found.append(Course(home, people, _SHELTERS[way.shelter_id][0], way.walk_seconds, way.road_ids))
    return tuple(found)


def _point(place: int) -> LatLng:
    x, y = _PLACES[place]
    return LatLng(35.70 - y * _METRES_PER_UNIT / 111_320, 139.80 + x * _METRES_PER_UNIT / 90_400)


def draw_quarter(courses: tuple[Course, ...], closed: str, said: str) -> str:
    """Return the picture of the quarter with its ways; *said* is what it shows, in words."""
    used = {road for course in courses for road in course.roads}
    roads = "".join(_line(road, "way" if road in used else "road") for road in _ROADS)
    homes = "".join(
        f'<rect class="home" x="{_PLACES[home][0] - 7}" y="{_PLACES[home][1] - 7}" width="14" height="14"/>'
        f'<text x="{_PLACES[home][0] - 12}" y="{_PLACES[home][1] - 12}">架空{home}丁目</text>'
        for home in _HOMES
    )
    sites = "".join(
        f'<circle class="site" cx="{_PLACES[place][0]}" cy="{_PLACES[place][1]}" r="9"/>'
        f'<text class="end" x="{_PLACES[place][0] + 30}" y="{_PLACES[place][1] - 14}">{name}</text>'
        for name, place in _SHELTERS.values()
    )
    bridges = "".join(
        f'<text class="mid" x="160" y="{_PLACES[_ROADS[road][1]][1] - 8}">{ROAD_NAMES[road]}</text>'
        for road in ("north-bridge", "south-bridge")
    )
    return (
        f'<svg class="quarter" viewBox="0 0 320 190" role="img" aria-label="{escape(said)}">'
        '<rect class="river" x="140" y="0" width="40" height="190"/>'
        f"{roads}{_cross(closed)}{homes}{sites}{bridges}</svg>"
    )


def _line(road: str, look: str) -> str:
    _, a, b = _ROADS[road]
    (x1, y1), (x2, y2) = _PLACES[a], _PLACES[b]
    return f'<line class="{look}" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>'


def _cross(road: str) -> str:
    if road not in _ROADS:
        return ""
    _, a, b = _ROADS[road]
    x, y = ((_PLACES[a][at] + _PLACES[b][at]) // 2 for at in (0, 1))
    return f'<path class="closed" d="M{x - 9} {y - 9}l18 18m0 -18l-18 18"/>'
