"""Where an order holds, said in five ways; what it would do is shown first; how one person ends it."""

import json
import random
import re
from datetime import timedelta
from pathlib import Path

import h3.api.basic_int as h3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.alert import GEOCODE_AREA_NAME, Geocode
from alerts.claim import Lane
from alerts.notice import Notice, Phase, Recipients
from alerts.place import Cell, Cells, LatLng
from api.console.preview_page import preview_rows
from api.http.errors import FormWrong
from api.known.census import Census, Reach
from api.officers.accounts import Role
from api.officers.approval import MayNot
from api.officers.codes import FRESH_SECONDS, GUESSES_AT_ONCE
from api.orders.area_form import area_wanted
from api.orders.preview import Preview, preview_of
from dispatch.columns import columns_of
from dispatch.registry import Registry
from dispatch.subscription import Place
from geo.areas import AreaCover
from geo.buffer import around
from geo.cells import compact, count, expand
from geo.cover import cover
from geo.errors import ShapeError
from tests.api.evening import NINE_PM
from tests.api.test_office import EDOGAWA_WARD, KOTO_WARD, Room, Seat, room_in
from tests.api.test_posting import EDOGAWA, KOTO, ORDER, Stages, filled, post, send, written
from tests.dispatch.people import resident
from tests.streams.evening import wards_table

NAMES = {KOTO_WARD: "江東区", EDOGAWA_WARD: "江戸川区"}
LAT, LNG = (float(number) for number in KOTO.split(","))
# A square of a kilometre in the disc that stands for Koto.
SQUARE = [[LNG, LAT], [LNG + 0.01, LAT], [LNG + 0.01, LAT + 0.009], [LNG, LAT + 0.009], [LNG, LAT]]
KOTO_CELLS = wards_table().lookup(Geocode("JMA.class20", KOTO_WARD))
assert KOTO_CELLS is not None


def around_cells(lat: float, lng: float) -> Cells:
    return compact(h3.grid_disk(h3.latlng_to_cell(lat, lng, 9), 2))


def census(each: int = 100, registry: Registry | None = None) -> Census:
    """Return a census in which *each* cell of the two wards holds as many people."""
    cells = [
        cell
        for code in NAMES
        for cell in expand(getattr(wards_table().lookup(Geocode("JMA.class20", code)), "cells", ()))
    ]
    return Census(dict.fromkeys(cells, each), registry)


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return room_in(tmp_path, wards_table(), census())


@pytest.fixture
def stages(room: Room) -> Stages:
    return Stages(room)


def named(geocode: Geocode) -> AreaCover | None:
    """Return the table with two 町丁目 beside it, one of which both wards have."""
    if geocode.value_name == GEOCODE_AREA_NAME:
        known = {"13108 亀戸一丁目": KOTO, "13108 本町": KOTO, "13123 本町": EDOGAWA}
        if geocode.value not in known:
            return None
        lat, lng = (float(number) for number in known[geocode.value].split(","))
        return AreaCover("", "", compact(h3.grid_disk(h3.latlng_to_cell(lat, lng, 9), 1)))
    return wards_table().lookup(geocode)


@pytest.mark.parametrize(
    ("form", "cells", "drawn"),
    [
        ({"wards": KOTO_WARD}, 91, False),
        ({"places": "江東区"}, 91, True),
        ({"places": "亀戸一丁目"}, 7, True),
        ({"places": "江東区亀戸一丁目、江戸川区本町"}, 14, True),
        ({"line": KOTO, "metres": "300"}, 8, True),
        ({"line": f"{KOTO} 35.65,139.73", "metres": "150"}, 12, True),
        ({"geojson": json.dumps({"type": "Polygon", "coordinates": [SQUARE]})}, 14, True),
        ({"geojson": json.dumps({"type": "Point", "coordinates": [LNG, LAT]}), "metres": "300"}, 8, True),
    ],
)
def test_an_area_is_said_in_five_ways(form: dict[str, str], cells: int, drawn: bool) -> None:
    wanted = area_wanted(form, NAMES, named)
    assert cells <= count(wanted.cells) <= 2 * cells
    assert wanted.drawn is drawn


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({}, "対象の範囲がありません"),
        ({"places": "架空町"}, "見つかりません"),
        ({"places": "本町"}, "江東区と江戸川区"),
        ({"line": KOTO}, "幅"),
        ({"line": KOTO, "metres": "0"}, "buffer-distance"),
        ({"line": KOTO, "metres": "99999"}, "buffer-distance"),
        ({"line": "139.72,35.64", "metres": "100"}, "緯度が先"),
        ({"geojson": "{"}, "json-malformed"),
        ({"geojson": "[" * 50_000}, "json-too-deep"),
        ({"geojson": '{"type": "Polygon", "coordinates": [[[139.7, NaN]]]}'}, "json-number"),
        ({"geojson": '{"type": "Polygon", "coordinates": [[[35.6, 139.7], [35.7, 139.7], [35.7, 139.8]]]}'}, "範囲"),
        ({"geojson": '{"type": "Polygon", "coordinates": [[[139.7, 35.6], [139.7, 35.7]]]}'}, "角が足りません"),
        ({"geojson": '{"type": "Polygon", "coordinates": [[[139.7, 35.6], [139.7, 35.6], [139.7, 35.6]]]}'}, "範囲"),
        ({"geojson": '{"type": "Topology"}'}, "GeoJSON"),
        ({"geojson": '{"type": "FeatureCollection", "features": 5}'}, "GeoJSON"),
        ({"geojson": '{"type": "Polygon", "coordinates": [[["a", "b"]]]}'}, "GeoJSON"),
    ],
)
def test_an_area_that_is_none_is_refused_in_words(form: dict[str, str], said: str) -> None:
    with pytest.raises(FormWrong) as refused:
        area_wanted(form, NAMES, named)
    assert said == refused.value.reason or said in str(refused.value)


