"""Tie a child process to its parent: no broker and no worker outlives who started it."""

import ctypes
import os
import signal
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1


def die_with_parent(with_signal: signal.Signals = signal.SIGKILL) -> Callable[[], None]:
    """Return a ``preexec_fn`` after which the kernel signals the child when its parent thread ends.

    The C library is opened here, before the fork: in the child, between fork and exec, nothing may
    allocate. The kernel watches the *thread* that forked, so start children from one that lives as
    long as they should.
    """
    libc = ctypes.CDLL(None)
    parent_pid = os.getpid()

    def tie() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(with_signal))
        if os.getppid() != parent_pid:  # the parent died between the fork and the line above
            os._exit(1)

    return tie
