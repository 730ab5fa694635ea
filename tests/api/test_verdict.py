"""Every state that a write can be in answers SENT, NOT SENT or UNKNOWN, and the same form the same way twice."""

import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alerts.notice import Notice
from api.console.sending_page import _far
from api.known.sending import HowFar, Ringed, Sending
from api.known.verdict import SILENT_AFTER, Answer, Verdict, Why, verdict_of
from api.officers.audit import Trail
from dispatch.progress import Progress
from streams.brokers.client import Record
from streams.fanout.checkpoint import Checkpoint, Ring, encode_checkpoint, progress_key
from streams.fanout.told_book import number_of
from streams.payloads import ReceiptRecord
from streams.topics import AUDIT, COMMANDS, PROGRESS, RECEIPTS, TELEGRAMS
from streams.wire import encode
from tests.api.evening import NINE_PM
from tests.api.test_editing import order
from tests.api.test_office import KOTO_WARD, Room, Seat, room_in
from tests.api.test_posting import ORDER, Stages, filled
from tests.streams.evening import wards_table

NOW = NINE_PM + timedelta(minutes=30)


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return room_in(tmp_path, wards_table())


@pytest.fixture
def stages(room: Room) -> Stages:
    return Stages(room)


def let_go(room: Room, stages: Stages) -> tuple[Seat, Notice]:
    """Return the author of an order that another let go, and the notice."""
    author, record = order(room, stages)
    room.add("baba")
    assert room.sign_in("baba").decide("approve", record.draft_id).status_code == 303
    stages.go_on()
    (notice,) = stages.sent
    return author, notice


def far(workers: int = 1, receipts: int = 1, heard_at: datetime = NOW, **outcomes: int) -> HowFar:
    ends = {name.replace("_", "-"): number for name, number in outcomes.items()}
    return HowFar({}, ends, {}, None, None, receipts, workers, heard_at)


NOTHING = far(0, 0)
NO_ROOM = NOW - SILENT_AFTER - timedelta(seconds=1)


@pytest.mark.parametrize(
    ("how_far", "current", "said"),
    [
        (NOTHING, True, (Answer.SENT, Why.GOING)),
        (far(2, 1, accepted=30), True, (Answer.SENT, Why.GOING)),
        (far(accepted=80), True, (Answer.SENT, Why.DONE)),
        (far(accepted=70, gone=9, failed=1), True, (Answer.SENT, Why.PARTLY)),
        (far(), True, (Answer.NOT_SENT, Why.NOBODY)),
        (far(expired=80), True, (Answer.NOT_SENT, Why.EXPIRED)),
        (far(refused=60, gone=20), True, (Answer.NOT_SENT, Why.REFUSED)),
        (far(refused=60, timeout=20), True, (Answer.UNKNOWN, Why.UNANSWERED)),
        (far(2, 1, NO_ROOM, accepted=30), True, (Answer.UNKNOWN, Why.SILENT)),
        (far(2, 1, accepted=30), False, (Answer.UNKNOWN, Why.NO_NEWS)),
        (far(accepted=80), False, (Answer.SENT, Why.DONE)),
    ],
    ids=[
        "let-go", "going", "done", "partly", "nobody", "expired", "refused", "no-answer", "workers-silent",
        "broker-gone", "broker-gone-after-the-end",
    ],
)  # fmt: skip
def test_what_was_let_go_has_one_answer(
    room: Room, stages: Stages, how_far: HowFar, current: bool, said: tuple[Answer, Why]
) -> None:
    _, notice = let_go(room, stages)
    approved = replace(notice, approved_at=NO_ROOM if how_far.heard_at == NO_ROOM else NOW)
    assert verdict_of(approved, how_far, waits=False, current=current, now=NOW) == Verdict(*said)


def test_what_was_not_let_go_has_one_answer_too(room: Room, stages: Stages) -> None:
    _, notice = let_go(room, stages)
    waiting = verdict_of(None, NOTHING, waits=True, current=True, now=NOW)
    assert waiting == Verdict(Answer.NOT_SENT, Why.WAITING)
    assert verdict_of(None, NOTHING, waits=True, current=False, now=NOW).why is Why.NO_NEWS, "decided meanwhile?"
    assert verdict_of(None, NOTHING, waits=False, current=True, now=NOW) == Verdict(Answer.UNKNOWN, Why.NOT_HEARD)
    other = replace(notice, expires=notice.expires + timedelta(hours=1))
    stopped = verdict_of(other, NOTHING, waits=False, current=True, now=NOW)
    assert stopped == Verdict(Answer.NOT_SENT, Why.STOPPED), "a worker stops what is not what was approved"


