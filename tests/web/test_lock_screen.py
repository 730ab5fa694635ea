"""What a lock screen shows of each push, drawn from the bytes that are sent and cut as the two platforms cut (R15).

Android keeps one line of the title and two of the body, iOS one and four. The pictures are looked at; what is asserted
is that place, action and time begin in what is left of each.
"""

import base64
import html
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from alerts.check_words import CheckFacts, compose_check
from alerts.claim import Lane
from alerts.extension_words import compose_extension
from alerts.languages.known import LANGUAGES
from alerts.level import Level
from alerts.notice import Notice, NoticeKind, Phase
from alerts.order_words import compose_order
from alerts.quake_words import compose_quake, compose_wave
from alerts.river_stage import RiverStage, Stage, Trend
from alerts.river_words import RiverFacts, compose_river
from alerts.shaking import Intensity
from alerts.silence_words import SilenceFacts, compose_silence
from alerts.wave import Wave
from alerts.wording import clock
from alerts.words import compose
from api.residents.welcome import welcome
from dispatch.message import Messages
from dispatch.settings import DispatchSettings
from dispatch.terms import Manner, code_of
from dispatch.ways import with_ways
from streams.notices.drill import as_drill
from tests.alerts.languages.texts import SENT, facts_of, notice_of
from tests.alerts.test_foremost import read_as
from tests.conftest import PROJECT
from tests.dispatch.test_ways import ordered, told
from tests.palette import shrink
from tests.web.conftest import SCREENSHOTS

pytestmark = pytest.mark.browser

SETTINGS = DispatchSettings()
MOST_BYTES = 60_000
TOWNS = tuple(f"平井{number}丁目" for number in "一二三四五六七")
WARDS = ("江東区", "墨田区", "江戸川区", "葛飾区", "足立区")
RIVER = RiverStage(
    "1", "岩淵水門（上）", "荒川", Stage(SENT, 6.95, 4), Trend.RISING, (Stage(SENT + timedelta(hours=1), 7.7, 4),)
)


@dataclass(frozen=True, slots=True)
class Push:
    """One push as a phone has it; `must` begins within what is shown, `""` where there is nothing to look for."""

    kind: str
    title: str
    body: str
    must: tuple[str, ...]


def said(payload: bytes, kind: str, *must: str) -> Push:
    notification: dict[str, Any] = json.loads(payload)["notification"]
    return Push(kind, notification["title"], notification["body"], must)


def sent(kind: str, notice: Notice, language: str, *must: str, code: int = 0) -> Push:
    return said(Messages(notice, SETTINGS).for_part(0, language, code).plaintext, kind, *must)


def pushes(language: str) -> Iterator[Push]:
    """Yield one push of each kind, as it is sent on a bad evening."""
    koto, time = read_as("江東区", language), clock(SENT)
    facts = replace(facts_of("江東区", "気象庁・国土交通省"), area_names=WARDS)
    for phase in (Phase.ISSUED, Phase.RAISED, Phase.CORRECTED, Phase.LIFTED, Phase.CANCELLED):
        of = replace(facts, phase=phase)
        yield sent(f"1 {phase.value}", notice_of(of, compose(of, language)), language, koto, time)
    order = replace(facts_of("", "江戸川区"), area_names=TOWNS)
    edogawa = read_as("江戸川区", language)
    text = compose_order(order, language)
    yield sent("order", notice_of(order, text), language, edogawa, time)
    longer = compose_extension(order, language)
    yield sent("order, extended", notice_of(order, longer), language, edogawa)
    drill = replace(notice_of(order, as_drill(text)), lane=Lane.DRILL)
    yield sent("drill", drill, language, edogawa, time)
    river = compose_river(RiverFacts(Level.ALL_LEAVE, RIVER, "気象庁", SENT + timedelta(hours=3)), language)
    going = replace(notice_of(facts, river), kind=NoticeKind.HOW_IT_IS_GOING)
    yield sent("2 river", going, language, read_as("荒川", language), time)
    silence = compose_silence(SilenceFacts(Level.ALL_LEAVE, SENT, areas=TOWNS, issuer="江戸川区"), language)
    yield sent("2 no order yet", replace(going, parts=(replace(going.parts[0], texts=(silence,)),)), language, edogawa)
    yield way(language)
    quake = replace(facts, level=None)
    yield sent("earthquake", notice_of(quake, compose_quake(quake, Intensity.UPPER_6, language)), language, koto, time)
    wave = compose_wave(quake, Wave("津波警報", "３ｍ", 3.0, SENT + timedelta(minutes=20)), language)
    yield sent("tsunami", notice_of(quake, wave), language, koto, time)
    yield sent(
        "somebody else's",
        notice_of(facts, compose(facts, language)),
        language,
        koto,
        time,
        code=code_of(0, Manner.INFORM),
    )
    check = compose_check(CheckFacts("東京都", "江戸川区", SENT), language)
    yield sent("check of reception", notice_of(order, check), language, edogawa, time)
    for drilling in (False, True):
        payload, _ = welcome(language, b"i" * 16, b"p" * 16, "https://shirase.example/", drill=drilling)
        yield said(payload, "test of drills" if drilling else "test")


