"""What an index listed: which of it was fetched, which is still to be, and whether something may be missing.

Pure: no clock and no network. Repeats and another order change nothing: an entry is known by its key.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from feeds.feed_entries import Entry, Index

# A day of all four JMA feeds has a few thousand documents. What is older than the newest so many is not
# listed any more, in the long feed neither.
MAX_SEEN = 50_000
# After so many refusals a document that its index lists is given up: it was taken back or is not for us.
# A server that is away has refused nothing; its documents wait until they are too old to say what holds.
MAX_REFUSALS = 5


class Gap(StrEnum):
    """Why something may have passed us by."""

    FIRST_LOOK = "first-look"  # we know nothing yet
    NOTHING_KNOWN = "nothing-known"  # none of what it lists have we seen: it has moved on further than it reaches
    LONG_SILENCE = "long-silence"  # we did not look for longer than the index reaches back


_LATEST = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class _Waiting:
    entry: Entry
    tries: int = 0
    refusals: int = 0


class Backlog:
    """The entries of one source, by key."""

    def __init__(self) -> None:
        self._seen: dict[str, None] = {}
        self._waiting: dict[str, _Waiting] = {}
        self.looked_at: datetime | None = None

    def gap(self, index: Index, at: datetime, reach: timedelta) -> Gap | None:
        """Return why entries may be missing between the last look and *index*, or None.

        *reach* is how far back the index is promised to list. Called before `learn`.
        """
        if self.looked_at is None:
            return Gap.FIRST_LOOK
        if at - self.looked_at > reach:
            return Gap.LONG_SILENCE
        known = any(entry.key in self._seen or entry.key in self._waiting for entry in index.entries)
        return Gap.NOTHING_KNOWN if index.entries and not known else None

    def learn(self, entries: Iterable[Entry], not_before: datetime | None = None) -> int:
        """Note what is new in *entries* and return how many that are.

        What is older than *not_before* is passed over: it can hold no more. An entry without a time is fetched.
        """
        new = 0
        for entry in entries:
            if entry.key in self._seen or entry.key in self._waiting:
                continue
            if not_before is not None and entry.updated is not None and entry.updated < not_before:
                # Not marked: a long index of old entries would push out the memory of the new ones.
                continue
            self._waiting[entry.key] = _Waiting(entry)
            new += 1
        return new

    def waiting(self) -> tuple[Entry, ...]:
        """Return what is to be fetched: the newest first, what failed before behind what did not.

        After a gap the newest says what holds now; what it replaced then arrives as superseded and
        nobody is told of it any more. What says no time comes before all: unknown is never last.
        """
        return tuple(
            each.entry
            for each in sorted(
                self._waiting.values(),
                key=lambda each: (each.tries, -(each.entry.updated or _LATEST).timestamp(), each.entry.key),
            )
        )

    def drop_older(self, than: datetime) -> tuple[Entry, ...]:
        """Give up what was written before *than* and return it."""
        old = tuple(
            each.entry
            for each in self._waiting.values()
            if each.entry.updated is not None and each.entry.updated < than
        )
        for entry in old:
            self.done(entry)
        return old

    def done(self, entry: Entry) -> None:
        """Note that *entry* is stored."""
        self._waiting.pop(entry.key, None)
        self._mark(entry.key)

    def failed(self, entry: Entry, *, refused: bool) -> bool:
        """Note that *entry* could not be fetched, *refused* by an answer; return whether it is given up."""
        waiting = self._waiting[entry.key]
        waiting.tries += 1
        waiting.refusals += refused
        if waiting.refusals < MAX_REFUSALS:
            return False
        self.done(entry)
        return True

    def looked(self, at: datetime) -> None:
        """Note that the index was read, or was said to be unchanged, at *at*."""
        self.looked_at = at

    def to_plain(self) -> dict[str, Any]:
        """Return the backlog in plain values."""
        return {
            "seen": list(self._seen),
            "waiting": [
                [
                    each.entry.key,
                    each.entry.link,
                    each.entry.updated.isoformat() if each.entry.updated else None,
                    each.entry.title,
                    each.tries,
                    each.refusals,
                ]
                for each in self._waiting.values()
            ],
            "looked_at": self.looked_at.isoformat() if self.looked_at else None,
        }

    @staticmethod
    def from_plain(plain: Mapping[str, Any]) -> "Backlog":
        """Return the backlog that `to_plain` gave; raise ValueError, TypeError or KeyError where it did not."""
        backlog = Backlog()
        for key in plain["seen"]:
            backlog._mark(str(key))
        for key, link, updated, title, tries, refusals in plain["waiting"]:
            entry = Entry(str(key), str(link), datetime.fromisoformat(updated) if updated else None, str(title))
            backlog._waiting[entry.key] = _Waiting(entry, int(tries), int(refusals))
        looked_at = plain["looked_at"]
        backlog.looked_at = datetime.fromisoformat(looked_at) if looked_at else None
        return backlog

    def _mark(self, key: str) -> None:
        self._seen[key] = None
        while len(self._seen) > MAX_SEEN:
            del self._seen[next(iter(self._seen))]
