"""What a lock screen shows of each push: the title, and of the body the first forty characters (R15).

With the longest names that there are: where it is and what to do begin there, in every language and of every kind.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.check_words import CheckFacts, compose_check
from alerts.extension_words import compose_extension
from alerts.foremost import MOST_CHARACTERS, foremost, foremost_en, foremost_ja
from alerts.hazard import HazardKind
from alerts.information_words import inform
from alerts.languages.known import LANGUAGES, TABLES
from alerts.languages.readings import LATIN, WARDS, in_latin
from alerts.level import Level
from alerts.notice import ENDS, Phase, Text
from alerts.order_words import ORDER_NAMES_JA, compose_order
from alerts.quake_words import compose_quake, compose_wave
from alerts.river_stage import RiverStage, Stage
from alerts.river_words import RiverFacts, compose_river
from alerts.shaking import Intensity
from alerts.silence_words import SilenceFacts, compose_silence
from alerts.wave import Wave
from alerts.wording import FIRST_CHARACTERS, MAX_TEXT_BYTES, MAX_TITLE_WIDTH, PartFacts, names_of, width
from alerts.words import compose, level_action
from streams.notices.drill import as_drill, says_drill_first
from tests.alerts.languages.texts import SENT, facts_of, notice_of

CHOME = "千代田区神田佐久間町一丁目"
TOWNS = tuple(f"東葛西{number}丁目" for number in "一二三四五六七八九")
ISLANDS = ("小笠原諸島父島母島", "神津島村及び式根島周辺")
# What is named, who speaks, and with what it must begin where a lock screen still shows it.
PLACES: tuple[tuple[tuple[str, ...], str, str], ...] = (
    *(((ward,), ward, ward) for ward in WARDS),
    *(((ward, *(one for one in WARDS if one != ward)), "気象庁", ward) for ward in WARDS),
    ((CHOME,), "千代田区", "千代田区"),
    (TOWNS, "江戸川区", "江戸川区"),
    (tuple(f"世田谷区{town}" for town in TOWNS), "世田谷区", "世田谷区"),
    ((CHOME, *(f"葛飾区{town}" for town in TOWNS)), "東京都", "千代田区"),
    (ISLANDS, "気象庁・国土交通省関東地方整備局", "小笠原諸島父島母島"),
)
ORDERS = {
    "ja": ("高齢者など", "危険な場所から", "命の危険"),
    "en": ("Elderly: leave", "Leave dangerous", "Protect your"),
    "ja-Hira": ("おとしより", "みんな あぶない", "いのちが"),
    "zh-Hans": ("高龄者等", "所有人请离开", "有生命危险"),
    "ko": ("고령자 등은", "위험한 곳에서", "생명 위험"),
}
# After an end there is one thing to do; after a withdrawal another.
LIFTED = {"ja": "周囲の危険", "en": "Stay alert", "ja-Hira": "まだ", "zh-Hans": "请继续", "ko": "주변"}
CANCELLED = {"ja": "最新の情報", "en": "Check news", "ja-Hira": "ニュース", "zh-Hans": "请确认", "ko": "최신"}
SHAKING = {
    "ja": "身を守り",
    "en": "Protect yourself",
    "ja-Hira": "みを まもって",
    "zh-Hans": "请保护",
    "ko": "몸을 지키고",
}
FLEE = {
    "ja": "いますぐ高い所",
    "en": "Go to high",
    "ja-Hira": "すぐ たかい",
    "zh-Hans": "立即到高处",
    "ko": "바로 높은",
}
NOTHING = {"ja": "何もする", "en": "No action", "ja-Hira": "なにも", "zh-Hans": "无需", "ko": "아무것도"}
# A new end that is not of today, with its day.
UNTIL = {"ja": "{}日{}", "en": "{1} {0}th", "ja-Hira": "{}にち{}", "zh-Hans": "{}日{}", "ko": "{}일 {}"}
SILENT = {
    "ja": "指示を待たずに",
    "en": "leave now",
    "ja-Hira": "いま にげて",
    "zh-Hans": "请立即避难",
    "ko": "지금 피난",
}
LEVELS = {"ja": "レベル{}", "en": "evel {}", "ja-Hira": "レベル{}", "zh-Hans": "警戒级别{}", "ko": "경계레벨{}"}


@dataclass(frozen=True, slots=True)
class Shown:
    """A push, and what must begin in what a lock screen shows of it."""

    text: Text
    place: str
    act: str
    level: Level | None = None
    time: str = "12:30"


def read_as(name: str, language: str) -> str:
    if language in TABLES:
        return TABLES[language].names.shown(name)
    return in_latin(name) if language == "en" else name


def all_kinds(language: str, facts: PartFacts, place: str) -> Iterator[Shown]:
    """Yield a push of every kind about the areas of *facts*."""
    near = read_as(place, language)
    for phase in Phase:
        ends = LIFTED[language] if phase is Phase.LIFTED else CANCELLED[language] if phase in ENDS else ""
        for level in Level:
            act = ends or level_action(level, language)[:6]
            yield Shown(compose(replace(facts, phase=phase, level=level), language), near, act, level)
        for level, act in zip(ORDER_NAMES_JA, ORDERS[language], strict=True):
            order = compose_order(replace(facts, phase=phase, level=level), language)
            act = LIFTED[language] if phase in ENDS else act
            if phase is Phase.CHANGED:
                longer = compose_extension(replace(facts, level=level), language)
                yield Shown(longer, near, act, level, UNTIL[language].format(9, "08:30"))
            yield Shown(order, near, act, level)
            if phase is Phase.ISSUED:
                yield Shown(as_drill(order), near, act, level)
        if phase not in ENDS:
            of = replace(facts, phase=phase, level=None)
            yield Shown(compose_quake(of, Intensity.UPPER_6, language), near, SHAKING[language])
            wave = Wave("大津波警報", "１０ｍ超", 10.0, SENT)
            yield Shown(compose_wave(of, wave, language), near, FLEE[language])
    for level in ORDER_NAMES_JA:
        silence = SilenceFacts(level, SENT, areas=facts.area_names, issuer=facts.issuer)
        yield Shown(compose_silence(silence, language), near, SILENT[language], level)
    check = CheckFacts(facts.issuer, place, SENT.replace(month=11, day=25))
    yield Shown(compose_check(check, language), near, NOTHING[language])
    about = notice_of(facts)
    # Of somebody else's place nothing is to be done: what it is stands in the title.
    yield Shown(inform(about, about.parts[0], language), near, "12:30", facts.level)


def lock_screen_flaws(one: Shown) -> list[str]:
    """Return what is missing in what a lock screen shows."""
    first = one.text.body[:FIRST_CHARACTERS]
    level = LEVELS[one.text.language].format(one.level.value) if one.level is not None else ""
    at = {
        "place": one.text.body.find(one.place),
        "act": one.text.body.find(one.act),
        "time": one.text.body.find(one.time),
    }
    return [
        *(f"{name} at {where}" for name, where in at.items() if not 0 <= where < FIRST_CHARACTERS),
        *(["level"] if level not in one.text.title + first else []),
        *(["title"] if width(one.text.title) > MAX_TITLE_WIDTH and not says_drill_first(one.text) else []),
        *(["bytes"] if len((one.text.title + one.text.body).encode()) > MAX_TEXT_BYTES else []),
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_place_action_and_time_begin_within_the_first_forty_characters(language: str) -> None:
    for names, issuer, place in PLACES:
        facts = replace(facts_of(names[0], issuer), area_names=names, partial=True)
        for one in all_kinds(language, facts, place):
            assert lock_screen_flaws(one) == [], (names[:2], one)


def extension_flaws(names: tuple[str, ...], issuer: str, place: str, language: str) -> Iterator[tuple[Text, list[str]]]:
    """Yield each text of an order's later end on a day with two figures, with what is missing on a lock screen.

    Of the new end nothing may be cut off: a time without its minutes is another time.
    """
    ends = SENT.replace(day=10), SENT.replace(day=11, hour=14, minute=59)
    for level, act in zip(ORDER_NAMES_JA, ORDERS[language], strict=True):
        said = replace(facts_of("", issuer), area_names=names, level=level, sent=ends[0])
        for end, time in ((ends[1], UNTIL[language].format(11, "23:59")), (SENT.replace(day=10, hour=14), "23:30")):
            text = compose_extension(replace(said, expires=end), language)
            first = text.body[:FIRST_CHARACTERS]
            flaws = lock_screen_flaws(Shown(text, read_as(place, language), act, level, time))
            yield text, [*flaws, *([] if time.strip() in first else [f"{time} is cut off: {first}"])]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_new_end_of_an_order_stands_whole_within_the_first_forty_characters(language: str) -> None:
    for names, issuer, place in PLACES:
        for text, flaws in extension_flaws(names, issuer, place, language):
            assert flaws == [], text


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_does_beside_the_longest_real_names_of_each_ward(language: str, shared_data: Path) -> None:
    wards = sorted((shared_data / "09_population" / "geolonia_chome").glob("*区.json"))
    assert len(wards) == len(WARDS)
    for path in wards:
        towns = [one["town"] for one in json.loads(path.read_text())]
        longest = max(towns, key=lambda town: len(read_as(path.stem + town, language)))
        # Alone it is named whole; all the towns of a ward together are that ward.
        for names in ((longest,), tuple(towns)):
            for text, flaws in extension_flaws(names, path.stem, path.stem, language):
                assert flaws == [], text


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_holds_for_every_danger_with_all_its_actions(language: str) -> None:
    names = ("世田谷区", "葛飾区", *WARDS)
    for hazard in HazardKind:
        hazards = (hazard, HazardKind.RECORD_RAIN, HazardKind.STORM_SURGE)
        for phase in Phase:
            for level in (None, *Level):
                facts = replace(facts_of("", "気象庁"), area_names=names, hazards=hazards, phase=phase, level=level)
                text = compose(facts, language)
                first = text.body[:FIRST_CHARACTERS]
                assert read_as("世田谷区", language) in text.body[: FIRST_CHARACTERS + 4], text
                assert read_as("世田谷区", language)[0] in first, text
                assert "12:30" in first, text


NAMES = st.one_of(
    st.sampled_from(WARDS),
    st.builds(str.__add__, st.sampled_from(WARDS), st.sampled_from(TOWNS)),
    st.text("江東区荒川町一二丁目・ABC 　\u202e", max_size=40),
)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(st.lists(NAMES, max_size=30), st.sampled_from((*WARDS, "気象庁", "")))
def test_whatever_the_names_are_an_action_begins_within_the_first_forty_characters(
    names: list[str], issuer: str
) -> None:
    for language in LANGUAGES:
        facts = replace(facts_of("", issuer), area_names=tuple(names))
        for level, act in zip(ORDER_NAMES_JA, ORDERS[language], strict=True):
            for phase, begins in ((Phase.ISSUED, act), (Phase.LIFTED, LIFTED[language])):
                text = compose_order(replace(facts, level=level, phase=phase), language)
                assert 0 <= text.body.find(begins) < FIRST_CHARACTERS, text
                assert len((text.title + text.body).encode()) <= MAX_TEXT_BYTES


@settings(deadline=None, derandomize=True, max_examples=200)
@given(st.lists(NAMES, max_size=30), st.sampled_from((*WARDS, "気象庁", "")))
def test_what_stands_for_a_list_is_short_and_counts_all_of_it(names: list[str], issuer: str) -> None:
    found = foremost(names, issuer)
    known = names_of(names)
    if found is None:
        assert known == ()
        return
    assert 0 < len(found.name) <= MOST_CHARACTERS
    assert found.others + (not found.inside) == len(known)
    assert found.name in WARDS if found.inside else True
    whole = found.name.removesuffix("…")
    assert known[0].startswith((whole, whole.removeprefix(issuer))) or found.name in WARDS


def test_one_name_stands_whole_and_several_are_counted() -> None:
    assert foremost_ja(("江東区",)) == " 江東区"
    assert foremost_ja(("江東区", "墨田区", "江東区")) == " 江東区ほか1か所"
    assert foremost_ja(("平井一丁目", "平井二丁目"), "江戸川区") == " 江戸川区の2か所"
    assert foremost_ja(("平井一丁目",), "江戸川区") == " 江戸川区平井一丁目"
    assert foremost_ja(("平井一丁目", "平井二丁目"), "東京都") == " 平井一丁目ほか1か所"
    assert foremost_ja(()) == ""
    assert foremost_en(("江東区", "墨田区", "江戸川区")) == "Koto +2"
    assert foremost_en(("平井一丁目", "平井二丁目"), "江戸川区") == "Edogawa (2 areas)"
    assert foremost_en(()) == "Your area"


def test_no_ward_stands_in_characters_in_an_english_text() -> None:
    for names, issuer, place in PLACES:
        facts = replace(facts_of(names[0], issuer), area_names=names)
        river = RiverStage("1", "荒川", "荒川", Stage(SENT, 3.0, 3))
        texts = [one.text for one in all_kinds("en", facts, place)]
        texts += [compose_river(RiverFacts(Level.ALL_LEAVE, river, issuer, SENT), "en")]
        for text in texts:
            assert not [ward for ward in WARDS if ward in text.title + text.body], text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_river_is_named_within_the_first_forty_characters(language: str) -> None:
    for name in (name for name in LATIN if name.endswith("川")):
        for level in Level:
            stage = RiverStage("1", "岩淵水門（上）", name, Stage(SENT, 3.0, 3))
            text = compose_river(RiverFacts(level, stage, "気象庁", SENT), language)
            assert (
                lock_screen_flaws(Shown(text, read_as(name, language), level_action(level, language)[:6], level)) == []
            )


def test_every_real_name_of_the_23_wards_is_named_whole(shared_data: Path) -> None:
    longest = dict.fromkeys(LANGUAGES, 0)
    read = 0
    for path in sorted((shared_data / "09_population" / "geolonia_chome").glob("*区.json")):
        ward = path.stem
        for town in json.loads(path.read_text()):
            read += 1
            found = foremost((town["town"],), ward)
            assert found is not None
            assert found.name == f"{ward}{town['town']}"
            english = in_latin(found.name)
            assert english.startswith(in_latin(ward)), found
            assert ward not in english
            for language in LANGUAGES:
                longest[language] = max(longest[language], len(read_as(found.name, language)))
    assert read > 3_000
    assert max(longest.values()) <= 24, longest


def test_the_day_of_a_new_end_is_said_in_english_as_it_is_spoken() -> None:
    said = []
    for day in (1, 2, 3, 4, 11, 12, 13, 21, 22, 23, 30):
        facts = replace(facts_of("江東区", "江東区"), sent=SENT.replace(month=8), expires=SENT.replace(day=day))
        said.append(compose_extension(facts, "en").body.partition(":30 ")[2].partition(":")[0])
    assert said == ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "22nd", "23rd", "30th"]
