"""Every notice leaves as CAP that a reader reads back, and the record of an event says no figure under twenty."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from prometheus_client import CollectorRegistry

from alerts.alert import Alert
from alerts.cap import MsgType, ResponseType, Status
from alerts.claim import Lane
from alerts.languages.known import LANGUAGES
from alerts.level import Level
from alerts.notice import Notice
from alerts.place import Cells
from alerts.theme import Audience
from api.http.metrics import ApiMetrics
from api.http.reader import Freshness
from api.known.state import State
from api.open_data.book import OpenBook, Published
from api.open_data.cap_out import alert_of
from api.open_data.event import FEWEST, event_of, hidden
from api.open_data.routes import OpenData
from api.residents.app import Residents, residents_app
from feeds.cap import read_cap
from feeds.cap_write import write_cap
from feeds.feed_entries import read_entries
from geo.cells import difference, intersection, union
from geo.cover import cover
from streams.brokers.client import Record
from streams.payloads import ReceiptRecord
from streams.topics import NOTICES, RECEIPTS
from streams.wire import encode
from tests.api.browser import Browser
from tests.api.evening import KOTO, NINE_PM, Evening, around, danger, provenance

NEAR, WIDE = around(*KOTO, rings=3), around(*KOTO, rings=6)
SENDER = "shirase@example.test"


def book_of(*evenings: Evening) -> OpenBook:
    book = OpenBook()
    for evening in evenings:
        for record in evening.records:
            book.apply(record)
    return book


def flood(*, end: str = "") -> tuple[OpenBook, list[Notice]]:
    """Return a flood warning that is widened and, with *end*, ended."""
    evening = Evening()
    told = evening.say(provenance(), [danger(NEAR)])
    told += evening.say(provenance(revision=1, sent=NINE_PM + timedelta(minutes=20)), [danger(WIDE)])
    if end:
        source = provenance(revision=2, sent=NINE_PM + timedelta(hours=2), outcome=end)
        told += evening.say(source, [])
    return book_of(evening), told


def newest(book: OpenBook) -> Published:
    return book.newest(1)[1][0]


def read_back(published: Published) -> Alert:
    raw = write_cap(alert_of(published, sender=SENDER, site_url="https://shirase.example"))
    return read_cap(raw, "x.xml", NINE_PM + timedelta(hours=3)).alert


def covered(alert: Alert, language: str = "ja-JP") -> Cells:
    rings = [ring for info in alert.infos if info.language == language for area in info.areas for ring in area.polygons]
    return union(*(cover([ring]) for ring in rings))


def test_a_notice_is_read_back_as_it_was_written_in_every_language() -> None:
    book, told = flood()
    first = book.find(newest(book).before[0].name)
    assert first is not None
    alert = read_back(first)
    assert (alert.msg_type, alert.status, alert.references) == (MsgType.ALERT, Status.ACTUAL, ())
    assert {info.language for info in alert.infos} == {"ja-JP", *LANGUAGES[1:]}
    assert {info.level for info in alert.infos} == {Level.ALL_LEAVE}
    texts = {text.title for text in told[0].parts[0].texts}
    assert {info.headline for info in alert.infos} == texts
    assert all(info.instruction and info.description for info in alert.infos)
    assert all(ResponseType.PREPARE in info.response_types for info in alert.infos)


def test_its_area_is_never_smaller_than_what_was_told_and_hardly_larger() -> None:
    book, _ = flood()
    first = newest(book).before[0]
    here = covered(read_back(first))
    assert difference(NEAR, here) == ()
    assert intersection(here, around(*KOTO, rings=4)) == here


def test_the_schema_of_oasis_takes_every_message(shared_data: Path) -> None:
    schema = etree.XMLSchema(etree.parse(shared_data / "06_cap" / "schema" / "cap12.xsd"))
    drill = Evening()
    drill.say(provenance(lane=Lane.DRILL), [danger(NEAR)])
    for book in (flood()[0], flood(end="notice")[0], flood(end="cancel")[0], book_of(drill)):
        for published in book.newest(9)[1]:
            raw = write_cap(alert_of(published, sender=SENDER, site_url="https://shirase.example"))
            schema.assertValid(etree.fromstring(raw))


def test_an_update_references_what_came_before_and_restates_all_that_holds() -> None:
    book, _ = flood()
    published = newest(book)
    alert = read_back(published)
    (reference,) = alert.references
    assert alert.msg_type is MsgType.UPDATE
    assert (reference.identifier, reference.sender) == (published.before[0].name, SENDER)
    assert reference.sent == read_back(published.before[0]).sent_text
    # The notice spoke of the ring that was added; the message speaks of all of it.
    assert difference(WIDE, covered(alert)) == ()


def test_an_end_is_an_all_clear_and_references_all_before_it() -> None:
    book, _ = flood(end="notice")
    alert = read_back(newest(book))
    assert alert.msg_type is MsgType.UPDATE
    assert len(alert.references) == 2
    assert {response for info in alert.infos for response in info.response_types} == {ResponseType.ALL_CLEAR}


def test_a_withdrawal_is_a_cancel() -> None:
    book, _ = flood(end="cancel")
    alert = read_back(newest(book))
    assert (alert.msg_type, len(alert.references)) == (MsgType.CANCEL, 2)


def test_a_drill_is_marked_in_the_message_and_in_the_feed() -> None:
    evening = Evening()
    evening.say(provenance(lane=Lane.DRILL), [danger(NEAR)])
    book = book_of(evening)
    alert = read_back(newest(book))
    assert alert.status is Status.EXERCISE
    assert "訓練" in alert.note
    feed = browser(book).get("/open/atom.xml").text
    assert "訓練 DRILL" in feed
    assert 'term="drill"' in feed


def test_what_is_for_staff_or_a_canary_is_not_published() -> None:
    evening = Evening()
    (notice,) = evening.say(provenance(), [danger(NEAR)])
    book = OpenBook()
    for changed in ({"audience": Audience.STAFF}, {"lane": Lane.CANARY}):
        book.apply(_record(notice, **changed))
    assert book.newest(9)[1] == ()


def _record(notice: Notice, **changes: object) -> Record:
    return Record(NOTICES.name, 0, 0, b"x", encode(replace(notice, **changes)))  # type: ignore[arg-type]


def test_a_notice_that_comes_twice_is_one_message() -> None:
    evening = Evening()
    evening.say(provenance(), [danger(NEAR)])
    assert len(book_of(evening, evening).newest(9)[1]) == 1


@settings(deadline=None, derandomize=True, max_examples=12)
@given(
    rings=st.lists(st.tuples(st.integers(0, 5), st.sampled_from([3, 4, 5])), min_size=1, max_size=4),
    words=st.text(min_size=1, max_size=30),
)
def test_whatever_is_told_can_be_written_and_read(rings: list[tuple[int, int]], words: str) -> None:
    evening = Evening()
    for number, (ring, level) in enumerate(rings):
        at = NINE_PM + timedelta(minutes=10 * number)
        source = provenance(revision=number, sent=at, issuer=words)
        evening.say(source, [danger(around(*KOTO, rings=ring), level=Level(level), area_name=words)])
    for published in book_of(evening).newest(9)[1]:
        alert = read_back(published)
        assert alert.identifier == published.name
        held = union(*(said.part.cells for said in (*published.holds, *published.ends)))
        assert difference(held, covered(alert)) == ()


# --------------------------------------------------------------------------------------------- events


def receipt(notice: Notice, worker: int = 0, *, tail: int = 0, wards: dict[str, int] | None = None) -> ReceiptRecord:
    at = round(notice.received.timestamp() * 1000)
    people = sum((wards or {"1310800": 100}).values())
    return ReceiptRecord(
        notice.lineage, notice.revision, notice.document, worker, 2, 1, people, {"accepted": people - 3, "gone": 3},
        wards or {"1310800": 100}, at, at + 1500 + worker, at + 4000 + worker, tail,
    )  # fmt: skip


def with_receipts(book: OpenBook, receipts: Sequence[ReceiptRecord]) -> dict[str, object]:
    for number, one in enumerate(receipts):
        book.apply(Record(RECEIPTS.name, 0, number, b"x", encode(one)))
    record = event_of(book, newest(book).name.rpartition("-")[0])
    assert record is not None
    read: dict[str, object] = json.loads(json.dumps(record, default=_text))
    return read


def _text(value: object) -> str:
    assert isinstance(value, datetime)
    return value.isoformat()


def test_the_record_of_an_event_says_what_was_told_when_to_how_many_and_how_fast() -> None:
    book, told = flood()
    record = with_receipts(book, [receipt(told[0], 0), receipt(told[0], 1), receipt(told[0], 1, tail=1)])
    notices = record["notices"]
    assert isinstance(notices, list)
    assert [one["revision"] for one in notices] == [1, 2]
    assert notices[0]["said"][0]["texts"]["ja"]["title"] == told[0].parts[0].texts[0].title
    sent = notices[0]["sent_to"]
    assert (sent["selected"], sent["joined_later"]) == (200, 100)
    assert (sent["first_accepted_after_seconds"], sent["last_accepted_after_seconds"]) == (1.5, 4.001)
    assert notices[1]["sent_to"] is None


def test_no_figure_under_twenty_is_shown_nor_can_be_worked_out() -> None:
    book, told = flood()
    record = with_receipts(book, [receipt(told[0], wards={"1310800": 100, "1312300": 7, "1310100": 40})])
    notices = record["notices"]
    assert isinstance(notices, list)
    assert notices[0]["sent_to"]["wards"] == {"1310800": 100, "1312300": "<20", "1310100": "<20"}
    assert notices[0]["sent_to"]["outcomes"]["gone"] == "<20"


@settings(deadline=None, derandomize=True)
@given(st.dictionaries(st.text(max_size=4), st.integers(0, 200), max_size=8))
def test_hidden_figures_are_never_alone_beside_a_shown_one(counts: dict[str, int]) -> None:
    shown = hidden(counts)
    assert not [number for number in shown.values() if isinstance(number, int) and 0 < number < FEWEST]
    few = [name for name, number in shown.items() if not isinstance(number, int)]
    larger = [name for name, number in counts.items() if number >= FEWEST]
    assert len(few) != 1 or not larger


# -------------------------------------------------------------------------------------------- answers


def browser(book: OpenBook) -> Browser:
    registry = CollectorRegistry()
    residents = Residents(State(), lambda: Freshness(True, 0, 0.1))
    data = OpenData(book, sender=SENDER, site_url="https://shirase.example")
    return Browser(residents_app(residents, ApiMetrics(registry), registry, lambda: NINE_PM, open_data=data))


def test_the_feed_leads_to_each_message_and_both_have_names() -> None:
    book, _ = flood()
    asked = browser(book)
    feed = asked.get("/open/atom.xml")
    assert feed.headers["content-type"] == "application/atom+xml"
    found = read_entries(feed.content)
    assert len(found.entries) == 2
    assert found.updated == NINE_PM + timedelta(minutes=20, seconds=2)
    for entry in found.entries:
        message = asked.get(entry.link.removeprefix("https://shirase.example"))
        assert message.status_code == 200
        assert message.headers["content-type"] == "application/cap+xml"
        assert read_cap(message.content, "x", NINE_PM + timedelta(hours=1)).alert.sender == SENDER
    assert asked.get("/open/atom.xml", {"if-none-match": feed.headers["etag"]}).status_code == 304
    event = asked.get(f"/open/events/{newest(book).name.rpartition('-')[0]}.json").json()
    assert len(event["cap"]) == 2


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/open/cap/aaaaaaaaaaaaaaaa-0.xml", 404, "no-such-notice"),
        ("/open/cap/..%2f..%2fetc.xml", 404, "not-found"),
        ("/open/cap/short-1.xml", 422, "parameter-invalid"),
        ("/open/events/aaaaaaaaaaaaaaaa.json", 404, "no-such-event"),
    ],
)
def test_what_there_is_not_has_a_code(path: str, status: int, code: str) -> None:
    answer = browser(OpenBook()).get(path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_an_empty_feed_is_a_feed() -> None:
    assert read_entries(browser(OpenBook()).get("/open/atom.xml").content).entries == ()
