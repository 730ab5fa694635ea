"""A resident's report: snapped to a road, counted, shown with its age, and never more than a report."""

import asyncio
import html
import json
import re
from collections.abc import Mapping
from concurrent.futures import Future
from datetime import timedelta
from typing import Any, cast

import h3.api.basic_int as h3
import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from alerts.fact import Confidence
from alerts.place import LatLng, Shard
from alerts.report import OutcomeKind
from alerts.road import RoadCause, RoadPlace
from api.http.metrics import ApiMetrics
from api.http.rate import RateLimit
from api.known.roads import line_on
from api.known.state import State
from api.live.board import LiveBoard
from api.live.facts import LiveFacts, Section, shard_at
from api.live.reports import RoadReports
from api.live.streets import NEARBY_M, PlaceKind, StreetBook, meant_by, metres, plain
from api.residents.app import Residents, residents_app
from feeds.console import FEED as CONSOLE_FEED
from feeds.console import read_console
from feeds.console_write import console_document
from feeds.errors import ConsoleError, FeedError
from feeds.read import read, series_of
from feeds.resident import FEED, MOST_SLOTS, STANDS_FOR, resident_document
from routing.site import Site
from routing.snap import Snapper
from streams.brokers.client import Producer, Record, Stored
from streams.evacuation.fact_book import FactBook
from streams.ingest.facts import emitted, fact_key
from streams.topics import CLOSURES
from streams.wire import encode
from tests.api.browser import Browser
from tests.api.live.test_board import CURRENT
from tests.streams.evening import Ingest
from tests.streams.small_town import AT, point_at, town

TOWN = town()
ON_BRIDGE = point_at(3, 6)


class Pipeline:
    """What ingest does with a resident's document, in the place of the broker: from telegram to fact."""

    def __init__(self) -> None:
        facts = LiveFacts(line_of=line_on(TOWN.network))
        self.board = LiveBoard(State(), facts, (shard_at(ON_BRIDGE),))
        self.now = AT
        self.documents: list[bytes] = []

    def send(self, _topic: str, _key: bytes, value: bytes, headers: Mapping[str, bytes]) -> "Future[Stored]":
        with pytest.raises(RuntimeError, match="no running event loop"):
            asyncio.get_running_loop()  # the page would stand still for everybody while a broker is slow
        assert headers["feed"] == b"resident"
        self.documents.append(value)
        report = read(value, name="report.json", received=self.now, feed=FEED)
        for number, made in enumerate(emitted(report, OutcomeKind.INFORMATIONAL, {}).records):
            self.board.apply(Record(made.topic.name, 0, number, made.key, made.value))
        done: Future[Stored] = Future()
        done.set_result(cast("Stored", None))
        return done

    def browser(
        self, limit: RateLimit | None = None, *, off: bool = False, streets: StreetBook | None = None
    ) -> Browser:
        registry = CollectorRegistry()
        self.board.refresh(self.now)
        limits = limit or RateLimit(1000, 1e6)
        reports = (
            None if off else RoadReports(TOWN.network, cast("Producer", self), self.board, limits, streets=streets)
        )
        residents = Residents(self.board.state, lambda: CURRENT)
        return Browser(
            residents_app(residents, ApiMetrics(registry), registry, lambda: self.now, live=self.board, reports=reports)
        )

    def shown(self) -> list[dict[str, Any]]:
        self.board.refresh(self.now)
        body = self.board.answers.bodies[Section.CLOSURES.path(f"{shard_at(ON_BRIDGE):x}")]
        return [dict(one["properties"]) for one in json.loads(body.raw)["features"]]


def asked(lat: float = ON_BRIDGE.lat + 0.0003, lng: float = ON_BRIDGE.lng, cause: str = "flooded") -> dict[str, Any]:
    return {"lat": lat, "lng": lng, "cause": cause}


def test_reports_of_one_road_are_counted_and_shown_as_reported() -> None:
    pipeline = Pipeline()
    browser = pipeline.browser()
    counts = [browser.request("POST", "/reports", json=asked()).json()["count"] for _ in range(3)]
    assert counts == [1, 2, 3]
    (shown,) = pipeline.shown()
    assert (shown["status"], shown["count"], shown["by_residents"]) == ("reported", 3, True)
    pipeline.now = AT + STANDS_FOR
    assert pipeline.shown() == []


