"""A rehearsal in Chromium: by keyboard alone on a phone without scripts, and on a small laptop (R18, R20)."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from alerts.claim import Lane
from api.practice.rehearsal import TIME_TO_FILL, Step
from streams.topics import AUDIT, COMMANDS
from tests.api.test_office import Room, room_in
from tests.api.test_posting import Stages
from tests.streams.evening import wards_table
from tests.web.test_chromium import shot, violations
from tests.web.test_officer import at_the_console, sign_in

pytestmark = pytest.mark.browser

MOST_TABS = 60


class Hands:
    """Somebody with a keyboard and nothing else; what the decider does follows each step."""

    def __init__(self, page: Page, room: Room, stages: Stages, *, scripts: bool, name: str) -> None:
        self.page, self.room, self.stages, self.scripts, self.name = page, room, stages, scripts, name

    def reach(self, word: str) -> None:
        """Press Tab until what has the focus says *word*."""
        for _ in range(MOST_TABS):
            here = self.page.locator("*:focus")
            if here.count():
                label = here.evaluate("e => (e.labels && e.labels.length ? e.labels[0].innerText : e.innerText) || ''")
                if word in label:
                    return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"no key leads to {word}")

    def press(self, word: str) -> None:
        """Go to the button or link that says *word* and press Enter."""
        self.reach(word)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")
        self.stages.go_on()

    def code(self) -> None:
        self.reach("確認コード")
        self.page.keyboard.type(self.room.code(self.name))

    def seen(self, picture: str) -> None:
        """Look at the page: the drill's colour, no wider than the screen, no barrier; and keep a picture."""
        assert self.page.locator("body.drill").count() == 1
        width = self.page.viewport_size
        assert width is not None
        assert self.page.evaluate("document.documentElement.scrollWidth") <= width["width"], picture
        if self.scripts:
            # What goes out asks again by itself, without a script (R20); no other page does.
            follows = picture == "sending"
            assert [one for one in violations(self.page) if not (follows and one.startswith("meta-refresh"))] == []
        shot(self.page, f"console-rehearse-{picture}-{width['width']}")


@pytest.mark.parametrize(("width", "height", "scripts"), [(360, 740, False), (1366, 768, True)])
def test_an_officer_alone_rehearses_by_keyboard_and_prints_the_card(
    chromium: Browser, tmp_path: Path, width: int, height: int, scripts: bool
) -> None:
    room = room_in(tmp_path, wards_table())
    room.desk._drafts.clear()
    stages = Stages(room)
    room.add("sato")
    with at_the_console(chromium, room, width, height, scripts=scripts) as page:
        sign_in(page, room, "sato")
        start = page.url.split("?")[0]
        page.goto(f"{start}console/rehearse")
        hands = Hands(page, room, stages, scripts=scripts, name="sato")
        hands.seen("start")
        hands.press("訓練リハーサルを始める")
        hands.seen("gauge")
        hands.press("案が開きました")
        hands.seen("draft")
        hands.press("訓練の手順へ")
        hands.press("文を直す")
        hands.reach("文")
        page.keyboard.press("Control+End")
        body = page.locator("textarea").first.input_value()
        assert TIME_TO_FILL in body
        page.keyboard.press("Control+A")
        page.keyboard.insert_text(body.replace(TIME_TO_FILL, "21:15"))
        hands.seen("edit")
        hands.press("直して、確認し直す")
        hands.press("訓練の手順へ")
        hands.seen("second")
        hands.code()
        hands.press("訓練の第二者として承認する")
        page.reload()
        hands.press("訓練の送信の状況を見る")
        assert "SENT" in page.locator("main [role=status]").first.inner_text()
        hands.seen("sending")
        hands.press("訓練の手順へ")
        hands.seen("follow")
        hands.reach("SENT 送られた")
        page.keyboard.press("Space")
        hands.press("答える")
        hands.seen("close")
        hands.press("訓練の通行止めにする")
        assert "人の道が変わりました" in page.inner_text("main")
        hands.seen("closed")
        hands.press("確かめました")
        real = room.drafts["feed"]
        hands.seen("correct")
        hands.press("終わらせるボタンへ")
        hands.press("誤りとして取り消す")
        hands.press("訓練の手順へ")
        page.reload()
        hands.code()
        hands.press("訓練の第二者として承認する")
        page.reload()
        # Something real comes in between: it is louder than the rehearsal.
        room.desk._drafts[real.draft_id] = real
        room.accounts._db.execute("UPDATE account SET wards = '[\"*\"]'")
        page.reload()
        assert page.locator(".real a").get_attribute("href") == f"/drafts/{real.draft_id}"
        hands.seen("real")
        room.desk._drafts.pop(real.draft_id)
        page.reload()
        hands.press("終わらせるボタンへ")
        hands.press("解除する")
        hands.press("訓練の手順へ")
        hands.seen("result")
        assert page.locator("tbody tr").count() == len(Step)
        if scripts:
            page.emulate_media(color_scheme="dark")
            hands.seen("result-night")
            page.emulate_media(color_scheme="light")
        page.goto(f"{start}console/card")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        if scripts:
            assert violations(page) == []
        shot(page, f"console-card-{width}")
        printed = page.pdf(format="A4", prefer_css_page_size=True)
        assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1, "one sheet of paper"
    assert {one.lane for one in stages.sent} == {Lane.DRILL}
    assert len(stages.sent) == 4
    assert {topic for topic, _, _ in room.topics.records} == {COMMANDS.name, AUDIT.name}