@settings(deadline=None, derandomize=True, max_examples=100)
@given(lat=st.floats(-60, 60), lng=st.floats(-170, 170), metres=st.floats(20, 5_000), length=st.floats(0, 0.02))
def test_a_buffer_is_never_narrower_than_was_said(lat: float, lng: float, metres: float, length: float) -> None:
    ends = [(lat, lng), (lat + length, lng + length / 2)]
    for corner in around([LatLng(*end) for end in ends], metres):
        # Farther than that from both ends, or beside the line between them.
        near = min(h3.great_circle_distance(end, (corner.lat, corner.lng), unit="m") for end in ends)
        assert near >= metres * 0.995


@pytest.mark.parametrize("line", [[], [LatLng(89.0, 0.0)], [LatLng(float("nan"), 0.0)]])
def test_a_buffer_around_no_place_is_refused(line: list[LatLng]) -> None:
    with pytest.raises(ShapeError):
        around(line, 100)


def test_the_people_of_an_area_are_those_of_its_cells_and_nobody_counted_is_not_nobody() -> None:
    assert KOTO_CELLS is not None
    counted = census()
    assert counted.residents(KOTO_CELLS.cells) == 9_100
    assert counted.residents(()) == 0
    assert counted.residents(around_cells(36.9, 141.0)) is None, "nobody has counted there"
    assert Census().residents(KOTO_CELLS.cells) is None
    assert Census().reach(KOTO_CELLS.cells, at=NINE_PM) == Reach()


def test_who_can_be_reached_is_what_the_fan_out_would_select() -> None:
    rng, cell = random.Random(1), Cell(h3.latlng_to_cell(LAT, LNG, 9))
    people = [resident(rng, (Place(cell),)) for _ in range(30)]
    people += [resident(rng, (Place(cell),), drill=True) for _ in range(25)]
    people += [resident(rng, (Place(Cell(h3.latlng_to_cell(35.76, 139.72, 9))),)) for _ in range(9)]
    assert KOTO_CELLS is not None
    counted = census(registry=Registry.of(columns_of(people)))
    assert counted.reach(KOTO_CELLS.cells, at=NINE_PM) == Reach(9_100, 55, 30)
    assert counted.reach(KOTO_CELLS.cells, at=NINE_PM, lane=Lane.DRILL).reachable == 25
    seen = preview_of((cell,), ("江東区",), census=counted, ward_of={}, at=NINE_PM)
    assert seen.last_push_seconds is not None
    assert seen.last_push_seconds > 0


@pytest.mark.parametrize(
    ("reachable", "said"),
    [
        (71, "71人（住民の0.1％未満）"),
        (100, "100人（住民の0.1％）"),
        (0, "0人"),
        (100_500, "100,500人（住民の100.0％）"),
    ],
)
def test_few_among_many_are_not_rounded_to_nobody(reachable: int, said: str) -> None:
    seen = Preview((), (), Reach(100_000, reachable, reachable), None, None)
    assert dict(preview_rows(seen))["いま届く人"] == said


def test_water_that_nobody_knows_of_and_people_across_the_line_are_said_beside_the_figures() -> None:
    def rows(*, with_water: bool = False, across: int = 0) -> dict[str, str]:
        return dict(preview_rows(Preview((), (), Reach(900, 9, 9), None, None, 43.04, with_water, across)))

    assert rows()["広さ"].startswith("約43.0km²（0区画）")
    assert rows(with_water=True)["広さ"].startswith("約43.0km²（水面を含む）")
    assert rows()["住んでいる人"] == "900人"
    assert rows(across=340)["住んでいる人"] == "900人（うち境の区画の、区の外の人が約340人）"
    assert "約&lt;20人" in rows(across=3)["住んでいる人"], "no figure under twenty"


