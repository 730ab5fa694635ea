"""A station that crossed a level, as a CAP alert: a draft with area, text and clock, and never an order to leave.

Everything in it follows from the reading and the station, so that a reading that is handled twice gives the
same bytes and ends as a duplicate. The area is the ground that the river endangers (`geo.river_zone`), not the
municipality; where the tie is assumed the document says so.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo

from alerts.alert import PARAMETER_DECIDE_BY, Alert, AlertInfo, Area, Geocode, Reference
from alerts.cap import Category, Certainty, MsgType, ResponseType, Severity, Status, Urgency
from alerts.gauge import GaugeStation
from alerts.hazard import HazardKind
from alerts.level import Level
from alerts.place import Circle
from geo.gauges.doubt import Stage
from geo.gauges.forecast import Forecast
from geo.gauges.level import level_at, threshold_m
from geo.outline import rings_of
from geo.river_zone import ASSUMED_AROUND_KM, Endangered, RiverTie

# From 氾濫注意水位 on somebody has something to decide; below it a crisis gauge has merely woken up.
FIRST_TOLD = Level.CHECK_ACTION
# The official river forecast's own life; restated while it holds, since an end of a push is no end of a danger.
VALID_FOR = timedelta(hours=12)
RESTATE_AFTER = timedelta(hours=6)
# A reading that reaches us later is history: it changes the state and opens no draft.
TOO_LATE = timedelta(hours=3)
# How long an officer has (R6): five minutes at level 4 and above.
DECIDE_WITHIN = {
    Level.CHECK_ACTION: timedelta(minutes=30),
    Level.ELDERLY_LEAVE: timedelta(minutes=15),
    Level.ALL_LEAVE: timedelta(minutes=5),
    Level.SECURE_LIFE: timedelta(minutes=5),
}
PARAMETER_TIE = "shirase.river-tie"

_NAMES = {
    Level.CHECK_ACTION: "氾濫注意水位",
    Level.ELDERLY_LEAVE: "避難判断水位",
    Level.ALL_LEAVE: "氾濫危険水位",
    Level.SECURE_LIFE: "氾濫開始水位",
}
_SCALES = {
    Level.CHECK_ACTION: (Urgency.EXPECTED, Severity.MODERATE),
    Level.ELDERLY_LEAVE: (Urgency.EXPECTED, Severity.SEVERE),
    Level.ALL_LEAVE: (Urgency.IMMEDIATE, Severity.SEVERE),
    Level.SECURE_LIFE: (Urgency.IMMEDIATE, Severity.EXTREME),
}
# Said to be no order in every text: only a municipality orders people to leave.
_ACTIONS = {
    Level.CHECK_ACTION: "川に近づかないでください。避難先と道を確かめてください。",
    Level.ELDERLY_LEAVE: "川から離れてください。避難に時間のかかる人は、市区町村の情報を確かめ、早めに備えてください。",
    Level.ALL_LEAVE: "川から離れてください。市区町村の避難情報を確かめ、危険を感じたら待たずに高い所へ。",
    Level.SECURE_LIFE: "川から離れ、いまいる建物の高い階へ。市区町村の避難情報を確かめてください。",
}
_NO_ORDER = "（水位の観測によるもので、避難の指示ではありません）"


@dataclass(frozen=True, slots=True)
class Told:
    """What was last written about a station: what the next message refers to."""

    identifier: str
    sent: str
    level: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Written:
    """A message about a station, and what the next one will refer to. `told` is None where the thread ended."""

    alert: Alert
    told: Told | None


def crossing(
    station: GaugeStation,
    level: int,
    stage: Stage,
    received: datetime,
    told: Told | None,
    endangered: Endangered,
    zone: tzinfo,
) -> Written | None:
    """Return the message that *level* at *stage* makes necessary, None where nothing is to be said.

    A rise and a fall are said; the same level is said again after RESTATE_AFTER. A fall below the first level
    that is told ends the thread with an all-clear, which is a draft like everything else from a gauge.
    """
    if received - stage.at > TOO_LATE:
        return None
    if level < FIRST_TOLD:
        return None if told is None else _ended(station, stage, told, endangered, zone)
    if told is not None and told.level == level and stage.at - told.at < RESTATE_AFTER:
        return None
    reached = Level(level)
    urgency, severity = _SCALES[reached]
    decide_by = stage.at + DECIDE_WITHIN[reached]
    begins = threshold_m(station.thresholds, level)
    info = AlertInfo(
        event=f"{_NAMES[reached]}到達",
        hazard=HazardKind.FLOOD,
        urgency=urgency,
        severity=severity,
        certainty=Certainty.OBSERVED,
        categories=(Category.MET,),
        level=reached,
        response_types=(ResponseType.MONITOR if reached is FIRST_TOLD else ResponseType.PREPARE,),
        effective=stage.at,
        expires=stage.at + VALID_FOR,
        sender_name=f"水位計 {station.name}",
        headline=(
            f"{station.name}の水位が{_NAMES[reached]}に達しています。"
            f"{_clock(stage.at, zone)}現在 {stage.value_m:.2f}m{_beside(begins)}"
        ),
        description=f"判断期限 {_clock(decide_by, zone)}。{endangered.reason}",
        instruction=_ACTIONS[reached] + _NO_ORDER,
        parameters=_parameters(decide_by, endangered),
        areas=(_area(station, endangered),),
    )
    return _written(station, stage.at, level, "reached", told, info)


def expected_crossing(
    station: GaugeStation,
    held: int,
    forecasts: tuple[Forecast, ...],
    stage: Stage,
    received: datetime,
    told: Told | None,
    endangered: Endangered,
    zone: tzinfo,
) -> Written | None:
    """Return the message that a level above *held* is forecast, for coordinators only (R23); None for none.

    The first horizon that crosses counts; its moment is the clock. Said once until the level that was said
    has come or six hours are over.
    """
    if received - stage.at > TOO_LATE:
        return None
    reaching = next((one for one in forecasts if level_at(one.stage_m, station.thresholds) > max(held, 1)), None)
    if reaching is None:
        return None
    level = level_at(reaching.stage_m, station.thresholds)
    if told is not None and told.level >= level and stage.at - told.at < RESTATE_AFTER:
        return None
    reached = Level(level)
    info = AlertInfo(
        event=f"{_NAMES[reached]}到達の見込み",
        hazard=HazardKind.FLOOD,
        urgency=Urgency.EXPECTED,
        severity=_SCALES[reached][1],
        certainty=Certainty.POSSIBLE,
        categories=(Category.MET,),
        level=reached,
        response_types=(ResponseType.ASSESS,),
        effective=stage.at,
        onset=reaching.at,
        expires=stage.at + VALID_FOR,
        sender_name=f"水位予測 {station.name}",
        headline=(
            f"{station.name}の水位が{_clock(reaching.at, zone)}ごろ{_NAMES[reached]}に達する見込み。"
            f"{reaching.stage_m:.2f}m（10回に8回は {reaching.low_m:.2f}〜{reaching.high_m:.2f}m）"
        ),
        description=f"判断期限 {_clock(reaching.at, zone)}。担当者だけに示す予測。{endangered.reason}",
        instruction="現地の水位と公式の洪水予報を確かめてください。" + _NO_ORDER,
        parameters=_parameters(reaching.at, endangered),
        areas=(_area(station, endangered),),
    )
    return _written(station, stage.at, level, "expected", told, info)


def _ended(station: GaugeStation, stage: Stage, told: Told, endangered: Endangered, zone: tzinfo) -> Written:
    info = AlertInfo(
        event="水位低下",
        hazard=HazardKind.FLOOD,
        urgency=Urgency.PAST,
        severity=Severity.MINOR,
        certainty=Certainty.OBSERVED,
        categories=(Category.MET,),
        response_types=(ResponseType.ALL_CLEAR,),
        effective=stage.at,
        expires=stage.at + VALID_FOR,
        sender_name=f"水位計 {station.name}",
        headline=f"{station.name}の水位が下がりました。{_clock(stage.at, zone)}現在 {stage.value_m:.2f}m",
        description=endangered.reason,
        instruction="市区町村の避難情報が解除されるまで戻らないでください。" + _NO_ORDER,
        parameters=(Geocode(PARAMETER_TIE, endangered.tie.value),),
        areas=(_area(station, endangered),),
    )
    return replace(_written(station, stage.at, 0, "reached", told, info), told=None)


def _written(
    station: GaugeStation, at: datetime, level: int, about: str, told: Told | None, info: AlertInfo
) -> Written:
    name = hashlib.sha256(f"{about}|{station.id}".encode()).hexdigest()[:16]
    # CAP has no fractions of a second, and the reference repeats these bytes.
    sent_text = at.replace(microsecond=0).isoformat()
    sent_text = f"{sent_text[:-6]}-00:00" if at.utcoffset() == timedelta(0) else sent_text
    identifier = f"{about}-{name}-{sent_text}-{level}"
    sender = f"{station.id}@{about}.gauge"
    alert = Alert(
        identifier=identifier,
        sender=sender,
        sent=at.replace(microsecond=0),
        sent_text=sent_text,
        status=Status.ACTUAL,
        msg_type=MsgType.ALERT if told is None else MsgType.UPDATE,
        references=() if told is None else (Reference(sender, told.identifier, told.sent),),
        infos=(info,),
    )
    return Written(alert, Told(identifier, sent_text, level, at))


def _area(station: GaugeStation, endangered: Endangered) -> Area:
    place = station.river or station.name
    if endangered.tie is RiverTie.TABLE:
        return Area(f"{place}の浸水想定区域", polygons=rings_of(endangered.cells))
    described = f"{place}周辺（川との対応は仮定）"
    if not endangered.cells:
        return Area(described, circles=(Circle(station.point, ASSUMED_AROUND_KM),))
    return Area(described, polygons=rings_of(endangered.cells))


def _parameters(decide_by: datetime, endangered: Endangered) -> tuple[Geocode, ...]:
    return (
        Geocode(PARAMETER_DECIDE_BY, decide_by.isoformat(timespec="minutes")),
        Geocode(PARAMETER_TIE, endangered.tie.value),
    )


def _clock(at: datetime, zone: tzinfo) -> str:
    local = at.astimezone(zone)
    return f"{local.day}日{local.hour}時{local.minute:02d}分"


def _beside(begins_m: float | None) -> str:
    return "" if begins_m is None else f"（基準 {begins_m:.2f}m）"
