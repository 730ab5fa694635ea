"""An order that runs out goes on: one tap asks, another person approves, all else is as it was (R10, R14)."""

import html
import re
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.claim import Lane
from alerts.languages.known import LANGUAGES
from alerts.notice import Notice, Phase, Recipients
from alerts.wording import JAPAN, clock
from api.officers.accounts import Role
from api.officers.approval import MayNot
from api.orders.extending import MORE_HOURS, NotExtended, offered, wanted_end
from api.orders.lint import lint
from dispatch.columns import columns_of
from dispatch.layers import People
from dispatch.registry import Registry
from dispatch.selection import select
from dispatch.settings import DispatchSettings
from dispatch.subscription import Place
from feeds.console import LONGEST_ORDER
from geo.cells import difference, expand
from streams.brokers.client import Record
from streams.deciding.decision import Ledger, decide, outlived
from streams.duty.standing import Standing
from streams.notices.edit import edited, ground_of
from streams.notices.ending import ending_of
from streams.notices.extending import draft_of_extension, extension_of, why_no_extension
from streams.payloads import Command, DraftRecord, DraftState, Verb
from streams.topics import COMMANDS, DRAFTS
from streams.wire import encode
from tests.api.evening import NINE_PM, around
from tests.api.test_editing import drill, edit, order, the_drill
from tests.api.test_office import EDOGAWA_WARD, KOTO_WARD, Room, Seat, room_in
from tests.api.test_posting import Stages, post, written
from tests.dispatch.people import resident
from tests.streams.evening import wards_table


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return room_in(tmp_path, wards_table())


@pytest.fixture
def stages(room: Room) -> Stages:
    return Stages(room)


def sent_order(room: Room, stages: Stages, **fields: str) -> tuple[Seat, Seat, Notice]:
    """Return the seats of an order's author and of its approver, and what went out."""
    author, record = order(room, stages, **fields)
    room.add("baba")
    second = room.sign_in("baba")
    assert second.decide("approve", record.draft_id).status_code == 303
    stages.go_on()
    return author, second, stages.sent[-1]


def ends_on(page: str) -> list[str]:
    return [html.unescape(one) for one in re.findall(r'name="until" value="([^"]*)"', page)]


def extend(seat: Seat, lineage: str, **changed: str) -> httpx.Response:
    """Press the first button of the page, or what *changed* says instead of it."""
    page = seat.get(f"/sending/{lineage}/extend").text
    fields = dict(re.findall(r'name="(csrf|revision)" value="([^"]*)"', page + seat.get("/drill").text))
    fields |= {} if "clock" in changed else {"until": next(iter(ends_on(page)), "")}
    return seat.room.form(f"/sending/{lineage}/extend", fields | changed, {"cookie": seat.cookie})


def shown_to(notice: Notice) -> list[bool]:
    """Return for people at home, beyond the order and of drills only whether *notice* selects them."""
    import random

    rng, (cell, *_) = random.Random(1), expand(notice.parts[0].cells)
    people = [resident(rng, (Place(one),), drill=drills) for one, drills in ((cell, False), (cell, True))]
    rows = select(People(Registry.of(columns_of(people))), notice, at=NINE_PM).rows
    return [number in rows for number in range(len(people))]


