"""An officer approves on a phone of 360 pixels and on a small laptop, with scripts switched off (R6, R18, R20)."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from streams.payloads import Command, Verb
from streams.topics import COMMANDS
from streams.wire import decode
from tests.api.test_end_to_end import served
from tests.api.test_office import PASSWORD, Room, room_in
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
