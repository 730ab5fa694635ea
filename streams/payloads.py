"""Records that live between two hops and nowhere else."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from alerts.alert import Area
from alerts.claim import Provenance, Release
from alerts.notice import Notice
from alerts.place import Cell, LatLng
from alerts.report import OutcomeKind, Report
from alerts.road import RoadReport
from dispatch.channel import ChannelState
from geo.change import Told


@dataclass(frozen=True, slots=True)
class ReportRecord:
    """The end of one received document: exactly one per receipt, on `reports`.

    `receipt` names the reception, not the content: the same bytes received twice are two documents,
    the second of which ends as a duplicate. `claims` is how many shards the document touches.
    """

    receipt: str
    name: str
    feed: str
    kind: str
    document: str
    series: str
    outcome: OutcomeKind
    reason: str
    detail: str
    level: int | None
    hazards: tuple[str, ...]
    codes: tuple[str, ...]
    lineage: str
    revision: int
    claims: int
    release: Release
    release_reason: str
    received: datetime
    sent: datetime | None
    report: Report | None


@dataclass(frozen=True, slots=True)
class Draft:
    """A notice as proposed, and what its lineage's residents will have been told after it.

    `notice.parts` is empty when the document changed nothing. `complete` is false when some shards
    of the document had not reported in time: a revision follows. `release` is decided: with-sign has become
    automatic or hold, and `reason` says by what.
    """

    draft: str
    provenance: Provenance
    complete: bool
    release: Release
    notice: Notice
    told_after: Told
    reason: str = ""
    edited_by: tuple[str, ...] = ()
    """Who has changed it since it was made: none of them approves it."""


class Verb(StrEnum):
    """What the decider is asked to do."""

    CREATE = "create"
    APPROVE = "approve"
    VOID = "void"
    EDIT = "edit"
    END = "end"
    EXTEND = "extend"


@dataclass(frozen=True, slots=True)
class Command:
    """One act on a draft. `digest` is what the person saw: an approval of other content is refused."""

    verb: Verb
    draft_id: str
    by: str
    at: datetime
    digest: str = ""
    draft: Draft | None = None


class DraftState(StrEnum):
    """Where a draft stands."""

    APPROVED = "approved"
    OPEN = "open"
    HELD = "held"
    VOID = "void"
    NOTHING_CHANGED = "nothing-changed"
    RECORDED = "recorded"
    EXPIRED = "expired"


# The reason of an approval by rule (R14): no person has looked at it.
WAYS_OF_AN_ORDER = "ways-of-an-approved-order"


@dataclass(frozen=True, slots=True)
class DraftRecord:
    """The decider's verdict on a draft, on `drafts`. `revision` is the notice's, `document_revision` the document's."""

    draft_id: str
    lineage: str
    revision: int
    document: str
    state: DraftState
    reason: str
    complete: bool
    at: datetime
    draft: Draft | None
    document_revision: int = 0


