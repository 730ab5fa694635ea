"""On which of the machine's processors a door runs, where somebody says so with `--cpus` (R20, docs/decisions/0066)."""

import os
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path

# Interrupts, the console and workers are there or come there.
FIRST = 0
_MOST = 4096


def processors_of(text: str) -> frozenset[int]:
    """Return the processors that *text* names as `taskset` and cpuset do: `0`, `1-3`, `0,2-3`. Raises ValueError."""
    found: set[int] = set()
    for part in text.split(","):
        low, dash, high = part.strip().partition("-")
        if not low.isascii() or not low.isdigit() or (dash and not (high.isascii() and high.isdigit())):
            raise ValueError(f"{part.strip()!r} is no processor and no range of them: write 0, 1-3 or 0,2-3")
        first, last = int(low), int(high) if dash else int(low)
        if not first <= last < _MOST:
            raise ValueError(f"{part.strip()!r} is no range of processors below {_MOST}")
        found.update(range(first, last + 1))
    return frozenset(found)


def left_to_residents(allowed: Collection[int], in_machine: int) -> frozenset[int]:
    """Return what a residents' door that leaves the first processor to all others is given with `--cpus`.

    All but the first of a machine with several. Who was given some of them already (by a cpuset, by `taskset`) keeps
    what was given: whoever did that knows where the console is.
    """
    given = frozenset(allowed)
    return given if len(given) < in_machine else given - {FIRST} or given


def allowed() -> frozenset[int]:
    """Return on which processors this process may run; none where the system does not say."""
    return frozenset(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else frozenset()


def keep_to(processors: frozenset[int], threads: Callable[[], Collection[int]] | None = None) -> None:
    """Run on *processors* from now on, and the threads begun before too. Raises ValueError where none is ours."""
    ours = processors & allowed()
    if not ours:
        raise ValueError(f"none of the processors {sorted(processors)} is among ours, {sorted(allowed())}")
    for thread in (threads or _threads)():
        # One may have ended meanwhile.
        with suppress(ProcessLookupError):
            os.sched_setaffinity(thread, ours)


def _threads() -> Collection[int]:
    tasks = Path("/proc/self/task")
    # 0 is the thread that asks, and what it begins.
    return [int(one.name) for one in tasks.iterdir()] if tasks.is_dir() else [0]
