"""What was said because nobody had ordered is taken back as soon as it holds no longer (R6, R7).

Pure: folded from what went out and from the verdicts on drafts, so that a pager that starts anew ends what ended while
nobody was here, and nothing twice. It speaks to those who were told and are still meant, and never of safety. An
order's later end changes nothing of it.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from alerts.help_words import with_help
from alerts.languages.known import LANGUAGES
from alerts.notice import ENDS, Notice, NoticePart, Phase, Recipients
from alerts.place import Cells
from alerts.silence_over import SilenceOver
from alerts.silence_words import compose_silence_end
from geo.cells import difference, intersection, split_by_shard, union
from streams.duty.across import ACROSS_AFTER_SECONDS, near, order_told_of
from streams.duty.silence import FEED, Ground, draft_of_line, draft_saying
from streams.duty.standing import OrderStanding
from streams.payloads import Draft, DraftRecord, DraftState

SILENCE_OVER = "silence-over"


@dataclass(frozen=True, slots=True)
class _Verdict:
    lineage: str
    refused: bool
    at: datetime


@dataclass(slots=True)
class SilencesSaid:
    """The lines that went out, by lineage and revision, and what became of the drafts that they spoke of."""

    _said: dict[str, dict[int, Notice]] = field(default_factory=dict)
    _verdicts: dict[str, _Verdict] = field(default_factory=dict)
    _latest: dict[str, datetime] = field(default_factory=dict)
    """When the last verdict on a draft of each lineage was given."""

    def hear(self, notice: Notice) -> None:
        """Take in what went out; a notice of another kind is left alone."""
        if notice.feed == FEED:
            self._said.setdefault(notice.lineage, {})[notice.revision] = notice

    def hear_draft(self, draft_id: str, record: DraftRecord | None) -> None:
        """Take in a verdict; None: the draft is no longer kept."""
        if record is None:
            self._verdicts.pop(draft_id, None)
            return
        refused = record.state is DraftState.VOID and record.reason.startswith("void-by:")
        self._verdicts[draft_id] = _Verdict(record.lineage, refused, record.at)
        self._latest[record.lineage] = max(record.at, self._latest.get(record.lineage, record.at))

    def due(
        self, orders: Iterable[OrderStanding], waiting: Mapping[str, str], ground: Ground, *, at: datetime
    ) -> tuple[Draft, ...]:
        """Return the ends of lines that hold no longer at *at*, and take them for told.

        *orders* are those in force, *waiting* the drafts that wait, each with its lineage.
        """
        lines = {lineage: held for lineage, said in self._said.items() if (held := tuple(_holding(said)))}
        if not lines:
            return ()
        standing, ordered, found = {order.lineage: order for order in orders}, ground.ordered(), []
        for lineage, held in lines.items():
            whole = union(*(cells for _, cells in held))
            of = order_told_of(self._newest(lineage))
            repeated: Cells = ()
            if of:
                over, why = _no_longer_near(whole, standing.get(of)), SilenceOver.NEIGHBOUR
            else:
                repeated = self._said_again(lineage, whole, waiting)
                over, why = self._of_no_draft(lineage, whole, waiting, ground, at), SilenceOver.UNORDERED
            ends = (
                (SilenceOver.ORDERED, Recipients.TOLD, intersection(whole, ordered)),
                (why, Recipients.NOBODY, difference(repeated, ordered)),
                (why, Recipients.TOLD, difference(difference(over, ordered), repeated)),
            )
            neighbour = self._newest(lineage).issuer if of else ""
            parts = tuple(sorted(_parts(held, ends, neighbour, at), key=lambda part: part.rank))
            if parts:
                found.append(self._draft(lineage, parts, at))
        return tuple(found)

    def _newest(self, lineage: str) -> Notice:
        return self._said[lineage][max(self._said[lineage])]

    def _of_no_draft(
        self, lineage: str, whole: Cells, waiting: Mapping[str, str], ground: Ground, at: datetime
    ) -> Cells:
        """Return where nothing waits any more of what people were told that it is not ordered yet.

        A draft that was refused before they were told is none that they wait for: that holds while they are warned.
        """
        verdict = self._verdicts.get(draft_of_line(lineage))
        if verdict is None:
            return whole
        latest = self._latest[verdict.lineage]
        # An order is heard by another topic than its verdict: nobody reads "no order" in between.
        if verdict.lineage in waiting.values() or (at - latest).total_seconds() < ACROSS_AFTER_SECONDS:
            return ()
        if verdict.refused and verdict.at >= latest and verdict.at <= self._first_sent(lineage):
            return difference(whole, ground.warned())
        return whole

    def _said_again(self, lineage: str, whole: Cells, waiting: Collection[str]) -> Cells:
        """Return where a later line says the same of the draft that came in the place of this one's."""
        mine = draft_of_line(lineage)
        verdict = self._verdicts.get(mine)
        if verdict is None or mine in waiting:
            return ()
        later = (
            cells
            for other, said in self._said.items()
            if other != lineage and self._first_sent(other) > self._first_sent(lineage)
            if (known := self._verdicts.get(draft_of_line(other))) is not None and known.lineage == verdict.lineage
            for _, cells in _holding(said)
        )
        return intersection(whole, union(*later))

    def _first_sent(self, lineage: str) -> datetime:
        return min(notice.sent for notice in self._said[lineage].values())

    def _draft(self, lineage: str, parts: tuple[NoticePart, ...], at: datetime) -> Draft:
        newest = self._newest(lineage)
        draft = draft_saying(
            parts,
            lineage,
            newest.revision + 1,
            kind=SILENCE_OVER,
            document=newest.document,
            issuer=newest.issuer,
            at=at,
        )
        self.hear(draft.notice)
        return draft


def _no_longer_near(whole: Cells, order: OrderStanding | None) -> Cells:
    """Return those of *whole* that are near *order* no longer: it was made smaller, or is no more."""
    if order is None:
        return whole
    around = near(order)
    return union(*(cells for shard, cells in split_by_shard(whole).items() if shard not in around))


def _holding(said: Mapping[int, Notice]) -> Iterator[tuple[NoticePart, Cells]]:
    """Yield the parts of one lineage that hold, each with the cells in which nothing newer took its place."""
    held: list[tuple[NoticePart, Cells]] = []
    for _, notice in sorted(said.items()):
        told = union(*(part.cells for part in notice.parts))
        held = [(part, difference(cells, told)) for part, cells in held]
        held += [(part, part.cells) for part in notice.parts if part.phase not in ENDS]
    return ((part, cells) for part, cells in held if cells)


def _parts(
    held: Iterable[tuple[NoticePart, Cells]],
    ends: Iterable[tuple[SilenceOver, Recipients, Cells]],
    neighbour: str,
    at: datetime,
) -> Iterator[NoticePart]:
    ends = tuple(ends)
    for told, cells in held:
        for why, recipients, over in ends:
            here = intersection(cells, over)
            if here:
                texts = (compose_silence_end(why, at, neighbour, language) for language in LANGUAGES)
                yield replace(
                    told,
                    phase=Phase.LIFTED,
                    recipients=recipients,
                    cells=here,
                    texts=tuple(with_help(text, told.help_lines) for text in texts),
                )
