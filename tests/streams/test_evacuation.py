"""The planner's process on the embedded broker: what it publishes, and that a kill changes nothing of it."""

import json
import threading
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

import pytest
from click.testing import CliRunner
from prometheus_client import CollectorRegistry

from routing.plan import EvacuationPlan
from shirase.cli import main
from streams.brokers.broker import Broker, ensure_topics, open_broker
from streams.brokers.client import Consumer, Producer, read_to_end
from streams.evacuation.plan_book import PlanBook
from streams.evacuation.stage import Evacuation
from streams.ingest.facts import fact_key
from streams.metrics import StreamMetrics
from streams.payloads import POSITION_KEY, Command, Draft, FactEffect, PlanPosition
from streams.topics import (
    CAPS,
    CLOSURES,
    COMMANDS,
    CROSSINGS,
    DEAD_LETTERS,
    EFFECTS,
    HAZARDS,
    NOTICES,
    PLANNER_FOLLOWS,
    PLANS,
    PREVIEWS,
    SHELTERS,
    TELEGRAMS,
    Topic,
)
from streams.wire import decode, encode
from tests.streams.small_town import AT, closure, order_maps, order_notice, point_at, shelter_state, town

_TOPICS = (
    HAZARDS,
    CLOSURES,
    SHELTERS,
    NOTICES,
    PLANS,
    COMMANDS,
    EFFECTS,
    DEAD_LETTERS,
    PREVIEWS,
    CAPS,
    CROSSINGS,
    TELEGRAMS,
)


