"""Proof of life: when a subscription's owner was last there, as coarsely as is of use (R19).

Permission dies unseen: a browser withdraws it from a site that is not opened, and nobody is told. So each subscription
keeps in which ten days its page was last opened, and counts of people are counts of who can still be reached. It never
decides who is told: a push to somebody who may be gone costs nothing, and one that is not sent may cost a life.
"""

from datetime import date, timedelta
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

_EPOCH_DAY = 18_262  # 2020-01-01
_DAY_SECONDS = 86_400
_SPAN_DAYS = 10
UNKNOWN = 0
# What is shown or exported is no figure below this (promise 15).
LEAST_SHOWN = 20


class Age(IntEnum):
    """How long ago somebody was last there."""

    RECENT = 0  # less than 30 days
    HALF_YEAR = 1  # less than 180
    OLDER = 2


def span_of(at: float) -> int:
    """Return the ten days that *at* (seconds since 1970) lies in, from 1."""
    return max(1, (int(at) // _DAY_SECONDS - _EPOCH_DAY) // _SPAN_DAYS + 1)


def day_of(span: int) -> str:
    """Return the first day of *span*, "" where nothing was kept: what its owner is shown."""
    if span == UNKNOWN:
        return ""
    return (date(1970, 1, 1) + timedelta(days=_EPOCH_DAY + (span - 1) * _SPAN_DAYS)).isoformat()


def ages(spans: NDArray[np.uint16], at: float) -> NDArray[np.uint8]:
    """Return the `Age` of each; somebody of whom nothing was kept yet counts as there.

    Errs towards older: of ten days the first counts, so that who is called recent is.
    """
    since = span_of(at) - spans.astype(np.int64)
    found = np.full(len(spans), Age.OLDER, dtype=np.uint8)
    found[(since + 1) * _SPAN_DAYS <= 180] = Age.HALF_YEAR
    found[((since + 1) * _SPAN_DAYS <= 30) | (spans == UNKNOWN)] = Age.RECENT
    return found


def are_reachable(spans: NDArray[np.uint16], at: float) -> NDArray[np.bool_]:
    """Tell of each whether it counts: somebody was there within 180 days."""
    found: NDArray[np.bool_] = ages(spans, at) != Age.OLDER
    return found


def shown(count: int) -> str:
    """Return *count* as it may be shown."""
    return f"<{LEAST_SHOWN}" if count < LEAST_SHOWN else f"{count:,}"
