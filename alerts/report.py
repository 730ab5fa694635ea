"""What became of a document: exactly one outcome each, with a reason code that stays stable."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from alerts.alert import Alert
from alerts.expected import Expected
from alerts.gauge import GaugeReading, GaugeStation
from alerts.incident import IncidentReport
from alerts.reception import WardCap
from alerts.road import RoadReport
from alerts.shelter import ShelterReport


class Linkage(StrEnum):
    """How messages of a series find each other."""

    REFERENCES = "references"  # CAP: an update names what it replaces
    SERIES = "series"  # JMA: each telegram restates the whole series; the newest time wins


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """One row of a document that says nothing usable; the rest of the document goes on.

    `row` counts from 1 within its part of the document (`shelters`, `roads`, the lines of a table).
    """

    part: str
    row: int
    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a document states about the ground beside, or instead of, an alert."""

    shelters: tuple[ShelterReport, ...] = ()
    roads: tuple[RoadReport, ...] = ()
    incidents: tuple[IncidentReport, ...] = ()
    stations: tuple[GaugeStation, ...] = ()
    readings: tuple[GaugeReading, ...] = ()
    refused: tuple[RefusedRow, ...] = ()
    caps: tuple[WardCap, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.shelters or self.roads or self.incidents or self.stations or self.readings or self.caps)


@dataclass(frozen=True, slots=True)
class Report:
    """One document, read: the alert it carries and the series it belongs to.

    A document of facts alone carries an alert without infos and ends as informational: its facts go
    on by their own topics.

    `document` is the SHA-256 (hex) of the raw bytes. `hold` and `informational` are reasons found
    by the reader itself (drill words under status Actual; a kind that is only recorded): empty when
    there is none. `kind` is the source's own type of document, e.g. ``VPWW54`` or ``CAP-1.2``.
    """

    document: str
    feed: str  # "jma", "cap": the source whose policy applies
    kind: str
    series: str
    linkage: Linkage
    alert: Alert
    received: datetime
    hold: str = ""
    informational: str = ""
    facts: Facts = Facts()
    # A municipality is one series and its documents are threads of it, each of which restates itself.
    # `serial` is the source's own rising number of a document, 0 where it has none.
    thread: str = ""
    serial: int = 0
    # What the document forecasts beside what it warns of; it opens drafts for the night and tells nobody (R8).
    expected: tuple[Expected, ...] = ()
    signature: str = ""  # what was checked of it: `feeds.cap_signature.Signed`


class OutcomeKind(StrEnum):
    """The eight ends of a document."""

    NOTICE = "notice"
    UPDATE = "update"
    CANCEL = "cancel"
    DRILL = "drill"
    INFORMATIONAL = "informational"
    DUPLICATE = "duplicate"
    HELD = "held"
    DEAD_LETTER = "dead-letter"


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where a document ended, and why. `reason` is a stable code; `detail` is for a person."""

    kind: OutcomeKind
    reason: str
    detail: str = ""
