"""A made typhoon, in June and in October: the draft for the night opens by daylight (R8)."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from alerts.alert import GEOCODE_CLASS20, PARAMETER_DECIDE_BY, Alert, AlertInfo, Area, Geocode
from alerts.cap import Certainty, MsgType, ResponseType, Severity, Status, Urgency
from alerts.hazard import HazardKind
from alerts.level import Level
from alerts.place import LatLng
from feeds.cap import read_cap
from feeds.cap_write import write_cap
from geo.before_dark import sunset_at
from geo.night_warning import night_warnings

TOKYO, JAPAN = LatLng(35.69, 139.75), ZoneInfo("Asia/Tokyo")
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


@pytest.mark.parametrize("day", [date(2026, 6, 20), date(2026, 10, 12)], ids=["June", "October"])
def test_the_draft_opens_three_hours_before_sunset_and_is_to_be_decided_by_then(day: date) -> None:
    found = typhoon(day, Level.ELDERLY_LEAVE, Level.ALL_LEAVE)
    ((alert, draft),) = night_warnings(found, "lineage", found.sent, place=TOKYO, zone=JAPAN)
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
    ((first, _),) = night_warnings(found, "l", found.sent, place=TOKYO, zone=JAPAN)
    ((again, _),) = night_warnings(found, "l", later, place=TOKYO, zone=JAPAN)
    assert write_cap(first) == write_cap(again)
    ((higher, _),) = night_warnings(typhoon(date(2026, 6, 20), Level.ALL_LEAVE), "l", later, place=TOKYO, zone=JAPAN)
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
    assert night_warnings(replace(found, infos=(info,)), "l", at, place=TOKYO, zone=JAPAN) == ()
