"""Coordinators post from the console: by the real stages up to the draft, the second person and what became of it."""

import re
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.place import LatLng
from alerts.report import OutcomeKind
from alerts.road import RoadReport
from api.http.errors import FormWrong
from api.known.posted import Posts, on_list
from api.officers.accounts import Account, Role
from api.officers.approval import MayNot
from api.orders.wanted import Known, Where, ground_of, may_not_post, wanted_of
from geo.cells import expand
from routing.site import Site
from streams.brokers.client import Record
from streams.deciding.decision import Ledger, decide, outlived
from streams.ingest.agent import arrival_of
from streams.ingest.facts import emitted
from streams.ingest.settlement import settle, was_settled
from streams.notices.notice_board import NoticeBoard
from streams.notices.stage import command_of
from streams.payloads import Command, Crossing, DraftRecord, DraftState, FactEffect, Line, Preview, ReportRecord
from streams.topics import AUDIT, COMMANDS, CROSSINGS, DRAFTS, EFFECTS, NOTICES, REPORTS, TELEGRAMS
from streams.wire import decode, encode
from tests.api.evening import NINE_PM
from tests.api.test_office import EDOGAWA_WARD, KOTO_WARD, Room, Seat, room_in
from tests.streams.evening import Maps, policy, wards_table

# In the middle of the discs that stand for the two wards.
POINTS = (LatLng(35.64, 139.72), LatLng(35.641, 139.72))
KOTO, EDOGAWA, NOWHERE = "35.64,139.72", "35.76,139.72", "36.9,141.0"


@dataclass
class Stages:
    """What stands behind `telegrams` and `commands`: ingest, map, notices and the decider, told by hand to go on."""

    room: Room
    read: int = 0
    stored: dict[bytes, bytes] = field(default_factory=dict)
    maps: Maps = field(default_factory=Maps)
    board: NoticeBoard = field(default_factory=lambda: NoticeBoard(policy().sign))
    ledger: Ledger = field(default_factory=Ledger)
    sent: list[Any] = field(default_factory=list)
    reports: list[ReportRecord] = field(default_factory=list)

    def go_on(self) -> None:
        """Read what the console has written since the last time, and let it read what came of it."""
        new, self.read = range(self.read, len(self.room.topics.records)), len(self.room.topics.records)
        for number in new:
            topic, key, value = self.room.topics.records[number]
            if topic == TELEGRAMS.name:
                self._settle(Record(topic, 0, number, key, value, self.room.topics.headers[number], 0))
            elif topic == COMMANDS.name:
                self._decide(decode(Command, value))

    def _settle(self, record: Record) -> None:
        known = self.stored.get(record.key)
        arrival, stored = arrival_of(record), orjson.loads(known) if known else None
        if was_settled(stored, arrival.receipt):
            return
        settled = settle(arrival, stored, table=wards_table(), policy=policy())
        if settled.stored is not None:
            self.stored[record.key] = orjson.dumps(settled.stored)
        self.reports.append(settled.record)
        self._show(REPORTS.name, record.key, encode(settled.record))
        for fact in emitted(settled.record.report, settled.record.outcome, {}).records:
            self._show(fact.topic.name, fact.key, fact.value)
        for snapshot in self.maps.take(settled.claims):
            self.board.hear(snapshot, at=0.0)
        for draft in self.board.due(at=100.0):
            self._decide(decode(Command, command_of(draft)[1]))

    def _decide(self, command: Command) -> None:
        decided = decide(self.ledger, command, at=self.room.clock())
        if decided.notice is not None:
            self.ledger.has_sent(decided.notice)
            self.board.hear_notice(decided.notice)
            self.sent.append(decided.notice)
            self._show(NOTICES.name, decided.notice.lineage.encode(), encode(decided.notice))
        self._take(decided.record)
        for closed in outlived(self.ledger, at=self.room.clock()):
            self._take(closed)

    def _take(self, verdict: DraftRecord | None) -> None:
        if verdict is not None:
            self.ledger.knows(verdict)
            self._show(DRAFTS.name, verdict.draft_id.encode(), encode(verdict))

    def says(self, effect: FactEffect) -> None:
        self._show(EFFECTS.name, f"fact|{effect.fact}".encode(), encode(effect))

    def _show(self, topic: str, key: bytes, value: bytes) -> None:
        record = Record(topic, 0, 0, key, value, {}, 0)
        self.room.desk.apply(record)
        self.room.posts.apply(record)
        self.room.sending.apply(record)
        self.room.reported.apply(record)


