"""The worker that wakes officers when a draft waits, and lets residents know when nobody decides (R6).

It follows `drafts` and climbs each draft's ladder (`alerts.duty`). What was called is on `pages`, so that a restart
wakes nobody twice for the same step and goes on with the next. A decided draft ends its calls.
"""

import json
import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from alerts.claim import Lane
from alerts.duty import Call, SilenceRule, alone_by, is_silent, ladder
from alerts.level import Level
from alerts.notice import Notice
from alerts.place import Cells
from alerts.shelter import ShelterReport
from dispatch.channel import Channel, ChannelState, Outgoing, Passage
from dispatch.errors import DispatchError
from geo.cells import intersection, union
from streams.client import Consumer, Producer, Record, Stored, read_to_end
from streams.dead_letters import Refused
from streams.duty import DutyRegister, Way
from streams.facts import is_heartbeat
from streams.metrics import Role, StreamMetrics
from streams.notices import command_of
from streams.pager_metrics import PagerMetrics
from streams.payloads import DraftRecord, DraftState, PageRecord
from streams.silence import Ground, level_of, silence_draft
from streams.topics import COMMANDS, DRAFTS, NOTICES, PAGES, SHELTERS
from streams.wire import decode, encode

log = logging.getLogger(__name__)

SILENCE = "silence"
_POLL_SECONDS = 0.1
_STORED_WITHIN_SECONDS = 30.0
# A call that could not be handed over for so long is no call any more; the next rung has been woken long before.
_CALL_LIVES_SECONDS = 900.0
_WAITING = (DraftState.OPEN, DraftState.HELD)


def calls_so_far(bootstrap: str) -> dict[bytes, PageRecord]:
    """Return what is on `pages`, by key."""
    found: dict[bytes, PageRecord] = {}
    for record in read_to_end(bootstrap, PAGES.name):
        if record.value is not None:
            found[record.key] = decode(PageRecord, record.value)
    return found


def key_of(draft_id: str, person: str, way: str) -> bytes:
    """Return the key of a call on `pages`."""
    return f"{draft_id}|{person}|{way}".encode()


def wards_of(record: DraftRecord, ground: Mapping[str, Cells]) -> tuple[str, ...]:
    """Return the wards whose ground a draft touches, of those that have a roster."""
    return () if record.draft is None else wards_under(record.draft.notice, ground)


def wards_under(notice: Notice, ground: Mapping[str, Cells]) -> tuple[str, ...]:
    """Return the wards whose ground *notice* touches, of those that have a roster."""
    cells = union(*(part.cells for part in notice.parts)) if notice.parts else ()
    return tuple(code for code, here in sorted(ground.items()) if intersection(here, cells))


@dataclass(slots=True)
class _Draft:
    record: DraftRecord
    ladder: tuple[Call, ...]
    since: float


