"""The linter: five things stop a send, each other check is a warning, and every template passes (R18, R15)."""

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from alerts.cap import Severity
from alerts.claim import Lane
from alerts.hazard import HazardKind
from alerts.languages.known import LANGUAGES, TABLES
from alerts.level import Level
from alerts.notice import Notice, Phase, Text
from alerts.order_words import ORDER_NAMES_JA, compose_order
from alerts.wording import PartFacts
from alerts.words import compose
from api.console.officer_page import FINDINGS
from api.orders.lint import STOPS, Finding, Stop, lint, time_in
from dispatch.settings import DispatchSettings
from streams.notices.drill import as_drill
from tests.api.evening import NINE_PM, around
from tests.api.test_office import drafted

SETTINGS = DispatchSettings()
JA = Text("ja", "レベル4 避難指示", "レベル4 危険な場所から全員避難。21:00。気象庁が江東区に洪水の知らせ。")
EN = Text("en", "Level 4: evacuation order", "Level 4, 21:00. Leave dangerous places: flood.")
NEW = tuple(
    compose_order(
        PartFacts(
            Phase.ISSUED, Level.ALL_LEAVE, Severity.EXTREME, (HazardKind.FLOOD,), ("江東区",), "気象庁",
            NINE_PM, NINE_PM + timedelta(hours=3),
        ),
        language,
    )
    for language in TABLES
)  # fmt: skip


def notice_with(*texts: Text, **changed: object) -> Notice:
    draft = drafted().draft
    assert draft is not None
    part = replace(draft.notice.parts[0], texts=(*(texts or (JA, EN)), *NEW))
    return replace(draft.notice, parts=(part,), **changed)  # type: ignore[arg-type]


def said(notice: Notice, at: object = NINE_PM, live: tuple[Notice, ...] = ()) -> set[Finding]:
    return {one.finding for one in lint(notice, at=at, settings=SETTINGS, live=live)}  # type: ignore[arg-type]


def reworded(title: str = JA.title, body: str = JA.body) -> Notice:
    return notice_with(Text("ja", title, body), EN)


def test_what_is_right_has_no_finding() -> None:
    assert said(notice_with()) == set()


def test_five_things_stop_and_every_finding_has_words() -> None:
    assert set(STOPS.values()) == set(Stop)
    assert len(Stop) == 5
    assert set(FINDINGS) == set(Finding)


def _expired() -> Notice:
    return notice_with(expires=NINE_PM)


def _no_area() -> Notice:
    notice = notice_with()
    return replace(notice, parts=(replace(notice.parts[0], cells=()),))


@pytest.mark.parametrize(
    ("notice", "finding", "stop"),
    [
        (_no_area(), Finding.NO_AREA, Stop.AREA),
        (reworded("レベル4 避難指示 21:00", " "), Finding.NO_ACTION, Stop.ACTION),
        (reworded(body="レベル4 気象庁 江東区 洪水 21:00"), None, None),
        (reworded("レベル4 川", "レベル4 気象庁 江東区 洪水 21:00"), Finding.NO_ACTION, Stop.ACTION),
        (reworded(body=JA.body.replace("21:00", "")), Finding.NO_TIME, Stop.TIME),
        (reworded(body=JA.body.replace("21:00", "24時間以内")), Finding.NO_TIME, Stop.TIME),
        (_expired(), Finding.EXPIRED, Stop.TIME),
        (reworded("【訓練】避難"), Finding.DRILL_WORDS, Stop.LANE),
        (notice_with(lane=Lane.DRILL), Finding.NOT_SAID_TO_BE_A_DRILL, Stop.LANE),
        (reworded(body=JA.body + "あ" * 900), Finding.TOO_LONG, Stop.BYTES),
        (notice_with(JA, Text("en", EN.title, EN.body + "a" * 2600)), Finding.TOO_LONG, Stop.BYTES),
    ],
)
def test_each_stop(notice: Notice, finding: Finding | None, stop: Stop | None) -> None:
    stops = {one.finding for one in lint(notice, at=NINE_PM, settings=SETTINGS) if one.stops}
    assert stops == ({finding} if finding else set())
    assert {STOPS[one] for one in stops} == ({stop} if stop else set())


def test_the_length_is_told_of_every_language_that_is_too_long() -> None:
    notice = notice_with(Text("ja", JA.title, JA.body + "あ" * 900), Text("en", EN.title, EN.body + "a" * 2600))
    found = [one.where for one in lint(notice, at=NINE_PM, settings=SETTINGS) if one.finding is Finding.TOO_LONG]
    assert [where.partition(":")[0] for where in found] == ["ja", "en"]
    assert all(where.endswith("> 2600") for where in found)


@pytest.mark.parametrize("time", ["21:00", "２１：００", "21時", "21時30分", "9:05"])
def test_a_time_may_be_written_as_people_write_it(time: str) -> None:
    assert Finding.NO_TIME not in said(reworded(body=JA.body.replace("21:00", time)))


