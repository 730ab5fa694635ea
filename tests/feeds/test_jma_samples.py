"""Statements about every telegram of the JMA's own sample set."""

import re
from pathlib import Path

from alerts.cap import MsgType, Status
from alerts.lifecycle import SeriesState, accept
from alerts.report import Linkage, OutcomeKind
from feeds.jma.kinds import Family, family_of, informational_reason, kind_of, titles
from feeds.read import series_of
from shirase.telegrams_page import telegrams_page
from tests.feeds.telegrams import all_read


def test_every_sample_is_read_and_its_kind_is_told_by_its_title(shared_data: Path) -> None:
    for path, _raw, report in all_read(shared_data):
        written = re.findall(r"_([A-Z]{4}(?:\d\d|ii))\.xml$", path.name)[0].removesuffix("ii")
        # VYSE51 and VYSE52 share one title (南海トラフ地震関連解説情報) and nothing else tells them apart.
        assert report.kind == written.replace("VYSE52", "VYSE51"), path.name


def test_the_cheap_key_of_the_raw_bytes_is_the_series_of_the_report(shared_data: Path) -> None:
    for path, raw, report in all_read(shared_data):
        assert series_of(raw) == report.series, path.name


def test_no_drill_or_test_leaves_the_first_check(shared_data: Path) -> None:
    drills = 0
    for path, raw, report in all_read(shared_data):
        if "<Status>通常</Status>" in raw.decode():
            continue
        drills += 1
        assert report.alert.status in (Status.EXERCISE, Status.TEST), path.name
        assert accept(SeriesState(), report).outcome.kind is OutcomeKind.DRILL, path.name
    assert drills == 11


def test_no_real_telegram_is_taken_for_a_drill_by_its_words(shared_data: Path) -> None:
    # Eleven of them say 「この電文はテストサンプルです」.
    held = [path.name for path, _raw, report in all_read(shared_data) if report.hold]
    assert held == []


def test_what_is_in_force_has_a_place_an_end_and_a_name(shared_data: Path) -> None:
    for path, _raw, report in all_read(shared_data):
        assert report.linkage is Linkage.SERIES
        for info in report.alert.infos:
            assert info.event, path.name
            assert info.areas, path.name
            assert all(area.description and area.geocodes for area in info.areas), path.name
            assert all(code.value for area in info.areas for code in area.geocodes), path.name
            assert info.expires is not None, path.name
            assert info.expires > report.alert.sent, path.name


def test_only_the_listed_families_say_anything_to_residents(shared_data: Path) -> None:
    for path, _raw, report in all_read(shared_data):
        if report.informational:
            assert report.alert.infos == (), path.name
        elif report.alert.status is Status.ACTUAL:
            assert family_of(report.kind) is not Family.RECORDED, path.name


def test_early_warnings_of_earthquakes_are_recorded_whatever_they_say(shared_data: Path) -> None:
    found = 0
    for path, _raw, report in all_read(shared_data):
        if re.search(r"VXSE4[2-5]", path.name):
            found += 1
            assert report.informational == "eew-recorded"
    assert found == 43


def test_a_cancel_has_no_body_and_says_cancel(shared_data: Path) -> None:
    for _path, raw, report in all_read(shared_data):
        if "<InfoType>取消</InfoType>" in raw.decode():
            assert report.alert.msg_type is MsgType.CANCEL
            assert report.alert.infos == ()


def test_the_page_of_telegrams_says_of_every_known_title_what_becomes_of_it() -> None:
    page = telegrams_page()
    for title, kind in titles():
        assert kind_of(title) == kind
        assert f"| {kind} | {title} | " in page
        reason = informational_reason(kind)
        assert not reason or f"`{reason}`" in page, "and why it is only recorded"
    # Each family that is told has its sentence: a new one without it fails here.
    assert {family_of(kind) for _, kind in titles()} == set(Family)
