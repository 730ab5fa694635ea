"""A dispatch worker on a broker, with a push service that answers as it is told to."""

import random
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import cast

import h3.api.basic_int as h3
import pytest
from prometheus_client import CollectorRegistry

from alerts.cap import Severity
from alerts.claim import Lane
from alerts.level import Level
from alerts.notice import Notice, NoticePart, Phase, Recipients
from alerts.place import Cell
from alerts.reception_check import lineage_of
from api.known.sending import Ringed, Sending
from dispatch import signs
from dispatch import told as told_records
from dispatch.batch import Batch, BatchAnswer
from dispatch.columns import columns_of
from dispatch.envelope import OVERHEAD_BYTES
from dispatch.message import SHORT_BYTES
from dispatch.metrics import DispatchMetrics
from dispatch.native.library import Native, library_for
from dispatch.outcomes import GoneGuard, PushOutcome
from dispatch.registry import Registry
from dispatch.sender import Push
from dispatch.settings import DispatchSettings
from dispatch.subscription import BUCKETS, Place, QuietHours, Subscription
from dispatch.vapid import FIRST_DRILL_KEY, Vapid, VapidKey
from streams.brokers.broker import Broker, ensure_topics, open_broker
from streams.brokers.client import Producer, Record, read_to_end
from streams.digest import approval_digest
from streams.fanout import course, outbox
from streams.fanout.dispatcher import Dispatcher, buckets_of
from streams.fanout.newcomers import LATE_SECONDS
from streams.fanout.ownership import Replaced
from streams.fanout.subscribers import Subscribers
from streams.metrics import StreamMetrics
from streams.payloads import ReceiptRecord
from streams.topics import DEAD_LETTERS, DRILL_NOTICES, NOTICES, OWNERS, PLANS, PROGRESS, RECEIPTS, SUBSCRIPTIONS, TOLD
from streams.wire import decode, encode
from tests.dispatch.people import KOTO, notice, part, resident
from tests.streams.test_evacuation_board import Desk

IN_FLIGHT = 8
KEY, DRILL_KEY = VapidKey.generate(), VapidKey.generate()
NORTH, SOUTH = (Cell(cell) for cell in sorted(h3.grid_ring(KOTO, 3))[:2])
FCM, APPLE = "https://fcm.googleapis.com", "https://web.push.apple.com"
Verdict = Callable[[Push], PushOutcome | None]


def accepted(_: Push) -> PushOutcome | None:
    return PushOutcome.ACCEPTED


class FakeSender:
    """Answers each push as the verdict says; None leaves it open."""

    def __init__(self, verdict: Verdict = accepted, on_submit: Callable[[Push], None] = lambda _: None) -> None:
        self.verdict = verdict
        self.on_submit = on_submit
        self.submitted: list[Push] = []
        self.opened_ahead: list[tuple[tuple[str, ...], int]] = []
        self.answers_left = 10**9
        self._open: deque[Push] = deque()

    @property
    def in_flight(self) -> int:
        return len(self._open)

    @property
    def free(self) -> int:
        return 1000 - len(self._open)

    def open_ahead(self, origins: Sequence[str]) -> None:
        self.opened_ahead.append((tuple(origins), len(self.submitted)))

    def submit_batch(self, batch: Batch) -> None:
        for key, path, body in zip(batch.keys, batch.paths, batch.bodies, strict=True):
            url = batch.origin + path.decode()
            push = Push((batch, key), batch.origin, url, batch.headers, body, batch.expires_at)
            self.on_submit(push)
            self.submitted.append(push)
            self._open.append(push)

    def poll_batches(self, timeout_seconds: float) -> list[BatchAnswer]:
        answers = []
        for _ in range(len(self._open)):
            push = self._open.popleft()
            outcome = self.verdict(push) if self.answers_left > 0 else None
            if outcome is None:
                self._open.append(push)
            else:
                self.answers_left -= 1
                batch, key = cast("tuple[Batch, int]", push.key)
                answers.append(BatchAnswer(batch, outcome, 0, None, 1.0, 1.0, (key,)))
        return answers

    def close(self) -> None:
        self._open.clear()


@pytest.fixture
def fresh() -> Iterator[Broker]:
    with open_broker("embedded") as broker:
        ensure_topics(
            broker, [NOTICES, DRILL_NOTICES, PLANS, TOLD, PROGRESS, RECEIPTS, OWNERS, SUBSCRIPTIONS, DEAD_LETTERS]
        )
        yield broker


def people(count: int, *cells: Cell, origin: str = "", seed: int = 1) -> list[Subscription]:
    rng = random.Random(seed)
    return [
        resident(
            rng,
            (Place(rng.choice(cells or (Cell(KOTO),))),),
            endpoint=f"{origin}/send/{rng.getrandbits(80):x}" if origin else "",
        )
        for _ in range(count)
    ]


def worker(
    broker: Broker,
    residents: list[Subscription],
    sender: FakeSender,
    *,
    drills: bool = True,
    native: Native = Native.AUTO,
    metrics: CollectorRegistry | None = None,
    pool_depth: int = 0,
) -> Dispatcher:
    registry = Registry.of(columns_of(residents))
    return Dispatcher(
        broker.bootstrap,
        worker=0,
        workers=1,
        subscribers=Subscribers(registry, None, None, frozenset(range(BUCKETS))),
        sender=sender,
        vapid=Vapid({0: KEY, **({FIRST_DRILL_KEY: DRILL_KEY} if drills else {})}, "mailto:operations@shirase.example"),
        secret=b"s" * 32,
        settings=DispatchSettings(
            max_in_flight=IN_FLIGHT,
            retry_first_seconds=0.01,
            retry_cap_seconds=0.02,
            native=native,
            pool_depth=pool_depth,
        ),
        metrics=DispatchMetrics(metrics or CollectorRegistry()),
        stream_metrics=StreamMetrics(CollectorRegistry()),
    )


