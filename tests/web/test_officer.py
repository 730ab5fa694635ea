"""An officer approves on a phone of 360 pixels and on a small laptop, with scripts switched off (R6, R18, R20)."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from fastapi import APIRouter
from playwright.sync_api import Browser, Page

from api.console.office import Office, Passkeys
from api.console.passkey_door import passkey_routes
from api.console.process import drawing_routes
from api.officers.passkey_store import PasskeyStore
from api.officers.passkeys import PasskeySettings
from streams.payloads import Command, FactEffect, Verb
from streams.topics import COMMANDS
from streams.wire import decode
from tests.api.test_end_to_end import served
from tests.api.test_office import PASSWORD, Room, room_in
from tests.api.test_posting import Stages
from tests.streams.evening import wards_table
from tests.web.test_chromium import shot, violations

pytestmark = pytest.mark.browser


@contextmanager
def at_the_console(chromium: Browser, room: Room, width: int, height: int, *, scripts: bool) -> Iterator[Page]:
    with served(room.app) as client:
        context = chromium.new_context(
            viewport={"width": width, "height": height}, java_script_enabled=scripts, locale="ja-JP"
        )
        context.set_default_timeout(20_000)
        page = context.new_page()
        page.goto(str(client.base_url).replace("127.0.0.1", "localhost"))
        yield page
        context.close()


def sign_in(page: Page, room: Room, name: str) -> None:
    page.get_by_label("名前").fill(name)
    page.get_by_label("パスワード").fill(PASSWORD)
    page.get_by_label("確認コード（6桁）").fill(room.code(name))
    page.get_by_role("button", name="サインイン").click()
    page.wait_for_url(lambda url: "sign-in" not in url)


@pytest.mark.parametrize(("width", "height", "name"), [(360, 740, "phone"), (1366, 768, "laptop")])
def test_three_taps_from_the_list_to_the_send_without_a_script(
    chromium: Browser, tmp_path: Path, width: int, height: int, name: str
) -> None:
    room = room_in(tmp_path)
    room.add("sato")
    with at_the_console(chromium, room, width, height, scripts=False) as page:
        sign_in(page, room, "sato")
        shot(page, f"console-list-{name}")
        link = f"a[href='/drafts/{room.drafts['feed'].draft_id}']"
        page.locator(link).click()  # one
        shot(page, f"console-draft-{name}")
        page.get_by_label("確認コード（6桁）").first.fill(room.code("sato"))  # two
        page.get_by_role("button", name="この内容で住民に送る").click()  # three
        assert "UNKNOWN" in page.locator("[role=status]").inner_text()
    command = decode(Command, room.topics.of(COMMANDS.name)[0])
    assert (command.verb, command.by) == (Verb.APPROVE, "sato")


def with_scripts(tmp_path: Path, built: Path) -> tuple[Room, Office]:
    """Return a console with its scripts, and its office: passkeys need the origin, which is known when it is served."""
    offices: list[Office] = []

    def more(office: Office) -> APIRouter:
        offices.append(office)
        return drawing_routes(office.ground, built)

    return room_in(tmp_path, more=more, scripts=True), offices[0]


def test_a_passkey_is_added_signs_in_where_the_call_led_and_approves_in_three_taps(
    chromium: Browser, tmp_path: Path, built: Path
) -> None:
    room, office = with_scripts(tmp_path, built)
    room.add("sato")
    complaints: list[str] = []
    with at_the_console(chromium, room, 360, 740, scripts=True) as page:
        url = page.url.split("/sign-in")[0]
        passkeys = Passkeys(PasskeySettings("localhost", url), PasskeyStore(tmp_path / "accounts.sqlite"))
        object.__setattr__(office, "passkeys", passkeys)
        room.app.include_router(passkey_routes(office, passkeys))
        devtools = page.context.new_cdp_session(page)
        devtools.send("WebAuthn.enable")
        device = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        added = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": device})
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        sign_in(page, room, "sato")
        page.get_by_role("link", name="パスキー").click()
        page.get_by_label("名前（例 当番の電話）").fill("当番の電話")
        page.get_by_label("確認コード（6桁）").fill(room.code("sato"))
        page.get_by_role("button", name="パスキーを登録する").click()
        page.get_by_role("cell", name="当番の電話").wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        assert violations(page) == []
        shot(page, "console-passkeys-phone")
        page.goto(url)
        page.get_by_role("button", name="サインアウト").click()
        # The call that woke her names the draft; she is not signed in.
        draft = f"/drafts/{room.drafts['feed'].draft_id}"
        page.goto(url + draft)
        shot(page, "console-passkey-sign-in-phone")
        page.get_by_role("button", name="パスキーでサインイン").click()
        page.wait_for_url(url + draft)
        assert violations(page) == []
        taps = 1  # on the notification of the call
        shot(page, "console-passkey-draft-phone")
        page.get_by_role("button", name="パスキーで：この内容で住民に送る").click()
        taps += 1
        page.wait_for_url("**/?did=**")
        taps += 1  # the finger that the device asks for
        assert taps <= 3
        assert "UNKNOWN" in page.locator("[role=status]").inner_text()
        (credential,) = devtools.send("WebAuthn.getCredentials", {"authenticatorId": added["authenticatorId"]})[
            "credentials"
        ]
        assert credential["isResidentCredential"]
    command = decode(Command, room.topics.of(COMMANDS.name)[0])
    assert (command.verb, command.by) == (Verb.APPROVE, "sato")
    acts = [act for _, act, _ in room.topics.acts()]
    assert acts == ["sign-in", "passkey-added", "sign-out", "sign-in", "passkey-shown", "approve"]
    assert complaints == []


def test_the_officers_pages_have_no_barrier_by_day_and_by_night(chromium: Browser, tmp_path: Path) -> None:
    room = room_in(tmp_path)
    room.add("aoki")
    with at_the_console(chromium, room, 360, 740, scripts=True) as page:
        assert violations(page) == []
        sign_in(page, room, "aoki")
        page.goto(page.url.split("?")[0] + f"drafts/{room.drafts['own'].draft_id}")
        assert "自分で作った案は承認できません" in page.inner_text("main")
        assert page.get_by_role("button", name="この内容で住民に送る").count() == 0
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            assert violations(page) == []
            shot(page, f"console-own-{scheme}")


def test_an_order_is_written_by_one_person_and_sent_by_another_without_a_script(
    chromium: Browser, tmp_path: Path
) -> None:
    room = room_in(tmp_path, wards_table())
    stages = Stages(room)
    room.add("aoki")
    room.add("baba")
    with at_the_console(chromium, room, 1366, 768, scripts=False) as page:
        sign_in(page, room, "aoki")
        page.get_by_role("link", name="投稿する").click()
        shot(page, "console-post-laptop")
        form = page.locator("#order")
        form.get_by_label("レベル4 避難指示").check()
        assert form.get_by_label("江東区").is_checked(), "the only ward is ticked"
        form.get_by_label("確認コード（6桁）").fill(room.code("aoki"))
        form.get_by_role("button", name="避難情報の案を作る").click()
        page.wait_for_url("**/posts/**")  # the click alone does not wait for the answer to a form
        assert "UNKNOWN" in page.locator("[role=status]").inner_text()
        stages.go_on()
        page.reload()
        assert "まだ住民に送られていません（NOT SENT）" in page.locator("[role=status]").inner_text()
        shot(page, "console-posted-order")
        page.get_by_role("link", name="案を確かめる").click()
        assert "自分で作った案は承認できません" in page.inner_text("main")
        assert page.get_by_role("button", name="この内容で住民に送る").count() == 0
        draft = page.url
        page.goto(draft.split("/drafts")[0])
        page.get_by_role("button", name="サインアウト").click()
        sign_in(page, room, "baba")
        page.goto(draft)
        shot(page, "console-order-second-person")
        page.get_by_label("確認コード（6桁）").first.fill(room.code("baba"))
        page.get_by_role("button", name="この内容で住民に送る").click()
        page.wait_for_url("**/?did=**")
        stages.go_on()
        page.reload()
        assert "（SENT）" in page.locator("[role=status]").first.inner_text()
    (notice,) = stages.sent
    assert (notice.approved_by, notice.issuer) == ("baba", "江東区")


def test_the_forms_have_no_barrier_on_a_phone_and_a_closure_says_whom_it_moved(
    chromium: Browser, tmp_path: Path
) -> None:
    room = room_in(tmp_path, wards_table())
    stages = Stages(room)
    room.add("sato")
    with at_the_console(chromium, room, 360, 740, scripts=True) as page:
        sign_in(page, room, "sato")
        page.get_by_role("link", name="投稿する").click()
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            assert violations(page) == []
            shot(page, f"console-post-phone-{scheme}")
        form = page.locator("#closure")
        form.get_by_label("地点").fill("35.64，139.72")
        form.locator("input[name=name]").fill("架空橋")
        form.get_by_label("確認済み（").check()
        form.get_by_label("確認コード（6桁）").fill(room.code("sato"))
        form.get_by_role("button", name="通行止めを登録する").click()
        page.wait_for_url("**/posts/**")
        stages.go_on()
        report = stages.reports[-1]
        assert report.sent is not None
        thing = report.series.split(":", 2)[2]
        stages.says(FactEffect(f"{thing}|console", report.sent, room.clock(), "ways-blocked", ("r1",), 12, 3456))
        page.reload()
        assert "3,456人の行き先が変わりました" in page.inner_text("main")
        assert violations(page) == []
        shot(page, "console-posted-closure")
