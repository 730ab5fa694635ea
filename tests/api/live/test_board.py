"""The state of a shard: what it says, how it grows old, and that it is made on change and never when asked."""

import gzip
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import h3.api.basic_int as h3
import pytest
from prometheus_client import CollectorRegistry

from alerts.fact import Attribution, Confidence
from alerts.gauge import GaugeStation, Thresholds
from alerts.hazard import HazardKind
from alerts.place import Cell, LatLng
from alerts.road import RoadCause, RoadPlace, RoadReport
from alerts.shelter import OccupancyBand, ShelterReport, ShelterState
from api.http.metrics import ApiMetrics
from api.http.reader import Freshness
from api.known.state import State
from api.live.board import SHARDS, LiveBoard
from api.live.facts import LiveFacts, Section, shard_at
from api.residents.app import Residents, residents_app
from feeds.read import read
from feeds.resident import FEED, resident_document
from geo.gauges.doubt import Stage
from geo.gauges.forecast import Forecast, Phase
from routing.plan import Advice, Answer, CellAdvice, Part, Route, Side, Turn, Why, plan_of
from routing.shelter import Offer
from routing.site import Site
from streams.brokers.client import Record
from streams.gauges.record import GaugeRecord
from streams.ingest.facts import fact_key
from streams.payloads import POSITION_KEY, PlanPosition, SourceRecord
from streams.topics import CLOSURES, EFFECTS, GAUGES, PLANS, SHELTERS, SOURCES
from streams.wire import encode
from tests.api.browser import Browser
from tests.api.evening import KOTO, NINE_PM, Evening, around, danger, provenance

HERE = LatLng(*KOTO)
CELL = Cell(h3.latlng_to_cell(*KOTO, 9))
SHARD = shard_at(HERE)
NAME = f"{SHARD:x}"
SCHOOL = Site("s1", "第一小学校", HERE, frozenset({HazardKind.FLOOD, HazardKind.EARTHQUAKE}), step_free=True)
CURRENT = Freshness(True, 0, 0.5)


class Desk:
    """A board over one shard, and what was put to it."""

    def __init__(self, *sites: Site) -> None:
        self.board = LiveBoard(State(), LiveFacts(sites={site.id: site for site in sites}), (SHARD,))
        self.offset = 0

    def hear(self, topic: str, key: bytes, value: object) -> None:
        self.offset += 1
        self.board.apply(Record(topic, 0, self.offset, key, encode(value), timestamp_ms=1))

    def road(self, report: RoadReport) -> None:
        self.hear(CLOSURES.name, fact_key(report), report)

    def shelter(self, report: ShelterReport) -> None:
        self.hear(SHELTERS.name, fact_key(report), report)

    def tell(self, evening: Evening) -> None:
        for record in evening.records:
            self.board.apply(record)

    def said(self, section: Section, at: datetime = NINE_PM) -> Any:
        self.board.refresh(at)
        return json.loads(self.board.answers.bodies[section.path(NAME)].raw)

    def index(self, at: datetime = NINE_PM) -> Any:
        self.board.refresh(at)
        return json.loads(self.board.answers.bodies[SHARDS].raw)

    def browser(self, fresh: Freshness = CURRENT) -> Browser:
        registry = CollectorRegistry()
        residents = Residents(self.board.state, lambda: fresh)
        return Browser(residents_app(residents, ApiMetrics(registry), registry, lambda: NINE_PM, live=self.board))


def attribution(
    source: str = "console", minutes: int = 0, confidence: Confidence = Confidence.CONFIRMED
) -> Attribution:
    at = NINE_PM + timedelta(minutes=minutes)
    return Attribution(source, at, at, confidence)


def closure(name: str = "bridge", said: Attribution | None = None, **changes: Any) -> RoadReport:
    known = said or attribution()
    report = RoadReport(name, RoadPlace(point=HERE, name="永代橋"), RoadCause.FLOODED, known, known.fact_at)
    return replace(report, **changes)


