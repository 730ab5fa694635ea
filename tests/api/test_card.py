"""The card on the wall says what the console does: its buttons, its five stops, its words, its numbers (R18)."""

import re
from pathlib import Path

from alerts.duty import Duty, Rung
from api.console import buttons
from api.console.card_page import RUNG_WORDS, STOP_WORDS, card_page
from api.console.officer_page import FINDINGS
from api.known.said import WORDS, State
from api.officers.approval import WIDE_PEOPLE, WIDE_WARDS
from api.officers.codes import FRESH_SECONDS
from api.orders.lint import STOPS, Stop
from tests.api.test_office import room_in
from tests.api.test_posting import Stages
from tests.api.test_rehearsal import PAGE, Officer
from tests.streams.evening import wards_table


def test_every_button_of_the_card_is_on_its_page(tmp_path: Path) -> None:
    room = room_in(tmp_path, wards_table())
    room.desk._drafts.clear()
    stages = Stages(room)
    room.add("metro", wards=("*",))
    seat = room.sign_in("metro")
    card = seat.get("/console/card").text
    record = room.drafts["feed"]
    room.desk._drafts[record.draft_id] = record
    draft = seat.get(f"/drafts/{record.draft_id}").text
    assert buttons.EDIT in card
    assert buttons.EDIT in draft
    room.add("sato")
    officer = Officer(room.sign_in("sato"), stages)
    officer.mend(officer.begin())
    officer.press(f"{PAGE}/second")
    sending = officer.look(f"/sending/{stages.sent[-1].lineage}")
    for button, page in (
        (buttons.APPROVE, draft), (buttons.DISCARD, draft), (buttons.LIFT, sending), (buttons.CORRECT, sending),
    ):  # fmt: skip
        assert f"「{button.said}」" in card
        assert f"“{button.english}”" in card
        # What ends something says beside its name how many people it tells.
        assert re.search(
            f'>{button.said}(（[^<]*人に送る）)? <small lang="en">{button.english}[^<]*</small></button>', page
        )
    assert re.search(r">確かめる</a>", seat.get("/").text)
    assert "一覧の「確かめる」" in card


def test_the_card_has_the_five_stops_the_three_words_and_the_numbers_of_the_rules() -> None:
    card = card_page()
    assert set(STOP_WORDS) == set(Stop)
    for finding, stop in STOPS.items():
        assert FINDINGS[finding] in card
        assert STOP_WORDS[stop][0] in card
    assert f"この{len(Stop)}つだけ" in card
    assert set(WORDS) == set(State)
    for said in WORDS.values():
        assert f">{said.word}</th>" in card
        assert said.then in card
    assert set(RUNG_WORDS) == set(Rung)
    assert "→".join(RUNG_WORDS[rung] for rung in Rung) in card
    assert f"{Duty().rung_seconds:.0f}秒ごと" in card
    assert f"{WIDE_WARDS}区以上、または{WIDE_PEOPLE:,}人を超える" in card
    assert f"{FRESH_SECONDS // 60}分以内" in card


def test_the_words_of_the_card_are_those_that_the_pages_answer_with(tmp_path: Path) -> None:
    room = room_in(tmp_path, wards_table())
    room.desk._drafts.clear()
    stages = Stages(room)
    room.add("sato")
    officer = Officer(room.sign_in("sato"), stages)
    officer.mend(officer.begin())
    officer.press(f"{PAGE}/second")
    pages = [officer.look("/sending/none"), officer.look(f"/sending/{stages.sent[-1].lineage}")]
    officer.press(f"{PAGE}/quit")
    discarded = officer.begin()
    officer.press(f"{PAGE}/quit")
    pages.append(officer.look(f"/?did={discarded}"))
    said = set(re.findall(r"（(SENT|NOT SENT|UNKNOWN)）", "".join(pages)))
    assert said == {one.word for one in WORDS.values()}


def test_nobody_sees_it_without_signing_in(tmp_path: Path) -> None:
    assert room_in(tmp_path).browser.get("/console/card").headers["location"] == "/sign-in"
