"""Volcanoes, bulletins of the new scheme, and rivers without a forecast: the real samples and small changes."""

from datetime import timedelta
from pathlib import Path

import pytest

from alerts.cap import Certainty, MsgType, Severity
from alerts.hazard import HazardKind
from alerts.level import Level
from feeds.errors import JmaError
from tests.feeds.telegrams import changed, codes_of, raw_sample, read_bytes, read_sample


def test_an_eruption_warning_is_for_its_municipalities_with_the_volcano_s_own_level(shared_data: Path) -> None:
    (info,) = read_sample(shared_data, "45_02_01_200522_VFVO50").alert.infos
    assert (info.event, info.hazard, info.severity) == ("噴火警報", HazardKind.VOLCANO, Severity.EXTREME)
    assert codes_of(info) == {"1438200"}
    # 噴火警戒レベル is another scale than 警戒レベル.
    assert info.level is None
    assert ("JMA.volcanic-alert-level", "5") in [(p.value_name, p.value) for p in info.parameters]


def test_an_eruption_warning_that_was_lifted_leaves_nothing(shared_data: Path) -> None:
    report = read_sample(shared_data, "45_03_01_200731_VFVO50")
    assert (report.alert.infos, report.informational) == ((), "")


def test_a_warning_of_a_volcano_without_municipalities_is_not_an_all_clear(shared_data: Path) -> None:
    raw = changed(raw_sample(shared_data, "45_02_01_200522_VFVO50"), ("（対象市町村等）", "（別の区分）"))
    (info,) = read_bytes(raw).alert.infos
    assert codes_of(info) == {"315"}
    assert {code.value_name for area in info.areas for code in area.geocodes} == {"JMA.volcano"}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("<Code>01</Code>", "<Code>99</Code>"), "jma-volcano-kind"),
        (("<Code>1438200</Code>", "<Code/>"), "jma-no-area"),
        (('VolcanoInfo type="噴火警報・予報（対象火山）"', 'VolcanoInfo type="別"'), "jma-no-area"),
    ],
)
def test_a_volcano_telegram_that_cannot_be_understood_is_not_read_as_calm(
    shared_data: Path, change: tuple[str, str], reason: str
) -> None:
    raw = raw_sample(shared_data, "45_02_01_200522_VFVO50")
    with pytest.raises(JmaError) as refused:
        read_bytes(changed(raw, change))
    assert refused.value.reason == reason


def test_an_eruption_that_was_seen_is_told_around_it_corrected_and_cancelled(shared_data: Path) -> None:
    first, corrected, cancelled = (read_sample(shared_data, f"67_01_0{number}_140927_VFVO56") for number in (2, 3, 4))
    (info,) = first.alert.infos
    assert (info.severity, info.certainty) == (Severity.EXTREME, Certainty.OBSERVED)
    assert codes_of(info) == {"2042900", "2043200", "2120300", "2122000"}
    assert info.expires == first.alert.sent + timedelta(hours=6)
    assert [report.alert.msg_type for report in (first, corrected, cancelled)] == [
        MsgType.ALERT,
        MsgType.UPDATE,
        MsgType.CANCEL,
    ]
    assert len({report.series for report in (first, corrected, cancelled)}) == 1
    raw = changed(raw_sample(shared_data, "67_01_02_140927_VFVO56"), ("噴火速報（対象市町村等）", "別"))
    with pytest.raises(JmaError, match="jma-no-area"):
        read_bytes(raw)


@pytest.mark.parametrize(
    ("name", "hazard", "code"),
    [
        ("82_01_02_250318_VPBS50", HazardKind.RECORD_RAIN, "013010"),
        ("82_01_03_241031_VPBS50", HazardKind.HEAVY_SNOW, "250020"),
    ],
)
def test_a_bulletin_is_told_by_its_tag_for_its_forecast_areas(
    shared_data: Path, name: str, hazard: HazardKind, code: str
) -> None:
    (info,) = read_sample(shared_data, name).alert.infos
    assert (info.hazard, info.level, codes_of(info)) == (hazard, None, {code})


def test_a_bulletin_of_an_unknown_tag_is_recorded_and_one_without_a_place_refused(shared_data: Path) -> None:
    raw = raw_sample(shared_data, "82_01_02_250318_VPBS50")
    report = read_bytes(changed(raw, ("<Condition>記録雨</Condition>", "<Condition>解説</Condition>")))
    assert (report.alert.infos, report.informational) == ((), "bulletin-tag-unknown")
    # Taken back by a correction, it is an all-clear to those who were told.
    corrected = changed(raw, ("<Condition>記録雨</Condition>", "<Condition>解説</Condition>"), ("発表", "訂正"))
    assert read_bytes(corrected).informational == ""
    with pytest.raises(JmaError, match="jma-no-area"):
        read_bytes(changed(raw, ("<Code>013010</Code>", "<Code/>")))


def test_a_river_without_a_forecast_warns_the_municipalities_that_it_may_flood(shared_data: Path) -> None:
    (info,) = read_sample(shared_data, "91_01_01_241031_VXSUii").alert.infos
    assert (info.hazard, info.level) == (HazardKind.FLOOD, Level.CHECK_ACTION)
    assert codes_of(info) == {"0442100", "0442400"}


def test_a_river_forecast_says_the_level_now_and_the_one_to_come(shared_data: Path) -> None:
    (info,) = read_sample(shared_data, "16_02_01_220728_VXKOii").alert.infos
    parameters = {parameter.value_name: parameter.value for parameter in info.parameters}
    # 氾濫警戒情報 is level 3; its gauges stand at 2 and are forecast to reach 4. Not computed (9) is no level.
    assert info.level is Level.ELDERLY_LEAVE
    assert parameters["JMA.river-level-now"] == "2"
    assert parameters["JMA.river-level-forecast"] == "4"
    (without,) = read_sample(shared_data, "16_05_01_210630_VXKOii").alert.infos
    assert {p.value_name for p in without.parameters} == {"JMA.status"}


def test_one_river_forecast_reaches_each_of_its_municipalities(shared_data: Path) -> None:
    raw = raw_sample(shared_data, "16_02_01_220728_VXKOii").decode()
    for city in ("1310800", "1312300", "1312200", "1311800"):
        raw = raw.replace("<CityCode>0000000</CityCode>", f"<CityCode>{city}</CityCode>", 1)
    (info,) = read_bytes(raw.encode()).alert.infos
    assert codes_of(info) == {"1310800", "1312300", "1312200", "1311800"}
    assert [code.value for code in info.event_codes] == ["123456789012"]
