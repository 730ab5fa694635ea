"""The worker that gives every channel what was approved, and writes down where each revision stands (R16).

It follows `notices` and keeps a state for each revision, ward and form on `channels`. A restart reads both: what has
its end is not given again, what had none is, under the same id with the same bytes. Of a lineage only the newest
revision leaves: an older one that still waits has been overtaken.
"""

import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache

from alerts.claim import Lane
from alerts.notice import ENDS, Notice
from alerts.place import Cells
from alerts.reception_check import is_check
from alerts.theme import Audience
from dispatch.channel import Channel, ChannelState, Outgoing, Passage
from feeds.dis.outgoing import is_outgoing
from feeds.errors import FeedError
from feeds.outgoing.forms import Form, Municipality, leaves_of, why_not
from feeds.outgoing.notice_cap import is_correction
from geo.cells import intersection
from geo.outline import rings_of
from streams.brokers.client import Consumer, Producer, Record, Stored, read_to_end
from streams.dead_letters import Refused
from streams.digest import approval_digest
from streams.metrics import Role, StreamMetrics
from streams.notices.drill import topic_of
from streams.outward.again import Questions, is_again
from streams.outward.metrics import OutwardMetrics
from streams.outward.outlets import Outlet, Register
from streams.payloads import ChannelRecord
from streams.topics import APPROVED, CHANNELS, NOTICES
from streams.wire import decode, encode

log = logging.getLogger(__name__)

_STORED_WITHIN_SECONDS = 30.0
_POLL_SECONDS = 0.1
# Screens drop what has run out without anything new being said.
_SCREENS_EVERY_SECONDS = 60.0
_FINAL = frozenset((ChannelState.ACCEPTED, ChannelState.FAILED, ChannelState.TYPED))
_OVERTAKEN = "overtaken"
_NO_DOCUMENT = "no-document"
_NEVER_EXPIRES = float("inf")
# Parts of the newest few notices.
_OUTLINES = 64


def key_of(lineage: str, revision: int, ward: str, form: Form) -> bytes:
    """Return the key of a state on `channels`."""
    return f"{lineage}|{revision}|{ward}|{form.value}".encode()


def states(bootstrap: str) -> dict[bytes, ChannelRecord]:
    """Return where every revision stands, as the topic has it."""
    found: dict[bytes, ChannelRecord] = {}
    for record in read_to_end(bootstrap, CHANNELS.name):
        if is_again(record.key):
            continue
        if record.value is None:
            found.pop(record.key, None)
        else:
            found[record.key] = decode(ChannelRecord, record.value)
    return found


def why_kept_in(outlet: Outlet, notice: Notice, ground: Cells) -> str:
    """Return why *notice* does not leave by *outlet*, "" when it does. *ground* are the cells of its ward.

    Errs towards keeping in: a drill leaves only where the register says so; a check of reception, the canary and what
    is for officers never.
    """
    if notice.lane is Lane.CANARY:
        return "canary"
    if is_check(notice):
        return "reception-check"
    if notice.lane is Lane.DRILL and not outlet.drills:
        return "drill"
    if notice.audience is not Audience.PUBLIC:
        return "not-for-the-public"
    if not concerns(notice, outlet.ward, ground):
        return "elsewhere"
    return why_not(outlet.form, notice, outlet.ward)


def concerns(notice: Notice, ward: Municipality, ground: Cells) -> bool:
    """Say whether *notice* speaks of *ward*: it is its own, names it, or touches its *ground*."""
    if notice.issuer == ward.name:
        return True
    named = any(ward.name in part.area_names for part in notice.parts)
    return named or any(bool(intersection(part.cells, ground)) for part in notice.parts)


def holds(notice: Notice, at: datetime) -> bool:
    """Say whether a screen still shows *notice*: an order until it is lifted, whatever its expiry says (R10)."""
    if notice.expires > at:
        return True
    ended = all(part.phase in ENDS for part in notice.parts)
    return is_outgoing(notice) and not ended


@dataclass(slots=True)
class _Leaving:
    """A revision on its way by one outlet: its documents, and what became of each so far."""

    key: bytes
    record: ChannelRecord
    left: set[str]
    passages: list[Passage] = field(default_factory=list)


