"""The coordinators' page shows what waits for a person, and offers no act."""

from datetime import timedelta

from prometheus_client import CollectorRegistry

from alerts.claim import Release
from api.console import console_app
from api.desk import MOST_KEPT, Desk
from api.metrics import ApiMetrics
from api.reader import Freshness
from streams.client import Record
from streams.decision import Ledger, decide
from streams.payloads import Command, DraftState, SourceRecord, Verb
from streams.topics import DEAD_LETTERS, DRAFTS, SOURCES
from streams.wire import encode
from tests.api.browser import Browser
from tests.api.evening import KOTO, NINE_PM, Evening, around, danger, provenance

ATTACK = "<script>alert(1)</script>"


def browse(desk: Desk, fresh: Freshness | None = None) -> Browser:
    registry = CollectorRegistry()
    current = fresh or Freshness(ready=True, lag_records=0, age_seconds=0.1)
    app = console_app(desk, lambda: current, ApiMetrics(registry), registry, lambda: NINE_PM + timedelta(minutes=1))
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