def test_what_an_officer_rejects_leaves_the_residents_page_until_somebody_says_so_again() -> None:
    pipeline = Pipeline()
    browser = pipeline.browser()
    for _ in range(2):
        browser.request("POST", "/reports", json=asked())
    facts = read(pipeline.documents[0], name="report.json", received=AT, feed=FEED).facts
    assert facts is not None
    middle = facts.roads[0].place.point
    assert middle is not None
    pipeline.now = AT + timedelta(minutes=5)
    # As the console's form writes it: the point of the report, rounded to a metre.
    fields = {"point": (round(middle.lat, 5), round(middle.lng, 5)), "cause": "flooded", "name": "", "lifted": True}
    raw = console_document("closure", "post-1", by="sato", at=pipeline.now, **fields)
    (rejected,) = read_console(raw, received=pipeline.now, feed=CONSOLE_FEED).facts.roads
    pipeline.board.apply(Record(CLOSURES.name, 0, 99, fact_key(rejected), encode(rejected)))
    assert pipeline.shown() == []
    pipeline.now = AT + timedelta(minutes=9)
    browser = pipeline.browser()
    browser.request("POST", "/reports", json=asked())
    (shown,) = pipeline.shown()
    assert shown["status"] == "reported"


def test_what_is_stored_names_the_road_and_never_where_the_person_stood() -> None:
    pipeline = Pipeline()
    stood = asked(ON_BRIDGE.lat + 0.00037, ON_BRIDGE.lng + 0.00011)
    assert pipeline.browser().request("POST", "/reports", json=stood).status_code == 202
    (document,) = pipeline.documents
    plain = json.loads(document)
    assert set(plain) == {"shirase", "road", "slot", "cause", "at", "point"}
    assert plain["road"] == "bridge-6"
    ends = [point_at(3, 6), point_at(4, 6)]
    middle = [sum(end.lat for end in ends) / 2, sum(end.lng for end in ends) / 2]
    assert plain["point"] == pytest.approx(middle, abs=1e-6)


def test_a_crowd_fills_its_slots_and_no_more() -> None:
    pipeline = Pipeline()
    browser = pipeline.browser()
    for _ in range(MOST_SLOTS + 5):
        browser.request("POST", "/reports", json=asked())
    assert pipeline.shown()[0]["count"] == MOST_SLOTS
    assert len(pipeline.board.facts.roads) == MOST_SLOTS


def test_ingest_takes_it_as_facts_alone_and_warns_nobody() -> None:
    raw = resident_document("bridge-6", 0, RoadCause.FLOODED, ON_BRIDGE, AT)
    settled = Ingest().take_by(raw, AT, FEED)
    assert (settled.record.outcome, settled.record.reason) == (OutcomeKind.INFORMATIONAL, "facts")
    assert settled.claims == ()


def test_it_closes_no_road() -> None:
    pipeline = Pipeline()
    pipeline.browser().request("POST", "/reports", json=asked())
    report = read(pipeline.documents[0], name="", received=AT, feed=FEED).facts.roads[0]
    assert report.attribution.confidence is Confidence.REPORTED
    book = FactBook(TOWN.network, TOWN.sites)
    book.hear_road(report)
    assert (book.closures(AT), len(book.reported(AT))) == ((), 1)


def test_it_is_off_unless_it_was_turned_on() -> None:
    answer = Pipeline().browser(off=True).request("POST", "/reports", json=asked())
    assert (answer.status_code, answer.json()["code"]) == (404, "reports-off")


@pytest.mark.parametrize("off", [False, True])
def test_a_page_may_ask_whether_reports_are_taken(off: bool) -> None:
    answer = Pipeline().browser(off=off).request("GET", "/reports")
    assert (answer.status_code, answer.json()) == (200, {"taken": not off})