def flood(*parts: NoticePart, revision: int = 1, hours: float = 2.0, lineage: str = "lineage-1") -> Notice:
    made = replace(
        notice(*parts, lineage=lineage, revision=revision, expires=datetime.now(UTC) + timedelta(hours=hours)),
        sent=datetime.now(UTC) - timedelta(hours=1),
    )
    return replace(made, digest=approval_digest(made))


def publish(broker: Broker, *notices: Notice | bytes, topic: str = NOTICES.name) -> None:
    with Producer(broker.bootstrap) as producer:
        for one in notices:
            value = one if isinstance(one, bytes) else encode(one)
            producer.send(topic, b"lineage-1", value, {"t-received": b"1000"}).result(30)


def receipts(broker: Broker) -> list[ReceiptRecord]:
    return [decode(ReceiptRecord, record.value) for record in read_to_end(broker.bootstrap, RECEIPTS.name)]


def sending_as_recorded(bootstrap: str) -> Sending:
    """Return what a console that starts now knows of what was sent."""
    sending = Sending()
    for topic in (PROGRESS.name, RECEIPTS.name):
        for record in read_to_end(bootstrap, topic):
            sending.apply(record)
    return sending


def turn(dispatcher: Dispatcher, until: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not until():
        assert time.monotonic() < deadline, "it did not come to pass"
        dispatcher.step()


def bury(killed: Dispatcher) -> None:
    """Take away what a killed process would have left to the kernel: its connections."""
    killed._notices.close()
    killed._producer.close()


def finish(broker: Broker, dispatcher: Dispatcher, count: int = 1) -> list[ReceiptRecord]:
    """Turn until there are *count* receipts."""
    deadline, found = time.monotonic() + 30, list[ReceiptRecord]()
    while len(found) < count:
        assert time.monotonic() < deadline, f"only {len(found)} of {count} receipts came"
        for _ in range(20):
            dispatcher.step()
        found = receipts(broker)
    dispatcher.close()
    return found


def test_who_is_told_is_stored_before_the_first_push(fresh: Broker) -> None:
    residents, seen = people(30), list[int]()

    def look(_: Push) -> None:
        if not seen:
            records = read_to_end(fresh.bootstrap, TOLD.name)
            seen.append(sum(len(told_records.decode(record.value).rows) for record in records if record.value))

    sender = FakeSender(on_submit=look)
    publish(fresh, flood())
    (receipt,) = finish(fresh, worker(fresh, residents, sender))
    assert seen == [30]
    ((origins, submitted),) = sender.opened_ahead
    assert submitted == 0, "hands are shaken before there is anything to send"
    assert set(origins) == {push.origin for push in sender.submitted}
    assert (receipt.selected, receipt.outcomes) == (30, {"accepted": 30})
    assert receipt.received_ms == 1000
    assert receipt.first_accepted_ms is not None
    assert sum(receipt.wards.values()) == 30
    assert len({push.url for push in sender.submitted}) == 30


@pytest.mark.parametrize("answers", [0, 1, 17, 39])
def test_a_worker_that_is_killed_loses_nobody_and_repeats_few(fresh: Broker, answers: int) -> None:
    residents = people(25, origin=FCM) + people(15, origin=APPLE, seed=2)
    publish(fresh, flood())
    first = FakeSender()
    first.answers_left = answers
    killed = worker(fresh, residents, first)
    turn(killed, lambda: first.answers_left == 0 and (first.in_flight >= min(IN_FLIGHT, 40 - answers)))
    second = FakeSender()
    (receipt,) = finish(fresh, worker(fresh, residents, second))
    sent = Counter(push.url for push in (*first.submitted, *second.submitted))
    assert set(sent) == {person.endpoint for person in residents}, "nobody is lost"
    assert sent.total() - len(sent) <= IN_FLIGHT, "no more repeats than were open"
    assert receipt.outcomes == {"accepted": 40}
    # What had ended was not all saved when the end was written: who looks now sees all of it none the less.
    seen = sending_as_recorded(fresh.bootstrap).how_far("lineage-1", 1)
    assert seen.is_whole
    assert seen.origins == {FCM: (25, 25), APPLE: (15, 15)}
    assert seen.rings == {0: Ringed(40, 40, 40)}
    bodies = {(push.url, push.body) for push in (*first.submitted, *second.submitted)}
    assert len(bodies) == 40, "a repeat has the same bytes"
    killed._heartbeat._last -= 3600  # it stood still meanwhile
    with pytest.raises(Replaced):
        killed.step()
    bury(killed)


def test_a_finished_notice_is_not_sent_again_by_the_next_process(fresh: Broker) -> None:
    residents = people(5)
    publish(fresh, flood())
    finish(fresh, worker(fresh, residents, FakeSender()))
    again = FakeSender()
    dispatcher = worker(fresh, residents, again)
    publish(fresh, flood(lineage="lineage-2"))
    assert len(finish(fresh, dispatcher, count=2)) == 2
    assert len(again.submitted) == 5


def test_the_same_notice_twice_is_sent_once(fresh: Broker) -> None:
    same, sender = flood(), FakeSender()
    publish(fresh, same, same, flood(lineage="lineage-2"))
    finish(fresh, worker(fresh, people(5), sender), count=2)
    assert len(sender.submitted) == 10


def test_what_has_expired_is_counted_and_not_sent(fresh: Broker) -> None:
    sender = FakeSender()
    publish(fresh, flood(hours=-1))
    (receipt,) = finish(fresh, worker(fresh, people(6), sender))
    assert (receipt.selected, receipt.outcomes, sender.submitted) == (6, {"expired": 6}, [])
    assert sum(receipt.origins.values()) == 6
    assert receipt.rings == {"0": {"expired": 6}}


def test_poison_among_notices_goes_aside_and_the_next_is_sent(fresh: Broker) -> None:
    sender = FakeSender()
    publish(fresh, b"\x80\x04", flood())
    finish(fresh, worker(fresh, people(3), sender))
    assert len(sender.submitted) == 3
    (aside,) = read_to_end(fresh.bootstrap, DEAD_LETTERS.name)
    assert aside.headers["reason"] == b"wire-malformed"


def test_a_subscription_that_is_gone_is_forgotten(fresh: Broker) -> None:
    residents = people(30)
    gone = residents[0]
    sender = FakeSender(lambda push: PushOutcome.GONE if push.url == gone.endpoint else PushOutcome.ACCEPTED)
    publish(fresh, flood(), flood(lineage="lineage-2"))
    first, second = finish(fresh, worker(fresh, residents, sender), count=2)
    tombstones = {(record.key, record.value) for record in read_to_end(fresh.bootstrap, SUBSCRIPTIONS.name)}
    assert tombstones == {(gone.id, None), (signs.key_of(gone.id), None)}, "the sign of life goes along"
    assert first.outcomes == {"accepted": 29, "gone": 1}
    assert second.selected in (29, 30), "left out from the next notice that begins"


def test_too_many_gone_at_once_are_not_believed(fresh: Broker) -> None:
    residents = people(60, origin=FCM)
    publish(fresh, flood())
    (receipt,) = finish(fresh, worker(fresh, residents, FakeSender(lambda _: PushOutcome.GONE)))
    assert receipt.outcomes == {"gone": 60}
    forgotten = {signs.id_of(record.key) for record in read_to_end(fresh.bootstrap, SUBSCRIPTIONS.name)}
    assert len(forgotten) < GoneGuard.LEAST_GONE


@pytest.mark.parametrize("takes_short", [True, False])
def test_what_is_called_too_large_goes_out_once_more_in_its_short_form(fresh: Broker, takes_short: bool) -> None:
    def verdict(push: Push) -> PushOutcome:
        fits = takes_short and len(push.body) <= SHORT_BYTES + OVERHEAD_BYTES
        return PushOutcome.ACCEPTED if fits else PushOutcome.TOO_LARGE

    sender = FakeSender(verdict)
    publish(fresh, flood())
    (receipt,) = finish(fresh, worker(fresh, people(10, origin=FCM), sender))
    assert receipt.outcomes == ({"accepted": 10} if takes_short else {"too-large": 10})
    by_address: dict[str, list[bytes]] = {}
    for push in sender.submitted:
        by_address.setdefault(push.url, []).append(push.body)
    for long, short in by_address.values():
        assert len(short) < len(long)
        # Another text has another sender key and salt: no key ever seals two.
        assert short[:86] != long[:86]


@pytest.mark.parametrize("outcome", [PushOutcome.REFUSED, PushOutcome.REDIRECT, PushOutcome.FAILED])
def test_no_other_answer_costs_a_subscription(fresh: Broker, outcome: PushOutcome) -> None:
    publish(fresh, flood())
    (receipt,) = finish(fresh, worker(fresh, people(5, origin=FCM), FakeSender(lambda _: outcome)))
    assert receipt.outcomes == {outcome.value: 5}
    assert list(read_to_end(fresh.bootstrap, SUBSCRIPTIONS.name)) == []


def test_a_push_service_that_is_away_holds_up_nobody_else_and_is_tried_again(fresh: Broker) -> None:
    away = [True]
    residents = people(30, origin=FCM) + people(30, origin=APPLE, seed=2)

    def verdict(push: Push) -> PushOutcome:
        return PushOutcome.RETRY if away[0] and push.origin == FCM else PushOutcome.ACCEPTED

    sender = FakeSender(verdict)
    dispatcher = worker(fresh, residents, sender)
    publish(fresh, flood())
    turn(dispatcher, lambda: sum(push.origin == APPLE for push in sender.submitted) == 30)
    away[0] = False
    (receipt,) = finish(fresh, dispatcher)
    assert receipt.outcomes == {"accepted": 60}


def test_retries_keep_to_their_share_only_while_first_tries_wait(fresh: Broker) -> None:
    """Rows lost in a burst must not go out one by one when everything else has been sent."""
    lost: set[str] = set()
    open_now: list[tuple[bool, int]] = []

    def first_is_lost(push: Push) -> PushOutcome | None:
        if push.url in lost:
            return None
        lost.add(push.url)
        return PushOutcome.UNKNOWN

    sender = FakeSender(first_is_lost)

    def note(push: Push) -> None:
        retried = sum(one.url in lost for one in sender._open) + (push.url in lost)
        open_now.append((len(lost) < 40 - IN_FLIGHT, retried))

    sender.on_submit = note
    dispatcher = worker(fresh, people(40, origin=FCM), sender)
    publish(fresh, flood())
    turn(dispatcher, lambda: len(lost) == 40 and sender.in_flight == IN_FLIGHT)
    assert max((retried for first_tries_wait, retried in open_now if first_tries_wait), default=0) <= 1
    sender.verdict = accepted
    (receipt,) = finish(fresh, dispatcher)
    assert receipt.outcomes == {"accepted": 40}


# ── revisions of one lineage ──────────────────────────────────────────────────────────────────────


def part_of(cell: Cell, phase: Phase = Phase.ISSUED, recipients: Recipients = Recipients.CELLS) -> NoticePart:
    return part((cell,), phase=phase, recipients=recipients, level=Level.ALL_LEAVE, severity=Severity.SEVERE)


def test_a_revision_for_other_people_takes_nothing_from_those_who_still_wait(fresh: Broker) -> None:
    """The first part of a document is told, one shard follows: whoever had no answer yet still gets hers."""
    away = [True]
    north, south = people(12, NORTH, seed=3), people(12, SOUTH, seed=4)
    waiting = {person.endpoint for person in north}

    def verdict(push: Push) -> PushOutcome:
        return PushOutcome.RETRY if away[0] and push.url in waiting else PushOutcome.ACCEPTED

    sender = FakeSender(verdict)
    dispatcher = worker(fresh, [*north, *south], sender)
    publish(fresh, flood(part_of(NORTH)), flood(part_of(SOUTH), revision=2))
    served = {person.endpoint for person in south}
    turn(dispatcher, lambda: served <= {push.url for push in sender.submitted})  # not held up by the first
    away[0] = False
    outcomes = {receipt.revision: receipt.outcomes for receipt in finish(fresh, dispatcher, count=2)}
    assert outcomes == {1: {"accepted": 12}, 2: {"accepted": 12}}


def test_a_newer_revision_speaks_instead_of_the_older_and_never_beside_it(fresh: Broker) -> None:
    hanging = [True]
    residents = people(12)
    sender = FakeSender(lambda _: None if hanging[0] else PushOutcome.TIMEOUT)
    dispatcher = worker(fresh, residents, sender)
    publish(fresh, flood())
    turn(dispatcher, lambda: len(sender.submitted) == IN_FLIGHT)
    open_now = {push.url for push in sender.submitted}
    publish(fresh, flood(part(level=Level.SECURE_LIFE, phase=Phase.RAISED), revision=2))
    turn(dispatcher, lambda: len(dispatcher._outbox.active) == 2)
    hanging[0] = False
    # The requests that hung come back without an answer: they are not repeated, the newer one goes.
    old_bodies = {push.body for push in sender.submitted}
    sender.verdict = lambda push: PushOutcome.TIMEOUT if push.body in old_bodies else PushOutcome.ACCEPTED
    outcomes = {receipt.revision: receipt.outcomes for receipt in finish(fresh, dispatcher, count=2)}
    assert outcomes == {1: {"timeout": len(open_now), "superseded": 12 - len(open_now)}, 2: {"accepted": 12}}
    by_url: dict[str, list[bytes]] = {}
    for push in sender.submitted:
        by_url.setdefault(push.url, []).append(push.body)
    assert all(len(bodies) == (2 if url in open_now else 1) for url, bodies in by_url.items())
    assert all(bodies[-1] not in old_bodies for bodies in by_url.values()), "the newest is the last that anybody hears"


@pytest.mark.parametrize("answers", [0, 3, 6])
def test_a_restart_amid_two_revisions_loses_nobody_and_sends_nothing_stale(fresh: Broker, answers: int) -> None:
    north, south = people(8, NORTH, seed=5), people(8, SOUTH, seed=6)
    residents = [*north, *south]
    one = flood(part_of(NORTH), part_of(SOUTH))
    two = flood(part_of(SOUTH, Phase.RAISED), revision=2)
    sender = FakeSender()
    sender.answers_left = answers
    killed = worker(fresh, residents, sender)
    publish(fresh, one, two)
    turn(killed, lambda: len(killed._outbox.active) == 2 and sender.answers_left == 0 and sender.in_flight > 0)
    second = FakeSender()
    found = {receipt.revision: receipt.outcomes for receipt in finish(fresh, worker(fresh, residents, second), count=2)}
    assert found[2] == {"accepted": 8}
    assert sum(found[1].values()) == 16
    told_of_one = {push.url for push in (*sender.submitted, *second.submitted)}
    assert told_of_one == {person.endpoint for person in residents}
    last = {push.url: push for push in second.submitted}
    texts = {person.endpoint: last[person.endpoint].body for person in south}
    assert len([push for push in second.submitted if push.url in texts]) == 8, "to the south only the newer one"
    bury(killed)


def test_a_cancel_reaches_those_who_were_told_and_nobody_else(fresh: Broker) -> None:
    told, others = people(7, NORTH, seed=7), people(7, SOUTH, seed=8)
    sender = FakeSender()
    dispatcher = worker(fresh, [*told, *others], sender)
    publish(fresh, flood(part_of(NORTH)))
    turn(dispatcher, lambda: bool(receipts(fresh)))
    cancel = part((), phase=Phase.CANCELLED, recipients=Recipients.ALL_TOLD)
    publish(fresh, flood(cancel, revision=2))
    by_revision = {receipt.revision: receipt for receipt in finish(fresh, dispatcher, count=2)}
    assert by_revision[2].outcomes == {"accepted": 7}
    assert {push.url for push in sender.submitted[7:]} == {person.endpoint for person in told}


def test_what_the_newest_record_says_too_is_not_kept_twice(fresh: Broker) -> None:
    residents, sender = people(9), FakeSender()
    dispatcher = worker(fresh, residents, sender)
    publish(fresh, flood(), flood(part(level=Level.SECURE_LIFE, phase=Phase.RAISED), revision=2))
    finish(fresh, dispatcher, count=2)
    newest = {record.key: record.value for record in read_to_end(fresh.bootstrap, TOLD.name)}
    assert {key.split(b"|")[1] for key, value in newest.items() if value is not None} == {b"2"}


def test_every_bucket_has_one_owner() -> None:
    shares = [buckets_of(one, 5) for one in range(5)]
    assert sum(map(len, shares)) == BUCKETS
    assert frozenset().union(*shares) == frozenset(range(BUCKETS))


# ── who joins late, and what was not approved ─────────────────────────────────────────────────────


def sign_up(dispatcher: Dispatcher, *joining: Subscription) -> None:
    dispatcher._subscribers._changed.update({one.id: one for one in joining})
    dispatcher._newcomers._looked_at -= LATE_SECONDS


def test_who_joins_late_is_told_at_once_and_nobody_else_again(fresh: Broker) -> None:
    residents, sender = people(9, NORTH), FakeSender()
    dispatcher = worker(fresh, residents, sender)
    publish(fresh, flood(part_of(NORTH)))
    turn(dispatcher, lambda: bool(receipts(fresh)))
    here, elsewhere = people(1, NORTH, seed=11), people(1, SOUTH, seed=12)
    quieter = replace(residents[0], language="en")  # heard it: her device is the same
    renewed = replace(residents[1], endpoint=f"{FCM}/send/new")
    one_more_place = replace(residents[2], places=(Place(NORTH), Place(SOUTH)))
    sign_up(dispatcher, *here, *elsewhere, quieter, renewed, one_more_place)
    (late,) = [one for one in finish(fresh, dispatcher, count=2) if one.tail]
    assert {push.url for push in sender.submitted[9:]} == {here[0].endpoint, renewed.endpoint}
    assert (late.tail, late.selected, late.outcomes) == (1, 2, {"accepted": 2})


def test_a_rush_of_sign_ups_while_level_4_is_live_is_told_once_each_and_holds_up_no_notice(fresh: Broker) -> None:
    """R4, scaled: what 100,000 are in ten minutes is here six hundred in six waves."""
    residents, sender = people(5, NORTH), FakeSender()
    dispatcher = worker(fresh, residents, sender)
    publish(fresh, flood(part_of(NORTH)))
    turn(dispatcher, lambda: bool(receipts(fresh)))
    joining, come = people(600, NORTH, seed=31), len(residents)
    for at in range(0, len(joining), 100):
        # Of each wave before, somebody changes what makes no other message of it, in the middle of the rush.
        changed = [replace(one, quiet_hours=QuietHours(22, 6)) for one in joining[max(0, at - 5) : at]]
        sign_up(dispatcher, *joining[at : at + 100], *changed)
        come += 100
        turn(dispatcher, lambda come=come: len(sender.submitted) >= come)  # type: ignore[misc]
    publish(fresh, flood(part_of(NORTH), lineage="lineage-2"))
    turn(dispatcher, lambda: len(sender.submitted) >= 2 * come)
    tails = [one for one in finish(fresh, dispatcher, count=2 + 6) if one.tail]
    everybody = {one.endpoint for one in (*residents, *joining)}
    assert Counter(push.url for push in sender.submitted) == dict.fromkeys(everybody, 2)
    assert sum(one.outcomes["accepted"] for one in tails) == len(joining), "counted apart"


def test_a_newcomer_spends_nothing_of_what_is_made_ahead_for_everybody(fresh: Broker) -> None:
    residents, sender = people(6, NORTH), FakeSender()
    dispatcher = worker(fresh, residents, sender, pool_depth=1)
    publish(fresh, flood(part_of(NORTH)))
    turn(dispatcher, lambda: bool(receipts(fresh)) and dispatcher._pool.full)
    (ahead,) = dispatcher._pool._ready
    sign_up(dispatcher, *people(1, NORTH, seed=41))
    turn(dispatcher, lambda: len(sender.submitted) == 7)
    assert dispatcher._pool._ready == [ahead]
    publish(fresh, flood(part_of(NORTH), lineage="lineage-2"))
    turn(dispatcher, lambda: len(sender.submitted) == 14)
    assert ahead not in dispatcher._pool._ready, "the next notice has it"
    finish(fresh, dispatcher, count=3)


def test_who_moves_into_greater_danger_is_told_of_it(fresh: Broker) -> None:
    residents, sender = people(3, NORTH), FakeSender()
    dispatcher = worker(fresh, residents, sender)
    worse = part((SOUTH,), rank=0, level=Level.SECURE_LIFE)
    publish(fresh, flood(worse, replace(part_of(NORTH), rank=1)), flood(part_of(NORTH, Phase.CHANGED), revision=2))
    turn(dispatcher, lambda: len(receipts(fresh)) == 2)
    before = len(sender.submitted)
    moved = replace(residents[0], places=(Place(SOUTH),))
    sign_up(dispatcher, moved)
    (late,) = [one for one in finish(fresh, dispatcher, count=3) if one.tail]
    assert (late.revision, late.tail, late.outcomes) == (1, 1, {"accepted": 1})
    assert [push.url for push in sender.submitted[before:]] == [moved.endpoint]


def test_a_late_joiner_hears_the_newest_that_holds_at_her_place_and_nothing_that_has_ended(fresh: Broker) -> None:
    sender = FakeSender()
    dispatcher = worker(fresh, people(3, NORTH, SOUTH), sender)
    lifted = part_of(SOUTH, Phase.LIFTED, Recipients.TOLD)
    publish(
        fresh,
        flood(part_of(NORTH), part_of(SOUTH)),
        flood(part_of(NORTH, Phase.RAISED), lifted, revision=2),
        flood(part_of(SOUTH), lineage="lineage-2"),
        flood(part((), phase=Phase.CANCELLED, recipients=Recipients.ALL_TOLD), lineage="lineage-2", revision=2),
    )
    turn(dispatcher, lambda: len(receipts(fresh)) == 4)
    before = len(sender.submitted)
    north, south = people(2, NORTH, seed=21), people(2, SOUTH, seed=22)
    sign_up(dispatcher, *north, *south)
    # The topic has partitions: the newest record need not be the last that is read.
    (late,) = [one for one in finish(fresh, dispatcher, count=5) if one.tail]
    assert (late.lineage, late.revision, late.tail) == ("lineage-1", 2, 1)
    assert {push.url for push in sender.submitted[before:]} == {person.endpoint for person in north}


@pytest.mark.parametrize("answers", [0, 2])
def test_a_worker_killed_among_late_joiners_leaves_none_out(fresh: Broker, answers: int) -> None:
    sender = FakeSender()
    killed = worker(fresh, people(2, NORTH), sender)
    publish(fresh, flood(part_of(NORTH)))
    turn(killed, lambda: bool(receipts(fresh)))
    sender.answers_left = answers
    joining = people(5, NORTH, seed=31)
    sign_up(killed, *joining)
    turn(killed, lambda: sender.answers_left == 0 and sender.in_flight >= 5 - answers)
    # Nobody owned the buckets when these signed up: the next owner finds them in its registry.
    unowned = people(3, NORTH, seed=32)
    second = FakeSender()
    dispatcher = worker(fresh, [*people(2, NORTH), *joining, *unowned], second)
    dispatcher._newcomers._looked_at -= LATE_SECONDS
    found = finish(fresh, dispatcher, count=3)
    assert sorted((one.tail, one.selected) for one in found) == [(0, 2), (1, 5), (2, 3)]
    sent = Counter(push.url for push in (*sender.submitted, *second.submitted))
    assert set(sent) == {person.endpoint for person in (*people(2, NORTH), *joining, *unowned)}
    assert sent.total() - len(sent) <= IN_FLIGHT
    assert len({(push.url, push.body) for push in (*sender.submitted, *second.submitted)}) == len(sent)
    bury(killed)


def test_what_is_not_what_was_approved_is_not_sent(fresh: Broker) -> None:
    sender = FakeSender()
    dispatcher = worker(fresh, people(3), sender)
    approved = flood()
    wider = replace(approved, parts=(replace(approved.parts[0], cells=(Cell(KOTO), NORTH)),), revision=2)
    publish(fresh, wider, flood(lineage="lineage-2"))
    finish(fresh, dispatcher)
    assert len(sender.submitted) == 3
    assert dispatcher._metrics.hash_stops._value.get() == 1


def test_who_unsubscribes_while_her_push_waits_is_sent_nothing_more(fresh: Broker) -> None:
    away = [True]
    residents = people(6, origin=FCM)
    leaving = residents[:2]
    sender = FakeSender(lambda _: PushOutcome.RETRY if away[0] else PushOutcome.ACCEPTED)
    dispatcher = worker(fresh, residents, sender)
    publish(fresh, flood())
    turn(dispatcher, lambda: len(sender.submitted) >= 6)
    for person in leaving:
        dispatcher._subscribers.forget(person.id)
    dispatcher._newcomers._looked_at -= LATE_SECONDS
    turn(dispatcher, lambda: dispatcher._subscribers.changes == 0 and sender.in_flight == 0)
    before = len(sender.submitted)
    away[0] = False
    (receipt,) = finish(fresh, dispatcher)
    assert receipt.outcomes["accepted"] == 4
    assert sum(receipt.outcomes.values()) == 6
    assert not {push.url for push in sender.submitted[before:]} & {person.endpoint for person in leaving}


# ── range by range ────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def small_ranges(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let ranges hold 3, 6, 8, 8... rows, each frozen only when the one before has been handed over."""
    monkeypatch.setattr(course, "FIRST_ROWS", 3)
    monkeypatch.setattr(course, "GROWTH", 2)
    monkeypatch.setattr(course, "MOST_ROWS", 8)
    monkeypatch.setattr(outbox, "READY_PER_OPEN", 0)


def told_rows(broker: Broker) -> int:
    newest = {record.key: record.value for record in read_to_end(broker.bootstrap, TOLD.name)}
    return sum(len(told_records.decode(value).rows) for value in newest.values() if value)


@pytest.mark.usefixtures("small_ranges")
def test_the_first_push_waits_for_one_range_and_every_push_for_its_own(fresh: Broker) -> None:
    sent, stored = [0], list[tuple[int, int]]()

    def look(_: Push) -> None:
        sent[0] += 1
        stored.append((sent[0], told_rows(fresh)))

    sender = FakeSender(on_submit=look)
    publish(fresh, flood())
    (receipt,) = finish(fresh, worker(fresh, people(30), sender))
    assert stored[0] == (1, 3)
    assert all(told >= number for number, told in stored)
    assert stored[15][1] < 30, "later ranges are frozen while earlier ones go out"
    assert (receipt.selected, receipt.outcomes) == (30, {"accepted": 30})


@pytest.mark.usefixtures("small_ranges")
def test_kills_between_and_within_ranges_lose_nobody_and_repeat_only_what_was_open(fresh: Broker) -> None:
    """Each kill leaves the newest range half stored, as a broker may have it when the process dies."""
    chance = random.Random(5)
    residents = people(60, NORTH) + people(30, SOUTH, seed=2)
    publish(fresh, flood(part((NORTH,), rank=0), part((SOUTH,), rank=1)))
    senders: list[FakeSender] = []
    for answers in (0, 2, 11, 0, 25, 9):
        sender = FakeSender()
        sender.answers_left = answers
        killed = worker(fresh, residents, sender)
        turn(killed, lambda: sender.answers_left == 0 and sender.in_flight >= IN_FLIGHT - 2)  # noqa: B023
        senders.append(sender)
        bury(killed)
        tear(fresh, killed, chance)
    last = FakeSender()
    (receipt,) = finish(fresh, worker(fresh, residents, last))
    pushes = [push for sender in (*senders, last) for push in sender.submitted]
    assert {push.url for push in pushes} == {person.endpoint for person in residents}
    assert len(pushes) - len(residents) <= IN_FLIGHT * len(senders)
    assert len({(push.url, push.body) for push in pushes}) == len(residents), "a repeat has the same bytes"
    assert receipt.outcomes == {"accepted": 90}
    assert receipt.selected == 90
    order = list(dict.fromkeys(push.url for push in pushes))
    endangered = {person.endpoint for person in residents[:60]}
    assert set(order[: 60 - IN_FLIGHT]) <= endangered, "the most endangered come first, whoever sends"


def tear(broker: Broker, killed: Dispatcher, chance: random.Random) -> None:
    """Take half of the records away of a range that was being stored when its worker died."""
    with Producer(broker.bootstrap) as producer:
        for one in killed._courses:
            for number in one.storing.told if one.storing is not None else ():
                if chance.random() < 0.5:
                    key = f"{one.notice.lineage}|{one.notice.revision}|{number}".encode()
                    producer.send(TOLD.name, key, None).result(30)


@pytest.mark.usefixtures("small_ranges")
@pytest.mark.parametrize("kill", [False, True])
def test_a_cancel_amid_the_ranges_is_the_last_that_anybody_hears(fresh: Broker, kill: bool) -> None:
    """Also of who was in no range yet: she may have been told by the time that it is read."""
    residents, sender = people(40), FakeSender()
    sender.answers_left = 14
    dispatcher = worker(fresh, residents, sender)
    publish(fresh, flood())
    turn(dispatcher, lambda: sender.answers_left == 0)
    cancel = part((), phase=Phase.CANCELLED, recipients=Recipients.ALL_TOLD)
    publish(fresh, flood(cancel, revision=2))
    turn(dispatcher, lambda: any(one.notice.revision == 2 for one in dispatcher._courses))
    senders = [sender]
    if kill:
        bury(dispatcher)
        senders.append(FakeSender())
        dispatcher = worker(fresh, residents, senders[-1])
    sender.answers_left = 10**9
    found = {one.revision: one for one in finish(fresh, dispatcher, count=2)}
    assert found[2].outcomes == {"accepted": 40}
    assert set(found[1].outcomes) <= {"accepted", "superseded"}
    assert sum(found[1].outcomes.values()) == 40
    by_url: dict[str, list[bytes]] = {}
    for push in (push for one in senders for push in one.submitted):
        by_url.setdefault(push.url, []).append(push.body)
    lengths = {len(bodies[-1]) for bodies in by_url.values()}
    assert set(by_url) == {person.endpoint for person in residents}
    assert len(lengths) == 1, "the same last word for all"
    assert sum(len(set(bodies)) for bodies in by_url.values()) < 80, "not everybody was told what is void already"


@pytest.mark.usefixtures("small_ranges")
def test_who_leaves_or_joins_amid_the_ranges_is_told_never_or_once(fresh: Broker) -> None:
    residents, sender = people(40, NORTH), FakeSender()
    sender.answers_left = 5
    dispatcher = worker(fresh, residents, sender)
    publish(fresh, flood(part_of(NORTH)))
    turn(dispatcher, lambda: sender.answers_left == 0)
    sent = {push.url for push in sender.submitted}
    waiting = [person for person in residents if person.endpoint not in sent]
    leaving, quieter = waiting[:5], replace(waiting[5], language="en")
    joining = people(3, NORTH, seed=41)
    for person in leaving:
        dispatcher._subscribers.forget(person.id)
    sign_up(dispatcher, *joining, quieter)
    turn(dispatcher, lambda: dispatcher._subscribers.changes == 0)
    sender.answers_left = 10**9
    found = finish(fresh, dispatcher, count=2)
    gone = {person.endpoint for person in leaving}
    heard = Counter(push.url for push in sender.submitted)
    assert heard.keys() == {person.endpoint for person in (*residents, *joining)} - gone
    assert set(heard.values()) == {1}
    assert sorted((one.tail, one.selected) for one in found if one.tail) == [(1, 3)]


def test_a_restart_after_two_revisions_tells_nobody_again(fresh: Broker) -> None:
    residents = people(6, NORTH) + people(6, SOUTH, seed=2)
    publish(fresh, flood(part_of(NORTH), part_of(SOUTH)), flood(part_of(SOUTH, Phase.RAISED), revision=2))
    finish(fresh, worker(fresh, residents, FakeSender()), count=2)
    again, joining = FakeSender(), people(1, NORTH, seed=51)
    dispatcher = worker(fresh, [*residents, *joining], again)
    dispatcher._newcomers._looked_at -= LATE_SECONDS
    finish(fresh, dispatcher, count=3)
    assert [push.url for push in again.submitted] == [joining[0].endpoint]


def test_ways_from_a_plan_that_was_changed_are_stopped_and_their_neighbours_are_not(fresh: Broker) -> None:
    desk = Desk()
    desk.order()
    (plan,) = {one.shard: one for due in desk.log for one in due.plans}.values()
    now = datetime.now(UTC)
    order = replace(desk.log[-1].drafts[0].notice, expires=now + timedelta(hours=1), approved_at=now)
    assert order.order is not None
    order = replace(order, order=replace(order.order, expires=order.expires))
    order = replace(order, digest=approval_digest(order))
    residents, sender = people(4, order.parts[0].cells[0]), FakeSender()
    with Producer(fresh.bootstrap) as producer:
        bent = replace(plan, cells=plan.cells[1:])
        producer.send(PLANS.name, b"%d" % plan.shard, encode(bent)).result(30)
    dispatcher = worker(fresh, residents, sender)
    publish(fresh, order)
    turn(dispatcher, lambda: dispatcher._metrics.hash_stops._value.get() == 1)
    publish(fresh, flood(part_of(order.parts[0].cells[0])))
    (receipt,) = finish(fresh, dispatcher)
    assert receipt.lineage == "lineage-1"
    assert len(sender.submitted) == 4


@pytest.mark.usefixtures("small_ranges")
def test_a_push_service_that_hangs_does_not_keep_the_next_ranges_from_the_others(fresh: Broker) -> None:
    hanging = [True]
    residents = people(30, origin=FCM) + people(30, origin=APPLE, seed=2)
    sender = FakeSender(lambda push: None if hanging[0] and push.origin == FCM else PushOutcome.ACCEPTED)
    dispatcher = worker(fresh, residents, sender)
    publish(fresh, flood())
    turn(dispatcher, lambda: sum(push.origin == APPLE for push in sender.submitted) == 30)
    hanging[0] = False
    (receipt,) = finish(fresh, dispatcher)
    assert receipt.outcomes == {"accepted": 60}
    assert len(sender.submitted) == 60


def drilled(**changed: object) -> Notice:
    """Return a drill, as somebody approved it."""
    made = replace(flood(lineage="drill"), lane=Lane.DRILL, **changed)  # type: ignore[arg-type]
    return replace(made, digest=approval_digest(made))


def people_of_both_lanes() -> list[Subscription]:
    rng = random.Random(7)
    return [resident(rng, (Place(Cell(KOTO)),), drill=drill) for drill in (False,) * 6 + (True,) * 4]


def test_each_lane_is_sent_by_its_own_topic_and_its_own_key(fresh: Broker) -> None:
    sender = FakeSender()
    publish(fresh, flood())
    publish(fresh, drilled(), topic=DRILL_NOTICES.name)
    both = finish(fresh, worker(fresh, people_of_both_lanes(), sender), count=2)
    assert {one.lineage: one.outcomes for one in both} == {"lineage-1": {"accepted": 6}, "drill": {"accepted": 4}}
    keys = Counter(dict(push.headers)["Authorization"].rpartition("k=")[2] for push in sender.submitted)
    assert keys == {KEY.public_text: 6, DRILL_KEY.public_text: 4}


@pytest.mark.parametrize(
    ("notice", "topic", "drills", "reason"),
    [
        (drilled(), NOTICES.name, True, "other-lane"),
        (flood(), DRILL_NOTICES.name, True, "other-lane"),
        (drilled(), DRILL_NOTICES.name, False, "no-key-of-the-lane"),
    ],
    ids=["drill-on-notices", "live-on-drill-notices", "no-drill-key"],
)
def test_a_notice_of_another_lane_than_its_topic_or_without_a_key_is_stopped(
    fresh: Broker, notice: Notice, topic: str, drills: bool, reason: str
) -> None:
    sender = FakeSender()
    publish(fresh, notice, topic=topic)
    dispatcher = worker(fresh, people_of_both_lanes(), sender, drills=drills)
    stops = dispatcher._metrics.lane_stops.labels(reason)
    turn(dispatcher, lambda: stops._value.get() == 1)
    assert dispatcher._metrics.hash_stops._value.get() == 1, "it pages"
    publish(fresh, flood(lineage="lineage-2"))
    (receipt,) = finish(fresh, dispatcher)
    assert (receipt.lineage, len(sender.submitted)) == ("lineage-2", 6)


def test_a_drill_of_before_drills_had_a_topic_is_over_and_wakes_nobody(fresh: Broker) -> None:
    sender = FakeSender()
    old = drilled(expires=datetime.now(UTC) - timedelta(hours=1))
    publish(fresh, old, flood())
    dispatcher = worker(fresh, people_of_both_lanes(), sender)
    finish(fresh, dispatcher)
    assert dispatcher._metrics.hash_stops._value.get() == 0
    assert len(sender.submitted) == 6


def test_whoever_signed_up_for_drills_by_the_live_key_is_refused_and_counted(fresh: Broker) -> None:
    sender = FakeSender()
    before = [replace(one, vapid_key=0) for one in people_of_both_lanes()]
    publish(fresh, drilled(), topic=DRILL_NOTICES.name)
    dispatcher = worker(fresh, before, sender)
    (receipt,) = finish(fresh, dispatcher)
    assert (receipt.outcomes, sender.submitted) == ({"failed": 4}, [])
    assert dispatcher._metrics.wrong_keys.labels(Lane.DRILL.value)._value.get() == 4


def test_whether_c_seals_is_told_by_a_metric(fresh: Broker) -> None:
    for native, expected in ((Native.OFF, False), (Native.AUTO, library_for(Native.AUTO) is not None)):
        registry = CollectorRegistry()
        assert registry.get_sample_value("dispatch_native_info") is None
        worker(fresh, people(1), FakeSender(), native=native, metrics=registry).close()
        assert registry.get_sample_value("dispatch_native_info") == float(expected)


@pytest.mark.usefixtures("small_ranges")
@pytest.mark.parametrize("phase", [Phase.ISSUED, Phase.CANCELLED])
def test_a_revision_right_behind_another_holds_up_no_push_unless_it_takes_something_back(
    fresh: Broker, phase: Phase
) -> None:
    """All ranges of the older are stored first: with a million people that takes seconds."""
    residents, sender = people(60), FakeSender()
    dispatcher = worker(fresh, residents, sender)
    if phase is Phase.ISSUED:
        more = part((Cell(KOTO), NORTH), phase=phase, level=Level.ALL_LEAVE, severity=Severity.SEVERE)
    else:
        more = part((), phase=phase, recipients=Recipients.ALL_TOLD)
    for revision in (flood(), flood(more, revision=2)):
        dispatcher._take(Record(NOTICES.name, 0, 0, b"lineage-1", encode(revision), {"t-received": b"1000"}, 0))
    assert [one.notice.revision for one in dispatcher._courses] == [1, 2]
    assert bool(sender.submitted) == (phase is Phase.ISSUED)
    found = {one.revision: one for one in finish(fresh, dispatcher, count=2)}
    assert found[2].outcomes == {"accepted": 60}
    assert sum(found[1].outcomes.values()) == 60
    last = {push.url: len(push.body) for push in sender.submitted}
    assert len(last) == 60
    assert len(set(last.values())) == 1, "the same last word for all"


@pytest.mark.usefixtures("small_ranges")
def test_a_check_of_reception_stops_where_a_danger_begins_and_the_danger_is_told_to_all(fresh: Broker) -> None:
    asks_nothing = replace(part((Cell(KOTO),), level=None, severity=Severity.MINOR), hazards=())
    check = replace(flood(asks_nothing, lineage=lineage_of(date(2026, 11, 5))), lane=Lane.ROUTINE)
    check = replace(check, digest=approval_digest(check))
    away = flood(part((SOUTH,)), lineage="away")
    dispatcher = worker(fresh, people(60), sender := FakeSender())
    publish(fresh, check, away)
    turn(dispatcher, lambda: len(sender.submitted) > 0)
    before = len(sender.submitted)
    assert before < 60
    publish(fresh, danger := flood(lineage="danger"))
    found = {one.lineage: one for one in finish(fresh, dispatcher, count=3)}
    stopped = found[check.lineage].outcomes
    assert stopped["accepted"] >= 1
    assert sum(stopped.values()) == found[check.lineage].selected < 60
    assert found["danger"].outcomes == {"accepted": 60}
    # A restart reads the danger before or after it, and nothing more of the check goes out.
    count = len(sender.submitted)
    again = worker(fresh, people(60), sender)
    for _ in range(20):
        again.step()
    again.close()
    assert len(sender.submitted) == count
    assert danger.lane is Lane.LIFE_SAFETY
