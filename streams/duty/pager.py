"""The worker that wakes officers when a draft waits, and lets residents know when nobody decides (R6).

It follows `drafts` and climbs each draft's ladder (`alerts.duty`). What was called is on `pages`, so that a restart
wakes nobody twice for the same step and goes on with the next. A decided draft ends its calls.
"""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

from alerts.claim import Lane
from alerts.duty import Call, Duty, SilenceRule, alone_by, in_wards, is_silent, ladder, runs_out
from alerts.level import Level
from alerts.notice import Notice
from alerts.place import Cells
from alerts.reception_check import is_check
from alerts.shelter import ShelterReport
from alerts.wording import JAPAN
from dispatch.channel import ChannelState
from dispatch.device_seal import DeviceSeal
from geo.cells import intersection, union
from geo.help_lines import NO_HELP_LINES, HelpLines
from geo.sign import ORDER_WITHOUT_SIGN
from streams.brokers.client import Consumer, Producer, Record
from streams.dead_letters import Refused
from streams.duty.across import Across
from streams.duty.call_words import EXPIRY, TRIAL, alone_words, draft_words, expiry_words, trial_words
from streams.duty.calls import CALL_LIVES_SECONDS, Calls
from streams.duty.duty_book import PAGER, DutyBook, TrialRecord, duty_of_both, pager_record
from streams.duty.expiry import to_call
from streams.duty.metrics import PagerMetrics
from streams.duty.roster import DutyRegister, OfficerKey
from streams.duty.silence import Ground, level_of, silence_draft
from streams.duty.silence_end import SilencesSaid
from streams.duty.standing import OrderStanding, Standing
from streams.duty.woken import Woken
from streams.ingest.facts import is_heartbeat
from streams.metrics import Role, StreamMetrics
from streams.notices.overtaken import Documents
from streams.notices.stage import command_of
from streams.payloads import Draft, DraftRecord, DraftState, PageRecord
from streams.topics import COMMANDS, DRAFTS, DUTY, NOTICES, SHELTERS
from streams.wire import decode, encode

log = logging.getLogger(__name__)

SILENCE = "silence"
# Whoever asked to be called has put the telephone away by then.
_TRIAL_LIVES_SECONDS = 120.0
_POLL_SECONDS = 0.1
_STORED_WITHIN_SECONDS = 30.0
# Ground is compared over all warnings; a person across a line waits a minute anyway.
_LOOK_ACROSS_SECONDS = 5.0
_WAITING = (DraftState.OPEN, DraftState.HELD)


def wards_of(record: DraftRecord, ground: Mapping[str, Cells]) -> tuple[str, ...]:
    """Return the wards whose ground a draft touches, of those that have a roster."""
    return () if record.draft is None else wards_under(_cells_of(record.draft.notice), ground)


def wards_under(cells: Cells, ground: Mapping[str, Cells]) -> tuple[str, ...]:
    """Return the wards whose ground *cells* touch, of those that have a roster."""
    return tuple(code for code, here in sorted(ground.items()) if intersection(here, cells))


@dataclass(slots=True)
class _Draft:
    record: DraftRecord
    ladder: tuple[Call, ...]
    since: float
    climbed_as: tuple[Duty, int]
    """By which rosters and in which hour the ladder was made."""
    rule: SilenceRule


