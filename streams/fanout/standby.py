"""A standby: keeps another worker's columns current, and takes its share over when its machine is gone.

The normal path is a restart in place: two seconds, and static membership gives the share back at once. A machine that
is gone does not restart; its session ends after ten seconds, and whoever has read a million subscriptions by then is
not sending within the fifteen that are promised. So a standby has read them before.
"""

import logging
import time
from collections.abc import Callable

from streams.brokers.lease import Lease
from streams.fanout.subscribers import Subscribers

log = logging.getLogger(__name__)

# Changes come in small numbers; what comes in a rush is worked off over several looks.
_LOOKS = 20
_REFRESH_SECONDS = 5.0


def share_of(worker: int, workers: int) -> str:
    """Return the name under which the share *worker* of *workers* is held."""
    return f"fanout-{worker}-of-{workers}"


class Standby:
    """The columns of a share that somebody else holds."""

    def __init__(self, subscribers: Subscribers, lease: Lease, clock: Callable[[], float] = time.monotonic) -> None:
        self._subscribers = subscribers
        self._lease = lease
        self._clock = clock
        self._refreshed_at = clock()

    def wait(self, should_stop: Callable[[], bool], beat: Callable[[], None]) -> bool:
        """Keep the columns current until the share is ours; False when told to stop first."""

        def keep() -> None:
            self.keep()
            beat()

        held = self._lease.wait(should_stop, keep)
        if held:
            log.warning("the share's owner is gone: this standby takes it over")
            self.keep(now=True)
        return held

    def keep(self, *, now: bool = False) -> None:
        """Follow the topic; who has left is wiped from this disk too, as by the owner."""
        for _ in range(_LOOKS):
            self._subscribers.follow()
        if now or self._clock() - self._refreshed_at >= _REFRESH_SECONDS:
            self._refreshed_at = self._clock()
            self._subscribers.erase(self._subscribers.refresh().left)
            self._subscribers.erase_outdated(self._refreshed_at)
            # Whose sign has no subscription any more is the owner's to remove.
            self._subscribers.note_signs(self._refreshed_at)
            self._subscribers.rebuild()
