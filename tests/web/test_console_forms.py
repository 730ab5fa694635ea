"""The coordinators' forms in Chromium: drawn on a map, by keyboard, on a tablet; nothing typed is ever run."""

import random
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from alerts.alert import GEOCODE_CLASS20, Geocode
from alerts.place import LatLng
from api.console.board_routes import board_routes
from api.console.duty_door import DutyOffice, duty_routes
from api.console.process import drawing_routes
from api.console.road_routes import road_routes
from api.known.board import Orders
from api.known.road_map import RoadMap
from api.known.wards import Ground
from api.officers.accounts import Role
from api.officers.duty_desk import DutyDesk
from api.orders.area_sources import rivers_of
from dispatch.columns import columns_of
from dispatch.registry import Registry
from dispatch.subscription import Place
from geo.cells import expand
from geo.river_zone import RiverCourse
from tests.api.test_area_library import read_back
from tests.api.test_office import EDOGAWA_WARD, KOTO_WARD, Room, room_in
from tests.api.test_order_area import census
from tests.api.test_posting import Stages
from tests.api.test_reported import says
from tests.dispatch.people import resident
from tests.streams.evening import wards_table
from tests.web.awaiting import until_true
from tests.web.dusk import HERE, streets
from tests.web.test_chromium import over_the_wire, shot, violations
from tests.web.test_officer import at_the_console, sign_in

pytestmark = pytest.mark.browser

# Out of an attribute of either quote, as an element that runs by itself, and as a script.
ATTACK = "\"'><img src=x onerror=hit=1><script>hit=1</script>"


# Through both wards of the made-up table.
RIVERS = rivers_of([RiverCourse("9999000001", "", "架空あおば川", (LatLng(35.80, 139.72), LatLng(35.60, 139.72)))])


def furnished(tmp_path: Path, web: Path | None = None, roads: RoadMap | None = None) -> Room:
    """Return a console over two wards in which people live, 600 of them subscribed; *web* brings its script."""
    rng = random.Random(3)
    cells = [
        cell
        for code in (KOTO_WARD, EDOGAWA_WARD)
        for cell in expand(getattr(wards_table().lookup(Geocode(GEOCODE_CLASS20, code)), "cells", ()))
    ]
    people = [resident(rng, (Place(rng.choice(cells)),)) for _ in range(600)]
    counted = census(250, Registry.of(columns_of(people)))
    room = room_in(tmp_path, wards_table(), counted, scripts=web is not None, roads=roads, rivers=RIVERS)
    if roads is not None:
        room.app.include_router(road_routes(room.office, roads))
    if web is not None:
        room.app.include_router(drawing_routes(Ground(wards_table()), web))
    return room


def test_an_area_is_drawn_on_the_map_with_a_live_preview_and_by_keyboard(
    chromium: Browser, tmp_path: Path, built: Path
) -> None:
    room = furnished(tmp_path, built)
    stages = Stages(room)
    room.add("metro", Role.DRAFTER, ("*",))
    complaints: list[str] = []
    with at_the_console(chromium, room, 1366, 768, scripts=True) as page:
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        sign_in(page, room, "metro")
        page.wait_for_load_state("networkidle")
        assert 2_000 < over_the_wire(page) <= 300_000, "the list, without the map library"
        page.goto(page.url + "post")
        page.wait_for_selector("#drawing canvas")
        until_true(page, "document.querySelector('#drawing canvas').width > 0")
        page.wait_for_load_state("networkidle")
        assert 200_000 < over_the_wire(page) <= 700_000, "with it"
        order = page.locator("#order")
        order.get_by_label("レベル4 避難指示").check()
        # A river by its name is looked at as it is typed; what is not found is said, with its code.
        order.get_by_label("川の名前").fill("架空つき川")
        # On a busy machine the level alone was looked at before: that no area is named yet.
        page.locator("#live code", has_text="river-unknown").wait_for()
        order.get_by_label("川の名前").fill("架空あおば川")
        page.wait_for_selector("#live .preview svg.map")
        assert "江戸川区" in page.inner_text("#live table")
        assert violations(page) == []
        shot(page, "console-river-laptop")
        order.get_by_label("川の名前").fill("")
        board = page.locator("#drawing")
        for x, y in ((150, 120), (260, 120), (260, 220), (150, 220)):
            board.click(position={"x": x, "y": y})
        page.wait_for_selector("#live .preview")
        assert "住民にはまだ送られていません" in page.inner_text("#live")
        four = page.input_value("textarea[name=geojson]")
        board.focus()
        page.keyboard.press("Backspace")
        until_true(page, "before => document.querySelector('textarea[name=geojson]').value !== before", arg=four)
        page.keyboard.press("Enter")  # the middle of the map is the next corner
        five = "JSON.parse(document.querySelector('textarea[name=geojson]').value).coordinates[0].length === 5"
        until_true(page, five)
        until_true(page, "/[0-9]区画/.test(document.querySelector('#live').innerText)")
        assert violations(page) == []
        shot(page, "console-drawing-laptop")
        order.get_by_label("範囲の呼び名").fill("架空川沿い")
        order.get_by_label("確認コード（6桁）").fill(room.code("metro"))
        order.get_by_role("button", name="避難情報の案を作る").click()
        page.wait_for_url(is_posted)
    stages.go_on()
    known = {record.draft_id for record in room.drafts.values()}
    drafts = [one.draft for one in room.desk.view().drafts if one.draft and one.draft_id not in known]
    names = [name for draft in drafts for part in draft.notice.parts for name in part.area_names]
    assert names, "what was drawn has become drafts, one for each ward that it touches"
    assert all(name.endswith("架空川沿い") for name in names)
    assert complaints == []


