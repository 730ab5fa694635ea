"""Is a worker alive? When it moves on, or has nothing to do; a live process that does neither is stuck."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """Two sums at one moment: what was *moved* past since the start, what is known to be *waiting*."""

    moved: int
    waiting: int


def is_progress(before: Progress, now: Progress) -> bool:
    """Say whether a worker deserves its heartbeat: it moved, or nothing waits for it."""
    return now.moved != before.moved or now.waiting == 0
