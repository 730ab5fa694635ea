"""The words of municipal reports, Japanese beside our own, and what each of them is.

A word that is not listed is never guessed: an unknown state is "unknown", an unknown cause "other", and
an order of an unknown level is refused, because to tell people a wrong level is worse than to ask.
"""

import unicodedata
from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from alerts.cap import MsgType, Status
from alerts.fact import Confidence
from alerts.hazard import HazardKind
from alerts.incident import IncidentKind
from alerts.level import Level
from alerts.road import RoadCause
from alerts.shelter import Accepts, OccupancyBand, ShelterState, SiteClass


class OrderState(StrEnum):
    """What a report says of an order."""

    ISSUED = "issued"  # 発令, 継続: it holds
    LIFTED = "lifted"  # 解除


STATUSES: Mapping[str, Status] = {
    "通常": Status.ACTUAL, "訓練": Status.EXERCISE, "試験": Status.TEST,
    **{status.value: status for status in Status},
}  # fmt: skip
TYPES: Mapping[str, MsgType] = {
    "発表": MsgType.ALERT, "発令": MsgType.ALERT, "新規": MsgType.ALERT,
    "更新": MsgType.UPDATE, "訂正": MsgType.UPDATE, "取消": MsgType.CANCEL,
    "Report": MsgType.ALERT, "Correction": MsgType.UPDATE, "Cancel": MsgType.CANCEL,
}  # fmt: skip
CORRECTIONS = frozenset({"訂正", "Correction"})

# Since 2021 the orders are three; 避難勧告 is the former name of a part of level 4 and is not read as anything.
LEVELS: Mapping[str, Level] = {
    "高齢者等避難": Level.ELDERLY_LEAVE, "避難準備・高齢者等避難開始": Level.ELDERLY_LEAVE, "3": Level.ELDERLY_LEAVE,
    "避難指示": Level.ALL_LEAVE, "避難指示(緊急)": Level.ALL_LEAVE, "4": Level.ALL_LEAVE,
    "緊急安全確保": Level.SECURE_LIFE, "災害発生情報": Level.SECURE_LIFE, "5": Level.SECURE_LIFE,
}  # fmt: skip
ORDER_STATES: Mapping[str, OrderState] = {
    "発令": OrderState.ISSUED, "継続": OrderState.ISSUED, "発令中": OrderState.ISSUED, "発表": OrderState.ISSUED,
    "issued": OrderState.ISSUED, "解除": OrderState.LIFTED, "lifted": OrderState.LIFTED,
}  # fmt: skip

HAZARDS: Mapping[str, HazardKind] = {
    "洪水": HazardKind.FLOOD, "浸水": HazardKind.FLOOD, "外水氾濫": HazardKind.FLOOD, "水害": HazardKind.FLOOD,
    "内水氾濫": HazardKind.HEAVY_RAIN, "大雨": HazardKind.HEAVY_RAIN, "豪雨": HazardKind.HEAVY_RAIN,
    "土砂災害": HazardKind.LANDSLIDE, "崖崩れ、土石流及び地滑り": HazardKind.LANDSLIDE,
    "崖崩れ": HazardKind.LANDSLIDE, "高潮": HazardKind.STORM_SURGE, "地震": HazardKind.EARTHQUAKE,
    "津波": HazardKind.TSUNAMI, "大規模な火事": HazardKind.FIRE, "火災": HazardKind.FIRE,
    "火山現象": HazardKind.VOLCANO, "火山": HazardKind.VOLCANO, "火山噴火": HazardKind.VOLCANO,
    "暴風": HazardKind.STORM,
    "大雪": HazardKind.HEAVY_SNOW, "その他": HazardKind.OTHER,
    **{hazard.value: hazard for hazard in HazardKind},
}  # fmt: skip

