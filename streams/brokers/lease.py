"""One active instance, the others waiting: whoever the group gives the partition has the lease.

The lease costs nothing when nothing happens and needs no clock of ours: the broker's group protocol
notices a dead holder after the session (10 s), and static membership gives it back at once to a holder
that was restarted under its name.
"""

import time
from collections.abc import Callable

from streams.brokers.broker import members_of
from streams.brokers.client import Consumer
from streams.topics import OWNERS

# A group that deals anew takes everything back first; nobody has the lease in that moment, and its holder goes on.
# Under its session, after which it may be another's without a word to us.
DEALING_SECONDS = 5.0


class Lease:
    """The right to act for a role, held through membership of the group ``lease-<role>``."""

    def __init__(
        self, bootstrap: str, *, role: str, instance: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._consumer = Consumer(bootstrap, group=_group_of(role), instance=f"{role}-{instance}")
        self._consumer.subscribe([OWNERS.name])
        self._clock = clock
        self._had_at = float("-inf")

    def held(self) -> bool:
        """Say whether this instance has the lease now; also keeps its membership alive. Call it often.

        Still held while the group deals anew: otherwise each standby that comes would end the holder.
        """
        # The records themselves mean nothing here: reading them on is what keeps the member in the group.
        self._consumer.poll_many(100, 0.0)
        if self._has():
            return True
        return not self._consumer.settled and self._clock() - self._had_at <= DEALING_SECONDS

    def wait(self, should_stop: Callable[[], bool], beat: Callable[[], None]) -> bool:
        """Wait for the lease; False when told to stop first. *beat* is called while waiting."""
        while not should_stop():
            self._consumer.poll_many(100, 0.2)
            beat()
            if self._has():
                return True
        return False

    def close(self) -> None:
        """Give the lease back."""
        self._consumer.close()

    def _has(self) -> bool:
        has = (OWNERS.name, 0) in self._consumer.positions()
        if has:
            self._had_at = self._clock()
        return has


def seats_of(bootstrap: str, role: str) -> dict[str, bool]:
    """Return who sits in the group of *role*, and of each whether it has the lease, as the broker says it."""
    members = members_of(bootstrap, _group_of(role))
    return {name.removeprefix(f"{role}-"): (OWNERS.name, 0) in given for name, given in members.items()}


def _group_of(role: str) -> str:
    return f"lease-{role}"
