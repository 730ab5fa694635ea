"""How long a fan-out worker needs until it has its people, and how long nothing goes out when its machine is gone.

    python -m load_tests.start --subscribers 1000000 --json

On an Apache Kafka of its own: everybody is put onto `subscriptions`; a worker without a disk reads them all; one with
its snapshot goes on from it, with changes since. Then, with few people and a slow push service, a worker (`first`) is
killed for good in the middle of a notice, its disk deleted, while a `standby` has read the same people: the time from
the kill to the next push that the push service accepted is what promise 8 is about.
"""

import argparse
import json
import multiprocessing
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from alerts.cap import Severity
from alerts.claim import Lane
from alerts.hazard import HazardKind
from alerts.level import Level
from alerts.notice import Notice, NoticeKind, NoticePart, Phase, Recipients, Text
from alerts.place import Cell
from dispatch.registry import load
from dispatch.stub.behaviour import Act, Rule
from dispatch.stub.log import entries
from dispatch.stub.process import StubProcess
from dispatch.subscription import BUCKETS, Place, SealKeys, Subscription
from geo.cells import compact
from shirase.homes import homes_in
from shirase.pipeline import VAPID_SUBJECT, make_secrets
from shirase.publish import publish_subscribers
from shirase.synth import synthesize
from streams.acceptance import HEADER_RECEIVED_MS
from streams.broker import ensure_topics, open_broker
from streams.client import Producer
from streams.digest import approval_digest
from streams.kafka import KafkaServer
from streams.subscribers import from_topic
from streams.topics import ALL, NOTICES, SUBSCRIPTIONS
from streams.wire import encode

_BATCH = 5_000
_CHANGES = 1_000
_LEFT = 100
_ENDPOINT_CHARACTERS = 160
TAKEOVER_PEOPLE = 4_000
_ANSWER_SECONDS = 0.2
_MAX_IN_FLIGHT = 64
_PATIENCE_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Start:
    """One start: until everybody is there and followed. `peak_mb` is the most memory that it took on the way."""

    seconds: float
    cpu_seconds: float
    peak_mb: float
    people: int