def site(thing: str, name: str, lat: float = 35.64) -> Site:
    return Site(thing, name, LatLng(lat, 139.72), frozenset(), ward=KOTO_WARD)


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return room_in(tmp_path, wards_table())


@pytest.fixture
def stages(room: Room) -> Stages:
    return Stages(room)


def filled(seat: Seat, kind: str, **fields: str) -> dict[str, str]:
    """Return the form *kind* as the page gives it, filled in, with a fresh code."""
    section = seat.get("/post").text.split(f'<section id="{kind}">')[1].split("</section>")[0]
    hidden = dict(re.findall(r'name="(csrf|key)" value="([^"]*)"', section))
    return {**hidden, "code": seat.room.code(seat.name), **fields}


def send(seat: Seat, kind: str, form: dict[str, str]) -> httpx.Response:
    return seat.room.form(f"/post/{kind}", form, {"cookie": seat.cookie})


def post(seat: Seat, kind: str, **fields: str) -> httpx.Response:
    return send(seat, kind, filled(seat, kind, **fields))


def written(room: Room) -> DraftRecord:
    """Return the one draft that was written by the real stages."""
    known = {record.draft_id for record in room.drafts.values()}
    (found,) = [one for one in room.desk.view().drafts if one.draft_id not in known]
    return found


CLOSED = {"point": KOTO, "cause": "flooded", "confidence": "confirmed", "name": "架空橋", "hours": "3"}
ORDER = {"level": "4", "hazard": "flood", "wards": KOTO_WARD, "hours": "6"}


def test_a_closure_is_a_document_of_the_console_and_its_page_says_what_it_moved(room: Room, stages: Stages) -> None:
    room.add("sato", Role.DRAFTER)
    seat = room.sign_in("sato")
    answer = post(seat, "closure", **CLOSED)
    assert answer.status_code == 303, answer.text
    place = answer.headers["location"]
    assert "UNKNOWN" in seat.get(place).text
    assert "SAFE TO RETRY" in seat.get(place).text
    stages.go_on()
    page = seat.get(place).text
    assert "（SENT）" in page
    assert "計算を待っています" in page
    (report,) = stages.reports
    assert (report.outcome, report.feed, report.kind) == (OutcomeKind.INFORMATIONAL, "console", "console-closure")
    assert report.report is not None
    (road,) = report.report.facts.roads
    assert (road.place.name, road.place.point) == ("架空橋", LatLng(35.64, 139.72))
    assert report.sent is not None
    assert road.valid_until == report.sent + timedelta(hours=3)
    stages.says(FactEffect(f"{road.id}|console", report.sent, room.clock(), "ways-blocked", ("r1",), 12, 3456))
    page = seat.get(place).text
    assert "12区画・3,456人の行き先が変わりました" in page
    assert room.topics.acts()[-1][:2] == ("sato", "post")
    topics = [topic for topic, _, _ in room.topics.records]
    assert topics[-2:] == [AUDIT.name, TELEGRAMS.name], "written down before it is sent"


def test_a_closure_is_taken_back_by_its_page_and_says_how_many_that_touches(room: Room, stages: Stages) -> None:
    room.add("sato", Role.DRAFTER)
    room.add("edo", Role.DRAFTER, (EDOGAWA_WARD,))
    seat = room.sign_in("sato")
    place = post(seat, "closure", **CLOSED).headers["location"]
    stages.go_on()
    report = stages.reports[-1]
    assert report.report is not None
    road = report.report.facts.roads[0]
    stages.says(FactEffect(f"{road.id}|console", road.attribution.fact_at, room.clock(), "x", (), 12, 3456))
    page = seat.get(place).text
    assert "3,456人を元の行き先に戻し" in page
    # Also long after that page was left, from where it was posted.
    listed = seat.get("/post").text.split('<section id="closed">')[1].split("</section>")[0]
    assert "いまの通行止め（1件）" in listed
    assert "架空橋" in listed
    assert "3,456人の行き先が変わった" in listed
    assert f'name="undo" value="{road.id}"' in listed
    assert 'id="closed"' not in room.sign_in("edo").get("/post").text
    assert "取り消す" not in room.sign_in("edo").get(place).text, "another ward's closure is not theirs to undo"
    fields = dict(re.findall(r'name="(csrf|key|undo)" value="([^"]*)"', page.split("<details>")[1]))
    answer = send(seat, "closure", {**fields, "code": room.code("sato")})
    assert answer.status_code == 303, answer.text
    stages.go_on()
    undone = stages.reports[-1].report
    assert undone is not None
    assert (undone.facts.roads[0].id, undone.facts.roads[0].undo, undone.facts.roads[0].lifted) == (road.id, True, True)
    assert "取り消す" not in seat.get(place).text
    assert 'id="closed"' not in seat.get("/post").text
    other = room.sign_in("edo")
    refused = send(other, "closure", filled(other, "closure", undo=road.id))
    assert refused.status_code == 403
    assert ("edo", "post-refused", MayNot.OTHER_WARD.value) in room.topics.acts()


