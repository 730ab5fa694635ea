"""Play rainy evenings through the whole pipeline and hold what it took against the budget.

`python -m load_tests.river_flood --size ci|full [--json]`. One document at a time, so that a latency is its own.
Standard output ends with JSON lines: one per notice with its stages, then the result. Exit codes: 0 counts and
ratios hold, 1 one does not (its sentence is under `failures`), 2 the words are off, 3 a part did not come up.
What is over the budget in milliseconds is reported under `over_budget` and fails nothing: that is the machine's.
"""

import argparse
import base64
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from dispatch.message import topic_and_tag
from dispatch.registry import load
from dispatch.stub.log import entries
from load_tests.budget import Budget, Stage, read_budget
from load_tests.errors import LoadTestError
from load_tests.journey import Journey, stages_of
from load_tests.processor_time import processor_seconds_of
from load_tests.reference import Measured, measure_reference
from load_tests.report import Row, markdown, measure
from load_tests.verdict import Counts, failures, over_budget
from shirase.demo.brute import BruteForce, load_people
from shirase.demo.check import check_run
from shirase.demo.feeding import Clock, NotDrained, Pace, drain, feed_documents
from shirase.demo.observer import Account
from shirase.demo.pipeline import PipelineFailed
from shirase.demo.receivers import Receiver, Receivers
from shirase.demo.run import Run, RunSettings, running
from shirase.demo.scenario import ScenarioDocument, river_evening
from shirase.demo.summary import summary
from shirase.errors import ShiraseError
from shirase.paths import DEFAULT_AREAS
from streams.brokers.errors import StreamsError

PROJECT = Path(__file__).resolve().parents[1]
FAILED, NOT_UP = 1, 3
PATIENCE_SECONDS = 120.0
# The minutes of an evening as seconds; the next one begins when the last is over.
_PACE = 1 / 60
_BETWEEN_EVENINGS = timedelta(seconds=5)
# What RFC 8188 and 8291 add to a message: salt, record size, key and its length (86), delimiter and tag (17).
_ENVELOPE_BYTES = 103


@dataclass(frozen=True, slots=True)
class Size:
    """How much is run. `evenings` gives about 15 notices each; `reference` is how many pushes pywebpush sends."""

    subscribers: int
    evenings: int
    reference: int


SIZES = {"ci": Size(5_000, 2, 200), "full": Size(100_000, 5, 1_000)}


@dataclass(frozen=True, slots=True)
class Evening:
    """A document with the name under which its own evening is told from the others."""

    name: str
    raw: bytes
    sent: datetime | None
    expectation: str


@dataclass(frozen=True, slots=True)
class Sending:
    """What the fan-out took: `seconds` are summed from each notice's approval to its last acceptance."""

    accepted: int
    seconds: float
    processor_seconds: float

    @property
    def measured(self) -> Measured:
        """Return it in the terms of the reference."""
        return Measured(self.accepted, self.seconds, self.processor_seconds)


def evenings(count: int, seed: int, now: datetime) -> tuple[Evening, ...]:
    """Return the documents of *count* evenings, one after the other, the last of which has just ended."""
    length = river_evening(now, seed, pace=_PACE)[-1].at + _BETWEEN_EVENINGS
    documents: list[Evening] = []
    for number in range(count):
        start = now - length * (count - number)
        documents += (_dated(number, start, document) for document in river_evening(start, seed + number, pace=_PACE))
    return tuple(documents)


def journeys(account: Account) -> Iterator[Journey]:
    """Return the way of each notice: the stamps in its headers, and its first acceptance at any worker."""
    first: dict[tuple[str, int], int] = {}
    for receipt in account.receipts.values():
        if receipt.first_accepted_ms is not None:
            key = receipt.lineage, receipt.revision
            first[key] = min(first.get(key, receipt.first_accepted_ms), receipt.first_accepted_ms)
    for key, headers in sorted(account.stamps.items()):
        stages = stages_of(headers.items())
        if key in first:
            stages[Stage.FIRST_ACCEPTED] = first[key]
        yield Journey(f"{key[0]}|{key[1]}", stages)


def sending(account: Account, processor_seconds: float) -> Sending:
    """Return what the fan-out did; selection and the records before the first push are in its time."""
    last: dict[tuple[str, int], int] = {}
    accepted = 0
    for receipt in account.receipts.values():
        accepted += receipt.outcomes.get("accepted", 0)
        if receipt.last_accepted_ms is not None:
            key = receipt.lineage, receipt.revision
            last[key] = max(last.get(key, 0), receipt.last_accepted_ms)
    took_ms = sum(
        at - approved
        for key, at in last.items()
        if (approved := stages_of(account.stamps.get(key, {}).items()).get(Stage.APPROVED)) is not None
    )
    return Sending(accepted, took_ms / 1000, processor_seconds)


