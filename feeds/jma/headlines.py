"""Headlines of weather warnings without their telegrams: a lossy reading, recorded and told to nobody.

    {"originId": "https://.../20251008063012_0_VPWW53_130000.xml", "content": "【東京都気象警報・注意報】...",
     "observedAt": "2025-10-08T06:30:12.000Z", "placePref": "東京都", ...}

An archive of the feed's entries keeps the sentence and not the body. From it: kind, level, prefecture. Lost:
the municipalities (a sentence names districts), the codes, and what goes on unmentioned. So it counts
and compares, and warns nobody: a whole prefecture would be told of a danger in a corner of it.
"""

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from alerts.alert import GEOCODE_OFFICE, Alert, AlertInfo, Area, Geocode
from alerts.cap import Certainty, MsgType, Severity, Status, Urgency
from alerts.drill import drill_words
from alerts.hazard import HazardKind, category_of
from alerts.level import Level
from alerts.report import Linkage, Report
from feeds.errors import JmaError
from feeds.jma.codes import LEVELLED
from feeds.moment import moment

FEED = "jma-headline"
KIND = "jma-headline"
HEADLINE_ONLY = "headline-only"
UNCLASSIFIED = "headline-unclassified"
DRILL_WORDS = "drill-words-under-actual"

_MAX_CHARACTERS = 4_000
_ORIGIN = re.compile(r"_(V[A-Z]{3}\d\d)_(\d{6})\.xml$")
_ORIGIN_KEY = re.compile(rb'"originId"\s*:\s*"[^"]{0,300}_(V[A-Z]{3}\d\d)_(\d{6})\.xml"')

# From the longest: 暴風雪 holds 暴風, and 融雪による土砂災害 is about slopes.
_HAZARDS: tuple[tuple[str, HazardKind], ...] = (
    ("融雪による土砂災害", HazardKind.LANDSLIDE),
    ("土砂災害|土砂崩れ|がけ崩れ", HazardKind.LANDSLIDE),
    ("浸水|大雨", HazardKind.HEAVY_RAIN),
    ("増水|洪水|氾濫|はん濫", HazardKind.FLOOD),
    ("高潮", HazardKind.STORM_SURGE),
    ("暴風雪|風雪|ふぶき|吹雪", HazardKind.SNOWSTORM),
    ("暴風|強風", HazardKind.STORM),
    ("大雪", HazardKind.HEAVY_SNOW),
    ("着雪", HazardKind.SNOW_ACCRETION),
    ("着氷", HazardKind.ICING),
    ("融雪", HazardKind.SNOWMELT),
    ("高波|波浪|うねり", HazardKind.WAVE),
    ("落雷|雷|突風|急な強い雨|ひょう", HazardKind.THUNDER),
    ("濃霧", HazardKind.DENSE_FOG),
    ("乾燥|火の取り扱い", HazardKind.DRY_AIR),
    ("なだれ", HazardKind.AVALANCHE),
    ("低温", HazardKind.COLD),
    ("霜", HazardKind.FROST),
)
# 警戒 stands for 警報, 注意 for 注意報; 最大級の警戒 for 特別警報, which also comes in brackets of its own.
_VERBS: tuple[tuple[str, Level], ...] = (
    ("最大級の警戒", Level.SECURE_LIFE),
    ("警戒", Level.ELDERLY_LEAVE),
    ("注意", Level.CHECK_ACTION),
)
_TOKENS = re.compile(
    "|".join(
        [f"(?P<v{number}>{word})" for number, (word, _) in enumerate(_VERBS)]
        + [f"(?P<h{number}>{words})" for number, (words, _) in enumerate(_HAZARDS)]
    )
)
_TITLE = re.compile(r"^【[^】]{0,60}】")
_EMERGENCY = re.compile(r"【特別警報（([^）]{0,200})）】")
_LIFTED = re.compile(r"(警報|注意報)を解除します")

_GRADES: dict[Level, tuple[Severity, Urgency]] = {
    Level.SECURE_LIFE: (Severity.EXTREME, Urgency.IMMEDIATE),
    Level.ELDERLY_LEAVE: (Severity.SEVERE, Urgency.EXPECTED),
    Level.CHECK_ACTION: (Severity.MODERATE, Urgency.EXPECTED),
}
_RANK_NAMES = {Level.SECURE_LIFE: "特別警報", Level.ELDERLY_LEAVE: "警報", Level.CHECK_ACTION: "注意報"}


def is_headline(document: object) -> bool:
    """Say whether the JSON *document* is one entry of such an archive."""
    return isinstance(document, dict) and {"originId", "content", "observedAt"} <= document.keys()


