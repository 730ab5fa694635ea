"""Kinds of danger, named as the agencies name them."""

from enum import StrEnum

from alerts.cap import Category


class HazardKind(StrEnum):
    """What may hurt people. The value is what goes on the wire and into metrics."""

    HEAVY_RAIN = "heavy_rain"  # 大雨（浸水害）
    LANDSLIDE = "landslide"  # 土砂災害
    FLOOD = "flood"  # 洪水・指定河川洪水
    STORM_SURGE = "storm_surge"  # 高潮
    STORM = "storm"  # 暴風・強風
    SNOWSTORM = "snowstorm"  # 暴風雪・風雪
    HEAVY_SNOW = "heavy_snow"  # 大雪
    WAVE = "wave"  # 波浪
    THUNDER = "thunder"  # 雷
    TORNADO = "tornado"  # 竜巻注意情報
    DENSE_FOG = "dense_fog"  # 濃霧
    DRY_AIR = "dry_air"  # 乾燥
    AVALANCHE = "avalanche"  # なだれ
    COLD = "cold"  # 低温
    FROST = "frost"  # 霜
    ICING = "icing"  # 着氷
    SNOW_ACCRETION = "snow_accretion"  # 着雪
    SNOWMELT = "snowmelt"  # 融雪
    RECORD_RAIN = "record_rain"  # 記録的短時間大雨
    EARTHQUAKE = "earthquake"
    TSUNAMI = "tsunami"
    VOLCANO = "volcano"
    FIRE = "fire"
    HEALTH = "health"
    SECURITY = "security"
    TRANSPORT = "transport"
    OTHER = "other"


CATEGORY: dict[HazardKind, Category] = {
    HazardKind.LANDSLIDE: Category.GEO,
    HazardKind.EARTHQUAKE: Category.GEO,
    HazardKind.TSUNAMI: Category.GEO,
    HazardKind.VOLCANO: Category.GEO,
    HazardKind.FIRE: Category.FIRE,
    HazardKind.HEALTH: Category.HEALTH,
    HazardKind.SECURITY: Category.SECURITY,
    HazardKind.TRANSPORT: Category.TRANSPORT,
    HazardKind.OTHER: Category.OTHER,
}


def category_of(hazard: HazardKind) -> Category:
    """Return the CAP category of *hazard*; weather where no other is named."""
    return CATEGORY.get(hazard, Category.MET)