def test_an_order_goes_on_by_one_tap_and_a_second_person_with_nothing_else_changed(room: Room, stages: Stages) -> None:
    author, second, first = sent_order(room, stages)
    room.clock.now = first.expires - timedelta(minutes=30)
    author, second = room.sign_in("aoki"), room.sign_in("baba")
    place = f"/sending/{first.lineage}"
    assert f'href="{place}/extend"' in author.get(place).text
    page = author.get(f"{place}/extend").text
    assert "あと29分" in page or "あと30分" in page, "two sign-ins take a minute"
    assert "<script" not in page
    ends = [datetime.fromisoformat(one) for one in ends_on(page)]
    assert [round((end - first.expires).total_seconds() / 3600, 1) for end in ends] == [1.0, 3.0, 6.0]
    answer = extend(author, first.lineage, until=ends[1].isoformat())
    assert answer.status_code == 303, answer.text
    there = answer.headers["location"]
    assert "UNKNOWN" in author.get(there).text
    stages.go_on()
    assert len(stages.sent) == 1, "nothing goes out before another person has let it"
    record = written(room)
    assert (record.state, record.reason) == (DraftState.OPEN, "order-runs-out")
    waits = author.get(there).text
    assert "NOT SENT" in waits
    assert f"/drafts/{record.draft_id}" in waits
    assert author.decide("approve", record.draft_id).status_code == 403
    assert ("aoki", "approve-refused", MayNot.OWN.value) in room.topics.acts()
    look = second.get(f"/drafts/{record.draft_id}").text
    assert "から延長。範囲と指示は承認されたときのまま" in look
    assert "送れません" not in look
    assert second.decide("approve", record.draft_id).status_code == 303
    stages.go_on()
    again = stages.sent[-1]
    assert (again.lineage, again.revision, again.expires) == (first.lineage, first.revision + 1, ends[1])
    assert (again.document, again.issuer, again.kind, again.lane) == (
        first.document, first.issuer, first.kind, first.lane,
    )  # fmt: skip
    assert ground_of(again) == ground_of(first)
    assert {(part.phase, part.recipients) for part in again.parts} == {(Phase.CHANGED, Recipients.CELLS)}
    assert again.parts[0].texts[0].title == "レベル4 避難指示は続いています"
    assert again.parts[0].texts[0].body.startswith("レベル4 危険な場所から全員避難。")
    assert f"{ends[1].astimezone(JAPAN):%H:%M}" in again.parts[0].texts[0].body[:40]
    assert author.get(there).headers["location"] == place, "it went out: the page follows it"
    assert f"<td>送った：延長した（{clock(ends[1])}まで）</td><td>baba</td>" in author.get(place).text
    assert [(by, act) for by, act, _ in room.topics.acts() if act.startswith(("extend", "approve"))] == [
        ("baba", "approve"), ("aoki", "extend"), ("aoki", "approve-refused"), ("baba", "approve"),
    ]  # fmt: skip


def test_pressed_twice_by_two_or_again_after_it_went_out_it_is_one_extension(room: Room, stages: Stages) -> None:
    author, second, first = sent_order(room, stages)
    page = author.get(f"/sending/{first.lineage}/extend").text
    until, csrf = ends_on(page)[0], re.findall(r'name="csrf" value="([^"]*)"', page)[0]
    fields = {"csrf": csrf, "until": until, "revision": str(first.revision)}
    places = set()
    for _ in range(2):
        room.clock.now += timedelta(seconds=20)
        places.add(room.form(f"/sending/{first.lineage}/extend", fields, {"cookie": author.cookie}).headers["location"])
    stages.go_on()
    record = written(room)
    assert places == {f"/sending/{first.lineage}/extend?asked={record.draft_id}"}
    # Another officer asks for the same while it waits, and for another end.
    assert extend(second, first.lineage, until=until, revision=str(first.revision)).status_code == 303
    other = extend(second, first.lineage, until=ends_on(page)[2], revision=str(first.revision))
    assert (other.status_code, "draft-waits" in other.text) == (409, True)
    stages.go_on()
    assert written(room).draft_id == record.draft_id
    assert second.decide("approve", record.draft_id).status_code == 303
    stages.go_on()
    late = room.form(f"/sending/{first.lineage}/extend", fields, {"cookie": author.cookie})
    assert (late.status_code, late.headers["location"]) == (303, f"/sending/{first.lineage}")
    stages.go_on()
    assert [notice.revision for notice in stages.sent] == [first.revision, first.revision + 1]