def test_a_form_that_is_sent_twice_is_one_document(room: Room, stages: Stages) -> None:
    room.add("sato")
    seat = room.sign_in("sato")
    form = filled(seat, "closure", **CLOSED)
    first, again = send(seat, "closure", form), send(seat, "closure", form)
    assert (again.status_code, again.headers["location"]) == (303, first.headers["location"]), "its code is used up"
    assert len(room.topics.of(TELEGRAMS.name)) == 1


def test_a_form_that_another_process_has_taken_ends_once_all_the_same(room: Room, stages: Stages) -> None:
    room.add("sato")
    seat = room.sign_in("sato")
    form = filled(seat, "order", **ORDER)
    send(seat, "order", form)
    stages.go_on()
    room.posts._sent.clear()  # the console was started again and has not read the topics yet
    room.posts._reports.clear()
    again = send(seat, "order", {**form, "code": room.code("sato")})
    assert again.status_code == 303
    stages.go_on()
    assert len(room.topics.of(TELEGRAMS.name)) == 2
    assert len(stages.reports) == 1, "the same reception has one end"


def test_a_form_that_was_changed_and_sent_again_is_another_word_on_the_same_thing(room: Room, stages: Stages) -> None:
    room.add("sato")
    seat = room.sign_in("sato")
    form = filled(seat, "closure", **CLOSED)
    first = send(seat, "closure", form)
    second = send(seat, "closure", {**form, "cause": "debris", "code": room.code("sato")})
    assert first.headers["location"] != second.headers["location"]
    stages.go_on()
    roads = [one.report.facts.roads[0] for one in stages.reports if one.report is not None]
    assert roads[0].id == roads[1].id
    assert [road.cause.value for road in roads] == ["flooded", "debris"]


def test_nobody_writes_over_what_another_has_posted_by_taking_its_key(room: Room, stages: Stages) -> None:
    room.add("sato")
    room.add("aoki")
    seat = room.sign_in("sato")
    form = filled(seat, "closure", **CLOSED)
    send(seat, "closure", form)
    other = room.sign_in("aoki")
    send(other, "closure", filled(other, "closure", **CLOSED, key=form["key"]))
    stages.go_on()
    ids = {one.report.facts.roads[0].id for one in stages.reports if one.report is not None}
    assert len(ids) == 2


def test_an_order_opens_a_draft_that_only_another_person_may_let_go(room: Room, stages: Stages) -> None:
    room.add("aoki")
    room.add("baba")
    author, second = room.sign_in("aoki"), room.sign_in("baba")
    place = post(author, "order", **ORDER).headers["location"]
    stages.go_on()
    page = author.get(place).text
    assert "まだ住民に送られていません（NOT SENT）" in page
    found = re.search(r'href="/drafts/([0-9a-f]+)"', page)
    assert found is not None
    draft = found.group(1)
    assert "自分で作った案は承認できません" in author.get(f"/drafts/{draft}").text
    refused = author.decide("approve", draft)
    assert refused.status_code == 403
    assert ("aoki", "approve-refused", MayNot.OWN.value) in room.topics.acts()
    stages.go_on()
    assert stages.sent == []
    shown = second.get(f"/drafts/{draft}").text
    assert "<th scope='row'>作った人</th><td>aoki</td>" in shown
    assert "<th scope='row'>発表元</th><td>江東区</td>" in shown
    assert second.decide("approve", draft).status_code == 303
    stages.go_on()
    (notice,) = stages.sent
    assert (notice.approved_by, notice.issuer, notice.feed) == ("baba", "江東区", "console")
    assert all("aoki" not in text.title + text.body for part in notice.parts for text in part.texts)
    page = author.get(place).text
    assert "住民に送られました（SENT）" in page
    assert "baba" in page


