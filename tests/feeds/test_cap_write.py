"""What we write is CAP 1.2, and reads back as it was."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from alerts.alert import Alert, AlertInfo, Area, Geocode, Reference
from alerts.cap import Category, Certainty, MsgType, ResponseType, Scope, Severity, Status, Urgency
from alerts.hazard import HazardKind
from alerts.level import Level
from alerts.place import Circle, LatLng
from feeds.cap import read_cap
from feeds.cap_write import time_text, write_cap
from feeds.errors import CapError

NOW = datetime(2026, 9, 8, 4, 0, tzinfo=UTC)
JAPAN = timezone(timedelta(hours=9))

words = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=20)
token = st.from_regex(r"[A-Za-z0-9.@\-]{1,20}", fullmatch=True)
EPOCH = datetime(1980, 1, 1)  # noqa: DTZ001 - hypothesis takes bounds without a zone
times = st.datetimes(EPOCH, EPOCH.replace(2100), timezones=st.sampled_from([UTC, JAPAN])).map(
    lambda at: at.replace(microsecond=0)
)
named = st.builds(Geocode, words.filter(lambda name: not name.startswith(("警戒レベル", "shirase."))), words)
points = st.builds(
    LatLng,
    lat=st.integers(-90_000_000, 90_000_000).map(lambda micro: micro / 1_000_000),
    lng=st.integers(-180_000_000, 180_000_000).map(lambda micro: micro / 1_000_000),
)
rings = st.lists(points, min_size=3, max_size=6).map(lambda ring: (*ring, ring[0]))
circles = st.builds(Circle, points, st.integers(0, 20_000_000).map(lambda metres: metres / 1_000))


def tuples(of: st.SearchStrategy[object], least: int = 0) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(of, min_size=least, max_size=3).map(tuple)


areas = st.builds(Area, words, tuples(rings), tuples(circles), tuples(named, 1))
infos = st.builds(
    AlertInfo,
    event=words,
    hazard=st.sampled_from(HazardKind),
    urgency=st.sampled_from(Urgency),
    severity=st.sampled_from(Severity),
    certainty=st.sampled_from(Certainty),
    categories=tuples(st.sampled_from(Category), 1),
    language=st.sampled_from(["ja-JP", "en-US", "zh"]),
    level=st.none() | st.sampled_from(Level),
    response_types=tuples(st.sampled_from(ResponseType)),
    effective=st.none() | times,
    onset=st.none() | times,
    expires=st.none() | times,
    sender_name=words,
    headline=st.just("") | words,
    description=st.just("") | words,
    instruction=st.just("") | words,
    code=st.just("") | token,
    event_codes=tuples(named),
    parameters=tuples(named),
    areas=tuples(areas, 1),
)
alerts = st.builds(
    Alert,
    identifier=token,
    sender=token,
    sent=times,
    status=st.sampled_from(Status),
    msg_type=st.sampled_from(MsgType),
    scope=st.sampled_from(Scope),
    source=st.just("") | words,
    note=st.just("") | words,
    codes=tuples(token),
    references=tuples(st.builds(Reference, token, token, times.map(time_text))),
    incidents=tuples(token),
    infos=tuples(infos, 1),
).map(lambda alert: replace(alert, sent_text=time_text(alert.sent)))


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(alerts)
def test_what_is_written_reads_back_equal(alert: Alert) -> None:
    assert read_cap(write_cap(alert), "written", NOW).alert == alert


def _alert() -> Alert:
    ring = (LatLng(35.6, 139.7), LatLng(35.7, 139.7), LatLng(35.7, 139.8), LatLng(35.6, 139.7))
    info = AlertInfo(
        event="氾濫危険情報",
        hazard=HazardKind.FLOOD,
        urgency=Urgency.EXPECTED,
        severity=Severity.SEVERE,
        certainty=Certainty.LIKELY,
        categories=(Category.MET,),
        level=Level.ALL_LEAVE,
        expires=datetime(2026, 9, 8, 6, 0, tzinfo=UTC),
        areas=(Area("江東区", polygons=(ring,), geocodes=(Geocode("JMA.class20", "1310800"),)),),
    )
    sent = datetime(2026, 9, 8, 3, 0, tzinfo=UTC)
    return Alert("A", "x@example.tokyo", sent, Status.ACTUAL, MsgType.ALERT, infos=(info,))


def test_what_is_written_is_valid_by_the_standard_s_own_schema(shared_data: Path) -> None:
    schema = etree.XMLSchema(etree.parse(shared_data / "06_cap" / "schema" / "cap12.xsd"))
    assert schema.validate(etree.fromstring(write_cap(_alert()))), schema.error_log


def test_every_real_message_can_be_written_again(shared_data: Path) -> None:
    written = 0
    for path in sorted((shared_data / "06_cap").rglob("*.cap")):
        try:
            alert = read_cap(path.read_bytes(), path.name, NOW).alert
        except CapError:
            continue
        again = read_cap(write_cap(alert), path.name, NOW).alert
        assert again.infos == alert.infos
        assert again.sent == alert.sent
        written += 1
    assert written >= 5


def test_utc_is_minus_zero_and_z_is_never_written() -> None:
    written = write_cap(replace(_alert(), sent_text="2026-09-08T03:00:00Z")).decode()
    assert "<sent>2026-09-08T03:00:00-00:00</sent>" in written
    assert "<expires>2026-09-08T06:00:00-00:00</expires>" in written


@pytest.mark.parametrize(
    ("alert", "reason"),
    [
        (replace(_alert(), note="\x00"), "cap-write-text"),
        (replace(_alert(), identifier=""), "cap-schema-empty"),
        (replace(_alert(), infos=(replace(_alert().infos[0], categories=()),)), "cap-schema-missing"),
    ],
)
def test_what_the_schema_forbids_is_not_written(alert: Alert, reason: str) -> None:
    with pytest.raises(CapError) as refused:
        write_cap(alert)
    assert refused.value.reason == reason
