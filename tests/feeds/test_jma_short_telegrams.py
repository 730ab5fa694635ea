"""Landslide, river, record rain and tornado telegrams."""

from datetime import timedelta
from pathlib import Path

import pytest

from alerts.alert import GEOCODE_OFFICE, GEOCODE_RIVER, Geocode
from alerts.cap import Certainty, Severity
from alerts.hazard import HazardKind
from alerts.level import Level
from feeds.errors import JmaError
from tests.feeds.telegrams import changed, codes_of, raw_sample, read_bytes, read_sample

RIVER_WARNING = "16_02_01_220728_VXKOii"


def test_a_landslide_alert_is_level_4_where_it_is_in_force(shared_data: Path) -> None:
    report = read_sample(shared_data, "17_04_01_250630_VXWW50")
    (info,) = report.alert.infos
    assert (info.hazard, info.level) == (HazardKind.LANDSLIDE, Level.ALL_LEAVE)
    assert codes_of(info) == {"1420600", "1438300", "1438400"}
    assert report.series == "jma:土砂災害警戒情報|横浜地方気象台|神奈川県土砂災害警戒情報"


def test_a_lifted_landslide_alert_leaves_nothing(shared_data: Path) -> None:
    assert read_sample(shared_data, "17_04_03_250630_VXWW50").alert.infos == ()


def test_a_municipality_that_was_lifted_is_left_out_of_a_restatement(shared_data: Path) -> None:
    before = {
        code for info in read_sample(shared_data, "17_03_07_190529_VXWW50").alert.infos for code in codes_of(info)
    }
    after = {code for info in read_sample(shared_data, "17_03_08_190529_VXWW50").alert.infos for code in codes_of(info)}
    assert after < before


def test_a_part_of_a_city_stays_a_part(shared_data: Path) -> None:
    # 1410011 is the north of Yokohama; what a table does that knows only the city is the table's affair.
    raw = raw_sample(shared_data, "17_04_01_250630_VXWW50").decode()
    item = raw.index("1410011", raw.index("<Body"))
    start = raw.rindex("<Item>", 0, item)
    part = raw[start:item].replace("<Name>なし", "<Name>警戒").replace("<Code>0<", "<Code>3<")
    part = part.replace("<Status>なし", "<Status>発表")
    infos = read_bytes((raw[:start] + part + raw[item:]).encode()).alert.infos
    assert {code for info in infos for code in codes_of(info)} == {"1410011", "1420600", "1438300", "1438400"}


@pytest.mark.parametrize(
    ("name", "level", "severity"),
    [
        (RIVER_WARNING, Level.ELDERLY_LEAVE, Severity.SEVERE),
        ("16_07_01_220728_VXKOii", Level.ALL_LEAVE, Severity.SEVERE),
        ("16_04_01_220728_VXKOii", Level.SECURE_LIFE, Severity.EXTREME),
    ],
)
def test_a_river_forecast_takes_its_level_from_its_code(
    shared_data: Path, name: str, level: Level, severity: Severity
) -> None:
    (info,) = read_sample(shared_data, name).alert.infos
    assert (info.hazard, info.level, info.severity) == (HazardKind.FLOOD, level, severity)


def test_a_river_forecast_is_for_the_municipalities_below_it_not_for_the_prefecture(shared_data: Path) -> None:
    raw = raw_sample(shared_data, RIVER_WARNING)
    text = raw.decode()
    for city in ("1312300", "1312200", "1310800"):
        text = text.replace("<CityCode>0000000", f"<CityCode>{city}", 1)
    (info,) = read_bytes(text.encode()).alert.infos
    assert {"1312300", "1312200", "1310800"} <= codes_of(info)
    assert info.event_codes == (Geocode(GEOCODE_RIVER, "123456789012"),)
    assert "990000" not in codes_of(info)


def test_a_reach_without_municipalities_is_named_by_its_river_alone(shared_data: Path) -> None:
    (info,) = read_sample(shared_data, "16_05_01_210630_VXKOii").alert.infos
    assert [code for area in info.areas for code in area.geocodes] == [Geocode(GEOCODE_RIVER, "123456789012")]


def test_a_lifted_river_forecast_leaves_nothing(shared_data: Path) -> None:
    raw = changed(raw_sample(shared_data, RIVER_WARNING), ("<Code>30</Code>", "<Code>10</Code>"))
    assert read_bytes(raw).alert.infos == ()


def test_an_unknown_river_kind_is_refused_with_its_code(shared_data: Path) -> None:
    raw = changed(raw_sample(shared_data, RIVER_WARNING), ("<Code>30</Code>", "<Code>90</Code>"))
    with pytest.raises(JmaError, match="jma-river-kind"):
        read_bytes(raw)


def test_record_rain_was_observed_and_holds_for_hours(shared_data: Path) -> None:
    report = read_sample(shared_data, "18_01_01_100806_VPOA50")
    (info,) = report.alert.infos
    assert (info.hazard, info.certainty, info.level) == (HazardKind.RECORD_RAIN, Certainty.OBSERVED, None)
    assert info.areas[0].geocodes == (Geocode(GEOCODE_OFFICE, "270000"),)
    assert info.expires == report.alert.sent + timedelta(hours=3)


def test_a_tornado_advisory_ends_when_it_says(shared_data: Path) -> None:
    report = read_sample(shared_data, "19_03_01_130906_VPHW50")
    (info,) = report.alert.infos
    assert info.expires is not None
    assert info.expires.isoformat() == "2013-07-26T10:30:00+09:00"
    assert info.certainty is Certainty.POSSIBLE


def test_a_tornado_that_was_seen_is_graver(shared_data: Path) -> None:
    (info,) = read_sample(shared_data, "19_07_01_140425_VPHW51").alert.infos
    assert (info.severity, info.certainty) == (Severity.SEVERE, Certainty.OBSERVED)


def test_a_municipal_code_that_lost_a_digit_is_found_in_the_headline(shared_data: Path) -> None:
    (info,) = read_sample(shared_data, "19_01_01_091210_VPHW50").alert.infos
    assert "1322100" in codes_of(info)
    assert "132100" not in codes_of(info)