def series_of_headline(raw: bytes) -> str:
    """Return the series of a raw entry: its office; empty where it is no such entry."""
    found = _ORIGIN_KEY.search(raw[:2000])
    return _series(found.group(2).decode()) if found else ""


def read_headline(raw: bytes, document: Mapping[str, Any], received: datetime) -> Report:
    """Return what the entry *document* (read from *raw*) says; raise `JmaError` with a stable reason."""
    origin, content = _text(document, "originId"), _text(document, "content")
    named = _ORIGIN.search(origin)
    if named is None:
        raise JmaError("headline-origin", f"{origin[-60:]!r} names no office")
    sent = moment(_text(document, "observedAt"))
    if sent is None:
        raise JmaError("headline-time", "observedAt is no time with an offset")
    prefecture = document.get("placePref")
    area = Area(prefecture if isinstance(prefecture, str) else "", geocodes=(Geocode(GEOCODE_OFFICE, named.group(2)),))
    dangers = dangers_of(content)
    understood = bool(dangers) or _LIFTED.search(content) is not None
    return Report(
        document=hashlib.sha256(raw).hexdigest(),
        feed=FEED,
        kind=KIND,
        series=_series(named.group(2)),
        linkage=Linkage.SERIES,
        alert=Alert(
            identifier=origin,
            sender="jma.go.jp",
            sent=sent,
            sent_text=_text(document, "observedAt"),
            status=Status.ACTUAL,
            msg_type=MsgType.ALERT,
            source=named.group(1),
            infos=tuple(_info(hazard, rank, sent, content, area) for hazard, rank in dangers.items()),
        ),
        received=received,
        hold=DRILL_WORDS if drill_words([content]) else "",
        informational=HEADLINE_ONLY if understood else UNCLASSIFIED,
    )


def dangers_of(headline: str) -> dict[HazardKind, Level]:
    """Return the dangers that *headline* names, each with the rank of its warning; the highest where it has two.

    A hazard goes with the verb that follows it: 「高潮に警戒し、強風や高波に注意してください」.
    """
    found: dict[HazardKind, Level] = {}

    def add(hazard: HazardKind, rank: Level) -> None:
        # There is no 洪水特別警報: a sentence about an emergency names the rivers beside it.
        rank = min(rank, Level.ELDERLY_LEAVE) if hazard is HazardKind.FLOOD else rank
        found[hazard] = max(rank, found.get(hazard, rank))

    for emergency in _EMERGENCY.finditer(headline):
        for token in _TOKENS.finditer(emergency.group(1)):
            hazard = _hazard(token)
            if hazard is not None:
                add(hazard, Level.SECURE_LIFE)
            if hazard is HazardKind.HEAVY_RAIN:
                # 大雨特別警報 is for slopes, for streets, or both; which, only the telegram says.
                add(HazardKind.LANDSLIDE, Level.SECURE_LIFE)
    # 「気象警報・注意報」 in the title is its name and no danger.
    for sentence in _EMERGENCY.sub("", _TITLE.sub("", headline)).split("。"):
        waiting: list[HazardKind] = []
        for token in _TOKENS.finditer(sentence):
            hazard = _hazard(token)
            if hazard is not None:
                waiting.append(hazard)
                continue
            rank = _VERBS[int((token.lastgroup or "v0")[1:])][1]
            for each in waiting:
                add(each, rank)
            waiting = []
    return found


def names_a_level(headline: str) -> bool:
    """Say whether *headline* names a rank at all, by the agency's words: 警戒, 注意, 警報, 注意報 beyond its title."""
    return re.search("警戒|注意|警報", _TITLE.sub("", headline)) is not None


def _series(office: str) -> str:
    return f"{KIND}:{office}"


def _hazard(token: re.Match[str]) -> HazardKind | None:
    group = token.lastgroup or ""
    return _HAZARDS[int(group[1:])][1] if group.startswith("h") else None


def _text(document: Mapping[str, Any], name: str) -> str:
    value = document.get(name)
    if not isinstance(value, str) or len(value) > _MAX_CHARACTERS:
        raise JmaError("headline-field", f"{name} is no text, or too long a one")
    return value


def _info(hazard: HazardKind, rank: Level, sent: datetime, content: str, area: Area) -> AlertInfo:
    severity, urgency = _GRADES[rank]
    return AlertInfo(
        event=f"{hazard.value} {_RANK_NAMES[rank]}",
        hazard=hazard,
        urgency=urgency,
        severity=severity,
        certainty=Certainty.LIKELY,
        categories=(category_of(hazard),),
        level=rank if hazard in LEVELLED else None,
        effective=sent,
        headline=content,
        areas=(area,),
    )
