"""Seismic intensity and tsunami telegrams."""

from pathlib import Path

import pytest

from alerts.alert import GEOCODE_QUAKE_AREA, GEOCODE_TSUNAMI_AREA
from alerts.cap import Certainty, MsgType, Severity
from alerts.hazard import HazardKind
from alerts.wave import Wave
from feeds.jma.intensity import designated_city
from tests.feeds.telegrams import by_event, changed, codes_of, raw_sample, read_bytes, read_sample

IWATE_2008 = "32-35_06_03_240613_VXSE53"


def test_the_first_report_of_shaking_is_by_quake_area(shared_data: Path) -> None:
    told = by_event(read_sample(shared_data, "32-35_07_02_100915_VXSE51"))
    assert {name: codes_of(infos[0]) for name, infos in told.items()} == {
        "震度６弱": {"442", "443"},
        "震度５強": {"440", "441"},
        "震度５弱": {"422"},
    }
    info = told["震度６弱"][0]
    assert (info.hazard, info.severity, info.certainty) == (
        HazardKind.EARTHQUAKE,
        Severity.EXTREME,
        Certainty.OBSERVED,
    )
    assert info.areas[0].geocodes[0].value_name == GEOCODE_QUAKE_AREA


def test_the_second_report_is_by_municipality(shared_data: Path) -> None:
    told = by_event(read_sample(shared_data, IWATE_2008))
    assert codes_of(told["震度６強"][0]) == {"0321500", "0421300"}
    assert told["震度５強"][0].level is None


def test_a_town_that_does_not_answer_counts_as_strongly_shaken(shared_data: Path) -> None:
    # 0338100 金ケ崎町: 震度５弱以上未入電, no reading at all.
    assert "0338100" in codes_of(by_event(read_sample(shared_data, IWATE_2008))["震度５弱"][0])


def test_the_ward_of_a_designated_city_brings_its_city() -> None:
    assert designated_city("0410200") == "0410000"  # 仙台市宮城野区
    assert designated_city("1413300") == "1413000"  # 川崎市中原区
    assert designated_city("1410000") is None  # the city itself
    assert designated_city("1310800") is None  # 江東区 is a municipality
    assert designated_city("0321500") is None  # 奥州市


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("32-35_08_01_100915_VXSE51", "below-notice-intensity"),
        ("32-35_04_04_240613_VXSE53", "below-notice-intensity"),
        ("32-39_05_01_100831_VXSE53", "source-only"),
        ("32-35_04_03_240613_VXSE52", "source-only"),
    ],
)
def test_weak_or_distant_earthquakes_are_only_recorded(shared_data: Path, name: str, reason: str) -> None:
    assert read_sample(shared_data, name).informational == reason


def test_a_correction_that_takes_the_shaking_back_reaches_those_who_were_told(shared_data: Path) -> None:
    raw = changed(raw_sample(shared_data, "32-35_08_01_100915_VXSE51"), ("<InfoType>発表", "<InfoType>訂正"))
    report = read_bytes(raw)
    assert (report.informational, report.alert.infos, report.alert.msg_type) == ("", (), MsgType.UPDATE)


def test_a_tsunami_warning_is_by_coast_with_the_arrival_of_each(shared_data: Path) -> None:
    told = by_event(read_sample(shared_data, "32-39_11_02_250206_VTSE41"))
    great = told["大津波警報"]
    assert {code for info in great for code in codes_of(info)} == {"210", "220", "250"}
    assert {info.severity for info in great} == {Severity.EXTREME}
    miyagi = next(info for info in great if codes_of(info) == {"220"})
    assert miyagi.onset is not None
    assert miyagi.onset.isoformat() == "2011-03-11T15:00:00+09:00"
    # 巨大 is a word and no figure; a figure comes with a later telegram.
    assert miyagi.wave == Wave("大津波警報", "巨大", None, miyagi.onset)
    iwate = next(info for info in great if codes_of(info) == {"210"})
    assert iwate.wave is not None
    assert iwate.wave.arriving
    later = by_event(read_sample(shared_data, "32-39_11_11_250206_VTSE41"))
    heights = {info.wave.height_m for infos in later.values() for info in infos if info.wave is not None}
    assert heights <= {None, 1.0, 3.0, 5.0, 10.0}
    assert heights - {None}
    assert {info.severity for info in told["津波警報"]} == {Severity.SEVERE}
    assert {info.severity for info in told["津波注意報"]} == {Severity.MODERATE}
    assert miyagi.areas[0].geocodes[0].value_name == GEOCODE_TSUNAMI_AREA


def test_a_small_change_of_the_sea_is_no_warning(shared_data: Path) -> None:
    codes = {
        info.code for info in read_sample(shared_data, "32-39_11_02_250206_VTSE41").alert.infos if info.code > "70"
    }
    assert codes == set()


def test_a_lifted_tsunami_of_two_earthquakes_ends_the_series_of_the_first(shared_data: Path) -> None:
    first = read_sample(shared_data, "38-39_02_01_250206_VTSE41")
    lifted = read_sample(shared_data, "38-39_02_04_250206_VTSE41")
    assert lifted.alert.incidents == ("20151114055157", "20151114061750")
    assert lifted.series == first.series
    assert (len(first.alert.infos), lifted.alert.infos) == (1, ())
