"""A draft is changed, practised, followed and ended: by the real decider and the real board behind the console."""

import re
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.claim import Lane
from alerts.languages.known import LANGUAGES
from alerts.notice import Phase, Recipients, Text
from alerts.place import Cells
from api.officers.accounts import Role
from api.officers.approval import MayNot
from api.orders.lint import Finding, lint
from dispatch.columns import columns_of
from dispatch.layers import People
from dispatch.progress import Progress
from dispatch.registry import Registry
from dispatch.selection import select
from dispatch.settings import DispatchSettings
from dispatch.subscription import Place
from geo.cells import count, expand, intersection
from streams.brokers.client import Record
from streams.deciding.decision import decide
from streams.digest import approval_digest
from streams.fanout.checkpoint import Checkpoint, encode_checkpoint, progress_key
from streams.notices.drill import says_drill_first
from streams.notices.edit import edited, ground_of, why_no_edit
from streams.notices.ending import draft_of_ending, ending_of
from streams.notices.extending import draft_of_extension, extension_of
from streams.payloads import Command, DraftRecord, DraftState, ReceiptRecord, Verb
from streams.topics import COMMANDS, PROGRESS, RECEIPTS, TELEGRAMS
from streams.wire import encode
from tests.api.evening import NINE_PM, around, danger, provenance
from tests.api.test_office import EDOGAWA_WARD, KOTO_WARD, Room, Seat, drafted, room_in
from tests.api.test_posting import ORDER, Stages, filled, post, written
from tests.dispatch.people import resident
from tests.streams.evening import wards_table


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return room_in(tmp_path, wards_table())


@pytest.fixture
def stages(room: Room) -> Stages:
    return Stages(room)


def order(room: Room, stages: Stages, **fields: str) -> tuple[Seat, DraftRecord]:
    """Return the seat of the author of an order, and its draft."""
    room.add("aoki", wards=("*",))
    author = room.sign_in("aoki")
    assert post(author, "order", **{**ORDER, **fields}).status_code == 303
    stages.go_on()
    return author, written(room)


def edit(seat: Seat, draft_id: str, **changed: str) -> httpx.Response:
    """Send the form that changes a draft, with some of its fields *changed*; `body_0_ja` names a text."""
    page = seat.get(f"/drafts/{draft_id}/edit").text
    fields = dict(re.findall(r'name="(csrf|digest|title-[^"]*)"[^>]*? value="([^"]*)"', page))
    fields |= dict(re.findall(r'<textarea name="([^"]*)"[^>]*>([^<]*)</textarea>', page))
    fields |= {name.replace("_", "-"): value for name, value in changed.items()}
    return seat.room.form(f"/drafts/{draft_id}/edit", fields, {"cookie": seat.cookie})


def body_of(record: DraftRecord) -> str:
    assert record.draft is not None
    return record.draft.notice.parts[0].texts[0].body


def test_an_edit_voids_what_was_seen_and_its_editor_is_no_second_person(room: Room, stages: Stages) -> None:
    _, before = order(room, stages)
    room.add("baba")
    room.add("chiba")
    second = room.sign_in("baba")
    old = before.draft.notice.digest if before.draft else ""
    answer = edit(second, before.draft_id, body_0_ja=body_of(before) + "川から離れて。")
    assert answer.status_code == 303, answer.text
    stages.go_on()
    after = written(room)
    assert (after.draft_id, after.state) == (before.draft_id, DraftState.OPEN)
    assert after.draft is not None
    assert after.draft.notice.digest != old
    assert "川から離れて" in body_of(after)
    assert second.decide("approve", after.draft_id).status_code == 403, "baba has edited it"
    assert ("baba", "approve-refused", MayNot.OWN.value) in room.topics.acts()
    third = room.sign_in("chiba")
    assert third.decide("approve", after.draft_id, digest=old).status_code == 409, "what chiba saw before is gone"
    stages.go_on()
    assert stages.sent == []
    assert third.decide("approve", after.draft_id).status_code == 303
    stages.go_on()
    assert "川から離れて" in stages.sent[0].parts[0].texts[0].body
    assert [act for by, act, _ in room.topics.acts() if by == "baba" and act != "sign-in"] == [
        "edit",
        "approve-refused",
    ]


