"""L-Alert: the wrapper and the inside say the same, or a person decides."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.cap import MsgType, ResponseType, Status
from alerts.hazard import HazardKind
from alerts.level import Level
from alerts.report import Report
from alerts.shelter import OccupancyBand, ShelterState, SiteClass
from feeds.dis.write import plain_document
from feeds.errors import FeedError
from feeds.lalert.write import write_orders, write_shelters
from feeds.read import read, series_of
from tests.feeds.municipal import RECEIVED, document, order, read_plain, shelter


def orders(**changes: object) -> bytes:
    (content,) = write_orders(_plain(document(**changes)))
    return content


def _plain(plain: dict[str, object]) -> dict[str, object]:
    report = read_plain(plain)
    return plain_document(
        document=report.thread,
        revision=report.serial,
        issuer=report.alert.sender,
        issuer_name=report.alert.source,
        sent=report.alert.sent,
        infos=report.alert.infos,
        facts=report.facts,
        msg_type=report.alert.msg_type,
    ) | {"type": plain["type"]}


def changed(raw: bytes, old: str, new: str, times: int = -1) -> bytes:
    assert old.encode() in raw, old
    return raw.replace(old.encode(), new.encode(), times)


def taken(raw: bytes, feed: str = "l-alert") -> Report:
    return read(raw, name="l", received=RECEIVED, feed=feed)


def refusal(raw: bytes, feed: str = "l-alert") -> str:
    with pytest.raises(FeedError) as error:
        taken(raw, feed)
    return error.value.reason


def test_an_order_in_l_alert_is_an_order() -> None:
    report = taken(orders())
    (info,) = report.alert.infos
    assert (info.event, info.level, info.hazard) == ("避難指示", Level.ALL_LEAVE, HazardKind.FLOOD)
    assert info.response_types == (ResponseType.EVACUATE,)
    assert info.areas[0].geocodes[0].value == "1312300"
    assert (report.feed, report.kind, report.serial) == ("l-alert", "L-Alert-EvacuationOrder", 1)
    assert report.series == series_of(orders()) == "municipality:13123"


def test_a_part_of_the_municipality_is_its_name_and_nothing_wider() -> None:
    report = taken(orders(orders=[order(areas=[{"name": "平井一丁目"}, {"name": "葛西"}])]))
    assert [area.geocodes[0].value for area in report.alert.infos[0].areas] == ["13123 平井一丁目", "13123 葛西"]


def test_a_disagreement_of_wrapper_and_inside_is_held_and_nothing_of_it_believed() -> None:
    for raw, reason in (
        (changed(orders(), ">Actual<", ">Exercise<", 1), "l-alert-status-disagrees"),
        (changed(orders(), ">Report<", ">Update<", 1), "l-alert-identity-disagrees"),
        (changed(orders(), "documentRevision>1<", "documentRevision>2<", 1), "l-alert-identity-disagrees"),
        (changed(orders(), "documentID>edogawa", "documentID>koto", 1), "l-alert-identity-disagrees"),
    ):
        report = taken(raw)
        assert (report.hold, report.alert.infos, report.alert.status) == (reason, (), Status.ACTUAL)
        assert not report.facts


def test_a_drill_is_one_in_both_places() -> None:
    report = taken(changed(orders(), ">Actual<", ">Exercise<"))
    assert (report.alert.status, report.hold) == (Status.EXERCISE, "")


def test_types_are_those_of_reports() -> None:
    assert taken(orders(type="更新")).alert.msg_type is MsgType.UPDATE
    assert taken(orders(type="訂正")).alert.note == "訂正"
    cancel = taken(changed(orders(), ">Report<", ">Cancel<"))
    assert (cancel.alert.msg_type, cancel.alert.infos) == (MsgType.CANCEL, ())


def test_what_is_no_order_and_no_shelter_is_recorded() -> None:
    other = changed(orders(), "EvacuationOrder", "GeneralInformation")
    assert taken(other).informational == "kind-informational"
    assert taken(changed(orders(), ">Report<", ">Ack<")).informational == "kind-informational"


def test_shelters_have_their_words() -> None:
    raw = write_shelters(_plain(document(shelters=[shelter(band="満員", **{"class": "福祉避難所"})])))
    (found,) = taken(raw).facts.shelters
    assert (found.name, found.state, found.band) == ("平井小学校", ShelterState.OPEN, OccupancyBand.FULL)
    assert (found.site_class, found.capacity, found.occupants) == (SiteClass.WELFARE, 480, 120)
    assert found.attribution.source == "l-alert:13123"
    (always,) = taken(changed(raw, ">開設<", ">常設<")).facts.shelters
    assert always.state is ShelterState.OPEN
    (odd,) = taken(changed(raw, "35.7067,139.8424 0", "35.7067,139.8424,0")).facts.shelters
    assert odd.point == found.point


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (">Actual<", ">Perhaps<", "l-alert-status"),
        ("documentRevision>1<", "documentRevision>one<", "l-alert-identity"),
        ("jisX0402>13123<", "jisX0402><", "l-alert-issuer"),
        ("jisX0402>13123<", "jisX0402>131238<", "dis-issuer"),
        (">避難指示<", ">避難勧告<", "dis-schema"),
        ("contentObject", "contentsObject", "l-alert-structure"),
        ("pcx_ib:Head>", "pcx_ib:Foot>", "l-alert-structure"),
        ("2026-07-01T12:00:00+09:00", "noon", "l-alert-time"),
        ("pcx_body:Area>", "pcx_body:Place>", "l-alert-no-area"),
    ],
)
def test_what_nobody_could_act_on_is_refused(old: str, new: str, reason: str) -> None:
    assert refusal(changed(orders(), old, new)) == reason


def test_it_is_believed_only_by_its_own_way() -> None:
    assert refusal(orders(), feed="cap") == "dis-by-another-feed"


@pytest.mark.parametrize(
    ("disaster", "hazard"),
    [
        ("令和8年台風第3号による洪水", HazardKind.FLOOD),
        ("令和8年台風第3号", HazardKind.HEAVY_RAIN),
        ("土砂災害警戒", HazardKind.LANDSLIDE),
        ("震災", HazardKind.OTHER),
    ],
)
def test_the_danger_is_read_from_the_name_of_the_disaster(disaster: str, hazard: HazardKind) -> None:
    assert taken(changed(orders(), ">洪水<", f">{disaster}<")).alert.infos[0].hazard is hazard


def test_an_edxl_file_without_its_inside_is_refused(shared_data: Path) -> None:
    assert refusal(b'<EDXLDistribution xmlns="urn:oasis:names:tc:emergency:EDXL:DE:1.0"/>') == "l-alert-structure"


@settings(deadline=None, derandomize=True, max_examples=100)
@given(st.data())
def test_a_document_with_a_piece_missing_is_read_held_or_refused_never_more(data: st.DataObject) -> None:
    raw = orders()
    start = data.draw(st.integers(300, len(raw) - 20))
    cut = raw[:start] + raw[start + data.draw(st.integers(1, 40)) :]
    try:
        report = taken(cut)
    except FeedError as error:
        assert error.reason  # noqa: PT017
    else:
        assert report.feed == "l-alert"
