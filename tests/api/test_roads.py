"""Roads on the console: drawn by shard for who is signed in, found by name, and closed by their id in a ward."""

import re
from html import unescape
from pathlib import Path

import h3.api.basic_int as h3
import pytest

from alerts.place import Cell
from api.console.road_routes import road_routes
from api.known.road_map import MOST_ROADS, RoadMap
from streams.topics import TELEGRAMS
from tests.api.test_office import EDOGAWA_WARD, Room, room_in
from tests.api.test_posting import Stages, filled, post, send
from tests.streams.evening import wards_table
from tests.web.dusk import streets

# The small town's streets, in Koto.
ROADS = RoadMap(streets())
STREET = next(iter(streets().roads))


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return room_in(tmp_path, wards_table(), more=lambda office: road_routes(office, ROADS), roads=ROADS)


def test_a_shard_of_roads_is_for_who_is_signed_in(room: Room) -> None:
    line = ROADS.line_of(STREET)
    middle = (sum(one.lat for one in line) / 2, sum(one.lng for one in line) / 2)
    path = f"/roads/{h3.latlng_to_cell(*middle, 6):x}"
    assert room.browser.get(path).status_code == 401
    room.add("sato")
    seat = room.sign_in("sato")
    found = {one["properties"]["road"]: one for one in seat.get(path).json()["features"]}
    assert found[STREET]["geometry"]["coordinates"] == [
        [pytest.approx(end.lng, abs=1e-6), pytest.approx(end.lat, abs=1e-6)] for end in line
    ]
    assert seat.get(f"/roads/{h3.latlng_to_cell(*middle, 9):x}").status_code == 422


def test_a_road_is_found_by_its_name_and_closed_in_its_ward_without_a_map(room: Room) -> None:
    stages = Stages(room)
    end = ROADS.line_of("bridge-6")[0]
    # The made-up table gives the bridge to one of its wards.
    (ward, *_) = sorted(room.office.ground.wards_at(Cell(h3.latlng_to_cell(end.lat, end.lng, 9))))
    room.add("sato", wards=(ward,))
    seat = room.sign_in("sato")
    assert "道路を名前でさがす" in seat.get("/post").text
    page = seat.get("/roads?name=架空bridge-6").text
    (path,) = re.findall(r'href="(/post\?road=[^"]*)"', page)
    assert room.office.ground.names[ward] in page
    closure = seat.get(unescape(path).split("#")[0]).text.split('<section id="closure">')[1].split("</section>")[0]
    (road,) = re.findall(r'name="road"[^>]*value="([^"]*)"', closure) or re.findall(
        r'value="([^"]*)"[^>]*name="road"', closure
    )
    assert road == "bridge-6"
    fields = {"road": road, "name": "架空bridge-6", "cause": "flooded", "confidence": "confirmed"}
    answer = post(seat, "closure", **fields)
    assert answer.status_code == 303, answer.text
    stages.go_on()
    assert len(room.topics.of(TELEGRAMS.name)) == 1
    report = stages.reports[0].report
    assert report is not None
    assert report.facts.roads[0].place.road_ids == ("bridge-6",)
    # Whoever closed it by its id alone takes it back as well: from its page, and from the list of what is closed.
    assert "この通行止めを取り消す" in seat.get(answer.headers["location"]).text
    assert send(seat, "closure", filled(seat, "closed") | {"undo": report.facts.roads[0].id}).status_code == 303
    stages.go_on()
    undone = stages.reports[-1].report
    assert undone is not None
    assert (undone.facts.roads[0].id, undone.facts.roads[0].undo) == (report.facts.roads[0].id, True)


def test_another_wards_road_and_one_that_nobody_knows_are_refused(room: Room) -> None:
    room.add("edo", wards=(EDOGAWA_WARD,))
    seat = room.sign_in("edo")
    for road in ("bridge-6", "nowhere"):
        fields = {"road": road, "name": "x", "cause": "flooded", "confidence": "confirmed"}
        assert post(seat, "closure", **fields).status_code == 403
    assert room.topics.of(TELEGRAMS.name) == []


def test_a_search_ends_and_an_address_holds_its_roads(room: Room) -> None:
    assert ROADS.named("") == ROADS.named("  ") == ()
    found = ROADS.named("架空")
    assert found
    assert all(0 < len(one.roads) <= MOST_ROADS and "架空" in one.name for one in found)
    room.add("sato")
    attack = "<script>alert(1)</script>"
    assert attack not in room.sign_in("sato").get(f"/roads?name={attack}").text
