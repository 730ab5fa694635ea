"""Times and numbers of people as Japanese offices write them."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.hazard import HazardKind
from feeds.dis.clock import JAPAN, time_of
from feeds.dis.people import MAX_PEOPLE, capacity_of, people_of
from feeds.dis.words import HAZARDS, look_up


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("令和6年1月9日午後6時時点", datetime(2024, 1, 9, 18, tzinfo=JAPAN)),
        ("令和６年１月９日午前６時３０分", datetime(2024, 1, 9, 6, 30, tzinfo=JAPAN)),
        ("令和元年5月1日 0時", datetime(2019, 5, 1, tzinfo=JAPAN)),
        ("平成30年7月6日19:40", datetime(2018, 7, 6, 19, 40, tzinfo=JAPAN)),
        ("2024年1月9日午前12時", datetime(2024, 1, 9, 0, tzinfo=JAPAN)),
        ("2024年1月9日午後0時", datetime(2024, 1, 9, 12, tzinfo=JAPAN)),
        ("令和6年12月31日24時", datetime(2025, 1, 1, tzinfo=JAPAN)),
        ("2024/1/9 6:05", datetime(2024, 1, 9, 6, 5, tzinfo=JAPAN)),
        ("2024-01-09T06:05:00+09:00", datetime(2024, 1, 9, 6, 5, tzinfo=JAPAN)),
        ("2024-01-08T21:05:00Z", datetime(2024, 1, 8, 21, 5, tzinfo=UTC)),
    ],
)
def test_a_time_is_read_as_it_was_meant(text: str, expected: datetime) -> None:
    assert time_of(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "令和6年1月9日",
        "2024-01-09",
        "令和6年2月30日6時",
        "午後6時",
        "令和6年1月9日午後13時",
        "昨日の朝",
        "6時" * 40,
        "9999-12-31T23:59:00+09:00",
        "0001-01-01T00:00:00+09:00",
        "2024-13-01 00:00",
        "2024-01-01 25:00",
    ],
)
def test_what_is_no_moment_is_none(text: str) -> None:
    assert time_of(text) is None


@pytest.mark.parametrize(
    ("text", "inside", "outside", "people"),
    [
        ("屋内480人／屋外3,350人(面積の1/2)", 480, 3350, 480),
        ("屋内2,736人屋外11,700人（面積の1/2）", 2736, 11700, 2736),
        ("屋内0人／屋外9,700人(面積の1/2)", 0, 9700, 9700),
        ("屋内191人／屋外0人(面積の1/2)", 191, 0, 191),
        ("屋内０人／屋外０人", 0, 0, 0),
        ("屋内１，５５０人", 1550, None, 1550),
        ("約２００名", 200, None, 200),
        ("480", 480, None, 480),
        ("1,371", 1371, None, 1371),
        ("120.0", 120, None, 120),
        ("100～150人", 100, None, 100),
        ("体育館300人、教室50人", 300, None, 300),
        ("体育館300人、教室50人、計350人", 350, None, 350),
        ("未定", None, None, None),
        ("", None, None, None),
        ("50世帯", None, None, None),
        ("9999999人", None, None, None),
    ],
)
def test_a_capacity_in_prose_errs_towards_fewer(
    text: str, inside: int | None, outside: int | None, people: int | None
) -> None:
    found = capacity_of(text)
    assert (found.inside, found.outside, found.people) == (inside, outside, people)


@settings(deadline=None, derandomize=True)
@given(st.text(alphabet="屋内外人名約計～0123456789０１２,，./()（） \u202e", max_size=40))
def test_no_text_gives_more_people_than_a_city_has(text: str) -> None:
    found = people_of(text)
    assert found is None or 0 <= found <= MAX_PEOPLE


def test_a_word_in_full_width_or_with_spaces_is_the_same_word() -> None:
    assert look_up(HAZARDS, " 洪 水 ") is HazardKind.FLOOD
    assert look_up(HAZARDS, "ｆｌｏｏｄ") is HazardKind.FLOOD
    assert look_up(HAZARDS, "宇宙線") is None