def test_every_page_says_its_word_the_key_and_that_a_second_try_is_safe(room: Room, stages: Stages) -> None:
    author, record = order(room, stages)
    lineage = record.lineage
    page = author.get(f"/sending/{lineage}").text
    assert "NOT SENT" in page
    assert "SAFE TO RETRY" in page
    assert f"<code>{lineage}</code>" in page
    room.add("baba")
    room.sign_in("baba").decide("approve", record.draft_id)
    stages.go_on()
    assert "（SENT）" in author.get(f"/sending/{lineage}").text
    room.clock.now += SILENT_AFTER + timedelta(seconds=1)
    page = author.get(f"/sending/{lineage}").text
    assert "（UNKNOWN）" in page, "nobody has written a word about it"
    assert "SAFE TO RETRY" in page


def test_how_far_it_is_by_ring_is_said_in_words_beside_each_bar(room: Room, stages: Stages) -> None:
    author, notice = let_go(room, stages)
    rings = {0: Ring(12_400, Counter(accepted=12_310, gone=40)), 1: Ring(25, Counter(accepted=3))}
    checkpoint = Checkpoint({}, Counter(accepted=12_313, gone=40), rings=rings)
    for epoch in (1, 2):
        key = progress_key(notice.lineage, notice.revision, 0, epoch)
        room.sending.apply(Record(PROGRESS.name, 0, 0, key, encode_checkpoint(checkpoint), {}, 0))
    page = author.get(f"/sending/{notice.lineage}").text
    assert "12,400人のうち12,310人に受け付けられた、40人に送れなかった" in page
    assert "25人のうち&lt;20人に受け付けられた" in page, "no figure under twenty"
    assert '<progress max="12400" value="12350" aria-label="12,350 / 12,400">' in page
    assert page.index("12,400人のうち") < page.index("25人のうち"), "danger first"
    assert "chip l" in page[page.index("危険の大きい順") :]


LAST_SAVED = "途中で最後に保存したもの"


def test_counts_that_are_not_all_are_called_what_they_are() -> None:
    def page(saved: int, why: Why = Why.DONE, receipts: int = 2) -> str:
        origins = {"https://a": (saved, 51), "https://b": (9, 9)}
        found = HowFar(origins, {"accepted": saved + 9}, {}, None, None, receipts, 2)
        return _far(None, found, Verdict(Answer.SENT, why), NINE_PM)

    assert LAST_SAVED not in page(51)
    assert LAST_SAVED in page(50), "ended by a release whose ends do not say whose the rows were"
    assert LAST_SAVED not in page(30, Why.GOING, 1), "a moment later they are others"
    assert LAST_SAVED in page(30, Why.SILENT, 1), "a worker has died, and what it had from then on nobody knows"


def saved(sending: Sending, bucket: int, checkpoint: Checkpoint, tail: int = 0) -> None:
    key = progress_key("flood", 1, number_of(bucket, 4096, tail), 1)
    sending.apply(Record(PROGRESS.name, 0, 0, key, encode_checkpoint(checkpoint), {}, 0))


def ended(
    sending: Sending, worker: int, rings: dict[str, dict[str, int]], origins: dict[str, int], tail: int = 0
) -> None:
    outcomes = sum((Counter(ends) for ends in rings.values()), Counter[str]())
    receipt = ReceiptRecord(
        lineage="flood", revision=1, document="d", worker=worker, workers=2, epoch=1, selected=outcomes.total(),
        outcomes=dict(outcomes), wards={}, received_ms=1, first_accepted_ms=2 + worker, last_accepted_ms=9 - worker,
        rings=rings, origins=origins, tail=tail,
    )  # fmt: skip
    sending.apply(Record(RECEIPTS.name, 0, 0, b"r", encode(receipt), {}, 0))


APPLE, FCM = "https://web.push.apple.com", "https://fcm.googleapis.com"


def test_of_each_worker_its_end_counts_and_of_one_that_has_none_what_it_saved_last() -> None:
    sending = Sending()
    for bucket in (0, 1):
        progress = Progress(50)
        progress.mark_final(0)
        saved(
            sending, bucket, Checkpoint({FCM: progress}, Counter(accepted=1), rings={0: Ring(50, Counter(accepted=1))})
        )
    saved(sending, 2, Checkpoint({FCM: Progress(30)}), tail=3)
    far = sending.how_far("flood", 1)
    assert (far.done, far.total, far.origins) == (2, 100, {FCM: (2, 100)}), "who joined late is counted apart"
    ended(sending, 0, {"0": {"accepted": 40, "gone": 10}}, {FCM: 45, APPLE: 5})
    ended(sending, 0, {"0": {"accepted": 30}}, {FCM: 30}, tail=3)
    far = sending.how_far("flood", 1)
    assert not far.ended
    assert far.origins == {FCM: (46, 95), APPLE: (5, 5)}
    assert far.outcomes == {"accepted": 41, "gone": 10}
    assert far.rings == {0: Ringed(41, 51, 100)}
    ended(sending, 1, {"0": {"accepted": 20, "gone": 5}, "1": {"expired": 7}}, {FCM: 30, APPLE: 2})
    far = sending.how_far("flood", 1)
    assert far.is_whole
    assert (far.done, far.total, far.origins) == (82, 82, {FCM: (75, 75), APPLE: (7, 7)}), "not what was saved last"
    assert far.outcomes == {"accepted": 60, "gone": 15, "expired": 7}
    assert far.rings == {0: Ringed(60, 75, 75), 1: Ringed(0, 7, 7)}
    assert (far.first_accepted, far.last_accepted) == (at_ms(2), at_ms(9))


