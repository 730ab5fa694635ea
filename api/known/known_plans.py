"""The plans that drafts of ways name, folded from `plans`. No broker and no clock.

Kept as they came and read when somebody looks: the console shows few of them.
"""

import threading
from collections import deque
from dataclasses import dataclass, field

from alerts.notice import PlanRef
from routing.plan import EvacuationPlan
from streams.brokers.client import Record
from streams.dead_letters import Refused
from streams.topics import PLANS
from streams.wire import decode

FOLLOWED = (PLANS.name,)

# As many back as a worker keeps to send from: what it could not send needs no example.
_KEPT = 16


@dataclass(slots=True)
class KnownPlans:
    """The newest plans of every shard. One thread applies, any thread may look."""

    _plans: dict[str, deque[bytes]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def apply(self, record: Record) -> None:
        """Take in one record of any topic."""
        if record.topic != PLANS.name or record.value is None:
            return
        with self._lock:
            self._plans.setdefault(record.key.decode(errors="replace"), deque(maxlen=_KEPT)).append(record.value)

    def named(self, ref: PlanRef) -> EvacuationPlan | None:
        """Return the plan with the digest of *ref*, None where it has not come or has gone: no other serves (R14)."""
        with self._lock:
            kept = tuple(self._plans.get(f"{ref.shard:x}", ()))
        for value in reversed(kept):
            if ref.digest.encode() not in value:
                continue
            try:
                plan = decode(EvacuationPlan, value)
            except Refused:
                continue  # put aside by the planner's own reader
            if plan.digest == ref.digest:
                return plan
        return None
