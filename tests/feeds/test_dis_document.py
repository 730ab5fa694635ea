"""What a municipality reports in the published form, and what of it is refused."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.alert import Geocode
from alerts.cap import MsgType, ResponseType, Severity, Status, Urgency
from alerts.fact import Confidence
from alerts.hazard import HazardKind
from alerts.incident import IncidentKind
from alerts.level import Level
from alerts.place import LatLng
from alerts.road import RoadCause
from alerts.shelter import OccupancyBand, ShelterState
from feeds.dis.document import cleaned, issuer_code
from feeds.errors import DisError, FeedError
from feeds.read import read, series_of
from tests.feeds.municipal import RECEIVED, document, incident, order, raw, read_plain, road, shelter


def refusal(plain: dict[str, Any], feed: str = "dis") -> str:
    with pytest.raises(FeedError) as error:
        read_plain(plain, feed)
    return error.value.reason


# ------------------------------------------------------------------------------------------- orders


@pytest.mark.parametrize(
    ("word", "level", "severity", "urgency"),
    [
        ("高齢者等避難", Level.ELDERLY_LEAVE, Severity.SEVERE, Urgency.EXPECTED),
        ("避難指示", Level.ALL_LEAVE, Severity.EXTREME, Urgency.IMMEDIATE),
        ("緊急安全確保", Level.SECURE_LIFE, Severity.EXTREME, Urgency.IMMEDIATE),
    ],
)
def test_an_order_is_a_level_and_asks_to_leave(word: str, level: Level, severity: Severity, urgency: Urgency) -> None:
    (info,) = read_plain(document(orders=[order(level=word)])).alert.infos
    assert (info.event, info.level, info.severity, info.urgency) == (word, level, severity, urgency)
    assert ResponseType.EVACUATE in info.response_types
    assert info.hazard is HazardKind.FLOOD
    assert info.sender_name == "江戸川区"


def test_its_area_is_the_municipality_only_where_a_code_says_so() -> None:
    areas = [
        {"name": "江戸川区", "code": "13123"},
        {"name": "平井一丁目"},
        {"name": "河川敷", "polygon": [[35.7, 139.8], [35.7, 139.9], [35.8, 139.9], [35.7, 139.8]]},
    ]
    whole, chome, drawn = read_plain(document(orders=[order(areas=areas)])).alert.infos[0].areas
    assert whole.geocodes == (Geocode("JMA.class20", "1312300"),)
    assert chome.geocodes == (Geocode("JIS.area-name", "13123 平井一丁目"),)
    assert (drawn.geocodes, drawn.polygons[0][1]) == ((), LatLng(35.7, 139.9))


def test_a_lifted_order_is_an_all_clear_and_an_empty_list_says_nothing() -> None:
    lifted = read_plain(document(orders=[order(state="解除")]))
    assert lifted.alert.infos[0].response_types == (ResponseType.ALL_CLEAR,)
    silent = read_plain(document(orders=[]))
    assert (silent.alert.infos, silent.informational) == ((), "facts-only")


def test_documents_of_one_municipality_are_one_series_and_each_restates_itself() -> None:
    first, second = read_plain(document()), read_plain(document(id="edogawa-2026-02", revision=4))
    assert first.series == second.series == series_of(raw(document())) == "municipality:13123"
    assert (first.thread, first.serial) == ("edogawa-2026-01", 1)
    assert (second.thread, second.serial) == ("edogawa-2026-02", 4)


def test_a_cancel_needs_no_body() -> None:
    cancel = read_plain(document(type="取消", orders=None, shelters=None, roads=None, incidents=None))
    assert (cancel.alert.msg_type, cancel.alert.infos, cancel.informational) == (MsgType.CANCEL, (), "")


@pytest.mark.parametrize("status", ["訓練", "試験", "Exercise", "Test"])
def test_what_is_not_meant_as_real_states_no_facts(status: str) -> None:
    report = read_plain(document(status=status))
    assert report.alert.status is not Status.ACTUAL
    assert not report.facts


@pytest.mark.parametrize(
    "changes",
    [
        {"note": "これは訓練です"},
        {"orders": [order(text="【訓練】避難してください")]},
        {"roads": [road(text="ＴＥＳＴ")]},
        {"incidents": [incident(title="停電（訓練）")]},
    ],
)
def test_drill_words_under_actual_hold_the_document_and_its_facts(changes: dict[str, Any]) -> None:
    report = read_plain(document(**changes))
    assert report.hold == "drill-words-under-actual"
    assert not report.facts


def test_a_place_that_is_called_a_training_ground_is_a_place() -> None:
    assert read_plain(document(shelters=[shelter(name="消防訓練場")])).hold == ""


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"orders": [order(level="避難勧告")]}, "dis-schema"),
        ({"orders": [order(level=2)]}, "dis-schema"),
        ({"orders": [order(areas=[])]}, "dis-schema"),
        ({"orders": [order(hazard="宇宙線")]}, "dis-hazard"),
        ({"orders": [order(issued_at="2026-07-01T12:00:00")]}, "dis-schema"),
        ({"orders": [order(issued_at="2026-02-30T12:00:00+09:00")]}, "dis-time"),
        ({"orders": [order(expires_at="2026-07-01T11:00:00+09:00")]}, "dis-order"),
        ({"orders": [order(areas=[{"name": "江東区", "code": "131083"}])]}, "dis-area-not-issuer"),
        ({"orders": [order(unheard="of")]}, "dis-schema"),
        ({"issuer": {"code": "131238", "name": "江戸川区"}}, "dis-issuer"),
        ({"issuer": {"code": "00000", "name": "どこか"}}, "dis-issuer"),
        ({"sent": "9999-12-31T23:59:59-09:00"}, "dis-time"),
        ({"type": "なにか"}, "dis-schema"),
        ({"version": 2}, "dis-schema"),
        ({"id": "two words"}, "dis-schema"),
        ({"orders": [], "shelters": [], "roads": None, "incidents": None}, "dis-nothing-said"),
        ({"note": "あ" * 100_000}, "dis-schema"),
    ],
)
def test_a_document_that_breaks_its_form_is_refused_whole(changes: dict[str, Any], reason: str) -> None:
    assert refusal(document(**changes)) == reason


def test_an_order_is_believed_only_by_the_ways_that_ask_for_a_key() -> None:
    for way in ("cap", "jma", "console", "crowd"):
        assert refusal(document(), feed=way) == "dis-by-another-feed"
    assert read_plain(document(), feed="").feed == "dis"  # a replay names no way


@pytest.mark.parametrize(("code", "five"), [("13123", "13123"), ("131237", "13123"), ("1312300", "13123")])
def test_codes_of_five_six_and_seven_digits_are_one_municipality(code: str, five: str) -> None:
    assert issuer_code(code) == five


def test_a_wrong_check_digit_is_no_code() -> None:
    for wrong in ("172020", "1", "", "abcde", "13123456"):
        with pytest.raises(DisError):
            issuer_code(wrong)


def test_what_breaks_a_line_or_turns_it_round_is_taken_out_of_texts() -> None:
    (info,) = read_plain(document(orders=[order(text="川\r\n\u202eが<script>増水\u0000")])).alert.infos
    assert info.description == "川 が<script>増水"
    assert cleaned({"a\nb": ["c\td"]}) == {"a b": ["c d"]}


# -------------------------------------------------------------------------------------------- facts


def test_a_shelter_says_its_state_its_people_and_how_full_it_is() -> None:
    (found,) = read_plain(document(shelters=[shelter(needs=["毛布", "水"], **{"class": "福祉避難所"})])).facts.shelters
    assert (found.id, found.state, found.capacity, found.occupants) == ("E1312300001001", ShelterState.OPEN, 480, 120)
    assert found.band is OccupancyBand.EMPTY
    assert found.needs == ("毛布", "水")
    assert found.attribution.confidence is Confidence.OFFICIAL
    assert found.attribution.source == "dis:13123"
    assert found.attribution.received_at == RECEIVED


@pytest.mark.parametrize(
    ("word", "band"),
    [
        ("空き", OccupancyBand.EMPTY),
        ("やや混雑", OccupancyBand.FILLING),
        ("混雑", OccupancyBand.CROWDED),
        ("満員", OccupancyBand.FULL),
    ],
)
def test_the_four_bands_are_what_staff_say_before_what_a_count_says(word: str, band: OccupancyBand) -> None:
    (found,) = read_plain(document(shelters=[shelter(band=word)])).facts.shelters
    assert found.band is band


def test_a_state_that_nobody_knows_is_unknown_never_closed() -> None:
    (found,) = read_plain(document(shelters=[shelter(state="調整中")])).facts.shelters
    assert found.state is ShelterState.UNKNOWN


def test_an_own_id_carries_its_issuer() -> None:
    report = read_plain(document(shelters=[shelter(id="S-1")]))
    assert (report.facts.shelters[0].id, report.facts.roads[0].id) == ("13123:S-1", "13123:r-7")


def test_a_road_is_reported_until_somebody_has_looked() -> None:
    facts = read_plain(document(roads=[road(), road(id="r-8", confidence="確認済")])).facts
    assert [one.attribution.confidence for one in facts.roads] == [Confidence.REPORTED, Confidence.CONFIRMED]
    assert facts.roads[0].cause is RoadCause.FLOODED
    assert facts.roads[0].valid_from == facts.roads[0].attribution.fact_at
    assert facts.roads[0].valid_until is None


def test_a_road_can_be_walked_again_and_has_its_times() -> None:
    open_again = road(state="解除", **{"from": "2026-07-01T10:00:00+09:00", "until": "2026-07-01T18:00:00+09:00"})
    (found,) = read_plain(document(roads=[open_again])).facts.roads
    assert found.lifted
    assert found.valid_until is not None
    assert (found.valid_until - found.valid_from).total_seconds() == 8 * 3600


def test_damage_lifelines_and_people_cut_off_are_incidents() -> None:
    rows = [
        incident(),
        incident(id="d-2", kind="住家被害", counts={"全壊": 3, "半壊": 12}),
        incident(id="d-3", kind="孤立", area_codes=["13123"], ended=True),
        incident(id="d-4", kind="珍事"),
    ]
    found = read_plain(document(incidents=rows)).facts.incidents
    assert [one.kind for one in found] == [
        IncidentKind.LIFELINE,
        IncidentKind.DAMAGE,
        IncidentKind.ISOLATED,
        IncidentKind.OTHER,
    ]
    assert found[1].counts == (("全壊", 3), ("半壊", 12))
    assert found[2].ended


@pytest.mark.parametrize(
    ("part", "row", "reason"),
    [
        ("shelters", shelter(lat=139.84, lng=35.7), "row-schema"),  # swapped
        ("shelters", shelter(lat=0, lng=0), "row-position"),
        ("shelters", {k: v for k, v in shelter().items() if k != "lng"}, "row-half-a-position"),
        ("shelters", shelter(as_of="2026-02-30T00:00:00+09:00"), "row-time"),
        ("shelters", shelter(as_of=""), "row-schema"),
        ("shelters", shelter(occupants=-3), "row-schema"),
        ("shelters", 7, "row-schema"),
        ("roads", road(state="たぶん"), "row-road-state"),
        ("roads", {k: v for k, v in road().items() if k not in ("lat", "lng")}, "row-no-place"),
        (
            "roads",
            road(**{"from": "2026-07-01T12:00:00+09:00", "until": "2026-07-01T11:00:00+09:00"}),
            "row-ends-before-start",
        ),
        ("roads", road(polygon=[[35, 139], [35, 140], [36, 140], [36, 139]]), "row-ring-open"),
        ("incidents", incident(counts={"全壊": -1}), "row-schema"),
    ],
)
def test_a_bad_row_is_refused_with_its_reason_and_takes_nothing_along(part: str, row: Any, reason: str) -> None:
    good = document()[part][0]
    report = read_plain(document(**{part: [row, good]}))
    (refused,) = report.facts.refused
    assert (refused.part, refused.row, refused.reason) == (part, 1, reason)
    assert len(getattr(report.facts, part)) == 1
    assert report.alert.infos  # and the order goes on


def test_a_document_larger_than_its_record_may_be_is_refused() -> None:
    rows = [incident(id=f"d-{number}", text="水" * 600) for number in range(600)]
    assert refusal(document(incidents=rows)) == "too-large"


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**6), 10**6) | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None, derandomize=True, max_examples=150)
@given(
    st.sampled_from(("orders", "shelters", "roads", "incidents", "issuer", "sent", "id", "revision")),
    ANY_JSON,
    st.sampled_from(("level", "areas", "as_of", "lat", "capacity", "polygon", "from", "fit_for", "counts", "")),
)
def test_any_value_anywhere_is_read_or_refused_never_more(part: str, value: Any, field: str) -> None:
    plain = document()
    if field and isinstance(plain[part], list):
        plain[part][0][field] = value
    else:
        plain[part] = value
    try:
        report = read(raw(plain), name="x", received=RECEIVED, feed="dis")
    except FeedError as error:
        assert error.reason  # noqa: PT017
    else:
        assert report.kind == "DIS-1"
        assert series_of(raw(plain)) == report.series