def test_an_approval_that_is_already_on_its_way_meets_the_edit_and_sends_nothing(room: Room, stages: Stages) -> None:
    _, before = order(room, stages)
    room.add("baba")
    room.add("chiba")
    editor, approver = room.sign_in("chiba"), room.sign_in("baba")
    assert edit(editor, before.draft_id, body_0_ja=body_of(before) + "。").status_code == 303
    assert approver.decide("approve", before.draft_id).status_code == 303, "the console has not read the edit yet"
    stages.go_on()
    assert stages.sent == [], "the decider has: another digest"
    assert written(room).state is DraftState.OPEN


def test_an_edit_shortens_the_end_and_takes_out_a_ward_but_never_adds_ground(
    room: Room, stages: Stages, monkeypatch: pytest.MonkeyPatch
) -> None:
    # One draft over two wards, as a feed may bring it: the console writes one for each.
    monkeypatch.setattr("api.console.posting._parts", lambda _office, wanted: (wanted,))
    room.add("metro", Role.APPROVER, ("*",))
    _, before = order(room, stages, wards=f"{KOTO_WARD} {EDOGAWA_WARD}")
    assert before.draft is not None
    seat = room.sign_in("metro")
    assert edit(seat, before.draft_id, without=EDOGAWA_WARD, hours="1").status_code == 303
    stages.go_on()
    changed = written(room).draft
    assert changed is not None
    assert count(ground_of(changed.notice)) == 91
    assert changed.notice.expires < before.draft.notice.expires - timedelta(hours=4)
    assert "すべての区を外すことはできません" in edit(seat, before.draft_id, without=KOTO_WARD).text
    wider = replace(
        changed, notice=before.draft.notice, edited_by=("metro",)
    )  # the ground of before, offered as an edit of what is smaller now
    assert why_no_edit(changed, wider, "metro") == "edit-widens"


@pytest.mark.parametrize(
    ("changed", "status", "said"),
    [
        ({"body_0_ja": ""}, 422, "空にできません"),
        ({"body_0_ja": "あ" * 401}, 422, "400字"),
        ({"title_0_ja": "避難\u202e指示"}, 422, "表示できない文字"),
        ({"hours": "999"}, 422, "期限"),
        ({"digest": "0" * 64}, 409, "見ていた内容が変わりました"),
        ({"csrf": "x"}, 403, "other-form"),
    ],
)
def test_an_edit_that_is_off_changes_nothing(
    room: Room, stages: Stages, changed: dict[str, str], status: int, said: str
) -> None:
    author, before = order(room, stages)
    answer = edit(author, before.draft_id, **changed)
    assert (answer.status_code, said in answer.text) == (status, True)
    assert room.topics.of(COMMANDS.name) == []


def test_who_may_not_discard_may_not_edit(room: Room, stages: Stages) -> None:
    _, before = order(room, stages)
    for name, role, ward in (("edo", Role.APPROVER, EDOGAWA_WARD), ("dora", Role.DRAFTER, KOTO_WARD)):
        room.add(name, role, (ward,))
        assert edit(room.sign_in(name), before.draft_id, body_0_ja="x").status_code == 403
        assert room.topics.acts()[-1][:2] == (name, "edit-refused")


@settings(deadline=None, derandomize=True, max_examples=40)
@given(
    taken=st.sets(st.integers(0, 120), max_size=60),
    words=st.text(min_size=1, max_size=20),
    hours=st.integers(1, 48),
)
def test_any_edit_is_an_edit_with_a_digest_of_its_own_and_no_more_ground(
    taken: set[int], words: str, hours: int
) -> None:
    draft = drafted().draft
    assert draft is not None
    cells = expand(ground_of(draft.notice))
    without: Cells = tuple(cells[number] for number in sorted(taken) if number < len(cells))
    changed = edited(
        draft,
        by="baba",
        words={(0, "ja"): Text("ja", "洪水", words)},
        expires=NINE_PM + timedelta(hours=hours),
        without=without,
    )
    assert changed.notice.digest == approval_digest(changed.notice) != draft.notice.digest
    assert intersection(ground_of(changed.notice), without) == ()
    told = [cell for part in changed.told_after.parts for cell in part.cells]
    assert intersection(told, without) == (), "what was left out was not told"
    if changed.notice.parts:
        assert why_no_edit(draft, changed, "baba") == ""
    assert why_no_edit(draft, changed, "somebody") != ""


def drill(seat: Seat, **changed: str) -> httpx.Response:
    page = seat.get("/drill").text
    fields = dict(re.findall(r'name="(csrf|key)" value="([^"]*)"', page)) | ORDER | changed
    return seat.room.form("/drill", fields, {"cookie": seat.cookie})