def test_an_order_that_has_ended_is_refused_with_a_stable_code_however_late_it_is_asked(
    room: Room, stages: Stages
) -> None:
    author, second, first = sent_order(room, stages)
    page = author.get(f"/sending/{first.lineage}/extend").text
    fields = dict(re.findall(r'name="(csrf|revision)" value="([^"]*)"', page)) | {"until": ends_on(page)[0]}
    # Asked for and waiting while another lifts the order.
    assert extend(author, first.lineage).status_code == 303
    stages.go_on()
    waits = written(room)
    thing = next(iter(room.posts.orders())).series.split(":", 2)[2]
    assert post(author, "order", lift=thing, acting="区役所が停電").status_code == 303
    stages.go_on()
    assert stages.sent[-1].parts[0].phase is Phase.LIFTED
    # It closed itself: on no list, and whoever follows a call to it reads why.
    assert waits.draft_id not in {one.draft_id for one in room.desk.view().drafts}
    (closed,) = room.desk.view().closed
    assert (closed.draft_id, closed.state, closed.reason) == (waits.draft_id, DraftState.VOID, "order-ended")
    there = second.get(f"/drafts/{waits.draft_id}").headers["location"]
    said = second.get(there).text
    assert "送られていません（NOT SENT）。</strong>避難情報が終わったので、延長の案は閉じた" in said
    assert "案が閉じた" in second.get(f"/sending/{first.lineage}").text
    # Before its verdict has been read here it is refused as well.
    room.desk.apply(Record(DRAFTS.name, 0, 0, waits.draft_id.encode(), encode(waits), {}, 0))
    assert "送れません。破棄してください" in second.get(f"/drafts/{waits.draft_id}").text
    assert second.decide("approve", waits.draft_id).status_code == 409
    assert room.topics.acts()[-1] == ("baba", "approve-refused", "order-ended")
    stages.ledger.knows(waits)
    assert waits.draft is not None
    command = Command(Verb.APPROVE, waits.draft_id, "baba", NINE_PM, waits.draft.notice.digest)
    decided = decide(stages.ledger, command, at=NINE_PM)
    assert (decided.refusal, decided.notice) == ("order-ended", None), "nor does the decider let it rise again"
    asked = room.form(
        f"/sending/{first.lineage}/extend", fields, {"cookie": author.cookie, "accept": "application/json"}
    )
    assert (asked.status_code, asked.json()["code"]) == (409, "order-ended")
    assert asked.headers["content-type"] == "application/problem+json"
    shown = author.get(f"/sending/{first.lineage}/extend")
    assert (shown.status_code, "order-ended" in shown.text, 'name="until"' in shown.text) == (409, True, False)
    assert ("aoki", "extend-refused", "order-ended") in room.topics.acts()
    assert stages.ledger.standing[first.lineage] == ()


def test_a_draft_closes_itself_when_its_order_goes_on_or_grows_smaller_and_not_when_it_is_what_went_out(
    room: Room, stages: Stages
) -> None:
    _, _, first = sent_order(room, stages)
    for later, reason in (
        (extension_of(first, first.expires + timedelta(hours=3), at=NINE_PM), "draft-superseded"),
        (ending_of(first, Phase.LIFTED, at=NINE_PM), "order-ended"),
        (ending_of(first, Phase.CANCELLED, at=NINE_PM), "order-ended"),
        (_lifted_in_half(first), "extension-widens"),
    ):
        ledger = Ledger()
        ledger.has_sent(first)
        waits = draft_of_extension(extension_of(first, first.expires + timedelta(hours=1), at=NINE_PM), by="aoki")
        opened = decide(ledger, Command(Verb.EXTEND, waits.draft, "aoki", NINE_PM, "", waits), at=NINE_PM).record
        assert opened is not None
        ledger.knows(opened)
        assert outlived(ledger, at=NINE_PM) == ()
        ledger.has_sent(later)
        (verdict,) = outlived(ledger, at=NINE_PM)
        assert (verdict.draft_id, verdict.state, verdict.reason, verdict.draft) == (
            waits.draft, DraftState.VOID, reason, None,
        )  # fmt: skip
        ledger.knows(verdict)
        assert outlived(ledger, at=NINE_PM) == (), "once"
        # The process ended between the notice and its verdict: what has gone out was not closed.
        ledger.knows(opened)
        ledger.has_sent(waits.notice)
        assert outlived(ledger, at=NINE_PM) == ()


