"""What is known of a cell: its ground before anything happens, and what is forecast to come to it.

Both are inputs of the plan. Safe in the stated direction: None is "nobody knows" and is treated as
the worse case by whoever reads it, never as "dry" or "calm".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from alerts.hazard import HazardKind
from alerts.place import Cell
from alerts.ward import WithoutSite
from geo.depth import DepthRank


@dataclass(frozen=True, slots=True)
class Ground:
    """What maps say of one cell.

    `depth` None is "not known", and counts as water; `dry` says that a map was read and no water comes
    here. `stays` is a district whose people remain in it (地区内残留地区, R12).
    """

    ward: str = ""
    depth: DepthRank | None = None
    dry: bool = False
    collapse_zone: bool | None = None  # 家屋倒壊等氾濫想定区域
    water_stays: timedelta | None = None  # 浸水継続時間
    stays: bool = False


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is forecast for one cell. `arrives_at` is water or storm; None is "no forecast says when".

    `storm_from` is when 暴風警報 or a mean wind of 15 m/s begins; None is "none is forecast".
    `active` says that the danger is in the cell now (fire, water over the ground). `dangers` are the
    kinds that hold here beside those of the event (a fire after an earthquake).
    """

    arrives_at: datetime | None = None
    storm_from: datetime | None = None
    active: bool = False
    dangers: frozenset[HazardKind] = frozenset()


@dataclass(frozen=True, slots=True)
class WardModes:
    """What a ward offers beside shelters (R1): data of the ward, not of the code.

    `without_site` is what its people do in a danger for which it has no fit site. Empty, they do as R1 has it.
    """

    leave_early: str = ""  # 広域避難先 or what the ward names; empty: relatives, hotel
    refuge: str = ""  # its own high ground or 待避施設, named in "go up"
    without_site: Mapping[HazardKind, WithoutSite] = field(default_factory=dict)


UNKNOWN_GROUND = Ground()
NO_OUTLOOK = Outlook()
NO_MODES = WardModes()


@dataclass(frozen=True, slots=True)
class Situation:
    """All that the advice of one event depends on beside roads and shelters.

    `cells` are those to be advised; a cell without ground or outlook is one of which nothing is
    known. `night` counts from sunset to sunrise. `rising` are cells over rivers at level 4 or more.
    """

    hazards: frozenset[HazardKind]
    at: datetime
    facts_at: datetime
    night: bool = False
    ground: Mapping[Cell, Ground] = field(default_factory=dict)
    outlook: Mapping[Cell, Outlook] = field(default_factory=dict)
    rising: frozenset[Cell] = frozenset()
    modes: Mapping[Cell, WardModes] = field(default_factory=dict)

    def ground_of(self, cell: Cell) -> Ground:
        """Return what maps say of *cell*."""
        return self.ground.get(cell, UNKNOWN_GROUND)

    def outlook_of(self, cell: Cell) -> Outlook:
        """Return what is forecast for *cell*."""
        return self.outlook.get(cell, NO_OUTLOOK)

    def modes_of(self, cell: Cell) -> WardModes:
        """Return what the ward of *cell* offers beside shelters; nothing where no ward says so."""
        return self.modes.get(cell, NO_MODES)
