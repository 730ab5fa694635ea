"""The stations of a river telegram: observed stage, the agency's own forecast, and the thresholds.

A station without a stage now (欠測, 閉局) or with stages in flow alone is left out: a picture without water
would be read as no water. What the forecast does not compute (未計算) is a gap, never a zero.
"""

import math
from collections import defaultdict
from datetime import datetime

from alerts.gauge import Thresholds
from alerts.river_stage import RiverStage, Stage, Trend
from feeds.jma.tree import child, children, descendants, text
from feeds.xml import Element

_STAGE, _LEVEL = "水位", "レベル"
# Code and name of a station: the published examples give one code to all of theirs.
_Named = tuple[str, str]
_TRENDS = {"上昇": Trend.RISING, "横ばい": Trend.STEADY, "変化なし": Trend.STEADY, "下降": Trend.FALLING}
_COMPUTED_LEVELS = frozenset("012345")
# From 2022 the names of the criteria begin with their level; 計画高水位 is a second one of level 4.
_CRITERIA = {
    "水防団待機水位": "standby",
    "氾濫注意水位": "caution",
    "避難判断水位": "evacuation",
    "氾濫危険水位": "danger",
}


def stages_of(body: Element | None) -> tuple[RiverStage, ...]:
    """Return the stations that have a stage now, in the order of the telegram."""
    thresholds, places = _thresholds(body), _places(body)
    found = []
    for infos in descendants(body, "MeteorologicalInfos"):
        if infos.get("type") != "水位・流量情報":
            continue
        for series in children(infos, "TimeSeriesInfo"):
            times = _times(series)
            for item in children(series, "Item"):
                station = child(item, "Station")
                code, name = text(station, "Code"), text(station, "Name")
                stages, trend = _stages(item, times)
                if not code or not stages:
                    continue
                found.append(
                    RiverStage(
                        station=code,
                        name=name,
                        river=_river(body, (code, name)),
                        now=stages[0],
                        trend=trend,
                        forecast=tuple(stages[1:]),
                        thresholds=thresholds.get((code, name), Thresholds()),
                        places=places.get((code, name), ()),
                    )
                )
    return tuple(found)


def _times(series: Element) -> dict[str, datetime]:
    found = {}
    for define in descendants(series, "TimeDefine"):
        try:
            at = datetime.fromisoformat(text(define, "DateTime"))
        except ValueError:
            continue
        if at.tzinfo is not None:
            found[define.get("timeId", "")] = at
    return found


def _stages(item: Element, times: dict[str, datetime]) -> tuple[list[Stage], Trend | None]:
    """Return now and what follows, in order of time; nothing where now is not known."""
    heights: dict[str, float] = {}
    levels: dict[str, int] = {}
    trend = None
    for part in descendants(item, "WaterLevel"):
        at, written = part.get("refID", ""), (part.text or "").strip()
        if part.get("type") == _LEVEL and written in _COMPUTED_LEVELS:
            levels[at] = int(written)
        elif part.get("type") == _STAGE and part.get("unit") == "m" and (height := _metres(written)) is not None:
            heights[at] = height
            trend = _TRENDS.get(part.get("condition", "")) if trend is None else trend
    ordered = sorted((at, ref) for ref, at in times.items())
    if not ordered or ordered[0][1] not in heights:
        return [], None
    return [Stage(at, heights[ref], levels.get(ref)) for at, ref in ordered if ref in heights], trend


def _metres(written: str) -> float | None:
    try:
        found = float(written)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def _thresholds(body: Element | None) -> dict[_Named, Thresholds]:
    found = {}
    for part in descendants(body, "HydrometricStationPart"):
        named: dict[str, float] = {}
        for level in descendants(child(part, "Criteria"), "WaterLevel"):
            height = _metres((level.text or "").strip())
            for name, kind in _CRITERIA.items():
                if level.get("type", "").endswith(name) and level.get("condition") == "有効" and height is not None:
                    named[kind] = height
        found[_named(child(part, "Area"))] = Thresholds(
            standby_m=named.get("standby"),
            caution_m=named.get("caution"),
            evacuation_m=named.get("evacuation"),
            danger_m=named.get("danger"),
        )
    return found


def _places(body: Element | None) -> dict[_Named, tuple[str, ...]]:
    """Return which municipalities each station stands for (浸水想定地区)."""
    found: dict[_Named, dict[str, None]] = defaultdict(dict)
    for area in descendants(body, "Area"):
        city = text(area, "CityCode")
        if city and area.get("codeType") == "水位観測所":
            found[_named(area)][city] = None
    return {station: tuple(cities) for station, cities in found.items()}


def _named(element: Element | None) -> _Named:
    return text(element, "Code"), text(element, "Name")


def _river(body: Element | None, station: _Named) -> str:
    """Return the river that the telegram's main text names for *station*, else that of its first item."""
    first = ""
    for item in descendants(body, "Item"):
        river = next((text(area, "Name") for areas in children(item, "Areas") if areas.get("codeType") == "河川"
                      for area in children(areas, "Area")), "")  # fmt: skip
        if not river:
            continue
        first = first or river
        if station in map(_named, descendants(item, "Station")):
            return river
    return first
