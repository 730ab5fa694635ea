"""A draft of ways shows what will be said, worded from the plan that it names, and is called what it is (R14)."""

from dataclasses import replace
from pathlib import Path

import pytest

from alerts.claim import Release
from alerts.notice import Notice
from api.console.board_page import board_page
from api.orders.lint import lint
from dispatch.settings import DispatchSettings
from dispatch.ways import with_ways
from streams.brokers.client import Record
from streams.digest import approval_digest
from streams.payloads import DraftRecord, DraftState
from streams.topics import DRAFTS, PLANS
from streams.wire import encode
from tests.api.evening import NINE_PM
from tests.api.test_editing import order
from tests.api.test_office import Room, Seat, room_in
from tests.api.test_posting import Stages
from tests.streams.evening import wards_table
from tests.streams.small_town import closure
from tests.streams.test_evacuation_board import Desk


@pytest.fixture
def town() -> Desk:
    desk = Desk()
    desk.order()
    desk.hear(closure(6))
    return desk


def waits(room: Room, desk: Desk) -> DraftRecord:
    draft = replace(desk.log[-1].drafts[0], release=Release.DRAFT)
    notice = draft.notice
    record = DraftRecord(
        draft.draft,
        notice.lineage,
        notice.revision,
        notice.document,
        DraftState.OPEN,
        "policy-draft",
        complete=True,
        at=NINE_PM,
        draft=draft,
    )
    room.desk.apply(Record(DRAFTS.name, 0, 9, draft.draft.encode(), encode(record), {}, 0))
    return record


def hear_plans(room: Room, desk: Desk) -> None:
    for due in desk.log:
        for plan in due.plans:
            room.office.plans.apply(Record(PLANS.name, 0, 0, b"%x" % plan.shard, encode(plan), {}, 0))


def sent(record: DraftRecord, desk: Desk, room: Room) -> Notice:
    """Return what a worker would send if the draft were let go now."""
    assert record.draft is not None
    plans = {plan.shard: plan for due in desk.log for plan in due.plans}
    return with_ways(replace(record.draft.notice, approved_at=room.clock()), plans)[0]


def test_the_page_shows_the_very_words_that_would_be_sent_in_every_language(tmp_path: Path, town: Desk) -> None:
    room = room_in(tmp_path)
    room.add("sato")
    record = waits(room, town)
    hear_plans(room, town)
    page = room.sign_in("sato").get(f"/drafts/{record.draft_id}").text
    example = sent(record, town, room).parts[0]
    assert "架空6号橋が通行止め" in page
    for text in example.texts:
        assert text.title in page, text.language
        assert text.body in page, text.language
    for advice, words in {"go": "避難所へ歩く", "go-up": "高い階へ", "stay": "今いる建物にとどまる"}.items():
        cells = sum(part.way is not None and part.way.advice == advice for part in sent(record, town, room).parts)
        assert (f"<h3>{words}：{cells}区画</h3>" in page) is (cells > 0)


def test_it_is_called_what_it_is_on_every_list(tmp_path: Path, town: Desk) -> None:
    room = room_in(tmp_path)
    room.add("sato")
    record = waits(room, town)
    assert record.draft is not None
    notice = record.draft.notice
    title = f"避難経路 {notice.issuer}（{len(notice.parts)}区画の行き先・行き方）"
    sato = room.sign_in("sato")
    assert title in sato.get("/").text
    assert title in sato.get(f"/drafts/{record.draft_id}").text
    assert title in board_page([], [record], NINE_PM)


def test_a_plan_that_has_not_come_gives_no_example_of_another(tmp_path: Path, town: Desk) -> None:
    room = room_in(tmp_path)
    room.add("sato")
    record = waits(room, town)
    earlier = town.log[:-1]
    for due in earlier:
        for plan in due.plans:
            room.office.plans.apply(Record(PLANS.name, 0, 0, b"%x" % plan.shard, encode(plan), {}, 0))
    page = room.sign_in("sato").get(f"/drafts/{record.draft_id}").text
    assert "この案が名指す計画がまだ届いていません" in page
    assert "架空6号橋" not in page
    # Who cannot read what they say does not let them go; what waits meanwhile is no order but a change of its ways.
    assert f'action="/drafts/{record.draft_id}/approve"' not in page
    metro = seat_of(room, "metro")
    assert metro.decide("approve", record.draft_id).status_code == 409
    assert room.topics.acts()[-1] == ("metro", "approve-refused", "plan-not-here")
    hear_plans(room, town)
    assert metro.decide("approve", record.draft_id).status_code == 303


def test_the_page_of_an_order_says_that_its_ways_are_not_computed_yet_and_lets_it_go(tmp_path: Path) -> None:
    room = room_in(tmp_path, wards_table())
    stages = Stages(room)
    _, record = order(room, stages)
    second = seat_of(room, "baba")
    page = second.get(f"/drafts/{record.draft_id}").text
    beside = page.partition('<section class="acts">')[2].partition("</section>")[0]
    assert "まだ計算していません" in beside, "above the button, not below what a small screen shows"
    assert "行き先は入りません" in beside
    assert second.decide("approve", record.draft_id, acting="区役所が停電").status_code == 303


def seat_of(room: Room, name: str) -> Seat:
    room.add(name, wards=("*",))
    return room.sign_in(name)


def test_words_that_are_made_when_it_goes_out_are_not_said_to_be_missing(tmp_path: Path, town: Desk) -> None:
    record = waits(room_in(tmp_path), town)
    assert record.draft is not None
    notice = record.draft.notice
    found = lint(notice, at=notice.sent, settings=DispatchSettings(), live=())
    assert "language-missing" not in {one.finding.value for one in found}
    assert notice.digest == approval_digest(notice)
