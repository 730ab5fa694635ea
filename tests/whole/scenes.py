"""What the tests of the whole share: a pipeline on Apache Kafka, documents, and a wait that may fail."""

import os
import signal
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

from shirase.demo.run import Run, RunSettings, running
from shirase.paths import DEFAULT_AREAS
from streams.ingest.acceptance import Receipt, receive

PROJECT = Path(__file__).resolve().parents[2]
# A Faust worker that hangs at its start is replaced after 60 s, and that may happen twice in a row on a busy machine;
# otherwise nothing waits nearly so long.
DEADLINE_SECONDS = 180.0
PATIENCE_SECONDS = 180.0

Brokers = Callable[[], str]


def pipeline_on(
    bootstrap: str, run_dir: Path, *, subscribers: int, max_in_flight: int = 4096
) -> AbstractContextManager[Run]:
    """Return the whole as a deployment runs it: one process per role, subscribers by way of their topic."""
    settings = RunSettings(
        subscribers=subscribers,
        seed=7,
        broker=bootstrap,
        push="stub",
        areas=PROJECT / DEFAULT_AREAS,
        policy=PROJECT / "ops" / "policy.toml",
        workers=1,
        area="tokyo23",
        max_in_flight=max_in_flight,
        run_dir=run_dir,
        from_topic=True,
    )
    return running(settings, lambda _line: None, lambda _stage, _done, _total: None)


def submit(run: Run, name: str, raw: bytes) -> Receipt:
    """Hand in a document and return when the broker has it."""
    receipt = receive(run.producer, raw, name=name, feed="", received=datetime.now(UTC))
    receipt.stored.result(DEADLINE_SECONDS)
    return receipt


def until(happened: Callable[[], bool], what: str, look_seconds: float = 0.02) -> None:
    """Return when *happened*; fail when it does not."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not happened():
        assert time.monotonic() < deadline, f"still waiting for: {what}"
        time.sleep(look_seconds)


def kill_9(run: Run, names: Iterable[str]) -> int:
    """Kill those of *names* that live, and return how many that were."""
    killed = 0
    for name in names:
        pid = run.pipeline.supervisor.pid(name)
        if pid:
            os.kill(pid, signal.SIGKILL)
            killed += 1
    return killed
