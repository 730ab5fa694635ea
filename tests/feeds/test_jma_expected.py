"""What warnings, series, rivers and typhoons say of the hours to come: real telegrams, and made ones by their form."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alerts.expected import Expected
from alerts.hazard import HazardKind
from alerts.lifecycle import SeriesState, accept
from alerts.report import OutcomeKind, Report
from alerts.shift import shifted
from feeds.jma.expected import duration, joined
from feeds.jma.terms import JAPAN
from tests.feeds.forecasts import time_series, typhoon
from tests.feeds.telegrams import all_read, by_event, changed, raw_sample, read_bytes, read_sample

TOKYO_2016 = ("15_12_02_161130_VPWW53", "15_12_02_161130_VPWW54")
KANAGAWA = "15_12_03_161130_VPWW54"
RIVER = "16_02_01_220728_VXKOii"
NOON = datetime(2026, 10, 12, 12, tzinfo=JAPAN)


def told(report: Report, hazard: HazardKind) -> set[tuple[int, str, str, int]]:
    """Return (grade, from, until, number of areas) of what *report* expects of *hazard*, by Japan's clock."""
    return {
        (int(one.grade), f"{one.begins.astimezone(JAPAN):%dT%H:%M}", _clock(one.ends), len(one.areas))
        for one in report.expected
        if one.hazard is hazard
    }


def _clock(at: datetime | None) -> str:
    return "" if at is None else f"{at.astimezone(JAPAN):%dT%H:%M}"


def test_the_series_and_the_words_of_one_evening_in_tokyo_say_the_same(shared_data: Path) -> None:
    words, series = (read_sample(shared_data, name) for name in TOKYO_2016)
    assert told(words, HazardKind.FLOOD) == {(3, "12T14:22", "12T18:00", 13), (3, "12T14:22", "13T00:00", 1)}
    # The series begins with the part of the day that the telegram falls into.
    assert told(series, HazardKind.FLOOD) == {(3, "12T12:00", "12T18:00", 13), (3, "12T12:00", "13T00:00", 1)}
    for report in (words, series):
        ends = {area.geocodes[0].value: one.ends for one in report.expected for area in one.areas}
        assert ends["1310100"] == datetime(2016, 2, 12, 18, tzinfo=JAPAN)


def test_a_night_is_not_cut_where_the_parts_of_the_day_meet(shared_data: Path) -> None:
    surge = told(read_sample(shared_data, "15_15_01_220314_VPWW54"), HazardKind.STORM_SURGE)
    assert surge == {(3, "14T12:00", "14T21:00", 1)}


def test_a_storm_has_a_grade_and_no_level(shared_data: Path) -> None:
    report = read_sample(shared_data, KANAGAWA)
    storms = [one for one in report.expected if one.hazard is HazardKind.STORM]
    assert {(one.level, int(one.grade)) for one in storms} == {(None, 5)}
    # 暴風特別警報 is announced for the early morning (NextKind) and the series has it from 03:00 on.
    worst = min(one.begins for one in storms if one.grade == 5)
    assert worst.astimezone(JAPAN) == datetime(2016, 7, 16, 3, tzinfo=JAPAN)


def test_a_warning_says_when_it_begins_only_where_every_area_of_it_does(shared_data: Path) -> None:
    surge = by_event(read_sample(shared_data, "15_16_02_250630_VPWW57"))
    (leave,) = surge["高潮危険警報"]
    assert leave.onset == datetime(2020, 6, 23, 6, tzinfo=JAPAN)
    # A place in which it holds already, or of which no hour is said, makes it "now".
    raw_text = raw_sample(shared_data, "15_16_02_250630_VPWW57").decode()
    start, _, rest = raw_text.rpartition("<Name>宮津市</Name>")
    before, _, after = start.rpartition("<Time>2020-06-23T06:00:00+09:00</Time>\n<Duration>")
    raw = f"{before}<Time></Time><Duration>{after}<Name>宮津市</Name>{rest}".encode()
    (leave,) = by_event(read_bytes(raw))["高潮危険警報"]
    assert leave.onset is None


def test_the_hours_of_a_level_are_read_of_the_new_generation(shared_data: Path) -> None:
    landslide = told(read_sample(shared_data, "15_17_01_241226_VPWW56"), HazardKind.LANDSLIDE)
    assert landslide == {(4, "02T07:00", "02T15:00", 1), (4, "02T08:00", "02T15:00", 1)}
    surge = read_sample(shared_data, "15_16_02_250630_VPWW57")
    assert told(surge, HazardKind.STORM_SURGE) == {(4, "23T06:00", "23T12:00", 3), (4, "23T08:00", "23T11:00", 2)}