def features(said: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"id": one["id"], **one["properties"]} for one in said["features"]]


# ------------------------------------------------------------------------------------------ shelters


def test_a_site_of_which_nobody_spoke_is_unknown_and_never_closed() -> None:
    (shown,) = features(Desk(SCHOOL).said(Section.SHELTERS))
    assert (shown["state"], shown["crowding"], shown["freshness"]) == ("unknown", None, "unconfirmed")
    assert (shown["fit_for"], shown["step_free"], shown["fact_at"]) == (["earthquake", "flood"], True, None)


def test_the_word_on_a_shelter_grows_old_without_any_news() -> None:
    desk = Desk(SCHOOL)
    desk.shelter(ShelterReport("s1", "", attribution(), ShelterState.OPEN, band=OccupancyBand.FILLING))
    ages = {
        minutes: features(desk.said(Section.SHELTERS, NINE_PM + timedelta(minutes=minutes)))[0]["freshness"]
        for minutes in (0, 29, 30, 59, 60, 600)
    }
    assert ages == {0: "fresh", 29: "fresh", 30: "ageing", 59: "ageing", 60: "unconfirmed", 600: "unconfirmed"}
    assert features(desk.said(Section.SHELTERS))[0]["state"] == "open"


def test_what_is_only_reported_opens_no_shelter() -> None:
    desk = Desk(SCHOOL)
    desk.shelter(ShelterReport("s1", "", attribution("crowd", confidence=Confidence.REPORTED), ShelterState.OPEN))
    assert features(desk.said(Section.SHELTERS))[0]["state"] == "unknown"


def test_a_full_shelter_is_full_in_both_words_and_an_open_one_is_not_crowded_by_an_older_word() -> None:
    desk = Desk(SCHOOL)
    desk.shelter(ShelterReport("s1", "", attribution(), ShelterState.FULL))
    assert features(desk.said(Section.SHELTERS))[0]["crowding"] == "full"
    desk.shelter(ShelterReport("s1", "", attribution(minutes=5), ShelterState.OPEN, band=OccupancyBand.EMPTY))
    shown = features(desk.said(Section.SHELTERS))[0]
    assert (shown["state"], shown["crowding"]) == ("open", "empty")


# ------------------------------------------------------------------------------------------ closures


def test_a_confirmed_closure_and_a_report_are_told_apart_and_have_their_age() -> None:
    desk = Desk()
    desk.road(closure())
    desk.road(closure("tunnel", attribution("crowd", confidence=Confidence.REPORTED), cause=RoadCause.DEBRIS))
    shown = {one["id"]: one for one in features(desk.said(Section.CLOSURES))}
    assert {name: one["status"] for name, one in shown.items()} == {"bridge": "confirmed", "tunnel": "reported"}
    assert (shown["bridge"]["reason"], shown["bridge"]["name"]) == ("flooded", "永代橋")
    assert shown["bridge"]["fact_at"] == NINE_PM.isoformat()


def test_a_report_that_an_officer_answered_is_gone_and_a_later_one_is_shown_again() -> None:
    desk = Desk()
    desk.road(closure(said=attribution("crowd", 0, Confidence.REPORTED)))
    desk.road(closure(said=attribution("console", 5), lifted=True))
    late = NINE_PM + timedelta(minutes=20)
    assert features(desk.said(Section.CLOSURES, late)) == []
    desk.road(closure(said=attribution("crowd", 10, Confidence.REPORTED)))
    assert [one["status"] for one in features(desk.said(Section.CLOSURES, late))] == ["reported"]


def test_a_closure_ends_by_its_own_time() -> None:
    desk = Desk()
    desk.road(closure(valid_until=NINE_PM + timedelta(hours=1)))
    assert len(features(desk.said(Section.CLOSURES))) == 1
    assert features(desk.said(Section.CLOSURES, NINE_PM + timedelta(hours=1))) == []


