"""The satellite's sentences, and where they differ from the internet feed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.agreement import LAG, MEMORY, Disagreement, Saying, Sayings, differences, with_report
from alerts.alert import Area, Geocode
from alerts.cap import MsgType, ResponseType, Severity, Status
from alerts.hazard import HazardKind
from alerts.level import Level
from alerts.report import Report
from feeds.errors import FeedError
from feeds.read import read, series_of
from tests.alerts.messages import alert, info, report

# Training messages as the satellites broadcast them; fields that are not training are set below.
EEW = "$QZQSM,55,C6AF89A820000324000050400548C5E2C000000003DFF8001C00001185443FC*05"
FLOOD = "$QZQSM,58,C6AFD99CB1800160A8F5528600000000000000000000000000000010E502538*0E"
TSUNAMI = "$QZQSM,58,9AAFA99C828001E8F67C31053960414E621053BE00000000000000132735038*0F"
RECEIVED = datetime(2026, 3, 7, 8, 0, tzinfo=UTC)
NOON = datetime(2026, 9, 8, 3, 0, tzinfo=UTC)
CLASSIFICATION = (14, 3)


def with_field(sentence: str, at: int, size: int, value: int) -> str:
    """Return *sentence* with one field set, and its CRC-24Q and checksum made right again."""
    bits = int(sentence.split(",")[2].split("*")[0], 16) >> 2
    shift = 250 - at - size
    bits = (bits & ~(((1 << size) - 1) << shift)) | (value << shift)
    crc = 0
    for place in range(226):
        crc ^= ((bits >> (249 - place)) & 1) << 23
        crc = (crc << 1) ^ 0x1864CFB if crc & 0x800000 else crc << 1
    bits = (bits & ~0xFFFFFF) | (crc & 0xFFFFFF)
    body = f"QZQSM,{sentence.split(',')[1]},{bits << 2:063X}"
    checksum = 0
    for letter in body:
        checksum ^= ord(letter)
    return f"${body}*{checksum:02X}"


def live(sentence: str) -> str:
    return with_field(sentence, *CLASSIFICATION, 1)


def taken(sentence: str) -> Report:
    return read(sentence.encode() + b"\r\n", name="qzss", received=RECEIVED, feed="qzss")


def test_a_training_message_is_an_exercise_and_tells_nobody() -> None:
    for sentence in (EEW, FLOOD, TSUNAMI):
        found = taken(sentence)
        assert (found.feed, found.alert.status) == ("qzss", Status.EXERCISE)
        assert found.informational == "second-source"
        assert series_of(sentence.encode()) == found.series == "qzss:dcr"


def test_a_tsunami_names_its_coasts() -> None:
    found = taken(live(TSUNAMI))
    assert found.alert.status is Status.ACTUAL
    assert {one.hazard for one in found.alert.infos} == {HazardKind.TSUNAMI}
    codes = [one.areas[0].geocodes[0] for one in found.alert.infos]
    assert len(codes) == 3
    assert all(code.value_name == "JMA.tsunami-area" and len(code.value) == 3 for code in codes)


@pytest.mark.parametrize(
    ("stage", "level", "lifted"),
    [
        (2, Level.ELDERLY_LEAVE, False),
        (3, Level.ALL_LEAVE, False),
        (4, Level.SECURE_LIFE, False),
        (1, None, True),
    ],
)
def test_a_flood_names_its_river_and_its_level(stage: int, level: Level | None, lifted: bool) -> None:
    found = taken(with_field(with_field(live(FLOOD), 53, 4, stage), 57, 40, 890917000100))
    (one,) = found.alert.infos
    assert (one.hazard, one.level) == (HazardKind.FLOOD, level)
    assert one.areas[0].geocodes == (Geocode("JMA.river", "890917000100"),)
    assert (ResponseType.ALL_CLEAR in one.response_types) is lifted


def weather(kind: int, region: int, state: int = 1) -> str:
    """Return a weather message of one kind for one region, made out of the flood's."""
    empty = with_field(live(FLOOD), 53, 161, 0)
    return with_field(with_field(with_field(with_field(empty, 17, 4, 10), 53, 3, state), 56, 5, kind), 61, 19, region)


