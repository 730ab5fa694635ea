"""What one document says about one shard, and what holds there.

A document becomes one claim per shard that it covers or used to cover. `shards` is the number of
claims of the document, so that a reader can tell when it has them all.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from alerts.cap import Certainty, Severity, Urgency
from alerts.hazard import HazardKind
from alerts.level import Level
from alerts.place import Cells, Shard
from alerts.river_stage import RiverStage
from alerts.theme import Audience
from alerts.wave import Wave


class Release(StrEnum):
    """Who lets a notice of this document go out (`ops/policy.toml`)."""

    AUTOMATIC = "automatic"
    WITH_SIGN = "with-sign"  # by itself where an independent sign of danger is live in its cells, else held (R9)
    DRAFT = "draft"
    HOLD = "hold"
    RECORD = "record"  # on the map, never told to residents (R23)


class Lane(StrEnum):
    """Ways that never mix: a drill cannot reach a live subscriber through any of them."""

    LIFE_SAFETY = "life-safety"
    ROUTINE = "routine"
    DRILL = "drill"
    CANARY = "canary"


class Tie(StrEnum):
    """How a danger came to its cells."""

    AREA = "area"  # the area that the document names
    RIVER_ZONE = "river-zone"  # the ground that the document's river endangers, by the table `river_zone`
    RIVER_ASSUMED = "river-assumed"  # the same by distance, for want of a row: on the map, told to nobody by itself


@dataclass(frozen=True, slots=True)
class Danger:
    """One danger in some cells of one shard. `share` is told apart in `partial`.

    `partial` are the cells of `cells` of which less than half lies inside the area: a resident
    there reads 「…に出た」 with the area's name, not "here". `evacuate` says that it is an order to leave
    (CAP responseType Evacuate): what kind 3 begins with, once it may go out.
    """

    hazard: HazardKind
    level: Level | None
    severity: Severity
    urgency: Urgency
    certainty: Certainty
    event: str
    area_name: str
    area_code: str
    cells: Cells
    partial: Cells = ()
    onset: datetime | None = None
    headline: str = ""
    instruction: str = ""
    evacuate: bool = False
    tie: Tie = Tie.AREA
    stage: RiverStage | None = None  # the river's worst station for these cells
    depth_rank: int | None = None  # how deep the river may stand in all of these cells (`geo.depth`); None: not known
    wave: Wave | None = None  # what a tsunami warning says of these cells' coast


@dataclass(frozen=True, slots=True)
class Provenance:
    """Which document speaks, and for how long."""

    document: str
    lineage: str
    revision: int
    feed: str
    kind: str
    issuer: str
    sent: datetime
    received: datetime
    expires: datetime
    release: Release
    lane: Lane
    outcome: str  # notice | update | cancel
    source_ref: str = ""  # CAP sender,identifier,sent or JMA title/office/time, for a person
    audience: Audience = Audience.PUBLIC
    decide_by: datetime | None = None  # the clock of a draft: a stage of ours says until when it is to be decided


@dataclass(frozen=True, slots=True)
class Claim:
    """What a document says about one shard; no dangers means that it withdraws what it said."""

    provenance: Provenance
    shard: Shard
    shards: int
    dangers: tuple[Danger, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """The newest claim of one lineage in a shard. `shards` is that document's number of claims."""

    provenance: Provenance
    shards: int
    dangers: tuple[Danger, ...]


@dataclass(frozen=True, slots=True)
class HazardSnapshot:
    """All that holds in one shard. `version` rises by one with each change of content.

    `changed` names the lineage whose claim made this version; a snapshot is complete in itself and
    never a delta.
    """

    shard: Shard
    version: int
    digest: str
    changed: str
    standings: tuple[Standing, ...]
