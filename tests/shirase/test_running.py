"""The steps of docs/running.md, done by hand on Apache Kafka, lead from documents to pushes and to the account."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner

from alerts.notice import Notice
from dispatch.registry import load
from dispatch.stub.process import StubProcess
from dispatch.subscription import SealKeys
from feeds.read import OWN_FEEDS
from shirase.cli import main
from shirase.demo.evening import evening
from shirase.demo.feeding import Clock, Pace, drain, feed_documents
from shirase.demo.observer import Observer
from shirase.demo.publish import publish_subscribers
from shirase.demo.summary import summary
from shirase.demo.synth import synthesize
from shirase.demo.terminal import conclusion
from shirase.paths import DEFAULT_AREAS
from streams.brokers.client import Producer, read_to_end
from streams.brokers.kafka import KafkaServer
from streams.metrics import Role
from streams.payloads import ReceiptRecord, ReportRecord
from streams.topics import DRILL_NOTICES, NOTICES, RECEIPTS, REPORTS, Topic
from streams.wire import decode

pytestmark = [pytest.mark.kafka, pytest.mark.slow]

PROJECT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 120.0


class _Document:
    """A document of the evening, sent as it comes."""

    sent = None

    def __init__(self, name: str, raw: bytes) -> None:
        self.name = name
        self.raw = raw


@pytest.fixture
def kafka(tmp_path: Path) -> Iterator[str]:
    with KafkaServer() as server:
        yield server.start(tmp_path / "kafka")


def _shirase(*words: str) -> str:
    ended = CliRunner().invoke(main, words)
    assert ended.exit_code == 0, ended.output
    return ended.stdout


def _worker(role: Role, folder: Path, settings: dict[str, str]) -> subprocess.Popen[bytes]:
    command = (
        sys.executable, "-m", "shirase", "worker", role.value, "--instance", "0",
        "--data-dir", str(folder / role.value), "--heartbeat", str(folder / "beats" / role.value),
    )  # fmt: skip
    with (folder / f"{role.value}.log").open("wb") as log:
        return subprocess.Popen(command, cwd=PROJECT, env=os.environ | settings, stdout=log, stderr=log)


def _await_beats(folder: Path, workers: dict[Role, subprocess.Popen[bytes]]) -> None:
    waiting = threading.Event()
    for _ in range(900):
        if all((folder / "beats" / role.value).exists() for role in workers):
            return
        for role, process in workers.items():
            assert process.poll() is None, (folder / f"{role.value}.log").read_text()
        waiting.wait(0.1)
    raise AssertionError("not all workers came up")


def test_the_documented_steps_lead_from_documents_to_pushes_and_the_account(kafka: str, tmp_path: Path) -> None:
    _shirase("topics", "--create", "--broker", kafka)
    _shirase("topics", "--create", "--broker", kafka)  # again, without harm
    said = _shirase("keys", str(tmp_path / "keys"))
    keys = dict(line.split("=", 1) for line in said.splitlines())
    areas = PROJECT / DEFAULT_AREAS
    _shirase("areas", "--areas", str(areas))
    with ExitStack() as stack:
        stub = stack.enter_context(StubProcess.start(tmp_path / "stub"))
        settings = keys | {
            "SHIRASE_BROKER": kafka,
            "SHIRASE_AREAS": str(areas),
            "SHIRASE_POLICY": str(PROJECT / "ops" / "policy.toml"),
            "SHIRASE_VAPID_SUBJECT": "mailto:test@shirase.example",
            "SHIRASE_SITE_URL": "https://shirase.example/",
            "SHIRASE_NETWORK": "demo-city",
            "SHIRASE_PUSH_ORIGINS": stub.origins[0],
            "SHIRASE_PUSH_CA": str(stub.ca_path),
        }
        synthesize(300, 1, stub.origins[0], tmp_path / "synth")
        publish_subscribers(
            load(tmp_path / "synth" / "registry"),
            kafka,
            SealKeys.load(Path(keys["SHIRASE_SEAL_KEY"])),
            lambda _stage, _done, _all: None,
        )
        workers = {role: _worker(role, tmp_path, settings) for role in Role}
        for process in workers.values():
            stack.callback(process.kill)
        _await_beats(tmp_path, workers)
        observer = Observer(kafka)
        stack.callback(observer.close)
        producer = stack.enter_context(Producer(kafka))
        sent = feed_documents(
            [_Document(document.name, document.raw) for document in evening(1)],
            producer,
            observer,
            clock=Clock.DOCUMENT,
            pace=Pace(),
            patience_seconds=PATIENCE_SECONDS,
        )
        drain(observer, sent, workers=1, patience_seconds=PATIENCE_SECONDS)
        told: dict[str, Any] = summary(observer.account)
        assert told["pushes"]["accepted"] == stub.verdict()["accepted"] > 0
        assert told == recounted(kafka)
        assert [*map(int, re.findall(r"\d+", conclusion(told).splitlines()[2].replace(",", "")))] == [
            told["notices"],
            *(told["pushes"][one] for one in ("selected", "accepted", "expired", "superseded", "withdrawn", "failed")),
        ]
        for role, process in workers.items():
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0, (role, (tmp_path / f"{role.value}.log").read_text()[-2000:])
        month = datetime.now(ZoneInfo("Asia/Tokyo")).strftime("%Y-%m")
        used = json.loads(_shirase("usage", "--month", month, "--broker", kafka, "--json"))
    assert used["total"]["pushes_accepted"] == told["pushes"]["accepted"]
    assert sum(row["pushes_accepted"] for row in used["rows"]) == used["total"]["pushes_accepted"]
    assert 0 < used["distinct_notices"] <= told["notices"]


def test_a_worker_without_its_broker_setting_says_so_and_ends_with_three(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "shirase", "worker", "ingest", "--data-dir", str(tmp_path)]
    bare = {name: value for name, value in os.environ.items() if not name.startswith("SHIRASE_")}
    ended = subprocess.run(words, cwd=PROJECT, env=bare, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 3
    assert "SHIRASE_BROKER" in ended.stderr
    assert "Traceback" not in ended.stderr


def recounted(kafka: str) -> dict[str, Any]:
    """Return what the end of a run says of it, counted anew from all that the topics hold."""

    def records(topic: Topic) -> dict[bytes, bytes]:
        return {one.key: one.value for one in read_to_end(kafka, topic.name) if one.value is not None}

    written = (decode(ReportRecord, one.value) for one in read_to_end(kafka, REPORTS.name))
    reports = list({one.receipt: one for one in written}.values())
    notices = {
        (notice.lineage, notice.revision)
        for topic in (NOTICES, DRILL_NOTICES)
        for one in read_to_end(kafka, topic.name)
        for notice in [decode(Notice, one.value)]
    }
    receipts = [one for value in records(RECEIPTS).values() if (one := decode(ReceiptRecord, value)).tail == 0]
    ends: Counter[str] = Counter()
    for receipt in receipts:
        ends += Counter(receipt.outcomes)
    own = [one for one in reports if one.feed in OWN_FEEDS and one.kind.startswith("CAP")]
    kept = {"accepted", "expired", "superseded", "withdrawn", "unsubscribed"}
    return {
        "documents": len(reports) - len(own),
        "own_documents": len(own),
        "by_outcome": dict(Counter(one.outcome.value for one in reports if one not in own)),
        "notices": len(notices),
        "pushes": {
            "selected": sum(one.selected for one in receipts),
            **{name: ends[name] for name in ("accepted", "expired", "superseded", "withdrawn")},
            "failed": ends.total() - sum(ends[name] for name in kept),
            "by_outcome": dict(ends),
        },
        "latency_ms": {
            "received_to_first_accepted": halves(
                sorted(float(one.first_accepted_ms - one.received_ms) for one in receipts if one.first_accepted_ms)
            ),
            "received_to_last_accepted": halves(
                sorted(float(one.last_accepted_ms - one.received_ms) for one in receipts if one.last_accepted_ms)
            ),
        },
    }


def halves(values: list[float]) -> dict[str, float]:
    """Return the smallest of the sorted *values* that half, and 99 of 100, do not exceed: one worker, one each."""

    def within(percent: int) -> float:
        return next(one for at, one in enumerate(values, 1) if 100 * at >= percent * len(values))

    return {"p50": within(50), "p99": within(99)}
