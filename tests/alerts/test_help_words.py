"""The sentence that says whom to telephone: which number, when none, and how long at most."""

from dataclasses import replace

import pytest

from alerts.help_line import HelpLine
from alerts.help_words import MAX_HELP_BYTES, MOST_LINES, help_sentence, names_help, with_help, without_help
from alerts.information_words import inform
from alerts.languages.known import LANGUAGES
from alerts.notice import NoticeKind, Text
from tests.dispatch.people import notice, part

EDOGAWA, KATSUSHIKA = HelpLine("江戸川区", "03-0000-0123"), HelpLine("葛飾区", "03-0000-0122")


def test_one_ward_is_named_with_its_number_and_119_for_life_alone() -> None:
    assert help_sentence((EDOGAWA,), "ja") == "相談：江戸川区03-0000-0123。命の危険は119。"
    assert help_sentence((EDOGAWA,), "en") == " Help line: 03-0000-0123 (Edogawa). Life in danger: call 119."


def test_on_a_line_between_two_wards_both_are_named() -> None:
    assert help_sentence((EDOGAWA, KATSUSHIKA), "ja").startswith("相談：江戸川区03-0000-0123、葛飾区03-0000-0122。")


@pytest.mark.parametrize("lines", [(), tuple(HelpLine(f"{n}区", "03-0000-0000") for n in range(MOST_LINES + 1))])
def test_without_a_number_or_with_too_many_it_says_to_ask_the_ward(lines: tuple[HelpLine, ...]) -> None:
    assert help_sentence(lines, "ja") == "相談：お住まいの区市町村。命の危険は119。"
    assert help_sentence(lines, "en") == " For help, ask your ward office. Life in danger: call 119."


def test_a_language_without_words_of_its_own_reads_english_and_a_variant_its_language() -> None:
    assert help_sentence((EDOGAWA,), "fr") == help_sentence((EDOGAWA,), "en")
    assert help_sentence((EDOGAWA,), "ja-JP") == help_sentence((EDOGAWA,), "ja")


@pytest.mark.parametrize("count", range(MOST_LINES + 1))
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_longest_names_stay_within_the_bytes_and_no_name_breaks_the_line(count: int, language: str) -> None:
    lines = tuple(HelpLine("区" * 60 + "\n" + str(n), "0" * 60 + str(n)) for n in range(count))
    sentence = help_sentence(lines, language)
    assert len(sentence.encode()) <= MAX_HELP_BYTES + 1  # a blank before it
    assert "\n" not in sentence
    assert "119" in sentence


def test_it_is_the_last_sentence_and_comes_off_again() -> None:
    text = Text("ja", "題", "レベル4 全員避難。")
    said = with_help(text, (EDOGAWA,))
    assert said.body == "レベル4 全員避難。相談：江戸川区03-0000-0123。命の危険は119。"
    assert without_help(said, (EDOGAWA,)) == text
    assert without_help(said, (KATSUSHIKA,)) == said


def test_who_is_told_of_somebody_elses_place_may_ask_its_ward() -> None:
    there = replace(part(), help_lines=(EDOGAWA,))
    going = notice(there, kind=NoticeKind.HOW_IT_IS_GOING)
    for language in LANGUAGES:
        assert inform(going, there, language).body.endswith(help_sentence((EDOGAWA,), language))
    warning = notice(there)
    assert not names_help(warning, there)
    assert "119" not in inform(warning, there, "ja").body


def test_each_language_says_the_ward_as_its_readers_read_it() -> None:
    said = {language: help_sentence((EDOGAWA,), language) for language in LANGUAGES}
    assert said["ko"] == " 문의: 에도가와구 03-0000-0123. 생명이 위험하면 119."
    assert "えどがわく 03-0000-0123に でんわ" in said["ja-Hira"]
    assert "江戸川区03-0000-0123" in said["zh-Hans"]
    assert all("119" in sentence for sentence in said.values())
