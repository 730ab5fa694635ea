"""One entry, every channel (R16): where each revision stands, what left, and how it is handed over again."""

import hashlib
import re
from datetime import timedelta
from pathlib import Path

import pytest

from alerts.notice import Notice
from api.console.board_routes import board_routes
from api.known.board import Orders
from api.known.channels import LATE_AFTER, Channels
from dispatch.channel import ChannelState
from feeds.outgoing.forms import Form, Municipality, leaves_of
from geo.outline import rings_of
from streams.brokers.client import Record
from streams.outward.again import again_key, is_again
from streams.outward.stage import key_of
from streams.payloads import AgainRecord, ChannelRecord
from streams.topics import CHANNELS, NOTICES
from streams.wire import decode, encode
from tests.api.evening import NINE_PM
from tests.api.test_office import Room, Seat, room_in
from tests.api.test_posting import Stages
from tests.api.test_verdict import let_go
from tests.streams.evening import wards_table

KOTO = Municipality("13108", "江東区", {"江東区": "こうとうく"})


@pytest.fixture
def room(tmp_path: Path) -> Room:
    orders = Orders()
    return room_in(tmp_path, wards_table(), more=lambda office: board_routes(office, orders))


def put(room: Room, record: ChannelRecord) -> None:
    key = key_of(record.lineage, record.revision, record.ward, Form(record.form))
    room.office.channels.apply(Record(CHANNELS.name, 0, 0, key, encode(record), {}, 0))


def stands(room: Room, notice: Notice, form: Form, state: ChannelState, reason: str = "") -> ChannelRecord:
    leaves = leaves_of(form, notice, KOTO, sender="alerts@example.org", outline=rings_of)
    digests = tuple(hashlib.sha256(leaf.body).hexdigest() for leaf in leaves)
    record = ChannelRecord(
        notice.lineage, notice.revision, "13108", form.value, state, reason, digests, 2,
        drill=False, correction=False, at=room.clock.now,
    )  # fmt: skip
    put(room, record)
    return record


@pytest.fixture
def sent(room: Room) -> tuple[Seat, Notice]:
    object.__setattr__(room.office, "municipalities", {"13108": KOTO})
    object.__setattr__(room.office, "cap_sender", "alerts@example.org")
    seat, notice = let_go(room, Stages(room))
    for apply in (room.sending.apply, room.office.channels.apply):
        apply(Record(NOTICES.name, 0, 0, b"", encode(notice), {}, 0))
    return seat, notice


def press(seat: Seat, word: str, form: Form, notice: Notice, page: str) -> int:
    path = f"/channels/{notice.lineage}/{notice.revision}/13108/{form.value}/{word}"
    found = re.search(rf'action="{re.escape(path)}">(.*?)</form>', page)
    assert found is not None, page
    fields = dict(re.findall(r'name="(csrf|key)" value="([^"]*)"', found[1]))
    return seat.room.form(path, fields, {"cookie": seat.cookie}).status_code


def test_every_form_of_a_revision_has_its_line_and_its_text_is_read_in_the_page(
    room: Room, sent: tuple[Seat, Notice]
) -> None:
    seat, notice = sent
    for form in Form:
        stands(room, notice, form, ChannelState.ACCEPTED)
    page = seat.get("/channels").text
    for word in ("Lアラート", "防災情報システム", "webhook", "街頭の画面", "防災無線", "CAP", "プッシュ"):
        assert word in page
    assert page.count("受け取られた") == len(Form)
    for form in (Form.L_ALERT, Form.CAP, Form.SCRIPT, Form.WEBHOOK, Form.DIS):
        shown = seat.get(f"/channels/{notice.lineage}/{notice.revision}/13108/{form.value}")
        assert shown.status_code == 200
        assert "content-disposition" not in shown.headers
        assert "渡したものと同じ内容です" in shown.text, form
        assert "<pre>" in shown.text
    assert "こうとうく" in seat.get(f"/channels/{notice.lineage}/{notice.revision}/13108/loudspeaker").text
    assert seat.get(f"/channels/{notice.lineage}/9/13108/cap").status_code == 404


def test_what_failed_or_is_late_is_loud_on_the_board_and_what_was_overtaken_is_not(
    room: Room, sent: tuple[Seat, Notice]
) -> None:
    seat, notice = sent
    stands(room, notice, Form.CAP, ChannelState.FAILED, "overtaken")
    stands(room, notice, Form.L_ALERT, ChannelState.SENT)
    assert "渡せていない経路" not in seat.get("/board").text
    stands(room, notice, Form.WEBHOOK, ChannelState.FAILED, "refused")
    assert "渡せていない経路 1" in seat.get("/board").text
    room.clock.now += LATE_AFTER + timedelta(seconds=1)
    assert "渡せていない経路 2" in seat.get("/board").text
    page = seat.get("/channels").text
    assert "から返事なし" in page
    assert "refused" in page


def test_a_press_asks_the_worker_once_and_stands_in_the_trail(room: Room, sent: tuple[Seat, Notice]) -> None:
    seat, notice = sent
    stands(room, notice, Form.WEBHOOK, ChannelState.FAILED, "refused")
    page = seat.get("/channels").text
    assert [press(seat, "again", Form.WEBHOOK, notice, page) for _ in range(2)] == [303, 303]
    asked = [(key, value) for topic, key, value in room.topics.records if topic == CHANNELS.name]
    ((key, value),) = asked
    assert is_again(key)
    assert decode(AgainRecord, value).by == "aoki"
    assert press(seat, "again", Form.WEBHOOK, notice, seat.get("/channels").text) == 303
    assert len([topic for topic, _, _ in room.topics.records if topic == CHANNELS.name]) == 2, "a new form asks anew"
    assert press(seat, "typed", Form.WEBHOOK, notice, page) == 303
    _, key, value = [one for one in room.topics.records if one[0] == CHANNELS.name][-1]
    room.office.channels.apply(Record(CHANNELS.name, 0, 0, key, value, {}, 0))
    assert "手で入れた（aoki）" in seat.get("/channels").text
    acts = [act for _, act, _ in room.topics.acts() if act.startswith("channel")]
    assert acts == ["channel-again", "channel-again", "channel-typed-by-hand"]


def test_another_wards_officer_sees_it_and_presses_nothing(room: Room, sent: tuple[Seat, Notice]) -> None:
    author, notice = sent
    stands(room, notice, Form.CAP, ChannelState.FAILED, "refused")
    room.add("edo", wards=("1312300",))
    seat = room.sign_in("edo")
    page = seat.get("/channels").text
    assert "refused" in page
    assert "もう一度渡す" not in page
    mine = author.get("/channels").text
    fields = dict(re.findall(r'name="(key)" value="([^"]*)"', mine))
    csrf = dict(re.findall(r'name="(csrf)" value="([^"]*)"', seat.get("/post").text))
    path = f"/channels/{notice.lineage}/{notice.revision}/13108/cap/again"
    assert room.form(path, {**fields, **csrf}, {"cookie": seat.cookie}).status_code == 403
    assert not [topic for topic, _, _ in room.topics.records if topic == CHANNELS.name]


def test_a_question_is_no_state() -> None:
    channels = Channels()
    asked = AgainRecord("l", 1, "13108", "cap", "aoki", NINE_PM)
    channels.apply(Record(CHANNELS.name, 0, 0, again_key("k"), encode(asked), {}, 0))
    assert channels.lineages() == ()
