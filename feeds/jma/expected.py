"""What warnings say of the hours to come, in each of the four forms that they have for it.

* 量的予想時系列 (VPWW54, and VPWP50 since 2026): a grade for each three hours, municipality by municipality;
* 警戒期間 (VPWW50/53): from one part of a day until another, in words;
* 切り替え (NextKind): the kind that the warning is going to become, and by when;
* 基準期間 (CriteriaPeriod of VPWW55-61): the hours in which a level is expected.

Below level 3, or 警報級, nothing is kept. Direction of safety: what cannot be read is left out here, since the
warning itself is told all the same; two forms that disagree are both kept.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from alerts.alert import GEOCODE_CLASS20, Area
from alerts.cap import Severity
from alerts.expected import Expected
from alerts.hazard import HazardKind
from alerts.level import Level
from feeds.errors import JmaError
from feeds.jma.codes import LEVELLED, WarningKind, warning_kinds
from feeds.jma.envelope import Envelope
from feeds.jma.terms import period_of
from feeds.jma.tree import child, children, descendants, text
from feeds.jma.warnings import finest_section, place_of
from feeds.moment import moment
from feeds.xml import Element

_SERIES = "量的予想時系列（市町村等）"
FROM_GRADE = Level.ELDERLY_LEAVE
# 危険度と対応するコード, both generations. What is below 警報級 (00, 01, 10, 11, 20, 21, 22) is left out.
_GRADES = {
    "30": Level.ELDERLY_LEAVE,
    "31": Level.ELDERLY_LEAVE,
    "41": Level.ALL_LEAVE,
    "50": Level.SECURE_LIFE,
    "51": Level.SECURE_LIFE,
}
# The element's name without 「危険度」, in the words of series and of periods.
_HAZARDS = {
    "土砂災害": (HazardKind.LANDSLIDE, "土砂災害"),
    "浸水": (HazardKind.HEAVY_RAIN, "大雨による浸水"),
    "浸水害": (HazardKind.HEAVY_RAIN, "大雨による浸水"),
    "大雨浸水": (HazardKind.HEAVY_RAIN, "大雨による浸水"),
    "洪水": (HazardKind.FLOOD, "洪水"),
    "洪水害": (HazardKind.FLOOD, "洪水"),
    "風": (HazardKind.STORM, "暴風"),
    "風雪": (HazardKind.SNOWSTORM, "暴風雪"),
    "波": (HazardKind.WAVE, "高波"),
    "高潮": (HazardKind.STORM_SURGE, "高潮"),
    "雪": (HazardKind.HEAVY_SNOW, "大雪"),
}
_WORDS = dict(_HAZARDS.values())
# 「１６日明け方までに」: the parts of the day that forecasts are cut into.
_PART_OF_DAY = timedelta(hours=3)
_DURATION = re.compile(r"^P(?:(\d{1,3})D)?(?:T(?:(\d{1,3})H)?(?:(\d{1,4})M)?)?$")

Window = tuple[datetime, datetime, Level]
_Found = dict[tuple[HazardKind, str, Area], list[Window]]


def expected_of(body: Element | None, envelope: Envelope) -> tuple[Expected, ...]:
    """Return what *body* expects, the same hours of the same danger together, in the order of their begin."""
    found: _Found = {}
    for type_name, area, window in (*_series(body, envelope), *_periods(body, envelope)):
        hazard = _HAZARDS.get(type_name.removesuffix("危険度"))
        if hazard is not None and window[2] >= FROM_GRADE:
            found.setdefault((*hazard, area), []).append(window)
    for next_hazard, area, window in _upgrades(body, envelope):
        if next_hazard in _WORDS:
            found.setdefault((next_hazard, _WORDS[next_hazard], area), []).append(window)
    together: dict[tuple[HazardKind, str, Window], list[Area]] = {}
    for (kind_of_hazard, event, area), windows in found.items():
        for window in joined(windows):
            together.setdefault((kind_of_hazard, event, window), []).append(area)
    made = [expected(*key, tuple(areas)) for key, areas in together.items()]
    return tuple(sorted(made, key=lambda one: (one.begins, one.hazard, one.grade)))


def expected(hazard: HazardKind, event: str, window: Window, areas: tuple[Area, ...]) -> Expected:
    """Return one expectation; a level is stated only for the hazards that have one."""
    begins, ends, grade = window
    return Expected(
        hazard=hazard,
        event=event,
        level=grade if hazard in LEVELLED else None,
        grade=grade,
        begins=begins,
        ends=ends,
        areas=areas,
        severity=Severity.EXTREME if grade is Level.SECURE_LIFE else Severity.SEVERE,
    )


def joined(windows: Iterable[Window]) -> tuple[Window, ...]:
    """Return *windows* with those of one grade that touch made one: a night is not cut at 21:00.

    Other grades stay apart: what was level 5 by noon and is level 3 after dark is level 3 for the night.
    """
    whole: list[Window] = []
    for begins, ends, grade in sorted(windows, key=lambda window: (window[2], window)):
        if whole and grade is whole[-1][2] and begins <= whole[-1][1]:
            whole[-1] = (whole[-1][0], max(whole[-1][1], ends), grade)
        else:
            whole.append((begins, ends, grade))
    return tuple(whole)


def onset_of(
    hazard: HazardKind, areas: tuple[Area, ...], later: tuple[Expected, ...], sent: datetime
) -> datetime | None:
    """Return when a danger that *areas* are warned of begins there: the earliest hour of any of them.

    None where it holds already, and where for one of the areas no hour is given: then it counts as now.
    """
    begins: dict[Area, datetime] = {}
    for one in later:
        if one.hazard is hazard:
            for area in one.areas:
                begins[area] = min(one.begins, begins.get(area, one.begins))
    if not areas or not all(area in begins for area in areas):
        return None
    earliest = min(begins[area] for area in areas)
    return earliest if earliest > sent else None


def _series(body: Element | None, envelope: Envelope) -> Iterator[tuple[str, Area, Window]]:
    for series in _series_of_municipalities(body):
        slots = _slots(child(series, "TimeDefines"))
        for item in children(series, "Item"):
            areas = _areas(item, envelope)
            for property_ in _properties(item):
                for part in children(property_, "SignificancyPart"):
                    for mark in descendants(part, "Significancy"):
                        slot, grade = slots.get(mark.get("refID", "")), _GRADES.get(text(mark, "Code"))
                        if slot is None or grade is None:
                            continue
                        for area in areas:
                            yield mark.get("type", "") or text(property_, "Type"), area, (*slot, grade)


def _series_of_municipalities(body: Element | None) -> Iterator[Element]:
    for infos in children(body, "MeteorologicalInfos"):
        if infos.get("type") == _SERIES:
            yield from children(infos, "TimeSeriesInfo")


def _slots(defines: Element | None) -> dict[str, tuple[datetime, datetime]]:
    found = {}
    for define in children(defines, "TimeDefine"):
        begins, length = moment(text(define, "DateTime")), duration(text(define, "Duration"))
        if begins is not None and length is not None:
            found[define.get("timeId", "")] = (begins, begins + length)
    return found


def _periods(body: Element | None, envelope: Envelope) -> Iterator[tuple[str, Area, Window]]:
    """Return 警戒期間 and 基準期間 of the finest section; a telegram without one has none."""
    for item in _items(body):
        areas = _areas(item, envelope)
        for kind in children(item, "Kind"):
            held = max((one.level or FROM_GRADE for one in _ranked(kind)), default=FROM_GRADE)
            for property_ in children(kind, "Property"):
                name = text(property_, "Type")
                windows = [
                    (*period, max(held, FROM_GRADE))
                    for found in descendants(property_, "WarningPeriod")
                    if (period := period_of(found, envelope.reported_at)) is not None
                ]
                windows += [w for criteria in children(property_, "CriteriaPeriod") for w in _criteria(criteria)]
                for window in windows:
                    for area in areas:
                        yield name, area, window


def _criteria(criteria: Element) -> Iterator[Window]:
    for part in (criteria, *descendants(criteria, "Base", "Temporary", "Becoming", "Local")):
        grade, begins = _GRADES.get(text(part, "CriteriaClass/Code")), moment(text(part, "Time"))
        if grade is not None and begins is not None:
            # Without a length it is the hour that is named.
            yield begins, begins + (duration(text(part, "Duration")) or timedelta(hours=1)), grade


def _upgrades(body: Element | None, envelope: Envelope) -> Iterator[tuple[HazardKind, Area, Window]]:
    """Return the kinds that warnings are going to become; the hour is the one by which they will have."""
    for item in _items(body):
        areas = _areas(item, envelope)
        for kind in descendants(item, "NextKind"):
            begins = moment(text(kind, "DateTime"))
            for warning in _ranked(kind):
                grade = _grade_of(warning.severity, warning.level)
                if begins is not None and grade is not None:
                    for area in areas:
                        yield warning.hazard, area, (begins, begins + _PART_OF_DAY, grade)


def _grade_of(severity: Severity, level: Level | None) -> Level | None:
    if level is not None:
        return level if level >= FROM_GRADE else None
    return {Severity.SEVERE: Level.ELDERLY_LEAVE, Severity.EXTREME: Level.SECURE_LIFE}.get(severity)


def _ranked(kind: Element) -> tuple[WarningKind, ...]:
    return warning_kinds(text(kind, "Code"), text(kind, "Name"), text(kind, "Condition"))


def _items(body: Element | None) -> list[Element]:
    try:
        section, value_name = finest_section(body)
    except JmaError:
        return []
    return children(section, "Item") if value_name == GEOCODE_CLASS20 else []


def _areas(item: Element, envelope: Envelope) -> tuple[Area, ...]:
    found = list(descendants(child(item, "Areas"), "Area")) or children(item, "Area")
    return tuple(place_of(area, GEOCODE_CLASS20, envelope) for area in found if text(area, "Code"))


def _properties(item: Element) -> Iterator[Element]:
    for kind in children(item, "Kind"):
        yield from children(kind, "Property")


def duration(written: str) -> timedelta | None:
    """Return the length that *written* names (``PT3H``, ``P1D``), None where it names none."""
    found = _DURATION.match(written)
    if found is None or not any(found.groups()):
        return None
    days, hours, minutes = (int(part or 0) for part in found.groups())
    return timedelta(days=days, hours=hours, minutes=minutes)