def test_an_address_may_report_a_few_roads_and_then_waits() -> None:
    browser = Pipeline().browser(RateLimit(2, 0.001))
    statuses = [browser.request("POST", "/reports", json=asked()).status_code for _ in range(3)]
    assert statuses == [202, 202, 429]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (asked(lat=35.2), "no-road-there"),
        (asked(lat=139.8, lng=35.7), "parameter-invalid"),
        (asked(cause="<script>"), "parameter-invalid"),
        ({**asked(), "subscription": "x"}, "parameter-invalid"),
        ({"lat": ON_BRIDGE.lat, "cause": "flooded"}, "parameter-invalid"),
    ],
)
def test_what_is_no_report_is_refused_with_its_code(body: dict[str, Any], code: str) -> None:
    answer = Pipeline().browser().request("POST", "/reports", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_a_document_of_that_form_by_another_way_is_not_believed() -> None:
    raw = resident_document("bridge-6", 0, RoadCause.FLOODED, ON_BRIDGE, AT)
    assert series_of(raw, FEED) == "resident:0:bridge-6"
    with pytest.raises(FeedError):
        read(raw, name="", received=AT, feed="console")


@settings(deadline=None, derandomize=True, max_examples=60)
@given(
    st.dictionaries(
        st.sampled_from(["shirase", "road", "slot", "cause", "at", "point", "more"]),
        st.one_of(
            st.text(max_size=90), st.integers(), st.floats(allow_nan=False), st.booleans(), st.none(),
            st.lists(st.floats(allow_nan=False), max_size=3),
        ),
    )
)  # fmt: skip
def test_anything_else_is_refused_with_a_reason(plain: dict[str, Any]) -> None:
    raw = json.dumps({"shirase": "resident/1", "road": "r", "slot": 0, "cause": "flooded", **plain}).encode()
    series_of(raw, FEED)
    with pytest.raises(ConsoleError, match=r"resident|json"):
        read(raw, name="", received=AT - timedelta(days=1), feed=FEED)


# ------------------------------------------------------------------------- without a map and without scripts


FORM = {"content-type": "application/x-www-form-urlencoded"}
SHARD = f"{shard_at(ON_BRIDGE):x}"


def street_book() -> StreetBook:
    """Return the small town with towns by cell, and a school in it."""
    school = Site("school", "架空小学校", point_at(3, 5), frozenset())
    return StreetBook(TOWN.network, lambda cell: f"架空{cell % 3 + 1}丁目", (school,))


def form_door(pipeline: Pipeline, limit: RateLimit | None = None) -> Browser:
    return pipeline.browser(limit, streets=street_book())


def send(door: Browser, origin: str = "", **fields: str) -> httpx.Response:
    headers = FORM | ({"origin": origin} if origin else {})
    return door.request("POST", f"/reports/form/{SHARD}", headers, data=fields)


def test_the_streets_of_a_shard_each_have_a_point_that_snaps_to_a_road_of_theirs() -> None:
    pipeline = Pipeline()
    door = form_door(pipeline)
    answer = door.get(f"/reports/streets/{SHARD}")
    places = answer.json()["places"]
    assert {place["kind"] for place in places} == {"street", "town", "landmark"}
    snapper = Snapper(TOWN.network)
    for place in places:
        snapped = snapper.snap(RoadPlace(point=LatLng(*place["at"])))
        assert snapped.road_ids, place
        if place["kind"] == "street":
            assert snapped.names == (place["name"],)
    assert door.get(f"/reports/streets/{SHARD}", {"if-none-match": answer.headers["etag"]}).status_code == 304
    finer = door.get(f"/reports/streets/{h3.latlng_to_cell(ON_BRIDGE.lat, ON_BRIDGE.lng, 9):x}")
    assert (finer.status_code, finer.json()["code"]) == (422, "not-a-shard")
    off = pipeline.browser(off=True).get(f"/reports/streets/{SHARD}")
    assert (off.status_code, off.json()["code"]) == (404, "reports-off")


def test_two_schools_of_one_name_are_two_landmarks() -> None:
    places = [LatLng(ON_BRIDGE.lat + n / 10_000, ON_BRIDGE.lng) for n in range(2)]
    far = LatLng(ON_BRIDGE.lat + 0.004, ON_BRIDGE.lng + 0.03)
    sites = [Site(f"s{n}", "第一小学校", at, frozenset()) for n, at in enumerate((*places, far))]
    book = StreetBook(TOWN.network, lambda _cell: "", sites)
    snapper = Snapper(TOWN.network)
    found = [one for one in book.places(Shard(int(SHARD, 16))) if one.kind is PlaceKind.LANDMARK]
    assert found, "no name stops the list, and none of a site far from every road is in it"
    assert {one.name for one in found} == {"第一小学校"}
    for one in found:
        assert snapper.snap(RoadPlace(point=one.at)).road_ids
        assert min(metres(one.at, at) for at in places) <= 150


def test_a_street_that_is_typed_is_reported_without_scripts_and_counted_like_a_point() -> None:
    pipeline = Pipeline()
    door = form_door(pipeline)
    page = door.get(f"/reports/form/{SHARD}").text
    assert "<script" not in page
    (label,) = {place.label for place in street_book().places(shard_at(ON_BRIDGE)) if place.name == "架空bridge-6"}
    assert f'<option value="{label}">' in page, "a browser suggests it while she types"
    done = send(door, place=label, cause="flooded")
    assert (done.status_code, "架空bridge-6" in done.text, "未確認の報告" in done.text) == (202, True, True)
    # Full-width and blanks, as another keyboard writes them; by its name alone it is the same bridge.
    assert send(door, place="架空 ｂｒｉｄｇｅ-6", cause="debris").status_code == 202
    (shown,) = pipeline.shown()
    assert (shown["status"], shown["count"]) == ("reported", 2)
    assert door.request("POST", "/reports", json=asked()).json()["count"] == 3, "and by a point it is that road too"


def test_a_town_or_a_school_asks_which_of_the_streets_about_it_and_the_answer_is_one_press() -> None:
    pipeline = Pipeline()
    door = form_door(pipeline)
    several = send(door, place="架空小学校", cause="fire")
    assert (several.status_code, "place-unclear" in several.text) == (409, True)
    assert " の前の道" in several.text
    offered = re.findall(r'name="chosen" value="([^"]*)"', several.text)
    near = next(place.at for place in street_book().places(shard_at(ON_BRIDGE)) if place.name == "架空小学校")
    streets = [html.unescape(one) for one in offered if one.startswith("street:")]
    assert streets
    far = [metres(near, LatLng(*map(float, one.rsplit(":", 1)[1].split(",")))) for one in streets]
    assert far == sorted(far)
    assert max(far) <= NEARBY_M
    assert 'value="fire" required checked' in several.text, "what she chose stays"
    assert pipeline.documents == [], "nothing was said yet"
    done = send(door, chosen=streets[0], cause="fire")
    assert done.status_code == 202
    facts = read(pipeline.documents[0], name="report.json", received=AT, feed=FEED).facts
    at = TOWN.network.columns.road_at(facts.roads[0].place.road_ids[0])
    assert at is not None
    assert TOWN.network.columns.name_of(at) == streets[0].split(":")[1].split("（")[0]


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"cause": "flooded"}, 422, "place-missing"),
        ({"place": "   ", "cause": "flooded"}, 422, "place-missing"),
        ({"place": "ここにない通り", "cause": "flooded"}, 422, "place-unknown"),
        ({"place": "<script>alert(1)</script>", "cause": "flooded"}, 422, "place-unknown"),
        ({"chosen": "street:x:35.0,139.0", "cause": "flooded"}, 422, "place-unknown"),
        ({"place": "架空1丁目", "cause": "flooded"}, 409, "place-unclear"),
        ({"place": "架空bridge-6", "cause": "crime-scene"}, 422, "cause-unknown"),
        ({"place": "架空bridge-6"}, 422, "cause-unknown"),
        ({"place": "あ" * 3000, "cause": "flooded"}, 422, "form-malformed"),
    ],
)
def test_a_plain_form_that_is_off_reports_nothing_and_says_why(fields: dict[str, str], status: int, code: str) -> None:
    pipeline = Pipeline()
    answer = send(form_door(pipeline), **fields)
    assert (answer.status_code, code in answer.text, "<script" in answer.text) == (status, True, False)
    assert pipeline.documents == []