@pytest.mark.parametrize(
    ("kind", "hazard", "level"),
    [
        (2, HazardKind.HEAVY_RAIN, Level.SECURE_LIFE),
        (6, HazardKind.STORM_SURGE, Level.SECURE_LIFE),
        (23, HazardKind.LANDSLIDE, Level.ALL_LEAVE),
        (21, HazardKind.RECORD_RAIN, None),
        (22, HazardKind.TORNADO, None),
    ],
)
def test_the_weather_names_its_kind_and_its_region(kind: int, hazard: HazardKind, level: Level | None) -> None:
    (one,) = taken(weather(kind, 130010)).alert.infos
    assert (one.hazard, one.level, one.response_types) == (hazard, level, ())
    assert one.areas[0].geocodes == (Geocode("JMA.class10", "130010"),)
    (office,) = taken(weather(kind, 130000, state=2)).alert.infos
    assert office.areas[0].geocodes == (Geocode("JMA.office", "130000"),)
    assert office.response_types == (ResponseType.ALL_CLEAR,)
    assert taken(weather(31, 130010)).alert.infos == (), "another kind is recorded and not compared"


def test_it_is_a_second_source_only_by_a_receiver_of_our_own() -> None:
    with pytest.raises(FeedError, match="qzss-by-another-feed"):
        read(EEW.encode(), name="q", received=RECEIVED, feed="cap")


def test_an_early_warning_before_the_shaking_says_nothing_to_compare() -> None:
    assert taken(live(EEW)).alert.infos == ()


@pytest.mark.parametrize(
    ("sentence", "reason"),
    [
        (EEW[:-1] + "6", "qzss-unreadable"),
        (EEW.replace("C6AF", "C6AE"), "qzss-unreadable"),
        ("$QZQSM,55,XYZ*00", "qzss-unreadable"),
        (EEW + "0" * 200, "too-large"),
        (
            "$QZQSM,55,53B0604DE19524CDA305B2C1E355B57800000CCC000000000000001022A8188*7E",
            "qzss-kind",
        ),
    ],
)
def test_what_is_no_message_of_the_jma_is_refused(sentence: str, reason: str) -> None:
    with pytest.raises(FeedError) as error:
        taken(sentence)
    assert error.value.reason == reason
    assert "C6AF" not in error.value.detail


@settings(deadline=None, derandomize=True, max_examples=80)
@given(st.integers(0, 225), st.integers(1, 24), st.data())
def test_any_field_is_read_or_refused_never_more(at: int, size: int, data: st.DataObject) -> None:
    size = min(size, 226 - at)
    sentence = with_field(live(TSUNAMI), at, size, data.draw(st.integers(0, 2**size - 1)))
    try:
        found = taken(sentence)
    except FeedError as error:
        assert error.reason.startswith("qzss-")  # noqa: PT017
    else:
        assert found.feed == "qzss"


# --------------------------------------------------------------------------------------- agreement


def says(
    hazard: HazardKind, place: str, level: Level | None = None, *, minutes: int = 0, ends: bool = False, **more: object
) -> Report:
    one = replace(
        info(all_clear=ends),
        hazard=hazard,
        level=level,
        severity=Severity.SEVERE,
        areas=(Area("", geocodes=(Geocode("code", place),)),),
    )
    return report(alert(f"{hazard}-{place}-{minutes}", minutes, infos=(one,), **more), received_minutes=minutes)  # type: ignore[arg-type]


def known(*reports: Report) -> Sayings:
    found: Sayings = {}
    for one in reports:
        found = with_report(found, one)
    return found


def kinds(satellite: Sayings, internet: Sayings, minutes: int = 10) -> list[Disagreement]:
    return [one.kind for one in differences(satellite, internet, at=NOON + timedelta(minutes=minutes))]


RAIN = says(HazardKind.HEAVY_RAIN, "130010", Level.SECURE_LIFE)


def test_the_same_word_by_both_ways_is_no_news() -> None:
    assert kinds(known(RAIN), known(says(HazardKind.HEAVY_RAIN, "1312300", Level.SECURE_LIFE))) == []


