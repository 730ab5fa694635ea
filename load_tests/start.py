"""How long a fan-out worker needs until it has its people, and how long nothing goes out when its machine is gone.

    python -m load_tests.start --subscribers 1000000 --json

On an Apache Kafka of its own: everybody is put onto `subscriptions`; a worker without a disk reads them all; one with
its snapshot goes on from it, with changes since. Then `load_tests.take_over`, with few people: whoever holds a share is
killed for good in the middle of a notice, its disk deleted, while the other seat has read the same people.
"""

import argparse
import json
import multiprocessing
import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from alerts.place import Cell
from dispatch.subscription import BUCKETS, Place, SealKeys, Subscription
from load_tests.take_over import on_a_broker_of_its_own
from shirase.demo.homes import homes_in
from streams.brokers.broker import ensure_topics, open_broker
from streams.brokers.client import Producer
from streams.brokers.kafka import KafkaServer
from streams.fanout.subscribers import from_topic
from streams.topics import ALL, SUBSCRIPTIONS

_BATCH = 5_000
_CHANGES = 1_000
_LEFT = 100
_ENDPOINT_CHARACTERS = 160
TAKEOVER_PEOPLE = 20_000
_PATIENCE_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Start:
    """One start: until everybody is there and followed. `peak_mb` is the most memory that it took on the way."""

    seconds: float
    cpu_seconds: float
    people_per_s: int
    peak_mb: int
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
    a_second = round(living / seconds)
    return Start(
        round(seconds, 2), round(used, 2), a_second, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, living
    )


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
        seen = on_a_broker_of_its_own(folder, TAKEOVER_PEOPLE, lambda line: print(line, file=sys.stderr))
        found["machine_gone"] = {**asdict(seen), "failures": seen.failures}
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
    gone = found.get("machine_gone")
    return 0 if found["complete"] and not (isinstance(gone, dict) and gone["failures"]) else 1


if __name__ == "__main__":
    raise SystemExit(main())
