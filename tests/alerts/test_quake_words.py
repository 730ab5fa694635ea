"""Of shaking and of a tsunami people read how strong or how high, what to do and when, in forty characters."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from alerts.cap import Severity
from alerts.composed import composed
from alerts.hazard import HazardKind
from alerts.notice import SAID_OVER, Phase, Picture, Text
from alerts.quake_words import WARNING_NAMES_EN, compose_quake, compose_wave
from alerts.shaking import INTENSITY_NAMES_JA, Intensity, intensity_of
from alerts.wave import Wave, worst_wave
from alerts.wording import FIRST_CHARACTERS, MAX_TEXT_BYTES, MAX_TITLE_WIDTH, PartFacts, width

SENT = datetime(2026, 9, 8, 3, 30, tzinfo=UTC)
LIVE = [phase for phase in Phase if phase not in SAID_OVER]
LONG = ("小笠原諸島父島母島", "神津島村及び式根島周辺", "とても長い名前の津波予報区", "江東区")
FACTS = PartFacts(
    Phase.ISSUED, None, Severity.EXTREME, (HazardKind.EARTHQUAKE,), LONG, "気象庁・国土交通省関東地方整備局", SENT,
    SENT + timedelta(hours=6), partial=True,
)  # fmt: skip
WAVES = [
    Wave(warning, height, metres, arrives, arriving)
    for warning, (height, metres), (arrives, arriving) in product(
        WARNING_NAMES_EN,
        (("巨大", None), ("１０ｍ超", 10.0), ("", None)),
        ((SENT + timedelta(minutes=20), False), (None, True), (None, False)),
    )
]


def keeps_the_limits(text: Text, name: str) -> None:
    assert width(text.title) <= MAX_TITLE_WIDTH, text.title
    first = text.body[:FIRST_CHARACTERS]
    assert "12:30" in first, text.body
    assert name in text.title + first, text.body
    assert len((text.title + text.body).encode()) <= MAX_TEXT_BYTES
    assert not any(word in text.body.lower() for word in ("安全です", "安心", "you are safe", "もう大丈夫"))


@pytest.mark.parametrize("phase", LIVE)
def test_shaking_is_told_with_its_number_and_what_to_do(phase: Phase) -> None:
    for intensity in Intensity:
        japanese = compose_quake(replace(FACTS, phase=phase), intensity, "ja")
        keeps_the_limits(japanese, INTENSITY_NAMES_JA[intensity])
        assert "身を守り" in japanese.body[:FIRST_CHARACTERS]
        english = compose_quake(replace(FACTS, phase=phase), intensity, "fr")
        keeps_the_limits(english, intensity.value[0])
        assert "Do not use lifts" in english.body


@pytest.mark.parametrize("phase", LIVE)
def test_a_tsunami_is_told_with_its_height_and_when_it_comes(phase: Phase) -> None:
    for wave in WAVES:
        japanese = compose_wave(replace(FACTS, phase=phase), wave, "ja-JP")
        keeps_the_limits(japanese, wave.warning)
        assert ("12:50" in japanese.body) is (wave.arrives_at is not None)
        assert not wave.height or wave.height in japanese.body
        english = compose_wave(replace(FACTS, phase=phase), wave, "en")
        keeps_the_limits(english, WARNING_NAMES_EN[wave.warning])
        assert ("12:50" in english.body) is (wave.arrives_at is not None)


def test_an_end_is_told_in_the_words_of_every_end() -> None:
    for phase in SAID_OVER:
        facts = replace(FACTS, phase=phase)
        assert composed(facts, "ja", (), Picture(intensity=Intensity.SEVEN)) == composed(facts, "ja", (), None)


def test_the_strongest_of_several_names_is_what_counts() -> None:
    assert intensity_of(("震度５弱", "震度６強", "大雨警報")) is Intensity.UPPER_6
    assert intensity_of(("大雨警報",)) is None


def test_of_several_coasts_people_read_the_highest_wave_and_the_earliest_time() -> None:
    late, early = SENT + timedelta(hours=1), SENT + timedelta(minutes=5)
    low = Wave("津波警報", "３ｍ", 3.0, early)
    assert worst_wave([low, Wave("津波警報", "５ｍ", 5.0, late)]) == Wave("津波警報", "５ｍ", 5.0, early)
    # A height in words alone is no small one.
    assert worst_wave([low, Wave("大津波警報", "巨大", None, late)]) == Wave("大津波警報", "巨大", None, early)
    assert worst_wave([]) is None
