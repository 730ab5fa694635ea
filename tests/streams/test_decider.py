"""The decider on a broker: what it stores, in which order, and that a second start repeats nothing."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from prometheus_client import CollectorRegistry

from alerts.claim import Lane, Release
from alerts.hazard import HazardKind
from alerts.level import Level
from alerts.notice import Notice, Phase
from streams.brokers.broker import Broker, ensure_topics, open_broker
from streams.brokers.client import Producer, read_to_end
from streams.deciding.decider import Decider, recall
from streams.metrics import StreamMetrics
from streams.notices.drill import DrillOrder, drill_draft
from streams.notices.ending import ending_of
from streams.notices.extending import draft_of_extension, extension_of
from streams.payloads import Command, Draft, DraftRecord, DraftState, Verb
from streams.topics import COMMANDS, DEAD_LETTERS, DRAFTS, DRILL_NOTICES, NOTICES
from streams.wire import decode, encode
from tests.api.evening import NINE_PM, around
from tests.streams.test_decision import approve, create, draft


@pytest.fixture
def fresh() -> Iterator[Broker]:
    with open_broker("embedded") as broker:
        ensure_topics(broker, [COMMANDS, DRAFTS, NOTICES, DRILL_NOTICES, DEAD_LETTERS])
        yield broker


def ask(broker: Broker, *commands: Command | bytes, headers: dict[str, bytes] | None = None) -> None:
    with Producer(broker.bootstrap) as producer:
        for command in commands:
            value = command if isinstance(command, bytes) else encode(command)
            producer.send(COMMANDS.name, b"lineage-1", value, headers or {}).result(30)


def decide_all(broker: Broker, count: int) -> None:
    decider = Decider(broker.bootstrap, instance="0", metrics=StreamMetrics(CollectorRegistry()))
    try:
        until, done = time.monotonic() + 30, 0
        while done < count:
            assert time.monotonic() < until, f"only {done} of {count} commands came"
            done += decider.step()
    finally:
        decider.close()


def notices(broker: Broker) -> list[Notice]:
    return [decode(Notice, record.value) for record in read_to_end(broker.bootstrap, NOTICES.name)]


def verdicts(broker: Broker) -> list[tuple[str, DraftState]]:
    records = [decode(DraftRecord, record.value) for record in read_to_end(broker.bootstrap, DRAFTS.name)]
    return [(record.draft_id, record.state) for record in records]


def test_a_command_leads_to_a_notice_and_a_verdict_with_the_headers_of_its_document(fresh: Broker) -> None:
    ask(fresh, create(draft()), headers={"t-received": b"17", "t-notice": b"no number"})
    decide_all(fresh, 1)
    (record,) = read_to_end(fresh.bootstrap, NOTICES.name)
    assert record.key == b"lineage-1"
    assert record.headers["t-received"] == b"17"
    assert int(record.headers["t-approved"]) > 0
    assert verdicts(fresh) == [("draft-1", DraftState.APPROVED)]


def test_a_drill_stands_on_a_topic_of_its_own_and_is_remembered(fresh: Broker) -> None:
    order = DrillOrder(
        "thing", Level.ALL_LEAVE, HazardKind.FLOOD, ("江東区",), around(35.672, 139.817), "江東区", NINE_PM
    )
    practised = drill_draft(order, by="sato", at=NINE_PM)
    said = Command(Verb.APPROVE, practised.draft, "sato", NINE_PM, practised.notice.digest)
    ask(fresh, create(draft()), Command(Verb.CREATE, practised.draft, "sato", NINE_PM, draft=practised), said)
    decide_all(fresh, 3)
    assert [one.lane for one in notices(fresh)] == [Lane.LIFE_SAFETY]
    (record,) = read_to_end(fresh.bootstrap, DRILL_NOTICES.name)
    assert decode(Notice, record.value).lane is Lane.DRILL
    assert recall(fresh.bootstrap).last[practised.notice.lineage] == (1, Lane.DRILL)


def test_poison_goes_aside_and_its_neighbours_are_decided(fresh: Broker) -> None:
    ask(fresh, b"\xff", create(draft()), b"null")
    decide_all(fresh, 3)
    aside = read_to_end(fresh.bootstrap, DEAD_LETTERS.name)
    assert sorted(record.headers["reason"] for record in aside) == [b"wire-malformed", b"wire-version-unknown"]
    assert len(notices(fresh)) == 1


def test_an_approval_after_a_restart_finds_the_draft(fresh: Broker) -> None:
    waiting: Draft = draft(Release.DRAFT)
    ask(fresh, create(waiting))
    decide_all(fresh, 1)
    assert notices(fresh) == []
    ask(fresh, approve(waiting), approve(waiting, by="another"))
    decide_all(fresh, 2)
    (notice,) = notices(fresh)
    assert notice.approved_by == "officer"
    assert verdicts(fresh) == [("draft-1", DraftState.OPEN), ("draft-1", DraftState.APPROVED)]


def test_commands_that_come_again_change_nothing(fresh: Broker) -> None:
    ask(fresh, create(draft()))
    decide_all(fresh, 1)
    ask(fresh, create(draft()), create(draft()))
    decide_all(fresh, 2)
    assert len(notices(fresh)) == 1
    assert len(verdicts(fresh)) == 1
    assert set(recall(fresh.bootstrap).drafts) == {"draft-1"}


def test_a_draft_of_a_later_end_is_closed_once_its_order_has_ended_even_by_a_start_that_comes_later(
    fresh: Broker,
) -> None:
    first = replace(draft().notice, approved_by="officer")
    waits = draft_of_extension(extension_of(first, first.expires + timedelta(hours=1), at=NINE_PM), by="aoki")
    extend = Command(Verb.EXTEND, waits.draft, "aoki", NINE_PM, "", waits)
    with Producer(fresh.bootstrap) as producer:
        producer.send(NOTICES.name, b"lineage-1", encode(first)).result(30)
    ask(fresh, extend)
    decide_all(fresh, 1)
    assert verdicts(fresh) == [(waits.draft, DraftState.OPEN)]
    # Whoever ended it did not come to close the draft.
    with Producer(fresh.bootstrap) as producer:
        producer.send(NOTICES.name, b"lineage-1", encode(ending_of(first, Phase.CANCELLED, at=NINE_PM))).result(30)
    ask(fresh, approve(waits))
    decide_all(fresh, 1)
    assert verdicts(fresh)[1:] == [(waits.draft, DraftState.VOID)]
    assert recall(fresh.bootstrap).drafts[waits.draft].reason == "order-ended"
    assert len(notices(fresh)) == 2
