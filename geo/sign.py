"""Is there a sign of danger where an order says to leave, from somebody who did not give the order? (R9)

Edogawa 2026 published an order of a drill on a dry day: status Actual, no drill word, and nothing else
in the whole city said that anything was wrong. That nothing else is what is looked for here.

Safe direction: when in doubt there is no sign, and a person is asked. What speaks must be another
source's, still valid, and no order itself: two offices that repeat one mistake are one mistake.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from alerts.claim import Danger, Lane, Provenance, Standing
from alerts.place import Cells
from alerts.policy import SignRule
from geo.cells import count, intersection, union

ORDER_WITHOUT_SIGN = "order-without-independent-sign"
ORDER_WITH_SIGN = "order-with-independent-sign"


@dataclass(frozen=True, slots=True)
class Sign:
    """What else speaks of danger in an order's cells. `share` is how much of them, `told_by` who says so."""

    found: bool
    share: float
    told_by: tuple[str, ...]

    @property
    def reason(self) -> str:
        """Return the code that log, metric, record and test share."""
        return ORDER_WITH_SIGN if self.found else ORDER_WITHOUT_SIGN


def independent_sign(
    order: Provenance, cells: Cells, standings: Iterable[Standing], rule: SignRule, *, at: datetime
) -> Sign:
    """Return whether enough of *cells* lies under signs of danger that do not come from *order*'s source.

    *standings* are all that hold in the shards of *cells*, the order itself among them. *at* is when the
    order came: a sign whose time had passed then is none, although it ends nothing (R10).
    """
    total = count(cells)
    if total == 0:
        return Sign(False, 0.0, ())
    told_by: dict[str, None] = {}
    signed: Cells = ()
    for standing in standings:
        if _says_nothing(standing.provenance, order, rule, at):
            continue
        for danger in standing.dangers:
            if not _is_sign(danger, rule):
                continue
            here = intersection(cells, danger.cells)
            if here:
                signed = union(signed, here)
                told_by[_name(danger, standing.provenance)] = None
    share = count(signed) / total
    return Sign(share >= rule.min_share and bool(signed), share, tuple(sorted(told_by)))


def _says_nothing(source: Provenance, order: Provenance, rule: SignRule, at: datetime) -> bool:
    return (
        source.lineage == order.lineage
        or source.feed == order.feed
        or source.feed not in rule.feeds
        or source.lane in (Lane.DRILL, Lane.CANARY)
        or source.expires <= at
    )


def _is_sign(danger: Danger, rule: SignRule) -> bool:
    if danger.evacuate:
        return False
    return danger.hazard in rule.hazards or (danger.level is not None and danger.level >= rule.min_level)


def _name(danger: Danger, source: Provenance) -> str:
    level = f" level {int(danger.level)}" if danger.level is not None else ""
    return f"{source.feed} {source.kind} {danger.hazard.value}{level}"
