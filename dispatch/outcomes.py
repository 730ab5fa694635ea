"""What a push service's answer means: every status has an outcome, every outcome a rule."""

from collections import deque
from dataclasses import dataclass
from enum import StrEnum


class PushOutcome(StrEnum):
    """What became of one POST. *Accepted* means that a push service took it, nothing more."""

    ACCEPTED = "accepted"
    GONE = "gone"
    REFUSED = "refused"
    TOO_LARGE = "too-large"
    BUSY = "busy"
    FAILED = "failed"
    RETRY = "server-error"
    REDIRECT = "redirect"
    NOT_SENT = "not-sent"
    UNKNOWN = "unknown"
    TIMEOUT = "timeout"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Rule:
    """What we do about an outcome.

    `max_attempts` counts the first one; None means: until it expires. `forget` ends the
    subscription. `may_have_arrived` is True where the answer was never read, so that one more POST
    may be a second copy (promise 2). `pauses_origin` makes the whole push service wait. `shorten` means one more POST,
    with the short form, where the long one was sent.
    """

    retry: bool
    max_attempts: int | None = 1
    forget: bool = False
    may_have_arrived: bool = False
    pauses_origin: bool = False
    shorten: bool = False

    @property
    def final(self) -> bool:
        """Tell whether the row is done with."""
        return not self.retry


_RULES: dict[PushOutcome, Rule] = {
    PushOutcome.ACCEPTED: Rule(retry=False),
    PushOutcome.GONE: Rule(retry=False, forget=True),
    # A wrong key or clock of ours never costs a subscription; a few more tries outlast a token that
    # was renewed too late, and an alarm brings a person for the rest.
    PushOutcome.REFUSED: Rule(retry=True, max_attempts=3),
    PushOutcome.TOO_LARGE: Rule(retry=False, shorten=True),
    PushOutcome.BUSY: Rule(retry=True, max_attempts=None, pauses_origin=True),
    PushOutcome.FAILED: Rule(retry=False),
    PushOutcome.RETRY: Rule(retry=True, max_attempts=None),
    PushOutcome.REDIRECT: Rule(retry=False),
    PushOutcome.NOT_SENT: Rule(retry=True, max_attempts=None),
    PushOutcome.UNKNOWN: Rule(retry=True, max_attempts=None, may_have_arrived=True),
    PushOutcome.TIMEOUT: Rule(retry=True, max_attempts=None, may_have_arrived=True),
    PushOutcome.EXPIRED: Rule(retry=False),
}

_STATUSES: dict[int, PushOutcome] = {
    401: PushOutcome.REFUSED,
    403: PushOutcome.REFUSED,
    404: PushOutcome.GONE,
    406: PushOutcome.BUSY,  # WNS: throttled
    408: PushOutcome.RETRY,
    410: PushOutcome.GONE,
    413: PushOutcome.TOO_LARGE,
    425: PushOutcome.RETRY,
    429: PushOutcome.BUSY,
    503: PushOutcome.BUSY,
}


def outcome_of_status(status: int) -> PushOutcome:
    """Return what *status* means; anything that is no final HTTP status is UNKNOWN."""
    if status in _STATUSES:
        return _STATUSES[status]
    match status // 100:
        case 2:
            return PushOutcome.ACCEPTED
        case 3:
            return PushOutcome.REDIRECT
        case 4:
            return PushOutcome.FAILED
        case 5:
            return PushOutcome.RETRY
    return PushOutcome.UNKNOWN


def rule_of(outcome: PushOutcome) -> Rule:
    """Return what to do about *outcome*."""
    return _RULES[outcome]


@dataclass(frozen=True, slots=True)
class GoneAlarm:
    """A push service says of too many subscribers that they are gone: a person must look."""

    origin: str
    gone: int
    answers: int


class GoneGuard:
    """Stop forgetting when a push service suddenly calls too many subscriptions gone.

    A service that answers 410 by mistake would otherwise cost us its users for good. It stays shut
    until a person opens it again: forgetting later costs nothing.
    """

    # Below this many, one browser clearing its data in a small ward would raise the alarm.
    LEAST_GONE = 20

    def __init__(self, share: float = 0.05, window_seconds: int = 60) -> None:
        self._share = share
        self._window_seconds = window_seconds
        self._seconds: dict[str, deque[list[int]]] = {}
        self._alarms: dict[str, GoneAlarm] = {}

    def seen(self, origin: str, outcome: PushOutcome, now: float, count: int = 1) -> GoneAlarm | None:
        """Count answers that are alike; return the alarm if they raised it."""
        seconds = self._seconds.setdefault(origin, deque())
        second = int(now)
        if not seconds or seconds[-1][0] != second:
            seconds.append([second, 0, 0])
            while seconds[0][0] <= second - self._window_seconds:
                seconds.popleft()
        seconds[-1][1] += count
        if outcome is not PushOutcome.GONE:
            return None
        seconds[-1][2] += count
        answers, gone = sum(one[1] for one in seconds), sum(one[2] for one in seconds)
        if origin in self._alarms or gone < self.LEAST_GONE or gone <= self._share * answers:
            return None
        self._alarms[origin] = GoneAlarm(origin, gone, answers)
        return self._alarms[origin]

    def alarm(self, origin: str) -> GoneAlarm | None:
        """Return why subscriptions of *origin* must be kept; None when they may be forgotten."""
        return self._alarms.get(origin)

    def reopen(self, origin: str) -> None:
        """Let subscriptions of *origin* be forgotten again: a person has looked."""
        self._alarms.pop(origin, None)
        self._seconds.pop(origin, None)
