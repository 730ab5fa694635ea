"""A notice that nobody has approved: to count whom it would select, to measure, to warm up. No worker takes it."""

from datetime import datetime, timedelta

from alerts.cap import Severity
from alerts.claim import Lane
from alerts.level import Level
from alerts.notice import Notice, NoticeKind, NoticePart, Phase, Recipients, Text
from alerts.place import Cells

# Longer than anything takes that is done with it.
_HOLDS = timedelta(hours=2)


def unapproved(
    cells: Cells,
    at: datetime,
    *,
    lane: Lane = Lane.LIFE_SAFETY,
    level: Level = Level.ALL_LEAVE,
    area_names: tuple[str, ...] = (),
    texts: tuple[Text, ...] = (),
) -> Notice:
    """Return a notice of danger for everybody in *cells*. Level 4 is what nobody's quiet holds back (R2)."""
    part = NoticePart(
        rank=0,
        phase=Phase.ISSUED,
        recipients=Recipients.CELLS,
        level=level,
        severity=Severity.EXTREME,
        hazards=(),
        area_names=area_names,
        cells=cells,
        texts=texts,
    )
    return Notice(
        lineage="",
        revision=1,
        kind=NoticeKind.DANGER_IS_COMING,
        lane=lane,
        document="",
        feed="",
        issuer="",
        sent=at,
        received=at,
        expires=at + _HOLDS,
        parts=(part,),
        digest="",
        approved_by="",
        approved_at=at,
    )