class Outward:
    """Give the outlets of *register* what was approved; *ground* are the cells of each municipality's code."""

    def __init__(
        self,
        bootstrap: str,
        register: Register,
        ground: Mapping[str, Cells],
        metrics: OutwardMetrics,
        stream_metrics: StreamMetrics,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._register = register
        self._ground = ground
        self._metrics = metrics
        self._stream_metrics = stream_metrics
        self._clock = clock
        self._producer = Producer(bootstrap)
        self._states = states(bootstrap)
        self._revisions: dict[str, dict[int, Notice]] = {}
        self._fresh: list[Notice] = []
        self._channels: list[tuple[Outlet, Channel]] = [(outlet, outlet.open()) for outlet in register.outlets]
        self._leaving: dict[int, dict[bytes, _Leaving]] = {number: {} for number in range(len(self._channels))}
        self._screens_at = 0.0
        # Every ward's CAP has the same outline, and it is the dearest part of all forms.
        self._outline = lru_cache(maxsize=_OUTLINES)(rings_of)
        self._notices = Consumer(bootstrap)
        self._notices.assign_from_oldest(sorted(APPROVED))
        self._questions = Questions.at(bootstrap)

    def run(self, should_stop: Callable[[], bool], beat: Callable[[], None]) -> None:
        """Work until told to stop."""
        while not should_stop():
            self.step()
            beat()

    def step(self) -> None:
        """Take what is new, give it to the channels, write down what has ended."""
        for record in self._notices.poll_at_once(100, 0.0 if self._waiting or self._fresh else _POLL_SECONDS):
            self._hear(record)
        if self._notices.has_reached_the_end():
            # Not before: of what was missed while nobody was here only the newest leaves. One in a step, which is all
            # outlets of all wards: many would take longer than a worker may be silent, and be begun again for ever.
            if self._fresh:
                self._fresh.sort(key=lambda one: (one.lineage, one.revision))
                self._give(self._fresh.pop(0))
            self._change_screens()
            self._give_again()
        for number, (_, channel) in enumerate(self._channels):
            for passage in channel.poll(self._clock(), _POLL_SECONDS if self._leaving[number] else 0.0):
                self._passed(number, passage)
        self._metrics.waiting(self._waiting)
        self._stream_metrics.lag(Role.CHANNELS, NOTICES.name, self._waiting)
        self._stream_metrics.progressed(Role.CHANNELS, time.time())

    def close(self) -> None:
        """Leave; what has no end yet is given again by the next start."""
        for _, channel in self._channels:
            channel.close()
        self._notices.close()
        self._questions.consumer.close()
        self._producer.close()

    @property
    def _waiting(self) -> int:
        return sum(len(leaving) for leaving in self._leaving.values())

    def _hear(self, record: Record) -> None:
        try:
            notice = decode(Notice, record.value)
        except Refused as error:
            # The fan-out puts it aside as a dead letter; once is enough.
            log.warning("a notice is unreadable", extra={"reason": error.reason})
            return
        if record.topic != topic_of(notice.lane).name:
            # The fan-out pages somebody; no other system hears of it either.
            log.error("a notice stands on the topic of another lane", extra={"lineage": notice.lineage})
            return
        if approval_digest(notice) != notice.digest:
            log.error("notice kept in", extra={"lineage": notice.lineage, "reason": "digest-mismatch"})
            self._metrics.digest_stops.inc()
            return
        known = self._revisions.setdefault(notice.lineage, {})
        if notice.revision not in known:
            known[notice.revision] = notice
            self._fresh.append(notice)

    # ── a revision leaves ─────────────────────────────────────────────────────────────────────────

    def _give(self, notice: Notice) -> None:
        newest = max(self._revisions[notice.lineage])
        for number, (outlet, _) in enumerate(self._channels):
            key = key_of(notice.lineage, notice.revision, outlet.ward.code, outlet.form)
            known = self._states.get(key)
            if (known is not None and known.state in _FINAL) or self._kept_in(outlet, notice):
                continue
            if notice.revision < newest:
                if known is not None:
                    self._end(outlet, key, known, ChannelState.FAILED, _OVERTAKEN)
                continue
            self._overtake(number, notice)
            self._leave(number, key, notice)

    def _give_again(self) -> None:
        """Give again what a person asks for, if it is the newest and not on its way: the same id, the same bytes."""
        for key, asked in self._questions.take():
            place = key_of(asked.lineage, asked.revision, asked.ward, Form(asked.form))
            revisions = self._revisions.get(asked.lineage, {})
            for number, (outlet, _) in enumerate(self._channels):
                here = (outlet.ward.code, outlet.form.value) == (asked.ward, asked.form)
                newest = place in self._states and asked.revision == max(revisions, default=0)
                if here and newest and place not in self._leaving[number]:
                    log.warning("sent again", extra={"form": asked.form, "ward": asked.ward})
                    self._leave(number, place, revisions[asked.revision], by=asked.by)
            self._producer.send(CHANNELS.name, key, None)

    def _kept_in(self, outlet: Outlet, notice: Notice) -> str:
        reason = why_kept_in(outlet, notice, self._ground.get(outlet.ward.code, ()))
        if reason == "elsewhere":
            # A withdrawal names no cells: whoever was given the lineage is given its end.
            earlier = (one for one in self._revisions[notice.lineage] if one < notice.revision)
            given = (key_of(notice.lineage, one, outlet.ward.code, outlet.form) in self._states for one in earlier)
            return why_not(outlet.form, notice, outlet.ward) if any(given) else reason
        return reason

    def _overtake(self, number: int, notice: Notice) -> None:
        """End the account of older revisions that still wait; their channel may still hand one over, under its id."""
        outlet = self._channels[number][0]
        for key, leaving in list(self._leaving[number].items()):
            record = leaving.record
            if record.lineage == notice.lineage and record.revision < notice.revision:
                del self._leaving[number][key]
                self._end(outlet, key, record, ChannelState.FAILED, _OVERTAKEN)

    def _leave(self, number: int, key: bytes, notice: Notice, by: str = "") -> None:
        outlet, channel = self._channels[number]
        record = ChannelRecord(
            lineage=notice.lineage,
            revision=notice.revision,
            ward=outlet.ward.code,
            form=outlet.form.value,
            state=ChannelState.SENT,
            reason="",
            documents=(),
            attempts=0,
            drill=notice.lane is Lane.DRILL,
            correction=is_correction(notice),
            at=self._now(),
            by=by,
        )
        try:
            outgoing = self._outgoing(outlet, notice)
        except FeedError as error:
            self._end(outlet, key, record, ChannelState.FAILED, error.reason)
            return
        if not outgoing:
            self._end(outlet, key, record, ChannelState.FAILED, _NO_DOCUMENT)
            return
        record = replace(record, documents=tuple(one.sha256 for one in outgoing))
        # Written before the first try: what may have left is known to whoever comes after us.
        self._stored(key, record).result(_STORED_WITHIN_SECONDS)
        self._metrics.stands(outlet.form, ChannelState.SENT)
        self._leaving[number][key] = _Leaving(key, record, {one.id for one in outgoing})
        for one in outgoing:
            channel.send(one, self._clock())

    def _outgoing(self, outlet: Outlet, notice: Notice) -> tuple[Outgoing, ...]:
        revisions = self._revisions[notice.lineage]
        leaves = leaves_of(
            outlet.form,
            notice,
            outlet.ward,
            sender=self._register.sender,
            earlier=[revisions[one] for one in sorted(revisions) if one < notice.revision],
            in_force=self._on_screen(outlet, notice) if outlet.form is Form.SIGNAGE else (),
            outline=self._outline,
        )
        expires_at = _NEVER_EXPIRES if outlet.form is Form.SIGNAGE else notice.expires.timestamp()
        return tuple(Outgoing(leaf.name, leaf.body, leaf.content_type, expires_at) for leaf in leaves)

    def _on_screen(self, outlet: Outlet, also: Notice | None = None) -> list[Notice]:
        newest = [revisions[max(revisions)] for revisions in self._revisions.values()]
        now = self._now()
        return [one for one in newest if one is also or (holds(one, now) and not self._kept_in(outlet, one))]

    def _change_screens(self) -> None:
        """Write the screens anew once a minute: what has run out leaves them, and nobody says a word for that."""
        if self._clock() - self._screens_at < _SCREENS_EVERY_SECONDS:
            return
        self._screens_at = self._clock()
        for outlet, channel in self._channels:
            shown = self._on_screen(outlet) if outlet.form is Form.SIGNAGE else []
            if shown:
                (leaf,) = leaves_of(outlet.form, shown[0], outlet.ward, sender="", in_force=shown)
                channel.send(Outgoing(leaf.name, leaf.body, leaf.content_type, _NEVER_EXPIRES), self._clock())

    # ── what became of it ─────────────────────────────────────────────────────────────────────────

    def _passed(self, number: int, passage: Passage) -> None:
        for key, leaving in list(self._leaving[number].items()):
            if passage.id not in leaving.left or passage.sha256 not in leaving.record.documents:
                continue
            leaving.left.discard(passage.id)
            leaving.passages.append(passage)
            if not leaving.left:
                del self._leaving[number][key]
                failed = [one for one in leaving.passages if one.state is ChannelState.FAILED]
                state = ChannelState.FAILED if failed else ChannelState.ACCEPTED
                record = replace(leaving.record, attempts=max(one.attempts for one in leaving.passages))
                self._end(self._channels[number][0], key, record, state, failed[0].reason if failed else "")
            return

    def _end(self, outlet: Outlet, key: bytes, record: ChannelRecord, state: ChannelState, reason: str) -> None:
        if state is ChannelState.FAILED and reason != _OVERTAKEN:
            log.error("a channel failed", extra={"form": outlet.form.value, "ward": outlet.ward.code, "reason": reason})
        self._stored(key, replace(record, state=state, reason=reason, at=self._now()))
        self._metrics.stands(outlet.form, state)

    def _stored(self, key: bytes, record: ChannelRecord) -> "Future[Stored]":
        self._states[key] = record
        return self._producer.send(CHANNELS.name, key, encode(record))

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)


def typed_by_hand(
    bootstrap: str, *, lineage: str, revision: int, ward: str, form: Form, by: str, at: datetime
) -> ChannelRecord:
    """Write down that *by* put a revision in at the other system; what stands there already says what it was.

    Raises KeyError where the revision never was to leave by this form.
    """
    key = key_of(lineage, revision, ward, form)
    record = replace(states(bootstrap)[key], state=ChannelState.TYPED, reason="", by=by, at=at)
    with Producer(bootstrap) as producer:
        producer.send(CHANNELS.name, key, encode(record)).result(_STORED_WITHIN_SECONDS)
    return record
