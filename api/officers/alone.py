"""One person alone, where a second cannot be reached: a small area, and never more than that (R14).

Pure but for the book. Errs towards two persons: what nobody has counted, what lies in no ward that is known, and what
has not waited long enough for the roster to be called are all refused. Small areas that one person or one ward lets go
alone soon after one another count as the one area that they are together, and so does what the order covers already.
"""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from alerts.duty import AloneRule, alone_by
from alerts.notice import Notice
from alerts.place import Cells
from api.officers.accounts import Account
from api.officers.approval import WIDE_PEOPLE, WIDE_WARDS, Proposal, may_not_approve
from geo.cells import union
from streams.brokers.client import Record
from streams.notices.edit import ground_of
from streams.topics import NOTICES
from streams.wire import decode

# 「二人目と連絡がつかない」: why is what is read afterwards.
SHORTEST_REASON = 8
# The longest window that a policy may set.
_KEPT = timedelta(days=1)


class NotAlone(StrEnum):
    """Why one person cannot let it go; stable codes."""

    OFF = "alone-off"
    NO_NEWS = "state-is-old"
    NOT_NEEDED = "no-second-person-needed"
    NOT_YOURS = "not-yours-to-approve"
    TOO_SOON = "second-person-not-waited-for"
    WARDS = "more-than-one-ward"
    NOT_COUNTED = "people-not-counted"
    PEOPLE = "too-many-people"
    REASON = "reason-too-short"


@dataclass(frozen=True, slots=True)
class LetGo:
    """What one person let go alone: who, when, in which order, and the ground of it."""

    by: str
    at: datetime
    lineage: str
    cells: Cells


class AloneBook:
    """What was let go alone, folded from `notices`; nothing older than a day is kept. One thread applies."""

    def __init__(self) -> None:
        self._let_go: dict[tuple[str, int], LetGo] = {}
        self._lock = threading.Lock()
        self.looking = threading.Lock()
        """Held by who looks at what counts and then adds to it; for no longer than that takes."""

    def apply(self, record: Record) -> None:
        """Take in one record. Raises `Refused` for one that cannot be read."""
        if record.topic == NOTICES.name and record.value is not None:
            notice = decode(Notice, record.value)
            by = alone_by(notice.approved_by)
            if by:
                self.add(notice.revision, LetGo(by, notice.approved_at, notice.lineage, ground_of(notice)))

    def add(self, revision: int, one: LetGo) -> None:
        """Count *one* from now on: asked for just now, or gone out."""
        with self._lock:
            self._let_go.setdefault((one.lineage, revision), one)
            for key, old in list(self._let_go.items()):
                if one.at - old.at > _KEPT:
                    del self._let_go[key]

    def drop(self, revision: int, one: LetGo) -> None:
        """Count *one* no longer: it was not asked for after all."""
        with self._lock:
            if self._let_go.get((one.lineage, revision)) is one:
                del self._let_go[one.lineage, revision]

    def earlier(self) -> tuple[LetGo, ...]:
        """Return what is known."""
        with self._lock:
            return tuple(self._let_go.values())


@dataclass(frozen=True, slots=True)
class Asked:
    """What one person asks to let go: a draft of *lineage* over *cells*, which waits since *since*."""

    proposal: Proposal
    lineage: str
    cells: Cells
    since: datetime


def together(
    asked: Asked,
    by: str,
    earlier: Iterable[LetGo],
    standing: Cells,
    *,
    rule: AloneRule,
    wards_of: Callable[[Cells], frozenset[str]],
    at: datetime,
) -> Cells:
    """Return the ground that counts together with the draft's.

    It is what its order covers already (*standing*), and what was let go alone within the window by the same person,
    in the same order or in one of the same wards.
    """
    ground = union(asked.cells, standing)
    window = timedelta(minutes=rule.window_minutes)
    recent = [one for one in earlier if at - one.at <= window]
    wards = wards_of(ground)
    # Again and again: what is joined may bring in the ward of another.
    while joined := [
        one for one in recent if one.by == by or one.lineage == asked.lineage or wards_of(one.cells) & wards
    ]:
        recent = [one for one in recent if one not in joined]
        ground = union(ground, *(one.cells for one in joined))
        wards = wards_of(ground)
    return ground


def why_not_alone(
    account: Account,
    asked: Asked,
    ground: Cells,
    reason: str,
    *,
    rule: AloneRule,
    wards_of: Callable[[Cells], frozenset[str]],
    residents: Callable[[Cells], int | None],
    at: datetime,
) -> NotAlone | None:
    """Return why *account* cannot let *asked* go alone, None when it can. *ground* is that of `together`."""
    proposal = asked.proposal
    if not rule.on:
        return NotAlone.OFF
    if not proposal.needs_somebody_else or account.name not in proposal.authors:
        return NotAlone.NOT_NEEDED
    as_another = Proposal(frozenset(), proposal.lane, proposal.wards, proposal.people)
    # Who acts for a ward needs a second person whatever the area is (R7).
    if account.everywhere or may_not_approve(account, as_another) is not None:
        return NotAlone.NOT_YOURS
    if at - asked.since < timedelta(seconds=rule.after_seconds):
        return NotAlone.TOO_SOON
    wards = wards_of(ground)
    if not wards or len(wards) >= WIDE_WARDS:
        return NotAlone.WARDS
    people = residents(ground)
    if people is None:
        return NotAlone.NOT_COUNTED
    if people > min(rule.most_people, WIDE_PEOPLE):
        return NotAlone.PEOPLE
    return NotAlone.REASON if len(reason) < SHORTEST_REASON else None
