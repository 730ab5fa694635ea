"""Every text of a push that can be composed in one language, with the facts behind it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import product

from alerts.cap import Severity
from alerts.claim import Lane
from alerts.gauge import Thresholds
from alerts.hazard import HazardKind
from alerts.help_words import with_help
from alerts.information_words import inform
from alerts.level import Level
from alerts.notice import Notice, NoticeKind, NoticePart, Phase, Recipients, Text
from alerts.order_words import ORDER_NAMES_JA, compose_order
from alerts.quake_words import compose_quake, compose_wave
from alerts.river_stage import RiverStage, Stage, Trend
from alerts.river_words import RiverFacts, compose_river
from alerts.shaking import Intensity
from alerts.silence_over import SilenceOver
from alerts.silence_words import SilenceFacts, compose_silence, compose_silence_end
from alerts.wave import Wave
from alerts.wording import PartFacts
from alerts.words import compose

SENT = datetime(2026, 9, 8, 3, 30, tzinfo=UTC)
LIVE = (Phase.ISSUED, Phase.RAISED, Phase.LOWERED, Phase.EASED, Phase.CHANGED, Phase.CORRECTED)
ENDS = (Phase.LIFTED, Phase.CANCELLED)
LONGEST = ("小笠原諸島父島母島", "神津島村及び式根島周辺", "世田谷区", "千代田区", "江東区")
LONG_ISSUER = "気象庁・国土交通省関東地方整備局"
WAVES = tuple(
    Wave(warning, height, metres, SENT + timedelta(minutes=20) if times else None, arriving)
    for warning in ("大津波警報", "津波警報", "津波注意報")
    for height, metres in (("", None), ("巨大", None), ("１０ｍ超", 10.0), ("３ｍ", 3.0))
    for times, arriving in ((False, False), (True, False), (True, True))
)


@dataclass(frozen=True, slots=True)
class Said:
    """A text, and what it must say: `place` as it was given, `ends` for the end of something, `tells` what to do."""

    name: str
    text: Text
    level: Level | None
    place: str
    ends: bool = False
    tells: bool = True
    order: bool = False


def facts_of(place: str, issuer: str) -> PartFacts:
    return PartFacts(
        phase=Phase.ISSUED,
        level=Level.ALL_LEAVE,
        severity=Severity.SEVERE,
        hazards=(HazardKind.FLOOD,),
        area_names=(place,) if place else (),
        issuer=issuer,
        sent=SENT,
        expires=SENT + timedelta(hours=20),
    )


def warnings(language: str, place: str = "江東区", issuer: str = "気象庁") -> Iterator[Said]:
    """Yield a warning for each hazard, level and phase."""
    facts = facts_of(place, issuer)
    for hazard, level, phase in product(HazardKind, (None, *Level), Phase):
        for several in (False, True):
            hazards = (hazard, HazardKind.RECORD_RAIN, HazardKind.STORM_SURGE, HazardKind.FLOOD)
            of = replace(facts, phase=phase, level=level, hazards=hazards if several else (hazard,), partial=several)
            yield Said(
                f"warning {hazard} {level} {phase}", compose(of, language), level, place, phase in ENDS, phase in LIVE
            )


def orders(language: str, place: str = "江東区", issuer: str = "江東区") -> Iterator[Said]:
    """Yield an order for each hazard, level and phase."""
    facts = facts_of(place, issuer)
    for hazard, level, phase in product(HazardKind, ORDER_NAMES_JA, Phase):
        of = replace(facts, phase=phase, level=level, hazards=(hazard,), partial=hazard is HazardKind.FLOOD)
        text = compose_order(of, language)
        yield Said(f"order {hazard} {level} {phase}", text, level, place, phase in ENDS, phase not in ENDS, order=True)


def shakings(language: str, place: str = "江東区", issuer: str = "気象庁") -> Iterator[Said]:
    """Yield an earthquake of each intensity, and each tsunami warning."""
    facts = facts_of(place, issuer)
    for phase in LIVE:
        of = replace(facts, phase=phase)
        for intensity in Intensity:
            yield Said(f"quake {intensity} {phase}", compose_quake(of, intensity, language), None, place)
        for wave in WAVES:
            yield Said(f"wave {wave} {phase}", compose_wave(of, wave, language), None, place)


def rivers(language: str, place: str = "荒川", issuer: str = "気象庁") -> Iterator[Said]:
    """Yield a river at each level, below, between and above its thresholds."""
    thresholds = Thresholds(standby_m=1.0, caution_m=2.0, evacuation_m=3.5, danger_m=4.5)
    later = (Stage(SENT + timedelta(hours=1), 5.25, 4),)
    for level, trend, metres, forecast, known, depth in product(
        (None, *Level), (None, *Trend), (0.5, 2.6, 6.0), ((), later), (Thresholds(), thresholds), ("", "0.5 m")
    ):
        stage = RiverStage("1", place, place, Stage(SENT, metres, 3), trend, forecast, known)
        text = compose_river(RiverFacts(level, stage, issuer, SENT + timedelta(hours=3), depth), language)
        yield Said(f"river {level} {trend} {metres}", text, level, place)


def silences(language: str, place: str = "江東区") -> Iterator[Said]:
    """Yield "no order yet" and "only the ward beyond the line has ordered", with shelters and without, and ends."""
    for level, sites, beyond in product(ORDER_NAMES_JA, ((), (place, f"{place}2")), ("", place)):
        text = with_help(compose_silence(SilenceFacts(level, SENT, sites, beyond), language), ())
        yield Said(f"silence {level}", text, level, "")
    for why in SilenceOver:
        text = with_help(compose_silence_end(why, SENT, place, language), ())
        yield Said(f"silence over {why}", text, None, "", ends=True)


def informations(language: str, place: str = "江東区", issuer: str = "江東区") -> Iterator[Said]:
    """Yield what is said about somebody else's place, of warnings and of orders."""
    for hazard, level, phase, order in product(HazardKind, (None, *Level), Phase, (False, True)):
        words = (compose_order if order else compose)(replace(facts_of(place, issuer), level=level), "ja")
        notice = notice_of(replace(facts_of(place, issuer), phase=phase, level=level, hazards=(hazard,)), words)
        text = inform(notice, notice.parts[0], language)
        yield Said(f"information {hazard} {level} {phase}", text, level, place, phase in ENDS, tells=False)


def notice_of(facts: PartFacts, *texts: Text) -> Notice:
    """Return a notice that says *texts* of *facts* to whoever is there."""
    part = NoticePart(
        0, facts.phase, Recipients.CELLS, facts.level, Severity.SEVERE, facts.hazards, facts.area_names, (), texts
    )
    return Notice(
        "l", 1, NoticeKind.DANGER_IS_COMING, Lane.LIFE_SAFETY, "d", "jma", facts.issuer, SENT, SENT,
        SENT + timedelta(hours=3), (part,), "", "", SENT,
    )  # fmt: skip


def all_texts(language: str, place: str = "江東区", issuer: str = "気象庁") -> Iterator[Said]:
    """Yield every text of *language* about *place*."""
    for write in (warnings, orders, shakings, rivers, informations):
        yield from write(language, place, issuer)
    yield from silences(language, place)