def test_an_end_that_an_earlier_release_wrote_leaves_what_was_saved_and_is_not_called_whole() -> None:
    sending = Sending()
    saved(sending, 0, Checkpoint({FCM: Progress(50)}, Counter(accepted=20)))
    for worker in (0, 1):
        ended(sending, worker, {"0": {"accepted": 40}}, {})
    far = sending.how_far("flood", 1)
    assert (far.done, far.total, far.origins) == (80, 80, {FCM: (50, 50)})
    assert not far.is_whole


def at_ms(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


# ── the answer is lost ────────────────────────────────────────────────────────────────────────────


def last_form(seat: Seat, verb: str, draft_id: str) -> tuple[str, dict[str, str]]:
    page = seat.get(f"/drafts/{draft_id}").text
    found = dict(re.findall(r'name="(csrf|digest)" value="([^"]*)"', page))
    return f"/drafts/{draft_id}/{verb}", {**found, "code": seat.room.code(seat.name)}


def forget_all_but_the_trail(room: Room) -> None:
    """Do what a kill does to the console: its memory is what the trail and the accounts hold."""
    kept = room.topics.of(AUDIT.name)
    object.__setattr__(
        room.office,
        "trail",
        Trail(room.topics, kept, lambda: room.clock().isoformat()),  # type: ignore[arg-type]
    )
    room.office.codes._given.clear()


@pytest.mark.parametrize("verb", ["approve", "void"])
def test_a_kill_between_the_approval_and_its_answer_gives_the_same_answer_to_the_same_form(
    room: Room, stages: Stages, verb: str
) -> None:
    _, record = order(room, stages)
    room.add("baba")
    seat = room.sign_in("baba")
    path, form = last_form(seat, verb, record.draft_id)
    first = room.form(path, form, {"cookie": seat.cookie})
    forget_all_but_the_trail(room)
    before_the_decider = room.form(path, form, {"cookie": seat.cookie})
    stages.go_on()
    after = room.form(path, form, {"cookie": seat.cookie})
    answers = [(one.status_code, one.headers.get("location")) for one in (first, before_the_decider, after)]
    assert answers == [(303, f"/?did={record.draft_id}")] * 3
    assert len(stages.sent) == (1 if verb == "approve" else 0), "the decider takes a draft once"
    said = seat.get(f"/?did={record.draft_id}").text
    assert ("（SENT）" if verb == "approve" else "（NOT SENT）") in said


def test_a_code_that_is_used_up_opens_nothing_else_and_nothing_later(room: Room, stages: Stages) -> None:
    _, record = order(room, stages)
    room.add("baba")
    seat = room.sign_in("baba")
    path, form = last_form(seat, "approve", record.draft_id)
    room.form(path, form, {"cookie": seat.cookie})
    other = room.form(path.replace("approve", "void"), form, {"cookie": seat.cookie})
    assert other.status_code == 403, "another act wants another code"
    asked = len(room.topics.of(COMMANDS.name))
    room.clock.now += timedelta(minutes=16)
    late = room.form(path, form, {"cookie": seat.cookie})
    assert late.status_code == 403
    assert len(room.topics.of(COMMANDS.name)) == asked


def test_a_kill_between_a_post_and_its_answer_gives_the_same_answer_to_the_same_form(room: Room) -> None:
    room.add("aoki", wards=(KOTO_WARD,))
    seat = room.sign_in("aoki")
    form = filled(seat, "order", **ORDER)
    first = room.form("/post/order", form, {"cookie": seat.cookie})
    forget_all_but_the_trail(room)
    room.posts._sent.clear()
    again = room.form("/post/order", form, {"cookie": seat.cookie})
    assert (first.status_code, first.headers["location"]) == (again.status_code, again.headers["location"])
    assert first.status_code == 303
    receipts = {headers["receipt"] for headers in room.topics.headers if headers}
    assert len(room.topics.of(TELEGRAMS.name)) == 2
    assert len(receipts) == 1, "both carry one receipt: the ingest takes it once"