def the_drill(room: Room) -> DraftRecord:
    (found,) = [one for one in room.desk.view().drafts if one.draft and one.draft.notice.lane is Lane.DRILL]
    return found


def test_a_drill_says_so_first_is_done_by_one_person_and_reaches_subscribers_of_drills_alone(
    room: Room, stages: Stages
) -> None:
    room.add("sato")
    seat = room.sign_in("sato")
    page = seat.get("/drill").text
    assert '<body class="drill">' in page
    assert '<body class="drill">' not in seat.get("/post").text, "a page of its own, not a choice on the live one"
    answer = drill(seat)
    assert answer.status_code == 303, answer.text
    assert "UNKNOWN" in seat.get(answer.headers["location"]).text
    stages.go_on()
    record = the_drill(room)
    shown = seat.get(f"/drafts/{record.draft_id}").text
    assert '<body class="drill">' in shown
    assert '<span class="chip exercise">訓練</span>' in seat.get("/").text
    assert seat.decide("approve", record.draft_id).status_code == 303, "alone: it reaches nobody real"
    stages.go_on()
    (notice,) = stages.sent
    assert notice.lane is Lane.DRILL
    for part in notice.parts:
        assert tuple(text.language for text in part.texts) == LANGUAGES
        assert all(map(says_drill_first, part.texts))
        assert part.texts[0].title.startswith("【訓練】")
        assert part.texts[1].body.startswith("A drill. ")
    assert room.topics.of(TELEGRAMS.name) == [], "no stage of what is real has heard of it"
    import random

    rng, (cell, *_) = random.Random(1), expand(notice.parts[0].cells)
    people = [resident(rng, (Place(cell),), drill=drills) for drills in (False, True, False)]
    chosen = select(People(Registry.of(columns_of(people))), notice, at=NINE_PM)
    assert [people[row].drill for row in chosen.rows] == [True]


def test_a_drill_that_is_sent_twice_is_one_and_one_of_another_ward_none(room: Room, stages: Stages) -> None:
    room.add("sato")
    seat = room.sign_in("sato")
    page = seat.get("/drill").text
    fields = dict(re.findall(r'name="(csrf|key)" value="([^"]*)"', page)) | ORDER
    for _ in range(2):
        room.clock.now += timedelta(seconds=40)
        assert room.form("/drill", fields, {"cookie": seat.cookie}).status_code == 303
    stages.go_on()
    the_drill(room)
    assert drill(seat, wards=EDOGAWA_WARD).status_code == 422
    assert drill(seat, wards=f"{KOTO_WARD} {EDOGAWA_WARD}").status_code == 422


def test_drill_words_and_the_drill_lane_go_together_or_not_at_all() -> None:
    draft = drafted().draft
    assert draft is not None
    live, at, config = draft.notice, NINE_PM, DispatchSettings()

    def stops(notice_lane: Lane, prefix: str) -> set[Finding]:
        part = live.parts[0]
        texts = tuple(Text(text.language, prefix + text.title, prefix + text.body) for text in part.texts)
        worded = replace(live, lane=notice_lane, parts=(replace(part, texts=texts),))
        return {one.finding for one in lint(worded, at=at, settings=config) if one.stops}

    assert stops(Lane.LIFE_SAFETY, "") == set()
    assert stops(Lane.LIFE_SAFETY, "【訓練】") == {Finding.DRILL_WORDS}
    assert stops(Lane.DRILL, "") == {Finding.NOT_SAID_TO_BE_A_DRILL}
    assert stops(Lane.DRILL, "お知らせ【訓練】") == {Finding.NOT_SAID_TO_BE_A_DRILL}


