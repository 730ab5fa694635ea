"""Every text that can be composed obeys the limits and says what to do."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from alerts.cap import Severity
from alerts.hazard import HazardKind
from alerts.level import Level
from alerts.notice import Phase
from alerts.wording import FIRST_CHARACTERS, MAX_TEXT_BYTES, MAX_TITLE_WIDTH, PartFacts, width
from alerts.words import compose

SENT = datetime(2026, 9, 8, 3, 30, tzinfo=UTC)
LONGEST = ("小笠原諸島父島母島", "神津島村及び式根島周辺", "世田谷区", "千代田区", "江東区")
LIVE = (Phase.ISSUED, Phase.RAISED, Phase.LOWERED, Phase.CHANGED, Phase.CORRECTED)


def _facts(
    phase: Phase = Phase.ISSUED,
    level: Level | None = Level.ALL_LEAVE,
    hazards: tuple[HazardKind, ...] = (HazardKind.LANDSLIDE,),
    *,
    severity: Severity = Severity.SEVERE,
    area_names: tuple[str, ...] = ("江東区",),
    issuer: str = "気象庁",
    partial: bool = False,
    headline: str = "",
) -> PartFacts:
    expires = SENT + timedelta(hours=20)
    return PartFacts(phase, level, severity, hazards, area_names, issuer, SENT, expires, partial, headline)


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("phase", list(Phase))
def test_every_text_keeps_the_limits(phase: Phase, language: str) -> None:
    for hazard, level, severity, partial, several in product(
        HazardKind, (None, *Level), Severity, (False, True), (False, True)
    ):
        hazards = (hazard, HazardKind.RECORD_RAIN, HazardKind.STORM_SURGE, *HazardKind) if several else (hazard,)
        text = compose(
            _facts(
                phase,
                level,
                hazards,
                severity=severity,
                partial=partial,
                area_names=LONGEST,
                issuer="気象庁・国土交通省関東地方整備局",
            ),
            language,
        )
        assert text.title
        assert width(text.title) <= MAX_TITLE_WIDTH, text.title
        first = text.body[:FIRST_CHARACTERS]
        assert "12:30" in first, text.body
        # A lock screen shows the title whole; English has no room to say the level twice.
        assert level is None or (
            f"レベル{level.value}" in first if language == "ja" else f"evel {level.value}" in text.title
        )
        action = first.partition("。" if language == "ja" else "12:30: ")[
            0 if phase in LIVE and language == "ja" else 2
        ]
        assert len(action) >= 4 or (language == "ja" and len(first.partition("12:30")[2]) >= 4), text.body
        assert len((text.title + text.body).encode()) <= MAX_TEXT_BYTES
        assert text.body.rstrip()[-1] in "。."


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("level", [None, *Level])
def test_an_end_says_what_ended_when_and_by_whom_and_never_safe(level: Level | None, language: str) -> None:
    for phase, hazard in product((Phase.LIFTED, Phase.CANCELLED), HazardKind):
        text = compose(_facts(phase, level, (hazard,)), language)
        whole = text.title + text.body
        assert ("気象庁" if language == "ja" else "JMA") in whole
        assert ("江東区" if language == "ja" else "Koto") in whole
        assert not any(word in whole.lower() for word in ("安全です", "安心", "safe", "all clear", "もう大丈夫"))
        ended = {"ja": {"lifted": "解除", "cancelled": "取消"}, "en": {"lifted": "lifted", "cancelled": "cancelled"}}
        assert ended[language][phase.value] in whole.lower()


@pytest.mark.parametrize("language", ["ja", "en"])
def test_no_kind_1_text_orders_an_evacuation(language: str) -> None:
    for hazard, level, phase in product(HazardKind, (None, *Level), LIVE):
        body = compose(_facts(phase, level, (hazard,)), language).body
        assert not any(order in body for order in ("避難指示", "避難してください", "避難せよ", "全員避難"))
        assert not any(order in body.lower() for order in ("you must leave", "evacuate now", "ordered"))


def test_level_3_says_who_leaves_early_and_level_4_where_to_look() -> None:
    assert "高齢者" in compose(_facts(level=Level.ELDERLY_LEAVE), "ja").body[:FIRST_CHARACTERS]
    assert "避難情報を確認" in compose(_facts(level=Level.ALL_LEAVE), "ja").body[:FIRST_CHARACTERS]
    assert compose(_facts(), "ja").title == "レベル4 土砂災害危険警報"


def test_a_partial_cell_reads_of_the_ward_that_the_warning_names() -> None:
    assert "江東区に出た" in compose(_facts(partial=True), "ja").body
    assert "江東区に出た" not in compose(_facts(), "ja").body
    assert "near the edge" in compose(_facts(partial=True), "en").body


def test_foreign_prose_is_never_pasted_and_names_cannot_turn_the_line() -> None:
    facts = _facts(headline="CLICK http://evil.example", area_names=("江東区\u202e\r\n<b>", "x" * 5_000))
    for language in ("ja", "en"):
        text = compose(facts, language)
        assert "evil" not in text.body
        assert "\u202e" not in text.body
        assert "\n" not in text.body
        assert len((text.title + text.body).encode()) <= MAX_TEXT_BYTES


def test_other_languages_read_english_and_japanese_has_variants() -> None:
    assert compose(_facts(), "zh").language == "en"
    assert compose(_facts(), "ja-JP").language == "ja"