def test_roads_are_pressed_on_the_map_by_name_and_taken_back(chromium: Browser, tmp_path: Path, built: Path) -> None:
    room = furnished(tmp_path, built, RoadMap(streets()))
    room.add("metro", Role.APPROVER, ("*",))
    stages = Stages(room)
    for slot in range(3):
        says(room, slot, room.clock.now)
    with at_the_console(chromium, room, 1366, 768, scripts=True) as page:
        sign_in(page, room, "metro")
        # What residents report is a marker with its kind and count; its two acts open from it.
        page.goto(page.url + "post")
        page.get_by_role("button", name="住民 3件").click()
        popup = page.locator(".maplibregl-popup-content")
        assert "確認して通行止めにする" in popup.inner_text()
        assert page.input_value("textarea[name=geojson]") == "", "a marker is no corner of an area"
        assert violations(page) == []
        shot(page, "console-report-marker-laptop")
        popup.get_by_role("button", name="通れる").click()
        page.wait_for_url("**/posts/*")
        stages.go_on()
        page.goto(page.url.split("/posts")[0] + "/post")
        page.wait_for_selector("#drawing canvas")
        assert page.locator(".report-at").count() == 0
        page.goto(page.url.split("post")[0])
        # As the list of reports leads there: the map begins at the place.
        page.goto(f"{page.url}post?point={HERE.lat},{HERE.lng}&cause=flooded#closure")
        page.wait_for_selector("#drawing canvas")
        with page.expect_response(lambda answer: "/roads/" in answer.url):
            page.get_by_role("button", name="上の地図で道路を押す").click()
        box = page.locator("#drawing canvas").bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        under = page.locator("p.under")
        for turn in range(100):
            page.mouse.move(x + 30 + turn % 2, y)
            page.wait_for_timeout(50)
            if under.inner_text():
                break
        assert under.inner_text(), "the road beneath the pointer is named"
        field = page.locator("input[name=road]")
        page.mouse.click(x + 30, y)
        first = field.input_value()
        assert first
        page.mouse.click(x, y - 30)
        assert len(field.input_value().split()) == 2
        page.locator("#drawing").focus()
        page.keyboard.press("Backspace")
        assert field.input_value() == first
        shot(page, "console-roads-laptop")
        assert violations(page) == []
        page.get_by_role("button", name="道路を選び終わる").click()
        assert field.input_value() == first, "what is chosen stays in the form"


