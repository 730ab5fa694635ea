"""Reports of roads: confirmed as a closure or rejected by a coordinator, and back when somebody says so again."""

import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from alerts.place import LatLng
from alerts.road import RoadCause
from feeds.read import read
from feeds.resident import FEED, resident_document
from streams.brokers.client import Record
from streams.topics import CLOSURES, TELEGRAMS
from streams.wire import encode
from tests.api.test_office import EDOGAWA_WARD, Room, Seat, room_in
from tests.api.test_posting import KOTO, Stages, filled, send
from tests.streams.evening import wards_table

HERE = LatLng(*(float(number) for number in KOTO.split(",")))


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return room_in(tmp_path, wards_table())


def says(room: Room, slot: int, at: datetime) -> None:
    """Let a resident say that the road in Koto is flooded."""
    raw = resident_document("road-1", slot, RoadCause.FLOODED, HERE, at)
    (road,) = read(raw, name="report.json", received=at, feed=FEED).facts.roads
    key = f"{road.id}|{road.attribution.source}".encode()
    room.reported.apply(Record(CLOSURES.name, 0, 0, key, encode(road), {}, 0))


def rejection(seat: Seat) -> dict[str, str]:
    section = seat.get("/").text.split("道路の通報")[1].split("</section>")[0]
    return dict(re.findall(r'name="(csrf|key|point|cause|name|reject)" value="([^"]*)"', section))


def test_what_residents_say_of_a_road_is_one_line_with_its_count(room: Room) -> None:
    room.add("sato")
    for slot in range(3):
        says(room, slot, room.clock.now - timedelta(minutes=10 - slot))
    page = room.sign_in("sato").get("/").text
    assert "道路の通報（確かめてください 1件）" in page
    assert "住民 3件" in page
    assert "冠水" in page


def test_a_report_is_confirmed_by_the_form_of_a_closure_that_it_fills(room: Room) -> None:
    room.add("sato")
    says(room, 0, room.clock.now)
    seat = room.sign_in("sato")
    (path,) = re.findall(r'href="(/post\?[^"]*)"', seat.get("/").text)
    page = seat.get(path.replace("&amp;", "&").split("#")[0]).text
    closure = page.split('<section id="closure">')[1].split("</section>")[0]
    assert f'value="{HERE.lat:.5f},{HERE.lng:.5f}"' in closure
    assert '<option value="flooded" selected>' in closure


def test_beside_the_map_each_report_has_its_place_kind_count_age_and_both_acts(room: Room) -> None:
    room.add("sato")
    seat = room.sign_in("sato")
    assert 'id="reports"' not in seat.get("/post").text
    for slot in range(3):
        says(room, slot, room.clock.now - timedelta(minutes=10 - slot))
    section = seat.get("/post").text.split('<section id="reports">')[1].split("</section>")[0]
    assert f'data-lat="{HERE.lat:.5f}" data-lng="{HERE.lng:.5f}" data-mark="冠水 3"' in section
    assert "住民 3件" in section
    assert "分前" in section
    assert "確認して通行止めにする" in section
    form = dict(re.findall(r'name="(csrf|key|point|cause|name|reject)" value="([^"]*)"', section))
    assert send(seat, "closure", form).status_code == 303
    Stages(room).go_on()
    assert 'id="reports"' not in seat.get("/post").text


def test_a_rejected_report_is_gone_until_somebody_says_so_again(room: Room) -> None:
    room.add("sato")
    stages = Stages(room)
    says(room, 0, room.clock.now)
    seat = room.sign_in("sato")
    form = rejection(seat)
    assert send(seat, "closure", form).status_code == 303, "no code: it moves nobody"
    stages.go_on()
    assert len(room.topics.of(TELEGRAMS.name)) == 1
    report = stages.reports[0].report
    assert report is not None
    assert report.facts.roads[0].lifted
    assert "道路の通報（確かめてください 0件）" in seat.get("/").text
    says(room, 1, room.clock.now + timedelta(minutes=1))
    room.clock.now += timedelta(minutes=2)
    assert "道路の通報（確かめてください 1件）" in seat.get("/").text
    room.clock.now += timedelta(hours=4)
    assert room.reported.waiting(room.clock.now) == (), "it ends by itself"


def test_another_wards_report_is_not_theirs_to_reject(room: Room) -> None:
    room.add("edo", wards=(EDOGAWA_WARD,))
    says(room, 0, room.clock.now)
    seat = room.sign_in("edo")
    assert send(seat, "closure", rejection(seat)).status_code == 403
    assert filled(seat, "closure")["csrf"]