@pytest.mark.parametrize(
    ("word", "phase", "to"),
    [("lift", Phase.LIFTED, Recipients.TOLD), ("correct", Phase.CANCELLED, Recipients.ALL_TOLD)],
)
def test_what_a_person_let_go_is_ended_with_one_click_to_those_who_were_told(
    room: Room, stages: Stages, word: str, phase: Phase, to: Recipients
) -> None:
    room.add("sato")
    seat = room.sign_in("sato")
    drill(seat)
    stages.go_on()
    record = the_drill(room)
    prepared = seat.get(f"/drafts/{record.draft_id}").text
    assert "用意してある解除・取消の文" in prepared
    seat.decide("approve", record.draft_id)
    stages.go_on()
    place = f"/sending/{record.lineage}"
    page = seat.get(place).text
    assert "送っています（SENT）" in page
    csrf = re.findall(r'name="csrf" value="([^"]*)"', page)[0]
    for _ in range(2):  # pressed twice
        assert room.form(f"{place}/{word}", {"csrf": csrf}, {"cookie": seat.cookie}).status_code == 303
    stages.go_on()
    first, end = stages.sent
    assert (end.lineage, end.revision, end.lane, end.approved_by) == (first.lineage, 2, Lane.DRILL, "sato")
    assert [(part.phase, part.recipients) for part in end.parts] == [(phase, to)]
    assert end.parts[0].texts[0].title.startswith("【訓練】")
    assert f"{place}/{word}" not in seat.get(place).text, "it is over"
    assert {"edit", "lift", "correct"} & {act for _, act, _ in room.topics.acts()} == {word}
    assert "取り消した" in seat.get(place).text or "解除した" in seat.get(place).text


def test_the_page_does_not_load_itself_anew_under_whoever_types_a_code(room: Room, stages: Stages) -> None:
    room.add("sato")
    seat = room.sign_in("sato")
    drill(seat)
    stages.go_on()
    record = the_drill(room)
    seat.decide("approve", record.draft_id)
    stages.go_on()
    room.clock.now += timedelta(minutes=16)  # the code of the approval is no longer fresh
    place = f"/sending/{record.lineage}"
    page = seat.get(place).text
    assert 'http-equiv="refresh"' in page
    assert f'href="{place}?stay=1#ending"' in page
    assert "書いて終わらせる（0人に送る）" in page
    assert 'name="code"' not in page
    stays = seat.get(f"{place}?stay=1").text
    assert 'http-equiv="refresh"' not in stays
    assert 'name="code"' in stays
    assert f'action="{place}/correct"' in stays


def test_an_end_of_anything_else_is_none(room: Room, stages: Stages) -> None:
    author, record = order(room, stages)
    room.add("baba")
    assert room.sign_in("baba").decide("approve", record.draft_id).status_code == 303
    stages.go_on()
    (notice,) = stages.sent
    page = author.get(f"/sending/{notice.lineage}").text
    assert f"/sending/{notice.lineage}/correct" not in page, "a live order is ended by a document of its own"
    in_force = author.get("/").text.partition("いま出ている知らせ（1件）")[2].partition("</section>")[0]
    assert f'href="/sending/{notice.lineage}?stay=1#ending"' in in_force
    refused = room.form(
        f"/sending/{notice.lineage}/correct", {"csrf": filled(author, "order")["csrf"]}, {"cookie": author.cookie}
    )
    assert refused.status_code == 403
    end = draft_of_ending(ending_of(notice, Phase.LIFTED, at=room.clock()), by="x")

    def said(draft: object) -> str:
        command = Command(Verb.END, "id", "x", room.clock(), draft=draft)  # type: ignore[arg-type]
        return decide(stages.ledger, command, at=room.clock()).refusal

    issued = replace(end.notice, parts=notice.parts)
    assert said(replace(end, notice=issued)) == "no-end"
    assert said(replace(end, notice=replace(end.notice, lineage="never-sent"))) == "nothing-to-end"
    assert said(replace(end, notice=replace(end.notice, lane=Lane.DRILL))) == "other-lane"
    assert said(replace(end, notice=replace(end.notice, revision=7))) == "draft-superseded"
    assert said(None) == "end-without-draft"


def test_what_is_told_again_after_an_end_is_new_to_everybody(stages: Stages) -> None:
    """The board knows of an end that a person made: its next document is told from the beginning."""
    from streams.notices.notice_board import NoticeBoard
    from tests.api.evening import Evening

    evening = Evening()
    (notice,) = evening.say(provenance("gauge"), [danger(around(35.672, 139.817))])
    ended = replace(ending_of(notice, Phase.CANCELLED, at=NINE_PM), approved_by="sato")
    board: NoticeBoard = evening._board
    board.hear_notice(ended)
    (again,) = evening.drafted(
        provenance("gauge", 1, sent=NINE_PM + timedelta(minutes=9)), [danger(around(35.672, 139.817))]
    )
    assert again.draft is not None
    assert again.draft.notice.revision == ended.revision + 1
    assert [part.phase for part in again.draft.notice.parts] == [Phase.ISSUED]


