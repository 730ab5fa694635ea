"""One active instance, the others waiting: whoever the group gives the partition has the lease.

The lease costs nothing when nothing happens and needs no clock of ours: the broker's group protocol
notices a dead holder after the session (10 s), and static membership gives it back at once to a holder
that was restarted under its name.
"""

from collections.abc import Callable

from streams.client import Consumer
from streams.topics import OWNERS


class Lease:
    """The right to act for a role, held through membership of the group ``lease-<role>``."""

    def __init__(self, bootstrap: str, *, role: str, instance: str) -> None:
        self._consumer = Consumer(bootstrap, group=f"lease-{role}", instance=f"{role}-{instance}")
        self._consumer.subscribe([OWNERS.name])

    def held(self) -> bool:
        """Say whether this instance has the lease now; also keeps its membership alive. Call it often."""
        # The records themselves mean nothing here: reading them on is what keeps the member in the group.
        self._consumer.poll_many(100, 0.0)
        return (OWNERS.name, 0) in self._consumer.positions()

    def wait(self, should_stop: Callable[[], bool], beat: Callable[[], None]) -> bool:
        """Wait for the lease; False when told to stop first. *beat* is called while waiting."""
        while not should_stop():
            self._consumer.poll_many(100, 0.2)
            beat()
            if (OWNERS.name, 0) in self._consumer.positions():
                return True
        return False

    def close(self) -> None:
        """Give the lease back."""
        self._consumer.close()
