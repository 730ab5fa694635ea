"""Headlines without their telegrams: kind, rank and office, recorded and told to nobody."""

import json
from pathlib import Path
from typing import Any

import pytest

from alerts.hazard import HazardKind as H
from alerts.level import Level
from feeds.archive import documents
from feeds.errors import FeedError
from feeds.jma.headlines import dangers_of, names_a_level
from feeds.read import read, series_of
from tests.feeds.telegrams import RECEIVED, all_read

ENTRY: dict[str, Any] = {
    "originId": "https://www.data.jma.go.jp/developer/xml/data/20251008063012_0_VPWW53_130000.xml",
    "title": "気象特別警報・警報・注意報",
    "content": "【東京都気象警報・注意報】伊豆諸島では、暴風に警戒し、東京地方では、強風や高潮に注意してください。",
    "observedAt": "2025-10-08T06:30:12.000Z",
    "placePref": "東京都",
}
_TWO, _THREE, _FIVE = Level.CHECK_ACTION, Level.ELDERLY_LEAVE, Level.SECURE_LIFE


def raw(**change: object) -> bytes:
    return json.dumps({**ENTRY, **change}, ensure_ascii=False).encode()


@pytest.mark.parametrize(
    ("sentence", "dangers"),
    [
        ("北部では、１４日夜のはじめ頃まで高潮に警戒してください。", {H.STORM_SURGE: _THREE}),
        ("東部では、２７日昼前まで強風に、２７日夕方まで高波に注意してください。", {H.STORM: _TWO, H.WAVE: _TWO}),
        ("高潮に警戒し、強風や落雷に注意してください。", {H.STORM_SURGE: _THREE, H.STORM: _TWO, H.THUNDER: _TWO}),
        (
            "土砂災害や低い土地の浸水、河川の増水に注意してください。",
            {H.LANDSLIDE: _TWO, H.HEAVY_RAIN: _TWO, H.FLOOD: _TWO},
        ),
        ("暴風雪に警戒してください。風雪に注意してください。", {H.SNOWSTORM: _THREE}),
        ("融雪による土砂災害に注意してください。", {H.LANDSLIDE: _TWO}),
        ("空気の乾燥した状態が続くため火の取り扱いに注意してください。", {H.DRY_AIR: _TWO}),
        ("北部では土砂災害に警戒してください。南部では土砂災害に注意してください。", {H.LANDSLIDE: _THREE}),
        ("【特別警報（暴風、高潮）】最大級の警戒をしてください。", {H.STORM: _FIVE, H.STORM_SURGE: _FIVE}),
        ("【特別警報（大雨）】河川の増水に最大級の警戒。", {H.HEAVY_RAIN: _FIVE, H.LANDSLIDE: _FIVE, H.FLOOD: _THREE}),
        ("注意報を解除します。", {}),
        ("", {}),
    ],
)
def test_a_hazard_goes_with_the_verb_that_follows_it(sentence: str, dangers: dict[H, Level]) -> None:
    assert dangers_of(f"【東京都気象警報・注意報】{sentence}") == dangers


def test_an_entry_is_recorded_with_its_rank_and_office_and_told_to_nobody() -> None:
    report = read(raw(), name="1", received=RECEIVED)
    assert report.informational == "headline-only"
    assert report.series == series_of(raw()) == "jma-headline:130000"
    levels = {info.hazard: info.level for info in report.alert.infos}
    # Storm is no hazard of the five levels; storm surge is.
    assert levels == {H.STORM: None, H.STORM_SURGE: _TWO}
    (area,) = {area for info in report.alert.infos for area in info.areas}
    assert (area.description, [code.value for code in area.geocodes]) == ("東京都", ["130000"])


def test_a_sentence_that_is_not_understood_says_so() -> None:
    report = read(raw(content="【東京都気象警報・注意報】お知らせします。"), name="1", received=RECEIVED)
    assert (report.informational, report.alert.infos) == ("headline-unclassified", ())
    assert read(raw(content="これは訓練です。高潮に警戒"), name="1", received=RECEIVED).hold


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"originId": "https://www.data.jma.go.jp/x.xml"}, "headline-origin"),
        ({"originId": 7}, "headline-field"),
        ({"content": None}, "headline-field"),
        ({"content": "警戒" * 100_000}, "headline-field"),
        ({"observedAt": "yesterday"}, "headline-time"),
        ({"observedAt": "2025-10-08T06:30:12"}, "headline-time"),
    ],
)
def test_an_entry_that_is_off_is_refused(change: dict[str, object], reason: str) -> None:
    with pytest.raises(FeedError) as refused:
        read(raw(**change), name="1", received=RECEIVED)
    assert refused.value.reason == reason


def test_the_headline_of_a_real_telegram_says_the_rank_of_its_codes(shared_data: Path) -> None:
    # VPWW50 leaves emergencies to another telegram and mentions them all the same.
    severities = {"Extreme": _FIVE, "Severe": _THREE, "Moderate": _TWO}
    compared = 0
    for path, _raw, report in all_read(shared_data):
        if report.kind not in ("VPWW53", "VPWW54") or not report.alert.infos:
            continue
        coded = max(severities[info.severity.value] for info in report.alert.infos)
        assert max(dangers_of(report.alert.infos[0].headline).values()) == coded, path.name
        compared += 1
    assert compared > 10


def test_nearly_every_headline_of_a_year_that_names_a_level_is_classified(shared_data: Path) -> None:
    # Every tenth of 28,105; all of them by load_tests/headlines.py.
    archive = shared_data / "05_bosai_json" / "jma_warning_stream" / "events.jsonl.gz"
    entries = list(documents([archive]))
    assert len(entries) == 28_105
    naming = classified = 0
    for entry in entries[::10]:
        report = read(entry.raw, name=entry.name, received=RECEIVED)
        if names_a_level(json.loads(entry.raw)["content"]):
            naming += 1
            classified += report.informational == "headline-only"
    assert naming > 2_500
    assert classified >= 0.95 * naming
