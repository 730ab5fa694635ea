"""The notice to people across a ward's line: the neighbour has ordered, and their own ward has not (R7).

Pure. A danger knows no line, an order does: who is under the same danger near an order, in another ward, and under no
order, is told so, whether her own ward has not decided yet, has refused or has not joined. Each person once for an
order; who is ordered later hears it from her ward. Direction of safety: nobody of the ward that has ordered is told
that it has not, and of a danger that only a draft knows people hear where that draft is an order like the neighbour's.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import h3.api.basic_int as h3

from alerts.cap import Severity
from alerts.claim import Lane
from alerts.hazard import HazardKind
from alerts.level import Level
from alerts.notice import Notice, NoticePart, Phase, Recipients
from alerts.order_words import orders_to_leave
from alerts.place import Cells, Shard
from alerts.shelter import ShelterReport
from alerts.silence_words import SilenceFacts
from geo.cells import difference, split_by_shard, union
from geo.help_lines import HelpLines
from streams.duty.silence import FEED, Ground, begins, draft_saying, part_in
from streams.duty.standing import OrderStanding
from streams.payloads import Draft, DraftRecord

NOT_YOUR_WARD = "your-ward-has-not-ordered"
# The parts of one order are approved within moments of each other: nobody is told "not ordered" in between.
ACROSS_AFTER_SECONDS = 60.0
_PREFIX = f"{FEED}|across|"
# Rain, the river that it fills and the slope that it loosens are one danger under several names.
_RAIN = frozenset((HazardKind.HEAVY_RAIN, HazardKind.RECORD_RAIN))


@dataclass(slots=True)
class Across:
    """Who was told for which order; *ward_of* gives a ward's ground by its name, nothing for an unknown one."""

    ward_of: Callable[[str], Cells]
    _told: dict[str, tuple[int, Cells]] = field(default_factory=dict)

    def hear(self, notice: Notice) -> None:
        """Take in what went out; a notice of another kind is left alone."""
        order = order_told_of(notice)
        if order:
            revision, cells = self._told.get(order, (0, ()))
            self._told[order] = (
                max(revision, notice.revision),
                union(cells, *(part.cells for part in notice.parts if begins(part))),
            )

    def due(
        self,
        orders: Iterable[OrderStanding],
        drafts: Iterable[DraftRecord],
        ground: Ground,
        shelters: Iterable[ShelterReport],
        lines: HelpLines,
        *,
        at: datetime,
    ) -> tuple[Draft, ...]:
        """Return what people across the lines of *orders* have to hear now, and take it for told.

        *drafts* are orders that wait or were refused.
        """
        standing = [order for order in orders if not order.drill]
        lineages = {order.lineage for order in standing}
        for lineage, (revision, _) in self._told.items():
            if lineage not in lineages:
                # Its line is taken back: given again it is another order.
                self._told[lineage] = revision, ()
        told = union(*(cells for _, cells in self._told.values()))
        proposed = [record.draft.notice for record in drafts if record.draft is not None]
        ordered = ground.ordered() if standing else ()
        sites, found = tuple(shelters), []
        for order in standing:
            if (at - order.since).total_seconds() < ACROSS_AFTER_SECONDS:
                continue
            cells = difference(self._beyond(order, proposed, ground, ordered, at), told)
            if not cells:
                continue
            draft = self._draft(order, cells, sites, lines, at)
            self.hear(draft.notice)
            told = union(told, cells)
            found.append(draft)
        return tuple(found)

    def _beyond(
        self, order: OrderStanding, proposed: Iterable[Notice], ground: Ground, ordered: Cells, at: datetime
    ) -> Cells:
        """Return the cells of other wards near *order* where its danger is known and that are not in *ordered*."""
        dangers = _alike(order.hazards)
        drawn = [
            part.cells
            for notice in proposed
            if notice.lane is Lane.LIFE_SAFETY and orders_to_leave(notice)
            for part in notice.parts
            if begins(part) and not dangers.isdisjoint(part.hazards)
        ]
        known = split_by_shard(union(ground.warned_of(dangers, order.cells, at), *drawn))
        around = near(order)
        here = union(*(cells for shard, cells in known.items() if shard in around))
        return difference(difference(here, ordered), self.ward_of(order.issuer)) if here else ()

    def _draft(
        self,
        order: OrderStanding,
        cells: Cells,
        sites: tuple[ShelterReport, ...],
        lines: HelpLines,
        at: datetime,
    ) -> Draft:
        level = order.level if order.level is not None else Level.ALL_LEAVE
        of = NoticePart(
            0, Phase.ISSUED, Recipients.CELLS, level, Severity.SEVERE, order.hazards, (order.issuer,), cells, ()
        )
        facts = SilenceFacts(level, at, neighbour=order.issuer)
        parts = tuple(
            part_in(of, facts, 0, shard, inside, sites, said)
            for shard, here in sorted(split_by_shard(cells).items())
            for inside, said in lines.split(here)
        )
        revision = self._told.get(order.lineage, (0, ()))[0] + 1
        return draft_saying(
            parts,
            _PREFIX + order.lineage,
            revision,
            kind=NOT_YOUR_WARD,
            document=order.document,
            issuer=order.issuer,
            at=at,
        )


def near(order: OrderStanding) -> frozenset[Shard]:
    """Return the shards of *order* and those around them."""
    return frozenset(shard for own in split_by_shard(order.cells) for shard in h3.grid_disk(own, 1))


def order_told_of(notice: Notice) -> str:
    """Return the lineage of the order that *notice* speaks of to people across its line; "" of any other notice."""
    return notice.lineage.removeprefix(_PREFIX) if notice.lineage.startswith(_PREFIX) else ""


def _alike(hazards: Iterable[HazardKind]) -> frozenset[HazardKind]:
    named = frozenset(hazards)
    if named & _RAIN:
        return named | _RAIN | {HazardKind.FLOOD, HazardKind.LANDSLIDE}
    return named | _RAIN if named & {HazardKind.FLOOD, HazardKind.LANDSLIDE} else named


def by_name(grounds: Mapping[str, Iterable[Cells]]) -> Callable[[str], Cells]:
    """Return the ground of a ward by its name; several of one name count together, so that none is told wrongly."""
    return lambda name: union(*grounds.get(name, ()))
