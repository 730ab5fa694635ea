"""The plans that notices of ways name, and the notices that came before theirs."""

from collections.abc import Mapping

from alerts.notice import Notice
from alerts.place import Shard
from dispatch.message import Messages
from dispatch.settings import DispatchSettings
from dispatch.ways import with_ways
from routing.plan import EvacuationPlan
from streams.brokers.client import Record
from streams.evacuation.plan_book import PlanBook


class Planned:
    """What is said of ways, by the plans that were approved with it."""

    def __init__(self, bootstrap: str, settings: DispatchSettings) -> None:
        self._plans = PlanBook(bootstrap)
        self._settings = settings
        self._waiting: list[Record] = []

    def plans(self, notice: Notice) -> Mapping[Shard, EvacuationPlan] | None:
        """Return the plans that *notice* names, or None while one of them has not come."""
        return self._plans.for_notice(notice)

    def wait(self, record: Record) -> None:
        """Keep a notice until its plan has come: it is stored before the notice, on another topic."""
        self._waiting.append(record)

    def come(self) -> list[Record]:
        """Return the notices whose plan may have come meanwhile."""
        if not self._waiting or not self._plans.follow():
            return []
        waiting, self._waiting = self._waiting, []
        return waiting

    def messages(self, notice: Notice) -> Messages:
        """Return the words of *notice*; those of ways are made from the plans that it names."""
        told, ways = with_ways(notice, self.plans(notice) or {})
        return Messages(told, self._settings, ways)

    def close(self) -> None:
        """Stop following."""
        self._plans.close()
