"""A notice that is sent to nobody, at the start: what the first real one would otherwise wait for is done by it.

Files are read in, tables are built, tokens are signed and libraries are loaded. With a million people the first
selection took half a second instead of an eighth.
"""

from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np

from alerts.level import Level
from alerts.notice import Notice, Text
from alerts.place import Cell
from dispatch.layers import People
from dispatch.message import Messages
from dispatch.pushes import Pushes, Sealing
from dispatch.selection import Selection, select
from dispatch.settings import DispatchSettings
from dispatch.told import decode, encode, freeze
from dispatch.unapproved import unapproved
from streams.fanout.fanout import FanOut

# Enough for every push service and language that matters; each costs a tenth of a millisecond.
_ROWS = 256
# One cell in so many: the search of an area is what is loaded, not its result.
_CELLS = 64

MakePushes = Callable[[People, Messages, Notice, FanOut], Pushes]


def warm(people: People, settings: DispatchSettings, pushes: MakePushes) -> int:
    """Do all that a notice needs but for storing and sending; return how many requests were written and dropped."""
    people.base.warm()
    if not people.base.count:
        return 0
    index = people.base.index_cell
    cells = tuple(Cell(cell) for cell in np.unique(index[:: max(1, len(index) // _CELLS)]).tolist())
    notice = _to_nobody(cells)
    chosen = select(people, notice, at=notice.sent)
    every = max(1, len(chosen) // _ROWS)
    some = Selection(chosen.rows[::every], chosen.parts[::every], chosen.places[::every])
    told = decode(encode(freeze(people, 1, some)))
    # Sealed by keys that depend on these words: no notice will ever have the same.
    fanout = FanOut(notice, people, {0: told}, {}, {0: Sealing(b"")})
    orders = fanout.fresh(dict.fromkeys(fanout.origins, _ROWS), _ROWS)
    batches, _ = pushes(people, Messages(notice, settings), notice, fanout).batches(
        fanout.rows(orders, orders.tolist()), notice.sent.timestamp()
    )
    return sum(len(batch.keys) for batch in batches)


def _to_nobody(cells: tuple[Cell, ...]) -> Notice:
    texts = tuple(Text(language, "訓練ではない試運転", "どこにも送られない。") for language in ("ja", "en"))
    return unapproved(cells, datetime.now(UTC), level=Level.SECURE_LIFE, area_names=("試運転",), texts=texts)
