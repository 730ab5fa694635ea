"""The planner is killed between two of its stores, closure after closure: all hear what they would have heard."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from routing.plan import EvacuationPlan
from streams.brokers.broker import Broker, ensure_topics, open_broker
from streams.brokers.client import Consumer, read_to_end
from streams.ingest.facts import Fact, fact_key
from streams.topics import CLOSURES, PLANNER_FOLLOWS, PLANS, SHELTERS
from streams.wire import decode, encode
from tests.streams.small_town import closure, shelter_state
from tests.streams.test_evacuation import _TOPICS, Clock, an_order, of_facts, position, put, settle, started, told
from tests.whole.scenes import Brokers

_WITHIN_SECONDS = 60.0
# Each fact, and before which store the planner dies while it acts on it; the undo comes after the last kill.
FACTS: tuple[tuple[Fact, str], ...] = (
    (closure(6), "plans"),
    (closure(1, 2), "commands"),
    (shelter_state("east", "full", 3), "effects"),
    (closure(6, 4, undo=True), ""),
)


def say(broker: Broker, fact: Fact) -> None:
    put(broker, (SHELTERS if fact.id == "east" else CLOSURES, fact_key(fact), encode(fact)))


def acted_on_all(broker: Broker) -> bool:
    with Consumer(broker.bootstrap) as reader:
        ends = {place: mark.high for topic in PLANNER_FOLLOWS for place, mark in reader.watermarks(topic.name).items()}
    try:
        heard = position(broker).heard
    except IndexError:
        return False
    return all(heard.get(f"{topic}-{number}", 0) >= high for (topic, number), high in ends.items())


def wait_until(true: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + _WITHIN_SECONDS
    while not true():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def plans(broker: Broker) -> dict[int, str]:
    found = (decode(EvacuationPlan, record.value) for record in read_to_end(broker.bootstrap, PLANS.name))
    return {plan.shard: plan.digest for plan in found}


@contextmanager
def planner(broker: Broker, folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen([sys.executable, "-m", "tests.streams.planner_process", broker.bootstrap, str(folder)])
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.mark.kafka
def test_a_planner_killed_amid_closures_tells_what_an_unkilled_one_tells_and_still_undoes(
    brokers: Brokers, tmp_path: Path
) -> None:
    with open_broker("embedded") as calm:
        ensure_topics(calm, _TOPICS)
        quiet = started(calm, Clock())
        put(calm, *an_order())
        settle(quiet, calm)
        for fact, _ in FACTS:
            say(calm, fact)
            settle(quiet, calm)
        quiet.close()
        expected, expected_plans, expected_effects = told(calm), plans(calm), of_facts(calm)

    with open_broker(brokers()) as kafka:
        ensure_topics(kafka, _TOPICS)
        put(kafka, *an_order())
        killed = 0
        waiting = list(FACTS)
        while waiting:
            with planner(kafka, tmp_path) as process:
                wait_until(lambda: acted_on_all(kafka), "what had come before the kill is not acted on")
                fact, topic = waiting.pop(0)
                if not topic:
                    say(kafka, fact)
                    wait_until(lambda: acted_on_all(kafka), "the undo is not acted on")
                    continue
                (tmp_path / "stop-at").write_text(topic)
                say(kafka, fact)
                wait_until((tmp_path / "reached").exists, f"the planner stores nothing to {topic}")
                process.send_signal(signal.SIGKILL)
                assert process.wait(10) == -signal.SIGKILL
                killed += 1
                (tmp_path / "stop-at").unlink()
                (tmp_path / "reached").unlink()
        assert killed == 3
        assert told(kafka) == expected
        assert plans(kafka) == expected_plans
        assert of_facts(kafka) == expected_effects
