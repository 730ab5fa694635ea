"""The visible check of reception: its days, its words, and that nothing else is taken for it (R19)."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from alerts.check_words import CheckFacts, compose_check
from alerts.claim import Lane
from alerts.drill import drill_words
from alerts.errors import CheckDaysError
from alerts.languages.known import LANGUAGES
from alerts.order_words import reads_as_order
from alerts.reception_check import CheckDays, days_from_plain, is_check, lineage_of
from alerts.wording import MAX_TEXT_BYTES, MAX_TITLE_WIDTH, width
from tests.dispatch.people import notice

WARDS = frozenset({"13108", "13123"})
FACTS = CheckFacts("架空都", "江東区", datetime(2026, 11, 5, 11, 0, tzinfo=UTC))


def test_a_ward_with_days_of_its_own_is_left_out_of_those_of_the_others() -> None:
    days = days_from_plain(
        {"issuer": "架空都", "days": ["05-20", "11-05"], "ward": [{"code": "13123", "days": ["06-10"]}]}
    )
    assert days.wards_on(date(2026, 11, 5), WARDS) == {"13108"}
    assert days.wards_on(date(2027, 6, 10), WARDS) == {"13123"}
    assert days.wards_on(date(2026, 11, 6), WARDS) == frozenset()
    assert days.ends_at(date(2026, 11, 5)) == datetime(2026, 11, 5, 11, 0, tzinfo=UTC), "20:00 in Japan"


@pytest.mark.parametrize(
    ("plain", "says"),
    [
        ({"issuer": "x", "days": ["05-20", "08-01", "11-05"]}, "at most 2"),
        ({"issuer": "x", "days": ["02-29"]}, "02-29"),
        ({"issuer": "x", "days": ["13-01"]}, "13-01"),
        ({"issuer": "x", "days": ["2026-11-05"]}, "2026-11-05"),
        ({"issuer": "x", "days": "11-05"}, "at most 2"),
        ({"days": ["11-05"]}, "issuer"),
        ({"issuer": 3}, "issuer"),
        ({"until_hour": 23}, "until_hour"),
        ({"until_hour": True}, "until_hour"),
        ({"day": []}, "'day'"),
        ({"ward": {}}, "[[ward]]"),
        ({"ward": [{"code": "131", "days": []}]}, "five digits"),
        ({"ward": [{"code": "13123", "name": "x"}]}, "ward 1"),
        ({"ward": [{"code": "13123"}, {"code": "13123"}]}, "twice"),
    ],
)
def test_a_register_in_doubt_is_refused_with_its_row(plain: dict[str, Any], says: str) -> None:
    with pytest.raises(CheckDaysError) as refused:
        days_from_plain(plain)
    assert says in str(refused.value)


def test_as_shipped_no_day_is_set() -> None:
    import tomllib

    shipped = Path(__file__).parents[2] / "ops" / "checks.toml"
    assert days_from_plain(tomllib.loads(shipped.read_text())) == CheckDays()


@pytest.mark.parametrize("language", LANGUAGES)
def test_its_words_name_time_place_and_sender_and_are_of_no_drill_and_no_order(language: str) -> None:
    text = compose_check(FACTS, language)
    assert text.language == language
    assert "20:00" in text.body[:30]
    assert drill_words((text.title, text.body)) is None, "with such a word a live message is held"
    assert not reads_as_order(text)
    assert width(text.title) <= MAX_TITLE_WIDTH
    assert len((text.title + text.body).encode()) <= MAX_TEXT_BYTES
    other = compose_check(replace(FACTS, ward="江戸川区", issuer="架空府"), language)
    assert other.body != text.body
    assert "{" not in text.title + text.body


@pytest.mark.parametrize(
    ("language", "nothing"),
    [
        ("ja", "何もする必要はありません"), ("en", "No action is needed"), ("ja-Hira", "なにも しなくて いいです"),
        ("zh-Hans", "无需采取任何行动"), ("ko", "아무것도 하지 않으셔도 됩니다"),
    ],
)  # fmt: skip
def test_nothing_is_to_be_done_and_that_is_said_before_forty_characters(language: str, nothing: str) -> None:
    assert nothing in compose_check(FACTS, language).body[:45]


def test_a_check_is_known_by_what_an_approval_covers_and_nothing_of_life_is_one() -> None:
    lineage = lineage_of(date(2026, 11, 5))
    assert is_check(notice(lineage=lineage, lane=Lane.ROUTINE))
    for lane in (Lane.LIFE_SAFETY, Lane.DRILL, Lane.CANARY):
        assert not is_check(notice(lineage=lineage, lane=lane))
    assert not is_check(notice(lane=Lane.ROUTINE))
    assert lineage_of(date(2026, 11, 5)) == lineage != lineage_of(date(2027, 11, 5))
