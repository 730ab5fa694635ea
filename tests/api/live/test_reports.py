"""A resident's report: snapped to a road, counted, shown with its age, and never more than a report."""

import json
from collections.abc import Mapping
from concurrent.futures import Future
from datetime import timedelta
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from alerts.fact import Confidence
from alerts.report import OutcomeKind
from alerts.road import RoadCause
from api.http.metrics import ApiMetrics
from api.http.rate import RateLimit
from api.known.roads import line_on
from api.known.state import State
from api.live.board import LiveBoard
from api.live.facts import LiveFacts, Section, shard_at
from api.live.reports import RoadReports
from api.residents.app import Residents, residents_app
from feeds.console import FEED as CONSOLE_FEED
from feeds.console import read_console
from feeds.console_write import console_document
from feeds.errors import ConsoleError, FeedError
from feeds.read import read, series_of
from feeds.resident import FEED, MOST_SLOTS, STANDS_FOR, resident_document
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
        assert headers["feed"] == b"resident"
        self.documents.append(value)
        report = read(value, name="report.json", received=self.now, feed=FEED)
        for number, made in enumerate(emitted(report, OutcomeKind.INFORMATIONAL, {}).records):
            self.board.apply(Record(made.topic.name, 0, number, made.key, made.value))
        done: Future[Stored] = Future()
        done.set_result(cast("Stored", None))
        return done

    def browser(self, limit: RateLimit | None = None, *, off: bool = False) -> Browser:
        registry = CollectorRegistry()
        self.board.refresh(self.now)
        limits = limit or RateLimit(1000, 1e6)
        reports = None if off else RoadReports(TOWN.network, cast("Producer", self), self.board, limits)
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
