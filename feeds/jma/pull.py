"""Fetch the JMA's PULL feeds: a short Atom index each minute, and the long one after a gap.

The short index (高頻度) reaches back ten minutes at least and is renewed each minute; the long one (長期)
reaches back some days and is renewed each hour. So after a gap the long one is read until it is newer than
the beginning of the short one that showed the gap: before that, what fell between the two is in neither.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from feeds.backlog import Backlog
from feeds.errors import FeedError
from feeds.feed_entries import INDEX_LIMITS, Index, read_entries
from feeds.pull import fetch_waiting
from feeds.source import Missed, Pace, RawReport
from feeds.web import NO_VALIDATORS, Validators, Web

FEED = "jma"

SHORT_REACH = timedelta(minutes=10)
# The longest that any telegram holds by itself (WARNING_VALID_FOR): what is older cannot say what holds now.
NOT_OLDER_THAN = timedelta(hours=24)
# The long index is renewed each hour; asked every five minutes it costs an answer of 304.
LONG_EVERY = timedelta(minutes=5)
# Three hours without the hour's renewal: it will not come, and to ask for ever helps nobody.
LONG_FOR = timedelta(hours=3)

DEFAULT_PACE = Pace(interval_seconds=60.0, grace_seconds=120.0)


@dataclass(frozen=True, slots=True)
class JmaPullSettings:
    """Settings of one of the four feeds (regular, extra, eqvol, other)."""

    name: str
    """What it is called in metrics, log and register, e.g. `jma-extra`."""

    url: str
    """The short index."""

    long_url: str
    """The long index, for after a gap."""

    pace: Pace = DEFAULT_PACE
    """How often it is asked, and how late it may be."""


class JmaPull:
    """One feed, and what we have of it."""

    def __init__(self, settings: JmaPullSettings) -> None:
        self._settings = settings
        self._backlog = Backlog()
        self._short = NO_VALIDATORS
        self._long = NO_VALIDATORS
        # Not None while something may be missing: the long index must become newer than this.
        self._gap_until: datetime | None = None
        self._gap_since: datetime | None = None
        self._long_due: datetime | None = None

    @property
    def name(self) -> str:
        return self._settings.name

    @property
    def pace(self) -> Pace:
        return self._settings.pace

    def fetch(self, web: Web, at: datetime) -> Iterator[RawReport | Missed]:
        """Yield the telegrams that are new at *at*, the newest first."""
        answer = web.get(self._settings.url, self._short, max_bytes=INDEX_LIMITS.max_bytes)
        # Unchanged means that nothing has come since we looked, however long ago that was.
        if answer.body is not None:
            index = read_entries(answer.body)
            self._look_for_gap(index, at)
            self._backlog.learn(index.entries)
            self._short = answer.validators
        self._backlog.looked(at)
        if self._gap_until is not None and (self._long_due is None or at >= self._long_due):
            yield from self._read_long(web, at)
        yield from fetch_waiting(web, self._backlog, FEED, at, not_older_than=NOT_OLDER_THAN)

    def _look_for_gap(self, index: Index, at: datetime) -> None:
        gap = self._backlog.gap(index, at, SHORT_REACH)
        if gap is None:
            return
        times = [entry.updated for entry in index.entries if entry.updated is not None]
        until = min(times, default=at)
        self._gap_until = until if self._gap_until is None else max(until, self._gap_until)
        self._gap_since = self._gap_since or at
        self._long_due = None

    def _read_long(self, web: Web, at: datetime) -> Iterator[Missed]:
        self._long_due = at + LONG_EVERY
        try:
            answer = web.get(self._settings.long_url, self._long, max_bytes=INDEX_LIMITS.max_bytes)
            if answer.body is not None:
                index = read_entries(answer.body)
                self._backlog.learn(index.entries, at - NOT_OLDER_THAN)
                self._long = answer.validators
                if self._gap_until is not None and index.updated is not None and index.updated >= self._gap_until:
                    self._close_gap()
        except FeedError as error:
            yield Missed(self._settings.long_url, error.reason)
            return
        if self._gap_since is not None and at - self._gap_since > LONG_FOR:
            self._close_gap()

    def _close_gap(self) -> None:
        self._gap_until = self._gap_since = self._long_due = None

    def gap_open(self) -> bool:
        """Say whether something may still be missing."""
        return self._gap_until is not None

    def memory(self) -> Mapping[str, Any]:
        return {
            "backlog": self._backlog.to_plain(),
            "short": [self._short.etag, self._short.last_modified],
            "long": [self._long.etag, self._long.last_modified],
            "gap_until": self._gap_until.isoformat() if self._gap_until else None,
            "gap_since": self._gap_since.isoformat() if self._gap_since else None,
        }

    def remember(self, memory: Mapping[str, Any]) -> None:
        try:
            backlog = Backlog.from_plain(memory["backlog"])
            short, long = (Validators(*map(str, memory[which])) for which in ("short", "long"))
            until, since = (
                datetime.fromisoformat(memory[which]) if memory[which] else None for which in ("gap_until", "gap_since")
            )
        except (KeyError, TypeError, ValueError, AttributeError):
            return
        self._backlog, self._short, self._long = backlog, short, long
        self._gap_until, self._gap_since = until, since
