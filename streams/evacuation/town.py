"""What the planner knows of its town before anything happens."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from alerts.place import Cell
from routing.ground import Ground, WardModes
from routing.network import RoadNetwork
from routing.shelter import Shelter
from routing.turns import Landmarks


@dataclass(frozen=True, slots=True)
class Town:
    """What is known before anything happens: the network, the sites, and who lives where.

    `modes` are what the ward of a cell offers beside shelters (R1). `names` are what residents call a cell's place (its
    chome): a way begins there (R5).
    """

    network: RoadNetwork
    sites: tuple[Shelter, ...]
    people: Mapping[Cell, int]
    ground: Mapping[Cell, Ground] = field(default_factory=dict)
    modes: Mapping[Cell, WardModes] = field(default_factory=dict)
    names: Mapping[Cell, str] = field(default_factory=dict)
    landmarks: Landmarks | None = None
