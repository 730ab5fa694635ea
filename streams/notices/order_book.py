"""Orders to leave: which are in force, and in which cells.

An order is a danger that its document marks as one (CAP Evacuate). It is in force for kind 3 once its
own notice has gone out, by policy with an independent sign (R9) or by a person's approval: software
never states an evacuation first. What an approved order no longer names is not in force; what it adds
needs its own notice. Expiry ends a push and never an order (R10).
"""

from dataclasses import dataclass, field, replace
from datetime import datetime

from alerts.claim import HazardSnapshot, Provenance, Standing
from alerts.hazard import HazardKind
from alerts.help_line import HelpLine
from alerts.level import Level
from alerts.notice import Notice, NoticeKind
from alerts.place import Cell, Shard
from geo.cells import expand

WAYS = "#ways"


@dataclass(frozen=True, slots=True)
class InForce:
    """One order: who gave it, the cells at the hazard resolution that are to leave, and why."""

    lineage: str
    provenance: Provenance
    cells: frozenset[Cell]
    hazards: frozenset[HazardKind]
    level: Level | None
    area_names: tuple[str, ...]
    help_lines: tuple[HelpLine, ...] = ()
    """As its notice named them when it went out: ways name no other number than what was approved."""

    @property
    def ways(self) -> str:
        """Return the lineage of its kind 3 notices: a river picture never replaces an order on its way."""
        return self.lineage + WAYS


@dataclass(slots=True)
class _Thread:
    standings: dict[Shard, Standing] = field(default_factory=dict)
    sent: set[str] = field(default_factory=set)
    approved: frozenset[Cell] = frozenset()
    help_lines: tuple[HelpLine, ...] = ()
    expires: datetime | None = None  # as the newest notice of it says: a person may have given it a later end
    revision: int = -1
    last: InForce | None = None

    def lasting(self, provenance: Provenance) -> Provenance:
        """Return *provenance* with the end that the order was given last, its document's or a person's."""
        return (
            provenance if self.expires is None else replace(provenance, expires=max(provenance.expires, self.expires))
        )


class OrderBook:
    """What the hazard maps say of orders, and which of them have gone out."""

    def __init__(self) -> None:
        self._threads: dict[str, _Thread] = {}

    def hear_map(self, snapshot: HazardSnapshot) -> bool:
        """Take in what holds in a shard; return whether it may have changed an order."""
        changed = False
        here = {standing.provenance.lineage: standing for standing in snapshot.standings}
        for lineage, standing in here.items():
            if not _orders(standing) and lineage not in self._threads:
                continue
            thread = self._threads.setdefault(lineage, _Thread())
            if thread.standings.get(snapshot.shard) != standing:
                thread.standings[snapshot.shard] = standing
                changed = True
        return changed

    def hear_notice(self, notice: Notice) -> bool:
        """Take in that a notice has gone out; return whether it may have put an order in force."""
        if notice.kind is NoticeKind.GO_THERE:
            return False
        # Also of lineages that no map has shown yet: the two topics are read side by side.
        thread = self._threads.setdefault(notice.lineage, _Thread())
        thread.help_lines = lines_of(notice) or thread.help_lines
        before = thread.expires
        if notice.revision > thread.revision:
            thread.revision, thread.expires = notice.revision, notice.expires
        if notice.document in thread.sent:
            return thread.expires != before
        thread.sent.add(notice.document)
        return True

    def in_force(self) -> tuple[InForce, ...]:
        """Return the orders in force, by lineage."""
        found = []
        for lineage, thread in sorted(self._threads.items()):
            cells: set[Cell] = set()
            dangers = []
            newest: Provenance | None = None
            for _, standing in sorted(thread.standings.items()):
                ordered = [danger for danger in standing.dangers if danger.evacuate]
                here = {cell for danger in ordered for cell in expand(danger.cells)}
                if standing.provenance.document not in thread.sent:
                    here &= thread.approved
                if not here:
                    continue
                cells |= here
                dangers += ordered
                if newest is None or standing.provenance.revision > newest.revision:
                    newest = standing.provenance
            thread.approved = frozenset(cells)
            if newest is not None:
                levels = [danger.level for danger in dangers if danger.level is not None]
                thread.last = InForce(
                    lineage=lineage,
                    provenance=thread.lasting(newest),
                    cells=frozenset(cells),
                    hazards=frozenset(danger.hazard for danger in dangers),
                    level=max(levels, default=None),
                    area_names=tuple(sorted({danger.area_name for danger in dangers if danger.area_name})),
                    help_lines=thread.help_lines,
                )
                found.append(thread.last)
        return tuple(found)

    def ended(self, ways: str) -> InForce | None:
        """Return the order that *ways* belonged to as it was last in force, with the document that ended it.

        None where it was never seen in force: nothing is known of it that could be told.
        """
        thread = self._threads.get(ways.removesuffix(WAYS))
        if thread is None or not thread.standings:
            return None
        newest = thread.lasting(
            max((one.provenance for one in thread.standings.values()), key=lambda found: found.revision)
        )
        if thread.last is not None:
            return replace(thread.last, provenance=newest)
        return InForce(ways.removesuffix(WAYS), newest, frozenset(), frozenset(), None, (), thread.help_lines)


def lines_of(notice: Notice) -> tuple[HelpLine, ...]:
    """Return the help lines that the words of *notice* name, each once."""
    return tuple(dict.fromkeys(line for part in notice.parts for line in part.help_lines))


def _orders(standing: Standing) -> bool:
    return any(danger.evacuate for danger in standing.dangers)
