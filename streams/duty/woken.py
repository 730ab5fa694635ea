"""Who has lately been called about the ways of an order, which change cell by cell as a danger comes nearer (R14).

Each change that a person must let go is a draft of its own in the place of the one before. Whoever was called about
one of them sees the newest on the console, and is not called again every half minute: an officer who is called about
nothing new puts the telephone away. A draft of more cells than she was called about, or one that opens after somebody
has decided, calls her at once. A restart forgets it: one call more.
"""

from dataclasses import dataclass, field

from alerts.notice import NoticeKind
from streams.payloads import WAYS_OF_AN_ORDER, DraftRecord, DraftState

CALM_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class _Call:
    draft_id: str
    cells: int
    at: float


@dataclass(slots=True)
class Woken:
    """The last call about the ways of each lineage, by person; times are the pager's, in seconds."""

    _last: dict[tuple[str, str], _Call] = field(default_factory=dict)

    def lately(self, record: DraftRecord, person: str, at: float) -> bool:
        """Say whether *person* was called about an earlier draft of these ways, of as many cells, and still knows."""
        last = self._last.get((record.lineage, person))
        if last is None or last.draft_id == record.draft_id:
            return False
        return at - last.at < CALM_SECONDS and _cells(record) <= last.cells

    def called(self, record: DraftRecord, person: str, at: float) -> None:
        """Take in that *person* is called about *record*; a draft that is no order's ways is always told."""
        key = record.lineage, person
        if _cells(record) and (key not in self._last or self._last[key].draft_id != record.draft_id):
            self._last[key] = _Call(record.draft_id, _cells(record), at)

    def hear(self, verdict: DraftRecord) -> None:
        """Begin anew where a person has decided: what comes after it she has not seen."""
        by_rule = verdict.state is DraftState.APPROVED and verdict.reason == WAYS_OF_AN_ORDER
        if verdict.state in (DraftState.APPROVED, DraftState.VOID) and not by_rule:
            self._last = {key: call for key, call in self._last.items() if key[0] != verdict.lineage}


def _cells(record: DraftRecord) -> int:
    if record.draft is None or record.draft.notice.kind is not NoticeKind.GO_THERE:
        return 0
    return sum(len(part.cells) for part in record.draft.notice.parts)
