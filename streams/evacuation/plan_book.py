"""Plans by shard and digest, followed from their topic: what a kind 3 notice may be built from.

A notice names the digest of each plan; a newer plan of the same shard is another one and does not serve.
"""

from collections.abc import Mapping

from alerts.notice import Notice, PlanRef
from alerts.place import Shard
from routing.plan import EvacuationPlan
from streams.brokers.client import Consumer, Record, read_to_end
from streams.dead_letters import Refused
from streams.topics import PLANS
from streams.wire import decode

# A notice is sent within seconds of its plan; for who takes over it may be a few plans back.
_KEPT = 16


class PlanBook:
    """The newest plans of every shard."""

    def __init__(self, bootstrap: str) -> None:
        self._plans: dict[Shard, dict[str, EvacuationPlan]] = {}
        starts: dict[tuple[str, int], int] = {}
        for record in read_to_end(bootstrap, PLANS.name):
            self._take(record)
            starts[record.topic, record.partition] = record.offset + 1
        self._consumer = Consumer(bootstrap, patient=True)
        marks = self._consumer.watermarks(PLANS.name)
        self._consumer.assign({place: starts.get(place, mark.low) for place, mark in marks.items()})

    def follow(self) -> bool:
        """Take in what has come; return whether there was anything."""
        records = self._consumer.poll_many(64, 0.0)
        for record in records:
            self._take(record)
        return bool(records)

    def for_notice(self, notice: Notice) -> Mapping[Shard, EvacuationPlan] | None:
        """Return the plans that *notice* names, or None while one of them has not come."""
        found: dict[Shard, EvacuationPlan] = {}
        if any(self._named(ref) is None for ref in notice.plans):
            self.follow()
        for ref in notice.plans:
            plan = self._named(ref)
            if plan is None:
                return None
            found[ref.shard] = plan
        return found

    def _named(self, ref: PlanRef) -> EvacuationPlan | None:
        """Return the plan with that digest; one of an earlier version has not come again yet."""
        plan = self._plans.get(ref.shard, {}).get(ref.digest)
        return plan if plan is not None and plan.version >= ref.version else None

    def newest(self) -> tuple[EvacuationPlan, ...]:
        """Return the newest plan of every shard."""
        return tuple(next(reversed(plans.values())) for _, plans in sorted(self._plans.items()))

    def close(self) -> None:
        """Stop following."""
        self._consumer.close()

    def _take(self, record: Record) -> None:
        if record.value is None:
            return
        try:
            plan = decode(EvacuationPlan, record.value)
        except Refused:
            return  # put aside by the planner's own reader; a notice that needs it waits and says so
        known = self._plans.setdefault(plan.shard, {})
        known.pop(plan.digest, None)
        known[plan.digest] = plan
        while len(known) > _KEPT:
            del known[next(iter(known))]
