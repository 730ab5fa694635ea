"""Which reader a document goes to, and which series its raw bytes belong to."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.errors import FeedError
from feeds.read import read, series_of
from tests.feeds.telegrams import RECEIVED, raw_sample


def test_the_root_decides_not_the_name(shared_data: Path) -> None:
    jma = raw_sample(shared_data, "15_14_01_170216_VPWW54")
    cap = (shared_data / "06_cap" / "oasiscap" / "v1dot2_appendix_adot2.xml").read_bytes()
    assert read(jma, name="something.cap", received=RECEIVED).feed == "jma"
    assert read(cap, name="VPWW54.xml", received=RECEIVED).feed == "cap"


def test_xml_of_another_kind_is_refused_with_its_reason() -> None:
    for raw in (b"<html/>", b'<Report xmlns="urn:else"/>', b'<alert xmlns="urn:else"/>', b"<rss version='2.0'/>"):
        with pytest.raises(FeedError) as error:
            read(raw, name="x", received=RECEIVED)
        assert error.value.reason == "not-cap-or-jma"


def test_an_atom_index_is_recorded_not_told(shared_data: Path) -> None:
    raw = (shared_data / "06_cap" / "nws_2020-05-07.xml").read_bytes()
    report = read(raw, name="index", received=RECEIVED)
    assert (report.informational, report.alert.infos) == ("feed-index", ())
    assert series_of(raw) == report.series == "atom:https://alerts.weather.gov/cap/az.php?x=0"


def test_the_cheap_key_of_every_cap_message_is_its_series(shared_data: Path) -> None:
    found = 0
    for path in sorted((shared_data / "06_cap").rglob("*")):
        if path.suffix in (".xml", ".cap"):
            raw = path.read_bytes()
            try:
                report = read(raw, name=path.name, received=RECEIVED)
            except FeedError:
                continue
            found += 1
            assert series_of(raw) == report.series, path.name
    assert found > 15


def test_a_cap_message_is_keyed_by_its_sender(shared_data: Path) -> None:
    raw = (shared_data / "06_cap" / "oasiscap" / "v1dot2_appendix_adot2.xml").read_bytes()
    assert series_of(raw) == "cap:KSTO@NWS.NOAA.GOV"


def test_a_prefix_or_an_attribute_does_not_hide_the_sender() -> None:
    raw = b'<c:alert xmlns:c="urn:oasis:names:tc:emergency:cap:1.2"><c:sender > a@b.example </c:sender></c:alert>'
    assert series_of(raw) == "cap:a@b.example"


def test_bytes_that_name_no_series_share_one_per_feed() -> None:
    assert series_of(b"\xff\xfe\x00", "bosai") == "unreadable:bosai"
    assert series_of(b"") == "unreadable:"


@given(
    st.binary(max_size=400), st.sampled_from((b"", b"urn:oasis:names:tc:emergency:cap:1.2", b"<sender>", b"<Title>"))
)
def test_no_bytes_make_it_raise(raw: bytes, between: bytes) -> None:
    assert series_of(raw[:200] + between + raw[200:], "x")


@pytest.mark.parametrize(
    "written",
    ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "2201-01-01T00:00:00Z"],
)
def test_a_time_beyond_reckoning_is_refused_and_does_not_win_its_series(shared_data: Path, written: str) -> None:
    raw = raw_sample(shared_data, "15_16_03_241226_VPWW55")
    sent = re.search(rb"<DateTime>[^<]*</DateTime>", raw)
    assert sent is not None
    hostile = raw.replace(sent.group(0), f"<DateTime>{written}</DateTime>".encode(), 1)
    with pytest.raises(FeedError) as refused:
        read(hostile, name="x", received=RECEIVED)
    assert refused.value.reason == "jma-time"