def test_an_order_over_two_wards_is_one_for_each_and_each_goes_as_its_own_ward_approves(
    room: Room, stages: Stages
) -> None:
    room.add("metro", Role.ADMINISTRATOR, ("*",))
    room.add("koto")
    room.add("edogawa", Role.APPROVER, (EDOGAWA_WARD,))
    seat = room.sign_in("metro")
    form: dict[str, Any] = filled(seat, "order", **ORDER)
    # As a browser sends what is ticked: the same name several times.
    both = {**form, "wards": [KOTO_WARD, EDOGAWA_WARD]}
    assert send(seat, "order", both).headers["location"] == "/"
    # Pressed twice it is still one for each.
    assert send(seat, "order", both).headers["location"] == "/"
    stages.go_on()
    before = {record.draft_id for record in room.drafts.values()}
    drafts = {
        one.draft.provenance.issuer: one.draft_id
        for one in room.desk.view().drafts
        if one.draft is not None and one.draft_id not in before
    }
    assert set(drafts) == {"江東区", "江戸川区"}
    assert seat.decide("approve", drafts["江東区"]).status_code == 403
    assert ("metro", "approve-refused", MayNot.OWN.value) in room.topics.acts()
    koto, edogawa = room.sign_in("koto"), room.sign_in("edogawa")
    assert koto.decide("approve", drafts["江戸川区"]).status_code == 403
    assert ("koto", "approve-refused", MayNot.OTHER_WARD.value) in room.topics.acts()
    assert koto.decide("approve", drafts["江東区"]).status_code == 303
    assert edogawa.decide("void", drafts["江戸川区"]).status_code == 303
    stages.go_on()
    (notice,) = stages.sent
    assert (notice.issuer, notice.approved_by) == ("江東区", "koto")
    cells = [cell for part in notice.parts for cell in expand(part.cells)]
    assert cells
    assert all(KOTO_WARD in {area.code for area in wards_table().area_at(cell)} for cell in cells)


def test_the_metropolitan_role_orders_in_a_wards_place_only_with_its_ground_written_down(
    room: Room, stages: Stages
) -> None:
    room.add("aoki")
    post(room.sign_in("aoki"), "order", **ORDER)
    stages.go_on()
    waiting = written(room)
    room.add("metro", Role.APPROVER, ("*",))
    seat = room.sign_in("metro")
    assert "区に代わって発令する理由" in seat.get(f"/drafts/{waiting.draft_id}").text
    assert seat.decide("approve", waiting.draft_id, acting=" 停電 ").status_code == 422
    assert ("metro", "approve-refused", "acting-for-without-ground") in room.topics.acts()
    assert seat.decide("approve", waiting.draft_id, acting="江東区役所が停電").status_code == 303
    assert room.topics.acts()[-1][2].endswith("acting for: 江東区役所が停電")
    room.add("baba")
    assert "区に代わって" not in room.sign_in("baba").get(f"/drafts/{waiting.draft_id}").text


def test_an_order_that_is_discarded_was_sent_to_nobody(room: Room, stages: Stages) -> None:
    room.add("aoki")
    seat = room.sign_in("aoki")
    place = post(seat, "order", **ORDER).headers["location"]
    stages.go_on()
    waiting = written(room)
    assert seat.decide("void", waiting.draft_id).status_code == 303
    stages.go_on()
    assert waiting.state is DraftState.OPEN
    assert "案は破棄されました" in seat.get(place).text
    assert stages.sent == []