def test_the_reports_of_residents_on_one_road_are_one_feature_with_their_number_and_the_age_of_the_newest() -> None:
    desk = Desk()
    for slot in range(3):
        at = NINE_PM - timedelta(minutes=9 - slot)
        report = read(
            resident_document("r7", slot, RoadCause.FLOODED, HERE, at), name="", received=at, feed=FEED
        ).facts.roads[0]
        desk.road(report)
    (shown,) = features(desk.said(Section.CLOSURES))
    assert (shown["count"], shown["status"], shown["by_residents"]) == (3, "reported", True)
    assert shown["fact_at"] == (NINE_PM - timedelta(minutes=7)).isoformat()


def test_a_text_for_coordinators_is_not_shown() -> None:
    desk = Desk()
    desk.road(closure(text="川口さん宅の前"))
    desk.board.refresh(NINE_PM)
    assert not [name for name, body in desk.board.answers.bodies.items() if "川口" in body.raw.decode()]


# --------------------------------------------------------------------------------------------- plans


def plan(version: int = 1) -> object:
    line = (HERE, LatLng(HERE.lat + 0.001, HERE.lng - 0.002))
    turns = (Turn(120, "永代通り", Side.LEFT, "門前仲町"),)
    route = Route("s1", "第一小学校", Offer.OPEN, 601, 1200, 600, line, turns, ("r1",))
    go = Answer(Advice.GO, Why.WALKABLE, route)
    stay = Answer(Advice.STAY, Why.NO_USABLE_SHELTER)
    entry = CellAdvice(CELL, "1310800", (Part((), HERE, go, stay),))
    return plan_of(SHARD, version, (HazardKind.FLOOD,), NINE_PM, (entry,))


def test_the_plan_of_a_shard_has_advice_reason_way_and_digest_for_each_cell() -> None:
    desk = Desk()
    made = plan()
    desk.hear(PLANS.name, NAME.encode(), made)
    said = desk.said(Section.PLAN)
    (cell,) = said["cells"]
    general, step_free = cell["parts"][0]["general"], cell["parts"][0]["step_free"]
    assert (said["version"], said["plan_digest"]) == (1, made.digest)  # type: ignore[attr-defined]
    assert (cell["cell"], general["advice"], general["why"]) == (f"{CELL:x}", "go", "walkable")
    assert general["route"]["walk_minutes"] == 11
    assert general["route"]["turns"] == [{"metres": 120, "street": "永代通り", "side": "left", "at": "門前仲町"}]
    assert step_free == {"advice": "stay", "why": "no-usable-shelter"}


def position(seconds: float) -> PlanPosition:
    at = NINE_PM + timedelta(seconds=seconds)
    return PlanPosition({}, (), at, at)


def test_a_plan_that_did_not_change_is_as_old_as_the_planner_s_last_word_and_never_newer() -> None:
    desk = Desk()
    desk.hear(PLANS.name, NAME.encode(), plan())
    assert desk.index()["plans_at"] is None
    shown = []
    for seconds in (0, 1, 15, 75, 60):
        desk.hear(EFFECTS.name, POSITION_KEY, position(seconds))
        shown.append(desk.index(NINE_PM + timedelta(minutes=5))["plans_at"])
    at = [(NINE_PM + timedelta(seconds=seconds)).isoformat() for seconds in (0, 0, 15, 75, 60)]
    assert shown == at, "a source that fell silent takes it back"
    page = desk.board.answers.bodies[Section.HERE.path(NAME)].raw.decode()
    assert "避難の道は9月12日 21:01現在" in page
    assert desk.said(Section.PLAN)["facts_at"] == NINE_PM.isoformat(), "the plan is not fetched again for it"


def test_a_line_is_read_back_to_a_metre() -> None:
    desk = Desk()
    desk.hear(PLANS.name, NAME.encode(), plan())
    line = desk.said(Section.PLAN)["cells"][0]["parts"][0]["general"]["route"]["line"]
    points = decoded(line)
    assert points == [pytest.approx((HERE.lat, HERE.lng), abs=1e-5), pytest.approx((35.673, 139.815), abs=1e-5)]


