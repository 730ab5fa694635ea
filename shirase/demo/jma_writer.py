"""Write telegrams in the form of the JMA's disaster information XML: Control, Head, Body.

Only what the demo needs, and only with names labelled 架空 where a real name would mislead. The
structure follows the published schema and the order of elements of the agency's own telegrams, so
that the demo exercises the readers that real telegrams go through.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from xml.sax.saxutils import escape, quoteattr

from shirase.demo.rivers import Gauge, River
from shirase.demo.wards import BY_CODE, PREFECTURE, REGION, WARDS, Ward

JST = timezone(timedelta(hours=9))
_ROOT = "http://xml.kishou.go.jp/jmaxml1/"
_CODED_CITIES = "気象・地震・火山情報／市町村等"
_CODED_REGIONS = "気象情報／府県予報区・細分区域等"
_LABEL = "この電文は架空の都市のためにつくられたもので、実際の状況を示しません。"


@dataclass(frozen=True, slots=True)
class Header:
    """Control and Head of a telegram. `at` becomes both the time of the telegram and of the report."""

    title: str
    head_title: str
    info_kind: str
    version: str
    at: datetime
    headline: str
    status: str = "通常"
    info_type: str = "発表"
    event_id: str = ""
    serial: str = ""
    office: str = "気象庁本庁"


@dataclass(frozen=True, slots=True)
class WardKind:
    """A warning in a ward: its JMA code and name, and what became of it in this telegram."""

    code: str
    name: str
    status: str = "発表"  # 発表 | 継続 | 解除
    condition: str = ""
    last_code: str = ""
    last_name: str = ""


def warnings(header: Header, kinds: Mapping[str, Sequence[WardKind]]) -> bytes:
    """Write a VPWW telegram (either generation): *kinds* by ward code; other wards have none."""
    sections = (
        ("府県予報区等", _CODED_REGIONS, [(PREFECTURE, _merged(kinds.values()))]),
        ("一次細分区域等", _CODED_REGIONS, [(REGION, _merged(kinds.values()))]),
        ("市町村等をまとめた地域等", _CODED_REGIONS, _by_group(kinds)),
        ("市町村等", _CODED_CITIES, [((w.code, w.name), tuple(kinds.get(w.code, ()))) for w in WARDS]),
    )
    information, body = "", ""
    for section, coded, areas in sections:
        name = f"気象警報・注意報（{section}）"
        information += _tag(
            "Information",
            *(
                _tag("Item", *map(_headline_kind, kept), _tag("Areas", _area(*area), codeType=coded))
                for area, kept in areas
                if kept
            ),
            type=name,
        )
        body += _tag("Warning", *(_body_item(area, kept) for area, kept in areas), type=name)
    return _report(header, information, body)


def landslide(header: Header, wards: Mapping[str, str]) -> bytes:
    """Write a VXWW50 telegram: *wards* maps a ward code to 発表, 継続 or 解除."""
    groups = ""
    for status in ("発表", "継続", "解除"):
        inside = [BY_CODE[code] for code, said in wards.items() if said == status]
        if inside:
            name, code = _landslide_kind(status)
            groups += _tag(
                "Item",
                _tag("Kind", _leaf("Name", name), _leaf("Code", code), _leaf("Condition", status)),
                _tag("Areas", *(_area(ward.code, ward.name) for ward in inside), codeType=_CODED_CITIES),
            )
    items = ""
    for ward in WARDS:
        name, code = _landslide_kind(wards.get(ward.code, "なし"))
        kind = _tag("Kind", _leaf("Name", name), _leaf("Code", code), _leaf("Status", wards.get(ward.code, "なし")))
        items += _tag("Item", kind, _area(ward.code, ward.name))
    body = _tag("TargetArea", _leaf("Name", PREFECTURE[1]), _leaf("Code", PREFECTURE[0]))
    body += _leaf("Notice", _LABEL) + _tag("Warning", items, type="土砂災害警戒情報")
    return _report(header, _tag("Information", groups, type="土砂災害警戒情報"), body)


# So far ahead the made-up agency forecasts.
_HOURS_AHEAD = 3


@dataclass(frozen=True, slots=True)
class RiverSay:
    """A river forecast: kind (氾濫警戒情報 …), its JMA code, what it means, levels now, wards below."""

    kind: str
    code: str
    condition: str
    main_text: str
    stage_m: tuple[float, ...]  # one for each gauge of the river
    level: int
    wards: tuple[str, ...]
    rise_m: float = 0.0  # in each of the next three hours, as forecast


def river_forecast(header: Header, river: River, say: RiverSay) -> bytes:
    """Write a VXKO telegram (指定河川洪水予報) for a made-up *river*."""
    kind = _tag("Kind", _leaf("Name", say.kind), _leaf("Code", say.code), _leaf("Condition", say.condition))
    information = "".join(
        _tag("Information", _tag("Item", kind, _tag("Areas", _area(code, name), codeType=coded)), type=section)
        for section, coded, code, name in (
            ("指定河川洪水予報（予報区域）", "指定河川洪水予報（予報区域）", river.code, river.name),
            ("指定河川洪水予報（河川）", "河川", river.code[:10], river.name),
            ("指定河川洪水予報（府県予報区等）", _CODED_REGIONS, *PREFECTURE),
        )
    )
    items = "".join(
        _tag(
            "Item",
            _tag("Kind", _tag("Property", _leaf("Type", "主文"), _leaf("Text", say.main_text))),
            _tag("Areas", _area(river.code[:10], river.name), codeType="河川"),
            _tag("Stations", _station(gauge)),
        )
        for gauge in river.gauges[:1]
    )
    items += _tag(
        "Item",
        _tag(
            "Kind",
            _leaf("Name", "浸水想定地区"),
            _leaf("Code", "1"),
            _leaf("Status", "対象地域"),
            _tag("Property", _leaf("Type", "浸水想定地区"), _leaf("Text", "氾濫による浸水が想定される地区")),
        ),
        _tag("Areas", *(_flooded(river.gauges[0], BY_CODE[code]) for code in say.wards)),
    )
    body = _leaf("Notice", _LABEL) + _tag("Warning", items, type="指定河川洪水予報")
    body += _tag("MeteorologicalInfos", _stages(header.at, river, say), type="水位・流量情報")
    body += _tag("AdditionalInfo", _tag("FloodForecastAddition", *(_criteria(gauge) for gauge in river.gauges)))
    return _report(header, information, body)


def quake_early_warning(header: Header) -> bytes:
    """Write a VXSE43 telegram: strong shaking expected in the 23 wards, from a made-up hypocentre."""
    name, code = "緊急地震速報（警報）", "31"
    kind = _tag("Kind", _leaf("Name", name), _leaf("Code", code))
    none = _tag("LastKind", _leaf("Name", "なし"), _leaf("Code", "00"))
    information = "".join(
        _tag(
            "Information",
            _tag("Item", kind, none, _tag("Areas", _area(area, area_name), codeType=coded)),
            type=f"緊急地震速報（{section}）",
        )
        for section, coded, area, area_name in (
            ("地方予報区", "緊急地震速報／地方予報区", "9936", "関東"),
            ("府県予報区", "緊急地震速報／府県予報区", "9131", "東京"),
            ("細分区域", "地震情報／細分区域", "350", "東京都２３区"),
        )
    )
    felt = _tag("ForecastInt", _leaf("From", "5-"), _leaf("To", "5-"))
    body = _tag(
        "Earthquake",
        _leaf("OriginTime", _local(header.at - timedelta(seconds=12))),
        _leaf("ArrivalTime", _local(header.at - timedelta(seconds=6))),
        _tag(
            "Hypocenter",
            _tag(
                "Area",
                _leaf("Name", "架空湾"),
                _leaf("Code", "999", type="震央地名"),
                _leaf("jmx_eb:Coordinate", "+35.5+139.9-50000/", description="架空の震源"),
            ),
        ),
        _leaf("jmx_eb:Magnitude", "6.1", type="Mj", description="Ｍ６．１"),
    ) + _tag(
        "Intensity",
        _tag(
            "Forecast",
            felt,
            _tag(
                "Pref",
                _leaf("Name", "東京"),
                _leaf("Code", "9131"),
                _tag(
                    "Area",
                    _leaf("Name", "東京都２３区"),
                    _leaf("Code", "350"),
                    _tag("Category", _tag("Kind", _leaf("Name", name), _leaf("Code", "10"))),
                    felt,
                ),
            ),
        ),
    )
    return _report(header, information, body, body_kind="seismology1")


# ── the parts ─────────────────────────────────────────────────────────────────────────────────────


def _report(header: Header, information: str, body: str, body_kind: str = "meteorology1") -> bytes:
    control = _tag(
        "Control",
        _leaf("Title", header.title),
        _leaf("DateTime", header.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")),
        _leaf("Status", header.status),
        _leaf("EditorialOffice", header.office),
        _leaf("PublishingOffice", header.office),
    )
    head = _tag(
        "Head",
        _leaf("Title", header.head_title),
        _leaf("ReportDateTime", _local(header.at)),
        _leaf("TargetDateTime", _local(header.at)),
        _leaf("EventID", header.event_id),
        _leaf("InfoType", header.info_type),
        _leaf("Serial", header.serial),
        _leaf("InfoKind", header.info_kind),
        _leaf("InfoKindVersion", header.version),
        _tag("Headline", _leaf("Text", header.headline), information),
        xmlns=_ROOT + "informationBasis1/",
    )
    names = {"xmlns": f"{_ROOT}body/{body_kind}/", "xmlns:jmx_eb": _ROOT + "elementBasis1/"}
    report = _tag("Report", control, head, _tag("Body", body, **names), xmlns=_ROOT)
    return ('<?xml version="1.0" encoding="UTF-8"?>\n' + report + "\n").encode()


def _by_group(kinds: Mapping[str, Sequence[WardKind]]) -> list[tuple[tuple[str, str], tuple[WardKind, ...]]]:
    groups: dict[tuple[str, str], list[Sequence[WardKind]]] = {ward.group: [] for ward in WARDS}
    for code, said in kinds.items():
        groups[BY_CODE[code].group].append(said)
    return [(group, _merged(said)) for group, said in groups.items()]


def _merged(of_wards: Iterable[Sequence[WardKind]]) -> tuple[WardKind, ...]:
    """Return what a larger area carries: each kind once, in force if it is in force in any ward."""
    merged: dict[str, WardKind] = {}
    for said in of_wards:
        for kind in said:
            if kind.code not in merged or merged[kind.code].status == "解除":
                merged[kind.code] = kind
    return tuple(merged.values())


def _headline_kind(kind: WardKind) -> str:
    if kind.status == "解除":
        return _tag("Kind", _leaf("Name", "解除"), _leaf("Code", "00"))
    condition = _leaf("Condition", kind.condition) if kind.condition else ""
    return _tag("Kind", _leaf("Name", kind.name), _leaf("Code", kind.code), condition)


def _body_item(area: tuple[str, str], kinds: Sequence[WardKind]) -> str:
    if not kinds:
        return _tag("Item", _tag("Kind", _leaf("Status", "発表警報・注意報はなし")), _area(*area))
    changed = "変化無" if all(kind.status == "継続" for kind in kinds) else "警報・注意報種別に変化有"
    return _tag("Item", *map(_body_kind, kinds), _area(*area), _leaf("ChangeStatus", changed))


def _body_kind(kind: WardKind) -> str:
    parts = [_leaf("Name", kind.name), _leaf("Code", kind.code), _leaf("Status", kind.status)]
    if kind.condition and kind.status != "解除":
        parts.append(_leaf("Condition", kind.condition))
    if kind.last_code:
        parts.append(_tag("LastKind", _leaf("Name", kind.last_name), _leaf("Code", kind.last_code)))
    return _tag("Kind", *parts)


def _landslide_kind(status: str) -> tuple[str, str]:
    """Return (name, code): 3 警戒 while it holds, 1 解除 when it ends, 0 where there was none."""
    return {"なし": ("なし", "0"), "解除": ("解除", "1")}.get(status, ("警戒", "3"))


def _stages(at: datetime, river: River, say: RiverSay) -> str:
    hours = range(_HOURS_AHEAD + 1)
    defines = "".join(
        _tag(
            "TimeDefine",
            _leaf("DateTime", _local(at + timedelta(hours=hour))),
            _leaf("Name", f"{hour}時間後" if hour else "現況"),
            timeId=str(hour + 1),
        )
        for hour in hours
    )
    items = ""
    for gauge, stage_m in zip(river.gauges, say.stage_m, strict=True):
        water = ""
        for hour in hours:
            ahead = stage_m + hour * say.rise_m
            trend = "上昇" if hour == 0 and say.rise_m >= 0 else "下降" if hour == 0 else "正常"
            water += _leaf(
                "jmx_eb:WaterLevel", f"{ahead:.2f}", type="水位", unit="m", refID=str(hour + 1), condition=trend
            )
            # The agency gives the reach's level now and the station's own later.
            level = say.level if hour == 0 else _level_at(gauge, ahead)
            water += _leaf("jmx_eb:WaterLevel", str(level), type="レベル", refID=str(hour + 1))
        kind = _tag(
            "Kind", _leaf("Name", "水位"), _tag("Property", _leaf("Type", "水位"), _tag("WaterLevelPart", water))
        )
        items += _tag("Item", kind, _station(gauge))
    return _tag("TimeSeriesInfo", _tag("TimeDefines", defines), items)


def _level_at(gauge: Gauge, stage_m: float) -> int:
    return 1 + sum(stage_m >= height for height in (gauge.attention_m, gauge.judgement_m, gauge.danger_m))


def _criteria(gauge: Gauge) -> str:
    area = _tag("Area", _leaf("Name", f"{gauge.name}水位観測所"), _leaf("Code", gauge.code), codeType="水位観測所")
    named = (("レベル２氾濫注意水位", gauge.attention_m), ("レベル３避難判断水位", gauge.judgement_m),
             ("レベル４氾濫危険水位", gauge.danger_m))  # fmt: skip
    heights = "".join(
        _leaf("jmx_eb:WaterLevel", f"{height:.2f}", type=name, unit="m", condition="有効") for name, height in named
    )
    return _tag("HydrometricStationPart", area, _tag("Criteria", heights))


def _station(gauge: Gauge) -> str:
    code = _leaf("Code", gauge.code, type="水位観測所")
    return _tag(
        "Station", _leaf("Name", f"{gauge.name}水位観測所"), code, _leaf("Location", BY_CODE[gauge.ward_code].name)
    )


def _flooded(gauge: Gauge, ward: Ward) -> str:
    return _tag(
        "Area",
        _leaf("Name", f"{gauge.name}水位観測所"),
        _leaf("Code", gauge.code),
        _leaf("Prefecture", PREFECTURE[1]),
        _leaf("PrefectureCode", PREFECTURE[0]),
        _leaf("City", ward.name),
        _leaf("CityCode", ward.code),
        _leaf("SubCityList", "-"),
        codeType="水位観測所",
    )


def _area(code: str, name: str) -> str:
    return _tag("Area", _leaf("Name", name), _leaf("Code", code))


def _local(at: datetime) -> str:
    return at.astimezone(JST).strftime("%Y-%m-%dT%H:%M:%S+09:00")


def _leaf(name: str, text: str, **attributes: str) -> str:
    return _tag(name, escape(text), **attributes)


def _tag(name: str, *content: str, **attributes: str) -> str:
    written = "".join(f" {key}={quoteattr(value)}" for key, value in attributes.items())
    inside = "".join(content)
    return f"<{name}{written}>{inside}</{name}>" if inside else f"<{name}{written}/>"