class Pager:
    """Climb the ladder of each waiting draft; *ground* are the cells of each ward with a roster."""

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
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._register = register
        self._ground = ground
        self._rule = rule
        self._metrics = metrics
        self._stream_metrics = stream_metrics
        self._console_url = console_url
        self._clock = clock
        self._producer = Producer(bootstrap)
        self._pages = calls_so_far(bootstrap)
        self._waiting: dict[str, _Draft] = {}
        self._alone: list[Notice] = []
        self._told = Ground()
        self._shelters: dict[bytes, ShelterReport] = {}
        self._channels: dict[tuple[str, Way], Channel] = {
            (person, way): open_channel()
            for person, ways in register.ways.items()
            for way, open_channel in ways.items()
        }
        # What is under way, by channel and by the id that it left under.
        self._open: dict[tuple[str, Way], dict[str, PageRecord]] = {key: {} for key in self._channels}
        self._topics = Consumer(bootstrap)
        self._topics.assign_from_oldest([DRAFTS.name, NOTICES.name, SHELTERS.name])

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
            alone, self._alone = self._alone, []
            for notice in alone:
                self._say_alone(notice)
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
                if (
                    alone_by(notice.approved_by)
                    and self._clock() - notice.approved_at.timestamp() < _CALL_LIVES_SECONDS
                ):
                    self._alone.append(notice)
        elif record.topic == SHELTERS.name:
            self._hear_shelter(record)
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
        if verdict is None or verdict.state not in _WAITING or verdict.draft is None:
            self._waiting.pop(draft_id, None)
            return
        if verdict.draft.provenance.lane is Lane.CANARY:
            return
        known = self._waiting.get(draft_id)
        since = known.since if known is not None else verdict.at.timestamp()
        calls = ladder(self._register.duty, wards_of(verdict, self._ground))
        self._waiting[draft_id] = _Draft(verdict, calls, since)

    # ── the ladder ────────────────────────────────────────────────────────────────────────────────

    def _climb(self, draft: _Draft) -> None:
        waited = self._clock() - draft.since
        for call in draft.ladder:
            if call.after_seconds > waited:
                break
            for way in self._register.ways[call.person]:
                known = self._pages.get(key_of(draft.record.draft_id, call.person, way.value))
                under_way = self._open[call.person, way]
                identifier = _id(draft.record.draft_id, call.person, way)
                if identifier not in under_way and (known is None or known.state is ChannelState.SENT):
                    self._call(draft.record.draft_id, call, way, identifier, self._words(draft, way))
        level = level_of(draft.record)
        if is_silent(self._rule, level, waited):
            assert level is not None
            self._silent(draft, level)

    def _say_alone(self, notice: Notice) -> None:
        """Call everybody of the wards and the metropolitan officer at once: one person let this go alone (R14)."""
        about = f"alone.{notice.lineage}.{notice.revision}"
        wards = wards_under(notice, self._ground)
        for call in ladder(replace(self._register.duty, rung_seconds=0.0), wards):
            for way in self._register.ways[call.person]:
                known = self._pages.get(key_of(about, call.person, way.value))
                if known is None or known.state is ChannelState.SENT:
                    words = alone_words(notice, about, way, self._console_url)
                    self._call(about, call, way, _id(about, call.person, way), words)

    def _call(self, about: str, call: Call, way: Way, identifier: str, body: bytes) -> None:
        page = PageRecord(
            draft_id=about,
            ward=call.ward,
            rung=call.rung.value,
            person=call.person,
            way=way.value,
            state=ChannelState.SENT,
            reason="",
            attempts=0,
            at=self._now(),
        )
        # Written before the call: somebody may be awake already when this process ends.
        self._store(page).result(_STORED_WITHIN_SECONDS)
        self._metrics.called(page.rung, page.way, ChannelState.SENT)
        content_type = "application/json" if way is Way.WEBHOOK else "application/octet-stream"
        outgoing = Outgoing(identifier, body, content_type, self._clock() + _CALL_LIVES_SECONDS)
        self._open[call.person, way][identifier] = page
        try:
            self._channels[call.person, way].send(outgoing, self._clock())
        except DispatchError as error:
            self._passed((call.person, way), Passage(identifier, ChannelState.FAILED, error.reason, 0, ""))

    def _words(self, draft: _Draft, way: Way) -> bytes:
        """Return what a call says: what waits, where, since when. Both forms say the same."""
        record = draft.record
        assert record.draft is not None
        notice, level = record.draft.notice, level_of(record)
        drill = "【訓練】" if notice.lane is Lane.DRILL else ""
        names = list(dict.fromkeys(name for part in notice.parts for name in part.area_names))
        places = "、".join(names[:3]) + (f"ほか{len(names) - 3}か所" if len(names) > 3 else "")
        what = notice.parts[0].texts[0].title if notice.parts and notice.parts[0].texts else "案"
        title = f"{drill}【要判断】{what}"
        since = datetime.fromtimestamp(draft.since, UTC)
        url = f"{self._console_url.rstrip('/')}/drafts/{record.draft_id}" if self._console_url else ""
        plain = {
            "draft": record.draft_id,
            "title": title,
            "places": places,
            "level": None if level is None else int(level),
            "reason": record.reason,
            "waiting_since": since.isoformat(),
            "lane": notice.lane.value,
            "url": url,
        }
        if way is Way.PUSH:
            shown = {"title": title, "body": f"{places}。承認を待っています。", "navigate": url, "tag": record.draft_id}
            return _json({"web_push": 8030, "notification": shown, "shirase_call": plain})
        return _json(plain)

    def _silent(self, draft: _Draft, level: Level) -> None:
        """Write down by name that nobody decided, and let the people know who are under a warning."""
        record = draft.record
        key = key_of(record.draft_id, SILENCE, SILENCE)
        if key in self._pages:
            return
        said = silence_draft(
            record, self._told, self._shelters.values(), min_level=self._rule.min_level, at=self._now()
        )
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
            reason="nobody-decided" if said is not None else "nobody-decided-nobody-warned",
            attempts=0,
            at=self._now(),
        )
        self._pages[key] = page
        self._producer.send(PAGES.name, key, encode(page)).result(_STORED_WITHIN_SECONDS)
        self._metrics.silences.inc()
        log.error("nobody decided a draft", extra={"draft": record.draft_id, "reason": called, "level": int(level)})

    # ── what became of a call ─────────────────────────────────────────────────────────────────────

    def _passed(self, key: tuple[str, Way], passage: Passage) -> None:
        page = self._open[key].pop(passage.id, None)
        if page is None:
            return
        ended = replace(page, state=passage.state, reason=passage.reason, attempts=passage.attempts, at=self._now())
        if passage.state is ChannelState.FAILED:
            log.error("an officer could not be called", extra={"draft": page.draft_id, "reason": passage.reason})
        self._store(ended)
        self._metrics.called(page.rung, page.way, passage.state)

    def _store(self, page: PageRecord) -> "Future[Stored]":
        key = key_of(page.draft_id, page.person, page.way)
        self._pages[key] = page
        return self._producer.send(PAGES.name, key, encode(page))

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)


def alone_words(notice: Notice, about: str, way: Way, console_url: str) -> bytes:
    """Return what a call says of a notice that one person let go alone."""
    by = alone_by(notice.approved_by)
    what = notice.parts[0].texts[0].title if notice.parts and notice.parts[0].texts else "知らせ"
    title = f"【ひとりで承認】{what}"
    url = f"{console_url.rstrip('/')}/sending/{notice.lineage}" if console_url else ""
    plain = {
        "notice": notice.lineage,
        "title": title,
        "by": by,
        "at": notice.approved_at.isoformat(),
        "lane": notice.lane.value,
        "url": url,
    }
    if way is Way.PUSH:
        body = f"{by}がひとりで承認し、住民に送りました。内容を確かめてください。"
        shown = {"title": title, "body": body, "navigate": url, "tag": about}
        return _json({"web_push": 8030, "notification": shown, "shirase_call": plain})
    return _json(plain)


def _id(about: str, person: str, way: Way) -> str:
    return f"{about}.{person}.{way.value}"


def _json(plain: Mapping[str, object]) -> bytes:
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()
