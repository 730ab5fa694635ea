"""What residents are told: notices, their parts and texts."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum

from alerts.cap import Severity
from alerts.claim import Lane
from alerts.hazard import HazardKind
from alerts.help_line import HelpLine
from alerts.level import Level
from alerts.place import Cells, Shard
from alerts.river_stage import RiverStage
from alerts.shaking import Intensity
from alerts.theme import Audience
from alerts.wave import Wave

# The mark of a field that came to what an approval covers after the first release, `field(default=..., metadata={LATER:
# True})`: while it says nothing it is in no digest, so that two versions agree on what was approved (R22).
LATER = "later"


class NoticeKind(IntEnum):
    """The three notices of the service."""

    DANGER_IS_COMING = 1
    HOW_IT_IS_GOING = 2
    GO_THERE = 3


class Phase(StrEnum):
    """What changed for the people of a part since they were last told."""

    ISSUED = "issued"
    RAISED = "raised"
    LOWERED = "lowered"
    EASED = "eased"  # what this source said is over; a lesser danger of another source still holds
    CHANGED = "changed"
    LIFTED = "lifted"
    CANCELLED = "cancelled"
    CORRECTED = "corrected"


# What these say is over, of this source.
ENDS = frozenset((Phase.LIFTED, Phase.CANCELLED))
# The same with those of whom another source still says something less.
SAID_OVER = ENDS | {Phase.EASED}


class Recipients(StrEnum):
    """Whom a part selects."""

    CELLS = "cells"  # everybody with a place in the cells
    TOLD = "told"  # those who were told of this lineage and have a place in the cells
    NOBODY = "nobody"  # nothing new to anybody: another source told as much; kept for the record
    ALL_TOLD = "all-told"  # those who were told of this lineage, wherever they are now


@dataclass(frozen=True, slots=True)
class Text:
    """One language's words, true for everybody in the part (R2, R15)."""

    language: str
    title: str
    body: str


@dataclass(frozen=True, slots=True)
class ToldWay:
    """What the people of one cell are told to do, short enough to be remembered for each cell.

    `signature` tells two advices apart for a reader. `cause` and `because` say why it changed: ids of
    closures or shelters, and in `names` what people call them. `replaces` is when they were told the
    way that this one takes the place of (R15).
    """

    signature: str
    advice: str  # a value of routing.plan.Advice, for people of no stated need
    shelter_id: str = ""
    cause: str = ""
    because: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    replaces: datetime | None = None


@dataclass(frozen=True, slots=True)
class PlanRef:
    """The plan of one shard that a kind 3 notice is built from; another digest is another plan.

    `facts_at` is the age of what the plan rests on: it moves without the advice changing.
    """

    shard: Shard
    version: int
    digest: str
    facts_at: datetime


@dataclass(frozen=True, slots=True)
class Order:
    """What an approval of kind 3 covers (R14): order, cells, template, expiry, rule. Ways fill its blanks.

    `help_lines` are those that the order itself was approved with, and every way under it names them.
    """

    lineage: str  # of the order itself, a kind 1 lineage
    document: str
    issuer: str
    cells: Cells
    template: str
    rule: str
    expires: datetime
    help_lines: tuple[HelpLine, ...] = field(default=(), metadata={LATER: True})


@dataclass(frozen=True, slots=True)
class Picture:
    """What a notice draws: one of the three.

    A river against its thresholds and how deep it may stand at a house (`geo.depth`); how strongly the ground shook; a
    tsunami's height and arrival.
    """

    river: RiverStage | None = None
    depth_rank: int | None = None
    intensity: Intensity | None = None
    wave: Wave | None = None


@dataclass(frozen=True, slots=True)
class NoticePart:
    """The people of some cells and what they read. `rank` 0 is the greatest danger.

    Of kind 3 each part is one cell and `way` what is told there; its words are not here, the sender
    makes them from the plan that the notice names. `help_lines` are the numbers that its words end in.
    """

    rank: int
    phase: Phase
    recipients: Recipients
    level: Level | None
    severity: Severity
    hazards: tuple[HazardKind, ...]
    area_names: tuple[str, ...]
    cells: Cells
    texts: tuple[Text, ...]
    way: ToldWay | None = None
    picture: Picture | None = None
    help_lines: tuple[HelpLine, ...] = field(default=(), metadata={LATER: True})


@dataclass(frozen=True, slots=True)
class Notice:
    """One approved revision. `digest` is the SHA-256 over what was approved (R14).

    Parts are disjoint in cells and sorted by rank. `lineage` keys the topic; `revision` rises. Of kind
    3 `order` is what was approved and `plans` what its ways come from: a worker sends only what a plan
    with that digest says.
    """

    lineage: str
    revision: int
    kind: NoticeKind
    lane: Lane
    document: str
    feed: str
    issuer: str
    sent: datetime
    received: datetime
    expires: datetime
    parts: tuple[NoticePart, ...]
    digest: str
    approved_by: str
    approved_at: datetime
    order: Order | None = None
    plans: tuple[PlanRef, ...] = ()
    audience: Audience = Audience.PUBLIC