@pytest.fixture
def fresh() -> Iterator[Broker]:
    with open_broker("embedded") as broker:
        ensure_topics(broker, _TOPICS)
        yield broker


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.at = AT + timedelta(minutes=10)

    def __call__(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at


def started(broker: Broker, clock: Clock) -> Evacuation:
    return Evacuation(broker.bootstrap, town(), StreamMetrics(CollectorRegistry()), clock)


def put(broker: Broker, *records: tuple[Topic, bytes, bytes | None], received_ms: int = 0) -> None:
    with Producer(broker.bootstrap) as producer:
        for topic, key, value in records:
            producer.send(topic.name, key, value, {"t-received": b"%d" % received_ms}).result(30)


def an_order() -> list[tuple[Topic, bytes, bytes | None]]:
    maps: list[tuple[Topic, bytes, bytes | None]] = [
        (HAZARDS, b"%x" % snapshot.shard, encode(snapshot)) for snapshot in order_maps()
    ]
    return [*maps, (NOTICES, b"order", encode(order_notice()))]


def settle(evacuation: Evacuation, broker: Broker) -> None:
    """Step until all that is on the topics now has been acted on."""
    with Consumer(broker.bootstrap) as reader:
        ends = {place: mark.high for topic in PLANNER_FOLLOWS for place, mark in reader.watermarks(topic.name).items()}
    for _ in range(500):
        evacuation.step()
        if all(evacuation.heard.get(f"{topic}-{number}", 0) >= high for (topic, number), high in ends.items()):
            return
    raise AssertionError("the planner does not come to its end")


def position(broker: Broker) -> PlanPosition:
    found = [record for record in read_to_end(broker.bootstrap, EFFECTS.name) if record.key == POSITION_KEY]
    return decode(PlanPosition, found[-1].value)


def drafts(broker: Broker) -> list[Draft]:
    commands = [decode(Command, record.value) for record in read_to_end(broker.bootstrap, COMMANDS.name)]
    return [command.draft for command in commands if command.draft is not None]


def of_facts(broker: Broker) -> dict[tuple[str, datetime], tuple[str, int, int | None]]:
    """Return by fact what was made of it and whom it moved, as the last word on it says."""
    return {(one.fact, one.fact_at): (one.reason, one.moved, one.people) for one in effects(broker)}


def effects(broker: Broker) -> list[FactEffect]:
    records = read_to_end(broker.bootstrap, EFFECTS.name)
    return [decode(FactEffect, record.value) for record in records if record.key != POSITION_KEY]


def test_a_closure_becomes_changed_ways_of_a_plan_that_the_notice_names(fresh: Broker) -> None:
    evacuation = started(fresh, Clock())
    put(fresh, *an_order())
    settle(evacuation, fresh)
    (first,) = drafts(fresh)
    report = closure(6)
    put(fresh, (CLOSURES, fact_key(report), encode(report)), received_ms=17)
    settle(evacuation, fresh)
    evacuation.close()
    _, second = drafts(fresh)
    assert second.notice.revision == first.notice.revision + 1
    assert 0 < len(second.notice.parts) < len(first.notice.parts)
    records = list(read_to_end(fresh.bootstrap, COMMANDS.name))
    assert records[-1].headers["t-received"] == b"17", "latency is counted from the closure's own reception"
    book = PlanBook(fresh.bootstrap)
    plans = book.for_notice(second.notice)
    book.close()
    assert plans is not None
    assert {plan.digest for plan in plans.values()} == {ref.digest for ref in second.notice.plans}
    assert position(fresh).heard == evacuation.heard
    assert {draft.draft for draft in (first, second)} == set(position(fresh).drafts)
    assert [(effect.fact, effect.moved) for effect in effects(fresh)] == [
        ("bridge-6|console", len(second.notice.parts))
    ]


def test_a_restart_tells_nobody_anything_and_publishes_no_plan_again(fresh: Broker) -> None:
    clock = Clock()
    evacuation = started(fresh, clock)
    report = closure(6)
    put(fresh, *an_order(), (CLOSURES, fact_key(report), encode(report)))
    settle(evacuation, fresh)
    evacuation.close()
    before = drafts(fresh), list(read_to_end(fresh.bootstrap, PLANS.name)), effects(fresh)
    again = started(fresh, clock)
    settle(again, fresh)
    again.close()
    assert (drafts(fresh), list(read_to_end(fresh.bootstrap, PLANS.name)), effects(fresh)) == before


@pytest.mark.parametrize("topic", ["plans", "commands", "effects"])
def test_killed_before_it_stores_to_any_topic_it_ends_at_the_same(
    fresh: Broker, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reports = (closure(6), shelter_state("east", "full", 2), closure(6, 3, undo=True))

    def tell(broker: Broker, number: int) -> None:
        report = reports[number]
        put(broker, (SHELTERS if number == 1 else CLOSURES, fact_key(report), encode(report)))

    with open_broker("embedded") as calm:
        ensure_topics(calm, _TOPICS)
        quiet = started(calm, Clock())
        put(calm, *an_order())
        settle(quiet, calm)
        for number in range(len(reports)):
            tell(calm, number)
            settle(quiet, calm)
        quiet.close()
        expected, counted = told(calm), of_facts(calm)

    clock = Clock()
    victim = started(fresh, clock)
    put(fresh, *an_order())
    settle(victim, fresh)
    for number in range(len(reports)):
        tell(fresh, number)
        kill_at(victim, topic, monkeypatch)
        with pytest.raises(Killed):
            settle(victim, fresh)
        victim.close()
        victim = started(fresh, clock)
        settle(victim, fresh)
    victim.close()
    assert told(fresh) == expected
    assert of_facts(fresh) == counted, "an effect counts whom its fact moved before the kill"


class Killed(BaseException):
    """The process is gone, whatever it was doing."""


def kill_at(evacuation: Evacuation, topic: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store = evacuation._store

    def killed(to: Topic, records: Iterable[tuple[bytes, bytes, Mapping[str, bytes]]]) -> None:
        listed = list(records)
        if to.name == topic and listed:
            raise Killed
        store(to, listed)

    monkeypatch.setattr(evacuation, "_store", killed)


def told(broker: Broker) -> dict[int, list[tuple[str, str, tuple[str, ...]]]]:
    """Return what each cell was told, in order: the way and the reason."""
    found: dict[int, list[tuple[str, str, tuple[str, ...]]]] = {}
    for draft in drafts(broker):
        for part in draft.notice.parts:
            assert part.way is not None
            found.setdefault(part.cells[0], []).append((part.way.signature, part.way.cause, part.way.because))
    return found


def test_a_plan_that_does_not_change_is_said_to_be_current_and_nobody_is_told(fresh: Broker) -> None:
    clock = Clock()
    evacuation = started(fresh, clock)
    put(fresh, *an_order())
    settle(evacuation, fresh)
    before, told_before = position(fresh), told(fresh)
    assert before.facts_at == before.at, (
        "with no source beside the console there is none whose silence could be noticed"
    )
    clock.at += timedelta(minutes=20)
    evacuation.step()
    after = position(fresh)
    evacuation.close()
    assert after.facts_at is not None
    assert after.facts_at - before.at > timedelta(minutes=19)
    assert (after.heard, told(fresh)) == (before.heard, told_before)


def test_a_record_that_is_none_goes_aside_and_its_neighbours_are_heard(fresh: Broker) -> None:
    evacuation = started(fresh, Clock())
    put(fresh, (HAZARDS, b"x", b"{"), (CLOSURES, b"c|s", b"\xff"), (SHELTERS, b"gone", None), *an_order())
    settle(evacuation, fresh)
    evacuation.close()
    assert len(drafts(fresh)) == 1
    reasons = {record.headers["reason"] for record in read_to_end(fresh.bootstrap, DEAD_LETTERS.name)}
    assert reasons == {b"wire-malformed"}
    plans = [decode(EvacuationPlan, record.value) for record in read_to_end(fresh.bootstrap, PLANS.name)]
    assert plans


def test_a_closure_that_would_move_many_shows_whom_and_asks_for_its_name_again(
    fresh: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    evacuation = started(fresh, Clock())
    put(fresh, *an_order())
    settle(evacuation, fresh)
    stopped = threading.Event()

    def serve() -> None:
        while not stopped.is_set():
            evacuation.step()

    serving = threading.Thread(target=serve)
    serving.start()
    middle = f"{(point_at(3, 6).lat + point_at(4, 6).lat) / 2},{point_at(3, 6).lng}"
    post = [
        "post",
        "closure",
        "b6",
        "--broker",
        fresh.bootstrap,
        "--point",
        middle,
        "--name",
        "架空6号橋",
        "--wait",
        "0",
    ]
    try:
        seen = CliRunner().invoke(main, [*post, "--preview"])
        shown = json.loads(seen.stdout)
        monkeypatch.setenv("SHIRASE_ASK_NAME_ABOVE", str(shown["people"] - 1))
        refused = CliRunner().invoke(main, post)
        wrong = CliRunner().invoke(main, [*post, "--confirm", "架空5号橋"])
        stored = [len(list(read_to_end(fresh.bootstrap, TELEGRAMS.name)))]
        taken = CliRunner().invoke(main, [*post, "--confirm", "架空6号橋"])
        stored.append(len(list(read_to_end(fresh.bootstrap, TELEGRAMS.name))))
        monkeypatch.setenv("SHIRASE_ASK_NAME_ABOVE", str(shown["people"]))
        few = CliRunner().invoke(main, post)
    finally:
        stopped.set()
        serving.join()
        evacuation.close()
    assert shown["people"] == 100 * len(shown["cells"]) > 0
    assert [feature["properties"]["road"] for feature in shown["features"]] == ["bridge-6"]
    assert (refused.exit_code, wrong.exit_code, stored) == (4, 4, [0, 1])
    assert "moves-many-name-not-repeated" in refused.output
    assert f"{shown['people']:,} people" in refused.output
    assert (taken.exit_code, few.exit_code) == (0, 0), taken.output + few.output
    assert len(drafts(fresh)) == 1, "asking tells nobody anything"
