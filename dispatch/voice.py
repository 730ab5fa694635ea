"""How each person is spoken to when she is told once for all her places (R5)."""

import numpy as np
from numpy.typing import NDArray

from alerts.notice import Notice, NoticePart
from dispatch.columns import U8, U32
from dispatch.registry import Registry
from dispatch.terms import Manner, code_of, manners


class Voice:
    """How each person is spoken to: by the places of her own that were reached, else by somebody else's."""

    def __init__(self, registry: Registry, notice: Notice, hour: int) -> None:
        self._registry = registry
        self._notice = notice
        self._hour = hour
        some = registry.count if registry.has_terms else 0
        self._own = np.zeros(some, dtype=np.bool_)
        self._loud = np.zeros(some, dtype=np.bool_)

    def heard(
        self, rows: NDArray[np.int64], terms: U32, part: NoticePart, keep: NDArray[np.bool_]
    ) -> NDArray[np.bool_]:
        """Note the places that *part* reaches, those of *keep*; return which of them may decide what is read."""
        manner = manners(terms, self._notice, part, self._hour)
        own = (manner & Manner.INFORM) == 0
        mine = rows[keep & own]
        # What somebody else's place made loud says nothing about one's own.
        self._loud[mine[~self._own[mine]]] = False
        self._own[mine] = True
        keep = keep & (own | ~self._own[rows])
        self._loud[rows[keep & ((manner & Manner.SILENT) == 0)]] = True
        return keep

    def heard_everywhere(self, rows: NDArray[np.int64], part: NoticePart) -> NDArray[np.int64]:
        """Note what reaches *rows* whatever their places are now: by all of them."""
        if self._registry.has_terms:
            reached = np.isin(self._registry.index_row, rows)
            at = np.flatnonzero(reached)
            places = self._registry.index_row[at].astype(np.int64)
            self.heard(places, self._registry.index_terms[at], part, np.ones(len(at), dtype=np.bool_))
        return rows

    def codes(self, rows: NDArray[np.int64]) -> U8:
        """Return the code of each of *rows*: no place, and its manner."""
        if not self._registry.has_terms:
            return np.zeros(len(rows), dtype=np.uint8)
        inform = np.where(self._own[rows], 0, int(Manner.INFORM))
        silent = np.where(self._loud[rows], 0, int(Manner.SILENT))
        codes: U8 = code_of(0, inform | silent).astype(np.uint8)
        return codes