def test_a_shelter_and_an_incident_are_posted_without_a_code(room: Room, stages: Stages) -> None:
    room.add("metro", Role.DRAFTER, ("*",))
    seat = room.sign_in("metro")
    known = post(seat, "shelter", other="E1310800001", state="full", band="full", code="")
    assert known.status_code == 303, known.text
    event = post(seat, "incident", incident="fire", title="架空町で火災", ward=KOTO_WARD, point=KOTO, code="")
    assert event.status_code == 303, event.text
    stages.go_on()
    shelter, incident = [one.report.facts for one in stages.reports if one.report is not None]
    assert (shelter.shelters[0].id, shelter.shelters[0].state.value) == ("E1310800001", "full")
    assert shelter.shelters[0].band is not None
    assert (incident.incidents[0].title, incident.incidents[0].ward) == ("架空町で火災", "江東区")
    assert "E1310800001" in seat.get("/post").text, "what is known of is in the list from then on"


def test_a_ward_posts_about_the_shelters_of_its_own_ground(room: Room, stages: Stages) -> None:
    room.add("metro", Role.DRAFTER, ("*",))
    room.add("sato", Role.DRAFTER)
    post(room.sign_in("metro"), "shelter", other="far", state="open")
    stages.go_on()
    report = stages.reports[0].report
    assert report is not None
    for thing, point, ward in (
        ("near", LatLng(35.64, 139.72), ""),
        ("named", None, "江東区"),
        ("theirs", None, "江戸川区"),
    ):
        shelter = replace(report.facts.shelters[0], id=thing, point=point, ward=ward, name=thing)
        stages._show("shelters", f"{thing}|list".encode(), encode(shelter))
    seat = room.sign_in("sato")
    page = seat.get("/post").text
    assert [thing for thing in ("near", "named", "far", "theirs") if f'value="{thing}"' in page] == ["near", "named"]
    sites = (site("listed-10", "架空第10避難所"), site("listed-2", "架空第2避難所"), site("far-off", "遠い所", 43.0))
    room.posts.listed = on_list(sites, {KOTO_WARD: "江東区"})
    page = seat.get("/post").text
    in_order = re.findall(r'value="(listed-10|listed-2|far-off|near|theirs)"', page)
    assert in_order == ["near", "listed-2", "listed-10"], "before anybody has spoken of one it has its name to choose"
    assert '<optgroup label="江東区">' in page
    assert post(seat, "shelter", shelter="listed-2", state="open").status_code == 303
    assert post(seat, "shelter", shelter="near", state="full").status_code == 303
    assert post(seat, "shelter", shelter="named", state="full").status_code == 303
    for thing, why in (("theirs", MayNot.OTHER_WARD), ("far", MayNot.NO_WARD), ("unheard-of", MayNot.NO_WARD)):
        assert post(seat, "shelter", shelter=thing, state="full").status_code == 403
        assert room.topics.acts()[-1] == ("sato", "post-refused", why.value)


@pytest.mark.parametrize(
    ("kind", "fields", "why"),
    [
        ("closure", {**CLOSED, "point": EDOGAWA}, MayNot.OTHER_WARD),
        ("closure", {**CLOSED, "point": NOWHERE}, MayNot.NO_WARD),
        ("closure", {**CLOSED, "road": "way-1"}, MayNot.NO_WARD),
        ("closure", {**CLOSED, "point": "", "line": f"{KOTO} 35.66,139.72 35.70,139.72"}, MayNot.NO_WARD),
        ("incident", {"incident": "fire", "title": "火災", "ward": EDOGAWA_WARD}, MayNot.OTHER_WARD),
        ("incident", {"incident": "fire", "title": "火災", "ward": KOTO_WARD, "point": EDOGAWA}, MayNot.OTHER_WARD),
        ("incident", {"incident": "fire", "title": "火災"}, MayNot.NO_WARD),
        ("order", {**ORDER, "wards": EDOGAWA_WARD}, MayNot.OTHER_WARD),
        ("order", {**ORDER, "wards": f"{KOTO_WARD} {EDOGAWA_WARD}"}, MayNot.OTHER_WARD),
    ],
)
def test_a_ward_posts_on_its_own_ground_only(room: Room, kind: str, fields: dict[str, str], why: MayNot) -> None:
    room.add("sato", Role.ADMINISTRATOR)
    assert post(room.sign_in("sato"), kind, **fields).status_code == 403
    assert room.topics.acts()[-1] == ("sato", "post-refused", why.value)
    room.add("metro", Role.DRAFTER, ("*",))
    assert post(room.sign_in("metro"), kind, **fields).status_code == 303
    # One document for each ward of an order (R7), and one for all else.
    assert len(room.topics.of(TELEGRAMS.name)) == max(1, len(fields.get("wards", "").split()))


