"""The worker that wakes officers when a draft waits, and lets residents know when nobody decides (R6).

It follows `drafts` and climbs each draft's ladder (`alerts.duty`). What was called is on `pages`, so that a restart
wakes nobody twice for the same step and goes on with the next. A decided draft ends its calls.
"""

import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
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
from dispatch.channel import Channel, ChannelState, Outgoing, Passage
from dispatch.device_seal import DeviceSeal
from dispatch.errors import DispatchError
from geo.cells import intersection, union
from geo.help_lines import NO_HELP_LINES, HelpLines
from streams.brokers.client import Consumer, Producer, Record, Stored
from streams.dead_letters import Refused
from streams.duty.across import Across
from streams.duty.call_words import EXPIRY, TRIAL, alone_words, draft_words, expiry_words, kind_of, trial_words
from streams.duty.called import calls_so_far, key_of
from streams.duty.duty_book import PAGER, DutyBook, TrialRecord, duty_of_both, pager_record
from streams.duty.expiry import to_call
from streams.duty.metrics import PagerMetrics
from streams.duty.roster import DutyRegister, OfficerKey, Way, device_channel
from streams.duty.silence import Ground, level_of, silence_draft
from streams.duty.standing import OrderStanding, Standing
from streams.ingest.facts import is_heartbeat
from streams.metrics import Role, StreamMetrics
from streams.notices.stage import command_of
from streams.payloads import DraftRecord, DraftState, PageRecord
from streams.topics import COMMANDS, DRAFTS, DUTY, NOTICES, PAGES, SHELTERS
from streams.wire import decode, encode

log = logging.getLogger(__name__)

