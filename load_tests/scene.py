"""Fan-out workers on Apache Kafka with people and push services of their own, and notices put straight on their topic.

What the scenarios of kills, corrections and lanes share. The workers are the processes of a deployment (`shirase worker
fanout`) under its supervisor; whoever judges reads the push services' own log.
"""

import random
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.request import urlopen

from alerts.cap import Severity
from alerts.claim import Lane
from alerts.hazard import HazardKind
from alerts.level import Level
from alerts.notice import Notice, NoticeKind, NoticePart, Phase, Recipients, Text
from alerts.place import Cell
from dispatch.stub.log import Entry, entries
from dispatch.stub.process import StubProcess
from dispatch.subscription import Place, SealKeys, Subscription
from load_tests.errors import LoadTestError
from load_tests.versions import THIS, with_more
from shirase.demo.homes import homes_in
from shirase.demo.observer import Observer
from shirase.demo.pipeline import VAPID_SUBJECT, make_secrets
from shirase.demo.receivers import make
from streams.brokers.broker import ensure_topics, open_broker
from streams.brokers.client import Producer
from streams.brokers.kafka import KafkaServer
from streams.digest import approval_digest
from streams.processes.supervisor import Role, Supervisor
from streams.topics import ALL, NOTICES, SUBSCRIPTIONS
from streams.wire import encode

ACCEPTED = 201
PATIENCE_SECONDS = 240.0
_BATCH = 5_000
_LOOK_SECONDS = 0.02
WORKER = "fanout-0"


class NotInTime(LoadTestError):
    """Something that a scenario waits for did not come to pass."""


@dataclass(slots=True)
class Scene:
    """What a scenario acts on."""

    folder: Path
    bootstrap: str
    stub: StubProcess
    supervisor: Supervisor
    observer: Observer
    producer: Producer
    keys: SealKeys
    environment: dict[str, str]
    max_in_flight: int
    signed_up: list[Subscription] = field(default_factory=list)
    spare: list[Subscription] = field(default_factory=list)
    """Made and not signed up yet."""
    versions: bool = False
    """Whether workers run the version that `version_file` names when they start (`load_tests.versions`)."""

    @property
    def version_file(self) -> Path:
        """Return the file that says which version a worker runs from its next start on."""
        return self.folder / "version"

    def role(self, name: str, instance: str = "0") -> Role:
        """Return the worker of share *instance*; with another *name* on another machine, its folder its own."""
        data, beat = self.data_of(name), self.folder / "beats" / name
        program = ("load_tests.versions", str(self.version_file)) if self.versions else ("shirase",)
        command = (
            sys.executable, "-m", *program, "worker", "fanout", "--instance", instance,
            "--data-dir", str(data), "--heartbeat", str(beat),
        )  # fmt: skip
        return Role(name, command, beat, self.environment, self.folder / f"{name}.log")

    def data_of(self, name: str) -> Path:
        """Return the data folder of a worker."""
        return self.folder / "data" / name

    def publish(self, *notices: Notice) -> None:
        """Put notices on their topic as the decider does, each of one lineage after the one before."""
        for notice in notices:
            headers = {"t-received": b"%d" % round(time.time() * 1000)}
            value = with_more(encode(notice)) if self.versions else encode(notice)
            self.producer.send(NOTICES.name, notice.lineage.encode(), value, headers).result(30)

    def subscribe(self, people: Iterable[Subscription]) -> None:
        """Put subscriptions, new or changed, on their topic."""
        self._store([(one.id, self.keys.seal(one)) for one in people])

    def unsubscribe(self, people: Iterable[Subscription]) -> None:
        """Take subscriptions away."""
        self._store([(one.id, None) for one in people])

    def _store(self, records: Sequence[tuple[bytes, bytes | None]]) -> None:
        for first in range(0, len(records), _BATCH):
            self.producer.send_all(SUBSCRIPTIONS.name, records[first : first + _BATCH], time.monotonic() + 120)

    def accepted(self) -> int:
        """Return how many pushes were answered with 201 so far, by the push services' own count."""
        with urlopen(self.stub.control + "/metrics", timeout=10) as reply:
            lines = reply.read().decode().splitlines()
        return sum(
            int(line.rpartition(" ")[2]) for line in lines if line.startswith('stub_requests_total{status="201"')
        )

    def pushes(self) -> list[Entry]:
        """Return the accepted pushes from the push services' log."""
        self.stub.flush()
        return [entry for entry in entries(self.stub.log_path) if entry.status == ACCEPTED]

    def finished(self, notice: Notice, workers: int = 1) -> bool:
        """Say whether every worker has written its receipt for *notice*."""
        self.observer.check()
        known = self.observer.account.receipts
        return all((notice.lineage, notice.revision, worker) in known for worker in range(workers))


