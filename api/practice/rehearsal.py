"""A rehearsal: an officer alone, eight steps, fifteen minutes, in the lane of drills (R18).

Pure: what was done when, what was met on the way, and what to practise. Time is an argument. The steps themselves
are the real pages: this only watches how far their draft is.
"""

import json
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from alerts.claim import Lane
from alerts.hazard import HazardKind
from alerts.level import Level
from alerts.notice import Notice, Phase, Text
from alerts.place import Cells
from api.officers.audit import Act, Entry
from api.orders.lint import Found, time_in
from streams.digest import approval_digest
from streams.notices.drill import DrillOrder, drill_draft
from streams.payloads import Draft

TIME_TO_FILL = "（時刻）"
# Whatever is left standing ends by itself.
_LASTS = timedelta(hours=1)


class Step(StrEnum):
    """What is practised, in order; stable codes."""

    GAUGE = "gauge"
    MEND = "mend"
    SECOND = "second-person"
    FOLLOW = "follow"
    CLOSE = "close-road"
    CORRECT = "correct"
    AGAIN = "second-draft"
    ALL_CLEAR = "all-clear"


# Fifteen minutes in all.
SECONDS_MEANT: Mapping[Step, int] = {
    Step.GAUGE: 60,
    Step.MEND: 240,
    Step.SECOND: 90,
    Step.FOLLOW: 90,
    Step.CLOSE: 120,
    Step.CORRECT: 90,
    Step.AGAIN: 120,
    Step.ALL_CLEAR: 90,
}


class Fault(StrEnum):
    """What went otherwise than it should in earnest; stable codes."""

    STATE_MISREAD = "state-misread"
    LIFTED_A_MISTAKE = "lifted-a-mistake"
    TOOK_BACK_WHAT_WAS_TRUE = "took-back-what-was-true"


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """One that runs. `done` has the end of each step; `stops` and `faults` are what was met."""

    officer: str
    ward: str
    began: datetime
    drafts: tuple[tuple[str, str], tuple[str, str]]
    """Id and lineage of the draft that opens first, and of the one after the correction."""
    done: tuple[tuple[Step, datetime], ...] = ()
    stops: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    closed: str = ""
    reopened: bool = False

    @property
    def step(self) -> Step | None:
        """Return the step that it is at, None when all are done."""
        return None if len(self.done) == len(Step) else tuple(Step)[len(self.done)]

    @property
    def step_began(self) -> datetime:
        """Return when its step began."""
        return self.done[-1][1] if self.done else self.began

    @property
    def draft(self) -> tuple[str, str]:
        """Return id and lineage of the draft that its step is about."""
        return self.drafts[1] if self.step in (Step.AGAIN, Step.ALL_CLEAR) else self.drafts[0]

    def has(self, lineage: str) -> bool:
        """Say whether *lineage* is one of its own."""
        return any(lineage == own for _, own in self.drafts)

    def did(self, step: Step, at: datetime) -> "Rehearsal":
        """Return it with *step* done; another than the one that it is at changes nothing."""
        return replace(self, done=(*self.done, (step, at))) if step is self.step else self

    def reopening(self) -> "Rehearsal":
        """Return it with its second draft asked for."""
        return replace(self, reopened=True)

    def closing(self, road: str) -> "Rehearsal":
        """Return it with *road* of the made-up quarter closed."""
        return replace(self, closed=road)

    def met(self, *, stops: Iterable[str] = (), faults: Iterable[str] = ()) -> "Rehearsal":
        """Return it with what was met, each once."""
        both = (dict.fromkeys((*self.stops, *stops)), dict.fromkeys((*self.faults, *faults)))
        return replace(self, stops=tuple(both[0]), faults=tuple(both[1]))


@dataclass(frozen=True, slots=True)
class Result:
    """What one page says at the end, kept in the audit trail."""

    officer: str
    at: str
    seconds: Mapping[str, int]
    stops: tuple[str, ...]
    faults: tuple[str, ...]

    @property
    def total_seconds(self) -> int:
        """Return how long it took."""
        return sum(self.seconds.values())

    @property
    def slow(self) -> tuple[Step, ...]:
        """Return the steps that took longer than they may."""
        return tuple(step for step in Step if self.seconds.get(step.value, 0) > SECONDS_MEANT[step])

    def detail(self) -> str:
        """Return it for the trail."""
        plain = {"seconds": dict(self.seconds), "stops": self.stops, "faults": self.faults}
        return json.dumps(plain, separators=(",", ":"))


def result_of(rehearsal: Rehearsal) -> Result:
    """Return what came of a rehearsal that has ended."""
    ends = [rehearsal.began, *(at for _, at in rehearsal.done)]
    seconds = {
        step.value: int((end - begin).total_seconds())
        for (step, _), begin, end in zip(rehearsal.done, ends, ends[1:], strict=False)
    }
    return Result(rehearsal.officer, ends[-1].isoformat(), seconds, rehearsal.stops, rehearsal.faults)