def test_without_a_script_the_preview_is_a_page_and_keeps_what_was_typed(chromium: Browser, tmp_path: Path) -> None:
    room = furnished(tmp_path)
    room.add("metro", Role.DRAFTER, ("*",))
    with at_the_console(chromium, room, 768, 1024, scripts=False) as page:
        sign_in(page, room, "metro")
        page.goto(page.url + "post")
        order = page.locator("#order")
        order.get_by_label("レベル4 避難指示").check()
        order.get_by_label("川の名前").fill("架空あおば川")
        order.get_by_label("川からの幅").fill("500")
        order.locator("summary", has_text="川の一区間だけ").click()
        order.get_by_label("ここから").fill("35.63,139.72")
        order.get_by_label("ここまで").fill("35.66,139.72")
        order.get_by_role("button", name="範囲と人数を確かめる").click()
        page.wait_for_url("**/post/order/preview")
        assert page.locator(".preview svg.map").is_visible()
        assert "いま届く人" in page.inner_text(".preview")
        assert page.get_by_label("ここまで").input_value() == "35.66,139.72", (
            "the stretch stays open with what was typed"
        )
        assert page.evaluate("document.documentElement.scrollWidth") <= 768
        shot(page, "console-preview-tablet")
        # It is kept under a name, and an order is begun from the list of what is kept.
        page.locator("summary", has_text="この範囲を名前を付けて残す").click()
        page.get_by_label("残す範囲の名前").fill("架空川の下流")
        page.get_by_role("button", name="残す").click()
        page.wait_for_url("**/areas?kept=*")
        read_back(room)
        page.goto(page.url)
        assert "残しました" in page.inner_text("[role=status]")
        assert page.evaluate("document.documentElement.scrollWidth") <= 768
        shot(page, "console-library-tablet")
        page.get_by_role("link", name="この範囲で案を作る").click()
        page.wait_for_url("**/post?kept=*")
        assert order.get_by_label("残してある範囲から選ぶ").locator("option:checked").inner_text() == "架空川の下流"
        order.get_by_label("レベル4 避難指示").check()
        order.get_by_label("確認コード（6桁）").fill(room.code("metro"))
        order.get_by_role("button", name="避難情報の案を作る", exact=True).click()
        page.wait_for_url(is_posted)
    assert ("metro", "post") in [(by, act) for by, act, _ in room.topics.acts()]


def test_a_wards_officer_begins_over_her_own_ward_and_sees_no_button_that_is_not_hers_yet(
    chromium: Browser, tmp_path: Path, built: Path
) -> None:
    room = furnished(tmp_path, built, RoadMap(streets()))
    room.add("sato", Role.DRAFTER, (EDOGAWA_WARD,))
    with at_the_console(chromium, room, 1366, 768, scripts=True) as page:
        sign_in(page, room, "sato")
        page.goto(page.url + "post")
        page.wait_for_selector("#drawing canvas")
        assert not page.get_by_role("button", name="道路を選び終わる").is_visible(), "no road is being chosen"
        for x, y in ((290, 150), (330, 150), (330, 190), (290, 190)):
            page.locator("#drawing").click(position={"x": x, "y": y})
        page.wait_for_selector("#live table")
        assert "江戸川区" in page.inner_text("#live table"), "the middle of the map is her ward"
        assert "担当する区の外" not in page.inner_text("#live")
        places = [page.locator(f"#order {one}").bounding_box() for one in ("#drawing", "button.clear", "#live")]
        tops = [place["y"] for place in places if place]
        assert tops == sorted(tops), "what appears stands below the map's own buttons"


def test_by_keyboard_alone_an_order_is_looked_at_and_sent(chromium: Browser, tmp_path: Path) -> None:
    room = furnished(tmp_path)
    room.add("sato", Role.APPROVER, ("*",))
    with at_the_console(chromium, room, 1366, 768, scripts=False) as page:
        sign_in(page, room, "sato")
        path = f"/drafts/{room.drafts['feed'].draft_id}"
        tab_to(page, f"a[href='{path}']")
        page.keyboard.press("Enter")
        page.wait_for_url(f"**{path}")
        shot(page, "console-draft-counts-laptop")
        tab_to(page, f"form[action='{path}/approve'] input[name=code]")
        page.keyboard.type(room.code("sato"))
        page.keyboard.press("Enter")
        page.wait_for_url("**/?did=**")
    assert ("sato", "approve") in [(by, act) for by, act, _ in room.topics.acts()]