def people(count: int, seed: int) -> Iterator[Subscription]:
    """Yield made-up subscribers; their keys are random bytes, which nobody has to encrypt for here."""
    rng = random.Random(seed)
    homes = homes_in("tokyo23", 1).cells.tolist()
    for number in range(count):
        token = rng.randbytes(_ENDPOINT_CHARACTERS // 2).hex()
        places = tuple(Place(Cell(rng.choice(homes))) for _ in range(1 + (number % 3 == 0)))
        yield Subscription(
            id=rng.randbytes(16),
            row=rng.getrandbits(64),
            endpoint=f"https://fcm.googleapis.com/fcm/send/{token}",
            p256dh=b"\x04" + rng.randbytes(64),
            auth=rng.randbytes(16),
            language="ja",
            places=places,
            ward="1310800",
        )


def publish(bootstrap: str, keys: SealKeys, count: int, seed: int) -> list[bytes]:
    """Put *count* people onto the topic, and return some of their ids."""
    some: list[bytes] = []
    with Producer(bootstrap) as producer:
        batch: list[tuple[bytes, bytes]] = []
        for person in people(count, seed):
            batch.append((person.id, keys.seal(person)))
            if len(some) < _LEFT:
                some.append(person.id)
            if len(batch) == _BATCH:
                producer.send_all(SUBSCRIPTIONS.name, batch, time.monotonic() + _PATIENCE_SECONDS)
                batch = []
        producer.send_all(SUBSCRIPTIONS.name, batch, time.monotonic() + _PATIENCE_SECONDS)
    return some


def started(bootstrap: str, seal_key: Path, folder: Path) -> Start:
    """Start once, in a process of its own, so that its memory is its own too."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_start, (bootstrap, seal_key, folder))


def _start(bootstrap: str, seal_key: Path, folder: Path) -> Start:
    keys, begun, cpu = SealKeys.load(seal_key), time.monotonic(), time.process_time()
    subscribers = from_topic(bootstrap, keys, folder, frozenset(range(BUCKETS)))
    seconds, used = time.monotonic() - begun, time.process_time() - cpu
    living = subscribers.people.living
    subscribers.close()
    return Start(round(seconds, 2), round(used, 2), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, living)


# ── a machine is gone ─────────────────────────────────────────────────────────────────────────────


def take_over(server: KafkaServer, folder: Path) -> float:
    """Return the seconds from the kill of the first to the next accepted push."""
    secrets = make_secrets(folder / "keys")
    with StubProcess.start(folder / "stub") as stub:
        stub.tell([Rule(Act.ANSWER, delay_seconds=_ANSWER_SECONDS)])
        synthesize(TAKEOVER_PEOPLE, 7, stub.origins[0], folder / "people")
        registry = load(folder / "people" / "registry")
        keys = SealKeys.load(Path(secrets["SHIRASE_SEAL_KEY"]))
        publish_subscribers(registry, server.bootstrap, keys, lambda *_: None)
        workers = {seat: _worker(server, stub, secrets, folder, seat) for seat in ("first", "standby")}
        try:
            notice = _notice(tuple(sorted(set(registry.index_cell.tolist()))))
            with Producer(server.bootstrap) as producer:
                now = {HEADER_RECEIVED_MS: b"%d" % round(time.time() * 1000)}
                producer.send(NOTICES.name, notice.lineage.encode(), encode(notice), now).result(30)
            _until(lambda: _accepted(stub) > TAKEOVER_PEOPLE // 10)
            killed_ms = time.time() * 1000
            # Of two seats that are there the group gives the share to the first.
            workers["first"].send_signal(signal.SIGKILL)
            workers["first"].wait()
            shutil.rmtree(folder / "first")
            residents = int((registry.columns.flags == 0).sum())
            _until(lambda: _accepted(stub) >= residents)
            later = [e.wall_ms for e in entries(stub.log_path) if e.status == 201 and e.wall_ms > killed_ms + 1000]
            return (min(later) - killed_ms) / 1000
        finally:
            for process in workers.values():
                process.kill()
                process.wait()


def _worker(
    server: KafkaServer, stub: StubProcess, secrets: dict[str, str], folder: Path, seat: str
) -> "subprocess.Popen[bytes]":
    environment = {
        **os.environ, **secrets, "SHIRASE_BROKER": server.bootstrap, "SHIRASE_SEAT": seat,
        "SHIRASE_PUSH_CA": str(stub.ca_path), "SHIRASE_PUSH_ORIGINS": ",".join(stub.origins),
        "SHIRASE_VAPID_SUBJECT": VAPID_SUBJECT, "SHIRASE_SITE_URL": "https://shirase.example/",
        "SHIRASE_MAX_IN_FLIGHT": str(_MAX_IN_FLIGHT),
    }  # fmt: skip
    command = (
        sys.executable, "-m", "shirase", "worker", "fanout", "--instance", "0", "--data-dir", str(folder / seat),
        "--heartbeat", str(folder / f"{seat}.beat"),
    )  # fmt: skip
    with (folder / f"{seat}.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    # The seats are told apart by who came first; the second must not come first.
    _until((folder / f"{seat}.beat").exists)
    return process


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


def _accepted(stub: StubProcess) -> int:
    stub.flush()
    return len({entry.token for entry in entries(stub.log_path) if entry.status == 201})


def _until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not happened():
        if time.monotonic() > deadline:
            raise TimeoutError("what was waited for did not come; look at the workers' logs")
        time.sleep(0.05)


def run(count: int, folder: Path, *, takeover: bool) -> dict[str, object]:
    """Measure all, and return it as it is printed."""
    found: dict[str, object] = {"subscribers": count}
    with KafkaServer() as server:
        server.start(folder / "kafka")
        ensure_topics(open_broker(server.bootstrap), ALL)
        SealKeys.generate_file(folder / "seal.json")
        keys = SealKeys.load(folder / "seal.json")
        begun = time.monotonic()
        some = publish(server.bootstrap, keys, count, 1)
        found["publish_s"] = round(time.monotonic() - begun, 2)
        found["from_topic"] = asdict(started(server.bootstrap, folder / "seal.json", folder / "registry"))
        publish(server.bootstrap, keys, _CHANGES, 2)
        with Producer(server.bootstrap) as producer:
            gone = [(identifier, None) for identifier in some[:_LEFT]]
            for identifier, value in gone:
                producer.send(SUBSCRIPTIONS.name, identifier, value).result(30)
        kept = started(server.bootstrap, folder / "seal.json", folder / "registry")
        found["from_snapshot"] = asdict(kept)
        found["changes_since"] = _CHANGES + len(gone)
        found["complete"] = kept.people == count + _CHANGES - len(gone)
        found["snapshot_bytes_a_person"] = round(
            sum(file.stat().st_size for file in (folder / "registry").iterdir()) / max(1, count)
        )
    if takeover:
        with KafkaServer() as server:
            server.start(folder / "kafka-2")
            ensure_topics(open_broker(server.bootstrap), ALL)
            found["machine_gone_to_next_push_s"] = round(take_over(server, folder), 2)
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; exit code 1 when somebody was missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--subscribers", type=int, default=100_000)
    parser.add_argument("--no-takeover", action="store_true")
    parser.add_argument("--keep", help="a folder for logs and data that is left as it is")
    parser.add_argument("--json", action="store_true", help="only the last line")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="shirase-start-") as folder:
        found = run(asked.subscribers, Path(asked.keep or folder), takeover=not asked.no_takeover)
    if not asked.json:
        for name, value in found.items():
            sys.stdout.write(f"{name}: {value}\n")
    sys.stdout.write(json.dumps(found) + "\n")
    return 0 if found["complete"] else 1


if __name__ == "__main__":
    raise SystemExit(main())
