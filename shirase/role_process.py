"""What every worker process has: how it is told to stop, its sign of life, and the lease that it acts under."""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from streams.metrics import Role
from streams.settings import WorkerSettings

if TYPE_CHECKING:
    from streams.brokers.lease import Lease

log = logging.getLogger(__name__)

# A holder that died keeps its lease for its session of ten seconds. The supervisor waits a minute for a first sign.
_LEASE_AT_ONCE_SECONDS = 20.0

# A beat is looked at after seconds; touching a file at each of thousands of turns a second costs a twentieth of them.
BEAT_SECONDS = 0.1


class Stop:
    """Set by SIGTERM and SIGINT; loops ask it at every turn."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: self._asked.set())

    def __call__(self) -> bool:
        return self._asked.is_set()


class Beat:
    """Touch the heartbeat file that the supervisor watches."""

    def __init__(self, heartbeat: Path | None) -> None:
        self._heartbeat = heartbeat
        self._touched_at = 0.0
        if heartbeat is not None:
            heartbeat.parent.mkdir(parents=True, exist_ok=True)

    def __call__(self) -> None:
        if self._heartbeat is not None and time.monotonic() - self._touched_at >= BEAT_SECONDS:
            self._touched_at = time.monotonic()
            self._heartbeat.touch()


def hold_lease(role: Role, settings: WorkerSettings, stop: Stop, beat: Beat) -> bool:
    """Wait for the lease of *role* and keep it in a thread; False when told to stop first."""
    from streams.brokers.lease import Lease

    lease = Lease(settings.broker, role=role.value, instance=settings.instance)
    if not lease.wait(stop, when_waiting_long(beat)):
        lease.close()
        return False

    keep_lease(lease)
    return True


def keep_lease(lease: "Lease") -> None:
    """Keep *lease* in a thread, and end this process when it is lost: to go on would be two that act."""

    def keep() -> None:
        wait = threading.Event()
        try:
            while lease.held():
                wait.wait(0.2)
            log.error("lease lost: another instance acts now; this one ends and waits again")
        except Exception:
            # So a broker says that it has given our name to another: to go on would be two that act.
            log.exception("the lease cannot be held any more")
        finally:
            os._exit(3)

    threading.Thread(target=keep, name="lease", daemon=True).start()


def when_waiting_long(beat: Callable[[], None], clock: Callable[[], float] = time.monotonic) -> Callable[[], None]:
    """Return *beat* as a process beats that waits for its lease: not before it has waited for long.

    Who gets the lease at once gives its first sign of life when it acts, so that who starts a pipeline does not
    hand a document to a stage that has yet to read its logs. A standby that waits is alive, and must say so.
    """
    since = clock()

    def later() -> None:
        if clock() - since >= _LEASE_AT_ONCE_SECONDS:
            beat()

    return later
