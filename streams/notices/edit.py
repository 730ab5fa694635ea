"""Change a draft before anybody has let it go: its words, its end, or less ground. Never more ground.

A changed draft has another digest, so an approval of what it was approves nothing (R14). Who changed it is
among its authors from then on.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from alerts.notice import Notice, Text
from alerts.place import Cells
from geo.cells import difference, union
from geo.change import Told, ToldPart
from streams.digest import approval_digest
from streams.payloads import Draft

# By part (from 0) and language: what is said there instead.
Words = Mapping[tuple[int, str], Text]


def edited(draft: Draft, *, by: str, words: Words, expires: datetime, without: Cells = ()) -> Draft:
    """Return *draft* with other *words*, another end, and *without* some cells; the same draft by its id."""
    parts = tuple(
        replace(
            part,
            cells=difference(part.cells, without) if without else part.cells,
            texts=tuple(words.get((number, text.language), text) for text in part.texts),
        )
        for number, part in enumerate(draft.notice.parts)
    )
    notice = replace(draft.notice, expires=expires, parts=tuple(part for part in parts if part.cells), digest="")
    notice = replace(notice, digest=approval_digest(notice))
    return replace(
        draft,
        notice=notice,
        provenance=replace(draft.provenance, expires=expires),
        told_after=told_within(draft, notice),
        edited_by=(*draft.edited_by, *(() if by in draft.edited_by else (by,))),
    )


def told_within(draft: Draft, notice: Notice) -> Told:
    """Return what people will have been told when *notice* goes out in the place of *draft*'s.

    The ground that was taken out counts as told nothing: should it be told before, it is told again.
    """
    left_out = difference(ground_of(draft.notice), ground_of(notice))
    if not left_out:
        return draft.told_after
    kept = (ToldPart(part.key, difference(part.cells, left_out)) for part in draft.told_after.parts)
    return replace(draft.told_after, parts=tuple(part for part in kept if part.cells))


def ground_of(notice: Notice) -> Cells:
    """Return all cells that *notice* speaks to."""
    return union(*(part.cells for part in notice.parts)) if notice.parts else ()


def why_no_edit(known: Draft, changed: Draft, by: str) -> str:
    """Return why *changed* is not an edit of *known* by *by*; empty when it is one.

    Only words, end and ground may differ, and of the ground only less: more of it is another order.
    """
    before, after = known.notice, changed.notice
    if changed.draft != known.draft or not after.parts:
        return "edit-of-nothing"
    if approval_digest(after) != after.digest:
        return "digest-mismatch"
    if replace(before, parts=(), digest="", expires=after.expires) != replace(after, parts=(), digest=""):
        return "edit-of-more-than-words"
    if difference(ground_of(after), ground_of(before)):
        return "edit-widens"
    if by not in changed.edited_by or not set(known.edited_by) <= set(changed.edited_by):
        return "edit-without-author"
    return ""
