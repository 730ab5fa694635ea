"""A municipality's order through the pure stages, on a dry day and in a flood (R9)."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from prometheus_client import CollectorRegistry

from alerts.notice import Notice, Phase
from alerts.report import OutcomeKind
from shirase.commands.reports import files_of
from shirase.demo.jma_writer import Header, WardKind, warnings
from streams.deciding.decision import Ledger, decide
from streams.ingest.settlement import Settled
from streams.metrics import StreamMetrics
from streams.notices.notice_board import NoticeBoard
from streams.notices.stage import command_of
from streams.payloads import Command, DraftRecord, DraftState, Verb
from streams.wire import decode
from tests.feeds.municipal import document, order, raw
from tests.streams.evening import Ingest, Maps

NOON = datetime(2026, 7, 1, 3, 0, tzinfo=UTC)
EDOGAWA = "1312300"


class Line:
    """Ingest, hazards, notices and the decider, without topics between them."""

    def __init__(self) -> None:
        self.ingest = Ingest()
        self.maps = Maps()
        self.board = NoticeBoard(self.ingest.policy.sign)
        self.ledger = Ledger()
        self.notices: list[Notice] = []
        self.drafts: list[DraftRecord] = []

    def take(self, content: bytes, minute: int) -> Settled:
        return self.go_on(self.ingest.take(content, NOON + timedelta(minutes=minute)), minute)

    def go_on(self, settled: Settled, minute: int) -> Settled:
        at = NOON + timedelta(minutes=minute)
        for snapshot in self.maps.take(settled.claims):
            self.board.hear(snapshot, at=minute * 60.0)
        for draft in self.board.due(at=minute * 60.0 + 1):
            self.decide(decode(Command, command_of(draft)[1]), at)
        return settled

    def decide(self, command: Command, at: datetime) -> None:
        decided = decide(self.ledger, command, at=at)
        if decided.notice is not None:
            self.ledger.has_sent(decided.notice)
            self.notices.append(decided.notice)
        if decided.record is not None:
            self.ledger.knows(decided.record)
            self.drafts.append(decided.record)


def says(minute: int, **changes: Any) -> bytes:
    at = (NOON + timedelta(minutes=minute)).isoformat()
    quiet = {"shelters": None, "roads": None, "incidents": None}
    return raw(document(sent=at, **quiet, **({"orders": [order(issued_at=at)]} | changes)))


def rain_warning(minute: int, code: str = "03", name: str = "大雨警報") -> bytes:
    at = NOON + timedelta(minutes=minute)
    header = Header(
        "気象警報・注意報（Ｈ２７）",
        "東京都気象警報・注意報",
        "気象警報・注意報",
        "1.1_2",
        at,
        "江戸川区では警戒してください。",
    )
    return warnings(header, {EDOGAWA: [WardKind(code, name, condition="浸水害")]})


def held(line: Line) -> Iterator[str]:
    return (record.reason for record in line.drafts if record.state is DraftState.HELD)


def test_an_order_on_a_dry_day_reaches_nobody_and_is_held_for_a_person() -> None:
    line = Line()
    settled = line.take(says(0), 0)
    assert settled.record.outcome is OutcomeKind.NOTICE
    assert settled.record.release_reason == "municipal-order"
    assert settled.claims
    assert line.notices == []
    assert list(held(line)) == ["order-without-independent-sign"]


def test_the_page_s_counter_moves_by_exactly_that_reason() -> None:
    registry = CollectorRegistry()
    metrics = StreamMetrics(registry)

    def value(cause: str) -> float | None:
        return registry.get_sample_value("drafts_held_total", {"cause": cause})

    assert value("order-without-independent-sign") == 0
    for reason in ("order-without-independent-sign", "held-by-policy", "digest-mismatch"):
        metrics.draft_held(reason)
    assert [value(cause) for cause in ("order-without-independent-sign", "policy", "other")] == [1, 1, 1]


def test_the_same_order_in_a_flood_goes_out_by_itself() -> None:
    line = Line()
    line.take(rain_warning(0), 0)
    assert len(line.notices) == 1
    line.take(says(5), 5)
    order_notice = line.notices[-1]
    assert (order_notice.feed, order_notice.issuer, order_notice.approved_by) == ("dis", "江戸川区", "policy")
    assert line.drafts[-1].reason == "order-with-independent-sign"
    (part,) = order_notice.parts
    assert "全員避難" in part.texts[0].body
    assert part.texts[0].title == "レベル4 避難指示"


def test_an_advisory_is_no_sign_and_a_sign_that_comes_later_releases_nothing() -> None:
    line = Line()
    line.take(rain_warning(0, "10", "大雨注意報"), 0)
    line.take(says(1), 1)
    before = len(line.notices)
    line.take(rain_warning(10), 10)
    assert [notice.feed for notice in line.notices[before:]] == ["jma"]
    assert list(held(line)) == ["order-without-independent-sign"]


def test_one_person_releases_it_as_it_was_seen_or_discards_it() -> None:
    for verb in (Verb.APPROVE, Verb.VOID):
        line = Line()
        line.take(says(0), 0)
        (waiting,) = line.drafts
        assert waiting.draft is not None
        line.decide(Command(verb, waiting.draft_id, "officer", NOON, waiting.draft.notice.digest), NOON)
        assert [notice.approved_by for notice in line.notices] == (["officer"] if verb is Verb.APPROVE else [])


def test_an_order_that_was_told_is_lifted_for_those_who_were_told() -> None:
    line = Line()
    line.take(rain_warning(0), 0)
    line.take(says(5), 5)
    line.take(says(60, revision=2, orders=[order(state="解除")]), 60)
    end = line.notices[-1]
    assert [part.phase for part in end.parts] == [Phase.LIFTED]
    assert line.notices[-2].lineage == end.lineage
    assert "避難指示は13:00解除" in end.parts[0].texts[0].body


def test_an_order_that_was_never_told_ends_without_a_word() -> None:
    line = Line()
    line.take(says(0), 0)
    line.take(says(60, revision=2, orders=[order(state="解除")]), 60)
    assert line.notices == []


def test_two_documents_of_one_municipality_do_not_lift_each_other() -> None:
    line = Line()
    line.take(rain_warning(0), 0)
    line.take(says(5), 5)
    other = line.take(says(200, id="edogawa-2026-02", orders=[order(level="緊急安全確保", hazard="高潮")]), 200)
    assert other.record.outcome is OutcomeKind.NOTICE
    assert len({notice.lineage for notice in line.notices if notice.feed == "dis"}) == 2
    assert not any(part.phase is Phase.LIFTED for notice in line.notices for part in notice.parts)


def test_a_revision_that_rises_updates_and_one_that_does_not_is_held_or_known() -> None:
    line = Line()
    line.take(rain_warning(0), 0)
    line.take(says(5, revision=3), 5)
    raised = line.take(says(20, revision=4, orders=[order(level="緊急安全確保")]), 20)
    assert (raised.record.outcome, raised.record.reason) == (OutcomeKind.UPDATE, "restated")
    assert [part.phase for part in line.notices[-1].parts] == [Phase.RAISED]
    ends = [
        line.take(says(10, revision=2), 30),  # an older revision that comes late
        line.take(says(20, revision=4, orders=[order(level="緊急安全確保")]), 31),  # byte for byte again
        line.take(says(21, revision=4), 32),  # one number, two contents
        line.take(says(6, revision=5), 33),  # a higher number from before
    ]
    assert [(one.record.outcome.value, one.record.reason) for one in ends] == [
        ("duplicate", "superseded"),
        ("duplicate", "same-document"),
        ("held", "revision-conflict"),
        ("held", "revision-back-in-time"),
    ]


def test_a_document_of_facts_leaves_the_orders_of_its_municipality_alone() -> None:
    line = Line()
    line.take(rain_warning(0), 0)
    line.take(says(5), 5)
    facts = line.take(raw(document(id="facts-1", sent=(NOON + timedelta(minutes=6)).isoformat(), orders=None)), 6)
    assert (facts.record.outcome, facts.claims) == (OutcomeKind.INFORMATIONAL, ())
    assert facts.stored is not None
    assert set(facts.stored["threads"]) == {"edogawa-2026-01", "facts-1"}
    assert facts.stored["shards"]


# --------------------------------------------------------------------------------- R16: one order, two ways


def told_by_dis(line: Line) -> int:
    return sum(notice.issuer == "江戸川区" for notice in line.notices)


def test_the_same_order_entered_twice_is_one_lineage_and_no_second_push() -> None:
    line = Line()
    line.take(rain_warning(0), 0)
    first = line.take(says(5), 5)
    again = line.take(says(9, id="typed-again"), 9)
    assert (again.record.outcome, again.record.reason) == (OutcomeKind.DUPLICATE, "order-returned")
    assert (again.record.lineage, again.claims) == (first.record.lineage, ())
    assert told_by_dis(line) == 1


def test_a_return_goes_on_as_the_order_that_it_is() -> None:
    line = Line()
    line.take(rain_warning(0), 0)
    line.take(says(5), 5)
    line.take(says(9, id="by-another-way"), 9)
    # The other way is the first to say that it is over, and the ward's own system follows.
    lifted = line.take(says(60, id="by-another-way", revision=2, orders=[order(state="解除")]), 60)
    assert (lifted.record.outcome, lifted.record.reason) == (OutcomeKind.UPDATE, "all-clear")
    follows = line.take(says(61, revision=2, orders=[order(state="解除")]), 61)
    assert (follows.record.outcome, follows.record.reason) == (OutcomeKind.DUPLICATE, "order-returned")
    assert [part.phase for part in line.notices[-1].parts] == [Phase.LIFTED]
    assert told_by_dis(line) == 2


def test_an_order_that_returns_with_another_area_is_held_and_the_first_stands() -> None:
    line = Line()
    line.take(rain_warning(0), 0)
    line.take(says(5), 5)
    other = line.take(says(9, id="typed-again", orders=[order(areas=[{"name": "平井一丁目"}])]), 9)
    assert (other.record.outcome, other.record.reason) == (OutcomeKind.HELD, "order-areas-differ")
    assert "only before 全域; only now 平井一丁目" in other.record.detail
    assert other.claims == ()
    assert told_by_dis(line) == 1


def test_what_we_sent_out_ourselves_is_known_when_it_returns() -> None:
    line = Line()
    line.take(rain_warning(0), 0)
    out = line.ingest.take_by(says(5, id="shirase.abc"), NOON + timedelta(minutes=5), "own")
    assert (out.record.outcome, out.record.reason, out.claims) == (OutcomeKind.INFORMATIONAL, "own-report", ())
    back = line.take(says(7, id="relayed"), 7)
    assert (back.record.outcome, back.record.reason) == (OutcomeKind.DUPLICATE, "order-returned")
    assert told_by_dis(line) == 0


def test_a_drill_of_the_same_order_is_a_drill() -> None:
    line = Line()
    line.take(says(5), 5)
    drill = line.take(says(6, id="drill", status="訓練"), 6)
    assert (drill.record.outcome, drill.record.reason) == (OutcomeKind.DRILL, "status-exercise")


def test_an_order_held_on_a_dry_day_pages_once_although_it_came_twice() -> None:
    line = Line()
    line.take(says(0), 0)
    line.take(says(1, id="again"), 1)
    assert list(held(line)) == ["order-without-independent-sign"]


def test_what_went_out_goes_to_every_channel_and_is_known_when_it_comes_back() -> None:
    line = Line()
    line.take(rain_warning(0), 0)
    assert list(files_of(line.notices[-1], "13123")) == [], "a warning is no order of ours"
    line.take(says(5), 5)
    told = told_by_dis(line)
    files = dict(files_of(line.notices[-1], "13123"))
    assert [name.rpartition(".")[2] for name in files] == ["json", "csv", "xml"]
    for minute, (name, content) in enumerate(files.items(), start=6):
        feed = "l-alert" if name.endswith(".xml") else "dis"
        back = line.ingest.take_by(content, NOON + timedelta(minutes=minute), feed)
        assert (back.record.outcome, back.record.reason) == (OutcomeKind.DUPLICATE, "order-returned"), name
        assert back.claims == ()
    assert told_by_dis(line) == told
    line.take(says(60, revision=2, orders=[order(state="解除")]), 60)
    _, content = next(files_of(line.notices[-1], "13123"))
    (ended,) = json.loads(content)["orders"]
    assert (ended["state"], ended["level"]) == ("lifted", 4)