@pytest.mark.parametrize(
    ("notice", "finding"),
    [
        (reworded(body=JA.body.replace("気象庁", "だれか")), Finding.NO_SOURCE),
        (notice_with(issuer=""), Finding.NO_SOURCE),
        (reworded(body=JA.body.replace("洪水", "それ")), Finding.NO_HAZARD),
        (notice_with(JA, Text("en", EN.title, EN.body.replace("flood", "it"))), Finding.NO_HAZARD),
        (reworded(body=JA.body.replace("江東区", "そこ")), Finding.NO_PLACE),
        (reworded("レベル3 避難指示", JA.body), Finding.LEVEL_DIFFERS),
        (reworded("レベル4 高齢者等避難", JA.body.replace("避難指示", "")), Finding.LEVEL_DIFFERS),
        (notice_with(JA, Text("en", "Level 4", EN.body + " Secure your life.")), Finding.LEVEL_DIFFERS),
        (reworded("洪水", "あ" * 60 + JA.body), Finding.LATE_LEVEL),
        (reworded("レベル4 洪水の危険が非常に高まっています避難"), Finding.LONG_TITLE),
        (notice_with(JA, Text("en", EN.title + " for all people there now", EN.body)), Finding.LONG_TITLE),
        (notice_with(JA), Finding.LANGUAGE_MISSING),
        (notice_with(expires=NINE_PM + timedelta(minutes=20)), Finding.SOON_OVER),
    ],
)
def test_all_else_is_a_warning(notice: Notice, finding: Finding) -> None:
    found = lint(notice, at=NINE_PM, settings=SETTINGS)
    assert finding in {one.finding for one in found}
    assert not any(one.stops for one in found)


WRONG = {
    "ja-Hira": (
        ("レベル4", "レベル3"),
        ("こうずい", "それ"),
        ("こうとうく", "そこ"),
        ("ひなん しじ", "こうれいしゃとう ひなん"),
    ),
    "zh-Hans": (("级别4", "级别3"), ("洪水", "那个"), ("江東区", "那里"), ("避难指示", "紧急安全确保")),
    "ko": (("레벨4", "레벨3"), ("홍수", "그것"), ("고토구", "그곳"), ("피난지시", "긴급안전확보")),
}


@pytest.mark.parametrize("text", NEW, ids=[text.language for text in NEW])
def test_level_danger_place_and_name_are_judged_in_every_language(text: Text) -> None:
    findings = (Finding.LEVEL_DIFFERS, Finding.NO_HAZARD, Finding.NO_PLACE, Finding.LEVEL_DIFFERS)
    for (right, wrong), finding in zip(WRONG[text.language], findings, strict=True):
        changed = replace(text, title=text.title.replace(right, wrong), body=text.body.replace(right, wrong))
        assert (changed.title, changed.body) != (text.title, text.body)
        others = tuple(one for one in NEW if one is not text)
        notice = replace(notice_with(), parts=(replace(notice_with().parts[0], texts=(JA, EN, *others, changed)),))
        assert finding in said(notice), (finding, changed)


@pytest.mark.parametrize("text", NEW, ids=[text.language for text in NEW])
def test_stops_are_told_of_every_language(text: Text) -> None:
    part, others = notice_with().parts[0], tuple(one for one in NEW if one is not text)
    for body, finding in (
        (text.body.replace("21:00", ""), Finding.NO_TIME),
        ("XYZ 21:00 ABC。", Finding.NO_ACTION),
        (as_drill(text).body, Finding.DRILL_WORDS),
        (text.body + "ABC" * 900, Finding.TOO_LONG),
    ):
        title = "ABC" if finding is Finding.NO_ACTION else text.title
        notice = replace(
            notice_with(), parts=(replace(part, texts=(JA, EN, *others, Text(text.language, title, body))),)
        )
        stops = {one.finding for one in lint(notice, at=NINE_PM, settings=SETTINGS) if one.stops}
        assert stops == {finding}, (body, stops)


def test_less_than_what_is_live_in_the_same_cells_is_a_warning() -> None:
    notice = notice_with()
    higher = replace(
        notice,
        lineage="other",
        parts=(replace(notice.parts[0], level=Level.SECURE_LIFE, cells=around(35.672, 139.817)),),
    )
    assert said(notice, live=(higher,)) == {Finding.LOWER_THAN_LIVE}
    assert not lint(notice, at=NINE_PM, settings=SETTINGS, live=(higher,))[0].stops


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("write", [compose, compose_order])
def test_every_template_passes_without_a_stop_and_agrees_with_itself(language: str, write: object) -> None:
    draft = drafted().draft
    assert draft is not None
    part = draft.notice.parts[0]
    texts = 0
    for phase, level, hazard in product(Phase, (None, *Level), HazardKind):
        if write is compose_order and level not in ORDER_NAMES_JA:
            continue
        facts = PartFacts(
            phase, level, Severity.SEVERE, (hazard,), ("江東区",), "気象庁", NINE_PM, NINE_PM + timedelta(hours=3)
        )
        text = write(facts, language)  # type: ignore[operator]
        for lane, shown in ((Lane.LIFE_SAFETY, text), (Lane.DRILL, as_drill(text))):
            spoken = replace(part, phase=phase, level=level, hazards=(hazard,), texts=(shown,))
            found = said(replace(draft.notice, lane=lane, parts=(spoken,)))
            # A drill's word makes long titles longer, and comes before the level.
            assert found <= {Finding.LANGUAGE_MISSING, Finding.LONG_TITLE, Finding.LATE_LEVEL}, (text, found)
            texts += 1
    assert texts > 300


def test_a_blank_takes_the_place_of_every_time() -> None:
    assert time_in("21:00と21時5分", "＿") == "＿と＿"
