"""A notice on its way at one worker: range by range, the most endangered first.

The order of a range is stored before its first POST, and no more than that range: the first push waits for a
thousand rows and not for a million. What is not stored yet belongs to nobody; whoever takes over chooses it anew.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from alerts.notice import Notice
from dispatch.columns import U8, U16, U32, U64
from dispatch.layers import People
from dispatch.message import Messages
from dispatch.pool import Generation
from dispatch.pushes import Sealing
from dispatch.selection import Before, Selection
from dispatch.subscription import BUCKETS
from dispatch.told import Told, freeze, nths_of, unit_of
from streams.brokers.client import Producer
from streams.fanout.checkpoint import Checkpoint
from streams.fanout.fanout import FanOut
from streams.fanout.told_book import RANGES_AN_EPOCH, Storing, ToldBook, bucket_of, number_of
from streams.fanout.urgency import urgency_of

# The first is on its way in a tenth of a second; each is four times the one before, since every range costs a
# record for each bucket; and none holds up the sender for much longer than a tenth of a second while it is laid out.
FIRST_ROWS = 1_024
GROWTH = 4
MOST_ROWS = 131_072


class Course:
    """The ranges of one notice, or of a tail of those who joined late, and the sum of their ends."""

    def __init__(
        self,
        notice: Notice,
        messages: Messages,
        people: People,
        chosen: Selection,
        *,
        received_ms: int,
        chosen_ms: int,
        epoch: int,
        tail: int = 0,
        generation: Generation | None = None,
        frozen: Mapping[int, Told] | None = None,
        before: Callable[[], Mapping[int, Before]] = dict,
    ) -> None:
        """*frozen* is what an owner before stored of it; *before* gives by bucket whom earlier revisions told.

        *epoch* is the owner's: its ranges are numbered by it, so that a record of an owner before that comes late
        takes no other's place.
        """
        self.notice = notice
        self.messages = messages
        self.people = people
        self.received_ms = received_ms
        self.tail = tail
        self.generation = generation
        self.begun = False
        self.withdrawn = False
        self.totals = Checkpoint()
        self.origins: Counter[str] = Counter()  # rows of ranges that have ended, by push service
        self.going = 0  # ranges on their way
        self.storing: Storing | None = None
        self._chosen_ms = chosen_ms
        self._ordinals: dict[int, U32] = {}
        self._next = epoch * RANGES_AN_EPOCH
        self._rows = FIRST_ROWS
        self._at = 0
        self._recorded = {bucket_of(number) for number in frozen or ()}
        self._before = before
        self._earlier: Mapping[int, Before] | None = None
        self._said: dict[tuple[tuple[str, ...], tuple[int, ...]], bytes] = {}
        self._choose(chosen, nths_of(people.row_numbers(chosen.rows), chosen.places))

    def _choose(self, chosen: Selection, nths: U8) -> None:
        self._chosen, self._nths = chosen, nths
        self._buckets = self.people.bucket(chosen.rows)
        self._last_at = np.full(BUCKETS, -1, dtype=np.int64)
        np.maximum.at(self._last_at, self._buckets, np.arange(len(chosen), dtype=np.int64))

    @property
    def left(self) -> int:
        """Return how many rows are in no range yet."""
        return len(self._chosen) - self._at

    @property
    def done(self) -> bool:
        """Say whether every row has its end."""
        return not self.left and not self.going and self.storing is None

    @property
    def urgency(self) -> tuple[int, int, str, int]:
        """Return what courses are ordered by; see `FanOut.urgency`."""
        return urgency_of(self.notice)

    def coming(self) -> tuple[U64, U16]:
        """Return the units that no stored range speaks to yet, sorted, and their parts."""
        rest = slice(self._at, None)
        numbers = self.people.row_numbers(self._chosen.rows[rest])
        units, parts = [unit_of(numbers, self._chosen.places[rest])], [self._chosen.parts[rest]]
        for told in () if self.storing is None else self.storing.told.values():
            units.append(told.units())
            parts.append(told.parts)
        found = np.concatenate(units)
        order = np.argsort(found)
        return found[order], np.concatenate(parts)[order]

    def leave_out(self, ids: frozenset[bytes]) -> None:
        """Choose those no more who have unsubscribed: no range will have them."""
        gone = np.isin(self._chosen.rows[self._at :], self.people.rows_with_ids(ids))
        if gone.any():
            kept = ~gone
            rest = self._picked(np.flatnonzero(kept) + self._at)
            self._choose(rest, self._nths[self._at :][kept])
            self._at = 0

    def withdraw(self) -> None:
        """Choose nobody any more; a range that is being stored is sent to nobody."""
        self.withdrawn = True
        nobody = Selection.nobody()
        self._choose(nobody, nths_of(self.people.row_numbers(nobody.rows), nobody.places))
        self._at = 0

    def _picked(self, at: NDArray[np.int64]) -> Selection:
        return Selection(self._chosen.rows[at], self._chosen.parts[at], self._chosen.places[at])

    # ── the next range ────────────────────────────────────────────────────────────────────────────

    def freeze(self, book: ToldBook, producer: Producer) -> None:
        """Freeze the order of the next range and hand it to the broker."""
        if self._earlier is None:
            self._earlier = self._before()
        # A tail is a handful, and what an owner before did not store of it nobody would choose anew.
        most = self.left if self.tail else self._rows
        self._rows = min(MOST_ROWS, self._rows * GROWTH)
        first, self._at = self._at, min(len(self._chosen), self._at + most)
        buckets = self._buckets[first : self._at]
        order = np.argsort(buckets, kind="stable") + first
        cuts = np.searchsorted(self._buckets[order], np.arange(BUCKETS + 1))
        fresh: dict[int, Told] = {}
        for bucket in np.unique(buckets).tolist():
            at = order[cuts[bucket] : cuts[bucket + 1]]
            number = number_of(bucket, self._next, self.tail)
            fresh[number] = self._frozen(bucket, at)
            self._ordinals[number] = self._chosen.rows[at]
            self._recorded.add(bucket)
        self._next += 1
        self.storing = book.store(producer, self.notice.lineage, self.notice.revision, fresh)

    def _frozen(self, bucket: int, at: NDArray[np.int64]) -> Told:
        assert self.generation is not None
        assert self._earlier is not None
        return freeze(
            self.people,
            self.notice.revision,
            self._picked(at),
            None if bucket in self._recorded else self._earlier.get(bucket),
            generation=self.generation.name,
            said=self._digest,
            nths=self._nths[at],
            last=bool(at[-1] == self._last_at[bucket]),
            chosen_ms=self._chosen_ms,
        )

    def _digest(self, languages: tuple[str, ...], places: tuple[int, ...]) -> bytes:
        if (languages, places) not in self._said:
            self._said[languages, places] = self.messages.digest(languages, places)
        return self._said[languages, places]

    def begin(self) -> FanOut:
        """Return the range that was being stored, now that the broker has it: it may be sent."""
        assert self.storing is not None
        assert self.generation is not None
        self.storing.wait()
        told, self.storing = self.storing.told, None
        sealings = dict.fromkeys(told, Sealing(self.generation.name, self.generation))
        ordinals, self._ordinals = self._ordinals, {}
        self.going += 1
        return FanOut(self.notice, self.people, told, {}, sealings, ordinals)

    def resume(self, frozen: Mapping[int, Told], resumed: Mapping[int, Checkpoint]) -> FanOut:
        """Return what an owner before stored, to be gone on with."""
        # Keys that were promised to other words stay unused: what is sealed then depends on the words.
        kept = {number: told.generation if self._keeps_its_word(told) else b"" for number, told in frozen.items()}
        self.going += 1
        self.begun = True
        return FanOut(
            self.notice, self.people, frozen, resumed, {number: Sealing(name) for number, name in kept.items()}
        )

    def _keeps_its_word(self, told: Told) -> bool:
        return bool(told.generation) and self._digest(told.languages, told.codes()) == told.said

    def ended(self, fanout: FanOut) -> None:
        """Add up a range that has ended."""
        self.going -= 1
        self.totals.add(fanout.totals()[1])
        self.origins.update(fanout.rows_by_origin())


def chosen_at(frozen: Mapping[int, Told]) -> float:
    """Return by which clock (epoch seconds) the rest of what was *frozen* is chosen: its own, or now."""
    return min((told.chosen_ms / 1000 for told in frozen.values()), default=time.time())


def complete(frozen: Mapping[int, Told]) -> frozenset[int]:
    """Return the buckets of which *frozen* has everything that was chosen."""
    return frozenset(bucket_of(number) for number, told in frozen.items() if told.last)


def without(people: People, chosen: Selection, units: U64) -> Selection:
    """Return *chosen* but for *units*, which are in a range already."""
    if not len(units) or not len(chosen):
        return chosen
    new = ~np.isin(unit_of(people.row_numbers(chosen.rows), chosen.places), units)
    return Selection(chosen.rows[new], chosen.parts[new], chosen.places[new], chosen.quieted)
