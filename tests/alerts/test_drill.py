"""Drill words stop a message; ordinary words that contain them do not."""

import pytest

from alerts.cap import Status
from alerts.drill import drill_words, drill_words_in, is_live_status
from tests.alerts.messages import alert, info


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("これは訓練です。避難指示を発令しました。", "訓練"),
        ("【訓練】津波警報", "訓練"),
        ("訓練訓練 江東区です", "訓練"),
        ("テスト配信です", "テスト配信"),
        ("【試験】気象警報", "【試験】"),
        ("これは試験です", "これは試験"),
        ("（テスト）", "(テスト)"),
        ("試験電文", "試験電文"),
        ("THIS IS A TEST", "TEST"),
        ("This is only a drill.", "drill"),
        ("Exercise Exercise Exercise", "Exercise"),
        ("test-message", "test"),
        ("ＴＥＳＴ", "TEST"),
    ],
)
def test_a_drill_word_is_found(text: str, word: str) -> None:
    assert drill_words(["大雨警報", text]) == word


@pytest.mark.parametrize(
    "text",
    [
        "the latest contest was attested",
        "Exercise extreme caution near the river",
        "試験的に運用しています",
        "入学試験会場の周辺",
        "職業訓練校の前の道路",
        "drilling rigs",
        "火の始末を確かめる",
        "",
    ],
)
def test_ordinary_words_are_not_drills(text: str) -> None:
    assert drill_words([text]) is None


def test_all_that_a_person_would_read_is_looked_at() -> None:
    assert drill_words_in(alert("A", 0, note="訓練")) == "訓練"
    assert drill_words_in(alert("A", 0, infos=(info("訓練"),))) == "訓練"
    assert drill_words_in(alert("A", 0)) is None


def test_only_actual_is_live() -> None:
    assert [status for status in Status if is_live_status(status)] == [Status.ACTUAL]
