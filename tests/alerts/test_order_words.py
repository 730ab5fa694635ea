"""An order says who must leave, at once and whole; its end never says that it is safe."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from alerts.cap import Severity
from alerts.hazard import HazardKind
from alerts.level import Level
from alerts.notice import Phase
from alerts.order_words import ORDER_NAMES_JA, compose_order, is_order
from alerts.wording import FIRST_CHARACTERS, MAX_TEXT_BYTES, MAX_TITLE_WIDTH, PartFacts, width

SENT = datetime(2026, 7, 1, 3, 0, tzinfo=UTC)
FACTS = PartFacts(
    phase=Phase.ISSUED,
    level=Level.ALL_LEAVE,
    severity=Severity.EXTREME,
    hazards=(HazardKind.FLOOD,),
    area_names=("平井一丁目",),
    issuer="江戸川区",
    sent=SENT,
    expires=SENT + timedelta(hours=24),
)
ENDS = (Phase.LIFTED, Phase.CANCELLED)


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("phase", list(Phase))
def test_every_text_keeps_the_limits(phase: Phase, language: str) -> None:
    long_names = tuple(f"{letter}とても長い町の名前の二丁目と三丁目の境あたり" for letter in "あいうえお")
    for hazard, level, partial, areas in product(HazardKind, Level, (False, True), ((), long_names)):
        facts = replace(FACTS, phase=phase, level=level, hazards=(hazard,), partial=partial, area_names=areas)
        text = compose_order(facts, language)
        assert width(text.title) <= MAX_TITLE_WIDTH, text.title
        first = text.body[:FIRST_CHARACTERS]
        assert "12:00" in first, text.body
        shown = level if level in ORDER_NAMES_JA else Level.ALL_LEAVE
        assert f"レベル{shown.value}" in first if language == "ja" else f"evel {shown.value}" in text.title
        assert len((text.title + text.body).encode()) <= MAX_TEXT_BYTES
        assert text.body[-1] in "。."


@pytest.mark.parametrize(
    ("level", "japanese", "english"),
    [
        (Level.ELDERLY_LEAVE, "高齢者など時間のかかる人は避難", "Elderly: leave now"),
        (Level.ALL_LEAVE, "危険な場所から全員避難", "Leave dangerous places"),
        (Level.SECURE_LIFE, "直ちに安全を確保", "Protect your life now"),
    ],
)
def test_the_action_of_the_level_stands_in_the_first_forty_characters(
    level: Level, japanese: str, english: str
) -> None:
    facts = replace(FACTS, level=level, area_names=("葛飾区",))
    assert japanese in compose_order(facts, "ja").body[:FIRST_CHARACTERS]
    assert english in compose_order(facts, "zh-TW").body[:FIRST_CHARACTERS]


def test_it_names_who_orders_for_where_and_for_what() -> None:
    body = compose_order(FACTS, "ja").body
    assert "江戸川区が平井一丁目に避難指示（洪水）を出しました" in body
    assert "危険警報" not in body


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("phase", ENDS)
def test_an_end_orders_nobody_and_never_says_safe(phase: Phase, language: str) -> None:
    text = compose_order(replace(FACTS, phase=phase), language)
    whole = (text.title + text.body).lower()
    assert not any(word in whole for word in ("安全です", "safe", "all clear", "全員避難", "leave dangerous"))
    assert {"ja": "危険がなくなったという知らせではありません", "en": "does not say that the danger is gone"}[
        language
    ] in whole


def test_only_the_three_orders_are_orders() -> None:
    assert all(is_order((name, "洪水警報")) for name in ORDER_NAMES_JA.values())
    assert not is_order(("洪水警報", "避難勧告"))