SHELTER_STATES: Mapping[str, ShelterState] = {
    "開設": ShelterState.OPEN, "開設中": ShelterState.OPEN, "開設済": ShelterState.OPEN, "受入可": ShelterState.OPEN,
    "満員": ShelterState.FULL, "満": ShelterState.FULL, "受入不可": ShelterState.FULL,
    "閉鎖": ShelterState.CLOSED, "閉鎖済": ShelterState.CLOSED, "未開設": ShelterState.CLOSED,
    "廃止": ShelterState.CLOSED, "常設": ShelterState.OPEN, "不明": ShelterState.UNKNOWN,
    "未確認": ShelterState.UNKNOWN,
    **{state.value: state for state in ShelterState},
}  # fmt: skip
BANDS: Mapping[str, OccupancyBand] = {
    "空き": OccupancyBand.EMPTY, "空いています": OccupancyBand.EMPTY, "余裕あり": OccupancyBand.EMPTY,
    "やや混雑": OccupancyBand.FILLING, "混雑": OccupancyBand.CROWDED, "満員": OccupancyBand.FULL,
    "定員一杯": OccupancyBand.FULL,
    **{band.value: band for band in OccupancyBand},
}  # fmt: skip
SITE_CLASSES: Mapping[str, SiteClass] = {
    "指定避難所": SiteClass.STAFFED, "避難所": SiteClass.STAFFED,
    "指定緊急避難場所": SiteClass.ALWAYS_OPEN, "広域避難場所": SiteClass.ALWAYS_OPEN,
    "避難場所": SiteClass.ALWAYS_OPEN, "津波避難ビル": SiteClass.ALWAYS_OPEN, "一時避難場所": SiteClass.ALWAYS_OPEN,
    "臨時避難所": SiteClass.STAFFED,
    "一時滞在施設": SiteClass.TEMPORARY_STAY, "福祉避難所": SiteClass.WELFARE,
    **{site.value: site for site in SiteClass},
}  # fmt: skip
ACCEPTS: Mapping[str, Accepts] = {
    "区民のみ": Accepts.OWN_WARD, "市民のみ": Accepts.OWN_WARD, "協定区": Accepts.AGREED_WARDS,
    "制限なし": Accepts.ANYONE, "誰でも": Accepts.ANYONE,
    **{accepts.value: accepts for accepts in Accepts},
}  # fmt: skip

CAUSES: Mapping[str, RoadCause] = {
    "冠水": RoadCause.FLOODED, "浸水": RoadCause.FLOODED, "陥没": RoadCause.COLLAPSED, "崩落": RoadCause.COLLAPSED,
    "土砂崩れ": RoadCause.LANDSLIDE, "土砂流出": RoadCause.LANDSLIDE, "倒木": RoadCause.DEBRIS,
    "がれき": RoadCause.DEBRIS, "落橋": RoadCause.BRIDGE_DAMAGED, "橋梁損傷": RoadCause.BRIDGE_DAMAGED,
    "火災": RoadCause.FIRE, "規制線": RoadCause.CRIME_SCENE, "工事": RoadCause.WORKS, "その他": RoadCause.OTHER,
    **{cause.value: cause for cause in RoadCause},
}  # fmt: skip
ROAD_LIFTED: Mapping[str, bool] = {
    "通行止め": False, "通行止": False, "全面通行止め": False, "通行不可": False, "closed": False,
    "解除": True, "通行可": True, "open": True,
}  # fmt: skip
CONFIDENCES: Mapping[str, Confidence] = {
    "未確認": Confidence.REPORTED, "通報": Confidence.REPORTED, "確認済": Confidence.CONFIRMED,
    "確認済み": Confidence.CONFIRMED, "確認": Confidence.CONFIRMED,
    "reported": Confidence.REPORTED, "confirmed": Confidence.CONFIRMED,
}  # fmt: skip
INCIDENTS: Mapping[str, IncidentKind] = {
    "被害": IncidentKind.DAMAGE, "人的被害": IncidentKind.DAMAGE, "住家被害": IncidentKind.DAMAGE,
    "建物被害": IncidentKind.DAMAGE, "ライフライン": IncidentKind.LIFELINE, "停電": IncidentKind.LIFELINE,
    "断水": IncidentKind.LIFELINE, "ガス": IncidentKind.LIFELINE, "通信": IncidentKind.LIFELINE,
    "孤立": IncidentKind.ISOLATED, "孤立集落": IncidentKind.ISOLATED, "火災": IncidentKind.FIRE,
    "浸水": IncidentKind.FLOODING, "物資要請": IncidentKind.NEED, "その他": IncidentKind.OTHER,
    **{kind.value: kind for kind in IncidentKind},
}  # fmt: skip

_T = TypeVar("_T")


def look_up(table: Mapping[str, _T], word: str) -> _T | None:
    """Return what *word* is, None where it is not listed. Full-width letters and spaces are the same word."""
    known = table.get(word)
    return known if known is not None else table.get("".join(unicodedata.normalize("NFKC", word).split()))
