"""How long nothing goes out when the machine of a fan-out worker is gone and its standby takes over (promise 8).

    python -m load_tests.take_over --subscribers 20000 --json

On an Apache Kafka of its own, with a slow push service: two seats of one share, everybody told by one notice. In the
middle of it whoever HOLDS the share, as the broker says, is killed for good and its disk deleted. Counted by the push
service's own log: who was left out, what came twice, and the time from the kill to the next push that it took.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from alerts.cap import Severity
from alerts.claim import Lane
from alerts.hazard import HazardKind
from alerts.level import Level
from alerts.notice import Notice, NoticeKind, NoticePart, Phase, Recipients, Text
from dispatch.registry import load
from dispatch.stub.behaviour import Act, Rule
from dispatch.stub.log import Entry, entries
from dispatch.stub.process import StubProcess
from dispatch.subscription import SealKeys
from geo.cells import compact
from shirase.demo.pipeline import VAPID_SUBJECT, make_secrets
from shirase.demo.publish import publish_subscribers
from shirase.demo.synth import synthesize
from streams.brokers.broker import ensure_topics, open_broker
from streams.brokers.client import Producer
from streams.brokers.kafka import KafkaServer
from streams.brokers.lease import seats_of
from streams.digest import approval_digest
from streams.fanout.standby import share_of
from streams.ingest.acceptance import HEADER_RECEIVED_MS
from streams.topics import ALL, NOTICES
from streams.wire import encode

RECOVERY_SECONDS = 15.0
MAX_IN_FLIGHT = 256
# With the bound above at most 1,280 pushes a second: twenty thousand people take a quarter of a minute.
_ANSWER_SECONDS = 0.2
_PATIENCE_SECONDS = 120.0
_SEATS = ("first", "standby")


@dataclass(frozen=True, slots=True)
class TakeOver:
    """What was seen. `seats` says of each seat before the kill whether it held the share."""

    people: int
    seats: dict[str, bool]
    killed: str
    told_before_the_kill: int
    recovery_s: float
    lost: int
    duplicates: int
    open_at_most: int

    @property
    def failures(self) -> tuple[str, ...]:
        """Return what is not as promised, in words; the time is said apart, because it belongs to the machine."""
        found = []
        if sorted(self.seats.values()) != [False, True]:
            found.append(f"one of two seats must hold the share before the kill: {self.seats}")
        if self.lost:
            found.append(f"{self.lost} people were told nothing")
        if self.duplicates > self.open_at_most:
            found.append(f"{self.duplicates} pushes came twice, {self.open_at_most} could be open")
        return tuple(found)


def play(
    server: KafkaServer,
    folder: Path,
    *,
    people: int,
    max_in_flight: int = MAX_IN_FLIGHT,
    say: Callable[[str], None] = lambda _line: None,
) -> TakeOver:
    """Kill the holder in the middle of a notice, and watch what the other seat does."""
    secrets = make_secrets(folder / "keys")
    with StubProcess.start(folder / "stub") as stub:
        stub.tell([Rule(Act.ANSWER, delay_seconds=_ANSWER_SECONDS)])
        synthesize(people, 7, stub.origins[0], folder / "people")
        registry = load(folder / "people" / "registry")
        keys = SealKeys.load(Path(secrets["SHIRASE_SEAL_KEY"]))
        publish_subscribers(registry, server.bootstrap, keys, lambda *_: None)
        residents = int((registry.columns.flags == 0).sum())
        workers = {seat: _worker(server, stub, secrets, folder, seat, max_in_flight) for seat in _SEATS}
        try:
            _until(lambda: set(seats_of(server.bootstrap, share_of(0, 1))) == set(_SEATS), workers)
            _send(server, tuple(sorted(set(registry.index_cell.tolist()))))
            _until(lambda: len(_accepted(stub)) > residents // 10, workers)
            seats = seats_of(server.bootstrap, share_of(0, 1))
            killed = next((seat for seat, holds in seats.items() if holds), "")
            say(
                "before the kill: "
                + ", ".join(f"{seat} {'holds' if holds else 'waits'}" for seat, holds in seats.items())
            )
            if not killed:
                raise RuntimeError(f"nobody holds the share in the middle of a fan-out: {seats}")
            workers[killed].send_signal(signal.SIGKILL)
            killed_ms = time.time() * 1000
            workers.pop(killed).wait()
            shutil.rmtree(folder / killed)
            told = len(_accepted(stub))
            _until(lambda: len(_accepted(stub)) >= residents, workers)
            # What was on its way at the kill is answered within the service's delay; the successor needs longer.
            pushes, after = _pushes(stub), killed_ms + _ANSWER_SECONDS * 1000 + 300
            again = len(pushes) - len({(push.token, push.body_sha) for push in pushes})
            recovery = (min(push.wall_ms for push in pushes if push.wall_ms > after) - killed_ms) / 1000
            lost = residents - len({push.token for push in pushes})
            return TakeOver(people, seats, killed, told, round(recovery, 2), lost, again, max_in_flight)
        finally:
            for process in workers.values():
                process.kill()
                process.wait()


def _worker(
    server: KafkaServer, stub: StubProcess, secrets: dict[str, str], folder: Path, seat: str, max_in_flight: int
) -> "subprocess.Popen[bytes]":
    environment = {
        **os.environ, **secrets, "SHIRASE_BROKER": server.bootstrap, "SHIRASE_SEAT": seat,
        "SHIRASE_PUSH_CA": str(stub.ca_path), "SHIRASE_PUSH_ORIGINS": ",".join(stub.origins),
        "SHIRASE_VAPID_SUBJECT": VAPID_SUBJECT, "SHIRASE_SITE_URL": "https://shirase.example/",
        "SHIRASE_MAX_IN_FLIGHT": str(max_in_flight),
    }  # fmt: skip
    command = (
        sys.executable, "-m", "shirase", "worker", "fanout", "--instance", "0", "--data-dir", str(folder / seat),
        "--heartbeat", str(folder / f"{seat}.beat"),
    )  # fmt: skip
    with (folder / f"{seat}.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    # The second must not come first: it comes to a share that is held, as a standby does.
    _until((folder / f"{seat}.beat").exists, {seat: process})
    return process


def _send(server: KafkaServer, cells: tuple[int, ...]) -> None:
    notice = _notice(cells)
    with Producer(server.bootstrap) as producer:
        now = {HEADER_RECEIVED_MS: b"%d" % round(time.time() * 1000)}
        producer.send(NOTICES.name, notice.lineage.encode(), encode(notice), now).result(30)


def _notice(cells: tuple[int, ...]) -> Notice:
    now = datetime.now(UTC)
    part = NoticePart(
        0, Phase.ISSUED, Recipients.CELLS, Level.ALL_LEAVE, Severity.SEVERE, (HazardKind.FLOOD,), ("東京",),
        compact(cells), (Text("ja", "洪水 危険警報", "レベル4。"),),
    )  # fmt: skip
    made = Notice(
        "take-over", 1, NoticeKind.DANGER_IS_COMING, Lane.LIFE_SAFETY, "d" * 64, "jma", "気象庁", now, now,
        now + timedelta(hours=2), (part,), "", "policy", now,
    )  # fmt: skip
    return replace(made, digest=approval_digest(made))


def _pushes(stub: StubProcess) -> list[Entry]:
    stub.flush()
    return [entry for entry in entries(stub.log_path) if entry.status == 201]


def _accepted(stub: StubProcess) -> set[str]:
    return {entry.token for entry in _pushes(stub)}


def _until(happened: Callable[[], bool], workers: dict[str, "subprocess.Popen[bytes]"]) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not happened():
        ended = [seat for seat, process in workers.items() if process.poll() is not None]
        if ended:
            raise RuntimeError(f"{', '.join(ended)} ended by itself: its log is beside its folder")
        if time.monotonic() > deadline:
            raise TimeoutError("what was waited for did not come; look at the workers' logs")
        time.sleep(0.05)


def on_a_broker_of_its_own(folder: Path, people: int, say: Callable[[str], None]) -> TakeOver:
    """Start Apache Kafka in *folder*, and play there."""
    with KafkaServer() as server:
        server.start(folder / "kafka-take-over")
        ensure_topics(open_broker(server.bootstrap), ALL)
        return play(server, folder, people=people, say=say)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; exit code 1 when somebody was left out or told twice."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--subscribers", type=int, default=20_000)
    parser.add_argument("--keep", help="a folder for logs and data that is left as it is")
    parser.add_argument("--json", action="store_true", help="only the last line on standard output")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="shirase-take-over-") as folder:
        at = Path(asked.keep or folder)
        seen = on_a_broker_of_its_own(at, asked.subscribers, lambda line: print(line, file=sys.stderr))
    print(json.dumps({**asdict(seen), "failures": seen.failures, "within_15_s": seen.recovery_s <= RECOVERY_SECONDS}))
    return 1 if seen.failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