def _lifted_in_half(order: Notice) -> Notice:
    half = tuple(expand(ground_of(order)))
    lifted = ending_of(order, Phase.LIFTED, at=NINE_PM)
    return replace(lifted, parts=(replace(lifted.parts[0], cells=half[: len(half) // 2]),))


def test_what_was_discarded_may_be_asked_for_again(room: Room, stages: Stages) -> None:
    author, second, first = sent_order(room, stages)
    for _ in range(2):
        assert extend(author, first.lineage).status_code == 303
        stages.go_on()
        record = written(room)
        assert second.get(f"/drafts/{record.draft_id}").status_code == 200
        assert second.decide("void", record.draft_id).status_code == 303
        stages.go_on()
        assert record.draft_id not in {one.draft_id for one in room.desk.view().drafts}


def test_an_order_can_be_lifted_and_its_source_goes_on_after_an_extension(room: Room, stages: Stages) -> None:
    author, second, first = sent_order(room, stages)
    for _ in range(2):
        assert extend(author, first.lineage).status_code == 303
        stages.go_on()
        assert second.decide("approve", written(room).draft_id).status_code == 303
        stages.go_on()
    thing = next(iter(room.posts.orders())).series.split(":", 2)[2]
    assert post(author, "order", lift=thing, acting="区役所が停電").status_code == 303
    stages.go_on()
    assert [(notice.revision, notice.parts[0].phase) for notice in stages.sent] == [
        (1, Phase.ISSUED), (2, Phase.CHANGED), (3, Phase.CHANGED), (4, Phase.LIFTED),
    ]  # fmt: skip
    assert difference(ground_of(first), ground_of(stages.sent[-1])) == ()


def test_past_its_end_an_order_stands_and_is_extended_from_now(room: Room, stages: Stages) -> None:
    _, _, first = sent_order(room, stages)
    room.clock.now = first.expires + timedelta(hours=2)
    seat = room.sign_in("aoki")
    page = seat.get(f"/sending/{first.lineage}/extend").text
    assert "期限切れ・有効" in page
    end = datetime.fromisoformat(ends_on(page)[0])
    assert timedelta(hours=1) <= end - room.clock.now <= timedelta(hours=1, minutes=1)
    assert extend(seat, first.lineage).status_code == 303
    stages.go_on()
    assert written(room).state is DraftState.OPEN


def test_what_an_approver_left_out_stays_out(room: Room, stages: Stages, monkeypatch: pytest.MonkeyPatch) -> None:
    # One draft over two wards, as a feed may bring it: the console writes one for each.
    monkeypatch.setattr("api.console.posting._parts", lambda _office, wanted: (wanted,))
    author, record = order(room, stages, wards=f"{KOTO_WARD} {EDOGAWA_WARD}")
    for name in ("metro", "mori"):
        room.add(name, wards=("*",))
    assert edit(room.sign_in("metro"), record.draft_id, without=EDOGAWA_WARD).status_code == 303
    stages.go_on()
    mori = room.sign_in("mori")
    assert mori.decide("approve", record.draft_id, acting="区役所が停電").status_code == 303
    stages.go_on()
    smaller = stages.sent[-1]
    assert extend(author, smaller.lineage).status_code == 303
    stages.go_on()
    draft = written(room).draft
    assert draft is not None
    assert ground_of(draft.notice) == ground_of(smaller)


def test_a_drill_is_extended_among_drills_and_says_so_first(room: Room, stages: Stages) -> None:
    room.add("sato")
    seat = room.sign_in("sato")
    drill(seat)
    stages.go_on()
    seat.decide("approve", the_drill(room).draft_id)
    stages.go_on()
    (first,) = stages.sent
    assert extend(seat, first.lineage).status_code == 303
    stages.go_on()
    assert seat.decide("approve", the_drill(room).draft_id).status_code == 303
    stages.go_on()
    again = stages.sent[-1]
    assert (again.lane, again.revision) == (Lane.DRILL, 2)
    assert again.parts[0].texts[0].title.startswith("【訓練】")
    assert shown_to(again) == [False, True]


OFF = (
    ({"until": "soon"}, 422, NotExtended.NO_TIME),
    ({"until": "2026-09-18T23:00:00"}, 422, NotExtended.NO_TIME),
    ({"clock": "25:99"}, 422, NotExtended.NO_TIME),
    ({"until": NINE_PM.isoformat()}, 422, NotExtended.NOT_LATER),
    ({"until": (NINE_PM + LONGEST_ORDER + timedelta(days=1)).isoformat()}, 422, NotExtended.TOO_LATE),
    ({"until": "9999-12-31T23:59:59+00:00"}, 422, NotExtended.TOO_LATE),
    ({"revision": "0"}, 409, NotExtended.CHANGED),
    ({"revision": "<script>"}, 409, NotExtended.CHANGED),
)


def test_a_form_that_is_off_extends_nothing(room: Room, stages: Stages) -> None:
    author, _, first = sent_order(room, stages)
    before = len(room.topics.of(COMMANDS.name))
    for changed, status, code in OFF:
        answer = extend(author, first.lineage, **changed)
        assert (answer.status_code, code.value in answer.text, "<script" in answer.text) == (status, True, False)
        assert room.topics.acts()[-1] == ("aoki", "extend-refused", code.value)
    assert len(room.topics.of(COMMANDS.name)) == before


def test_who_may_not_post_there_and_whose_order_it_is_not_are_told_so(room: Room, stages: Stages) -> None:
    _, _, first = sent_order(room, stages)
    room.add("edo", Role.APPROVER, (EDOGAWA_WARD,))
    room.add("dora", Role.DRAFTER, (KOTO_WARD,))
    assert extend(room.sign_in("edo"), first.lineage).status_code == 403
    assert room.topics.acts()[-1] == ("edo", "extend-refused", NotExtended.OTHER_WARD.value)
    dora = room.sign_in("dora")
    assert extend(dora, "0" * 24).status_code == 404
    theirs = replace(first, lineage="feed-1", feed="alert", approved_by="policy")
    stages._show("notices", b"feed-1", encode(theirs))
    assert NotExtended.NOT_OURS.value in extend(dora, "feed-1").text
    assert extend(dora, first.lineage).status_code == 303, "a drafter asks, an approver lets go"
    nobody = room.browser.get(f"/sending/{first.lineage}/extend")
    assert nobody.headers["location"] == f"/sign-in?to=/sending/{first.lineage}/extend"


def test_the_decider_opens_an_extension_and_nothing_that_only_says_it_is_one(room: Room, stages: Stages) -> None:
    _, _, first = sent_order(room, stages)
    draft = draft_of_extension(extension_of(first, first.expires + timedelta(hours=1), at=NINE_PM), by="aoki")
    elsewhere = replace(first, parts=(replace(first.parts[0], cells=around(35.9, 139.1)),))
    wider = extension_of(elsewhere, first.expires, at=NINE_PM)
    for said, refusal in (
        (None, "extend-without-draft"),
        (replace(draft, notice=replace(draft.notice, revision=5)), "draft-superseded"),
        (replace(draft, notice=replace(draft.notice, lane=Lane.DRILL)), "other-lane"),
        (replace(draft, notice=wider), "extension-widens"),
        (replace(draft, notice=replace(draft.notice, lineage="unheard")), "nothing-to-extend"),
        (replace(draft, notice=replace(draft.notice, parts=first.parts)), "no-extension"),
        (replace(draft, provenance=replace(draft.provenance, kind="console-order")), "extend-without-draft"),
    ):
        command = Command(Verb.EXTEND, draft.draft, "aoki", NINE_PM, "", said)
        decided = decide(stages.ledger, command, at=NINE_PM)
        assert (decided.refusal, decided.record, decided.notice) == (refusal, None, None)
    opened = decide(stages.ledger, Command(Verb.EXTEND, draft.draft, "aoki", NINE_PM, "", draft), at=NINE_PM)
    assert opened.notice is None
    assert opened.record is not None
    assert opened.record.state is DraftState.OPEN


def test_a_draft_that_waited_while_the_order_was_extended_goes_out_as_the_newer_word(
    room: Room, stages: Stages
) -> None:
    author, second, first = sent_order(room, stages)
    ledger = stages.ledger
    # The source's own next word, drafted before the extension went out: both would be revision 2.
    texts = tuple(replace(text, body=text.body + "。") for text in first.parts[0].texts)
    waiting = edited(
        replace(
            draft_of_extension(extension_of(first, first.expires + timedelta(hours=9), at=NINE_PM), by="aoki"),
            draft="own-word",
        ),
        by="aoki", words={(0, text.language): text for text in texts}, expires=first.expires,
    )  # fmt: skip
    waiting = replace(waiting, provenance=replace(waiting.provenance, kind="console-order", revision=9))
    ledger.knows(DraftRecord("own-word", first.lineage, 2, "d", DraftState.OPEN, "", True, NINE_PM, waiting, 9))
    assert extend(author, first.lineage).status_code == 303
    stages.go_on()
    extension = written(room)
    assert second.decide("approve", extension.draft_id).status_code == 303
    stages.go_on()
    command = Command(Verb.APPROVE, "own-word", "baba", NINE_PM, waiting.notice.digest)
    decided = decide(ledger, command, at=NINE_PM)
    assert decided.notice is not None
    assert (decided.notice.revision, decided.notice.digest) == (3, waiting.notice.digest)
    # The process ended between the notice and the verdict: asked again, it is no news.
    ledger.has_sent(decided.notice)
    assert (decide(ledger, command, at=NINE_PM).refusal, ledger.last[first.lineage][0]) == ("already-sent", 3)


def test_the_pager_knows_the_new_end_and_residents_hear_it_in_every_language(room: Room, stages: Stages) -> None:
    _, _, first = sent_order(room, stages)
    until = first.expires + timedelta(hours=3)
    again = replace(extension_of(first, until, at=first.expires - timedelta(minutes=20)), approved_by="baba")
    standing = Standing()
    for notice in (first, again, first):
        standing.hear(notice)
    (found,) = standing
    assert (found.expires, found.since, found.cells) == (until, first.sent, ground_of(first))
    assert tuple(text.language for text in again.parts[0].texts) == LANGUAGES
    assert [one for one in lint(again, at=again.sent, settings=DispatchSettings(), live=(first,)) if one.stops] == []
    assert shown_to(again) == [True, False]
    for text in again.parts[0].texts:
        assert f"{until.astimezone(JAPAN):%H:%M}" in text.body


@settings(deadline=None, derandomize=True, max_examples=100)
@given(
    ends=st.integers(-300, 2000),
    hours=st.sampled_from(MORE_HOURS),
    clock=st.times().map(lambda time: f"{time:%H:%M}"),
)
def test_any_end_that_is_accepted_is_later_than_the_last_and_within_three_days(
    ends: int, hours: int, clock: str
) -> None:
    from tests.api.test_office import drafted

    draft = drafted().draft
    assert draft is not None
    notice = replace(draft.notice, expires=NINE_PM + timedelta(minutes=ends))
    choices = dict(offered(notice, NINE_PM))
    forms = [{"clock": clock}, *([{"until": choices[hours].isoformat()}] if hours in choices else [])]
    for form in forms:
        end = wanted_end(form, notice, NINE_PM)
        assert isinstance(end, datetime) or end is NotExtended.TOO_LATE
        if isinstance(end, datetime):
            assert max(notice.expires, NINE_PM) < end <= NINE_PM + LONGEST_ORDER
    if isinstance(end := wanted_end(forms[0], notice, NINE_PM), datetime):
        assert f"{end.astimezone(JAPAN):%H:%M}" == clock
        extended = extension_of(notice, end, at=NINE_PM)
        assert why_no_extension(extended, notice.revision, notice.lane, ground_of(notice)) == ""
        assert extended.digest != notice.digest
