"""Names are read as they are read, or left as they are written."""

import pytest

from alerts.languages.readings import READINGS, hangul, in_chinese, in_hangul, in_kana


@pytest.mark.parametrize(
    ("name", "korean"),
    [
        ("千代田区", "지요다구"), ("中央区", "주오구"), ("新宿区", "신주쿠구"), ("葛飾区", "가쓰시카구"),
        ("江戸川区", "에도가와구"), ("荒川", "아라카와강"), ("神奈川県", "가나가와현"), ("東京都", "도쿄도"),
        ("気象庁", "일본 기상청"), ("江東区豊洲一丁目", "고토구 豊洲一丁目"), ("父島", "父島"),
        ("江東区立第二小学校", "江東区立第二小学校"), ("東京都江東区", "도쿄도 고토구"),
    ],
)  # fmt: skip
def test_korean_writes_names_by_their_sound_and_translates_what_they_are(name: str, korean: str) -> None:
    assert in_hangul(name) == korean


def test_kana_are_read_and_what_is_not_known_stays() -> None:
    assert in_kana("江東区豊洲一丁目") == "こうとうく 豊洲一丁目"
    assert in_kana("気象庁・国土交通省") == "きしょうちょう・こくどこうつうしょう"
    assert in_kana("父島、母島") == "父島、母島"
    assert in_chinese("気象庁・江東区") == "日本气象厅・江東区"


def test_every_reading_is_kana_and_every_hangul_whole() -> None:
    for name, kana in READINGS.items():
        assert all("ぁ" <= letter <= "ゖ" or letter in "ー・ " for letter in kana), name
        assert all("가" <= letter <= "힣" or letter in "・ " for letter in in_hangul(name)), name


def test_sounds_that_have_rules_of_their_own() -> None:
    assert hangul("さっぽろ") == "삿포로"
    assert hangul("しんじゅく") == "신주쿠"
    assert hangul("きゅうしゅう") == "규슈"
    assert hangul("つしま") == "쓰시마"
    assert hangul("ぎふ・ほっかいどう") == "기후・홋카이도"