class Pager:
    """Climb the ladder of each waiting draft; *ground* are the cells of each ward with a roster.

    *silence_after* are the seconds of wards that set them otherwise than *rule*.
    """

    def __init__(
        self,
        bootstrap: str,
        register: DutyRegister,
        ground: Mapping[str, Cells],
        rule: SilenceRule,
        metrics: PagerMetrics,
        stream_metrics: StreamMetrics,
        *,
        console_url: str = "",
        devices: tuple[DeviceSeal, OfficerKey] | None = None,
        ground_of: Callable[[str], Cells] = lambda _ward: (),
        help_lines: HelpLines = NO_HELP_LINES,
        silence_after: Mapping[str, float] | None = None,
        ward_of: Callable[[str], Cells] = lambda _name: (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._register = register
        self._ground = dict(ground)
        self._ground_of = ground_of
        self._help_lines = help_lines
        self._book = DutyBook()
        self._duty = register.duty
        self._rule = rule
        self._silence_after = dict(silence_after or {})
        self._metrics = metrics
        self._stream_metrics = stream_metrics
        self._clock = clock
        self._producer = Producer(bootstrap)
        self._calls = Calls(
            bootstrap, self._producer, register, metrics, clock, console_url=console_url, devices=devices
        )
        self._waiting: dict[str, _Draft] = {}
        self._documents = Documents()
        self._woken = Woken()
        # What a person refused: nobody is called any more, and its people have still heard nothing.
        self._refused: dict[str, _Draft] = {}
        self._across = Across(ward_of)
        self._said = SilencesSaid()
        self._looked_across = 0.0
        self._alone: list[Notice] = []
        self._told = Ground()
        self._orders = Standing()
        self._expiry_told: set[str] = set()
        self._shelters: dict[bytes, ShelterReport] = {}
        self._topics = Consumer(bootstrap)
        self._topics.assign_from_oldest([DRAFTS.name, NOTICES.name, SHELTERS.name, DUTY.name])
        # So that the console can show what a file of another machine says.
        told = encode(pager_record(register, opens=devices is not None, at=self._now()))
        self._producer.send(DUTY.name, PAGER, told).result(_STORED_WITHIN_SECONDS)

    def run(self, should_stop: Callable[[], bool], beat: Callable[[], None]) -> None:
        """Work until told to stop."""
        while not should_stop():
            self.step()
            beat()

    def step(self) -> None:
        """Take in what is new, call whoever is due, write down what became of each call."""
        for record in self._topics.poll_many(500, _POLL_SECONDS):
            try:
                self._hear(record)
            except Refused as error:
                log.warning("a record is left out", extra={"record": record.place, "reason": error.reason})
        if self._topics.has_reached_the_end():
            # Not before: a draft that was decided while nobody was here wakes nobody.
            for draft in list(self._waiting.values()):
                self._climb(draft)
            for draft in list(self._refused.values()):
                self._speak(draft)
            self._look_across()
            alone, self._alone = self._alone, []
            for notice in alone:
                self._say_alone(notice)
            for order in self._orders:
                if not order.drill and runs_out(order.expires, self._now()):
                    self._say_runs_out(order)
            for trial in list(self._book.trials.values()):
                self._try(trial)
        self._calls.poll()
        now = self._clock()
        self._metrics.oldest(max((now - draft.since for draft in self._waiting.values()), default=0.0))
        self._stream_metrics.lag(Role.PAGER, DRAFTS.name, self._calls.under_way)
        self._stream_metrics.progressed(Role.PAGER, time.time())

    def close(self) -> None:
        """Leave; calls without an end are made again by the next start, under the same id."""
        self._calls.close()
        self._topics.close()
        self._producer.close()

    def _hear(self, record: Record) -> None:
        if record.topic == NOTICES.name:
            if record.value is not None:
                notice = decode(Notice, record.value)
                self._told.hear(notice)
                self._orders.hear(notice)
                self._across.hear(notice)
                self._said.hear(notice)
                if alone_by(notice.approved_by) and self._clock() - notice.approved_at.timestamp() < CALL_LIVES_SECONDS:
                    self._alone.append(notice)
        elif record.topic == SHELTERS.name:
            self._hear_shelter(record)
        elif record.topic == DUTY.name:
            self._hear_duty(record)
        else:
            self._hear_draft(record)

    def _hear_shelter(self, record: Record) -> None:
        if is_heartbeat(record.key):
            return
        if record.value is None:
            self._shelters.pop(record.key, None)
        else:
            self._shelters[record.key] = decode(ShelterReport, record.value)

    def _hear_draft(self, record: Record) -> None:
        draft_id = record.key.decode(errors="replace")
        verdict = None if record.value is None else decode(DraftRecord, record.value)
        known = self._waiting.pop(draft_id, None)
        self._said.hear_draft(draft_id, verdict)
        if verdict is None:
            return
        self._woken.hear(verdict)
        # Another draft in its place, or the decision of one: what was refused before it is no more.
        self._refused = {key: one for key, one in self._refused.items() if one.record.lineage != verdict.lineage}
        replaced = self._replaced_by(verdict)
        if self._documents.overtake(verdict):
            return
        if verdict.draft is None or verdict.draft.provenance.lane is Lane.CANARY or is_check(verdict.draft.notice):
            # A check of reception wakes nobody: a day on which nobody looks at it goes by without one.
            return
        since = min(
            (known.since if known is not None else verdict.at.timestamp(), *(one.since for one in replaced)),
        )
        if verdict.state in _WAITING:
            self._waiting[draft_id] = self._laddered(verdict, since)
        elif verdict.state is DraftState.VOID and verdict.draft.notice.expires > self._now():
            self._refused[draft_id] = self._laddered(verdict, since)

    def _replaced_by(self, verdict: DraftRecord) -> list[_Draft]:
        """Wake nobody any more for drafts whose source has since changed or lifted what they say.

        Return those that *verdict* follows with no greater danger: whoever has waited for them waits on. A danger that
        has grown is another decision, with a time of its own.
        """
        self._documents.hear(verdict)
        found = [
            one
            for one in self._waiting.values()
            if one.record.lineage == verdict.lineage and self._documents.overtake(one.record)
        ]
        for one in found:
            del self._waiting[one.record.draft_id]
        grown = level_of(verdict) or 0
        return [one for one in found if (level_of(one.record) or 0) >= grown]

    def _laddered(self, record: DraftRecord, since: float) -> _Draft:
        hour = self._now().astimezone(JAPAN).hour
        wards = wards_of(record, self._ground)
        rule = in_wards(self._rule, self._silence_after, wards)
        # An order on a dry day is false, or a danger that no instrument shows: nobody's ward decides that alone (R9).
        held = record.reason == ORDER_WITHOUT_SIGN
        calls = ladder(self._duty, wards, hour, metropolitan_at_once=held)
        return _Draft(record, calls, since, (self._duty, hour), rule)

    def _hear_duty(self, record: Record) -> None:
        self._book.apply(record)
        self._calls.follow(self._book.devices)
        for ward in self._book.rosters:
            if ward not in self._ground and (cells := self._ground_of(ward)):
                self._ground[ward] = cells
        self._duty = duty_of_both(self._register.duty, self._book.rosters, self._calls.people())

    # ── the ladder ────────────────────────────────────────────────────────────────────────────────

    def _climb(self, draft: _Draft) -> None:
        waited = self._clock() - draft.since
        if draft.climbed_as != (self._duty, self._now().astimezone(JAPAN).hour):
            # Another roster, or the next shift: who was woken stays woken.
            draft = self._waiting[draft.record.draft_id] = self._laddered(draft.record, draft.since)
        say = partial(draft_words, draft.record, datetime.fromtimestamp(draft.since, UTC))
        for call in draft.ladder:
            if call.after_seconds > waited:
                break
            if not self._woken.lately(draft.record, call.person, self._clock()):
                self._calls.everybody(draft.record.draft_id, call.ward, call.rung.value, (call.person,), say)
                self._woken.called(draft.record, call.person, self._clock())
        self._speak(draft)

    def _speak(self, draft: _Draft) -> None:
        """Let residents know when nobody has ordered in time, refused or not."""
        level = level_of(draft.record)
        if is_silent(draft.rule, level, self._clock() - draft.since):
            assert level is not None
            self._silent(draft, level)

    def _look_across(self) -> None:
        """Tell people beyond the lines of the orders in force that their own ward has not ordered (R7).

        What was said in silence and holds no longer is taken back first.
        """
        if self._clock() - self._looked_across < _LOOK_ACROSS_SECONDS:
            return
        self._looked_across = self._clock()
        waiting = {draft_id: one.record.lineage for draft_id, one in self._waiting.items()}
        for ended in self._said.due(self._orders, waiting, self._told, at=self._now()):
            self._create(ended)
            log.warning("what was said in silence is over", extra={"draft": ended.draft})
        drafts = [one.record for one in (*self._waiting.values(), *self._refused.values())]
        for said in self._across.due(
            self._orders, drafts, self._told, self._shelters.values(), self._help_lines, at=self._now()
        ):
            self._create(said)
            log.warning("people across a line hear that their ward has not ordered", extra={"draft": said.draft})

    def _say_alone(self, notice: Notice) -> None:
        """Call everybody of the wards and the metropolitan officer at once: one person let this go alone (R14)."""
        about = f"alone.{notice.lineage}.{notice.revision}"
        wards = wards_under(_cells_of(notice), self._ground)
        for call in ladder(replace(self._duty, rung_seconds=0.0), wards):
            say = partial(alone_words, notice, about)
            self._calls.everybody(about, call.ward, call.rung.value, (call.person,), say)

    def _say_runs_out(self, order: OrderStanding) -> None:
        """Call those on duty where an order runs out (R10), once for each end that it was given."""
        about = f"{EXPIRY}.{order.lineage}.{int(order.expires.timestamp())}"
        if about in self._expiry_told:
            return
        hour = self._now().astimezone(JAPAN).hour
        wanted = to_call(self._duty, wards_under(order.cells, self._ground), hour, self._calls.made_about(about))
        ways = [(call.ward, call.person, way) for call in wanted.calls for way in self._calls.ways_of(call.person)]
        for ward, person, way in (*ways, *((one.ward, one.person, one.way) for one in wanted.unfinished)):
            self._calls.call(about, ward, EXPIRY, person, way, partial(expiry_words, order, about, self._now()))
        if not wanted.calls and not wanted.unfinished:
            self._expiry_told.add(about)

    def _try(self, trial: TrialRecord) -> None:
        """Call somebody who has asked for it, by every way that she has."""
        if not 0 <= self._clock() - trial.at.timestamp() <= _TRIAL_LIVES_SECONDS:
            return
        self._calls.everybody(trial.page, "", TRIAL, (trial.person,), partial(trial_words, trial))

    def _silent(self, draft: _Draft, level: Level) -> None:
        """Write down by name that nobody decided or who refused, and let the people know who are under a warning."""
        record = draft.record
        refused = self._refused.pop(record.draft_id, None) is not None
        if self._calls.knows(record.draft_id, SILENCE, SILENCE):
            return
        said = silence_draft(
            record,
            self._told,
            self._shelters.values(),
            self._help_lines,
            min_level=self._rule.min_level,
            at=self._now(),
        )
        if refused and said is None:
            return  # a wrong draft on a dry day: nothing is owed to anybody
        if said is not None:
            self._create(said)
        called = "、".join(call.person for call in draft.ladder)
        page = PageRecord(
            draft_id=record.draft_id,
            ward=draft.ladder[0].ward if draft.ladder else "",
            rung=SILENCE,
            person=called,
            way=SILENCE,
            state=ChannelState.SENT,
            reason="refused" if refused else "nobody-decided" if said is not None else "nobody-decided-nobody-warned",
            attempts=0,
            at=self._now(),
        )
        self._calls.write(page, SILENCE).result(_STORED_WITHIN_SECONDS)
        if refused:
            log.warning(
                "a draft was refused, and its people hear that nobody ordered", extra={"draft": record.draft_id}
            )
            return
        self._metrics.silences.inc()
        log.error("nobody decided a draft", extra={"draft": record.draft_id, "reason": called, "level": int(level)})

    def _create(self, draft: Draft) -> None:
        key, command = command_of(draft)
        self._producer.send(COMMANDS.name, key, command).result(_STORED_WITHIN_SECONDS)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)


def _cells_of(notice: Notice) -> Cells:
    return union(*(part.cells for part in notice.parts)) if notice.parts else ()
