"""How long a rise takes from the reading's arrival to a draft that a person can decide (promise 13: 5 s).

    python -m load_tests.gauge_rise [--rises 20] [--broker embedded]

A pipeline of its own, with the real processes. One made-up station after another rises from below to its danger
level; measured from the broker's acknowledgement of the document to the time in the decider's verdict, both on this
machine's clock. The last line is JSON.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from shirase.demo.run import Run, RunSettings, running
from shirase.paths import DEFAULT_AREAS
from streams.ingest.acceptance import receive
from streams.payloads import DraftState

PROMISED_SECONDS = 5.0
_WITHIN_SECONDS = 60.0
_PROJECT = Path(__file__).resolve().parent.parent


def main(arguments: list[str] | None = None) -> int:
    """Measure; exit code 1 when a rise took longer than promised."""
    parser = argparse.ArgumentParser(prog="python -m load_tests.gauge_rise", description=__doc__)
    parser.add_argument("--rises", type=int, default=20)
    parser.add_argument("--broker", default="embedded")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="shirase-rise-") as folder:
        settings = RunSettings(
            subscribers=100,
            seed=1,
            broker=asked.broker,
            push="stub",
            areas=_PROJECT / DEFAULT_AREAS,
            policy=_PROJECT / "ops" / "policy.toml",
            workers=1,
            area="tokyo23",
            run_dir=Path(folder),
            gauges=True,
        )
        with running(settings, lambda _line: None, lambda _stage, _done, _total: None) as run:
            took = [rise(run, number) for number in range(asked.rises)]
    ordered = sorted(took)
    result = {
        "rises": len(took),
        "first_ms": round(took[0] * 1000),
        "p50_ms": round(statistics.median(took) * 1000),
        "worst_ms": round(ordered[-1] * 1000),
        "promised_ms": round(PROMISED_SECONDS * 1000),
        "broker": asked.broker,
    }
    print(json.dumps(result))
    return 0 if ordered[-1] <= PROMISED_SECONDS else 1


def rise(run: Run, number: int) -> float:
    """Let one station rise, and return the seconds until its draft was open."""
    now = datetime.now(UTC)
    before = open_drafts(run)
    hand_in(run, number, now - timedelta(minutes=10), 3.0)
    until(run, lambda: f"calm-{number}" in {report.name for report in run.observer.account.reports.values()})
    stored = hand_in(run, number, now, 4.1)
    until(run, lambda: open_drafts(run) - before != set())
    (draft,) = open_drafts(run) - before
    return (run.observer.account.drafts[draft].at - stored).total_seconds()


def open_drafts(run: Run) -> set[str]:
    """Return the drafts that wait for a person."""
    return {name for name, draft in run.observer.account.drafts.items() if draft.state is DraftState.OPEN}


def hand_in(run: Run, number: int, at: datetime, level: float) -> datetime:
    """Hand in one reading of station *number*; return when the broker had it."""
    item = {
        "code": f"99990{number:05d}", "name": f"架空{number}号橋", "obsTime": at.isoformat(), "level": level, "over": 1,
        "startLevel": 1.0, "warnLevel": 4.0, "fladLevel": 5.0,
        "latitude": 35.60 + 0.01 * (number % 20), "longitude": 139.70 + 0.01 * (number // 20),
    }  # fmt: skip
    name = f"{'calm' if level < 4 else 'rise'}-{number}"
    raw = json.dumps({"items": [item]}, ensure_ascii=False).encode()
    receipt = receive(run.producer, raw, name=name, feed="gauge", received=datetime.now(UTC))
    receipt.stored.result(_WITHIN_SECONDS)
    return datetime.now(UTC)


def until(run: Run, happened: Callable[[], bool]) -> None:
    """Return when *happened*."""
    deadline = time.monotonic() + _WITHIN_SECONDS
    with run.observer.changed:
        while not happened():
            run.observer.check()
            if time.monotonic() > deadline:
                raise TimeoutError("nothing came of a rise; see the logs of the run")
            run.observer.changed.wait(0.2)


if __name__ == "__main__":
    sys.exit(main())
