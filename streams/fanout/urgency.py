"""Which notice goes first."""

from alerts.claim import Lane
from alerts.notice import Notice

# Life before routine; a drill waits for both.
_LANE_ORDER = {Lane.LIFE_SAFETY: 0, Lane.CANARY: 1, Lane.ROUTINE: 2, Lane.DRILL: 3}


def urgency_of(notice: Notice) -> tuple[int, int, str, int]:
    """Return what notices are ordered by: lane, worst rank's danger, then lineage and revision."""
    level = max((int(part.level) for part in notice.parts if part.level is not None), default=0)
    return (_LANE_ORDER[notice.lane], -level, notice.lineage, notice.revision)
