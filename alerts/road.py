"""What a source says about a road that cannot be walked, or can be again.

A false report must not move thousands of people, so that a report says how sure it is
(`Attribution.confidence`): reported is shown with its age, confirmed blocks the way.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from alerts.fact import Attribution
from alerts.place import LatLng, Ring


class RoadCause(StrEnum):
    """Why a road cannot be walked. What is not known is OTHER, never a guess."""

    FLOODED = "flooded"  # 冠水
    COLLAPSED = "collapsed"  # 陥没・崩落
    LANDSLIDE = "landslide"  # 土砂崩れ
    DEBRIS = "debris"  # 倒木・がれき
    BRIDGE_DAMAGED = "bridge-damaged"
    FIRE = "fire"
    CRIME_SCENE = "crime-scene"  # 規制線
    WORKS = "works"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class RoadPlace:
    """Where: one or more of a point, a line, a polygon, and ids of roads; empty ones do not count.

    A point or a line means the nearest ways and says at acceptance which these are.
    """

    point: LatLng | None = None
    line: tuple[LatLng, ...] = ()
    polygon: Ring = ()
    road_ids: tuple[str, ...] = ()
    name: str = ""  # 「○○橋」, as a person would say it


@dataclass(frozen=True, slots=True)
class RoadReport:
    """One source's word on one road. `lifted` says that it can be walked again.

    `valid_until` None means until lifted. `undo` takes a mistake back: whom it had moved go back to
    where they were sent before, and nobody else is told anything (R14).
    """

    id: str
    place: RoadPlace
    cause: RoadCause
    attribution: Attribution
    valid_from: datetime
    valid_until: datetime | None = None
    lifted: bool = False
    text: str = ""
    ward: str = ""
    undo: bool = False