def test_a_river_is_expected_where_its_forecast_reaches_level_3(shared_data: Path) -> None:
    report = read_sample(shared_data, RIVER)
    assert told(report, HazardKind.FLOOD) == {
        (3, "27T10:00", "27T11:00", 1),
        (3, "27T12:00", "27T13:00", 1),
        (4, "27T11:00", "27T12:00", 1),
        (4, "27T13:00", "27T16:00", 1),
    }
    (info,) = report.alert.infos
    assert info.onset == datetime(2019, 5, 27, 11, tzinfo=JAPAN), "氾濫危険水位 at eleven, the warning is of level 3"
    # At level 4 it is there; at level 5 there is no forecast any more.
    for name in ("16_07_01_220728_VXKOii", "16_04_01_220728_VXKOii"):
        (there,) = read_sample(shared_data, name).alert.infos
        assert there.onset is None


def test_no_sample_expects_below_level_3_or_nowhere_and_only_the_ones_that_forecast_do(shared_data: Path) -> None:
    speaking: dict[str, int] = {}
    for path, _raw, report in all_read(shared_data):
        for one in report.expected:
            assert one.grade >= 3, path.name
            assert one.areas, path.name
            assert one.level in (None, one.grade), path.name
            assert one.ends is not None, path.name
            assert one.ends > one.begins, path.name
        speaking[report.kind] = speaking.get(report.kind, 0) + bool(report.expected)
    found = {kind: number for kind, number in speaking.items() if number}
    assert set(found) == {"VPWW50", "VPWW53", "VPWW54", "VPWW56", "VPWW57", "VXKO"}


# ---- Forms that the sample set does not hold ----------------------------------------------------


def test_a_series_of_2026_is_recorded_and_expects(shared_data: Path) -> None:
    raw = time_series(
        NOON,
        NOON,
        {
            "土砂災害危険度": ["11", "22", "31", "41", "51", "00"],
            "風危険度": ["01", "20", "30", "50", "01", "01"],
            "雷危険度": ["20", "20", "20", "20", "20", "20"],
            "大雨浸水危険度": ["11", "21", "21", "21", "21", "99"],
        },
    )
    report = read_bytes(raw)
    assert (report.kind, report.informational, report.alert.infos) == ("VPWP50", "forecast-only", ())
    assert told(report, HazardKind.LANDSLIDE) == {
        (3, "12T18:00", "12T21:00", 1),
        (4, "12T21:00", "13T00:00", 1),
        (5, "13T00:00", "13T03:00", 1),
    }
    assert told(report, HazardKind.STORM) == {(3, "12T18:00", "12T21:00", 1), (5, "12T21:00", "13T00:00", 1)}
    assert {one.hazard for one in report.expected} == {HazardKind.LANDSLIDE, HazardKind.STORM}
    assert read_bytes(time_series(NOON, NOON, {"風危険度": ["30"]}, info_type="取消")).expected == ()


def test_a_drill_of_a_series_ends_as_a_drill() -> None:
    report = read_bytes(time_series(NOON, NOON, {"風危険度": ["30"]}, status="訓練"))
    assert accept(SeriesState(), report).outcome.kind is OutcomeKind.DRILL


def at_hours(report: Report) -> dict[int, Expected]:
    return {round((one.begins - NOON) / timedelta(hours=1)): one for one in report.expected}


def test_a_typhoons_storm_is_known_hour_by_hour_between_the_steps_of_its_forecast() -> None:
    steps = [
        ("実況", NOON, (30.0, 136.0), 150),
        ("予報　１２時間後", NOON + timedelta(hours=12), (33.0, 138.0), 210),
        ("予報　２４時間後", NOON + timedelta(hours=24), (36.0, 140.0), 270),
        ("予報　６９時間後", NOON + timedelta(hours=69), (50.0, 160.0), 0),
    ]
    report = read_bytes(typhoon(NOON, steps))
    assert (report.kind, report.informational, report.alert.infos) == ("VPTW", "forecast-only", ())
    hours = at_hours(report)
    assert sorted(hours) == list(range(25)), "no storm area, no storm"
    middle = hours[6].reach
    assert middle is not None
    assert (middle.centre.lat, middle.centre.lng, middle.radius_km) == (31.5, 137.0, 180.0)
    assert {(one.level, int(one.grade), one.hazard, one.areas) for one in hours.values()} == {
        (None, 3, HazardKind.STORM, ())
    }
    assert read_bytes(typhoon(NOON, steps, info_type="取消")).expected == ()
    assert read_bytes(typhoon(NOON, [("実況", NOON, (30.0, 136.0), 0)])).expected == ()
    (alone,) = read_bytes(typhoon(NOON, steps[:1])).expected
    assert alone.begins == NOON


def test_only_the_next_two_days_of_a_typhoon_count() -> None:
    steps = [
        ("実況", NOON, (20.0, 136.0), 150),
        ("予報　１１７時間後", NOON + timedelta(hours=117), (36.0, 140.0), 500),
    ]
    assert max(at_hours(read_bytes(typhoon(NOON, steps)))) == 48


