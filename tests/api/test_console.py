"""The coordinators' page shows what waits for a person, and offers no act."""

from dataclasses import replace
from datetime import timedelta

from prometheus_client import CollectorRegistry

from alerts.claim import Release, Tie
from alerts.gauge import Doubt, GaugeStation, Thresholds
from alerts.place import LatLng
from api.console.app import console_app
from api.http.metrics import ApiMetrics
from api.http.reader import Freshness
from api.known.desk import MOST_KEPT, Desk
from geo.gauges.doubt import Stage
from geo.gauges.forecast import Forecast, Phase
from streams.brokers.client import Record
from streams.deciding.decision import Ledger, decide
from streams.gauges.record import GaugeRecord
from streams.gauges.river_desk import RiverDesk
from streams.payloads import Command, DraftRecord, DraftState, SourceRecord, Verb
from streams.topics import DEAD_LETTERS, DRAFTS, GAUGES, SOURCES
from streams.wire import decode, encode
from tests.api.browser import Browser
from tests.api.evening import KOTO, NINE_PM, Evening, around, danger, provenance

ATTACK = "<script>alert(1)</script>"


def browse(desk: Desk, fresh: Freshness | None = None, rivers: RiverDesk | None = None) -> Browser:
    registry = CollectorRegistry()
    current = fresh or Freshness(ready=True, lag_records=0, age_seconds=0.1)
    later = NINE_PM + timedelta(minutes=1)
    app = console_app(desk, lambda: current, ApiMetrics(registry), registry, lambda: later, rivers=rivers)
    return Browser(app)


def draft_records(area_name: str = "江東区") -> list[Record]:
    """Return the verdict that keeps a draft open, and the one that approves it."""
    evening = Evening()
    commands = evening.drafted(provenance(release=Release.DRAFT), [danger(around(*KOTO), area_name=area_name)])
    ledger = Ledger()
    records: list[Record] = []
    for command in commands:
        record = decide(ledger, command, at=NINE_PM).record
        assert record is not None
        ledger.knows(record)
        records.append(Record(DRAFTS.name, 0, len(records), record.draft_id.encode(), encode(record)))
        assert command.draft is not None
        approval = Command(Verb.APPROVE, command.draft_id, "officer", NINE_PM, digest=command.draft.notice.digest)
        approved = decide(ledger, approval, at=NINE_PM).record
        assert approved is not None
        assert approved.state is DraftState.APPROVED
        records.append(Record(DRAFTS.name, 0, len(records), approved.draft_id.encode(), encode(approved)))
    return records


def test_an_open_draft_is_listed_until_it_is_decided() -> None:
    desk = Desk()
    opened, approved = draft_records()
    desk.apply(opened)
    page = browse(desk).get("/").text
    assert "承認を待つ案（1件）" in page
    assert "江東区" in page
    desk.apply(approved)
    assert "承認を待つ案（0件）" in browse(desk).get("/").text


def test_a_draft_that_nobody_could_approve_any_more_is_not_listed() -> None:
    desk = Desk()
    opened, approved = (decode(DraftRecord, record.value or b"") for record in draft_records())
    lifted = replace(approved, draft_id="lifted", document_revision=opened.document_revision + 1)
    for number, record in enumerate((opened, lifted)):
        desk.apply(Record(DRAFTS.name, 0, number, record.draft_id.encode(), encode(record)))
    assert desk.view().drafts == ()
    assert desk.draft(opened.draft_id) == opened, "what a call led to is still shown"
    newer = replace(opened, draft_id="newer", document_revision=opened.document_revision + 2)
    desk.apply(Record(DRAFTS.name, 0, 3, b"newer", encode(newer)))
    assert desk.view().drafts == (newer,)


def test_the_page_says_that_it_only_shows_and_has_nothing_to_press() -> None:
    page = browse(Desk()).get("/").text
    assert "表示専用" in page
    assert "<form" not in page
    assert "<button" not in page