def decoded(line: str) -> list[tuple[float, float]]:
    """Read an encoded polyline as its format's description says."""
    numbers, value, shift = [], 0, 0
    for letter in line:
        bits = ord(letter) - 63
        value |= (bits & 0x1F) << shift
        shift += 5
        if bits < 0x20:
            numbers.append(~(value >> 1) if value & 1 else value >> 1)
            value = shift = 0
    lat = lng = 0
    points = []
    for north, east in zip(numbers[::2], numbers[1::2], strict=True):
        lat, lng = lat + north, lng + east
        points.append((lat / 1e5, lng / 1e5))
    return points


# ------------------------------------------------------------------------------------------- notices


def test_a_notice_is_in_the_shards_that_it_touches_with_its_cells_there() -> None:
    desk = Desk()
    evening = Evening()
    evening.say(provenance(), [danger(around(*KOTO, rings=2))])
    desk.tell(evening)
    (notice,) = desk.said(Section.NOTICES)["in_force"]
    assert (notice["level"], notice["hazards"], notice["lapsed"]) == (4, ["flood"], None)
    assert f"{CELL:x}" in notice["cells"] or any(name.startswith("882f") for name in notice["cells"])
    (feature,) = desk.said(Section.HAZARDS)["features"]
    assert feature["geometry"]["type"] == "Polygon"
    assert feature["properties"]["level"] == 4


def test_an_order_past_its_time_stays_and_says_so_in_every_language() -> None:
    desk = Desk()
    evening = Evening()
    evening.say(provenance(), [danger(around(*KOTO, rings=2))])
    desk.tell(evening)
    desk.said(Section.NOTICES)
    (notice,) = desk.said(Section.NOTICES, NINE_PM + timedelta(hours=3))["in_force"]
    assert notice["lapsed"]["texts"]["en"] == "Not renewed at 00:00; treat it as in force."
    assert notice["lapsed"]["texts"]["ja"].startswith("00:00から更新がありません。")
    assert set(notice["lapsed"]["texts"]) == {"ja", "ja-Hira", "en", "zh-Hans", "ko"}
    assert desk.said(Section.HAZARDS, NINE_PM + timedelta(hours=10))["features"]


def test_a_lifted_notice_is_listed_as_ended() -> None:
    desk = Desk()
    evening = Evening()
    evening.say(provenance(), [danger(around(*KOTO, rings=2))])
    evening.say(provenance(revision=1, sent=NINE_PM + timedelta(minutes=30)), [])
    desk.tell(evening)
    said = desk.said(Section.NOTICES, NINE_PM + timedelta(hours=1))
    assert (said["in_force"], [one["phase"] for one in said["ended"]]) == ([], ["lifted"])
    assert desk.said(Section.HAZARDS, NINE_PM + timedelta(hours=1))["features"] == []


# ------------------------------------------------------------------------------------- rivers, sources


def test_a_river_is_shown_against_its_thresholds_and_our_own_forecast_never_is() -> None:
    desk = Desk()
    station = GaugeStation("mlit:1", "亀島川", HERE, "隅田川", thresholds=Thresholds(1.0, 2.0, 3.0, 4.0))
    ours = Forecast(NINE_PM + timedelta(hours=1), 60, 77.25, 77.0, 77.5, Phase.RISING)
    record = GaugeRecord("mlit:1", station, 3, NINE_PM, Stage(NINE_PM, 3.5), NINE_PM, None, "", (ours,), ())
    desk.hear(GAUGES.name, b"mlit:1", record)
    (shown,) = desk.said(Section.RIVER)["stations"]
    assert (shown["stage_m"], shown["level"], shown["thresholds_m"]["evacuation"]) == (3.5, 3, 3.0)
    assert not [body for body in desk.board.answers.bodies.values() if b"77." in body.raw]


