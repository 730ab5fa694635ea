"""Telegrams of forecasts that the JMA's sample set does not hold, built by their published structure."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

HEADER = """<?xml version="1.0" encoding="UTF-8"?>
<Report xmlns="http://xml.kishou.go.jp/jmaxml1/">
<Control><Title>{title}</Title><DateTime>{sent}</DateTime><Status>{status}</Status>
<EditorialOffice>気象庁本庁</EditorialOffice><PublishingOffice>気象庁</PublishingOffice></Control>
<Head xmlns="http://xml.kishou.go.jp/jmaxml1/informationBasis1/"><Title>{head}</Title>
<ReportDateTime>{reported}</ReportDateTime><TargetDateTime>{reported}</TargetDateTime><EventID>{event}</EventID>
<InfoType>{info_type}</InfoType><Serial/><InfoKind>{head}</InfoKind><InfoKindVersion>1.5_0</InfoKindVersion>
<Headline><Text/></Headline></Head>
<Body xmlns="http://xml.kishou.go.jp/jmaxml1/body/meteorology1/"
 xmlns:jmx_eb="http://xml.kishou.go.jp/jmaxml1/elementBasis1/">
"""


def _telegram(title: str, head: str, at: datetime, body: str, status: str, info_type: str, event: str = "") -> bytes:
    sent = (at - timedelta(hours=9)).strftime("%Y-%m-%dT%H:%M:%SZ")
    header = HEADER.format(
        title=title,
        sent=sent,
        status=status,
        head=head,
        reported=at.isoformat(),
        event=event,
        info_type=info_type,
    )
    return f"{header}{body}</Body></Report>".encode()


def time_series(
    at: datetime,
    begins: datetime,
    codes: Mapping[str, Iterable[str]],
    *,
    area: tuple[str, str] = ("江戸川区", "1312300"),
    status: str = "通常",
    info_type: str = "発表",
) -> bytes:
    """Return VPWP50: for each kind of danger a code for each three hours from *begins* on."""
    slots = max(len(tuple(row)) for row in codes.values())
    defines = "".join(
        f'<TimeDefine timeId="{n + 1}"><DateTime>{(begins + timedelta(hours=3 * n)).isoformat()}</DateTime>'
        f"<Duration>PT3H</Duration></TimeDefine>"
        for n in range(slots)
    )
    kinds = "".join(
        f"<Kind><Status>発表</Status><Property><Type>{name}</Type><SignificancyPart><Base>"
        + "".join(
            f'<Significancy refID="{n + 1}" type="{name}"><Name>.</Name><Code>{code}</Code></Significancy>'
            for n, code in enumerate(row)
        )
        + "</Base></SignificancyPart></Property></Kind>"
        for name, row in codes.items()
    )
    body = (
        '<MeteorologicalInfos type="量的予想時系列（市町村等）"><TimeSeriesInfo>'
        f"<TimeDefines>{defines}</TimeDefines><Item>{kinds}"
        f"<Area><Name>{area[0]}</Name><Code>{area[1]}</Code></Area></Item></TimeSeriesInfo></MeteorologicalInfos>"
    )
    title = "気象警報・注意報時系列情報（Ｒ０６）"
    return _telegram(title, "東京都警戒・注意事項時系列情報", at, body, status, info_type)


def typhoon(
    at: datetime,
    steps: Iterable[tuple[str, datetime, tuple[float, float], int]],
    *,
    status: str = "通常",
    info_type: str = "発表",
) -> bytes:
    """Return VPTW60: for each step its kind, time, centre and the radius of its storm area in kilometres."""
    infos = "".join(_step(*step) for step in steps)
    body = f'<MeteorologicalInfos type="台風情報">{infos}</MeteorologicalInfos>'
    title = "台風解析・予報情報（５日予報）（Ｈ３０）"
    return _telegram(title, "台風解析・予報情報", at, body, status, info_type, "TC2619")


def _step(kind: str, at: datetime, centre: tuple[float, float], storm_km: int) -> str:
    lat, lng = centre
    area = "暴風域" if kind == "実況" else "暴風警戒域"
    minutes = f"+{int(lat):02d}{round(lat % 1 * 60):02d}+{int(lng):03d}{round(lng % 1 * 60):02d}/"
    tag = "jmx_eb:Coordinate" if kind == "実況" else "jmx_eb:BasePoint"
    point = (
        f'<{tag} type="中心位置（度分）">{minutes}</{tag}><{tag} type="中心位置（度）">{lat:+.1f}{lng:+.1f}/</{tag}>'
    )
    circle = point if kind == "実況" else f'<ProbabilityCircle type="予報円">{point}</ProbabilityCircle>'
    storm = (
        f'<WarningAreaPart type="{area}"><jmx_eb:Circle><jmx_eb:Axes><jmx_eb:Axis>'
        '<jmx_eb:Direction type="方向" unit="８方位漢字" condition="全域"/>'
        f'<jmx_eb:Radius type="半径" unit="海里">{round(storm_km / 1.852)}</jmx_eb:Radius>'
        f'<jmx_eb:Radius type="半径" unit="km">{storm_km}</jmx_eb:Radius>'
        "</jmx_eb:Axis></jmx_eb:Axes></jmx_eb:Circle></WarningAreaPart>"
        if storm_km
        else ""
    )
    return (
        f'<MeteorologicalInfo><DateTime type="{kind}">{at.isoformat()}</DateTime><Item>'
        f"<Kind><Property><Type>中心</Type><CenterPart>{circle}</CenterPart></Property></Kind>"
        f"<Kind><Property><Type>風</Type>{storm}</Property></Kind></Item></MeteorologicalInfo>"
    )
