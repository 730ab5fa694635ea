"""The evacuation plan: for each cell one entry with what its people are to do, and why.

An entry holds up to three parts, because a river or a railway may cut a cell in two or three; each
part starts on its own side. A part holds the answer for everybody and the step-free one, so that one
message carries both and nobody's need has to be known (design, "one message per cell").

Values only; `routing.planner` makes them and `routing.change` compares them.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from alerts.hazard import HazardKind
from alerts.place import Cell, LatLng, Ring, Shard
from routing.shelter import Offer

MOST_PARTS = 3


class Advice(StrEnum):
    """What the people of a cell are to do."""

    GO = "go"
    LEAVE_EARLY = "leave-early"  # out of the zone by train, to relatives, a hotel or 広域避難先
    GO_UP = "go-up"
    STAY = "stay"


class Why(StrEnum):
    """The reason of an advice, the same in log, metric, text and test."""

    WALKABLE = "walkable"
    NOT_CONFIRMED_OPEN = "not-confirmed-open"  # GO to a designated site after a sudden danger
    NOT_IN_ZONE = "not-in-zone"
    DISTRICT_STAYS = "district-stays"
    NO_USABLE_SHELTER = "no-usable-shelter"
    NO_ROOM = "no-room"
    TOO_FAR = "too-far"
    WATER_COMES_FIRST = "water-comes-first"
    STORM = "storm"
    CUT_BY_CLOSURES = "cut-by-closures"
    CUT_BY_DANGER = "cut-by-danger"
    NOT_CONNECTED = "not-connected"
    FAR_FROM_NETWORK = "far-from-network"


class Side(StrEnum):
    """Where a turn leads, for somebody who walks."""

    STRAIGHT = "straight"
    LEFT = "left"
    RIGHT = "right"
    BACK = "back"


@dataclass(frozen=True, slots=True)
class Turn:
    """Walk so many metres along a street, then turn; `at` names a landmark or crossing, or is empty."""

    metres: int
    street: str
    side: Side
    at: str


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """A report on this way that nobody confirmed: shown with its age, never avoided."""

    report_id: str
    reported_at: datetime


@dataclass(frozen=True, slots=True)
class Route:
    """A way on foot. `walk_seconds` is at the general pace, `slow_seconds` at the pace that R1 counts."""

    shelter_id: str
    shelter_name: str
    offer: Offer
    walk_seconds: int
    slow_seconds: int
    metres: int
    line: tuple[LatLng, ...]
    turns: tuple[Turn, ...]
    road_ids: tuple[str, ...]
    unconfirmed: tuple[Unconfirmed, ...] = ()


@dataclass(frozen=True, slots=True)
class NotNearer:
    """A shelter that is nearer than the one advised, and why it was not taken."""

    shelter_id: str
    reason: str  # a value of Unusable, or "no-room"


@dataclass(frozen=True, slots=True)
class Answer:
    """What one reader is to do. `route` goes with GO only; `leave_by` with LEAVE_EARLY.

    `action` is the key of a row of `routing.go_up` when the advice is GO_UP. `sites` are open
    temporary-stay sites (一時滞在施設, R12), shown to those who are to stay in their district. `refuge` is
    the ward's own place for these people: its 広域避難先 with LEAVE_EARLY, its high ground with GO_UP.
    """

    advice: Advice
    why: Why
    route: Route | None = None
    leave_by: datetime | None = None
    action: str = ""
    sites: tuple[str, ...] = ()
    # Apart in the digest: a plan without one has the digest that the versions before gave it.
    refuge: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a cell that no barrier cuts. An empty outline is the whole cell."""

    outline: Ring
    anchor: LatLng | None
    general: Answer
    step_free: Answer


@dataclass(frozen=True, slots=True)
class CellAdvice:
    """One cell's entry. The first part is the cautious one, for a phone that does not know its point."""

    cell: Cell
    ward: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class EvacuationPlan:
    """What holds for the cells of one shard, sorted. `facts_at` is the oldest of the facts it rests on."""

    shard: Shard
    version: int
    hazards: tuple[HazardKind, ...]
    facts_at: datetime
    cells: tuple[CellAdvice, ...]
    digest: str

    def advice_of(self, cell: Cell) -> CellAdvice | None:
        """Return the entry of *cell*, or None when the plan does not speak of it."""
        return next((entry for entry in self.cells if entry.cell == cell), None)


def plan_of(
    shard: Shard, version: int, hazards: Iterable[HazardKind], facts_at: datetime, cells: Iterable[CellAdvice]
) -> EvacuationPlan:
    """Return the plan of *cells* with its digest, which covers the advice and not its age."""
    entries = tuple(sorted(cells, key=lambda entry: entry.cell))
    kinds = tuple(sorted(hazards))
    return EvacuationPlan(shard, version, kinds, facts_at, entries, digest(kinds, entries))


def digest(hazards: tuple[HazardKind, ...], cells: tuple[CellAdvice, ...]) -> str:
    """Return the SHA-256 of what a plan says."""
    said = repr((hazards, cells))
    named = [
        (entry.cell, number, part.general.refuge, part.step_free.refuge)
        for entry in cells
        for number, part in enumerate(entry.parts)
        if part.general.refuge or part.step_free.refuge
    ]
    return hashlib.sha256((f"{said}{named!r}" if named else said).encode()).hexdigest()