def test_dead_letters_are_listed_with_their_reason_and_bounded() -> None:
    desk = Desk()
    for number in range(MOST_KEPT + 5):
        headers = {"reason": b"wire-malformed", "detail": ATTACK.encode()}
        desk.apply(Record(DEAD_LETTERS.name, 0, number, b"claims-0-%d" % number, b"???", headers, 1))
    view = desk.view()
    assert len(view.dead) == MOST_KEPT
    assert view.dead[0].place == f"claims-0-{MOST_KEPT + 4}"
    page = browse(desk).get("/").text
    assert "wire-malformed" in page
    assert ATTACK not in page


def test_names_in_drafts_are_escaped() -> None:
    desk = Desk()
    desk.apply(draft_records(ATTACK)[0])
    assert ATTACK not in browse(desk).get("/").text


def test_an_incomplete_list_says_so() -> None:
    answer = browse(Desk(), Freshness(False, 3, None)).get("/")
    assert answer.status_code == 503
    assert "読み込み中" in answer.text


def test_nothing_is_kept_by_anybody_on_the_way() -> None:
    answer = browse(Desk()).get("/")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


def test_a_silent_source_has_its_line_and_whom_to_call() -> None:
    desk = Desk()
    at = NINE_PM - timedelta(minutes=10)
    for number, (name, fresh_until, reason) in enumerate(
        (("jma-extra", NINE_PM, "fetch-timeout"), ("jma-eqvol", NINE_PM + timedelta(minutes=2), ""))
    ):
        known = SourceRecord(name, ATTACK, "tel 1234", at, fresh_until, reason, NINE_PM)
        desk.apply(Record(SOURCES.name, 0, number, name.encode(), encode(known)))
    page = browse(desk).get("/").text
    assert "情報源（2件、途絶1件）" in page
    assert page.count("解除ではありません") == 1
    assert "fetch-timeout" in page
    assert "tel 1234" in page
    assert ATTACK not in page
    desk.apply(Record(SOURCES.name, 0, 2, b"jma-extra", None))
    assert "情報源（1件、途絶0件）" in browse(desk).get("/").text


def test_rivers_stand_there_with_their_silence_our_forecast_and_what_is_only_assumed() -> None:
    rivers, evening = RiverDesk(), Evening()
    station = GaugeStation("mlit:1", f"亀島川{ATTACK}", LatLng(*KOTO), "隅田川", thresholds=Thresholds(danger_m=4.0))
    ours = Forecast(NINE_PM + timedelta(hours=1), 60, 3.9, 3.6, 4.2, Phase.RISING)
    speaks = GaugeRecord("mlit:1", station, 3, NINE_PM, Stage(NINE_PM, 3.5), NINE_PM, None, "", (ours,), ())
    early = NINE_PM - timedelta(hours=2)
    silent = replace(speaks, station="mlit:2", heard_at=early, forecasts=(), doubt=Doubt.STUCK)
    for number, record in enumerate((speaks, silent)):
        rivers.apply(Record(GAUGES.name, 0, number, record.station.encode(), encode(record)))
    evening.say(provenance(), [replace(danger(around(*KOTO)), tie=Tie.RIVER_ASSUMED, event="氾濫警戒情報")])
    for record_of_map in evening.records:
        rivers.apply(record_of_map)
    page = browse(Desk(), rivers=rivers).get("/").text
    assert "川の水位（2か所）" in page
    assert "レベル4まで0.50 m" in page
    assert "60分後 3.90 m（3.60～4.20）" in page
    assert "住民には出しません" in page
    assert "水位は分かりません" in page
    assert "変化なし" in page
    assert "川との結びつきが推定の範囲（1件）" in page
    assert "river tie assumed" in page
    assert ATTACK not in page


def test_a_draft_says_until_when_it_is_to_be_decided() -> None:
    for minutes, said in ((31, "あと30分"), (181, "あと3時間"), (-5, "を過ぎました")):
        desk = Desk()
        source = replace(provenance(release=Release.DRAFT), decide_by=NINE_PM + timedelta(minutes=minutes))
        (command,) = Evening().drafted(source, [danger(around(*KOTO))])
        record = decide(Ledger(), command, at=NINE_PM).record
        assert record is not None
        desk.apply(Record(DRAFTS.name, 0, 0, record.draft_id.encode(), encode(record)))
        assert said in browse(desk).get("/").text
