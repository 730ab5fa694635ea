"""The kind codes of weather warnings (警報等情報要素), both generations, and what each means to us.

Two digits: the tens digit of a warning is 0 (警報), 1 or 2 (注意報), 3 (特別警報) and, since
2026-05-28, 4 (危険警報). The new scheme added 09, 29, 39 and 49 for landslides, which were a
condition of heavy rain before, and 43 and 48.
"""

from dataclasses import dataclass

from alerts.cap import Certainty, Severity, Urgency
from alerts.hazard import HazardKind
from alerts.level import Level

LIFTED = "00"
# Only these name a Japanese level; all other warnings have a severity and no level.
LEVELLED = frozenset({HazardKind.HEAVY_RAIN, HazardKind.LANDSLIDE, HazardKind.STORM_SURGE, HazardKind.FLOOD})


@dataclass(frozen=True, slots=True)
class WarningKind:
    """One kind of warning: what it is about, how grave, and its official name."""

    hazard: HazardKind
    name: str
    level: Level | None
    severity: Severity
    urgency: Urgency
    certainty: Certainty = Certainty.LIKELY


_RANKS: tuple[tuple[str, Level, Severity, Urgency], ...] = (
    ("特別警報", Level.SECURE_LIFE, Severity.EXTREME, Urgency.IMMEDIATE),
    ("危険警報", Level.ALL_LEAVE, Severity.SEVERE, Urgency.IMMEDIATE),
    ("警報", Level.ELDERLY_LEAVE, Severity.SEVERE, Urgency.EXPECTED),
    ("注意報", Level.CHECK_ACTION, Severity.MODERATE, Urgency.EXPECTED),
)

_NAMES: dict[str, tuple[HazardKind, str]] = {
    "02": (HazardKind.SNOWSTORM, "暴風雪警報"),
    "03": (HazardKind.HEAVY_RAIN, "大雨警報"),
    "04": (HazardKind.FLOOD, "洪水警報"),
    "05": (HazardKind.STORM, "暴風警報"),
    "06": (HazardKind.HEAVY_SNOW, "大雪警報"),
    "07": (HazardKind.WAVE, "波浪警報"),
    "08": (HazardKind.STORM_SURGE, "高潮警報"),
    "09": (HazardKind.LANDSLIDE, "土砂災害警報"),
    "10": (HazardKind.HEAVY_RAIN, "大雨注意報"),
    "12": (HazardKind.HEAVY_SNOW, "大雪注意報"),
    "13": (HazardKind.SNOWSTORM, "風雪注意報"),
    "14": (HazardKind.THUNDER, "雷注意報"),
    "15": (HazardKind.STORM, "強風注意報"),
    "16": (HazardKind.WAVE, "波浪注意報"),
    "17": (HazardKind.SNOWMELT, "融雪注意報"),
    "18": (HazardKind.FLOOD, "洪水注意報"),
    "19": (HazardKind.STORM_SURGE, "高潮注意報"),
    "20": (HazardKind.DENSE_FOG, "濃霧注意報"),
    "21": (HazardKind.DRY_AIR, "乾燥注意報"),
    "22": (HazardKind.AVALANCHE, "なだれ注意報"),
    "23": (HazardKind.COLD, "低温注意報"),
    "24": (HazardKind.FROST, "霜注意報"),
    "25": (HazardKind.ICING, "着氷注意報"),
    "26": (HazardKind.SNOW_ACCRETION, "着雪注意報"),
    "27": (HazardKind.OTHER, "その他の注意報"),
    "29": (HazardKind.LANDSLIDE, "土砂災害注意報"),
    "32": (HazardKind.SNOWSTORM, "暴風雪特別警報"),
    "33": (HazardKind.HEAVY_RAIN, "大雨特別警報"),
    "35": (HazardKind.STORM, "暴風特別警報"),
    "36": (HazardKind.HEAVY_SNOW, "大雪特別警報"),
    "37": (HazardKind.WAVE, "波浪特別警報"),
    "38": (HazardKind.STORM_SURGE, "高潮特別警報"),
    "39": (HazardKind.LANDSLIDE, "土砂災害特別警報"),
    "43": (HazardKind.HEAVY_RAIN, "大雨危険警報"),
    "48": (HazardKind.STORM_SURGE, "高潮危険警報"),
    "49": (HazardKind.LANDSLIDE, "土砂災害危険警報"),
}

# The old generation tells the two dangers of heavy rain apart by the kind's Condition.
_CONDITIONS: tuple[tuple[str, HazardKind], ...] = (
    ("土砂災害", HazardKind.LANDSLIDE),
    ("浸水害", HazardKind.HEAVY_RAIN),
)


def warning_kinds(code: str, name: str, condition: str) -> tuple[WarningKind, ...]:
    """Return what *code* warns of: two kinds where heavy rain threatens both slopes and streets.

    An unknown code is never dropped: its hazard is `OTHER` and its severity is read off the name.
    """
    hazard, official = _NAMES.get(code, (HazardKind.OTHER, name))
    if hazard is HazardKind.HEAVY_RAIN and condition:
        named = tuple(_kind(part, f"{official}（{label}）") for label, part in _CONDITIONS if label in condition)
        if named:
            return named
    return (_kind(hazard, official),)


def _kind(hazard: HazardKind, name: str) -> WarningKind:
    bare = name.partition("（")[0]
    for suffix, level, severity, urgency in _RANKS:
        if bare.endswith(suffix):
            return WarningKind(hazard, name, level if hazard in LEVELLED else None, severity, urgency)
    return WarningKind(hazard, name, None, Severity.UNKNOWN, Urgency.UNKNOWN, Certainty.UNKNOWN)