def test_a_step_of_a_century_is_no_million_hours() -> None:
    far = NOON.replace(year=2199)
    steps = [("実況", NOON, (20.0, 136.0), 150), ("予報　１２時間後", far, (36.0, 140.0), 500)]
    assert len(at_hours(read_bytes(typhoon(NOON, steps)))) == 49
    twice = typhoon(NOON, [steps[0], ("推定", NOON, (21.0, 136.0), 150)])
    assert list(at_hours(read_bytes(twice))) == [0], "two steps of one hour are an hour"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("+30.0+136.0/", "+95.0+136.0/"),
        ("+30.0+136.0/", "somewhere"),
        ('unit="km">150', 'unit="km">１５０'),
        ("予報　１２時間後", "過去"),
    ],
)
def test_a_step_that_cannot_be_read_is_left_out(old: str, new: str) -> None:
    steps = [
        ("実況", NOON, (30.0, 136.0), 150),
        ("予報　１２時間後", NOON + timedelta(hours=12), (33.0, 138.0), 210),
    ]
    assert len(read_bytes(changed(typhoon(NOON, steps), (old, new))).expected) == 1


# ---- Words for times ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("period", "hours"),
    [
        ("<EndTime><Date>１２日</Date><Term>夜遅く</Term></EndTime>", ("12T14:22", "13T00:00")),
        ("<EndTime><Date>１３日</Date><Term>９時頃</Term></EndTime>", ("12T14:22", "13T09:00")),
        ("<EndTime><Date>１２日</Date><Term>２４時頃</Term></EndTime>", ("12T14:22", "13T00:00")),
        ("<ZoneTime><Date>１３日</Date><Term>未明</Term></ZoneTime>", ("13T00:00", "13T03:00")),
        ("<OverTime>以後も続く</OverTime>", ("12T14:22", "13T14:22")),
        # Nothing is guessed from half a time.
        ("<EndTime><Date>今日</Date><Term>夜遅く</Term></EndTime>", None),
        ("<EndTime><Date>２５日</Date><Term>夜遅く</Term></EndTime>", None),
        ("<EndTime><Date>１２日</Date><Term>やがて</Term></EndTime>", None),
        ("<EndTime><Date>１２日</Date><Term>朝</Term></EndTime>", None),
        ("<StartTime><Date>今日</Date></StartTime><EndTime><Date>１２日</Date><Term>夕方</Term></EndTime>", None),
    ],
)
def test_a_period_in_words(shared_data: Path, period: str, hours: tuple[str, str] | None) -> None:
    raw = raw_sample(shared_data, TOKYO_2016[0]).decode()
    at = raw.index("<Type>洪水</Type>", raw.index("1310100", raw.index("<Body")) - 3000)
    begins = raw.index("<WarningPeriod>", at) + len("<WarningPeriod>")
    ends = raw.index("</WarningPeriod>", at)
    found = told(read_bytes((raw[:begins] + period + raw[ends:]).encode()), HazardKind.FLOOD)
    changed_ones = {(begin, end) for _, begin, end, number in found if number == 1} - {("12T14:22", "13T00:00")}
    if hours is None:
        assert changed_ones == set()
        assert sum(number for *_, number in found) == 13, "one of the fourteen is left out"
    elif hours != ("12T14:22", "13T00:00"):
        assert changed_ones == {hours}


@pytest.mark.parametrize(
    ("written", "hours"),
    [("PT3H", 3), ("P1D", 24), ("P1DT6H", 30), ("PT90M", 1.5), ("P", None), ("3時間", None), ("PT9999H", None)],
)
def test_a_length_of_time(written: str, hours: float | None) -> None:
    assert duration(written) == (None if hours is None else timedelta(hours=hours))


def test_windows_of_one_grade_that_touch_are_one() -> None:
    def window(begins: int, ends: int, grade: int) -> tuple[datetime, datetime, int]:
        return NOON + timedelta(hours=begins), NOON + timedelta(hours=ends), grade

    found = joined([window(3, 6, 3), window(0, 3, 3), window(9, 12, 3), window(4, 5, 3), window(6, 9, 5)])  # type: ignore[list-item]
    assert found == (window(0, 6, 3), window(9, 12, 3), window(6, 9, 5))


def test_a_replay_moves_what_was_expected_too(shared_data: Path) -> None:
    report = read_sample(shared_data, RIVER)
    moved = shifted(report, timedelta(days=365))
    assert [one.begins - before.begins for one, before in zip(moved.expected, report.expected, strict=True)] == [
        timedelta(days=365)
    ] * len(report.expected)
    assert moved.expected[0].ends == datetime(2020, 5, 26, 2, tzinfo=UTC)
