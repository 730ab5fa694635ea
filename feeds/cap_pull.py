"""Fetch a CAP feed: an Atom or RSS index of the messages that are active now, and each message.

Such an index lists all that holds, so nothing is lost by a gap: what was issued and withdrawn in between
asks nothing of anybody any more. It repeats parts of each message; only the whole one is acted upon.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from feeds.backlog import Backlog
from feeds.feed_entries import INDEX_LIMITS, read_entries
from feeds.pull import fetch_waiting
from feeds.source import Missed, Pace, RawReport
from feeds.web import NO_VALIDATORS, Validators, Web

FEED = "cap"
# CAP messages name their own end, some of them weeks on: what an index lists is fetched whatever its age,
# and one that cannot be fetched is asked for so long.
NOT_OLDER_THAN = timedelta(days=60)

DEFAULT_PACE = Pace(interval_seconds=60.0, grace_seconds=240.0)


@dataclass(frozen=True, slots=True)
class CapPullSettings:
    """Settings of one CAP feed."""

    name: str
    """What it is called in metrics, log and register."""

    url: str
    """The index: Atom or RSS 2.0."""

    feed: str = FEED
    """The name that policy goes by: a deployment may trust one CAP feed more than another."""

    pace: Pace = DEFAULT_PACE
    """How often it is asked, and how late it may be."""


class CapPull:
    """One CAP feed, and what we have of it."""

    def __init__(self, settings: CapPullSettings) -> None:
        self._settings = settings
        self._backlog = Backlog()
        self._index = NO_VALIDATORS

    @property
    def name(self) -> str:
        return self._settings.name

    @property
    def pace(self) -> Pace:
        return self._settings.pace

    def fetch(self, web: Web, at: datetime) -> Iterator[RawReport | Missed]:
        """Yield the messages that are new at *at*, the newest first."""
        answer = web.get(self._settings.url, self._index, max_bytes=INDEX_LIMITS.max_bytes)
        if answer.body is not None:
            self._backlog.learn(read_entries(answer.body).entries)
            self._index = answer.validators
        self._backlog.looked(at)
        yield from fetch_waiting(web, self._backlog, self._settings.feed, at, not_older_than=NOT_OLDER_THAN)

    def memory(self) -> Mapping[str, Any]:
        return {"backlog": self._backlog.to_plain(), "index": [self._index.etag, self._index.last_modified]}

    def remember(self, memory: Mapping[str, Any]) -> None:
        try:
            backlog, index = Backlog.from_plain(memory["backlog"]), Validators(*map(str, memory["index"]))
        except (KeyError, TypeError, ValueError, AttributeError):
            return
        self._backlog, self._index = backlog, index
