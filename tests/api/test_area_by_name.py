"""A part of a ward is chosen by name: along a river and in an imported area, within one's own wards."""

import re
from pathlib import Path

import h3.api.basic_int as h3
import pytest

from alerts.alert import Geocode
from alerts.place import Cells, LatLng
from api.http.errors import FormWrong
from api.known.census import Census
from api.officers.accounts import Role
from api.orders.area_form import area_wanted
from api.orders.area_sources import AreaSources, ImportedOfDay, imported_of, rivers_of
from geo.area_set import AreaFeature, AreaSet, AreaSetKind
from geo.cells import compact, count, expand, intersection, union
from geo.course import beside
from geo.river_zone import RiverCourse
from tests.api.test_office import EDOGAWA_WARD, KOTO_WARD, Room, room_in
from tests.api.test_order_area import KOTO_CELLS, NAMES, census, named
from tests.api.test_posting import EDOGAWA, KOTO, ORDER, Stages, post, written
from tests.streams.evening import wards_table

# From the north to the south through both wards of the made-up table, and another that only Edogawa has.
LINE = (LatLng(35.80, 139.72), LatLng(35.60, 139.72))
COURSES = (
    RiverCourse("9999000001", "", "架空あおば川", LINE),
    RiverCourse("9999000002", "", "架空さくら川", (LatLng(35.76, 139.71), LatLng(35.76, 139.73))),
    RiverCourse("9999000003", "上", "架空新川", (LatLng(35.64, 139.715), LatLng(35.64, 139.72))),
    RiverCourse("9999000003", "下", "架空新川", (LatLng(35.64, 139.72), LatLng(35.64, 139.725))),
    RiverCourse("9999000004", "", "架空新川", (LatLng(35.645, 139.715), LatLng(35.645, 139.725))),
)


def ring(point: str, steps: int = 1) -> Cells:
    lat, lng = (float(number) for number in point.split(","))
    return compact(h3.grid_disk(h3.latlng_to_cell(lat, lng, 9), steps))


SETS = (
    AreaSet(
        AreaSetKind.FLOOD_ZONE,
        "2026-04-01",
        "made up",
        "架空",
        (
            AreaFeature("z1", "架空川浸水想定", ring(KOTO)),
            AreaFeature("z1", "架空川浸水想定", ring("35.645,139.72")),
            AreaFeature("z2", "架空谷", ring(EDOGAWA)),
            AreaFeature("z3", "", ring(KOTO)),
        ),
    ),
    AreaSet(AreaSetKind.CHOME, "2026-04-01", "made up", "架空", (AreaFeature("c1", "亀戸一丁目", ring(KOTO)),)),
)


def ground(*codes: str) -> Cells:
    return union(*(getattr(wards_table().lookup(Geocode("JMA.class20", code)), "cells", ()) for code in codes))


def sources(*codes: str) -> AreaSources:
    wards = {code: NAMES[code] for code in codes}
    return AreaSources(rivers_of(COURSES), ImportedOfDay(lambda: SETS), (), wards, lambda: ground(*codes))


def wanted_cells(form: dict[str, str], *codes: str) -> Cells:
    return area_wanted(form, NAMES, named, sources(*codes)).cells


def test_a_river_is_widened_and_cut_to_ones_own_ward() -> None:
    found = area_wanted({"river": "架空あおば川", "river_metres": "300"}, NAMES, named, sources(KOTO_WARD))
    (area,) = found.areas
    assert area["name"] == "架空あおば川沿い"
    here = intersection(beside(LINE, 300), ground(KOTO_WARD))
    assert set(expand(here)) <= set(expand(found.cells)), "the water's own ground is all there"
    assert count(found.cells) < count(beside(LINE, 300)) / 2, "the other ward's is not"
    both = wanted_cells({"river": "あおば", "river_metres": "300"}, KOTO_WARD, EDOGAWA_WARD)
    assert set(expand(found.cells)) < set(expand(both)), "a part of the name is enough where one river has it"


def test_a_width_is_taken_as_usual_where_none_is_typed() -> None:
    assert wanted_cells({"river": "架空あおば川"}, KOTO_WARD) == wanted_cells(
        {"river": "架空あおば川", "river_metres": "300"}, KOTO_WARD
    )


def test_a_stretch_lies_between_two_places_by_name_or_by_point() -> None:
    whole = wanted_cells({"river": "架空あおば川", "river_metres": "100"}, KOTO_WARD)
    part = wanted_cells(
        {"river": "架空あおば川", "river_metres": "100", "river_from": "亀戸一丁目", "river_to": "35.645,139.72"},
        KOTO_WARD,
    )
    assert set(expand(part)) < set(expand(whole))
    assert set(expand(ring(KOTO, 0))) <= set(expand(part))
    assert h3.latlng_to_cell(35.645, 139.72, 9) in expand(part)


def test_rivers_of_one_name_are_told_apart_by_their_code_and_reaches_are_one_river() -> None:
    with pytest.raises(FormWrong, match="架空新川（9999000003）、架空新川（9999000004）") as ambiguous:
        wanted_cells({"river": "架空新川"}, KOTO_WARD)
    assert ambiguous.value.reason == "river-ambiguous"
    for typed in ("9999000003", "架空新川（9999000003）", "架空新川(9999000003)"):
        cells = wanted_cells({"river": typed, "river_metres": "50"}, KOTO_WARD)
        assert h3.latlng_to_cell(35.64, 139.716, 9) in expand(cells)
        assert h3.latlng_to_cell(35.64, 139.724, 9) in expand(cells)


