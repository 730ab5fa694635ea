"""Who has just asked the decider for a verdict on a draft: the second of two at once hears it instead of asking too.

The decider applies commands in order, so that a race has one winner whatever is known here; this only says it to the
loser. Direction of safety: it is forgotten soon. A verdict that the broker refused is none at once, and one of which
nobody hears keeps nobody else from deciding for longer than `HEARD_SECONDS`.
"""

import threading
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime

from streams.brokers.client import Stored
from streams.payloads import Verb

# The decider answers within a second; one that is started again, within some.
HEARD_SECONDS = 15
_VERDICTS = (Verb.APPROVE, Verb.VOID)


@dataclass(frozen=True, slots=True)
class _Asked:
    by: str
    digest: str
    at: datetime
    stored: "Future[Stored]"


@dataclass(slots=True)
class UnderWay:
    """The newest verdict that was asked for on each draft, in memory; a restart of the console forgets it."""

    _asked: dict[str, _Asked] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def has_asked(
        self, verb: Verb, draft_id: str, digest: str, by: str, at: datetime, stored: "Future[Stored]"
    ) -> None:
        """Remember that *by* has handed a command to the producer; only verdicts are kept."""
        if verb not in _VERDICTS:
            return
        with self._lock:
            self._asked = {one: asked for one, asked in self._asked.items() if _stands(asked, at)}
            self._asked[draft_id] = _Asked(by, digest, at, stored)

    def of_another(self, draft_id: str, digest: str, by: str, at: datetime) -> str:
        """Return who else has asked for a verdict on this draft as it stands, and has not been answered; "" if nobody.

        An edited draft has another digest: what was asked of it before it was edited is no verdict on it.
        """
        with self._lock:
            asked = self._asked.get(draft_id)
        if asked is None or asked.by == by or asked.digest != digest or not _stands(asked, at):
            return ""
        return asked.by


def _stands(asked: _Asked, at: datetime) -> bool:
    if not asked.stored.done():
        return True  # the producer gives up by itself (`streams.brokers.producer.STORED_WITHIN_SECONDS`)
    return asked.stored.exception() is None and (at - asked.at).total_seconds() <= HEARD_SECONDS