def test_a_silent_source_is_said_and_its_silence_ends_nothing() -> None:
    desk = Desk()
    evening = Evening()
    evening.say(provenance(), [danger(around(*KOTO, rings=2))])
    desk.tell(evening)
    until = NINE_PM + timedelta(minutes=3)
    desk.hear(SOURCES.name, b"jma", SourceRecord("jma-extra", "気象庁", "", NINE_PM, until, "", NINE_PM))
    assert desk.index()["sources"][0] == {
        "source": "jma-extra", "owner": "気象庁", "since": None, "silent": False, "texts": None,
    }  # fmt: skip
    late = desk.index(NINE_PM + timedelta(hours=10))["sources"][0]
    assert late["texts"]["en"] == "No data from 気象庁 since 21:00. This is not an all-clear."
    assert desk.said(Section.NOTICES, NINE_PM + timedelta(hours=10))["in_force"]


# ------------------------------------------------------------------------------------------- answers


def test_nothing_is_made_again_when_nothing_changed() -> None:
    desk = Desk(SCHOOL)
    desk.board.refresh(NINE_PM)
    before = dict(desk.board.answers.bodies)
    assert desk.board.refresh(NINE_PM + timedelta(minutes=1)) is None
    assert desk.board.answers.bodies == before
    desk.road(closure())
    change = desk.board.refresh(NINE_PM + timedelta(minutes=2))
    assert change is not None
    assert list(change.shards) == [NAME]
    same = [name for name, body in before.items() if desk.board.answers.bodies[name] is body]
    assert f"/live/{NAME}/shelters.geojson" in same
    assert f"/live/{NAME}/closures.geojson" not in same


def test_an_answer_has_a_name_and_an_age_and_who_has_it_is_told_so() -> None:
    desk = Desk(SCHOOL)
    desk.board.refresh(NINE_PM)
    browser = desk.browser(Freshness(True, 0, 7.2))
    answer = browser.get(f"/live/{NAME}/shelters.geojson", {"accept-encoding": "gzip"})
    assert answer.status_code == 200
    assert (answer.headers["age"], answer.headers["content-type"]) == ("7", "application/geo+json")
    assert "max-age" in answer.headers["cache-control"]
    assert answer.headers["content-encoding"] == "gzip"
    known = browser.get(f"/live/{NAME}/shelters.geojson", {"if-none-match": answer.headers["etag"]})
    assert (known.status_code, known.content) == (304, b"")
    body = desk.board.answers.bodies[f"/live/{NAME}/shelters.geojson"]
    assert body.gzipped is not None
    assert gzip.decompress(body.gzipped) == body.raw == answer.content
    assert desk.index()["shards"][0]["digests"]["shelters"] == body.digest


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        (f"{CELL:x}", 422, "not-a-shard"),
        ("85" + "2f5a37fffffff", 422, "not-a-shard"),
        ("zz", 422, "parameter-invalid"),
        (f"{shard_at(LatLng(43.06, 141.35)):x}", 404, "shard-not-covered"),
    ],
)
def test_no_question_is_finer_than_a_shard(name: str, status: int, code: str) -> None:
    desk = Desk(SCHOOL)
    desk.board.refresh(NINE_PM)
    answer = desk.browser().get(f"/live/{name}/notices.json")
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_before_the_topics_were_read_there_is_no_answer_that_reads_as_an_all_clear() -> None:
    answer = Desk(SCHOOL).browser(Freshness(False, 9, None)).get("/live/shards.json")
    assert (answer.status_code, answer.json()["code"]) == (503, "not-ready")


def test_a_section_that_cannot_be_made_leaves_what_was_said_before(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(SCHOOL)
    before = desk.said(Section.SHELTERS)
    monkeypatch.setattr("api.live.board.shelters_in", lambda *_: 1 / 0)
    desk.shelter(ShelterReport("s1", "", attribution(), ShelterState.OPEN))
    desk.road(closure())
    assert desk.said(Section.SHELTERS, NINE_PM + timedelta(minutes=1)) == before
    assert len(features(desk.said(Section.CLOSURES, NINE_PM + timedelta(minutes=1)))) == 1
