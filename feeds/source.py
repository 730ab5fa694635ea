"""What a source is: a `fetch()` that yields what it got, a pace, and a moment from which it is silent.

A source yields a report and marks it as seen when it is asked for the next: the caller stores it in
between, so that what could not be stored is fetched again. No source asks the clock; the process that
drives it says what time it is.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from feeds.web import Web


@dataclass(frozen=True, slots=True)
class RawReport:
    """One document as a source gave it. `feed` is the name that policy goes by."""

    name: str
    feed: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class Missed:
    """What a source lists and did not give. `given_up`: it is not asked for again."""

    name: str
    reason: str
    given_up: bool = False


# A source that is away is asked at least this often, so that it is back soon after it has recovered.
LONGEST_WAIT_SECONDS = 300.0
# What a server may ask for by Retry-After; a day would silence a source by one wrong header.
LONGEST_RETRY_AFTER_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Pace:
    """How often a source is asked, and how late it may be before that is an alarm."""

    interval_seconds: float
    grace_seconds: float
    # Everybody who asks on the full minute asks together.
    jitter_share: float = 0.1

    def wait_seconds(self, draw: float, failures: int = 0, retry_after_seconds: float = 0.0) -> float:
        """Return how long to wait before asking again; *draw* is a random number from 0 to 1.

        Each failure in a row doubles the wait up to a bound. Never shorter than what the server asked for.
        """
        longest = max(self.interval_seconds, LONGEST_WAIT_SECONDS)
        wait = min(longest, self.interval_seconds * 2.0 ** min(failures, 20))
        spread = wait * (1.0 + self.jitter_share * (2.0 * draw - 1.0))
        return max(spread, min(retry_after_seconds, LONGEST_RETRY_AFTER_SECONDS))

    def fresh_until(self, answered: datetime) -> datetime:
        """Return until when a source that last answered at *answered* counts as fresh.

        Later it is stale: an alarm, and never an all-clear.
        """
        return answered + timedelta(seconds=self.interval_seconds + self.grace_seconds)


class Source(Protocol):
    """One source of documents."""

    @property
    def name(self) -> str: ...
    @property
    def pace(self) -> Pace: ...

    def fetch(self, web: Web, at: datetime) -> Iterator[RawReport | Missed]:
        """Yield what is new at the time *at*; raise `FeedError` where the source itself gave nothing usable."""
        ...

    def memory(self) -> Mapping[str, Any]:
        """Return in plain values what must outlive the process, so that a restart fetches nothing twice."""
        ...

    def remember(self, memory: Mapping[str, Any]) -> None:
        """Take back what `memory` gave; what is no such thing is forgotten, and everything is fetched again."""
        ...