@contextmanager
def staged(
    folder: Path,
    *,
    people: int,
    seed: int = 1,
    origins: int = 4,
    max_in_flight: int = 4096,
    broker: str = "kafka",
    spare: int = 0,
    versions: bool = False,
) -> Iterator[Scene]:
    """Set up Apache Kafka, push services, *people* on their topic and one supervised worker, all up and running.

    *spare* people more are made and not signed up yet. With *versions* a worker may be replaced by one of another.
    """
    with ExitStack() as stack:
        stub = stack.enter_context(StubProcess.start(folder / "stub", origins=origins, store_every=0))
        if broker == "kafka":
            server = KafkaServer()
            stack.callback(server.kill)
            broker = server.start(folder / "kafka")
        ensure_topics(open_broker(broker), ALL)
        secrets = make_secrets(folder / "secrets")
        environment = {
            **secrets,
            "SHIRASE_BROKER": broker,
            "SHIRASE_PUSH_CA": str(stub.ca_path),
            "SHIRASE_PUSH_ORIGINS": ",".join(stub.origins),
            "SHIRASE_VAPID_SUBJECT": VAPID_SUBJECT,
            "SHIRASE_SITE_URL": "https://shirase.example/",
            "SHIRASE_MAX_IN_FLIGHT": str(max_in_flight),
            "PYTHONUNBUFFERED": "1",
        }
        producer = stack.enter_context(Producer(broker))
        observer = Observer(broker)
        stack.callback(observer.close)
        keys = SealKeys.load(Path(secrets["SHIRASE_SEAL_KEY"]))
        scene = Scene(folder, broker, stub, Supervisor(()), observer, producer, keys, environment, max_in_flight)
        scene.versions = versions
        scene.version_file.write_text(THIS, encoding="utf-8")
        made = made_up(people + spare, seed, stub.origins)
        scene.signed_up, scene.spare = made[:people], made[people:]
        scene.subscribe(scene.signed_up)
        scene.supervisor = Supervisor([scene.role(WORKER)])
        stack.enter_context(_kept(scene.supervisor))
        wait(lambda: (folder / "beats" / WORKER).exists(), "the worker's first sign of life")
        yield scene


def made_up(count: int, seed: int, origins: Sequence[str]) -> list[Subscription]:
    """Return *count* people of the demo city with one to three places, their push services in turn."""
    receivers, homes, rng = make(count, seed), homes_in("tokyo23", seed), random.Random(seed)
    cells = homes.cells.tolist()
    found = []
    for place in range(count):
        receiver = receivers.at(place)
        found.append(
            Subscription(
                id=rng.randbytes(16),
                row=rng.getrandbits(64),
                endpoint=f"{origins[place % len(origins)]}/push/{receiver.token}",
                p256dh=receiver.p256dh,
                auth=receiver.auth,
                language=rng.choice(("ja", "ja", "ja", "en")),
                places=tuple(Place(Cell(rng.choice(cells))) for _ in range(rng.choice((1, 1, 2, 3)))),
                ward=homes.wards[rng.randrange(len(homes.wards))],
            )
        )
    return found


def danger_in(
    cells: Sequence[Iterable[Cell]], lineage: str, *, lane: Lane = Lane.LIFE_SAFETY, revision: int = 1
) -> Notice:
    """Return a notice of level 5 for some areas, the first the most endangered; a routine one has no level."""
    level = Level.SECURE_LIFE if lane is Lane.LIFE_SAFETY else None
    severity = Severity.EXTREME if lane is Lane.LIFE_SAFETY else Severity.MODERATE
    parts = tuple(
        _part(rank, Phase.ISSUED, Recipients.CELLS, level, severity, frozenset(area)) for rank, area in enumerate(cells)
    )
    return _approved(lineage, revision, lane, parts)


def correction_of(notice: Notice) -> Notice:
    """Return the cancel of *notice*: for all who were told, wherever they are now."""
    part = _part(0, Phase.CANCELLED, Recipients.ALL_TOLD, None, Severity.MINOR, frozenset())
    return _approved(notice.lineage, notice.revision + 1, notice.lane, (part,))


def _part(
    rank: int, phase: Phase, recipients: Recipients, level: Level | None, severity: Severity, cells: Iterable[Cell]
) -> NoticePart:
    texts = (
        Text("ja", "【架空】大雨特別警報", "命を守るために最善の行動を。"),
        Text("en", "FICTITIOUS: emergency warning", "Act now to protect your life."),
    )
    return NoticePart(
        rank, phase, recipients, level, severity, (HazardKind.FLOOD,), ("架空区",), tuple(sorted(cells)), texts
    )


def _approved(lineage: str, revision: int, lane: Lane, parts: tuple[NoticePart, ...]) -> Notice:
    now = datetime.now(UTC)
    notice = Notice(
        lineage=lineage,
        revision=revision,
        kind=NoticeKind.DANGER_IS_COMING,
        lane=lane,
        document="load-test",
        feed="jma",
        issuer="気象庁",
        sent=now,
        received=now,
        expires=now + timedelta(hours=2),
        parts=parts,
        digest="",
        approved_by="policy",
        approved_at=now,
    )
    return replace(notice, digest=approval_digest(notice))


def token_of(person: Subscription) -> str:
    """Return by what the push services' log knows *person*."""
    return person.endpoint.rpartition("/")[2]


def wait(happened: Callable[[], bool], what: str, seconds: float = PATIENCE_SECONDS) -> float:
    """Return when *happened*, and how long it took; raises `NotInTime`."""
    begun = time.monotonic()
    while not happened():
        if time.monotonic() - begun > seconds:
            raise NotInTime(f"still waiting after {seconds:.0f} s for {what}")
        time.sleep(_LOOK_SECONDS)
    return time.monotonic() - begun


def delete_disk(scene: Scene, name: str) -> None:
    """Delete the data folder of a worker, as when its machine is gone."""
    shutil.rmtree(scene.data_of(name), ignore_errors=True)


@contextmanager
def _kept(supervisor: Supervisor) -> Iterator[None]:
    """Look after the workers in a thread, and end them."""
    stop = threading.Event()

    def keep() -> None:
        while not stop.wait(0.1):
            supervisor.look()
        supervisor.stop()

    thread = threading.Thread(target=keep, name="supervisor")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
