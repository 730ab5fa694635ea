"""Which type of telegram this is, told by `Control/Title`: file names and headers are not reliable.

A title that is not listed is recorded as informational with the reason ``kind-unknown``; it is
never guessed at, and never lost.
"""

import re
from enum import StrEnum

UNKNOWN = "JMA"
TYPHOON = "VPTW"  # 40-45 and 60-65: one of six typhoons each


class Family(StrEnum):
    """Which module reads the body. `RECORDED` telegrams are kept and told to nobody."""

    WARNING = "warning"
    LANDSLIDE = "landslide"
    RIVER = "river"
    RECORD_RAIN = "record-rain"
    TORNADO = "tornado"
    INTENSITY = "intensity"
    TSUNAMI = "tsunami"
    VOLCANO = "volcano"
    ERUPTION = "eruption"
    BULLETIN = "bulletin"
    RECORDED = "recorded"


# 気象警報・注意報（Ｒ０６）（大雨）: one type of telegram per hazard since 2026-05-28.
_R06 = re.compile(r"^気象警報・注意報（Ｒ０６）（(.+)）$")
_R06_KINDS = {
    "大雨": "VPWW55",
    "土砂": "VPWW56",
    "土砂災害": "VPWW56",
    "高潮": "VPWW57",
    "暴風": "VPWW58",
    "波浪": "VPWW59",
    "大雪": "VPWW60",
    "その他": "VPWW61",
    "その他注意報": "VPWW61",
    "集約通報": "VPWS50",
}

_TITLES = {
    "気象警報・注意報": "VPWW50",
    "気象特別警報・警報・注意報": "VPWW53",
    "気象警報・注意報（Ｈ２７）": "VPWW54",
    "気象警報・注意報時系列情報（Ｒ０６）": "VPWP50",
    "気象特別警報報知": "VPNO50",
    "土砂災害警戒情報": "VXWW50",
    "指定河川洪水予報": "VXKO",
    "水位周知河川に関する情報": "VXSU",
    "記録的短時間大雨情報": "VPOA50",
    "竜巻注意情報": "VPHW50",
    "竜巻注意情報（目撃情報付き）": "VPHW51",
    "震度速報": "VXSE51",
    "震源に関する情報": "VXSE52",
    "震源・震度に関する情報": "VXSE53",
    "地震の活動状況等に関する情報": "VXSE56",
    "地震回数に関する情報": "VXSE60",
    "顕著な地震の震源要素更新のお知らせ": "VXSE61",
    "長周期地震動に関する観測情報": "VXSE62",
    "緊急地震速報配信テスト": "VXSE42",
    "緊急地震速報（警報）": "VXSE43",
    "緊急地震速報（予報）": "VXSE44",
    "緊急地震速報（地震動予報）": "VXSE45",
    "津波警報・注意報・予報a": "VTSE41",
    "津波情報a": "VTSE51",
    "沖合の津波観測に関する情報": "VTSE52",
    "地震・津波に関するお知らせ": "VZSE40",
    "南海トラフ地震臨時情報": "VYSE50",
    "南海トラフ地震関連解説情報": "VYSE51",
    "北海道・三陸沖後発地震注意情報": "VYSE60",
    "火山に関するお知らせ": "VZVO40",
    "噴火警報・予報": "VFVO50",
    "火山の状況に関する解説情報": "VFVO51",
    "噴火に関する火山観測報": "VFVO52",
    "降灰予報（定時）": "VFVO53",
    "降灰予報（速報）": "VFVO54",
    "降灰予報（詳細）": "VFVO55",
    "噴火速報": "VFVO56",
    "推定噴煙流向報": "VFVO60",
    "火山現象に関する海上警報・海上予報": "VFSV",
    "台風解析・予報情報（５日予報）（Ｈ３０）": TYPHOON,
    "台風解析・予報情報（５日予報）": TYPHOON,
    "台風解析・予報情報（３日予報）": TYPHOON,
    "台風の暴風域に入る確率": "VPTA50",
    "全般台風情報": "VPTI50",
    "全般台風情報（定型）": "VPTI51",
    "全般台風情報（詳細）": "VPTI52",
    "全般気象情報": "VPZJ50",
    "地方気象情報": "VPCJ50",
    "府県気象情報": "VPFJ50",
    "府県気象防災速報": "VPBS50",
    "府県天気予報（Ｒ１）": "VPFD51",
    "府県天気概況": "VPFG50",
    "熱中症警戒アラート": "VPFT50",
}

_FAMILIES = {
    "VXWW50": Family.LANDSLIDE,
    "VXKO": Family.RIVER,
    "VXSU": Family.RIVER,
    "VPOA50": Family.RECORD_RAIN,
    "VPHW50": Family.TORNADO,
    "VPHW51": Family.TORNADO,
    "VXSE51": Family.INTENSITY,
    "VXSE53": Family.INTENSITY,
    "VTSE41": Family.TSUNAMI,
    "VFVO50": Family.VOLCANO,
    "VFVO56": Family.ERUPTION,
    "VPBS50": Family.BULLETIN,
}

# Earthquake early warnings arrive too late by this way and may be told by nobody else (R23).
_EARLY_WARNINGS = frozenset({"VXSE42", "VXSE43", "VXSE44", "VXSE45"})
# Recorded too, and yet read: what they expect opens a draft for the night (R8).
FORECASTS = frozenset({"VPWP50", TYPHOON})
_REASONS = {
    "VXSE52": "source-only",  # where it was, not how strongly the ground moved anywhere
    "VPWP50": "forecast-only",  # a time series of what may come; VPWW55-61 say what holds
    TYPHOON: "forecast-only",  # where the storm may come; the office of each place warns of it
}


def kind_of(title: str) -> str:
    """Return the type of telegram that *title* names, such as ``VPWW54``; `UNKNOWN` if none."""
    parted = _R06.match(title)
    if parted:
        return _R06_KINDS.get(parted.group(1), UNKNOWN)
    return _TITLES.get(title, UNKNOWN)


def titles() -> tuple[tuple[str, str], ...]:
    """Return every title that is known with the kind it names, in the order of the kinds."""
    parted = tuple((f"気象警報・注意報（Ｒ０６）（{part}）", kind) for part, kind in _R06_KINDS.items())
    return tuple(sorted((*_TITLES.items(), *parted), key=lambda pair: (pair[1], pair[0])))


def family_of(kind: str) -> Family:
    """Return the family that reads *kind*."""
    if kind.startswith("VPWW"):
        return Family.WARNING
    return _FAMILIES.get(kind, Family.RECORDED)


def informational_reason(kind: str) -> str:
    """Return why a telegram of *kind* is only recorded; empty for those that residents are told."""
    if kind == UNKNOWN:
        return "kind-unknown"
    if kind in _EARLY_WARNINGS:
        return "eew-recorded"
    if family_of(kind) is Family.RECORDED:
        return _REASONS.get(kind, "kind-informational")
    return ""
