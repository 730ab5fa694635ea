"""What a source expects later. A forecast beside the warnings of a document, and never one itself.

Residents are told what holds; what is only expected opens drafts for coordinators (R8).
"""

from dataclasses import dataclass
from datetime import datetime

from alerts.alert import Area
from alerts.cap import Certainty, Severity
from alerts.hazard import HazardKind
from alerts.level import Level
from alerts.place import Circle


@dataclass(frozen=True, slots=True)
class Expected:
    """A danger of a grade in some areas, from *begins* until *ends* where the source says until when.

    `level` is what may be said of it: None for hazards without a Japanese level. `grade` is how it counts
    beside the others: 警報級 of wind counts like level 3, 特別警報級 like level 5.

    A storm that moves has no areas but a `reach`: the ground that it may cover in that hour. It spans
    prefectures, so it is asked of a place ("does it reach us?") and never drawn as somebody's area.
    """

    hazard: HazardKind
    event: str
    level: Level | None
    grade: Level
    begins: datetime
    ends: datetime | None = None
    areas: tuple[Area, ...] = ()
    reach: Circle | None = None
    severity: Severity = Severity.SEVERE
    certainty: Certainty = Certainty.LIKELY
