"""How many requests one push service may hold open: grown by its answers, halved when it is busy.

A service that says nothing never grows beyond the first window, so a silent one costs the others a few
hundred slots. One that fails again and again is left alone for a while, then asked with a handful.
"""

from dispatch.outcomes import PushOutcome

# At 50 ms a round trip 256 open requests are 5,000 pushes a second; each answer allows one more, so that the
# window doubles with each round trip and a healthy service has all of 4,096 after four.
FIRST_WINDOW = 256
LEAST_WINDOW = 8
# Failures in a row, without an answer between them, that mean: away. More than one lost connection's worth.
FAILURES_THAT_OPEN = 200
FIRST_REST_SECONDS = 1.0
LONGEST_REST_SECONDS = 30.0
# One burst of 429s is one reason to slow down, not a thousand.
HALVED_AT_MOST_EVERY_SECONDS = 1.0
# What comes back in the first moment was asked before: it says nothing about the smaller window.
HELD_SECONDS = 0.3
# Busy once, it soon has again what it had; busy again within this time, that was too much: by small steps from there.
AGAIN_WITHIN_SECONDS = 5.0
# After so long without a complaint what was too much then says nothing any more.
CALM_SECONDS = 15.0

_SILENT = frozenset((PushOutcome.NOT_SENT, PushOutcome.UNKNOWN, PushOutcome.TIMEOUT))
_OVERLOADED = frozenset((PushOutcome.BUSY, PushOutcome.RETRY))
_NOTHING_LEARNT = frozenset((PushOutcome.EXPIRED,))


class Pace:
    """The window and the breaker of one push service. Times are epoch seconds, given by the caller."""

    def __init__(self, most: int) -> None:
        self._most = max(1, most)
        self._window = float(min(FIRST_WINDOW, self._most))
        self._level = float(self._most)  # up to here the window doubles with each round trip
        self._halved_at = float("-inf")
        self._failures = 0
        self._rest_seconds = FIRST_REST_SECONDS
        self._rests_until = 0.0

    @property
    def window(self) -> int:
        """Return how many requests may be open."""
        return int(self._window)

    @property
    def rests_until(self) -> float:
        """Return until when nothing is started; 0 when it does not rest."""
        return self._rests_until

    @property
    def away(self) -> bool:
        """Tell whether it failed again and again, and has not answered since."""
        return self._failures >= FAILURES_THAT_OPEN

    def seen(self, outcome: PushOutcome, count: int, now: float) -> None:
        """Learn from *count* requests that ended in *outcome*."""
        if outcome in _NOTHING_LEARNT:
            return
        if outcome in _SILENT:
            self._failed(count, now)
            return
        if self.away:
            # It is back: begin as with a stranger.
            self._window, self._level = float(min(FIRST_WINDOW, self._most)), float(self._most)
        self._failures, self._rest_seconds, self._rests_until = 0, FIRST_REST_SECONDS, 0.0
        if outcome in _OVERLOADED:
            self._halve(now)
        else:
            self._grow(count, now)

    def _grow(self, count: int, now: float) -> None:
        if now - self._halved_at < HELD_SECONDS:
            return
        if now - self._halved_at >= CALM_SECONDS:
            self._level = float(self._most)
        if self._window < self._level:
            self._window = min(self._level, self._window + count)
        else:
            self._window = min(float(self._most), self._window + count * LEAST_WINDOW / self._window)

    def _halve(self, now: float) -> None:
        if now - self._halved_at < HALVED_AT_MOST_EVERY_SECONDS:
            return
        before = self._window
        self._window = max(float(min(LEAST_WINDOW, self._most)), before / 2)
        self._level = self._window if now - self._halved_at < AGAIN_WITHIN_SECONDS else before
        self._halved_at = now

    def _failed(self, count: int, now: float) -> None:
        self._failures += count
        # While it rests, what was still open comes back: that says nothing new.
        if self.away and now >= self._rests_until:
            self._rests_until = now + self._rest_seconds
            self._rest_seconds = min(LONGEST_REST_SECONDS, 2 * self._rest_seconds)
            self._window = float(min(LEAST_WINDOW, self._most))
