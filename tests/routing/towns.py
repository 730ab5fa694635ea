"""Small random towns and what may happen to them: the ground on which the properties are tested."""

import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import h3.api.basic_int as h3

from alerts.fact import Attribution, Confidence
from alerts.hazard import HazardKind
from alerts.place import Cell, LatLng
from alerts.road import RoadCause
from alerts.shelter import Accepts, ShelterState, SiteClass
from routing.closure import RoadClosure
from routing.ground import Ground, Outlook, Situation
from routing.network import Node, Road, RoadNetwork, metres_between, walk_seconds
from routing.planner import Facts
from routing.shelter import Shelter

NOON = datetime(2026, 9, 18, 3, 0, tzinfo=UTC)
SAID = Attribution("ward-officer", NOON, NOON, Confidence.CONFIRMED)
_SPACING = 0.0016
_KINDS = (HazardKind.FLOOD, HazardKind.EARTHQUAKE, HazardKind.TSUNAMI)


@dataclass(frozen=True)
class Town:
    """Streets, shelters and the cells around them."""

    network: RoadNetwork
    shelters: tuple[Shelter, ...]
    cells: tuple[Cell, ...]


def town(chooser: random.Random, side: int = 7) -> Town:
    """Return a town: a grid with gaps, one-way and parallel streets, steps, and a few shelters."""
    nodes = {
        Node(r * side + c): LatLng(
            35.70 + (r + chooser.uniform(-0.2, 0.2)) * _SPACING, 139.80 + (c + chooser.uniform(-0.2, 0.2)) * _SPACING
        )
        for r in range(side)
        for c in range(side)
    }
    roads = []
    for r in range(side):
        for c in range(side):
            for s, d in ((r, c + 1), (r + 1, c)):
                if s >= side or d >= side or chooser.random() < 0.15:
                    continue
                start, end = Node(r * side + c), Node(s * side + d)
                # Whole tens make ties, which is where a repair and a search may differ.
                seconds = -(-walk_seconds(metres_between(nodes[start], nodes[end])) // 10) * 10
                for copy in range(1 + (chooser.random() < 0.05)):
                    roads.append(
                        Road(
                            f"r{start:02}-{end:02}-{copy}", start, end, seconds + 10 * copy,
                            one_way=chooser.random() < 0.05,
                            step_free_seconds=None if chooser.random() < 0.15 else 0,
                            bridge=chooser.random() < 0.05,
                            underground=chooser.random() < 0.05,
                        )
                    )  # fmt: skip
    network = RoadNetwork(nodes, roads)
    shelters = tuple(_shelter(chooser, network, number) for number in range(chooser.randint(1, 6)))
    cells = tuple(sorted({Cell(h3.latlng_to_cell(p.lat, p.lng, 9)) for p in nodes.values()}))
    return Town(network, shelters, cells)


def _shelter(chooser: random.Random, network: RoadNetwork, number: int) -> Shelter:
    node = chooser.choice(list(network.nodes))
    return Shelter(
        id=f"s{number}",
        name=f"架空{number}",
        point=network.nodes[node],
        node=node,
        fit_for=frozenset(kind for kind in _KINDS if chooser.random() < 0.8),
        capacity=chooser.choice((None, None, 150, 400)),
        state=chooser.choice((*ShelterState, ShelterState.OPEN, ShelterState.OPEN)),
        site_class=chooser.choice((*SiteClass, SiteClass.STAFFED, SiteClass.STAFFED)),
        step_free=chooser.choice((True, True, False, None)),
        ward=chooser.choice("AB"),
        accepts=chooser.choice((*Accepts, Accepts.ANYONE)),
    )


def facts(chooser: random.Random, of: Town) -> Facts:
    """Return what holds at first in a town."""
    hazard = chooser.choice(_KINDS)
    ground = {
        cell: Ground(ward=chooser.choice("AB"), dry=chooser.random() < 0.1, stays=chooser.random() < 0.05)
        for cell in of.cells
    }
    situation = Situation(frozenset({hazard}), NOON, NOON, night=chooser.random() < 0.3, ground=ground)
    return Facts(situation, of.shelters, people={cell: chooser.randint(0, 90) for cell in of.cells})


def happens(chooser: random.Random, of: Town, now: Facts) -> Facts:
    """Return what holds after one more event."""
    match chooser.randint(0, 6):
        case 0 | 1:
            roads = frozenset(chooser.sample(sorted(of.network.roads), 1 + chooser.randrange(2)))
            name = f"c{chooser.randrange(1000)}"
            return replace(now, closures=(*now.closures, RoadClosure(name, roads, RoadCause.FLOODED, SAID, NOON)))
        case 2:
            return replace(now, closures=now.closures[1:])
        case 3 | 4:
            at = chooser.randrange(len(now.shelters))
            shelters = list(now.shelters)
            shelters[at] = replace(shelters[at], state=chooser.choice(tuple(ShelterState)))
            return replace(now, shelters=tuple(shelters))
        case 5:
            cell = chooser.choice(of.cells)
            there = Outlook(
                arrives_at=NOON + timedelta(minutes=chooser.choice((10, 45, 200))), active=chooser.random() < 0.5
            )
            return replace(now, situation=replace(now.situation, outlook={**now.situation.outlook, cell: there}))
        case _:
            return replace(now, situation=replace(now.situation, at=now.situation.at + timedelta(minutes=5)))