def test_an_imported_area_is_chosen_by_name_with_all_its_parts() -> None:
    cells = wanted_cells({"imported": "架空川浸水想定"}, KOTO_WARD)
    assert set(expand(union(ring(KOTO), ring("35.645,139.72")))) <= set(expand(cells))
    assert [one.name for one in imported_of(SETS)] == ["架空川浸水想定", "架空谷"], "with a name, and no 町丁目"
    again = ImportedOfDay(lambda: SETS)
    assert again() is again(), "put together once for a day"


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ({"river": "架空つき川"}, "river-unknown"),
        ({"river": "川"}, "river-ambiguous"),
        ({"river": "架空さくら川"}, "river-elsewhere"),
        ({"river": "架空あおば川", "river_metres": "0"}, "river-distance"),
        ({"river": "架空あおば川", "river_metres": "5001"}, "river-distance"),
        ({"river": "架空あおば川", "river_metres": "三百"}, "river-distance"),
        ({"river": "架空あおば川", "river_from": "架空町"}, "place-unknown"),
        ({"river": "架空あおば川", "river_to": "本町"}, "place-ambiguous"),
        ({"imported": "架空山"}, "area-unknown"),
        ({"imported": "架空"}, "area-ambiguous"),
        ({"imported": "架空谷"}, "area-elsewhere"),
        ({"places": "、".join(["亀戸一丁目"] * 101)}, "area-too-large"),
        ({}, "area-missing"),
    ],
)
def test_what_cannot_be_found_is_refused_in_words_with_a_stable_code(form: dict[str, str], reason: str) -> None:
    with pytest.raises(FormWrong) as refused:
        wanted_cells(form, KOTO_WARD)
    assert refused.value.reason == reason
    assert reason not in str(refused.value), "the words are for a person"


def test_a_part_beside_the_one_ward_that_is_ticked_beforehand_is_what_is_meant() -> None:
    form = {"wards": KOTO_WARD, "places": "亀戸一丁目"}
    one = area_wanted(form, NAMES, named, sources(KOTO_WARD))
    assert (one.wards, count(one.cells)) == (frozenset(), 7)
    # Of several wards one was ticked on purpose: to leave it out would tell too few.
    both = area_wanted(form, NAMES, named, sources(KOTO_WARD, EDOGAWA_WARD))
    assert both.wards == {KOTO_WARD}
    assert KOTO_CELLS is not None
    assert count(both.cells) >= count(KOTO_CELLS.cells)


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return room_in(tmp_path, wards_table(), census(), rivers=rivers_of(COURSES))


def test_a_river_by_name_is_looked_at_live_and_becomes_a_draft_in_the_ward(room: Room) -> None:
    stages = Stages(room)
    room.add("sato")
    seat = room.sign_in("sato")
    page = seat.get("/post").text
    assert all(f'<option value="{one.name}">' in page for one in COURSES)
    form = {**ORDER, "river": "架空あおば川", "river_metres": "200"}
    csrf = re.findall(r'name="csrf" value="([^"]*)"', page)[0]
    headers = {"cookie": seat.cookie, "accept": "application/json"}
    live = room.form("/post/order/preview", {**form, "csrf": csrf}, headers).json()
    assert live["reason"] == ""
    assert "江東区" in live["html"]
    assert "江戸川区" not in live["html"].split("<table>")[1].split("</tr>")[0]
    assert live["cells"]["features"]
    wrong = room.form("/post/order/preview", {**form, "river": "架空つき川", "csrf": csrf}, headers).json()
    assert wrong["reason"] == "river-unknown"
    kept = room.form("/post/order/preview", {**form, "csrf": csrf}, {"cookie": seat.cookie}).text
    assert 'value="架空あおば川"' in kept, "the page without a script keeps what was typed"
    refused = post(seat, "order", **{**form, "river": "架空つき川"})
    assert refused.status_code == 422
    assert "<small><code>river-unknown</code></small>" in refused.text
    answer = post(seat, "order", **form)
    assert answer.status_code == 303, answer.text
    stages.go_on()
    draft = written(room).draft
    assert draft is not None
    (part,) = draft.notice.parts
    assert draft.notice.issuer == "江東区"
    assert part.area_names == ("架空あおば川沿い",)
    assert set(expand(part.cells)) <= set(expand(ground(KOTO_WARD)))


def test_over_several_wards_each_gets_its_own_stretch_of_the_river(room: Room) -> None:
    stages = Stages(room)
    room.add("metro", Role.APPROVER, ("*",))
    form = {**ORDER, "wards": "", "river": "架空あおば川", "river_metres": "200"}
    assert post(room.sign_in("metro"), "order", **form).status_code == 303
    stages.go_on()
    known = {record.draft_id for record in room.drafts.values()}
    drafts = [one.draft.notice for one in room.desk.view().drafts if one.draft and one.draft_id not in known]
    assert {"江戸川区", "江東区"} <= {one.issuer for one in drafts}
    assert len({one.issuer for one in drafts}) == len(drafts), "one for each ward that the river runs through"


def test_without_a_table_nothing_is_cut_and_without_rivers_nothing_is_offered(tmp_path: Path) -> None:
    free = AreaSources(rivers_of(COURSES))
    cells = area_wanted({"river": "架空あおば川", "river_metres": "100"}, {}, named, free).cells
    assert set(expand(beside(LINE, 100))) <= set(expand(cells))
    room = room_in(tmp_path, wards_table(), Census())
    room.add("sato")
    assert 'name="river"' not in room.sign_in("sato").get("/post").text