def test_how_far_it_is_is_shown_by_push_service_and_outcome_while_it_goes_out(room: Room, stages: Stages) -> None:
    author, record = order(room, stages)
    room.add("baba")
    room.sign_in("baba").decide("approve", record.draft_id)
    stages.go_on()
    (notice,) = stages.sent
    for bucket, done in ((0, 30), (1, 25)):
        one = Progress(40)
        for position in range(done):
            one.mark_final(position)
        checkpoint = Checkpoint({"https://push.example": one}, Counter(accepted=done - 1, gone=1), Counter(), 1, 2)
        for epoch in (1, 2):  # a take-over writes again: it counts once
            key = progress_key(notice.lineage, notice.revision, bucket, epoch)
            room.sending.apply(Record(PROGRESS.name, 0, 0, key, encode_checkpoint(checkpoint), {}, 0))
    page = author.get(f"/sending/{notice.lineage}").text
    assert "push.example" in page
    assert "55 / 80" in page
    assert "受け付けられた</th><td>53" in page
    assert "端末の登録が消えていた</th><td>&lt;20" in page, "no figure under twenty"
    assert 'http-equiv="refresh" content="3"' in page
    assert "承認された" in page
    receipt = ReceiptRecord(
        lineage=notice.lineage, revision=notice.revision, document="d", worker=0, workers=1, epoch=2, selected=80,
        outcomes={"accepted": 78, "gone": 2}, wards={}, received_ms=1, first_accepted_ms=1, last_accepted_ms=9,
    )  # fmt: skip
    room.sending.apply(Record(RECEIPTS.name, 0, 0, b"r", encode(receipt), {}, 0))
    page = author.get(f"/sending/{notice.lineage}").text
    assert "送り終わりました（SENT）" in page
    assert 'http-equiv="refresh"' not in page
    assert "UNKNOWN" in author.get("/sending/nothing").text


def test_a_live_order_is_ended_where_it_is_followed_with_one_click_that_says_how_many_it_tells(
    room: Room, stages: Stages
) -> None:
    _, record = order(room, stages)
    room.add("baba")
    second = room.sign_in("baba")
    second.decide("approve", record.draft_id)
    stages.go_on()
    (first,) = stages.sent
    reached(room, first.lineage, first.revision, 1_234)
    page = second.get(f"/sending/{first.lineage}").text
    forms = page.partition('<section id="ending"')[2].partition("</section>")[0].split("<form")[1:]
    assert len(forms) == 2
    for form, said in zip(forms, ("解除する（1,234人に送る）", "誤りとして取り消す（1,234人に送る）"), strict=True):
        assert said in form
        assert "people</small></button>" in form
        assert 'name="code"' not in form, "she gave one a moment ago"
        assert 'action="/post/order"' in form
    fields = dict(re.findall(r'name="(csrf|key|correct)" value="([^"]*)"', forms[1]))
    answer = room.form("/post/order", fields, {"cookie": second.cookie})
    assert (answer.status_code, answer.headers["location"][:7]) == (303, "/posts/")
    stages.go_on()
    assert [part.phase for part in stages.sent[-1].parts] == [Phase.CANCELLED]
    assert '<section id="ending"' not in second.get(f"/sending/{first.lineage}").text


def test_few_are_never_counted_out_and_nobody_is_counted_twice(room: Room, stages: Stages) -> None:
    _, record = order(room, stages)
    room.add("baba")
    second = room.sign_in("baba")
    second.decide("approve", record.draft_id)
    stages.go_on()
    (first,) = stages.sent
    lineage = first.lineage
    reached(room, lineage, 1, 7)
    assert "解除する（20人未満に送る）" in second.get(f"/sending/{lineage}").text
    assert ">7<" not in second.get(f"/sending/{lineage}").text
    assert room.sending.told(lineage) == 7
    reached(room, lineage, 1, 400, tail=1)  # who signed up while it stood
    assert room.sending.told(lineage) == 407
    longer = replace(extension_of(first, first.expires + timedelta(hours=1), at=NINE_PM), approved_by="x")
    stages._show("notices", lineage.encode(), encode(longer))
    reached(room, lineage, 2, 500)
    assert room.sending.told(lineage) == 500, "the extension went to the same people and to who came since"
    more = replace(first, revision=3, parts=(replace(first.parts[0], phase=Phase.ISSUED),))
    stages._show("notices", lineage.encode(), encode(more))
    reached(room, lineage, 3, 100)
    assert room.sending.told(lineage) == 507, "another area is other people"
    assert room.sending.told("unheard") == 0


