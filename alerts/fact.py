"""Where a fact comes from, how sure it is, and how it grows old.

A fact is anything that a source states about the ground and that is not itself a warning: a shelter's
state, a road that cannot be walked, a river's stage. It is replaced by a newer fact of the same
source and thing, never deleted by silence (R10).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Confidence(StrEnum):
    """How far a fact may be acted on. Only what is confirmed or official moves people."""

    REPORTED = "reported"  # somebody says so; shown with its age, never acted on alone
    CONFIRMED = "confirmed"  # a coordinator, or a source that policy trusts, stands behind it
    OFFICIAL = "official"  # the body that is responsible for the thing itself


@dataclass(frozen=True, slots=True)
class Attribution:
    """Who said it, when it was so, when we heard of it, and how sure it is.

    `source` is the register's name of the feed or of the person's role, never a person's name.
    """

    source: str
    fact_at: datetime
    received_at: datetime
    confidence: Confidence


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """A source was heard, with news or without: silence and calm differ (R10)."""

    source: str
    fact_at: datetime
    received_at: datetime


class Freshness(StrEnum):
    """How a fact's age is shown. There is no value for "false": silence is not news."""

    FRESH = "fresh"
    AGEING = "ageing"
    UNCONFIRMED = "unconfirmed"


# R17: 60 minutes without news shows a shelter as unconfirmed. Half of it is when an officer should ask.
AGEING_AFTER = timedelta(minutes=30)
UNCONFIRMED_AFTER = timedelta(minutes=60)
# Clocks of different offices differ by this much without being wrong.
CLOCK_TOLERANCE = timedelta(minutes=2)


def freshness(
    attribution: Attribution,
    *,
    at: datetime,
    ageing_after: timedelta = AGEING_AFTER,
    unconfirmed_after: timedelta = UNCONFIRMED_AFTER,
) -> Freshness:
    """Return how old the fact looks at *at*.

    Safe in the stated direction: a time in the future is a clock that is wrong, so the fact is
    unconfirmed and not fresh for ever.
    """
    return freshness_at(attribution.fact_at, at=at, ageing_after=ageing_after, unconfirmed_after=unconfirmed_after)


def freshness_at(
    fact_at: datetime,
    *,
    at: datetime,
    ageing_after: timedelta = AGEING_AFTER,
    unconfirmed_after: timedelta = UNCONFIRMED_AFTER,
) -> Freshness:
    """Return how old what was so at *fact_at* looks at *at*; by the same rule as `freshness`."""
    age = at - fact_at
    if age < -CLOCK_TOLERANCE or age >= unconfirmed_after:
        return Freshness.UNCONFIRMED
    return Freshness.AGEING if age >= ageing_after else Freshness.FRESH
