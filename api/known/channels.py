"""Where each revision stands on each channel, folded from `channels` and `notices`: one entry, every channel (R16).

No clock. What is late or has failed is told apart from what is overtaken, which is nobody's work any more.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from alerts.notice import Notice
from dispatch.channel import ChannelState
from streams.brokers.client import Record
from streams.outward.again import is_again
from streams.payloads import ChannelRecord
from streams.topics import APPROVED, CHANNELS
from streams.wire import decode

FOLLOWED = (CHANNELS.name,)
# Files are there at once and a gateway answers in seconds; what has no answer for so long somebody looks at.
LATE_AFTER = timedelta(seconds=60)
OVERTAKEN = "overtaken"
MOST_LINEAGES = 300
K = TypeVar("K")
V = TypeVar("V")


def is_late(record: ChannelRecord, now: datetime) -> bool:
    """Say whether *record* has been on its way for too long."""
    return record.state is ChannelState.SENT and now - record.at > LATE_AFTER


def is_trouble(record: ChannelRecord, now: datetime) -> bool:
    """Say whether a person should look: it failed and nothing newer took its place, or it is late."""
    return is_late(record, now) or (record.state is ChannelState.FAILED and record.reason != OVERTAKEN)


@dataclass(slots=True)
class Channels:
    """One thread applies, any thread may look."""

    _states: OrderedDict[str, dict[bytes, ChannelRecord]] = field(default_factory=OrderedDict)
    _notices: OrderedDict[str, dict[int, Notice]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def apply(self, record: Record) -> None:
        """Take in one record. Raises `Refused` for one that cannot be read."""
        if record.value is None:
            return
        if record.topic == CHANNELS.name and not is_again(record.key):
            state = decode(ChannelRecord, record.value)
            with self._lock:
                _of(self._states, state.lineage)[record.key] = state
        elif record.topic in APPROVED:
            notice = decode(Notice, record.value)
            with self._lock:
                _of(self._notices, notice.lineage)[notice.revision] = notice

    def lineages(self) -> tuple[str, ...]:
        """Return the lineages that went to a channel, the last touched first."""
        with self._lock:
            return tuple(reversed(self._states))

    def of(self, lineage: str) -> tuple[ChannelRecord, ...]:
        """Return where *lineage* stands, the newest revision first, then by ward and form."""
        with self._lock:
            found = list(self._states.get(lineage, {}).values())
        return tuple(sorted(found, key=lambda one: (-one.revision, one.ward, one.form)))

    def state(self, lineage: str, revision: int, ward: str, form: str) -> ChannelRecord | None:
        """Return one of them."""
        return next((o for o in self.of(lineage) if (o.revision, o.ward, o.form) == (revision, ward, form)), None)

    def revisions(self, lineage: str) -> dict[int, Notice]:
        """Return the revisions of *lineage* that went out."""
        with self._lock:
            return dict(self._notices.get(lineage, {}))

    def trouble(self, now: datetime) -> tuple[ChannelRecord, ...]:
        """Return what a person should look at, in every lineage."""
        with self._lock:
            every = [one for states in self._states.values() for one in states.values()]
        return tuple(one for one in every if is_trouble(one, now))


def _of(kept: OrderedDict[str, dict[K, V]], lineage: str) -> dict[K, V]:
    found = kept.setdefault(lineage, {})
    kept.move_to_end(lineage)
    if len(kept) > MOST_LINEAGES:
        kept.popitem(last=False)
    return found
