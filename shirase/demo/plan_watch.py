"""Watch from outside how far the planner is behind what is on its topics."""

from types import TracebackType

from shirase.demo.observer import Observer
from streams.brokers.client import Consumer
from streams.topics import PLANNER_FOLLOWS


class PlanWatch:
    """Compares the ends of the planner's topics with the position that it writes."""

    def __init__(self, bootstrap: str, observer: Observer) -> None:
        self._consumer = Consumer(bootstrap)
        self._observer = observer

    def behind(self) -> int:
        """Return how many records it has not acted on, and how many of its drafts are not decided."""
        position = self._observer.account.position
        heard = position.heard if position is not None else {}
        waiting = 0
        for topic in PLANNER_FOLLOWS:
            for (name, number), mark in self._consumer.watermarks(topic.name).items():
                waiting += max(0, mark.high - heard.get(f"{name}-{number}", mark.low))
        drafts = position.drafts if position is not None else ()
        return waiting + sum(draft not in self._observer.account.drafts for draft in drafts)

    def __enter__(self) -> "PlanWatch":
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._consumer.close()
