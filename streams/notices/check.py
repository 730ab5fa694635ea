"""The draft of a visible check of reception, and what keeps it back (R19).

It opens on its day and waits for two persons; nothing lets it go by itself. While an order or a danger of level 3 or
above stands anywhere in its ground, or waits there for a person, it is refused: a push that asks for nothing must never
lie on top of one that asks to leave.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from alerts.cap import Severity
from alerts.check_words import CheckFacts, compose_check
from alerts.claim import Lane, Release
from alerts.languages.known import LANGUAGES
from alerts.level import Level
from alerts.notice import SAID_OVER, Notice, NoticeKind, NoticePart, Phase, Recipients
from alerts.notice_source import provenance_of
from alerts.order_words import says_order
from alerts.place import Cells
from alerts.reception_check import CheckDays, NoCheck, lineage_of
from geo.cells import difference, intersection, union
from geo.change import NOTHING_TOLD
from streams.digest import approval_digest
from streams.payloads import Draft

FEED = "reception-check"
# What a source forgot to lift is a danger no more when its end is so long past; an order is one until lifted (R10).
_FORGOTTEN = timedelta(hours=24)
_GREAT = (Severity.EXTREME, Severity.SEVERE)


@dataclass(frozen=True, slots=True)
class Threat:
    """What keeps a check back in some cells; `until` is None for an order."""

    cells: Cells
    until: datetime | None


def check_draft(days: CheckDays, *, place: str, cells: Cells, day: date, at: datetime) -> Draft:
    """Return the draft of the check of *day* in *cells*, which *place* holds; of one day it is always the same."""
    lineage = lineage_of(day)
    until = days.ends_at(day)
    facts = CheckFacts(days.issuer, place, until)
    part = NoticePart(
        rank=0,
        phase=Phase.ISSUED,
        recipients=Recipients.CELLS,
        level=None,
        severity=Severity.MINOR,
        hazards=(),
        area_names=(),
        cells=cells,
        texts=tuple(compose_check(facts, language) for language in LANGUAGES),
    )
    notice = Notice(
        lineage=lineage,
        revision=1,
        kind=NoticeKind.HOW_IT_IS_GOING,
        lane=Lane.ROUTINE,
        document=hashlib.sha256(lineage.encode()).hexdigest(),
        feed=FEED,
        issuer=days.issuer,
        sent=at,
        received=at,
        expires=until,
        parts=(part,),
        digest="",
        approved_by="",
        approved_at=at,
    )
    notice = replace(notice, digest=approval_digest(notice))
    source = provenance_of(
        notice, kind="reception-check", release=Release.DRAFT, outcome="check", source_ref=f"{FEED}:{day}"
    )
    return Draft(f"{lineage}-draft", source, True, Release.DRAFT, notice, NOTHING_TOLD)


def endangers(notice: Notice, part: NoticePart) -> bool:
    """Say whether *part* tells of an order, of level 3 or above, or of great danger without a level."""
    if notice.lane is not Lane.LIFE_SAFETY or part.phase in SAID_OVER:
        return False
    if part.level is None:
        return part.severity in _GREAT or says_order(notice, part)
    return part.level >= Level.ELDERLY_LEAVE


def threat_after(before: Threat | None, notice: Notice) -> Threat | None:
    """Return what a lineage endangers after *notice*; *before* is what it did until then."""
    if notice.lane is not Lane.LIFE_SAFETY or notice.kind is NoticeKind.GO_THERE:
        return before
    cells = before.cells if before is not None else ()
    order = before is not None and before.until is None
    for part in notice.parts:
        if endangers(notice, part):
            cells, order = union(cells, part.cells), order or says_order(notice, part)
        elif part.recipients is Recipients.ALL_TOLD and part.phase in SAID_OVER:
            cells = ()
        elif part.phase in SAID_OVER or part.recipients is Recipients.CELLS:
            cells = difference(cells, part.cells)
    return Threat(cells, None if order else notice.expires + _FORGOTTEN) if cells else None


@dataclass(slots=True)
class Threats:
    """What the notices that went out endanger, by lineage."""

    by_lineage: dict[str, Threat] = field(default_factory=dict)

    def hear(self, notice: Notice) -> bool:
        """Take in a notice; return whether its lineage endangers anything."""
        threat = threat_after(self.by_lineage.pop(notice.lineage, None), notice)
        if threat is not None:
            self.by_lineage[notice.lineage] = threat
        return threat is not None

    def ground(self, at: datetime) -> Cells:
        """Return where something is up at *at*."""
        return union(*(one.cells for one in self.by_lineage.values() if one.until is None or one.until > at))


def why_no_check(check: Notice, threats: Iterable[Threat], waiting: Iterable[Notice], at: datetime) -> NoCheck | None:
    """Return why *check* may not go out at *at*: its day is over, or something is up in its ground.

    *threats* are what notices that went out say, *waiting* those that wait for a person. Fails closed: another ward's
    danger in one cell of it is enough.
    """
    if check.expires <= at:
        return NoCheck.DAY_OVER
    ground = union(*(part.cells for part in check.parts)) if check.parts else ()
    danger = False
    for one in threats:
        if (one.until is None or one.until > at) and intersection(one.cells, ground):
            if one.until is None:
                return NoCheck.ORDER
            danger = True
    if danger:
        return NoCheck.DANGER
    for notice in waiting:
        for part in notice.parts:
            if notice.expires > at and endangers(notice, part) and intersection(part.cells, ground):
                return NoCheck.WAITING
    return None
