"""Which danger a CAP message speaks of: its event's words first, then its category.

CAP has no list of events. The words are those of the services whose messages we have seen, in English
and Japanese; what nobody knows becomes the category's widest kind, and is told all the same.
"""

import re
from collections.abc import Iterable

from alerts.cap import Category
from alerts.hazard import HazardKind

# Asked from top to bottom: the narrower word comes first ("storm surge" before "storm").
_WORDS: tuple[tuple[str, HazardKind], ...] = (
    (r"土砂|landslide|mudslide|debris flow", HazardKind.LANDSLIDE),
    (r"高潮|storm surge|coastal flood|lakeshore flood", HazardKind.STORM_SURGE),
    (r"津波|tsunami", HazardKind.TSUNAMI),
    (r"記録的短時間大雨", HazardKind.RECORD_RAIN),
    (r"暴風雪|風雪|blizzard|snow ?storm|winter storm", HazardKind.SNOWSTORM),
    (r"着雪", HazardKind.SNOW_ACCRETION),
    (r"着氷|freezing (rain|spray|drizzle)|\bice storm|\bicing", HazardKind.ICING),
    (r"融雪|snow ?melt", HazardKind.SNOWMELT),
    (r"なだれ|雪崩|avalanche", HazardKind.AVALANCHE),
    (r"大雪|\bsnow", HazardKind.HEAVY_SNOW),
    (r"氾濫|洪水|\bflood|hydrologic|dam (break|failure)", HazardKind.FLOOD),
    (r"大雨|浸水|heavy rain|rainfall|\brain\b", HazardKind.HEAVY_RAIN),
    (r"竜巻|tornado|waterspout", HazardKind.TORNADO),
    (r"雷|thunder|lightning", HazardKind.THUNDER),
    (r"波浪|高波|\bsurf\b|high seas|small craft|\bwaves?\b|rip current|beach hazard", HazardKind.WAVE),
    (r"霧|\bfog\b", HazardKind.DENSE_FOG),
    (r"霜|\bfrost\b|\bfreeze\b", HazardKind.FROST),
    (r"低温|\bcold\b|wind chill|hypothermia", HazardKind.COLD),
    (r"乾燥|red flag|fire weather", HazardKind.DRY_AIR),
    (r"暴風|強風|台風|\bwinds?\b|\bgale\b|hurricane|typhoon|cyclone|tropical storm|\bstorm\b", HazardKind.STORM),
    (r"地震|震度|earthquake|seismic", HazardKind.EARTHQUAKE),
    (r"噴火|火山|降灰|volcan|ashfall", HazardKind.VOLCANO),
    (r"火災|火事|wildfire|\bfire\b", HazardKind.FIRE),
    (r"熱中症|health|disease|epidemic|pandemic|\bheat\b|air quality|covid", HazardKind.HEALTH),
    (
        r"国民保護|ミサイル|武力攻撃|amber|abduct|missing|law enforcement|civil danger|terror|homeland|shooter|police",
        HazardKind.SECURITY,
    ),
    (r"交通|運休|road|traffic|transport", HazardKind.TRANSPORT),
)
_COMPILED = tuple((re.compile(words, re.IGNORECASE), hazard) for words, hazard in _WORDS)

# Where the words say nothing. Weather and ground alone do not tell rain from wind or shaking from slides.
_BY_CATEGORY: dict[Category, HazardKind] = {
    Category.FIRE: HazardKind.FIRE,
    Category.HEALTH: HazardKind.HEALTH,
    Category.SECURITY: HazardKind.SECURITY,
    Category.TRANSPORT: HazardKind.TRANSPORT,
}


def hazard_of(event: str, categories: Iterable[Category]) -> HazardKind:
    """Return the kind of danger that *event* names, or what its *categories* allow to say."""
    for words, hazard in _COMPILED:
        if words.search(event):
            return hazard
    for category in categories:
        if category in _BY_CATEGORY:
            return _BY_CATEGORY[category]
    return HazardKind.OTHER