def preview(seat: Seat, **fields: str) -> str:
    form = filled(seat, "order", **{**ORDER, **fields})
    answer = seat.room.form("/post/order/preview", form, {"cookie": seat.cookie})
    assert answer.status_code in (200, 422)
    return answer.text


def test_a_preview_shows_whom_it_touches_and_posts_nothing(room: Room) -> None:
    room.add("sato")
    seat = room.sign_in("sato")
    records = len(room.topics.records)
    page = preview(seat, wards="", line=KOTO, metres="300", area_name="架空川沿い")
    assert len(room.topics.records) == records, "nothing is written by looking"
    assert "江東区" in page
    assert '<svg class="map"' in page
    assert re.search(r"住んでいる人</th><td>[\d,]+人", page)
    assert "区の境" in page
    assert 'value="架空川沿い"' in page, "what was typed is still there"
    assert "対象の範囲がありません" in preview(seat, wards="")


def test_a_preview_says_before_the_code_that_an_area_reaches_beyond_the_officers_ward(room: Room) -> None:
    room.add("edo", Role.DRAFTER, (EDOGAWA_WARD,))
    seat = room.sign_in("edo")
    page = preview(seat, wards="", line=KOTO, metres="300", area_name="架空川沿い")
    assert "担当する区の外です" in page
    assert MayNot.OTHER_WARD.value in page
    assert '<svg class="map"' in page, "and where it lies"
    room.add("metro", Role.DRAFTER, ("*",))
    metro = room.sign_in("metro")
    assert "担当する区の外です" not in preview(metro, wards="", line=KOTO, metres="300", area_name="沿い")
    headers = {"cookie": seat.cookie, "accept": "application/json"}
    fields = filled(seat, "order", **{**ORDER, "wards": "", "line": KOTO, "metres": "300", "area_name": "架空川沿い"})
    live = room.form("/post/order/preview", fields, headers).json()
    assert live["reason"] == MayNot.OTHER_WARD.value
    assert live["cells"]["features"], "drawn all the same"
    assert live["html"].startswith('<p class="alarm" role="alert">')


def test_a_preview_shows_no_figure_under_twenty(tmp_path: Path) -> None:
    rng, cell = random.Random(1), Cell(h3.latlng_to_cell(LAT, LNG, 9))
    few = Registry.of(columns_of([resident(rng, (Place(cell),)) for _ in range(7)]))
    room = room_in(tmp_path, wards_table(), census(1, few))
    room.add("sato")
    page = preview(room.sign_in("sato"), wards="", line=KOTO, metres="60")
    assert page.count("&lt;20人") == 4
    assert ">7人" not in page


def test_an_order_for_a_drawn_area_reaches_just_its_cells_in_its_wards_name(room: Room, stages: Stages) -> None:
    room.add("aoki")
    room.add("baba")
    author = room.sign_in("aoki")
    shape = json.dumps({"type": "Polygon", "coordinates": [SQUARE]})
    answer = post(author, "order", **{**ORDER, "wards": "", "geojson": shape, "area_name": "架空川沿い"})
    assert answer.status_code == 303, answer.text
    stages.go_on()
    second = room.sign_in("baba")
    draft = written(room)
    page = second.get(f"/drafts/{draft.draft_id}").text
    assert '<svg class="map"' in page
    assert "避難指示</span>" in page, "an order is called by its own name"
    assert "危険警報</span>" not in page
    assert second.decide("approve", draft.draft_id).status_code == 303
    stages.go_on()
    (notice,) = stages.sent
    ring = tuple(LatLng(lat, lng) for lng, lat in SQUARE)
    assert [part.cells for part in notice.parts] == [cover([ring])]
    assert notice.issuer == "江東区"
    assert notice.parts[0].area_names == ("架空川沿い",)


def test_an_area_that_reaches_into_another_ward_is_not_one_wards_to_post(room: Room) -> None:
    room.add("sato", Role.ADMINISTRATOR)
    seat = room.sign_in("sato")
    shape = json.dumps({"type": "LineString", "coordinates": [[LNG, LAT], [LNG, 35.76]]})
    assert post(seat, "order", **{**ORDER, "wards": "", "geojson": shape, "metres": "100"}).status_code == 403
    assert room.topics.acts()[-1][:2] == ("sato", "post-refused")


@pytest.mark.parametrize(("each", "wide"), [(549, False), (550, True)])
def test_more_than_fifty_thousand_people_are_wide_area(tmp_path: Path, each: int, wide: bool) -> None:
    room = room_in(tmp_path, wards_table(), census(each))  # 91 cells: 49,959 and 50,050 people
    room.add("sato")
    page = preview(room.sign_in("sato"))
    assert ("別の人の承認が要ります" in page) is wide
    assert ("50,000人を超えます" in page) is wide