@dataclass(frozen=True, slots=True)
class ReceiptRecord:
    """The end of one notice's fan-out at one worker, on `receipts`: sums over the buckets it owns.

    `ward_bytes` are the bodies that were accepted, by ward; `rings` the outcomes by rank of danger, 0 the greatest;
    `origins` the rows of each push service, all of which have their end: both sum up to `selected`, unless a release
    wrote it that did not know them.
    `tail` 0 is the notice itself; higher ones are those who joined while it was in force, counted apart.
    Times are milliseconds since 1970; the two acceptances are None where nobody was accepted.
    """

    lineage: str
    revision: int
    document: str
    worker: int
    workers: int
    epoch: int
    selected: int
    outcomes: dict[str, int]
    wards: dict[str, int]
    received_ms: int
    first_accepted_ms: int | None
    last_accepted_ms: int | None
    tail: int = 0
    ward_bytes: dict[str, int] = field(default_factory=dict)
    rings: dict[str, dict[str, int]] = field(default_factory=dict)
    origins: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FactEffect:
    """What the planner made of one fact or order, on `effects`. `fact` is the key that it has on its own topic.

    `reason` is a stable code: what it did, or why it does nothing. `roads` are those that it blocks.
    `moved` counts cells whose people are told something else because of it, `people` those in them
    (None: nobody has counted the people there).
    """

    fact: str
    fact_at: datetime
    acted_at: datetime
    reason: str
    roads: tuple[str, ...] = ()
    moved: int = 0
    people: int | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A closure that is not posted yet, on `previews`: whom would it move?"""

    id: str
    report: RoadReport
    at: datetime


@dataclass(frozen=True, slots=True)
class Line:
    """A road that a closure would block, by the points of its ends and as people call it."""

    road: str
    name: str
    start: LatLng
    end: LatLng


@dataclass(frozen=True, slots=True)
class KeptArea:
    """An area that a coordinator keeps under a name, as an order's document has it; it is the *wards*' (codes)."""

    id: str
    name: str
    wards: tuple[str, ...]
    areas: tuple[Area, ...]
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Preview:
    """The planner's answer on `previews`: what a closure would block, and whose advice would change by it.

    `reason` is the code that its effect would have. `road_count` counts all roads, `lines` holds as many as
    are drawn. `people` are those in `cells` (None: nobody has counted the people there).
    """

    id: str
    at: datetime
    reason: str
    road_count: int
    lines: tuple[Line, ...]
    cells: tuple[Cell, ...]
    people: int | None


@dataclass(frozen=True, slots=True)
class Crossing:
    """People whom the plan sends from one ward into another, on `crossings`, for the ward that receives them (R17).

    `people` are those of all notices so far, 0 when it is over; `since` is when the line was first crossed by
    more than a few, `cap` what the receiving ward takes, None where it said nothing.
    """

    from_ward: str
    to_ward: str
    people: int
    since: datetime
    at: datetime
    cap: int | None = None


# The key of the planner's position on `effects`; those of effects begin with "fact|".
POSITION_KEY = b"position"


@dataclass(frozen=True, slots=True)
class PlanPosition:
    """How far the planner has read and acted, on `effects`: next offset by "topic-partition".

    `drafts` are the newest that it proposed; who waits for an end of it all waits for their verdicts too.
    `facts_at` is up to when every source was heard: what all plans stand for, also those that did not change
    (promise 6, R10). Their own time is that of their last change.
    """

    heard: dict[str, int]
    drafts: tuple[str, ...]
    at: datetime
    facts_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OwnerRecord:
    """Which worker owns a share of the buckets, on `owners`; the highest epoch owns."""

    worker: int
    workers: int
    epoch: int
    process: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """What is known of a source of documents, on `sources`: after `fresh_until` it is silent, whoever stopped.

    `reason` is how its last round failed, empty when it answered.
    """

    source: str
    owner: str
    contact: str
    answered: datetime | None
    fresh_until: datetime
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ChannelRecord:
    """Where a revision stands in one form of a ward's, on `channels`. `documents` are SHA-256 of what leaves.

    `reason` is a stable code where it failed, `by` who typed it in by hand.
    """

    lineage: str
    revision: int
    ward: str
    form: str
    state: ChannelState
    reason: str
    documents: tuple[str, ...]
    attempts: int
    drill: bool
    correction: bool
    at: datetime
    by: str = ""


@dataclass(frozen=True, slots=True)
class AgainRecord:
    """A person asks that a revision be given to a channel again, on `channels`; gone when it was."""

    lineage: str
    revision: int
    ward: str
    form: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PageRecord:
    """One person called because a draft waits or an order runs out, or that nobody decided in time, on `pages`.

    `person` is the register's name of whoever is called (no address); `rung` "silence" is the end of the ladder and
    `person` then lists everybody who was called; "expiry" is no draft's: `draft_id` names the order and
    its end. `reason` is a stable code where a call failed.
    """

    draft_id: str
    ward: str
    rung: str
    person: str
    way: str
    state: ChannelState
    reason: str
    attempts: int
    at: datetime


@dataclass(frozen=True, slots=True)
class WardCount:
    """People of a ward by when they were last there (`dispatch.life`), and the bytes that are stored of them."""

    recent: int
    half_year: int
    older: int
    stored_bytes: int

    @property
    def people(self) -> int:
        """Return all of them."""
        return self.recent + self.half_year + self.older

    @property
    def reachable(self) -> int:
        """Return those who were there within 180 days."""
        return self.recent + self.half_year

    def plus(self, other: "WardCount") -> "WardCount":
        """Return both together."""
        return WardCount(
            self.recent + other.recent,
            self.half_year + other.half_year,
            self.older + other.older,
            self.stored_bytes + other.stored_bytes,
        )


@dataclass(frozen=True, slots=True)
class HeadCountRecord:
    """One worker's people at the end of a day, by ward, on `headcounts`."""

    day: str
    worker: int
    workers: int
    at: datetime
    wards: dict[str, WardCount]
