"""Areas are kept under a name by a ward, chosen later, and forgotten: every act in the trail, all of it in Kafka."""

import re
from pathlib import Path

import httpx
import pytest

from alerts.alert import Area
from api.http.errors import FormWrong
from api.known.kept_areas import KeptAreas
from api.officers.accounts import Account, Role
from api.orders.area_sources import rivers_of
from api.orders.keeping import MOST_KEPT, may_be_kept, offered_to
from geo.cells import expand
from streams.brokers.client import Record
from streams.dead_letters import Refused
from streams.payloads import KeptArea
from streams.topics import AUDIT, KEPT_AREAS, TELEGRAMS
from streams.wire import decode, encode
from tests.api.evening import NINE_PM
from tests.api.test_area_by_name import COURSES, ground
from tests.api.test_office import EDOGAWA_WARD, KOTO_WARD, Room, Seat, room_in
from tests.api.test_order_area import census
from tests.api.test_posting import KOTO, ORDER, Stages, filled, post, written
from tests.streams.evening import wards_table

LOW = {"line": KOTO, "metres": "300", "keep_as": "架空の低い土地"}


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return room_in(tmp_path, wards_table(), census(), rivers=rivers_of(COURSES))


def read_back(room: Room) -> None:
    """Let the console read what it has written, as its reader does."""
    for topic, key, value in room.topics.records:
        if topic == KEPT_AREAS.name:
            room.office.kept.apply(Record(topic, 0, 0, key, value, {}, 0))


def keep(seat: Seat, **fields: str) -> httpx.Response:
    form = {**filled(seat, "order"), **fields}
    answer = seat.room.form("/areas", form, {"cookie": seat.cookie})
    read_back(seat.room)
    return answer


def test_a_drawn_area_is_kept_and_chosen_by_its_name_for_an_order(room: Room) -> None:
    stages = Stages(room)
    room.add("sato")
    seat = room.sign_in("sato")
    assert 'name="kept"' not in seat.get("/post").text, "nothing is kept yet"
    answer = keep(seat, **LOW)
    assert answer.status_code == 303, answer.text
    assert "残しました" in seat.get(answer.headers["location"]).text
    (raw,) = room.topics.of(KEPT_AREAS.name)
    area = decode(KeptArea, raw)
    assert (area.name, area.wards, area.by) == ("架空の低い土地", (KOTO_WARD,), "sato")
    assert room.topics.of(TELEGRAMS.name) == [], "to keep an area orders nothing"
    assert room.topics.acts()[-1] == ("sato", "area-kept", "架空の低い土地")
    listed = seat.get("/areas").text
    assert f'href="/post?kept={area.id}#order"' in listed
    form = seat.get(f"/post?kept={area.id}").text
    assert f'<option value="{area.id}" selected>架空の低い土地</option>' in form
    assert post(seat, "order", **{**ORDER, "kept": area.id}).status_code == 303
    stages.go_on()
    draft = written(room).draft
    assert draft is not None
    (part,) = draft.notice.parts
    assert part.area_names == ("架空の低い土地",)
    assert 0 < len(expand(part.cells)) < len(expand(ground(KOTO_WARD)))


def test_a_river_is_kept_as_it_was_cut_and_ticks_beside_it_are_not(room: Room) -> None:
    room.add("sato")
    seat = room.sign_in("sato")
    assert keep(seat, wards=KOTO_WARD, river="架空あおば川", keep_as="あおば川").status_code == 303
    (area,) = room.office.kept.listed()
    assert all(one.polygons and not one.geocodes for one in area.areas)


def test_another_ward_neither_sees_nor_chooses_nor_removes_it(room: Room) -> None:
    room.add("sato")
    keep(room.sign_in("sato"), **LOW)
    (area,) = room.office.kept.listed()
    room.add("edo", wards=(EDOGAWA_WARD,))
    seat = room.sign_in("edo")
    assert "架空の低い土地" not in seat.get("/areas").text
    assert "架空の低い土地" not in seat.get("/post").text
    refused = post(seat, "order", **{**ORDER, "wards": "", "kept": area.id})
    assert refused.status_code == 422
    assert "kept-unknown" in refused.text
    csrf = re.findall(r'name="csrf" value="([^"]*)"', seat.get("/post").text)[0]
    room.form(f"/areas/{area.id}/remove", {"csrf": csrf}, {"cookie": seat.cookie})
    read_back(room)
    assert room.office.kept.listed() == (area,)
    other = keep(seat, **LOW)
    assert other.status_code == 403, "nobody keeps what she could not order in"
    assert room.topics.acts()[-1][:2] == ("edo", "area-refused")
    room.add("metro", Role.DRAFTER, ("*",))
    assert "架空の低い土地" in room.sign_in("metro").get("/areas").text


