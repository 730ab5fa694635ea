"""The orders in force: what went out and was not lifted, folded from notices. No clock."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from alerts.claim import Lane
from alerts.duty import alone_by
from alerts.hazard import HazardKind
from alerts.level import Level
from alerts.notice import ENDS, Notice, NoticeKind, Recipients
from alerts.order_words import reads_as_order
from alerts.place import Cells
from geo.cells import difference, union


@dataclass(frozen=True, slots=True)
class OrderStanding:
    """An order that has gone out and was not lifted; past its expiry it is still in force (R10)."""

    lineage: str
    issuer: str
    title: str
    level: Level | None
    since: datetime
    expires: datetime
    cells: Cells
    drill: bool = False
    document: str = ""
    hazards: tuple[HazardKind, ...] = ()
    alone: str = ""
    """Who let it go alone, "" where two did."""


@dataclass(slots=True)
class Standing:
    """The orders in force by lineage; an older revision that comes later changes nothing."""

    _orders: dict[str, OrderStanding] = field(default_factory=dict)
    _revisions: dict[str, int] = field(default_factory=dict)

    def __iter__(self) -> Iterator[OrderStanding]:
        """Return the orders in force."""
        return iter(self._orders.values())

    def hear(self, notice: Notice) -> None:
        """Take in a notice that went out."""
        if notice.kind is NoticeKind.GO_THERE or notice.lane is Lane.CANARY:
            return
        if notice.revision <= self._revisions.get(notice.lineage, -1):
            return
        known = self._orders.get(notice.lineage)
        if known is None and not any(reads_as_order(text) for part in notice.parts for text in part.texts):
            return
        self._revisions[notice.lineage] = notice.revision
        cells = known.cells if known is not None else ()
        for part in notice.parts:
            if part.recipients is Recipients.ALL_TOLD:
                cells = ()
            ended = part.phase in ENDS
            cells = difference(cells, part.cells) if ended else union(cells, part.cells)
        if not cells:
            self._orders.pop(notice.lineage, None)
            return
        begins = [part for part in notice.parts if part.phase not in ENDS]
        self._orders[notice.lineage] = OrderStanding(
            lineage=notice.lineage,
            issuer=notice.issuer,
            title=begins[0].texts[0].title if begins else known.title if known is not None else "",
            level=max(
                (part.level for part in begins if part.level is not None), default=known.level if known else None
            ),
            since=known.since if known is not None else notice.sent,
            expires=notice.expires,
            cells=cells,
            drill=notice.lane is Lane.DRILL,
            document=notice.document,
            hazards=tuple(dict.fromkeys(hazard for part in notice.parts for hazard in part.hazards)),
            alone=alone_by(notice.approved_by) or (known.alone if known is not None else ""),
        )
