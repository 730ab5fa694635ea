"""The dashboard on the running pipeline: real workers, real documents, a real Prometheus."""

import math
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from shirase.demo.evening import evening
from shirase.demo.feeding import Clock, Pace, drain, feed_documents
from shirase.demo.run import RunSettings, running
from shirase.demo.summary import summary
from shirase.paths import DEFAULT_AREAS
from streams.metrics import Hop
from tests.house.conftest import PROJECT, system_program
from tests.house.prometheus import Prometheus, answer, panel_queries

pytestmark = pytest.mark.slow

# What is counted last is scraped at the latest half a second later; a busy machine may be late.
SEEN_WITHIN_SECONDS = 30.0
PATIENCE_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Document:
    """A document of the evening, as the replay takes it."""

    name: str
    raw: bytes
    sent: None = None


@dataclass(frozen=True, slots=True)
class Live:
    """A pipeline that has handled the evening and still runs, and who watched it."""

    prometheus: str
    summary: dict[str, Any]


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """Play the demo's evening through real workers that a real Prometheus scrapes."""
    program = system_program("prometheus")
    settings = RunSettings(
        subscribers=300,
        seed=1,
        broker="embedded",
        push="stub",
        areas=PROJECT / DEFAULT_AREAS,
        policy=PROJECT / "ops" / "policy.toml",
        workers=1,
        area="tokyo23",
        metrics_base_port=_free_ports(5),
    )
    with ExitStack() as stack:
        run = stack.enter_context(running(settings, lambda _line: None, lambda _what, _done, _all: None))
        ports = run.pipeline.metrics_ports()
        prometheus = stack.enter_context(Prometheus(program, tmp_path_factory.mktemp("prometheus"), ports))
        sent = feed_documents(
            [Document(document.name, document.raw) for document in evening(settings.seed)],
            run.producer,
            run.observer,
            clock=Clock.DOCUMENT,
            pace=Pace(0.0),
            patience_seconds=PATIENCE_SECONDS,
        )
        drain(run.observer, sent, workers=settings.workers, patience_seconds=PATIENCE_SECONDS)
        yield Live(prometheus, summary(run.observer.account))


def _free_ports(count: int) -> int:
    """Return the first of *count* ports in a row that are free now."""
    for first in range(19400, 29400, count):
        with ExitStack() as stack:
            try:
                for port in range(first, first + count):
                    probe = stack.enter_context(socket.socket())
                    probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return first
    raise AssertionError("no free ports in a row")


def _await_number(address: str, query: str) -> list[float]:
    """Return the finite values of *query* once there are some; empty when there are none in time."""
    waiting = threading.Event()
    for _ in range(int(SEEN_WITHIN_SECONDS / 0.2)):
        values = [float(one["value"][1]) for one in answer(address, query)]
        if finite := [value for value in values if math.isfinite(value)]:
            return finite
        waiting.wait(0.2)
    return []


def _await_value(address: str, query: str, wanted: float) -> float | None:
    """Return the value of *query* once it is *wanted*, or the last that was seen."""
    waiting, last = threading.Event(), None
    for _ in range(int(SEEN_WITHIN_SECONDS / 0.2)):
        for one in answer(address, query):
            last = float(one["value"][1])
        if last == wanted:
            break
        waiting.wait(0.2)
    return last


@pytest.mark.parametrize(("title", "query"), panel_queries(), ids=lambda value: str(value)[:60])
def test_each_panel_shows_numbers_of_the_running_pipeline(live: Live, title: str, query: str) -> None:
    assert _await_number(live.prometheus, query), title


def test_the_counters_agree_with_the_account_of_the_run(live: Live) -> None:
    for outcome, documents in live.summary["by_outcome"].items():
        query = f'sum(ingest_documents_total{{outcome="{outcome}"}})'
        assert _await_value(live.prometheus, query, documents) == documents, outcome
    accepted = live.summary["pushes"]["accepted"]
    assert accepted > 0
    query = 'sum(dispatch_pushes_total{outcome="accepted"})'
    assert _await_value(live.prometheus, query, accepted) == accepted


@pytest.mark.parametrize("hop", list(Hop))
def test_every_hop_of_the_way_is_measured(live: Live, hop: Hop) -> None:
    values = _await_number(live.prometheus, f'sum(hop_seconds_count{{hop="{hop.value}"}}) > 0')
    assert values, hop


def test_every_process_is_scraped(live: Live) -> None:
    assert len(answer(live.prometheus, 'up{job="shirase"} == 1')) == 5
