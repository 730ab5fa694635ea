"""CAP is read as the standard says, and what cannot be acted on is refused with its reason."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from lxml import etree

from alerts.alert import Geocode, Reference
from alerts.cap import Certainty, MsgType, Scope, Severity
from alerts.hazard import HazardKind
from alerts.level import Level
from alerts.lifecycle import SeriesState, accept
from alerts.place import LatLng
from alerts.report import OutcomeKind, Report
from feeds.cap import read_cap
from feeds.cap_hazard import hazard_of
from feeds.cap_schema import check_schema
from feeds.errors import CapError, FeedError
from feeds.read import read
from feeds.xml import parse

NOW = datetime(2026, 9, 8, 4, 0, tzinfo=UTC)
RING = "35.60,139.70 35.70,139.70 35.70,139.80 35.60,139.70"
AREA = f"<area><areaDesc>江東区</areaDesc><polygon>{RING}</polygon></area>"
INFO = (
    "<info><category>Met</category><event>Flood Warning</event><urgency>Expected</urgency>"
    "<severity>Unknown</severity><certainty>Likely</certainty>{more}{area}</info>"
)
HEAD = (
    "<identifier>A-1</identifier><sender>x@example.tokyo</sender><sent>{sent}</sent><status>{status}</status>"
    "<msgType>{msg_type}</msgType><scope>Public</scope>{references}"
)


def cap(
    *,
    version: str = "urn:oasis:names:tc:emergency:cap:1.2",
    sent: str = "2026-09-08T12:00:00+09:00",
    status: str = "Actual",
    msg_type: str = "Alert",
    references: str = "",
    more: str = "",
    area: str = AREA,
    head: str = HEAD,
    info: str = INFO,
    tail: str = "",
) -> bytes:
    filled = head.format(sent=sent, status=status, msg_type=msg_type, references=references)
    filled += info.format(more=more, area=area)
    return f'<?xml version="1.0" encoding="UTF-8"?><alert xmlns="{version}">{filled}{tail}</alert>'.encode()


def _read(raw: bytes) -> Report:
    return read_cap(raw, "test", NOW)


def _reason(raw: bytes) -> str:
    with pytest.raises(FeedError) as refused:
        _read(raw)
    return refused.value.reason


def test_a_message_is_read_with_cap_s_own_names() -> None:
    references = "<references>x@example.tokyo,A-0,2026-09-08T11:00:00+09:00</references>"
    report = _read(cap(msg_type="Update", references=references))
    alert = report.alert
    assert (report.feed, report.kind, report.series) == ("cap", "CAP-1.2", "cap:x@example.tokyo")
    assert (alert.identifier, alert.msg_type, alert.scope) == ("A-1", MsgType.UPDATE, Scope.PUBLIC)
    assert alert.sent == datetime(2026, 9, 8, 3, 0, tzinfo=UTC)
    assert alert.sent_text == "2026-09-08T12:00:00+09:00"
    assert alert.references == (Reference("x@example.tokyo", "A-0", "2026-09-08T11:00:00+09:00"),)
    (info,) = alert.infos
    assert (info.hazard, info.severity, info.language) == (HazardKind.FLOOD, Severity.UNKNOWN, "en-US")


def test_a_polygon_is_lat_then_lon() -> None:
    (area,) = _read(cap()).alert.infos[0].areas
    assert area.polygons[0][0] == LatLng(lat=35.6, lng=139.7)


def test_a_circle_s_radius_is_kilometres_and_areas_are_a_union() -> None:
    area = "<area><areaDesc>a</areaDesc><circle>35.6,139.7 5.5</circle><circle>35.7,139.7 0</circle></area>"
    first, second = _read(cap(area=area + AREA)).alert.infos[0].areas
    assert [circle.radius_km for circle in first.circles] == [5.5, 0.0]
    assert second.polygons


def test_the_japanese_level_is_a_parameter() -> None:
    parameter = "<parameter><valueName>{}</valueName><value>{}</value></parameter>"
    info = _read(cap(more=parameter.format("警戒レベル", 4) + parameter.format("other", "x"))).alert.infos[0]
    assert info.level is Level.ALL_LEAVE
    assert info.parameters == (Geocode("other", "x"),)
    assert _read(cap(more=parameter.format("警戒レベル", "9"))).alert.infos[0].level is None


def test_several_infos_are_kept() -> None:
    assert len(_read(cap(info=INFO + INFO)).alert.infos) == 2


def test_cap_1_0_and_1_1_are_read() -> None:
    old = cap(version="http://www.incident.com/cap/1.0").replace(b">Likely<", b">Very Likely<")
    assert _read(old).alert.infos[0].certainty is Certainty.LIKELY
    assert _read(cap(version="urn:oasis:names:tc:emergency:cap:1.1")).kind == "CAP-1.1"
    assert _reason(cap(version="urn:oasis:names:tc:emergency:cap:1.3")) == "cap-version"


def test_z_is_read_and_a_time_without_offset_is_not() -> None:
    assert _read(cap(sent="2026-09-08T03:00:00Z")).alert.sent == datetime(2026, 9, 8, 3, tzinfo=UTC)
    assert _reason(cap(sent="2026-09-08T12:00:00")) == "cap-schema-time"
    version = "urn:oasis:names:tc:emergency:cap:1.1"
    assert _reason(cap(sent="2026-09-08T12:00:00", version=version)) == "cap-time-without-offset"


AREA_START = "<area><areaDesc>a</areaDesc>"


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (cap(area=""), "cap-no-area"),
        (cap(area=f"{AREA_START}</area>"), "cap-no-area"),
        (cap(area=f"{AREA_START}<polygon></polygon></area>"), "cap-no-area"),
        (cap(info=""), "cap-no-area"),
        (cap(head=HEAD.replace("</identifier>", "</identifier><identifier>B</identifier>")), "cap-schema-repeated"),
        (cap(head=HEAD.replace("<scope>Public</scope>", "")), "cap-schema-missing"),
        (cap(head=HEAD.replace("A-1", " ")), "cap-schema-empty"),
        (cap(head="<scope>Public</scope>" + HEAD.replace("<scope>Public</scope>", "")), "cap-schema-order"),
        (cap(status="actual"), "cap-schema-value"),
        (cap(sent="9 o'clock"), "cap-schema-time"),
        (cap(sent="2026-13-08T12:00:00+09:00"), "cap-schema-time"),
        (cap(tail="<x/>"), "cap-schema-element"),
        (cap(tail="words"), "cap-schema-text"),
        (cap().replace(b"<event>", b'<event lang="ja">'), "cap-schema-attribute"),
        (cap().replace(b"Flood Warning", b"<b>Flood</b>"), "cap-schema-nested"),
        (cap(more=f"<headline>{'x' * 100_000}</headline>"), "cap-text-too-long"),
        (cap(references="<references>A-0</references>"), "cap-references"),
        (cap(area=AREA.replace("35.60,139.70 35.70", "35.61,139.70 35.70", 1)), "cap-polygon-not-closed"),
        (cap(area=AREA.replace(RING, "35,139 36,139 35,139")), "cap-polygon-not-closed"),
        (cap(area=AREA.replace(RING, RING.replace("35.60,139.70", "139.70,35.60"))), "cap-position"),
        (cap(area=AREA.replace("35.60,", "NaN,")), "cap-number"),
        (cap(area=AREA.replace("35.60,", "1e999,")), "cap-number"),
        (cap(area=AREA.replace(RING, "35.6,139.7 " * 10_001)), "cap-too-many-vertices"),
        (cap(area=f"{AREA_START}{'<polygon>1,1 1,2 2,2 1,1</polygon>' * 101}</area>"), "cap-too-many-polygons"),
        (cap(area=f"{AREA_START}<circle>35.6,139.7 40000</circle></area>"), "cap-circle"),
        (cap(area=f"{AREA_START}<circle>35.6,139.7 -1</circle></area>"), "cap-circle"),
        (cap(area=f"{AREA_START}<circle>35.6,139.7</circle></area>"), "cap-circle"),
    ],
)
def test_what_cannot_be_acted_on_has_a_reason(raw: bytes, reason: str) -> None:
    assert _reason(raw) == reason


def test_a_drill_or_a_cancel_needs_no_area() -> None:
    assert _read(cap(status="Exercise", area="")).alert.infos
    references = "<references>x@example.tokyo,A-0,2026-09-08T11:00:00+09:00</references>"
    assert _read(cap(msg_type="Cancel", references=references, info="")).alert.msg_type is MsgType.CANCEL


def test_an_entity_attack_is_refused_before_it_is_built() -> None:
    attack = cap().replace(b"<alert", b'<!DOCTYPE alert [<!ENTITY x SYSTEM "file:///etc/passwd">]><alert', 1)
    assert _reason(attack.replace(b"A-1", b"&x;")) == "xml-forbidden-dtd"


def test_drill_words_under_actual_are_held() -> None:
    held = accept(SeriesState(), _read(cap(more="<headline>これは訓練です</headline>")))
    assert held.outcome.kind is OutcomeKind.HELD


@pytest.mark.parametrize(
    ("event", "hazard"),
    [
        ("Storm Surge Warning", HazardKind.STORM_SURGE),
        ("Winter Storm Watch", HazardKind.SNOWSTORM),
        ("Tornado Warning", HazardKind.TORNADO),
        ("大雨特別警報", HazardKind.HEAVY_RAIN),
        ("土砂災害警戒情報", HazardKind.LANDSLIDE),
        ("暴風雪警報", HazardKind.SNOWSTORM),
        ("荒川氾濫危険情報", HazardKind.FLOOD),
        ("Tsunami Warning", HazardKind.TSUNAMI),
        ("Train of thought", HazardKind.OTHER),
    ],
)
def test_the_event_s_words_name_the_danger(event: str, hazard: HazardKind) -> None:
    assert hazard_of(event, ()) is hazard


# ---------------------------------------------------------------------------------- the real messages


def _files(shared_data: Path) -> list[Path]:
    return sorted(path for path in (shared_data / "06_cap").rglob("*") if path.suffix in (".xml", ".cap"))


def test_our_schema_agrees_with_the_standard_s_on_every_real_message(shared_data: Path) -> None:
    schemas = {
        namespace: etree.XMLSchema(etree.parse(shared_data / "06_cap" / "schema" / f"cap{number}.xsd"))
        for namespace, number in (
            ("http://www.incident.com/cap/1.0", 10),
            ("urn:oasis:names:tc:emergency:cap:1.1", 11),
            ("urn:oasis:names:tc:emergency:cap:1.2", 12),
        )
    }
    compared = 0
    for path in _files(shared_data):
        root = parse(path.read_bytes())
        schema = schemas.get(str(root.tag).rpartition("}")[0].lstrip("{"))
        if schema is None:
            continue
        for broken in _variants(root):
            try:
                check_schema(broken)
                ours = True
            except CapError:
                ours = False
            assert ours == schema.validate(etree.fromstring(etree.tostring(broken))), (path.name, schema.error_log)
            compared += 1
    assert compared > 500


def _variants(root: etree._Element) -> list[etree._Element]:
    """Return *root*, and *root* without, with twice, and with a moved, each of its elements in turn."""
    variants = [root]
    for number, _ in enumerate(root.iter()):
        if number == 0 or number > 60:
            continue
        for change in ("drop", "repeat", "move", "value"):
            copy = etree.fromstring(etree.tostring(root))
            element = list(copy.iter())[number]
            parent = element.getparent()
            if parent is None or str(element.tag).startswith("{http://www.w3.org/2000/09/xmldsig#}"):
                continue
            if change == "drop":
                parent.remove(element)
            elif change == "repeat":
                parent.insert(parent.index(element), etree.fromstring(etree.tostring(element)))
            elif change == "move":
                parent.insert(0, element)
            elif len(element) == 0 and str(element.tag).rpartition("}")[2] not in (
                "identifier",
                "sender",
                "web",
                "uri",
            ):
                element.text = "no such value"
            variants.append(copy)
    return variants


def test_every_real_message_is_read_or_refused_with_a_reason(shared_data: Path) -> None:
    reasons = {}
    for path in _files(shared_data):
        try:
            reasons[path.name] = read(path.read_bytes(), name=path.name, received=NOW).kind
        except FeedError as error:
            reasons[path.name] = error.reason
    assert reasons["testdata__no_optional_fields.cap"] == "cap-no-area"
    assert reasons["v1dot0_appendix_adot1.xml"] == "cap-no-area"
    assert reasons["nws_atom_feed_example.xml"] == "atom-index"
    assert reasons["testdata__earthquake-iso8859-1.cap"] == "CAP-1.2"
    assert reasons["v1dot0_appendix_adot2.xml"] == "CAP-1.0"
    assert sum(kind.startswith("CAP-") for kind in reasons.values()) >= 17


def test_an_index_of_entries_is_one_informational_document(shared_data: Path) -> None:
    path = shared_data / "06_cap" / "ibm-cap" / "nws_atom_feed_example.xml"
    step = accept(SeriesState(), read(path.read_bytes(), name=path.name, received=NOW))
    assert (step.outcome.kind, step.outcome.reason) == (OutcomeKind.INFORMATIONAL, "feed-index")
