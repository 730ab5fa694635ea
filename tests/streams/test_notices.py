"""The way in and the notices stage on a broker: what is stored, and what a restart reads back."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from alerts.claim import HazardSnapshot
from alerts.languages.known import LANGUAGES
from alerts.notice import Phase
from feeds.read import series_of
from streams.brokers.broker import Broker, ensure_topics, open_broker
from streams.brokers.client import Producer, Record, read_to_end
from streams.ingest.acceptance import epoch_ms, receive
from streams.ingest.agent import arrival_of
from streams.notices.notice_board import NoticeBoard
from streams.notices.stage import Notices, command_of, recall
from streams.notices.warming import warm
from streams.payloads import Command, Draft, Verb
from streams.topics import COMMANDS, HAZARDS, NOTICES, TELEGRAMS
from streams.wire import decode, encode
from tests.streams.evening import evening, snapshots_of_the_evening

AT = datetime(2026, 9, 18, 9, 0, 0, 123000, tzinfo=UTC)


@pytest.fixture
def fresh() -> Iterator[Broker]:
    with open_broker("embedded") as broker:
        ensure_topics(broker, [TELEGRAMS, HAZARDS, COMMANDS, NOTICES])
        yield broker


def record_of(snapshot: HazardSnapshot, offset: int, document: str = "") -> Record:
    headers = {"document": document.encode(), "t-received": b"17"}
    return Record(HAZARDS.name, 0, offset, b"%x" % snapshot.shard, encode(snapshot), headers)


def drafts_of(notices: Notices, records: list[Record]) -> list[tuple[Draft, dict[str, bytes]]]:
    found: list[tuple[Draft, dict[str, bytes]]] = []
    for record in records:
        notices.hear(record)
        found += notices.due(unread=True)
    return found


def test_a_reception_is_stored_whole_under_its_series(fresh: Broker) -> None:
    document = evening()[0]
    with Producer(fresh.bootstrap) as producer:
        receipt = receive(
            producer, document.raw, name="雨.xml", feed="jma", received=AT, arrived=AT - timedelta(hours=2), shift_ms=-5
        )
        receipt.stored.result(30)
    (record,) = read_to_end(fresh.bootstrap, TELEGRAMS.name)
    assert record.key.decode() == series_of(document.raw, "jma")
    assert int(record.headers["t-received"]) == epoch_ms(AT)
    arrival = arrival_of(record)
    assert (arrival.raw, arrival.receipt, arrival.name, arrival.feed) == (
        document.raw,
        receipt.receipt,
        "雨.xml",
        "jma",
    )
    assert (arrival.received, arrival.shift) == (AT - timedelta(hours=2), timedelta(milliseconds=-5))


def test_two_receptions_of_one_document_are_two_and_share_a_key(fresh: Broker) -> None:
    with Producer(fresh.bootstrap) as producer:
        for _ in range(2):
            receive(producer, b"\xff no document", name="x", feed="cap", received=AT).stored.result(30)
    records = list(read_to_end(fresh.bootstrap, TELEGRAMS.name))
    assert len({record.headers["receipt"] for record in records}) == 2
    assert {record.key for record in records} == {series_of(b"\xff no document", "cap").encode()}


def test_a_draft_carries_the_headers_of_its_document_and_its_own_time() -> None:
    records = [record_of(snapshot, offset) for offset, snapshot in enumerate(snapshots_of_the_evening())]
    found = drafts_of(Notices(NoticeBoard(), {}), records)
    assert found
    for _, headers in found:
        assert headers["t-received"] == b"17"
        assert int(headers["t-notice"]) > 0


def test_a_record_that_is_on_the_board_since_the_start_is_not_heard_twice() -> None:
    records = [record_of(snapshot, offset) for offset, snapshot in enumerate(snapshots_of_the_evening())]
    assert drafts_of(Notices(NoticeBoard(), {0: len(records)}), records) == []


def test_a_restart_reads_back_what_was_proposed_and_proposes_the_rest(fresh: Broker) -> None:
    snapshots = snapshots_of_the_evening()
    whole = drafts_of(
        Notices(NoticeBoard(), {}), [record_of(snapshot, offset) for offset, snapshot in enumerate(snapshots)]
    )
    stored, lost = whole[:-2], whole[-2:]
    with Producer(fresh.bootstrap) as producer:
        for draft, headers in stored:
            key, value = command_of(draft)
            assert key == draft.provenance.lineage.encode()
            producer.send(COMMANDS.name, key, value, headers).result(30)
        for snapshot in snapshots:
            producer.send(HAZARDS.name, b"%x" % snapshot.shard, encode(snapshot), {"t-received": b"17"}).result(30)
    notices = recall(fresh.bootstrap)
    again = notices.due(unread=True)
    assert {draft.draft for draft, _ in again} == {draft.draft for draft, _ in lost}
    for record in read_to_end(fresh.bootstrap, HAZARDS.name):
        notices.hear(record)  # the agent reads the topic from its beginning too
    assert notices.due(unread=True) == ()


def test_a_proposal_says_who_made_it() -> None:
    records = [record_of(snapshot, offset) for offset, snapshot in enumerate(snapshots_of_the_evening())]
    draft, _ = drafts_of(Notices(NoticeBoard(), {}), records)[0]
    _, value = command_of(draft)
    command = decode(Command, value)
    assert (command.verb, command.by, command.draft_id, command.draft) == (Verb.CREATE, "notices", draft.draft, draft)


def test_what_warms_the_stage_up_writes_a_warning_and_its_end_and_remembers_nothing() -> None:
    for _ in range(2):
        parts = [part for draft in warm() for part in draft.notice.parts]
        assert [part.phase for part in parts] == [Phase.ISSUED, Phase.CANCELLED]
        assert all({text.language for text in part.texts} == set(LANGUAGES) for part in parts)