def way(language: str) -> Push:
    notice, plans = told(ordered())
    named = replace(notice, parts=tuple(replace(part, area_names=("江戸川区平井一丁目",)) for part in notice.parts))
    worded, ways = with_ways(named, plans)  # type: ignore[arg-type]
    message = Messages(worded, SETTINGS, ways).for_part(0, language, 1)
    # The streets of that test call their shelters by where they lie, in English.
    plaintext = message.plaintext.replace(b"north", "北".encode())
    return said(plaintext, "3 way", f"{read_as('江戸川区平井一丁目', language)}", "14:00")


ICON = "data:image/png;base64," + base64.b64encode((PROJECT / "web/public/icon-192.png").read_bytes()).decode()
STYLE = """
* { box-sizing: border-box; margin: 0 }
body { display: flex; width: max-content; font-family: Roboto, 'Noto Sans', 'Noto Sans CJK JP', sans-serif }
.phone { width: 360px; padding: 12px 8px; background: #223; color: #fff }
.phone.ios { background: #345 }
h2 { font-size: 12px; font-weight: 400; opacity: .8; padding: 6px 8px 2px }
.card { display: grid; grid-template-columns: 36px 1fr; gap: 2px 12px; padding: 12px; border-radius: 20px;
  color: #1b1b1f; background: #f3f3fa; margin-bottom: 8px }
.ios .card { background: #e9edf3; border-radius: 22px; padding: 12px 14px; gap: 0 10px }
.icon { grid-row: span 3; width: 36px; height: 36px; border-radius: 50% }
.ios .icon { border-radius: 9px }
small { font-size: 11px; color: #555 }
.title { font-size: 14px; font-weight: 600; line-height: 20px; white-space: nowrap; overflow: hidden;
  text-overflow: ellipsis }
.body { font-size: 14px; line-height: 20px; display: -webkit-box; -webkit-box-orient: vertical; overflow: hidden;
  -webkit-line-clamp: 2; overflow-wrap: anywhere }
.ios .body { -webkit-line-clamp: 4; font-size: 15px }
.ios .title { font-size: 15px }
"""
# The characters of a box that the clamp leaves: those whose top lies above the box's lower edge.
LEFT = """(one) => {
  const text = one.firstChild, box = one.getBoundingClientRect(), range = document.createRange();
  let left = 0;
  for (; left < text.length; left++) {
    // A blank at the end of a line hangs out of the box.
    if (text.data[left] === " ") continue;
    range.setStart(text, left); range.setEnd(text, left + 1);
    const at = range.getBoundingClientRect();
    if (at.top >= box.bottom - 2 || at.left >= box.right - 2) break;
  }
  return text.data.slice(0, left);
}"""


def screen(language: str, shown: list[Push], platform: str) -> str:
    cards = "".join(
        f'<h2 lang="en">{html.escape(one.kind)}</h2>'
        f'<div class="card"><img class="icon" alt="" src="{ICON}"><small>知らせ · {clock(SENT)}</small>'
        f'<div class="title">{html.escape(one.title)}</div><div class="body">{html.escape(one.body)}</div></div>'
        for one in shown
    )
    return f'<div class="phone {platform}" lang="{language}">{cards}</div>'


def drawn(page: Page, phones: str, path: Path) -> None:
    page.set_content(f"<!doctype html><meta charset=utf-8><style>{STYLE}</style><body>{phones}")
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.locator("body").screenshot(path=path)


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 760, "height": 800})
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_place_action_and_time_are_left_of_what_a_lock_screen_cuts(page: Page, language: str) -> None:
    shown = list(pushes(language))
    phones = [screen(language, shown, platform) for platform in ("android", "ios")]
    drawn(page, "".join(phones), SCREENSHOTS / f"lock-screen-{language}.png")
    titles, bodies = (page.eval_on_selector_all(one, f"all => all.map({LEFT})") for one in (".title", ".body"))
    for one, title, body in zip(shown * 2, titles, bodies, strict=True):
        left = f"{title}\n{body}"
        assert [must for must in one.must if must not in left] == [], (one, left)
        if one.must:
            # Beside place and time there is something to do, or what it is about.
            assert len(body) >= 26, (one, body)


def test_the_picture_of_the_documents_is_small(page: Page) -> None:
    chosen = ("1 issued", "order", "3 way", "1 lifted", "drill")
    phones = "".join(
        screen(language, [one for one in pushes(language) if one.kind in chosen], "android")
        for language in ("ja", "en")
    )
    path = SCREENSHOTS / "lock-screen.png"
    drawn(page, phones, path)
    assert shrink(path) <= MOST_BYTES
    with Image.open(path) as picture:
        assert picture.width == 2 * 360
