"""Who may have how many requests open: the bulkheads between lanes, push services and retries."""

from collections import Counter
from enum import StrEnum

from alerts.claim import Lane
from dispatch.outcomes import PushOutcome, rule_of
from dispatch.pace import Pace
from dispatch.settings import DispatchSettings

# How long a push service rests that said it is busy and not for how long.
PAUSED_SECONDS = 1.0


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
    within `retry_share`, one push service within `origin_share` where there are several, and within what its own
    answers have earned it (`Pace`) once they are told here by `answered`.
    """

    def __init__(self, settings: DispatchSettings, origins: int) -> None:
        most = settings.max_in_flight
        self._most = most
        self._most_per_origin = most if origins <= 1 else max(1, int(most * settings.origin_share))
        self._most_routine = max(1, int(most * settings.routine_share))
        self._most_retries = max(1, int(most * settings.retry_share))
        self._by_origin: Counter[str] = Counter()
        self._paces: dict[str, Pace] = {}
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

    def room(self, origin: str, lane: Lane, now: float, *, retry: bool = False) -> int:
        """Return how many slots `take_many` may take now; 0 while the push service is left alone.

        *retry* asks for the retries' share: what they may have while rows wait that were never tried.
        """
        if now < self._paused_until.get(origin, 0.0):
            return 0
        pace = self._pace(origin)
        if now < pace.rests_until:
            return 0
        room = min(self._most - self.open, pace.window - self._by_origin[origin])
        if lane is not Lane.LIFE_SAFETY:
            room = min(room, self._most_routine - self._routine)
        if retry:
            room = min(room, self._most_retries - self._retries)
        return max(0, room)

    def take_many(self, origin: str, lane: Lane, count: int, *, retry: bool = False) -> None:
        """Take *count* slots, at most what `room` says."""
        self._count(origin, lane, retry, count)

    def give_back(self, origin: str, lane: Lane, *, retry: bool = False, count: int = 1) -> None:
        """Return slots that were taken with the same words."""
        self._count(origin, lane, retry, -count)

    def answered(
        self, origin: str, outcome: PushOutcome, count: int, now: float, retry_after_seconds: float | None = None
    ) -> None:
        """Learn from *count* answers: a busy push service is paused, a failing one rests, a healthy one gets more."""
        self._pace(origin).seen(outcome, count, now)
        if rule_of(outcome).pauses_origin:
            self.pause(origin, now + (retry_after_seconds or PAUSED_SECONDS))

    def left_alone(self, origin: str, now: float) -> bool:
        """Tell whether *origin* is away or asked for a pause: rows that wait for it wait for nothing of ours."""
        return self._pace(origin).away or now < self._paused_until.get(origin, 0.0)

    def window(self, origin: str) -> int:
        """Return how many requests *origin* may hold open now."""
        return self._pace(origin).window

    def pause(self, origin: str, until: float) -> None:
        """Start nothing to *origin* before *until*: it said that it is busy."""
        self._paused_until[origin] = max(until, self._paused_until.get(origin, 0.0))

    def paused_until(self, origin: str) -> float:
        """Return until when *origin* waits; 0 when it does not."""
        return self._paused_until.get(origin, 0.0)

    def _pace(self, origin: str) -> Pace:
        pace = self._paces.get(origin)
        if pace is None:
            pace = self._paces[origin] = Pace(self._most_per_origin)
        return pace

    def _count(self, origin: str, lane: Lane, retry: bool, step: int) -> None:
        self.open += step
        self._by_origin[origin] += step
        self._routine += step * (lane is not Lane.LIFE_SAFETY)
        self._retries += step * retry
