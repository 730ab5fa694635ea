"""A warning that nobody hears, before the first real one: what that would otherwise wait for is done by it.

Words of all languages are looked up, cells compared, a draft is written and libraries are loaded: a quarter of a second
that the first telegram after a start would take longer.
"""

from datetime import UTC, datetime, timedelta

from alerts.cap import Certainty, Severity, Urgency
from alerts.claim import Danger, HazardSnapshot, Lane, Provenance, Release, Standing
from alerts.hazard import HazardKind
from alerts.level import Level
from alerts.place import Cell, Shard
from streams.notices.notice_board import NoticeBoard
from streams.notices.stage import command_of
from streams.payloads import Command, Draft
from streams.wire import decode

# Of resolution 6 and 9, somewhere in Tokyo: what is looked for is loaded, whatever the place.
_SHARD, _CELL = Shard(0x862F5A367FFFFFF), Cell(0x892F5A364D3FFFF)


def warm() -> tuple[Draft, ...]:
    """Draft a warning on a board of its own, and its end; return both, which go nowhere."""
    board, drafts = NoticeBoard(), list[Draft]()
    for revision, outcome in enumerate(("notice", "cancel")):
        snapshot = HazardSnapshot(_SHARD, revision + 1, "", "warm", (_standing(revision, outcome),))
        board.hear(snapshot, at=0.0)
        drafts += board.due(at=0.0)
    for draft in drafts:
        decode(Command, command_of(draft)[1])
    return tuple(drafts)


def _standing(revision: int, outcome: str) -> Standing:
    now = datetime.now(UTC)
    provenance = Provenance(
        document=f"warm-{revision}",
        lineage="warm",
        revision=revision,
        feed="",
        kind="",
        issuer="",
        sent=now,
        received=now,
        expires=now + timedelta(hours=1),
        release=Release.AUTOMATIC,
        lane=Lane.LIFE_SAFETY,
        outcome=outcome,
    )
    danger = Danger(
        hazard=HazardKind.FLOOD,
        level=Level.ALL_LEAVE,
        severity=Severity.EXTREME,
        urgency=Urgency.IMMEDIATE,
        certainty=Certainty.OBSERVED,
        event="",
        area_name="試運転",
        area_code="",
        cells=(_CELL,),
    )
    return Standing(provenance, 1, (danger,) if outcome == "notice" else ())
