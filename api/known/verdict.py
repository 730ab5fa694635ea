"""What is said of something that was let go: SENT, NOT SENT or UNKNOWN, why, and that trying again is safe.

Pure. Errs towards UNKNOWN: SENT is said of what is stored where every worker reads it and what nobody takes back,
NOT SENT only where it is known that nobody was sent it. To press again is safe in each of them, since the decider
takes a draft once and a worker sends a revision once; the answer to the same form is the same.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from alerts.notice import Notice
from api.known.sending import HowFar
from dispatch.outcomes import PushOutcome
from streams.fanout.approval import mismatch_of

# The first push is out within two seconds (promise 5); a worker that was killed is back within fifteen (promise 3).
SILENT_AFTER = timedelta(seconds=30)


class Answer(StrEnum):
    """The one word."""

    SENT = "SENT"
    NOT_SENT = "NOT SENT"
    UNKNOWN = "UNKNOWN"


class Why(StrEnum):
    """What lies behind the word."""

    DONE = "done"
    PARTLY = "partly"  # done, and not everybody's push was accepted
    GOING = "going"
    WAITING = "waits-for-a-person"
    STOPPED = "not-what-was-approved"
    EXPIRED = "expired-before-it-left"
    NOBODY = "nobody-to-send-to"
    REFUSED = "nobody-accepted-it"
    UNANSWERED = "no-answer-to-any-push"
    SILENT = "workers-silent"
    NO_NEWS = "state-is-old"
    NOT_HEARD = "no-result-yet"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A word and its reason."""

    answer: Answer
    why: Why


def verdict_of(notice: Notice | None, far: HowFar, *, waits: bool, current: bool, now: datetime) -> Verdict:
    """Return what is said of the revision *notice* (None: none went out).

    *waits* says that its draft still waits for a person, *current* that our own state is: of an old one nothing is
    certain but what has already been heard.
    """
    if notice is None:
        if not current:
            return Verdict(Answer.UNKNOWN, Why.NO_NEWS)
        return Verdict(Answer.NOT_SENT, Why.WAITING) if waits else Verdict(Answer.UNKNOWN, Why.NOT_HEARD)
    if mismatch_of(notice) is not None:
        return Verdict(Answer.NOT_SENT, Why.STOPPED)
    if far.ended:
        return _ended(far)
    if not current:
        return Verdict(Answer.UNKNOWN, Why.NO_NEWS)
    heard = max(filter(None, (far.heard_at, notice.approved_at)))
    if now - heard > SILENT_AFTER:
        return Verdict(Answer.UNKNOWN, Why.SILENT)
    return Verdict(Answer.SENT, Why.GOING)


def _ended(far: HowFar) -> Verdict:
    ends = {outcome: number for outcome, number in far.outcomes.items() if number}
    if far.accepted:
        return Verdict(Answer.SENT, Why.DONE if len(ends) == 1 else Why.PARTLY)
    if not ends:
        return Verdict(Answer.NOT_SENT, Why.NOBODY)
    if ends.keys() & {PushOutcome.UNKNOWN.value, PushOutcome.TIMEOUT.value}:
        # Handed over and never answered: some may have arrived.
        return Verdict(Answer.UNKNOWN, Why.UNANSWERED)
    expired = ends.keys() == {PushOutcome.EXPIRED.value}
    return Verdict(Answer.NOT_SENT, Why.EXPIRED if expired else Why.REFUSED)
