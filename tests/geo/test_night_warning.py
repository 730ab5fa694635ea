"""A made typhoon, in June and in October: the draft for the night opens by daylight (R8)."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from alerts.alert import GEOCODE_CLASS10, GEOCODE_CLASS20, PARAMETER_DECIDE_BY, Alert, AlertInfo, Area, Geocode
from alerts.cap import Certainty, MsgType, ResponseType, Severity, Status, Urgency
from alerts.hazard import HazardKind
from alerts.level import Level
from alerts.place import LatLng
from feeds.cap import read_cap
from feeds.cap_write import write_cap
from feeds.jma.telegram import read_jma
from feeds.xml import parse
from geo.before_dark import NightDraft, sunset_at
from geo.night_warning import Home, night_warnings
from tests.alerts.messages import report
from tests.feeds.forecasts import time_series
from tests.feeds.forecasts import typhoon as typhoon_telegram
from tests.feeds.telegrams import RECEIVED, all_read, codes_of, raw_sample

TOKYO, JAPAN = LatLng(35.69, 139.75), ZoneInfo("Asia/Tokyo")
HOME = Home(TOKYO, (Area("東京地方", geocodes=(Geocode(GEOCODE_CLASS10, "130010"),)),))
EDOGAWA = Area("江戸川区", geocodes=(Geocode(GEOCODE_CLASS20, "1312300"),))


def typhoon(day: date, *levels: Level, hazard: HazardKind = HazardKind.FLOOD) -> Alert:
    peak = datetime.combine(day + timedelta(days=1), time(3), JAPAN)
    infos = tuple(
        AlertInfo(
            event="洪水警報",
            hazard=hazard,
            urgency=Urgency.FUTURE,
            severity=Severity.SEVERE,
            certainty=Certainty.LIKELY,
            level=level,
            onset=peak - timedelta(hours=3),
            expires=peak + timedelta(hours=4),
            sender_name="気象庁",
            areas=(EDOGAWA,),
        )
        for level in levels
    )
    sent = datetime.combine(day, time(11), JAPAN)
    return Alert("typhoon", "jma", sent, Status.ACTUAL, MsgType.ALERT, infos=infos)


def opened(found: Alert, lineage: str, at: datetime) -> tuple[tuple[Alert, NightDraft], ...]:
    return night_warnings(report(found), lineage, at, home=HOME, zone=JAPAN)


@pytest.mark.parametrize("day", [date(2026, 6, 20), date(2026, 10, 12)], ids=["June", "October"])
def test_the_draft_opens_three_hours_before_sunset_and_is_to_be_decided_by_then(day: date) -> None:
    found = typhoon(day, Level.ELDERLY_LEAVE, Level.ALL_LEAVE)
    ((alert, draft),) = opened(found, "lineage", found.sent)
    assert draft.deadline == sunset_at(TOKYO, day, JAPAN)
    assert draft.deadline - found.sent >= timedelta(hours=3)
    (info,) = alert.infos
    assert (info.level, info.areas) == (Level.ALL_LEAVE, (EDOGAWA,))
    assert {one.value_name for one in info.parameters} == {PARAMETER_DECIDE_BY}
    dusk = draft.deadline
    assert f"{dusk.hour}時{dusk.minute:02d}分までに" in info.instruction
    assert "今夜" in info.instruction
    assert "音を出したまま" in info.instruction
    assert ResponseType.EVACUATE not in info.response_types
    # Told once it is decided, and that is before dark: not between 22:00 and 05:00.
    assert time(5) < draft.deadline.astimezone(JAPAN).time() < time(22)
    # And it is a document that our own reader reads.
    back = read_cap(write_cap(alert), "x", found.sent).alert
    assert (back.infos[0].level, back.infos[0].areas, back.sender) == (Level.ALL_LEAVE, (EDOGAWA,), alert.sender)


def test_the_same_warning_again_gives_the_same_bytes_and_a_higher_level_does_not() -> None:
    found = typhoon(date(2026, 6, 20), Level.ELDERLY_LEAVE)
    later = found.sent + timedelta(minutes=30)
    ((first, _),) = opened(found, "l", found.sent)
    ((again, _),) = opened(found, "l", later)
    assert write_cap(first) == write_cap(again)
    ((higher, _),) = opened(typhoon(date(2026, 6, 20), Level.ALL_LEAVE), "l", later)
    assert higher.identifier != first.identifier


@pytest.mark.parametrize("changed", ["level 2", "earthquake", "no onset", "no area", "after dark"])
def test_what_is_no_matter_of_daylight_opens_nothing(changed: str) -> None:
    found = typhoon(date(2026, 6, 20), Level.CHECK_ACTION if changed == "level 2" else Level.ALL_LEAVE)
    at = found.sent
    (info,) = found.infos
    match changed:
        case "earthquake":
            info = replace(info, hazard=HazardKind.EARTHQUAKE)
        case "no onset":
            info = replace(info, onset=None)
        case "no area":
            info = replace(info, areas=())
        case "after dark":
            at = at.replace(hour=19, minute=30)
    assert opened(replace(found, infos=(info,)), "l", at) == ()


# ---- The telegrams of the JMA: series, typhoons, rivers ------------------------------------------

DAYS = pytest.mark.parametrize("day", [date(2026, 6, 20), date(2026, 10, 12)], ids=["June", "October"])


def from_jma(raw: bytes, at: datetime) -> tuple[tuple[Alert, NightDraft], ...]:
    found = read_jma(parse(raw), raw, received=at)
    return night_warnings(found, found.series, at, home=HOME, zone=JAPAN)


def peaking_at_three(day: date) -> bytes:
    """Return a typhoon that passes over Tokyo at three in the morning after *day*, as it is forecast at nine."""
    nine = datetime.combine(day, time(9), JAPAN)
    steps = [
        ("実況", nine, (30.0, 136.0), 110),
        ("予報　１２時間後", nine + timedelta(hours=12), (33.5, 138.2), 200),
        ("予報　１８時間後", nine + timedelta(hours=18), (35.6, 139.7), 220),
        ("予報　２４時間後", nine + timedelta(hours=24), (38.0, 141.5), 260),
    ]
    return typhoon_telegram(nine + timedelta(minutes=50), steps)


@DAYS
def test_a_typhoons_path_alone_opens_the_draft_before_dark_for_the_area_of_the_deployment(day: date) -> None:
    at = datetime.combine(day, time(10), JAPAN)
    ((alert, draft),) = from_jma(peaking_at_three(day), at)
    assert draft.deadline - at >= timedelta(hours=3)
    assert (draft.late, draft.night) == (False, day)
    (info,) = alert.infos
    assert (info.hazard, info.level, info.areas) == (HazardKind.STORM, None, HOME.areas)
    assert info.onset is not None
    # 25 km around the middle are reached when the storm area is: before the centre is.
    peak = datetime.combine(day + timedelta(days=1), time(3), JAPAN)
    assert peak - timedelta(hours=7) < info.onset < peak
    assert "今夜です" in info.instruction


def test_a_typhoon_that_keeps_away_opens_nothing_nor_does_one_where_no_home_is_named() -> None:
    day = date(2026, 10, 12)
    raw, at = peaking_at_three(day), datetime.combine(day, time(10), JAPAN)
    found = read_jma(parse(raw), raw, received=at)
    assert night_warnings(found, found.series, at, home=Home(TOKYO), zone=JAPAN) == ()
    far = peaking_at_three(day).decode().replace("+139.", "+149.").replace("+138.", "+148.").replace("+141.", "+151.")
    assert from_jma(far.encode(), datetime.combine(day, time(10), JAPAN)) == ()


@DAYS
def test_a_warning_level_in_the_series_of_the_morning_opens_the_draft_before_dark(day: date) -> None:
    eleven = datetime.combine(day, time(11), JAPAN)
    codes = {
        "大雨浸水危険度": ["11", "21", "21", "31", "31", "31", "21"],
        "高潮危険度": ["11", "11", "11", "21", "41", "41", "11"],
        "風危険度": ["01", "20", "20", "30", "50", "30", "20"],
    }
    ((alert, draft),) = from_jma(time_series(eleven, eleven + timedelta(hours=1), codes), eleven)
    assert draft.deadline - eleven >= timedelta(hours=3)
    assert {(info.hazard, info.level) for info in alert.infos} == {
        (HazardKind.STORM_SURGE, Level.ALL_LEAVE),
        (HazardKind.HEAVY_RAIN, Level.ELDERLY_LEAVE),
        (HazardKind.STORM, None),
    }
    assert all(codes_of(info) == {"1312300"} for info in alert.infos)
    storm = next(info for info in alert.infos if info.hazard is HazardKind.STORM)
    assert storm.severity is Severity.EXTREME, "特別警報級 of the night, not the 警報級 before it"
    # The same in the evening's issue says nothing new; a place more does, and so does the day itself.
    later = eleven + timedelta(hours=2)
    ((again, _),) = from_jma(time_series(later, eleven + timedelta(hours=1), codes), later)
    assert again.identifier == alert.identifier
    other = time_series(later, eleven + timedelta(hours=1), codes, area=("江東区", "1310800"))
    assert from_jma(other, later)[0][0].identifier != alert.identifier


def test_what_is_expected_of_the_night_after_says_which_night() -> None:
    seventeen = datetime(2026, 10, 12, 17, tzinfo=JAPAN)
    raw = time_series(seventeen, seventeen + timedelta(hours=28), {"高潮危険度": ["41"]})
    ((alert, draft),) = from_jma(raw, seventeen)
    assert draft.night == date(2026, 10, 13)
    assert "13日の夜です" in alert.infos[0].instruction


def test_an_afternoons_rain_opens_nothing() -> None:
    nine = datetime(2026, 6, 20, 9, tzinfo=JAPAN)
    assert from_jma(time_series(nine, nine, {"大雨浸水危険度": ["31", "31", "31", "21"]}), nine) == ()


def test_real_telegrams_of_an_afternoon_open_the_drafts_of_their_night(shared_data: Path) -> None:
    """Kyushu 2009 (words), Kanagawa 2016 (series): level 3 and more until after eight in the evening."""
    opened_by = {}
    for name in ("15_01_02_160628_VPWW50", "15_12_03_161130_VPWW54", "15_10_02_130906_VPWW50"):
        raw = raw_sample(shared_data, name)
        at = read_jma(parse(raw), raw, received=RECEIVED).alert.sent
        opened_by[name] = [
            (draft.night.isoformat(), sorted({info.hazard.value for info in alert.infos}))
            for alert, draft in from_jma(raw, at)
        ]
    assert opened_by == {
        "15_01_02_160628_VPWW50": [("2009-07-24", ["flood", "heavy_rain", "landslide"])],
        "15_12_03_161130_VPWW54": [("2016-07-15", ["storm", "wave"])],
        # Hokkaido 2013: the slopes until nine in the evening, the streets only until six.
        "15_10_02_130906_VPWW50": [("2013-08-23", ["landslide"])],
    }


def test_every_real_telegram_that_opens_a_draft_gives_a_document_that_we_read(shared_data: Path) -> None:
    drafts = 0
    for path, _raw, found in all_read(shared_data):
        for alert, draft in night_warnings(found, found.series, found.alert.sent, home=HOME, zone=JAPAN):
            drafts += 1
            back = read_cap(write_cap(alert), "x", found.alert.sent).alert
            assert [info.areas for info in back.infos] == [info.areas for info in alert.infos], path.name
            assert found.alert.sent < draft.deadline, path.name
            assert all((info.level or Level.ELDERLY_LEAVE) >= Level.ELDERLY_LEAVE for info in alert.infos), path.name
    assert drafts >= 10