SILENCE = "silence"
# Whoever asked to be called has put the telephone away by then.
_TRIAL_LIVES_SECONDS = 120.0
_POLL_SECONDS = 0.1
_STORED_WITHIN_SECONDS = 30.0
# A call that could not be handed over for so long is no call any more; the next rung has been woken long before.
_CALL_LIVES_SECONDS = 900.0
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
        self._devices = devices
        self._book = DutyBook()
        self._duty = register.duty
        self._rule = rule
        self._silence_after = dict(silence_after or {})
        self._metrics = metrics
        self._stream_metrics = stream_metrics
        self._console_url = console_url
        self._clock = clock
        self._producer = Producer(bootstrap)
        self._pages = calls_so_far(bootstrap)
        self._waiting: dict[str, _Draft] = {}
        # What a person refused: nobody is called any more, and its people have still heard nothing.
        self._refused: dict[str, _Draft] = {}
        self._across = Across(ward_of)
        self._looked_across = 0.0
        self._alone: list[Notice] = []
        self._told = Ground()
        self._orders = Standing()
        self._expiry_told: set[str] = set()
        self._shelters: dict[bytes, ShelterReport] = {}
        # By person and way; a way of a device that was added on the console ends in the device's id.
        self._channels: dict[tuple[str, str], Channel] = {
            (person, way.value): open_channel()
            for person, ways in register.ways.items()
            for way, open_channel in ways.items()
        }
        # What is under way, by channel and by the id that it left under.
        self._open: dict[tuple[str, str], dict[str, PageRecord]] = {key: {} for key in self._channels}
        self._added: dict[str, tuple[str, str]] = {}
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
        for key, channel in self._channels.items():
            for passage in channel.poll(self._clock(), 0.0):
                self._passed(key, passage)
        now = self._clock()
        self._metrics.oldest(max((now - draft.since for draft in self._waiting.values()), default=0.0))
        self._stream_metrics.lag(Role.PAGER, DRAFTS.name, sum(map(len, self._open.values())))
        self._stream_metrics.progressed(Role.PAGER, time.time())

    def close(self) -> None:
        """Leave; calls without an end are made again by the next start, under the same id."""
        for channel in self._channels.values():
            channel.close()
        self._topics.close()
        self._producer.close()

    def _hear(self, record: Record) -> None:
        if record.topic == NOTICES.name:
            if record.value is not None:
                notice = decode(Notice, record.value)
                self._told.hear(notice)
                self._orders.hear(notice)
                self._across.hear(notice)
                if (
                    alone_by(notice.approved_by)
                    and self._clock() - notice.approved_at.timestamp() < _CALL_LIVES_SECONDS
                ):
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
        if verdict is None:
            return
        # Another draft in its place, or the decision of one: what was refused before it is no more.
        self._refused = {key: one for key, one in self._refused.items() if one.record.lineage != verdict.lineage}
        if verdict.draft is None or verdict.draft.provenance.lane is Lane.CANARY or is_check(verdict.draft.notice):
            # A check of reception wakes nobody: a day on which nobody looks at it goes by without one.
            return
        since = known.since if known is not None else verdict.at.timestamp()
        if verdict.state in _WAITING:
            self._waiting[draft_id] = self._laddered(verdict, since)
        elif verdict.state is DraftState.VOID and verdict.draft.notice.expires > self._now():
            self._refused[draft_id] = self._laddered(verdict, since)

    def _laddered(self, record: DraftRecord, since: float) -> _Draft:
        hour = self._now().astimezone(JAPAN).hour
        wards = wards_of(record, self._ground)
        rule = in_wards(self._rule, self._silence_after, wards)
        return _Draft(record, ladder(self._duty, wards, hour), since, (self._duty, hour), rule)

    def _hear_duty(self, record: Record) -> None:
        self._book.apply(record)
        kept = {} if self._devices is None else self._book.devices
        for identifier in [one for one in self._added if one not in kept]:
            way = self._added.pop(identifier)
            self._channels.pop(way).close()
            self._open.pop(way)
        for identifier, device in kept.items():
            if identifier not in self._added:
                self._add(identifier, device.person, device.sealed)
        for ward in self._book.rosters:
            if ward not in self._ground and (cells := self._ground_of(ward)):
                self._ground[ward] = cells
        people = {person for person, _ in self._channels}
        self._duty = duty_of_both(self._register.duty, self._book.rosters, people)

    def _add(self, identifier: str, person: str, sealed: str) -> None:
        assert self._devices is not None
        seal, key = self._devices
        try:
            channel = device_channel(seal.open(person, identifier, sealed), key)()
        except DispatchError as error:
            log.error("an officer's device cannot be called", extra={"device": identifier, "reason": error.reason})
            return
        way = person, f"{Way.PUSH.value}-{identifier}"
        self._added[identifier], self._channels[way], self._open[way] = way, channel, {}

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
            for way in self._ways_of(call.person):
                self._call(draft.record.draft_id, call.ward, call.rung.value, call.person, way, say)
        self._speak(draft)

    def _speak(self, draft: _Draft) -> None:
        """Let residents know when nobody has ordered in time, refused or not."""
        level = level_of(draft.record)
        if is_silent(draft.rule, level, self._clock() - draft.since):
            assert level is not None
            self._silent(draft, level)

    def _look_across(self) -> None:
        """Tell people beyond the lines of the orders in force that their own ward has not ordered (R7)."""
        if self._clock() - self._looked_across < _LOOK_ACROSS_SECONDS:
            return
        self._looked_across = self._clock()
        drafts = [one.record for one in (*self._waiting.values(), *self._refused.values())]
        for said in self._across.due(
            self._orders, drafts, self._told, self._shelters.values(), self._help_lines, at=self._now()
        ):
            key, command = command_of(said)
            self._producer.send(COMMANDS.name, key, command).result(_STORED_WITHIN_SECONDS)
            log.warning("people across a line hear that their ward has not ordered", extra={"draft": said.draft})

    def _say_alone(self, notice: Notice) -> None:
        """Call everybody of the wards and the metropolitan officer at once: one person let this go alone (R14)."""
        about = f"alone.{notice.lineage}.{notice.revision}"
        wards = wards_under(_cells_of(notice), self._ground)
        for call in ladder(replace(self._duty, rung_seconds=0.0), wards):
            for way in self._ways_of(call.person):
                self._call(about, call.ward, call.rung.value, call.person, way, partial(alone_words, notice, about))

    def _say_runs_out(self, order: OrderStanding) -> None:
        """Call those on duty where an order runs out (R10), once for each end that it was given."""
        about = f"{EXPIRY}.{order.lineage}.{int(order.expires.timestamp())}"
        if about in self._expiry_told:
            return
        made = [page for page in self._pages.values() if page.draft_id == about]
        hour = self._now().astimezone(JAPAN).hour
        wanted = to_call(self._duty, wards_under(order.cells, self._ground), hour, made)
        ways = [(call.ward, call.person, way) for call in wanted.calls for way in self._ways_of(call.person)]
        for ward, person, way in (*ways, *((one.ward, one.person, one.way) for one in wanted.unfinished)):
            if (person, way) in self._channels:
                self._call(about, ward, EXPIRY, person, way, partial(expiry_words, order, about, self._now()))
        if not wanted.calls and not wanted.unfinished:
            self._expiry_told.add(about)

    def _ways_of(self, person: str) -> list[str]:
        return [way for who, way in self._channels if who == person]

    def _is_due(self, draft_id: str, person: str, way: str) -> bool:
        known = self._pages.get(key_of(draft_id, person, way))
        under_way = _id(draft_id, person, way) in self._open[person, way]
        return not under_way and (known is None or known.state is ChannelState.SENT)

    def _try(self, trial: TrialRecord) -> None:
        """Call somebody who has asked for it, by every way that she has."""
        if not 0 <= self._clock() - trial.at.timestamp() <= _TRIAL_LIVES_SECONDS:
            return
        for way in self._ways_of(trial.person):
            self._call(trial.page, "", TRIAL, trial.person, way, partial(trial_words, trial))

    def _call(
        self, draft_id: str, ward: str, rung: str, person: str, way: str, say: Callable[[str, str], bytes]
    ) -> None:
        """Call once by one *way*; *say* gives the words for it, with links into the console at a URL."""
        if not self._is_due(draft_id, person, way):
            return
        identifier = _id(draft_id, person, way)
        page = PageRecord(
            draft_id=draft_id,
            ward=ward,
            rung=rung,
            person=person,
            way=way,
            state=ChannelState.SENT,
            reason="",
            attempts=0,
            at=self._now(),
        )
        # Written before the call: somebody may be awake already when this process ends.
        self._store(page).result(_STORED_WITHIN_SECONDS)
        self._metrics.called(page.rung, kind_of(page.way), ChannelState.SENT)
        content_type = "application/json" if way == Way.WEBHOOK.value else "application/octet-stream"
        outgoing = Outgoing(identifier, say(way, self._console_url), content_type, self._clock() + _CALL_LIVES_SECONDS)
        self._open[person, way][identifier] = page
        try:
            self._channels[person, way].send(outgoing, self._clock())
        except DispatchError as error:
            self._passed((person, way), Passage(identifier, ChannelState.FAILED, error.reason, 0, ""))

    def _silent(self, draft: _Draft, level: Level) -> None:
        """Write down by name that nobody decided or who refused, and let the people know who are under a warning."""
        record = draft.record
        refused = self._refused.pop(record.draft_id, None) is not None
        key = key_of(record.draft_id, SILENCE, SILENCE)
        if key in self._pages:
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
            command_key, command = command_of(said)
            self._producer.send(COMMANDS.name, command_key, command).result(_STORED_WITHIN_SECONDS)
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
        self._pages[key] = page
        self._producer.send(PAGES.name, key, encode(page)).result(_STORED_WITHIN_SECONDS)
        if refused:
            log.warning(
                "a draft was refused, and its people hear that nobody ordered", extra={"draft": record.draft_id}
            )
            return
        self._metrics.silences.inc()
        log.error("nobody decided a draft", extra={"draft": record.draft_id, "reason": called, "level": int(level)})

    # ── what became of a call ─────────────────────────────────────────────────────────────────────

    def _passed(self, key: tuple[str, str], passage: Passage) -> None:
        page = self._open[key].pop(passage.id, None)
        if page is None:
            return
        ended = replace(page, state=passage.state, reason=passage.reason, attempts=passage.attempts, at=self._now())
        if passage.state is ChannelState.FAILED:
            log.error("an officer could not be called", extra={"draft": page.draft_id, "reason": passage.reason})
        self._store(ended)
        self._metrics.called(page.rung, kind_of(page.way), passage.state)

    def _store(self, page: PageRecord) -> "Future[Stored]":
        key = key_of(page.draft_id, page.person, page.way)
        self._pages[key] = page
        return self._producer.send(PAGES.name, key, encode(page))

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)


def _cells_of(notice: Notice) -> Cells:
    return union(*(part.cells for part in notice.parts)) if notice.parts else ()


def _id(draft_id: str, person: str, way: str) -> str:
    return f"{draft_id}.{person}.{way}"
