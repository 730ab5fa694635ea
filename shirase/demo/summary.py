"""The account of a run as its last line of output: JSON with stable names."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shirase.demo.observer import Account
from streams.fanout.row_ends import Unsent
from streams.payloads import ReceiptRecord

_EXPIRED = "expired"
_ACCEPTED = "accepted"
# What no push service had a part in was not tried, and did not fail.
_NOT_FAILED = frozenset((_ACCEPTED, _EXPIRED, *Unsent))


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Half and 99 of 100 values are at most these; milliseconds, None where nothing was measured."""

    p50: float | None
    p99: float | None

    @classmethod
    def of(cls, values: Sequence[float]) -> "Percentiles":
        """Return the nearest-rank percentiles of *values*."""
        if not values:
            return cls(None, None)
        ordered = sorted(values)
        # In whole numbers: rounded up, and 0.99 is no binary fraction.
        return cls(*(ordered[-(-len(ordered) * percent // 100) - 1] for percent in (50, 99)))


def summary(account: Account) -> dict[str, Any]:
    """Return the summary that `replay` and `demo` end with."""
    receipts = list(account.receipts.values())
    outcomes: Counter[str] = Counter()
    for receipt in receipts:
        outcomes.update(receipt.outcomes)
    selected = sum(receipt.selected for receipt in receipts)
    accepted, expired = outcomes[_ACCEPTED], outcomes[_EXPIRED]
    return {
        "documents": len(account.reports),
        "own_documents": len(account.own),
        "by_outcome": account.outcomes(),
        "notices": len(account.notices),
        "pushes": {
            "selected": selected,
            "accepted": accepted,
            "expired": expired,
            "superseded": outcomes[Unsent.SUPERSEDED.value],
            "withdrawn": outcomes[Unsent.WITHDRAWN.value],
            "failed": sum(number for outcome, number in outcomes.items() if outcome not in _NOT_FAILED),
            "by_outcome": dict(outcomes),
        },
        "latency_ms": {
            "received_to_first_accepted": _percentiles(_firsts(receipts)),
            "received_to_last_accepted": _percentiles(_lasts(receipts)),
        },
    }


def held_megabytes() -> float:
    """Return the memory of this process that is in use now, not its peak."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)


def usage(receipts: Sequence[ReceiptRecord]) -> dict[str, int]:
    """Return the pushes accepted per ward of the subscription; the rows sum to the total."""
    wards: Counter[str] = Counter()
    for receipt in receipts:
        wards.update(receipt.wards)
    return dict(sorted(wards.items()))


def _firsts(receipts: Sequence[ReceiptRecord]) -> list[float]:
    """Per notice: from the document's arrival to the first acceptance anywhere."""
    first: dict[tuple[str, int], float] = {}
    for receipt in receipts:
        if receipt.first_accepted_ms is not None:
            key, took = (receipt.lineage, receipt.revision), float(receipt.first_accepted_ms - receipt.received_ms)
            first[key] = min(first.get(key, took), took)
    return list(first.values())


def _lasts(receipts: Sequence[ReceiptRecord]) -> list[float]:
    last: dict[tuple[str, int], float] = {}
    for receipt in receipts:
        if receipt.last_accepted_ms is not None:
            key, took = (receipt.lineage, receipt.revision), float(receipt.last_accepted_ms - receipt.received_ms)
            last[key] = max(last.get(key, took), took)
    return list(last.values())


def _percentiles(values: Sequence[float]) -> dict[str, float | None]:
    found = Percentiles.of(values)
    return {"p50": found.p50, "p99": found.p99}