def test_it_is_taken_out_with_one_button_and_an_order_that_names_it_is_refused(room: Room) -> None:
    room.add("sato")
    seat = room.sign_in("sato")
    keep(seat, **LOW)
    (area,) = room.office.kept.listed()
    form = dict(re.findall(r'name="(csrf|key)" value="([^"]*)"', seat.get("/areas").text))
    assert room.form(f"/areas/{area.id}/remove", form, {"cookie": seat.cookie}).status_code == 303
    read_back(room)
    assert room.office.kept.listed() == ()
    assert room.topics.acts()[-1] == ("sato", "area-removed", "架空の低い土地")
    assert post(seat, "order", **{**ORDER, "kept": area.id}).status_code == 422


def test_a_name_is_given_once_and_the_same_form_twice_is_one_area(room: Room) -> None:
    room.add("sato")
    seat = room.sign_in("sato")
    assert keep(seat, **LOW).status_code == 303
    assert keep(seat, **LOW).status_code == 303
    assert [act for _, act, _ in room.topics.acts()].count("area-kept") == 1
    refused = keep(seat, **{**LOW, "metres": "500"})
    assert refused.status_code == 422
    assert "kept-name-taken" in refused.text
    assert "kept-name<" in keep(seat, **{**LOW, "keep_as": ""}).text
    assert "area-missing" in keep(seat, keep_as="x", wards="").text
    assert len(room.office.kept.listed()) == 1


def test_what_the_broker_or_the_trail_does_not_take_is_not_kept(room: Room) -> None:
    room.add("sato")
    seat = room.sign_in("sato")
    for away in (KEPT_AREAS.name, AUDIT.name):
        room.topics.away = frozenset({away})
        assert keep(seat, **{**LOW, "keep_as": away}).status_code == 503
        room.topics.away = frozenset()
        assert room.office.kept.listed() == ()


def test_without_a_session_nothing_is_shown_or_kept(room: Room) -> None:
    assert room.browser.get("/areas").headers["location"] == "/sign-in"
    assert room.form("/areas", {**LOW}).headers["location"] == "/sign-in"


def kept(number: int, wards: tuple[str, ...] = (KOTO_WARD,), name: str = "低い土地") -> KeptArea:
    return KeptArea(f"{number:016x}", f"{name}{number}", wards, (Area(name),), "sato", NINE_PM)


def test_a_ward_keeps_as_many_as_a_person_can_look_through() -> None:
    known = [kept(number) for number in range(MOST_KEPT)]
    may_be_kept(known[0], known)
    may_be_kept(kept(MOST_KEPT, (EDOGAWA_WARD,)), known)
    with pytest.raises(FormWrong) as refused:
        may_be_kept(kept(MOST_KEPT), known)
    assert refused.value.reason == "kept-too-many"


def test_an_area_of_two_wards_is_chosen_by_who_may_order_in_both() -> None:
    both = kept(1, (KOTO_WARD, EDOGAWA_WARD))
    one = Account("sato", Role.APPROVER, frozenset({KOTO_WARD}))
    assert offered_to(one, [both, kept(2), kept(3, ())]) == (kept(2),)
    assert offered_to(Account("m", Role.DRAFTER, frozenset({"*"})), [both, kept(2)]) == (both, kept(2))


def test_the_fold_forgets_by_tombstone_and_refuses_what_it_cannot_read() -> None:
    fold = KeptAreas()
    record = Record(KEPT_AREAS.name, 0, 0, b"1", encode(kept(1)), {}, 0)
    fold.apply(record)
    with pytest.raises(Refused):
        fold.apply(Record(KEPT_AREAS.name, 0, 1, b"2", b"{}", {}, 0))
    fold.apply(Record("other", 0, 1, b"3", b"{}", {}, 0))
    assert fold.listed() == (kept(1),)
    fold.apply(Record(KEPT_AREAS.name, 0, 2, b"1", None, {}, 0))
    assert fold.listed() == ()
