"""What a place is to its owner, and how a push about it speaks and sounds (R5).

*Mine*; *mine at these hours*, outside of which it is shown without sound; *someone else's*, which is told as
information, never as an order to go, and wakes at level 4 and above; *here until tonight*, which ends by itself.

Safe in one direction: no term holds back a push of level 3 or above for a place of one's own; what is doubtful sounds,
and speaks as to somebody who is there.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, IntFlag
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alerts.level import Level
from alerts.notice import Notice, NoticePart

# Hours since then are what the end of a stay is kept in: twenty bits of them last until 2139.
_EPOCH_HOURS = int(datetime.fromisoformat("2020-01-01T00:00:00+00:00").timestamp()) // 3600
_MOST_HOURS = 2**20 - 1
_NEVER = 0
# A stay is a night or a journey, not a way of keeping a place without being asked about it.
LONGEST_STAY_SECONDS = 14 * 24 * 3600


class Whose(IntEnum):
    """What a place is to its owner."""

    MINE = 0
    MINE_AT_HOURS = 1
    SOMEONE_ELSES = 2
    HERE_UNTIL = 3


class Manner(IntFlag):
    """How a push speaks; 0 is to somebody who is there, with sound."""

    LOUD = 0
    SILENT = 1
    INFORM = 2  # about somebody else's place: what was said there, never what to do


# A place's number and the manner of its push share a byte where rows are kept: `number | manner << 3`.
NUMBER_BITS = 3
NUMBER_MASK = np.uint8(2**NUMBER_BITS - 1)
CODES = 2 ** (NUMBER_BITS + 2)


@dataclass(frozen=True, slots=True)
class Terms:
    """Whose a place is; with hours of the day in Tokyo, or with an end in seconds since 1970."""

    whose: Whose = Whose.MINE
    start_hour: int = 0
    end_hour: int = 0
    until: int = 0


MINE = Terms()


def packed(terms: Terms) -> int:
    """Return *terms* in 32 bits, 0 for a place that is simply one's own. An end is rounded up to the hour."""
    hours = 0
    if terms.whose is Whose.HERE_UNTIL:
        hours = min(_MOST_HOURS, max(1, -(-terms.until // 3600) - _EPOCH_HOURS))
    at_hours = terms.whose is Whose.MINE_AT_HOURS
    start, end = (terms.start_hour, terms.end_hour) if at_hours else (0, 0)
    return int(terms.whose) | start << 2 | end << 7 | hours << 12


def unpacked(code: int) -> Terms:
    """Return what `packed` wrote; raises ValueError for anything else."""
    if not 0 <= code < 2**32:
        raise ValueError("terms take 32 bits")
    whose, hours = Whose(code & 3), code >> 12
    until = (hours + _EPOCH_HOURS) * 3600 if hours else 0
    terms = Terms(whose, code >> 2 & 31, code >> 7 & 31, until)
    if packed(terms) != code or flaw(terms):
        raise ValueError("terms that nobody wrote")
    return terms


def flaw(terms: Terms) -> str:
    """Return what is wrong with *terms* by a stable code, "" if nothing is."""
    if terms.whose is Whose.MINE_AT_HOURS:
        hours = (terms.start_hour, terms.end_hour)
        if not all(0 <= hour < 24 for hour in hours) or hours[0] == hours[1]:
            return "place-hours"
    if terms.whose is Whose.HERE_UNTIL and terms.until <= 0:
        return "place-until"
    return ""


def manners(terms: NDArray[np.uint32], notice: Notice, part: NoticePart, hour: int) -> NDArray[np.uint8]:
    """Return the `Manner` of each place with *terms*, for *part* at *hour* of the day where people live."""
    whose = terms & 3
    start, end = terms >> 2 & 31, terms >> 7 & 31
    inside = np.where(start < end, (start <= hour) & (hour < end), (hour >= start) | (hour < end))
    found = np.zeros(len(terms), dtype=np.uint8)
    found[(whose == Whose.MINE_AT_HOURS) & ~inside] = Manner.SILENT
    others = whose == Whose.SOMEONE_ELSES
    found[others] = Manner.INFORM if wakes_others(notice, part) else Manner.INFORM | Manner.SILENT
    return found


def wakes_others(notice: Notice, part: NoticePart) -> bool:
    """Say whether news of somebody else's place makes a sound: from level 4 on."""
    del notice
    return part.level is not None and part.level >= Level.ALL_LEAVE


def have_ended(terms: NDArray[np.uint32], at: datetime) -> NDArray[np.bool_]:
    """Tell of each place whether its owner has left it by *at*."""
    now = int(at.timestamp()) // 3600 - _EPOCH_HOURS
    hours = (terms >> 12).astype(np.int64)
    ended: NDArray[np.bool_] = (hours != _NEVER) & (hours <= now)
    return ended


def code_of(number: Any, manner: Any) -> Any:
    """Return number and manner in one byte, of a place or of columns of them."""
    return number | (manner << NUMBER_BITS)


def number_of(code: int) -> int:
    """Return the number of the place in *code*."""
    return code & int(NUMBER_MASK)


def manner_of(code: int) -> Manner:
    """Return the manner in *code*."""
    return Manner(code >> NUMBER_BITS)