@pytest.mark.parametrize(
    ("kind", "fields", "said"),
    [
        ("closure", {**CLOSED, "point": ""}, "場所がありません"),
        ("closure", {**CLOSED, "point": "139.72,35.64"}, "緯度が先"),
        ("closure", {**CLOSED, "point": "ここ"}, "緯度,経度"),
        ("closure", {**CLOSED, "point": "nan,139"}, "緯度が先"),
        ("closure", {**CLOSED, "line": KOTO}, "線は2点以上"),
        ("closure", {**CLOSED, "line": f"{KOTO} 43.06,141.35"}, "線"),
        ("closure", {**CLOSED, "confidence": "official"}, "確かさ"),
        ("closure", {**CLOSED, "confidence": ""}, "確かさ"),
        ("closure", {**CLOSED, "cause": "dragon"}, "理由"),
        ("closure", {**CLOSED, "hours": "9999"}, "期限"),
        ("closure", {**CLOSED, "name": "橋\u202e"}, "console-field"),
        ("closure", {"undo": "post-unknown"}, "見つかりません"),
        ("closure", {**CLOSED, "key": "../x"}, "開き直して"),
        ("shelter", {"state": "open"}, "避難所を選ぶ"),
        ("shelter", {"other": "E1", "state": "ajar"}, "状態"),
        ("incident", {"incident": "fire", "title": ""}, "何があったか"),
        ("order", {**ORDER, "wards": ""}, "対象の範囲がありません"),
        ("order", {**ORDER, "wards": "9999900"}, "名前の分からない区"),
        ("order", {**ORDER, "level": "2"}, "レベル"),
        ("order", {**ORDER, "hours": ""}, "期限"),
    ],
)
def test_a_form_that_is_off_posts_nothing_and_says_what_is_missing(
    room: Room, kind: str, fields: dict[str, str], said: str
) -> None:
    room.add("metro", Role.DRAFTER, ("*",))
    answer = post(room.sign_in("metro"), kind, **fields)
    assert answer.status_code == 422
    assert said in answer.text
    assert "NOT SENT" in answer.text
    assert room.topics.of(TELEGRAMS.name) == []


def test_full_width_digits_are_digits(room: Room, stages: Stages) -> None:
    room.add("sato")
    seat = room.sign_in("sato")
    wide = str.maketrans("0123456789.,", "０１２３４５６７８９．，")
    form = filled(seat, "closure", **{**CLOSED, "point": KOTO.translate(wide)})
    assert send(seat, "closure", {**form, "code": form["code"].translate(wide)}).status_code == 303


@pytest.mark.parametrize(("kind", "fields"), [("closure", CLOSED), ("order", ORDER)])
def test_what_moves_people_wants_a_fresh_code(room: Room, kind: str, fields: dict[str, str]) -> None:
    room.add("sato")
    seat = room.sign_in("sato")
    answer = post(seat, kind, **fields, code="000000")
    assert answer.status_code == 403
    assert "確認コード" in answer.text
    assert room.topics.of(TELEGRAMS.name) == []
    reported = {**CLOSED, "confidence": "reported"}
    assert post(seat, "closure", **reported, code="").status_code == 303, "a report moves nobody"


def test_nothing_is_posted_without_the_trail_or_a_form_of_this_session(room: Room) -> None:
    room.add("sato")
    seat = room.sign_in("sato")
    form = filled(seat, "closure", **CLOSED)
    assert send(seat, "closure", {**form, "csrf": "x"}).status_code == 403
    cross = room.form("/post/closure", form, {"cookie": seat.cookie, "origin": "https://elsewhere.example"})
    assert cross.status_code == 403
    room.topics.away = frozenset({AUDIT.name})
    assert send(seat, "closure", form).json()["code"] == "not-written-down"
    assert room.topics.of(TELEGRAMS.name) == []
    for path in ("/post", "/posts/0"):
        assert room.browser.get(path).headers["location"] == "/sign-in"
    assert room.form("/post/closure", form).headers["location"] == "/sign-in"
    assert room.form("/post/decree", form, {"cookie": seat.cookie}).status_code == 404