def is_posted(url: str) -> bool:
    """Say whether a post has been taken: its own page, or the list where the parts of several wards wait."""
    return "/posts/" in url or url.endswith("/")


def tab_to(page: Page, wanted: str) -> None:
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("wanted => document.activeElement.matches(wanted)", wanted):
            return
    pytest.fail(f"{wanted} is not reached by the keyboard")


# Every field but those without which nothing would be taken; what a button asks for instead is another form.
_FILL = """(form, attack) => {
    const kept = ['csrf', 'key', 'digest', 'code', 'password', 'level', 'wards'];
    form.noValidate = true;
    for (const field of form.elements) {
        const typed = ['text', 'hidden', 'search', 'textarea'].includes(field.type);
        if (field.type === 'radio') field.checked = true;
        else if (typed && !kept.includes(field.name)) field.value = attack;
    }
    const buttons = form.querySelectorAll('button:not([type=button])');
    return [...buttons].map(button => button.getAttribute('formaction') ?? '');
}"""
# The policy would stop what was let in: that nothing was let in is looked at as well.
_LET_IN = """window.hit !== undefined || document.querySelector('[src=x]') !== null
    || [...document.scripts].some(one => one.textContent === 'hit=1')"""


def test_nothing_typed_into_any_field_of_any_form_is_run(chromium: Browser, tmp_path: Path, built: Path) -> None:
    room = furnished(tmp_path, built)
    room.app.include_router(board_routes(room.office, Orders()))
    room.app.include_router(duty_routes(DutyOffice(room.office, DutyDesk(), Orders(), None)))
    stages = Stages(room)
    says(room, 0, room.clock.now)
    room.add("metro", Role.ADMINISTRATOR, ("*",))
    feed = room.drafts["feed"]
    draft = f"drafts/{feed.draft_id}"
    paths = ("", "post", "drill", "areas", "board", "duty", "channels", "console/rehearse", draft, f"{draft}/edit")
    met: set[str] = set()
    with at_the_console(chromium, room, 1366, 768, scripts=True) as page:
        start = page.url.split("sign-in")[0]

        def filled_in(path: str, number: int, button: int = 0) -> int:
            """Fill in the form and press its button; return how many buttons there are."""
            page.goto(start + path)
            form = page.locator("form").nth(number)
            action = form.get_attribute("action") or ""
            if action == "/sign-out":
                return 0
            buttons = form.evaluate(_FILL, ATTACK)
            met.add(buttons[button] or action)
            with page.expect_navigation():
                form.locator("button:not([type=button])").nth(button).evaluate(
                    "button => button.form.requestSubmit(button)"
                )
            assert page.evaluate(_LET_IN) is False, f"{path}: {buttons[button] or action}"
            return len(buttons)

        filled_in("sign-in", 0)
        page.goto(start)
        sign_in(page, room, "metro")
        for path in paths:
            page.goto(start + path)
            for number in range(page.locator("form").count()):
                for button in range(1, filled_in(path, number)):
                    filled_in(path, number, button)
        stages.ledger.knows(feed)
        stages.go_on()
        for path in paths:
            page.goto(start + path)
            assert page.evaluate(_LET_IN) is False, f"{path} afterwards"
    assert {
        "/sign-in",
        "/post/order",
        "/post/order/preview",
        "/areas",
        "/post/closure",
        "/drill",
        "/duty/roster",
    } <= met
    edited = room.desk.draft(feed.draft_id)
    assert edited is not None
    assert edited.draft is not None
    assert edited.draft.notice.parts[0].texts[0].title == ATTACK, "it was typed and kept, and never run"


def test_the_drill_page_is_another_colour_by_day_and_by_night(chromium: Browser, tmp_path: Path) -> None:
    room = furnished(tmp_path)
    room.add("metro", Role.APPROVER, ("*",))
    with at_the_console(chromium, room, 1366, 768, scripts=True) as page:
        sign_in(page, room, "metro")
        live = page.evaluate("getComputedStyle(document.body).backgroundColor")
        page.goto(page.url.split("?")[0] + "drill")
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            assert page.evaluate("getComputedStyle(document.body).backgroundColor") != live
            assert violations(page) == []
            shot(page, f"console-drill-{scheme}")