def result_in(entry: Entry) -> Result | None:
    """Return the result that stands in an entry of the trail, None where there is none to read."""
    if entry.act != Act.REHEARSED.value:
        return None
    try:
        plain = json.loads(entry.detail)
        seconds = {str(step): int(value) for step, value in plain["seconds"].items()}
        return Result(entry.by, entry.at, seconds, tuple(plain["stops"]), tuple(plain["faults"]))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


@dataclass(slots=True)
class Rehearsals:
    """Those that run, in memory, and each officer's last result, which the trail remembers."""

    _running: dict[str, Rehearsal] = field(default_factory=dict)
    _last: dict[str, Result] = field(default_factory=dict)
    _asked: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def recall(self, entries: Iterable[Entry]) -> None:
        """Take in the trail as it was kept."""
        for entry in entries:
            result = result_in(entry)
            if result is not None:
                self._last[entry.by] = result

    def of(self, officer: str) -> Rehearsal | None:
        """Return what *officer* is rehearsing."""
        with self._lock:
            return self._running.get(officer)

    def owner_of(self, lineage: str) -> str:
        """Return who rehearses with *lineage*, nobody's name when nobody does."""
        with self._lock:
            return next((one.officer for one in self._running.values() if one.has(lineage)), "")

    def keep(self, rehearsal: Rehearsal, *, instead_of: Rehearsal | None = None) -> None:
        """Keep how far it is; with *instead_of* only where that is how far it was until now."""
        with self._lock:
            if instead_of is None or self._running.get(rehearsal.officer) is instead_of:
                self._running[rehearsal.officer] = rehearsal

    def has_asked(self, draft: str) -> None:
        """Remember that the decider was asked to let *draft* go."""
        with self._lock:
            self._asked.add(draft)

    def asked(self, draft: str) -> bool:
        """Say whether the decider was asked to let *draft* go."""
        with self._lock:
            return draft in self._asked

    def end(self, officer: str, result: Result | None = None) -> None:
        """Forget what *officer* rehearses; *result* is the newest from now on."""
        with self._lock:
            ended = self._running.pop(officer, None)
            self._asked -= {draft for draft, _ in ended.drafts} if ended is not None else set()
            if result is not None:
                self._last[officer] = result

    def last(self) -> tuple[Result, ...]:
        """Return each officer's last result, the newest first."""
        with self._lock:
            return tuple(sorted(self._last.values(), key=lambda one: one.at, reverse=True))


def watched(
    rehearsal: Rehearsal,
    *,
    found: Callable[[str], tuple[Found, ...] | None],
    newest: Callable[[str], Notice | None],
    at: datetime,
) -> Rehearsal:
    """Return *rehearsal* with the steps that its own draft and notices say are done.

    *found* is what the linter says of a draft that waits (None when it does not), *newest* what went out.
    """
    draft, lineage = rehearsal.draft
    if rehearsal.step is Step.MEND:
        wrong = found(draft)
        stops = [one.finding.value for one in wrong or () if one.stops]
        rehearsal = rehearsal.met(stops=stops)
        return rehearsal if wrong is None or stops else rehearsal.did(Step.MEND, at)
    sent = newest(lineage)
    if sent is None:
        return rehearsal
    ended = {part.phase for part in sent.parts}
    match rehearsal.step:
        case Step.SECOND | Step.AGAIN as step:
            return rehearsal.did(step, at)
        case Step.CORRECT if ended == {Phase.CANCELLED}:
            return rehearsal.did(Step.CORRECT, at)
        case Step.CORRECT if ended == {Phase.LIFTED}:
            return rehearsal.met(faults=[Fault.LIFTED_A_MISTAKE]).did(Step.CORRECT, at)
        case Step.ALL_CLEAR if ended == {Phase.LIFTED}:
            return rehearsal.did(Step.ALL_CLEAR, at)
        case Step.ALL_CLEAR if ended == {Phase.CANCELLED}:
            return rehearsal.met(faults=[Fault.TOOK_BACK_WHAT_WAS_TRUE]).did(Step.ALL_CLEAR, at)
    return rehearsal


def practice_draft(officer: str, ward: str, cells: Cells, began: datetime, number: int, *, at: datetime) -> Draft:
    """Return the draft that the made-up gauge opens; the first one has a blank that the linter stops."""
    order = DrillOrder(
        thing=f"rehearsal|{officer}|{began.isoformat()}|{number}",
        level=Level.ALL_LEAVE,
        hazard=HazardKind.FLOOD,
        area_names=(ward,),
        cells=cells,
        issuer=ward,
        expires=at.replace(microsecond=0) + _LASTS,
    )
    draft = drill_draft(order, by=officer, at=at)
    return draft if number else _with_a_blank(draft)


def _with_a_blank(draft: Draft) -> Draft:
    (part,) = draft.notice.parts
    texts = tuple(
        Text(text.language, text.title, time_in(text.body, TIME_TO_FILL)) if text.language == "ja" else text
        for text in part.texts
    )
    notice = replace(draft.notice, parts=(replace(part, texts=texts),), digest="")
    assert notice.lane is Lane.DRILL
    return replace(draft, notice=replace(notice, digest=approval_digest(notice)))