def unexpected(documents: Sequence[Evening], account: Account) -> tuple[str, ...]:
    """Return a line for each document that ended otherwise than its author meant it to."""
    ended = {report.name: report.outcome.value for report in account.reports.values()}
    return tuple(
        f"{document.name}: {ended.get(document.name)} instead of {document.expectation}"
        for document in documents
        if ended.get(document.name) != document.expectation
    )


def play(size: Size, settings: RunSettings, budget: Budget) -> tuple[list[Journey], tuple[Row, ...], dict[str, Any]]:
    """Run everything once and return the journeys, the report's rows and the result."""
    load_before, begun = os.getloadavg(), time.monotonic()
    with running(settings, _say, lambda _stage, _done, _total: None) as run:
        fanouts = [run.pipeline.supervisor.pid(name) for name in run.pipeline.names if name.startswith("fanout")]
        documents = evenings(size.evenings, settings.seed, datetime.now(UTC))
        _say(f"{len(documents)} documents")
        up = time.monotonic()
        before = processor_seconds_of(fanouts)
        feed_documents(
            documents,
            run.producer,
            run.observer,
            clock=Clock.DOCUMENT,
            pace=Pace(),
            patience_seconds=PATIENCE_SECONDS,
            after_each=lambda number: drain(
                run.observer, number, workers=settings.workers, patience_seconds=PATIENCE_SECONDS
            ),
        )
        ours = sending(run.observer.account, processor_seconds_of(fanouts) - before)
        told = time.monotonic()
        restarted = sum(run.pipeline.supervisor.starts(name) - 1 for name in run.pipeline.names)
        _say("checking against the push service's own log")
        judged = check_run(run)
        _say("pywebpush against the same push service")
        readme, kept = _reference(run, size.reference)
        account = run.observer.account
        ways = list(journeys(account))
        rows = measure(ways, budget)
        said = summary(account)
        counts = Counts(
            selected=said["pushes"]["selected"],
            accepted=said["pushes"]["accepted"],
            gave_way=said["pushes"]["superseded"],
            brute_force=judged.brute_force,
            judge=judged.stub_accepted,
            lost=len(never_told(run)),
            duplicates=judged.stub_duplicates,
            decrypt_failures=judged.decrypt_failures,
            unexpected=unexpected(documents, account),
        )
    ratios = ratios_of(ours.measured, kept)
    wrong = failures(counts, rows, budget.ratios, ratios)
    result = {
        "scenario": "river_flood",
        **asdict(size),
        "workers": settings.workers,
        "broker": "embedded" if settings.broker == "embedded" else "kafka",
        "commit": _commit(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "load_average": {"before": load_before, "after": os.getloadavg()},
        "seconds": {
            "set_up": round(up - begun, 1),
            "documents": round(told - up, 1),
            "all": round(time.monotonic() - begun, 1),
        },
        **said,
        "counts": asdict(counts),
        "restarted": restarted,
        "ours": ours.measured.plain(),
        "reference": {"readme": readme.plain(), "kept": kept.plain()},
        "ratios": ratios,
        "spans": {row.span: asdict(row) for row in rows},
        "over_budget": over_budget(rows),
        "failures": wrong,
        "passed": not wrong,
    }
    return ways, rows, result


def never_told(run: Run) -> set[tuple[str, str]]:
    """Return (topic, token) of everybody for whom no push about a danger of theirs was ever accepted.

    A notice repeats only what changed, so whoever an older revision selected must be in the log, by that revision
    or by a newer one that spoke to them instead.
    """
    assert run.stub is not None
    run.stub.flush()
    notices = sorted(run.observer.account.notices.values(), key=lambda notice: (notice.lineage, notice.revision))
    counted = BruteForce(load_people(run.synth)).count_all((notice, notice.approved_at) for notice in notices)
    registry, receivers = load(run.synth / "registry"), Receivers.load(run.synth)
    expected: set[tuple[str, str]] = set()
    for count in counted:
        topic = topic_and_tag(count.lineage)
        numbers = np.fromiter(count.part_of_row, dtype=np.uint64, count=len(count.part_of_row))
        expected.update((topic, receivers.token_text(row)) for row in registry.rows_of(numbers).tolist())
    return expected - {(one.topic, one.token) for one in entries(run.stub.log_path) if 200 <= one.status < 300}


def ratios_of(ours: Measured, reference: Measured) -> dict[str, float]:
    """Return how many times better we are, by the names of the budget's gates."""
    return {
        "processor_time": round(reference.processor_us_per_push / ours.processor_us_per_push, 2),
        "pushes_per_second": round(ours.pushes_per_second / reference.pushes_per_second, 2),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the scenario and report."""
    parser = argparse.ArgumentParser(
        prog="python -m load_tests.river_flood", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--size", choices=SIZES, default="ci")
    parser.add_argument("--broker", default="embedded", help="embedded, or HOST:PORT of Apache Kafka")
    parser.add_argument("--workers", type=int, default=2, help="fan-out workers")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, help="write the JSON lines to this file too")
    parser.add_argument("--json", action="store_true", dest="as_json", help="only JSON lines on standard output")
    given = parser.parse_args(arguments)
    size = SIZES[given.size]
    settings = RunSettings(
        subscribers=size.subscribers,
        seed=given.seed,
        broker=given.broker,
        push="stub",
        areas=PROJECT / DEFAULT_AREAS,
        policy=PROJECT / "ops" / "policy.toml",
        workers=given.workers,
        area="tokyo23",
        store_every=10,
    )
    try:
        ways, rows, result = play(size, settings, read_budget())
    except (PipelineFailed, StreamsError) as error:
        print(f"river_flood: {error}", file=sys.stderr)
        return NOT_UP
    except (ShiraseError, NotDrained, LoadTestError, ValueError) as error:
        print(f"river_flood: {error}", file=sys.stderr)
        return FAILED
    lines = [json.dumps({"notice": way.notice, "stages": way.stages}) for way in ways]
    lines.append(json.dumps(result, ensure_ascii=False))
    if given.out is not None:
        given.out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    if not given.as_json:
        print(page(rows, result))
    print("\n".join(lines))
    return FAILED if result["failures"] else 0


def page(rows: Sequence[Row], result: dict[str, Any]) -> str:
    """Return the result for a person."""
    context = {
        name: result[name] for name in ("scenario", "subscribers", "machine", "load_average", "seconds", "counts")
    }
    lines = [markdown(rows, context), "| sender | pushes/s | processor µs per push |", "|---|---:|---:|"]
    for name, said in (("ours", result["ours"]), *result["reference"].items()):
        lines.append(f"| {name} | {said['pushes_per_second']:g} | {said['processor_us_per_push']:g} |")
    lines += ["", *(f"over the budget (reported only): {line}" for line in result["over_budget"])]
    lines += [f"FAILED: {line}" for line in result["failures"]] or ["counts and ratios hold"]
    return "\n".join(lines) + "\n"


def _reference(run: Run, count: int) -> tuple[Measured, Measured]:
    """Let pywebpush send to *count* of the same subscribers, with bodies as long as ours."""
    assert run.stub is not None
    run.stub.flush()
    sizes = [entry.body_bytes for entry in entries(run.stub.log_path) if 200 <= entry.status < 300]
    receivers = Receivers.load(run.synth)
    subscriptions = [_subscription(run.stub.origins[0], receivers.at(row)) for row in range(min(count, len(receivers)))]
    return measure_reference(
        subscriptions,
        body_bytes=round(median(sizes)) - _ENVELOPE_BYTES if sizes else 1_000,
        vapid_key=run.folder.resolve() / "secrets" / "vapid.pem",
        ca_path=run.stub.ca_path,
        folder=run.folder,
    )


def _subscription(origin: str, receiver: Receiver) -> dict[str, Any]:
    """Return a subscription as a browser hands it over."""
    keys = {"p256dh": _text(receiver.p256dh), "auth": _text(receiver.auth)}
    return {"endpoint": f"{origin}/push/{receiver.token}", "keys": keys}


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _dated(number: int, start: datetime, document: ScenarioDocument) -> Evening:
    return Evening(f"{number}-{document.name}", document.raw, start + document.at, document.expectation)


def _commit() -> str:
    """Return what was measured, with a mark when the tree held changes that are not committed."""
    try:
        said = subprocess.run(
            ["git", "describe", "--always", "--dirty"], cwd=PROJECT, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return said.stdout.strip()


def _say(step: str) -> None:
    print(f"river_flood: {step}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
