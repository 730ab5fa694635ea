"""What each ward used in a month, from the receipts alone (R25).

A ward is the label of the subscription's place; nothing in the alert path goes by it. The figures are exact,
so that the rows sum to the totals: they are for the operators' account between wards, not for publication.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from streams.client import read_to_end
from streams.payloads import ReceiptRecord
from streams.topics import RECEIPTS
from streams.wire import decode

# Months end at midnight in Tokyo, where the account is settled.
_ZONE = ZoneInfo("Asia/Tokyo")
# What was accepted for a subscription without a ward still counts somewhere, or the rows would not sum up.
NO_WARD = "-"


@dataclass(frozen=True, slots=True)
class WardUsage:
    """One row: pushes that a push service took, and notices of which the ward had at least one."""

    ward: str
    pushes_accepted: int
    notices: int


@dataclass(frozen=True, slots=True)
class Usage:
    """A month. `distinct_notices` counts a notice once however many wards it reached; the rows each count it."""

    month: str
    rows: tuple[WardUsage, ...]
    distinct_notices: int

    @property
    def total(self) -> WardUsage:
        """Return the sum of the rows."""
        return WardUsage("total", sum(row.pushes_accepted for row in self.rows), sum(row.notices for row in self.rows))

    def plain(self) -> dict[str, Any]:
        """Return it for the JSON line."""
        rows = [{"ward": row.ward, "pushes_accepted": row.pushes_accepted, "notices": row.notices} for row in self.rows]
        total = {"pushes_accepted": self.total.pushes_accepted, "notices": self.total.notices}
        return {"month": self.month, "rows": rows, "total": total, "distinct_notices": self.distinct_notices}


def month_of(text: str) -> str:
    """Return *text* when it is a month as YYYY-MM; raises ValueError otherwise."""
    if not re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", text):
        raise ValueError(f"{text!r} is not a month; write it as YYYY-MM, e.g. 2026-11")
    return text


def usage_in(month: str, receipts: Iterable[ReceiptRecord]) -> Usage:
    """Return what the wards used in *month*, by when the document behind each notice arrived.

    A worker may write the receipt of a notice again: the last one counts.
    """
    newest = {
        (one.lineage, one.revision, one.worker, one.tail): one for one in receipts if _month(one.received_ms) == month
    }
    pushes: Counter[str] = Counter()
    notices: dict[str, set[tuple[str, int]]] = {}
    reached: set[tuple[str, int]] = set()
    for (lineage, revision, *_), receipt in newest.items():
        for ward, count in _by_ward(receipt).items():
            pushes[ward] += count
            notices.setdefault(ward, set()).add((lineage, revision))
            reached.add((lineage, revision))
    rows = tuple(WardUsage(ward, pushes[ward], len(notices[ward])) for ward in sorted(pushes))
    return Usage(month, rows, len(reached))


def read_usage(month: str, bootstrap: str) -> Usage:
    """Return the usage of *month* from the `receipts` topic."""
    records = read_to_end(bootstrap, RECEIPTS.name)
    return usage_in(month, (decode(ReceiptRecord, one.value) for one in records if one.value is not None))


def table_of(usage: Usage) -> str:
    """Return *usage* as lines for a terminal."""
    lines = [f"{usage.month}: {usage.distinct_notices:,} notices", f"{'pushes accepted':>16} {'notices':>8}  ward"]
    lines += [f"{row.pushes_accepted:>16,} {row.notices:>8,}  {row.ward}" for row in (*usage.rows, usage.total)]
    return "\n".join(lines)


def _by_ward(receipt: ReceiptRecord) -> Counter[str]:
    counts = Counter({ward or NO_WARD: count for ward, count in receipt.wards.items() if count})
    without = receipt.outcomes.get("accepted", 0) - counts.total()
    if without > 0:
        counts[NO_WARD] += without
    return counts


def _month(epoch_ms: int) -> str:
    return datetime.fromtimestamp(epoch_ms / 1000, UTC).astimezone(_ZONE).strftime("%Y-%m")
