"""When to try again, and when to stop."""

from dataclasses import dataclass
from enum import StrEnum

from dispatch.outcomes import PushOutcome, rule_of
from dispatch.settings import DispatchSettings


class GiveUpReason(StrEnum):
    """Why there is no further try."""

    FINAL = "final"
    ATTEMPTS = "attempts"
    EXPIRES_FIRST = "expires-first"


@dataclass(frozen=True, slots=True)
class RetryAt:
    """Try again at this time, not before."""

    at: float


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Never try again."""

    reason: GiveUpReason


def next_attempt(
    outcome: PushOutcome,
    attempts: int,
    *,
    now: float,
    expires_at: float,
    jitter: float,
    settings: DispatchSettings,
    retry_after_seconds: float | None = None,
) -> RetryAt | GiveUp:
    """Decide about the row whose *attempts*-th POST ended in *outcome*.

    Waits double from `retry_first_seconds` to `retry_cap_seconds`; *jitter* (0 to 1, drawn by the
    caller) takes up to half of it off, so that a push service that comes back is not met by all at
    once. What the service itself asked for is never undercut.
    """
    rule = rule_of(outcome)
    if not rule.retry:
        return GiveUp(GiveUpReason.FINAL)
    if rule.max_attempts is not None and attempts >= rule.max_attempts:
        return GiveUp(GiveUpReason.ATTEMPTS)
    # The exponent is capped: 2.0 ** 1100 is an error, and a notice may live for days.
    wait = min(settings.retry_cap_seconds, settings.retry_first_seconds * 2.0 ** min(attempts - 1, 20))
    wait *= 1 - jitter / 2
    at = now + max(wait, retry_after_seconds or 0.0)
    # A TTL of less than a second is none.
    return RetryAt(at) if at + 1 <= expires_at else GiveUp(GiveUpReason.EXPIRES_FIRST)
