"""Each language says the same with the same blanks, keeps the limits of a push, and stays in its own writing."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from string import Formatter

import pytest

from alerts.hazard import HazardKind
from alerts.languages.known import LANGUAGES, TABLES, words_of
from alerts.level import Level
from alerts.order_words import ORDER_NAMES_JA, compose_order, reads_as_order
from alerts.wording import FIRST_CHARACTERS, MAX_TEXT_BYTES, MAX_TITLE_WIDTH, width
from alerts.words import compose
from tests.alerts.languages.texts import (
    LONG_ISSUER,
    LONGEST,
    Said,
    all_texts,
    facts_of,
    informations,
    orders,
    silences,
    warnings,
)

NEW = tuple(TABLES)
# What says that something is safe. Each language denies it in these words' company or not at all.
SAFE = {
    "ja-Hira": ("あんぜんです", "もう だいじょうぶ"),
    "zh-Hans": ("已安全", "很安全", "可以放心"),
    "ko": ("안전합니다", "안심"),
}
NOT_GONE = {
    "ja-Hira": "もう あんぜん、という しらせでは ありません",
    "zh-Hans": "并不表示危险已经消除",
    "ko": "위험이 없어졌다는 알림이 아닙니다",
}
# Orders to leave, which no warning may give.
GO = {
    "ja-Hira": ("ひなん しじ", "みんな あぶない"),
    "zh-Hans": ("避难指示", "所有人请离开"),
    "ko": ("피난지시", "전원 피난"),
}


@pytest.fixture(scope="module")
def texts() -> Mapping[str, tuple[Said, ...]]:
    """Return all texts of each language about a ward whose reading is known."""
    return {language: tuple(all_texts(language)) for language in NEW}


def strings(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield from strings(one, f"{path}[{key}]")
    elif is_dataclass(value):
        for field in fields(value):
            yield from strings(getattr(value, field.name), f"{path}.{field.name}")


def blanks(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name}


def test_every_language_fills_in_the_same_table_with_the_same_blanks() -> None:
    first = {path: blanks(text) for path, text in strings(TABLES[NEW[0]])}
    for language in NEW[1:]:
        other = {path: blanks(text) for path, text in strings(TABLES[language])}
        assert other.keys() == first.keys()
        assert {path: found for path, found in other.items() if found != first[path]} == {}
    for words in TABLES.values():
        assert words.names.hazards.keys() == words.warnings.actions.keys() == set(HazardKind)
        assert words.names.warnings.keys() == words.warnings.level_actions.keys() == set(Level)
        assert words.names.orders.keys() == words.orders.actions.keys() == ORDER_NAMES_JA.keys()


@pytest.mark.parametrize("language", NEW)
def test_every_text_fits_and_has_no_blank_left(texts: Mapping[str, tuple[Said, ...]], language: str) -> None:
    longest = (*warnings(language, LONGEST[0], LONG_ISSUER), *orders(language, LONGEST[1], LONG_ISSUER))
    for said in (*texts[language], *longest):
        text = said.text
        assert text.language == language, said.name
        assert text.title, said.name
        assert width(text.title) <= MAX_TITLE_WIDTH, (said.name, text.title)
        assert len((text.title + text.body).encode()) <= MAX_TEXT_BYTES, said.name
        assert not re.search(r"[{}]|None|  ", text.title + text.body), (said.name, text)
        assert text.body[-1] in "。.", said.name
        assert "\n" not in text.body


@pytest.mark.parametrize("language", NEW)
def test_level_action_time_and_place_stand_in_the_first_forty_characters(
    texts: Mapping[str, tuple[Said, ...]], language: str
) -> None:
    words = TABLES[language]
    for said in texts[language]:
        first = said.text.body[:FIRST_CHARACTERS]
        assert "12:30" in first, (said.name, said.text.body)
        if said.level is not None:
            assert words.names.level.format(level=said.level.value) in first, (said.name, said.text.body)
        if said.tells:
            # Something to do stands before the time, besides the level.
            before = first.partition("12:30")[0].replace(words.names.level.format(level=said.level or 0), "")
            assert len(before.strip(" ,。.")) >= 5, (said.name, said.text.body)
        if said.place and said.tells:
            assert words.names.shown(said.place) in first + said.text.body[FIRST_CHARACTERS : FIRST_CHARACTERS + 4], (
                said.name,
                said.text.body,
            )
            assert words.names.shown(said.place)[0] in first.partition("12:30")[2], (said.name, said.text.body)


@pytest.mark.parametrize("language", NEW)
def test_number_and_word_of_the_level_are_both_said_and_agree(language: str) -> None:
    words = TABLES[language]
    for said in (*warnings(language), *orders(language)):
        if said.level is None:
            continue
        whole = said.text.title + said.text.body
        names = words.names.orders if said.order else words.names.warnings
        assert words.names.level.format(level=said.level.value) in whole, said.name
        assert names[said.level] in whole, (said.name, whole)
        others = {str(level.value) for level in Level} - {str(said.level.value)}
        assert not any(words.names.level.format(level=other) in whole for other in others), said.name


@pytest.mark.parametrize("language", NEW)
def test_nothing_reads_as_safety_and_an_end_says_that_it_is_none(
    texts: Mapping[str, tuple[Said, ...]], language: str
) -> None:
    for said in texts[language]:
        whole = said.text.title + said.text.body
        assert not any(word in whole for word in SAFE[language]), said.name
        if said.ends and "cancelled" not in said.name:
            assert NOT_GONE[language] in whole, (said.name, whole)


@pytest.mark.parametrize("language", NEW)
def test_no_warning_and_no_word_about_another_place_orders_anybody_to_leave(language: str) -> None:
    for said in warnings(language):
        assert not any(word in said.text.title + said.text.body for word in GO[language]), said.name
    for said in informations(language):
        assert GO[language][1] not in said.text.body, said.name
        assert TABLES[language].informations.not_for_you in said.text.body
    for said in silences(language):
        assert not reads_as_order(said.text)
        assert TABLES[language].orders.actions[Level.ALL_LEAVE] not in said.text.body
        assert "119" in said.text.body


@pytest.mark.parametrize("language", NEW)
def test_a_text_stays_in_its_own_writing(language: str) -> None:
    # Names of places and of who speaks may be Japanese: these are Latin, so that what is left is the language's own.
    for said in all_texts(language, "ABC", "XYZ"):
        whole = said.text.title + said.text.body
        kinds = {unicodedata.name(letter).split()[0] for letter in whole if letter.isalpha()} - {"LATIN"}
        match language:
            case "zh-Hans":
                assert kinds == {"CJK"}, (said.name, whole)
                # Simplified characters only: neither Japanese nor traditional forms. Its middle dot is another one.
                whole.replace("·", "").encode("gb2312")
            case "ko":
                assert kinds == {"HANGUL"}, (said.name, whole)
            case _:
                assert kinds <= {"HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA"}, (said.name, whole)


def test_japanese_and_english_stay_in_theirs() -> None:
    for said in all_texts("ja", "ABC", "XYZ"):
        (said.text.title + said.text.body).encode("shift_jis")  # no simplified forms
    for said in all_texts("en", "ABC", "XYZ"):
        (said.text.title + said.text.body).encode("ascii")


def test_a_name_whose_reading_is_known_is_written_as_its_reader_reads_it() -> None:
    facts = facts_of("江東区", "気象庁")
    assert "こうとうく" in compose(facts, "ja-Hira").body
    assert "고토구" in compose(facts, "ko").body
    assert "江東区" in compose(facts, "zh-Hans").body
    assert "日本气象厅" in compose(facts, "zh-Hans").body
    unknown = facts_of("小笠原諸島父島母島", "気象庁")
    assert all("小笠原諸島父島母島" in compose(unknown, language).body for language in LANGUAGES)


def test_an_order_names_level_and_word_as_the_cabinet_office_does() -> None:
    facts = facts_of("江東区", "江東区")
    assert compose_order(facts, "zh-Hans").title == "警戒级别4 避难指示"
    assert compose_order(facts, "ko").title == "경계레벨4 피난지시"
    assert compose_order(facts, "ja-Hira").title == "レベル4 ひなん しじ"
    assert "みんな あぶない ばしょから にげて" in compose_order(facts, "ja-Hira").body[:FIRST_CHARACTERS]


def test_only_our_own_tags_have_tables_and_others_read_what_they_read_before() -> None:
    assert words_of("zh-TW") is None
    assert compose(facts_of("江東区", "気象庁"), "zh-TW").language == "en"
    assert compose(facts_of("江東区", "気象庁"), "ja-JP").language == "ja"
