"""Batches that had to be cut: the caller knows only the whole ones, so answers to a part are told as the whole's."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from dispatch.batch import Batch, BatchAnswer


class Parts:
    """Which part is of which batch, for as long as any of its pushes is open."""

    def __init__(self) -> None:
        self._wholes: dict[Batch, Batch] = {}  # by a part that goes its own way
        self._open: Counter[Batch] = Counter()

    def cut(self, batch: Batch, places: list[int]) -> Batch | None:
        """Return the pushes of *batch* at *places* as a batch of its own; None for none of them."""
        if not places:
            return None
        columns = [[column[place] for place in places] for column in (batch.keys, batch.paths, batch.bodies)]
        part = Batch(batch.origin, batch.headers, batch.expires_at, *columns)  # type: ignore[arg-type]
        self._wholes[part] = self._wholes.get(batch, batch)
        self._open[part] = len(places)
        self._close(batch, len(places))
        return part

    def of_wholes(self, answers: Sequence[BatchAnswer]) -> Sequence[BatchAnswer]:
        """Return *answers* as those of the batches that the caller made."""
        if not self._wholes:
            return answers
        return [self._of_whole(answer) if answer.batch in self._wholes else answer for answer in answers]

    def _of_whole(self, answer: BatchAnswer) -> BatchAnswer:
        whole = self._wholes[answer.batch]
        self._close(answer.batch, len(answer.keys))
        return replace(answer, batch=whole)

    def _close(self, batch: Batch, count: int) -> None:
        if batch in self._wholes:
            self._open[batch] -= count
            if not self._open[batch]:
                del self._open[batch], self._wholes[batch]