def test_a_form_of_another_site_a_flood_of_them_and_a_door_without_reports() -> None:
    pipeline = Pipeline()
    door = form_door(pipeline, RateLimit(2, 0.001))
    fields = {"place": "架空bridge-6", "cause": "flooded"}
    for origin in ("https://evil.example", "null"):
        refused = send(door, origin=origin, **fields)
        assert (refused.status_code, "other-origin" in refused.text) == (403, True)
    assert [send(door, **fields).status_code for _ in range(3)] == [202, 202, 429]
    assert "too-many" in send(door, **fields).text
    form = door.get(f"/reports/form/{SHARD}")
    assert "form-action 'self'" in form.headers["content-security-policy"]
    off = pipeline.browser(off=True)
    assert "form-action 'none'" in off.get(f"/reports/form/{SHARD}").headers["content-security-policy"]
    assert off.get(f"/reports/form/{SHARD}").json()["code"] == "reports-off"
    finer = door.get(f"/reports/form/{h3.latlng_to_cell(ON_BRIDGE.lat, ON_BRIDGE.lng, 9):x}")
    assert finer.json()["code"] == "not-a-shard"


@settings(deadline=None, derandomize=True, max_examples=60)
@given(st.text(max_size=40))
def test_whatever_is_typed_means_places_of_the_shard_or_none(typed: str) -> None:
    places = street_book().places(shard_at(ON_BRIDGE))
    found = meant_by(places, typed)
    assert set(found) <= set(places)
    assert all(plain(typed) in plain(place.label) or plain(typed) == plain(place.name) for place in found)
    for place in places[:5]:
        assert place in meant_by(places, place.label)