def test_a_broker_that_is_away_leaves_it_unknown_and_a_second_try_safe(room: Room, stages: Stages) -> None:
    room.add("sato")
    seat = room.sign_in("sato")
    form = filled(seat, "closure", **CLOSED)
    room.topics.away = frozenset({TELEGRAMS.name})
    answer = send(seat, "closure", form)
    assert answer.status_code == 503
    assert "UNKNOWN" in answer.text
    assert "SAFE TO RETRY" in answer.text
    room.topics.away = frozenset()
    assert send(seat, "closure", {**form, "code": room.code("sato")}).status_code == 303
    stages.go_on()
    assert len(stages.reports) == 1


@pytest.mark.parametrize("attack", ["<script>x()</script>", '"><img src=x onerror=x()>', "'-x()-'"])
def test_nothing_that_is_typed_becomes_markup(room: Room, stages: Stages, attack: str) -> None:
    room.add("metro", Role.DRAFTER, ("*",))
    seat = room.sign_in("metro")
    place = post(seat, "shelter", other=attack, state="open").headers["location"]
    stages.go_on()
    for path in (place, "/post", "/"):
        page = seat.get(path).text
        assert attack not in page or attack == "'-x()-'"
        assert "<script" not in page
        assert "<img" not in page


def test_a_closure_on_a_ward_line_is_either_wards() -> None:
    cell = ground_of((LatLng(35.64, 139.72),), (), ())
    both = frozenset({KOTO_WARD, EDOGAWA_WARD})
    for ward in both:
        assert may_not_post(Account("a", Role.DRAFTER, frozenset({ward})), cell, lambda _: both) is None


_WARDS = st.frozensets(st.sampled_from([KOTO_WARD, EDOGAWA_WARD, "1310100"]))


@settings(deadline=None, derandomize=True, max_examples=200)
@given(own=_WARDS, named=_WARDS, unknown=st.booleans(), ground=st.lists(_WARDS, max_size=3))
def test_nobody_posts_beyond_their_wards(
    own: frozenset[str], named: frozenset[str], unknown: bool, ground: list[frozenset[str]]
) -> None:
    where = Where(tuple(range(len(ground))), named, unknown)  # type: ignore[arg-type]
    if may_not_post(Account("a", Role.DRAFTER, own), where, lambda cell: ground[cell]) is None:
        assert not unknown
        assert named or ground
        assert named <= own
        assert all(touched & own for touched in ground)


@settings(deadline=None, derandomize=True, max_examples=300)
@given(
    kind=st.sampled_from(["closure", "shelter", "incident", "order"]),
    form=st.dictionaries(
        st.sampled_from(["point", "line", "road", "undo", "confidence", "cause", "hours", "wards", "level", "state"]),
        st.text(max_size=12) | st.sampled_from([KOTO, "confirmed", "4", KOTO_WARD, "6", "flooded", "open"]),
    ),
)
def test_any_form_is_read_or_refused_in_words(kind: str, form: dict[str, str]) -> None:
    account, at = Account("a", Role.DRAFTER, frozenset({KOTO_WARD})), NINE_PM
    known = Known(Posts(), {KOTO_WARD: "江東区"}, wards_table().lookup)
    try:
        wanted = wanted_of(kind, {**form, "key": "0" * 32}, account, known=known, at=at)
    except FormWrong:
        return
    else:
        assert wanted.again or kind != "order"
        assert len(wanted.receipt) == 32


def test_a_closure_of_another_time_is_known_by_its_place(room: Room, stages: Stages) -> None:
    room.add("sato")
    post(room.sign_in("sato"), "closure", **CLOSED)
    stages.go_on()
    report = stages.reports[0].report
    assert report is not None
    road: RoadReport = report.facts.roads[0]
    assert room.posts.closure(road.id) == road