def sent_order(room: Room, stages: Stages) -> tuple[Seat, Notice]:
    """Return a seat of the author of an order that another has sent, and the notice."""
    room.add("aoki")
    room.add("baba")
    author = room.sign_in("aoki")
    post(author, "order", **ORDER)
    stages.go_on()
    second = room.sign_in("baba")
    assert second.decide("approve", written(room).draft_id).status_code == 303
    stages.go_on()
    (notice,) = stages.sent
    return author, notice


def ending(seat: Seat, word: str) -> dict[str, str]:
    """Return the one-button form that ends the only order in force."""
    section = seat.get("/post").text.split('<section id="ending"')[1].split("</section>")[0]
    (form,) = [one for one in section.split("<form")[1:] if f'name="{word}"' in one]
    fields = dict(re.findall(r'name="(csrf|key|lift|correct)" value="([^"]*)"', form))
    return fields | ({"acting": "区役所が停電"} if 'name="acting"' in form else {})


@pytest.mark.parametrize(
    ("word", "phase", "to", "said", "act"),
    [
        ("lift", Phase.LIFTED, Recipients.TOLD, "解除", "lift"),
        ("correct", Phase.CANCELLED, Recipients.ALL_TOLD, "取り消し", "correct"),
    ],
)
def test_one_person_ends_an_order_with_one_click_for_those_who_were_told(
    room: Room, stages: Stages, word: str, phase: Phase, to: Recipients, said: str, act: str
) -> None:
    author, notice = sent_order(room, stages)
    answer = send(author, "order", ending(author, word))
    assert answer.status_code == 303, answer.text
    stages.go_on()
    end = stages.sent[-1]
    assert (end.lineage, end.revision, end.approved_by) == (notice.lineage, notice.revision + 1, "policy")
    assert [(part.phase, part.recipients) for part in end.parts] == [(phase, to)]
    assert said in end.parts[0].texts[0].body
    assert "危険がなくなったという知らせではありません" in end.parts[0].texts[0].body
    assert room.topics.acts()[-1][:2] == ("aoki", act)
    assert '<section id="ending"' not in author.get("/post").text, "what has ended is not offered again"
    assert "を送りました（SENT）" in author.get(answer.headers["location"]).text


def test_an_end_is_one_document_however_often_it_is_pressed(room: Room, stages: Stages) -> None:
    author, _ = sent_order(room, stages)
    form = ending(author, "correct")
    first = send(author, "order", form)
    again = send(author, "order", form)
    assert (again.status_code, again.headers["location"]) == (303, first.headers["location"])
    stages.go_on()
    assert len(stages.sent) == 2


def test_another_ward_and_a_drafter_who_did_not_write_it_end_nothing(room: Room, stages: Stages) -> None:
    author, _ = sent_order(room, stages)
    form = ending(author, "correct")
    room.add("edo", Role.APPROVER, (EDOGAWA_WARD,))
    room.add("dora", Role.DRAFTER)
    for name, why in (("edo", MayNot.OTHER_WARD), ("dora", MayNot.ROLE)):
        seat = room.sign_in(name)
        own = {**form, "csrf": filled(seat, "incident")["csrf"]}
        assert send(seat, "order", own).status_code == 403
        assert room.topics.acts()[-1] == (name, "post-refused", why.value)
    assert send(author, "order", {**form, "correct": "post-unknown"}).status_code == 422


def test_a_screen_that_was_left_alone_wants_a_code_again_before_it_ends_anything(room: Room, stages: Stages) -> None:
    author, _ = sent_order(room, stages)
    form = ending(author, "correct")
    for _ in range(2):  # the session stays alive by being looked at, the code does not
        room.clock.now += timedelta(seconds=FRESH_SECONDS)
        assert author.get("/post").status_code == 200
    assert send(author, "order", form).status_code == 403
    assert "確認コード" in author.get("/post").text.split('<section id="ending"')[1].split("</section>")[0]
    assert send(author, "order", {**form, "code": room.code("aoki")}).status_code == 303


def test_who_guesses_codes_within_a_session_is_slowed(room: Room) -> None:
    room.add("sato", Role.APPROVER, ("*",))
    seat = room.sign_in("sato")
    draft = room.drafts["feed"].draft_id
    answers = [seat.decide("approve", draft, code="000000").status_code for _ in range(GUESSES_AT_ONCE + 8)]
    assert answers[:GUESSES_AT_ONCE] == [403] * GUESSES_AT_ONCE
    assert 429 in answers
    room.clock.now += timedelta(minutes=2)
    assert seat.decide("approve", draft).status_code == 303
