"""Who may have how many requests open: the bulkheads between lanes, push services and retries."""

from collections import Counter
from enum import StrEnum

from alerts.claim import Lane
from dispatch.settings import DispatchSettings


class SlotRefusal(StrEnum):
    """Why a push must wait."""

    FULL = "full"
    ORIGIN_FULL = "origin-full"
    ORIGIN_PAUSED = "origin-paused"
    LANE_FULL = "lane-full"
    RETRIES_FULL = "retries-full"


class Slots:
    """The open requests of one worker.

    Life safety may fill everything. All other lanes together stay within `routine_share`, retries
    within `retry_share`, one push service within `origin_share` where there are several.
    """

    def __init__(self, settings: DispatchSettings, origins: int) -> None:
        most = settings.max_in_flight
        self._most = most
        self._most_per_origin = most if origins <= 1 else max(1, int(most * settings.origin_share))
        self._most_routine = max(1, int(most * settings.routine_share))
        self._most_retries = max(1, int(most * settings.retry_share))
        self._by_origin: Counter[str] = Counter()
        self._paused_until: dict[str, float] = {}
        self.open = 0
        self._routine = 0
        self._retries = 0

    def take(self, origin: str, lane: Lane, now: float, *, retry: bool = False) -> SlotRefusal | None:
        """Take a slot, or return why there is none now."""
        refusal = self.refusal(origin, lane, now, retry=retry)
        if refusal is None:
            self._count(origin, lane, retry, 1)
        return refusal

    def refusal(self, origin: str, lane: Lane, now: float, *, retry: bool = False) -> SlotRefusal | None:
        """Return why there is no slot now, without taking one."""
        if self.open >= self._most:
            return SlotRefusal.FULL
        if now < self._paused_until.get(origin, 0.0):
            return SlotRefusal.ORIGIN_PAUSED
        if self._by_origin[origin] >= self._most_per_origin:
            return SlotRefusal.ORIGIN_FULL
        if lane is not Lane.LIFE_SAFETY and self._routine >= self._most_routine:
            return SlotRefusal.LANE_FULL
        if retry and self._retries >= self._most_retries:
            return SlotRefusal.RETRIES_FULL
        return None

    def give_back(self, origin: str, lane: Lane, *, retry: bool = False) -> None:
        """Return a slot that was taken with the same words."""
        self._count(origin, lane, retry, -1)

    def pause(self, origin: str, until: float) -> None:
        """Start nothing to *origin* before *until*: it said that it is busy."""
        self._paused_until[origin] = max(until, self._paused_until.get(origin, 0.0))

    def paused_until(self, origin: str) -> float:
        """Return until when *origin* waits; 0 when it does not."""
        return self._paused_until.get(origin, 0.0)

    def _count(self, origin: str, lane: Lane, retry: bool, step: int) -> None:
        self.open += step
        self._by_origin[origin] += step
        self._routine += step * (lane is not Lane.LIFE_SAFETY)
        self._retries += step * retry
