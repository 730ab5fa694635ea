"""The board of all wards: what is ordered where, what waits and for how long, who was called, and who is not there."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from alerts.alert import GEOCODE_CLASS20, Geocode
from alerts.cap import Severity
from alerts.hazard import HazardKind
from alerts.level import Level
from alerts.notice import Notice, NoticeKind, Phase, Recipients
from alerts.order_words import compose_order
from alerts.wording import PartFacts
from api.console.board_routes import board_routes
from api.known.board import Orders
from api.officers.accounts import Role
from dispatch.channel import ChannelState
from geo.cells import difference, union
from streams.brokers.client import Record
from streams.payloads import DraftState, PageRecord
from streams.topics import DRAFTS, NOTICES, PAGES
from streams.wire import encode
from tests.api.evening import NINE_PM
from tests.api.test_office import EDOGAWA_WARD, KOTO_WARD, Room, room_in
from tests.dispatch.people import notice, part
from tests.streams.evening import wards_table

_KOTO = wards_table().lookup(Geocode(GEOCODE_CLASS20, KOTO_WARD))
assert _KOTO is not None
CELLS = difference(_KOTO.cells, _KOTO.partial)


def ordered(revision: int = 1, phase: Phase = Phase.ISSUED, lineage: str = "order-1", **more: object) -> Notice:
    facts = PartFacts(
        phase, Level.ALL_LEAVE, Severity.EXTREME, (HazardKind.FLOOD,), ("江東区",), "江東区", NINE_PM, NINE_PM
    )
    one = part(level=Level.ALL_LEAVE, phase=phase, cells=CELLS, texts=(compose_order(facts, "ja"),), **more)  # type: ignore[arg-type]
    of = notice(one, lineage=lineage, revision=revision, expires=NINE_PM + timedelta(hours=1))
    return replace(of, issuer="江東区", sent=NINE_PM)


@pytest.fixture
def orders() -> Orders:
    return Orders()


@pytest.fixture
def room(tmp_path: Path, orders: Orders) -> Room:
    made = room_in(tmp_path, wards_table(), more=lambda office: board_routes(office, orders))
    # The evening's draft, on the ground of this table's Koto.
    record = made.drafts["feed"]
    assert record.draft is not None
    of = record.draft.notice
    moved = replace(record.draft, notice=replace(of, parts=(replace(of.parts[0], cells=CELLS),)))
    made.drafts["feed"] = replace(record, draft=moved)
    made.desk.apply(Record(DRAFTS.name, 0, 9, record.draft_id.encode(), encode(made.drafts["feed"]), {}, 0))
    return made


def hear(orders: Orders, *notices: Notice) -> None:
    for number, one in enumerate(notices):
        orders.apply(Record(NOTICES.name, 0, number, one.lineage.encode(), encode(one), {}, 0))


def line_of(page: str, ward: str) -> str:
    found = re.search(rf"<tr><th scope='row'>{ward}.*?</tr>", page, re.DOTALL)
    assert found is not None
    return found.group(0)


def test_a_ward_with_an_order_and_a_draft_says_both_and_another_says_nothing(room: Room, orders: Orders) -> None:
    room.add("sato")
    hear(orders, ordered())
    page = room.sign_in("sato").get("/board").text
    koto = line_of(page, "江東区")
    assert "レベル4 避難指示" in koto
    assert f"/drafts/{room.drafts['feed'].draft_id}" in koto
    assert "10分待ち" in koto
    assert "担当者なし" not in koto
    edogawa = line_of(page, "江戸川区")
    assert "避難指示" not in edogawa
    assert "担当者なし" in edogawa
    assert "報告なし" in edogawa


def test_a_ward_joins_with_an_approver_and_not_with_a_drafter(room: Room) -> None:
    room.add("sato")
    room.add("edo", Role.DRAFTER, (EDOGAWA_WARD,))
    seat = room.sign_in("sato")
    assert "担当者なし" in line_of(seat.get("/board").text, "江戸川区")
    room.add("edo2", Role.APPROVER, (EDOGAWA_WARD, KOTO_WARD))
    assert "担当者なし" not in line_of(seat.get("/board").text, "江戸川区")


def test_an_order_past_its_expiry_stands_until_it_is_lifted(room: Room, orders: Orders) -> None:
    room.add("sato")
    seat = room.sign_in("sato")
    hear(orders, ordered())
    assert "期限まで" not in line_of(seat.get("/board").text, "江東区")
    room.clock.now = NINE_PM + timedelta(minutes=41)
    seat = room.sign_in("sato")
    assert "期限まであと19分" in line_of(seat.get("/board").text, "江東区")
    room.clock.now = NINE_PM + timedelta(hours=2)
    seat = room.sign_in("sato")
    assert "期限切れ・有効" in line_of(seat.get("/board").text, "江東区")
    hear(orders, ordered(2, Phase.LIFTED, recipients=Recipients.TOLD))
    assert orders.standing() == ()
    # An older word that comes again brings nothing back.
    hear(orders, ordered())
    assert orders.standing() == ()


def test_a_warning_is_no_order(orders: Orders) -> None:
    hear(orders, notice(part(cells=CELLS)))
    assert orders.standing() == ()


def test_who_was_called_and_who_did_not_decide(room: Room, orders: Orders) -> None:
    room.add("sato")
    draft = room.drafts["feed"].draft_id
    for number, (rung, person, state) in enumerate(
        (("on-duty", "koto-1", ChannelState.ACCEPTED), ("deputies", "koto-2", ChannelState.FAILED),
         ("silence", "koto-1、koto-2", ChannelState.SENT))
    ):  # fmt: skip
        called = PageRecord(draft, KOTO_WARD[:5], rung, person, "webhook", state, "", 1, NINE_PM)
        orders.apply(Record(PAGES.name, 0, number, f"{draft}|{person}|{rung}".encode(), encode(called), {}, 0))
    koto = line_of(room.sign_in("sato").get("/board").text, "江東区")
    assert "✓ koto-1" in koto
    assert "✕ koto-2" in koto
    assert "時間内に決まらず：koto-1、koto-2" in koto


def test_nobody_looks_without_signing_in(room: Room) -> None:
    assert room.browser.get("/board").headers["location"] == "/sign-in"


def told_across(*codes: str) -> Notice:
    """Return what people of the wards *codes* were told because Koto has ordered."""
    covers = [wards_table().lookup(Geocode(GEOCODE_CLASS20, code)) for code in codes]
    cells = union(*(difference(cover.cells, cover.partial) for cover in covers if cover is not None))
    of = notice(part(cells=cells), lineage="silence|across|order-1", kind=NoticeKind.HOW_IT_IS_GOING)
    return replace(of, feed="silence", issuer="江東区", sent=NINE_PM + timedelta(minutes=1))


def test_beside_an_order_each_ward_says_whether_it_waits_refused_or_is_not_there(room: Room, orders: Orders) -> None:
    room.add("sato")
    room.add("kita", Role.APPROVER, ("1312200",))
    hear(orders, ordered(), told_across(EDOGAWA_WARD, "1312200", "1312100"))
    record = room.drafts["feed"]
    assert record.draft is not None
    cover = wards_table().lookup(Geocode(GEOCODE_CLASS20, "1312200"))
    assert cover is not None
    own = replace(record.draft.notice, parts=(replace(record.draft.notice.parts[0], cells=cover.cells),))
    refused = replace(
        record,
        draft_id="refused",
        state=DraftState.VOID,
        reason="void-by:kita",
        at=NINE_PM,
        draft=replace(record.draft, draft="refused", notice=own),
    )
    room.desk.apply(Record(DRAFTS.name, 0, 11, b"refused", encode(refused), {}, 0))
    page = room.sign_in("sato").get("/board").text
    assert "江東区が発令・この区は未発令：却下 kita 21:00" in line_of(page, "葛飾区")
    assert "江東区が発令・この区は未発令：担当者なし" in line_of(page, "江戸川区")
    assert "住民へ「この区は未発令」 21:01" in line_of(page, "江戸川区")
    assert "未発令" not in line_of(page, "江東区")
    assert "未発令" not in line_of(page, "千代田区")
    # What was taken back from its people, an order of its own, or the end of the neighbour's, and it is no more.
    over = told_across(EDOGAWA_WARD)
    hear(orders, replace(over, revision=2, parts=(replace(over.parts[0], phase=Phase.LIFTED),)))
    assert "未発令" not in line_of(room.sign_in("sato").get("/board").text, "江戸川区")
    hear(orders, replace(ordered(lineage="order-2"), parts=(replace(ordered().parts[0], cells=cover.cells),)))
    assert "未発令" not in line_of(room.sign_in("sato").get("/board").text, "葛飾区")
    hear(orders, ordered(2, Phase.LIFTED, recipients=Recipients.TOLD))
    assert orders.across() == ()


def test_who_may_end_an_order_goes_there_from_the_board_and_nobody_else(room: Room, orders: Orders) -> None:
    room.add("sato")
    room.add("dora", Role.DRAFTER)
    room.add("edo", Role.APPROVER, (EDOGAWA_WARD,))
    room.add("metro", wards=("*",))
    first = replace(ordered(), feed="gauge", approved_by="sato")
    hear(orders, first)
    for known in (room.desk, room.sending):
        known.apply(Record(NOTICES.name, 0, 0, first.lineage.encode(), encode(first), {}, 0))
    way = "<a href='/sending/order-1?stay=1#ending'>終わらせる（0人に送る"
    assert f"{way}）" in line_of(room.sign_in("sato").get("/board").text, "江東区")
    assert f"{way}・区に代わって）" in line_of(room.sign_in("metro").get("/board").text, "江東区")
    for name in ("dora", "edo"):
        page = line_of(room.sign_in(name).get("/board").text, "江東区")
        assert "レベル4 避難指示" in page
        assert "#ending" not in page
    # What policy let out is its source's to end.
    theirs = replace(ordered(lineage="feed-1"), approved_by="policy")
    hear(orders, theirs)
    room.desk.apply(Record(NOTICES.name, 0, 1, b"feed-1", encode(theirs), {}, 0))
    assert "/sending/feed-1?stay=1" not in room.sign_in("metro").get("/board").text
