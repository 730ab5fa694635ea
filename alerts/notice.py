"""What residents are told: notices, their parts and texts."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum

from alerts.cap import Severity
from alerts.claim import Lane
from alerts.hazard import HazardKind
from alerts.level import Level
from alerts.place import Cells


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
    CHANGED = "changed"
    LIFTED = "lifted"
    CANCELLED = "cancelled"
    CORRECTED = "corrected"


class Recipients(StrEnum):
    """Whom a part selects."""

    CELLS = "cells"  # everybody with a place in the cells
    TOLD = "told"  # those who were told of this lineage and have a place in the cells
    ALL_TOLD = "all-told"  # those who were told of this lineage, wherever they are now


@dataclass(frozen=True, slots=True)
class Text:
    """One language's words, true for everybody in the part (R2, R15)."""

    language: str
    title: str
    body: str


@dataclass(frozen=True, slots=True)
class NoticePart:
    """The people of some cells and what they read. `rank` 0 is the greatest danger."""

    rank: int
    phase: Phase
    recipients: Recipients
    level: Level | None
    severity: Severity
    hazards: tuple[HazardKind, ...]
    area_names: tuple[str, ...]
    cells: Cells
    texts: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Notice:
    """One approved revision. `digest` is the SHA-256 over what was approved (R14).

    Parts are disjoint in cells and sorted by rank. `lineage` keys the topic; `revision` rises.
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