def test_a_closure_that_moves_many_shows_the_number_and_is_taken_once_its_name_is_repeated(tmp_path: Path) -> None:
    many = Preview("q", NINE_PM, "blocks", 1, (Line("r1", "架空通り", *POINTS),), (1, 2), 5_001)  # type: ignore[arg-type]
    asked: list[RoadReport] = []

    def foresee(report: RoadReport) -> Preview:
        asked.append(report)
        return many

    room = room_in(tmp_path, wards_table(), foresee=foresee)
    room.add("sato", Role.DRAFTER)
    seat = room.sign_in("sato")
    form = filled(seat, "closure", **CLOSED)
    seen = room.form("/post/closure/preview", form, {"cookie": seat.cookie})
    assert "5,001人" in seen.text
    assert "架空通り" in seen.text
    plain = room.form("/post/closure/preview.json", form, {"cookie": seat.cookie}).json()
    assert (plain["people"], len(plain["cells"]), plain["features"][0]["properties"]["road"]) == (5_001, 2, "r1")
    assert room.topics.of(TELEGRAMS.name) == [], "a preview posts nothing"
    refused = send(seat, "closure", form)
    assert refused.status_code == 422
    assert "5,001人" in refused.text
    assert "moves-many-name-not-repeated" in refused.text
    assert room.topics.acts()[-1][:2] == ("sato", "post-refused")
    assert room.topics.of(TELEGRAMS.name) == []
    taken = send(seat, "closure", {**form, "confirm": "架空橋"})
    assert taken.status_code == 303, "the code was not used up by the refusal"
    assert len(room.topics.of(TELEGRAMS.name)) == 1
    assert {report.place.point for report in asked} == {LatLng(*map(float, KOTO.split(",")))}


@pytest.mark.parametrize(
    ("own", "status"),
    [({"13108": 2_000}, 422), ({"13108": 2_001}, 303), ({"13123": 2_000}, 303), ({}, 303)],
    ids=["its-own-number", "not-above-it", "of-another-ward", "the-deployment-s"],
)
def test_a_ward_is_asked_at_its_own_number_of_people(tmp_path: Path, own: dict[str, int], status: int) -> None:
    moved = Preview("q", NINE_PM, "blocks", 1, (Line("r1", "架空通り", *POINTS),), (1, 2), 2_001)  # type: ignore[arg-type]
    room = room_in(tmp_path, wards_table(), foresee=lambda _report: moved, ask_name_above=own)
    room.add("sato", Role.DRAFTER)
    seat = room.sign_in("sato")
    assert post(seat, "closure", **CLOSED).status_code == status
    assert len(room.topics.of(TELEGRAMS.name)) == (status == 303)


def test_a_silent_planner_and_a_mere_report_hold_nothing_back(tmp_path: Path) -> None:
    asked: list[RoadReport] = []
    room = room_in(tmp_path, wards_table(), foresee=asked.append)
    room.add("sato", Role.DRAFTER)
    seat = room.sign_in("sato")
    assert post(seat, "closure", **{**CLOSED, "confidence": "reported"}).status_code == 303
    assert asked == []
    assert post(seat, "closure", **CLOSED).status_code == 303
    assert len(asked) == 1


def test_a_receiving_ward_sees_who_comes_and_caps_it_with_one_tap(room: Room, stages: Stages) -> None:
    room.add("sato", Role.DRAFTER)
    room.add("mori", Role.DRAFTER, wards=(EDOGAWA_WARD,))
    line = Crossing(EDOGAWA_WARD, KOTO_WARD, 640, NINE_PM, NINE_PM)
    room.posts.apply(Record(CROSSINGS.name, 0, 0, b"line", encode(line), {}, 0))
    seat, other = room.sign_in("sato"), room.sign_in("mori")
    assert "640人" in seat.get("/post").text
    assert "640人" not in other.get("/post").text, "the other ward receives nobody"
    section = seat.get("/post").text.split('<section id="cap">')[1].split("</section>")[0]
    form = dict(re.findall(r'name="(csrf|key|from_ward|to_ward|most)"[^>]*value="([^"]*)"', section))
    assert send(seat, "cap", {**form, "most": "many"}).status_code == 422
    assert send(seat, "cap", {**form, "most": "200"}).status_code == 303
    stages.go_on()
    (report,) = stages.reports
    assert report.report is not None
    assert [(cap.id, cap.most) for cap in report.report.facts.caps] == [(f"{EDOGAWA_WARD}>{KOTO_WARD}", 200)]
    foreign = dict(re.findall(r'name="(csrf|key)" value="([^"]*)"', other.get("/post").text))
    refused = send(other, "cap", {**form, **foreign, "most": "0"})
    assert refused.status_code == 403, "nobody closes another ward's door"