def test_an_order_stays_on_the_list_while_a_later_end_for_it_waits_and_when_it_was_refused(
    room: Room, stages: Stages
) -> None:
    """Its extension is a draft of the same document: the list took that draft's verdict for the order's."""
    _, record = order(room, stages)
    room.add("baba")
    second = room.sign_in("baba")
    second.decide("approve", record.draft_id)
    stages.go_on()
    (first,) = stages.sent
    longer = draft_of_extension(extension_of(first, first.expires + timedelta(hours=1), at=NINE_PM), by="aoki")
    room.clock.now += timedelta(minutes=1)
    stages._decide(Command(Verb.EXTEND, longer.draft, "aoki", NINE_PM, "", longer))
    for refused in (False, True):
        if refused:
            assert second.decide("void", longer.draft).status_code == 303
            stages.go_on()
        section = second.get("/post").text.partition('<section id="ending"')[2].partition("</section>")[0]
        assert 'name="lift"' in section
        assert f'href="/sending/{first.lineage}/extend"' in section


def test_in_a_wards_place_an_end_says_why_and_in_its_own_it_does_not(room: Room, stages: Stages) -> None:
    author, record = order(room, stages)  # the metropolitan officer
    room.add("baba")
    second = room.sign_in("baba")
    second.decide("approve", record.draft_id)
    stages.go_on()
    (first,) = stages.sent
    place = f"/sending/{first.lineage}"
    assert 'name="acting"' not in second.get(place).text
    assert 'href="' + place + '?stay=1#ending"' in author.get(place).text, (
        "what is to be typed is typed on a page that stands"
    )
    page = author.get(f"{place}?stay=1").text
    (form,) = [one for one in page.split("<form")[1:] if 'name="lift"' in one]
    assert 'name="acting"' in form
    fields = dict(re.findall(r'name="(csrf|key|lift)" value="([^"]*)"', form))
    for ground in ({}, {"acting": " 停電 "}):
        assert room.form("/post/order", fields | ground, {"cookie": author.cookie}).status_code == 422
        assert room.topics.acts()[-1] == ("aoki", "post-refused", "acting-for-without-ground")
    given = fields | {"acting": "江東区役所が停電"}
    places = {room.form("/post/order", given, {"cookie": author.cookie}).headers["location"] for _ in range(2)}
    assert len(places) == 1, "pressed twice"
    by, act, detail = room.topics.acts()[-1]
    assert (by, act, detail.partition(" ")[2]) == ("aoki", "lift", "acting for: 江東区役所が停電")
    stages.go_on()
    assert [part.phase for part in stages.sent[-1].parts] == [Phase.LIFTED]


def test_what_a_gauge_let_out_is_ended_in_a_wards_place_with_its_ground_too(room: Room, stages: Stages) -> None:
    _, record = order(room, stages)
    room.add("baba")
    room.sign_in("baba").decide("approve", record.draft_id)
    stages.go_on()
    theirs = replace(stages.sent[0], lineage="gauge-order", feed="gauge")
    stages._show("notices", b"gauge-order", encode(theirs))
    metro = room.sign_in("aoki")
    place = "/sending/gauge-order"
    csrf = re.findall(r'name="csrf" value="([^"]*)"', metro.get(f"{place}?stay=1").text)[0]
    assert room.form(f"{place}/lift", {"csrf": csrf}, {"cookie": metro.cookie}).status_code == 422
    assert room.topics.acts()[-1] == ("aoki", "end-refused", "acting-for-without-ground")
    said = {"csrf": csrf, "acting": "区から依頼"}
    assert room.form(f"{place}/lift", said, {"cookie": metro.cookie}).status_code == 303
    assert room.topics.acts()[-1][2].endswith(" acting for: 区から依頼")


def reached(room: Room, lineage: str, revision: int, people: int, *, tail: int = 0) -> None:
    """Say that so many were reached."""
    receipt = ReceiptRecord(
        lineage=lineage, revision=revision, document="d", worker=0, workers=1, epoch=1, selected=people,
        outcomes={"accepted": people, "gone": 3}, wards={}, received_ms=1, first_accepted_ms=1, last_accepted_ms=9,
        tail=tail,
    )  # fmt: skip
    room.sending.apply(Record(RECEIPTS.name, 0, 0, b"r", encode(receipt), {}, 0))
