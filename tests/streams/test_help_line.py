"""Notices of how it goes, orders and ways name whom to telephone; the number is part of what is approved (R3)."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.hazard import HazardKind
from alerts.help_line import HelpLine
from alerts.help_words import MAX_HELP_BYTES, MOST_LINES, help_sentence
from alerts.languages.known import LANGUAGES
from alerts.level import Level
from alerts.notice import Notice, NoticeKind, Phase
from alerts.wording import FIRST_CHARACTERS, MAX_TEXT_BYTES
from api.known.entries import entries
from api.known.state import Said
from api.orders.lint import Finding, lint
from dispatch.message import Messages
from dispatch.settings import DispatchSettings
from dispatch.ways import with_ways
from geo.cells import compact, expand
from geo.help_lines import HelpLines
from streams.deciding.decision import Decided, Ledger, decide
from streams.digest import approval_digest
from streams.duty.silence import Ground, silence_draft
from streams.notices.ending import ending_of
from streams.notices.notice_board import NoticeBoard
from streams.payloads import Draft
from tests.dispatch.people import KOTO
from tests.geo.documents import danger
from tests.streams.small_town import AT, closure, order_notice
from tests.streams.test_decision import create
from tests.streams.test_evacuation_board import Desk
from tests.streams.test_going import AT as EVENING
from tests.streams.test_going import HERE, flood, river, tell
from tests.streams.test_pager import waiting, warned

WEST, EAST = HelpLine("架空西区", "03-0000-0001"), HelpLine("架空東区", "03-0000-0002")
HALF = len(HERE) // 2
# The cell in the middle lies on the line.
LINES = HelpLines([(WEST, HERE[: HALF + 1]), (EAST, HERE[HALF:-1])])


def river_rises() -> Draft:
    board = NoticeBoard(help_lines=LINES)
    tell(board, 1, flood(river(2.6)))
    return tell(board, 2, flood(river(3.2, 30, peak_m=4.1)))


def order(board: NoticeBoard, *, issuer: str, revision: int = 1) -> Draft:
    one = replace(danger(HERE, Level.ALL_LEAVE), event="避難指示", evacuate=True, hazard=HazardKind.FLOOD)
    draft = tell(board, revision, one)
    assert draft.notice.issuer == issuer
    return draft


def test_how_a_river_goes_names_the_readers_own_ward_and_both_on_the_line() -> None:
    plain = NoticeBoard()
    tell(plain, 1, flood(river(2.6)))
    (whole,) = tell(plain, 2, flood(river(3.2, 30, peak_m=4.1))).notice.parts
    parts = river_rises().notice.parts
    assert {part.help_lines: expand(part.cells) for part in parts} == {
        (WEST,): HERE[:HALF],
        (WEST, EAST): HERE[HALF : HALF + 1],
        (EAST,): HERE[HALF + 1 : -1],
        (): HERE[-1:],
    }
    for part in parts:
        assert (part.rank, part.picture, part.phase) == (whole.rank, whole.picture, whole.phase)
        for text, before in zip(part.texts, whole.texts, strict=True):
            assert text.title == before.title
            assert text.body[:FIRST_CHARACTERS] == before.body[:FIRST_CHARACTERS]
            assert text.body.endswith(help_sentence(part.help_lines, text.language))


def test_the_list_of_notices_says_it_once_with_both_numbers() -> None:
    notice = river_rises().notice
    named = [replace(part, area_names=("架空川",)) for part in notice.parts if part.help_lines]
    (entry,) = entries(Said(notice, part) for part in named)
    japanese = entry.text("ja")
    assert japanese is not None
    assert "架空橋は3.20m" in japanese.body
    assert japanese.body.endswith(help_sentence((EAST, WEST), "ja"))


def test_another_number_is_another_approval() -> None:
    notice = river_rises().notice
    assert approval_digest(notice) == notice.digest
    first, *rest = notice.parts
    assert first.help_lines == (EAST,)
    assert approval_digest(replace(notice, parts=(replace(first, help_lines=(WEST,)), *rest))) != notice.digest


def test_a_warning_of_an_agency_names_nobody() -> None:
    (part,) = tell(NoticeBoard(help_lines=LINES), 1, flood(river(2.6))).notice.parts
    assert part.help_lines == ()
    assert "119" not in part.texts[0].body


def test_nobody_has_decided_names_the_number_of_each_ward() -> None:
    ground = Ground()
    ground.hear(warned())
    lines = HelpLines([(EAST, (KOTO,))])
    said = silence_draft(waiting(), ground, (), lines, min_level=Level.ALL_LEAVE, at=EVENING)
    assert said is not None
    assert [part.help_lines for part in said.notice.parts] == [(EAST,)]
    for text in said.notice.parts[0].texts:
        assert text.body.endswith(help_sentence((EAST,), text.language))


def test_an_order_names_its_wards_number_and_so_does_its_end() -> None:
    signs = order(NoticeBoard(), issuer="気象庁").provenance.issuer
    board = NoticeBoard(help_lines=HelpLines([(HelpLine(signs, "03-0000-0009"), ())]))
    notice = order(board, issuer=signs).notice
    sentence = help_sentence((HelpLine(signs, "03-0000-0009"),), "ja")
    assert notice.kind is NoticeKind.DANGER_IS_COMING
    assert notice.parts[0].texts[0].body.endswith(sentence)
    ended = ending_of(notice, Phase.LIFTED, at=EVENING + timedelta(hours=1))
    assert ended.parts[0].texts[0].body.endswith(sentence)


def test_the_linter_warns_of_an_edit_that_drops_the_number() -> None:
    board = NoticeBoard(help_lines=HelpLines([(HelpLine("気象庁", "03-0000-0009"), ())]))
    notice = order(board, issuer="気象庁").notice
    settings = DispatchSettings()
    assert Finding.NO_HELP_LINE not in {one.finding for one in lint(notice, at=EVENING, settings=settings)}
    (part,) = notice.parts
    cut = tuple(replace(text, body=text.body.replace("03-0000-0009", "")) for text in part.texts)
    found = lint(replace(notice, parts=(replace(part, texts=cut),)), at=EVENING, settings=settings)
    assert [one.where for one in found if one.finding is Finding.NO_HELP_LINE] == [f"1/{one}" for one in LANGUAGES]
    assert not any(one.stops for one in found if one.finding is Finding.NO_HELP_LINE)


def with_lines(desk: Desk, *lines: HelpLine) -> Notice:
    """Give the order of *desk* these numbers, and return its notice."""
    said = order_notice()
    said = replace(said, parts=tuple(replace(part, help_lines=lines) for part in said.parts))
    desk.board.hear_notice(said)
    desk.order()
    return said


def decided(said: Notice, ways: Draft) -> Decided:
    ledger = Ledger()
    ledger.has_sent(said)
    return decide(ledger, create(ways), at=AT)


def test_ways_name_the_number_that_their_order_was_approved_with_also_after_a_closure() -> None:
    desk = Desk()
    said = with_lines(desk, WEST)
    first = desk.log[-1].drafts[0]
    desk.hear(closure(6))
    plans = {plan.shard: plan for due in desk.log for plan in due.plans}
    again = desk.log[-1].drafts[0]
    assert again.notice.digest == first.notice.digest  # ways fill blanks: no new approval (R14)
    worded, _ = with_ways(replace(again.notice, approved_at=AT), plans)
    for part in worded.parts:
        for text in part.texts:
            assert text.body.endswith(help_sentence((WEST,), text.language))
    assert decided(said, again).notice is not None


@pytest.mark.parametrize("lines", [(EAST,), (WEST, EAST)])
def test_ways_with_a_number_that_their_order_did_not_name_are_held(lines: tuple[HelpLine, ...]) -> None:
    desk = Desk()
    said = with_lines(desk, WEST)
    draft = desk.log[-1].drafts[0]
    assert draft.notice.order is not None
    other = replace(draft.notice, order=replace(draft.notice.order, help_lines=lines))
    other = replace(other, digest=approval_digest(other))
    verdict = decided(said, replace(draft, notice=other))
    assert verdict.notice is None
    assert verdict.record is not None
    assert verdict.record.reason == "help-line-not-approved"


def test_with_the_longest_words_and_names_a_push_still_fits() -> None:
    longest = tuple(HelpLine("区" * 24 + str(n), "0" * 20) for n in range(MOST_LINES))
    sizes = [len(help_sentence(longest[:count], language).encode()) for count in range(4) for language in LANGUAGES]
    assert max(sizes) <= MAX_HELP_BYTES + 1
    notice = river_rises().notice
    first, *_ = notice.parts
    filler = tuple(
        replace(text, body="区" * ((MAX_TEXT_BYTES + MAX_HELP_BYTES - len(text.title.encode())) // 3))
        for text in first.texts
    )
    made = Messages(replace(notice, parts=(replace(first, texts=filler),)), DispatchSettings())
    for number, language in enumerate(LANGUAGES):
        message = made.for_part(0, language)
        assert len(message.plaintext) <= 2600
        assert json.loads(message.plaintext)["notification"]["body"] == filler[number].body


def test_compact_ground_is_split_as_well() -> None:
    assert [lines for _, lines in LINES.split(compact(HERE))] == [(EAST,), (WEST,), (WEST, EAST), ()]