def test_a_feed_that_is_silent_about_what_the_satellite_says_is_an_alarm_after_its_lag() -> None:
    assert kinds(known(RAIN), {}, minutes=2) == []
    assert kinds(known(RAIN), {}) == [Disagreement.INTERNET_SILENT]
    assert kinds(known(RAIN), known(says(HazardKind.HEAVY_RAIN, "2710000", Level.SECURE_LIFE))) == [
        Disagreement.INTERNET_SILENT
    ]
    assert kinds(known(RAIN), known(says(HazardKind.LANDSLIDE, "1312300", Level.ALL_LEAVE))) == [
        Disagreement.INTERNET_SILENT
    ]


def test_a_lesser_level_and_an_end_that_only_one_knows_are_alarms() -> None:
    lesser = known(says(HazardKind.HEAVY_RAIN, "1312300", Level.ELDERLY_LEAVE))
    assert kinds(known(RAIN), lesser) == [Disagreement.LEVEL_DIFFERS]
    over = known(RAIN, says(HazardKind.HEAVY_RAIN, "130010", minutes=5, ends=True))
    assert kinds(over, lesser) == [Disagreement.INTERNET_HOLDS]
    assert kinds(over, known(says(HazardKind.HEAVY_RAIN, "1312300", Level.SECURE_LIFE, minutes=6))) == []
    assert kinds(over, {}) == []


def test_what_only_the_internet_says_is_no_difference() -> None:
    assert kinds({}, known(RAIN, says(HazardKind.THUNDER, "1312300"))) == []
    assert kinds(known(says(HazardKind.THUNDER, "130010")), {}) == [], "the satellite does not carry it"


def test_coasts_and_rivers_are_the_same_or_another() -> None:
    coast = known(says(HazardKind.TSUNAMI, "210"))
    assert kinds(coast, known(says(HazardKind.TSUNAMI, "210"))) == []
    assert kinds(coast, known(says(HazardKind.TSUNAMI, "220"))) == [Disagreement.INTERNET_SILENT]


def test_drills_and_what_is_held_say_nothing_and_old_words_are_forgotten() -> None:
    assert known(says(HazardKind.HEAVY_RAIN, "130010", status=Status.EXERCISE)) == {}
    assert known(replace(RAIN, hold="drill-words-under-actual")) == {}
    later = says(HazardKind.LANDSLIDE, "130010", minutes=int(MEMORY.total_seconds() // 60) + 1)
    assert set(known(RAIN, later)) == {(HazardKind.LANDSLIDE, "130010")}


def test_a_cancel_is_an_end_and_an_older_word_that_comes_late_is_none() -> None:
    cancel = says(HazardKind.HEAVY_RAIN, "130010", minutes=5, msg_type=MsgType.CANCEL)
    assert not known(RAIN, cancel)[HazardKind.HEAVY_RAIN, "130010"].holds
    assert known(cancel, RAIN) == known(cancel)


SAYINGS = st.lists(
    st.builds(
        lambda hazard, place, level, holds, minutes: Saying(
            hazard, place, level, holds, NOON + timedelta(minutes=minutes), NOON + timedelta(minutes=minutes)
        ),
        st.sampled_from((HazardKind.HEAVY_RAIN, HazardKind.TSUNAMI, HazardKind.THUNDER)),
        st.sampled_from(("130010", "1312300", "2710000", "210")),
        st.integers(2, 5),
        st.booleans(),
        st.integers(0, 30),
    ),
    max_size=5,
).map(lambda sayings: {(one.hazard, one.place): one for one in sayings})


@settings(deadline=None, derandomize=True)
@given(SAYINGS, st.integers(0, 40))
def test_a_source_never_disagrees_with_itself_and_a_new_word_never_at_once(said: Sayings, minutes: int) -> None:
    at = NOON + timedelta(minutes=minutes)
    same = {key: one for key, one in said.items() if key[1] in ("210", "2710000")}
    assert differences(same, same, at=at) == ()
    for one in differences(said, {}, at=at):
        assert at - one.since >= LAG
