"""A way in every language: the place first, level and what to do, within the bytes of a push."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import cache
from itertools import product

import pytest

from alerts.languages.known import LANGUAGES, TABLES
from alerts.level import Level
from alerts.notice import NoticePart, Phase, ToldWay
from alerts.wording import FIRST_CHARACTERS, MAX_TITLE_WIDTH, width
from dispatch.message import Messages
from dispatch.settings import DispatchSettings
from dispatch.way_facts import WayFacts
from dispatch.way_words import way_text
from dispatch.ways import Ways
from routing.change import Cause
from routing.go_up import TABLE, Need
from routing.go_up_words import go_up_text
from routing.plan import Advice, Answer, CellAdvice, Side, Turn
from routing.shelter import Offer
from tests.dispatch.test_ways import ordered, told
from tests.streams.small_town import AT

NEW = tuple(TABLES)
ACTS = {
    "ja-Hira": ("にげて", "でないで", "いて"),
    "zh-Hans": ("避难", "离开", "高楼层", "留在"),
    "ko": ("피난", "높은 층", "머무르"),
}
LONG = "架空とても長い名前の小学校第二体育館と校庭"


@cache
def first_part() -> tuple[NoticePart, CellAdvice]:
    notice, plans = told(ordered())
    known = {entry.cell: entry for plan in plans.values() for entry in plan.cells}
    part = notice.parts[0]
    return part, known[part.cells[0]]


def answers() -> Iterator[Answer]:
    """Yield every kind of answer, the longest of each too."""
    _, entry = first_part()
    go = entry.parts[0].general
    assert go.route is not None
    turns = tuple(Turn(1250, LONG, side, LONG) for side in Side)
    for offer, name in product(Offer, ("架空小学校", LONG)):
        yield replace(go, route=replace(go.route, shelter_name=name, offer=offer, turns=turns, slow_seconds=5_000))
    yield replace(go, advice=Advice.STAY, route=None, action="")
    yield replace(go, advice=Advice.LEAVE_EARLY, route=None, leave_by=None)
    for refuge in ("", LONG):
        yield replace(go, advice=Advice.LEAVE_EARLY, route=None, leave_by=AT + timedelta(hours=2), refuge=refuge)
    for key in TABLE:
        yield replace(go, advice=Advice.GO_UP, route=None, action=key, refuge=LONG)


def facts_of(
    general: Answer, step_free: Answer, *, phase: Phase = Phase.ISSUED, cause: str = "", place: str = "平井一丁目"
) -> WayFacts:
    part, entry = first_part()
    way = ToldWay("s", general.advice.value, cause=cause, names=("架空橋",), replaces=AT if cause else None)
    part = replace(part, phase=phase, level=Level.ALL_LEAVE, area_names=(place,), way=way)
    one = replace(entry.parts[0], general=general, step_free=step_free)
    return WayFacts(part, replace(entry, parts=(one, one)), "江戸川区", AT, AT)


@pytest.mark.parametrize("language", NEW)
def test_every_answer_has_its_words_in_every_language(language: str) -> None:
    words = TABLES[language]
    found = tuple(answers())
    for number, general in enumerate(found):
        for step_free in (general, found[-1 - number % 7]):
            text = way_text(facts_of(general, step_free), language)
            assert text.language == language
            assert text.title.startswith("平井一丁目")
            assert width(text.title) <= MAX_TITLE_WIDTH
            first = text.body[:FIRST_CHARACTERS]
            assert words.names.level.format(level=4) in first
            assert any(word in first for word in ACTS[language]), text
            assert "14:0" in text.body[: FIRST_CHARACTERS + 12], text
            assert not re.search(r"[{}]|None|  ", text.title + text.body), text
            assert words.names.orders[Level.ALL_LEAVE] in text.body
            assert len(text.body.encode()) <= 1_500, text


@pytest.mark.parametrize("language", NEW)
def test_a_changed_way_says_why_first_and_an_end_that_it_is_no_all_clear(language: str) -> None:
    go = next(answers())
    words = TABLES[language]
    for cause in Cause:
        text = way_text(facts_of(go, go, cause=cause.value), language)
        if cause in (Cause.FIRST, Cause.ENDED):
            continue
        reason = words.ways.why[cause].format(name="架空橋")
        assert text.body.partition(" ")[2].startswith(reason), text
        assert words.ways.replaces.format(time="14:00") in text.body
    ended = way_text(facts_of(go, go, phase=Phase.LIFTED), language)
    assert words.names.not_gone in ended.body
    assert words.ways.check in ended.body


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_ward_s_own_refuge_is_named_where_no_shelter_is_left(language: str) -> None:
    _, entry = first_part()
    none = replace(entry.parts[0].general, route=None)
    name = way_text(facts_of(replace(none, advice=Advice.LEAVE_EARLY, refuge="架空広域避難先"), none), language).body
    usual = way_text(facts_of(replace(none, advice=Advice.LEAVE_EARLY), none), language).body
    shown = TABLES[language].names.shown("架空広域避難先") if language in TABLES else "架空広域避難先"
    assert shown in name
    assert shown not in usual
    for key in ("from-3-m/stands/days/general", "from-3-m/stands/days/step-free"):
        up = replace(none, advice=Advice.GO_UP, action=key, refuge="架空広域避難先")
        assert way_text(facts_of(up, up), language).body.count(shown) == 1
    own = replace(none, advice=Advice.GO_UP, action="from-half-m/stands/hours/general", refuge="架空広域避難先")
    assert shown not in way_text(facts_of(own, own), language).body, "who is safe upstairs stays there"


def test_nobody_who_may_not_climb_is_only_told_to_climb() -> None:
    for words in TABLES.values():
        for key in TABLE:
            text = go_up_text(key, words)
            assert text
            if key.endswith((Need.STEP_FREE, Need.BED_BOUND)):
                assert "119" in text
        assert {go_up_text(f"unknown/collapse/week/{need}", words) for need in Need} == {
            go_up_text(key, words) for key in TABLE if key.startswith("unknown/collapse/week/")
        }
        with pytest.raises(KeyError):
            go_up_text("unknown/collapse/week/nobody", words)


@pytest.mark.parametrize("language", NEW)
def test_a_way_stays_in_its_own_writing(language: str) -> None:
    allowed = {"zh-Hans": {"CJK"}, "ko": {"HANGUL"}, "ja-Hira": {"HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA"}}
    for general in answers():
        if general.route is not None:
            turns = (Turn(10, "ABC", Side.LEFT, "ABC"),)
            general = replace(general, route=replace(general.route, shelter_name="ABC", turns=turns))
        if general.refuge:
            general = replace(general, refuge="ABC")
        text = way_text(replace(facts_of(general, general, place="ABC"), issuer="XYZ"), language)
        kinds = {unicodedata.name(one).split()[0] for one in text.title + text.body if one.isalpha()} - {"LATIN"}
        assert kinds <= allowed[language], text


def test_the_longest_way_fits_into_a_push_in_every_language() -> None:
    notice, _ = told(ordered())
    longest = max(answers(), key=lambda one: len(way_text(facts_of(one, one), "ja-Hira").body))
    for general in (longest, *list(answers())[:8]):
        facts = facts_of(general, longest, cause=Cause.WAY_CUT.value, place=LONG)
        texts = tuple(way_text(facts, language) for language in LANGUAGES)
        worded = replace(notice, parts=(replace(facts.part, texts=texts),))
        assert facts.entry is not None
        made = Messages(worded, DispatchSettings(), Ways({0: facts.entry}, round(AT.timestamp())))
        for language in LANGUAGES:
            assert len(made.for_part(0, language, 1).plaintext) <= 2_600
