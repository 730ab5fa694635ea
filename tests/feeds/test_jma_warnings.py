"""Weather warnings of both generations, from real telegrams."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from alerts.alert import GEOCODE_CLASS10, GEOCODE_CLASS20, GEOCODE_OFFICE, Geocode
from alerts.cap import MsgType, Severity
from alerts.hazard import HazardKind
from alerts.level import Level
from feeds.errors import JmaError
from feeds.jma.codes import warning_kinds
from feeds.xml import parse
from tests.feeds.telegrams import by_event, changed, codes_of, raw_sample, read_bytes, read_sample

TOKYO_2016 = "15_12_02_161130_VPWW54"
TOKYO_2017 = "15_14_01_170216_VPWW54"
WAKKANAI_RAIN = "15_16_03_241226_VPWW55"


def test_a_tokyo_telegram_of_the_old_generation_is_read_by_ward(shared_data: Path) -> None:
    report = read_sample(shared_data, TOKYO_2016)
    assert report.kind == "VPWW54"
    assert report.series == "jma:気象警報・注意報（Ｈ２７）|気象庁予報部|"
    assert report.alert.sent == datetime(2016, 2, 12, 5, 22, 9, tzinfo=UTC)
    flood = by_event(report)["洪水警報"]
    issued = next(info for info in flood if info.parameters == (Geocode("JMA.status", "発表"),))
    assert issued.level is Level.ELDERLY_LEAVE
    assert codes_of(issued) == {
        *("1310100", "1310300", "1310400", "1310500", "1311400", "1311500", "1311600", "1311700"),
        *("1311900", "1312000", "1322100", "1322200", "1322900"),
    }
    assert {code.value_name for area in issued.areas for code in area.geocodes} == {GEOCODE_CLASS20}


def test_the_two_dangers_of_heavy_rain_are_told_apart_by_the_condition(shared_data: Path) -> None:
    told = by_event(read_sample(shared_data, TOKYO_2017))
    slopes, streets = told["大雨特別警報（土砂災害）"][0], told["大雨警報（浸水害）"][0]
    assert (slopes.hazard, slopes.level, slopes.severity) == (
        HazardKind.LANDSLIDE,
        Level.SECURE_LIFE,
        Severity.EXTREME,
    )
    assert codes_of(slopes) == {"1310400", "1330800"}
    assert (streets.hazard, streets.level) == (HazardKind.HEAVY_RAIN, Level.ELDERLY_LEAVE)
    assert codes_of(streets) == {"1311800", "1312100"}


def test_rain_on_slopes_and_in_streets_is_two_dangers() -> None:
    both = warning_kinds("33", "大雨特別警報", "土砂災害、浸水害")
    assert {kind.hazard for kind in both} == {HazardKind.LANDSLIDE, HazardKind.HEAVY_RAIN}
    assert {kind.level for kind in both} == {Level.SECURE_LIFE}


@pytest.mark.parametrize(
    ("code", "level"),
    [
        *(("10", 2), ("03", 3), ("43", 4), ("33", 5)),
        *(("29", 2), ("09", 3), ("49", 4), ("39", 5)),
        *(("19", 2), ("08", 3), ("48", 4), ("38", 5)),
        *(("18", 2), ("04", 3)),
    ],
)
def test_rain_landslide_surge_and_flood_carry_their_level(code: str, level: int) -> None:
    assert warning_kinds(code, "", "")[0].level == level


@pytest.mark.parametrize(("code", "severity"), [("15", "Moderate"), ("05", "Severe"), ("35", "Extreme")])
def test_a_storm_has_a_severity_and_no_level(code: str, severity: str) -> None:
    kind = warning_kinds(code, "", "")[0]
    assert (kind.level, kind.severity) == (None, Severity(severity))


def test_a_code_of_tomorrow_is_kept_and_graded_by_its_name() -> None:
    kind = warning_kinds("47", "レベル４波浪危険警報", "")[0]
    assert (kind.hazard, kind.severity, kind.level) == (HazardKind.OTHER, Severity.SEVERE, None)
    assert warning_kinds("99", "新しい情報", "")[0].severity is Severity.UNKNOWN


def test_the_new_generation_names_three_levels_in_one_telegram(shared_data: Path) -> None:
    told = by_event(read_sample(shared_data, WAKKANAI_RAIN))
    assert {name: (infos[0].level, len(infos[0].areas)) for name, infos in told.items()} == {
        "大雨危険警報": (Level.ALL_LEAVE, 1),
        "大雨警報": (Level.ELDERLY_LEAVE, 1),
        "大雨注意報": (Level.CHECK_ACTION, 8),
    }
    assert codes_of(told["大雨危険警報"][0]) == {"0121400"}


@pytest.mark.parametrize(
    ("name", "kind", "hazard"),
    [
        ("15_17_01_241226_VPWW56", "VPWW56", HazardKind.LANDSLIDE),
        ("15_16_02_250630_VPWW57", "VPWW57", HazardKind.STORM_SURGE),
        ("15_16_04_250630_VPWW58", "VPWW58", HazardKind.STORM),
        ("15_16_05_241226_VPWW59", "VPWW59", HazardKind.WAVE),
        ("15_16_06_241226_VPWW60", "VPWW60", HazardKind.HEAVY_SNOW),
    ],
)
def test_each_new_telegram_is_about_one_hazard(shared_data: Path, name: str, kind: str, hazard: HazardKind) -> None:
    report = read_sample(shared_data, name)
    assert report.kind == kind
    assert {info.hazard for info in report.alert.infos} == {hazard}


def test_coast_sections_are_not_taken_for_municipalities(shared_data: Path) -> None:
    # 高潮予報区間 have seven digits too, and are no place anybody lives in.
    codes = {code for info in read_sample(shared_data, "15_16_02_250630_VPWW57").alert.infos for code in codes_of(info)}
    assert codes == {"2620200", "2620500", "2646500", "2621200", "2646300"}


def test_the_same_kind_issued_here_and_continued_there_stays_apart(shared_data: Path) -> None:
    infos = by_event(read_sample(shared_data, "15_17_01_241226_VPWW56"))["土砂災害危険警報"]
    assert {(info.parameters[0].value, *sorted(codes_of(info))) for info in infos} == {
        ("発表", "3220900"),
        ("継続", "3250500"),
    }


def test_a_telegram_with_everything_lifted_leaves_nothing(shared_data: Path) -> None:
    report = read_sample(shared_data, "15_08_05_130412_VPWW53")
    assert (report.alert.msg_type, report.alert.infos) == (MsgType.ALERT, ())


def test_a_kind_that_is_lifted_is_not_in_force_though_its_code_is_there(shared_data: Path) -> None:
    raw = changed(raw_sample(shared_data, WAKKANAI_RAIN), ("<Status>発表</Status>", "<Status>解除</Status>"))
    assert "大雨危険警報" not in by_event(read_bytes(raw))


def test_a_lowered_warning_is_an_advisory_now(shared_data: Path) -> None:
    report = read_sample(shared_data, "15_08_04_160628_VPWW50")
    lowered = [info for info in report.alert.infos if info.parameters[0].value == "警報から注意報"]
    assert lowered
    assert {info.level for info in lowered} == {Level.CHECK_ACTION}


def test_without_municipalities_the_next_larger_areas_are_told(shared_data: Path) -> None:
    raw = raw_sample(shared_data, TOKYO_2017)
    by_region = changed(raw, ("（市町村等）", "（別の地域）"))
    assert {c.value_name for i in read_bytes(by_region).alert.infos for a in i.areas for c in a.geocodes} == {
        GEOCODE_CLASS10
    }
    by_office = changed(by_region, ("（一次細分区域等）", "（別の地域）"))
    assert {c.value_name for i in read_bytes(by_office).alert.infos for a in i.areas for c in a.geocodes} == {
        GEOCODE_OFFICE
    }
    with pytest.raises(JmaError, match="jma-no-area"):
        read_bytes(changed(by_office, ("（府県予報区等）", "（別の地域）")))


def test_a_correction_updates_and_says_so(shared_data: Path) -> None:
    raw = changed(raw_sample(shared_data, TOKYO_2017), ("<InfoType>発表", "<InfoType>訂正"))
    alert = read_bytes(raw).alert
    assert (alert.msg_type, alert.note) == (MsgType.UPDATE, "訂正")


def test_an_empty_serial_and_an_empty_event_id_are_normal(shared_data: Path) -> None:
    raw = raw_sample(shared_data, TOKYO_2017)
    assert parse(raw).findtext("{*}Head/{*}Serial") == ""
    assert read_bytes(raw).alert.incidents == ()
