"""What one push costs: our two engines, pywebpush, web-push on Node and h2load in C, in one run.

    python -m load_tests.micro.sender [--pushes 100000] [--body-bytes 617]

Each sender is a process of its own. `h2` and `curl` send bodies that are there already, as h2load does; `h2_sealed`
also encrypts each with an entry made before. pywebpush and web-push encrypt from nothing: they have no other way. The
server is nghttpd, and nginx for those that speak HTTP/1.1 only; both with one core at most.
The last line is JSON. The ratios are what may be compared with another run; the microseconds are the machine's.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from alerts.claim import Lane
from dispatch.batch import Batch
from dispatch.engine import Engine, batch_sender_of
from dispatch.envelope import OVERHEAD_BYTES, Entry, fresh_entry, seal
from dispatch.sender import Headers
from dispatch.settings import DispatchSettings
from dispatch.slots import Slots
from dispatch.vapid import Vapid, VapidKey, encode, generate_key_file
from load_tests.peers import h2load_best, node_web_push
from load_tests.processor_time import processor_seconds
from load_tests.receivers import receivers
from load_tests.reference import Measured, measure_reference
from load_tests.sinks import Sink

BATCH = 512
# As long as FCM's: half of what is sent of a request is its address.
PATH = b"/push?fcm-send-%012d:APA91b" + b"x" * 134
CURL_SHARE, REFERENCE_PUSHES = 5, 300
PROJECT = Path(__file__).resolve().parents[2]
SUBJECT = "mailto:load-test@shirase.example"


@dataclass(frozen=True, slots=True)
class Row:
    """One sender. `sink_share` is how busy the one core of the server was: above 0.9 it was the server's figure."""

    per_s: float
    cpu_us: float
    sink_share: float
    pushes: int

    @property
    def sink_bound(self) -> bool:
        """Tell whether the server was the limit."""
        return self.sink_share > 0.9


def headers_for(origin: str) -> Headers:
    """Return what every push carries, a real token among it."""
    vapid = Vapid({0: VapidKey.generate()}, SUBJECT)
    return (
        ("Urgency", "high"),
        ("Topic", "d8vrK6KL64pPc6tM"),
        ("Content-Encoding", "aes128gcm"),
        ("Content-Type", "application/octet-stream"),
        ("Authorization", vapid.authorization(origin, time.time())),
    )


def send(engine: str, origin: str, ca_path: str, pushes: int, body_bytes: int, *, sealed: bool) -> Measured:
    """Send so many pushes with *engine*; raises AssertionError when one was not accepted."""
    settings = DispatchSettings(engine=engine, extra_origins=(origin,), ca_file=ca_path)
    sender, slots, headers = batch_sender_of(settings), Slots(settings, 1), headers_for(origin)
    paths = [PATH % number for number in range(pushes)]
    bodies = _sealing(body_bytes) if sealed else _ready(body_bytes)
    expires_at, begun, ended = time.time() + 3600, 0, 0
    outcomes: Counter[str] = Counter()
    started, processor = time.perf_counter(), _processor()
    while ended < pushes:
        now = time.time()
        room = min(sender.free, slots.room(origin, Lane.LIFE_SAFETY, now), pushes - begun)
        while room > 0:
            count = min(room, BATCH)
            slots.take_many(origin, Lane.LIFE_SAFETY, count)
            keys = range(begun, begun + count)
            sender.submit_batch(
                Batch(origin, headers, expires_at, keys, paths[begun : begun + count], [next(bodies) for _ in keys])
            )
            begun, room = begun + count, room - count
        for answer in sender.poll_batches(0.05):
            count = len(answer.keys)
            slots.give_back(origin, Lane.LIFE_SAFETY, count=count)
            slots.answered(origin, answer.outcome, count, now)
            outcomes[answer.outcome.value] += count
            ended += count
    measured = Measured(pushes, time.perf_counter() - started, _processor() - processor)
    sender.close()
    assert outcomes == {"accepted": pushes}, dict(outcomes)
    return measured


def _ready(body_bytes: int) -> Iterator[bytes]:
    body = os.urandom(body_bytes)
    while True:
        yield body


def _sealing(body_bytes: int) -> Iterator[bytes]:
    plaintext, padded = "隅田川が氾濫するおそれ。".encode(), body_bytes - OVERHEAD_BYTES
    # One text for all, so an entry that comes round again seals what it sealed before.
    entries: list[Entry] = [fresh_entry(*person) for person in receivers()]
    while True:
        for entry in entries:
            yield seal(entry, plaintext, padded)


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def measured_in_child(words: Sequence[str]) -> Measured:
    """Return what a process of its own measured."""
    ended = subprocess.run(
        [sys.executable, "-m", "load_tests.micro.sender", *words],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode:
        raise RuntimeError(ended.stderr[-500:])
    return Measured(**json.loads(ended.stdout.splitlines()[-1]))


def row(sink: Sink, measure: Callable[[], Measured | None]) -> Row | None:
    """Return what *measure* finds, with how busy the server was."""
    used, began = processor_seconds(sink.pid), time.perf_counter()
    measured = measure()
    if measured is None:
        return None
    share = (processor_seconds(sink.pid) - used) / (time.perf_counter() - began)
    # Only the sending counts: a process that starts up leaves the server idle.
    share *= (time.perf_counter() - began) / max(measured.seconds, 1e-9)
    return Row(
        round(measured.pushes_per_second), round(measured.processor_us_per_push, 2), round(share, 2), measured.pushes
    )


def subscriptions(origin: str, count: int) -> list[dict[str, Any]]:
    """Return subscriptions as a browser gives them out."""
    made = []
    for number, (p256dh, auth) in enumerate(receivers(count)):
        keys = {"p256dh": encode(p256dh), "auth": encode(auth)}
        made.append({"endpoint": origin + (PATH % number).decode(), "keys": keys})
    return made


def run(http2: Sink, http1: Sink, folder: Path, pushes: int, body_bytes: int, *, quick: bool) -> dict[str, Any]:
    """Measure every sender that is installed, those that speak HTTP/1.1 only against *http1*."""
    key = folder / "vapid.pem"
    generate_key_file(key)
    people = subscriptions(http1.origins[0], REFERENCE_PUSHES)
    plain = body_bytes - OVERHEAD_BYTES

    def ours(engine: Engine, count: int, *more: str, to: Sink = http2) -> Row | None:
        words = ["--only", engine.value, "--origin", to.origins[0], "--ca", str(to.ca_path), *more]
        words += ["--pushes", str(count), "--body-bytes", str(body_bytes)]
        return row(to, lambda: measured_in_child(words))

    def h2load() -> Measured | None:
        origin, path = http2.origins[0], (PATH % 0).decode()
        headers = (*headers_for(origin), ("TTL", "3600"))
        found = h2load_best(origin, path, headers, os.urandom(body_bytes), pushes, quick=quick)
        return None if found is None else found.measured

    def pywebpush() -> Measured:
        ca_path = http1.ca_path
        return measure_reference(people, body_bytes=plain, vapid_key=key, ca_path=ca_path, folder=folder)[1]

    rows = {
        "h2": ours(Engine.H2, pushes),
        "h2_sealed": ours(Engine.H2, pushes, "--sealed"),
        "h2_to_nginx": ours(Engine.H2, pushes, to=http1),
        "curl": ours(Engine.CURL, max(1, pushes // CURL_SHARE)),
        "h2load": row(http2, h2load),
        "pywebpush_kept": row(http1, pywebpush),
        "node_web_push": row(http1, lambda: node_web_push(people, plain, http1.ca_path, PROJECT / ".cache")),
    }
    ratios = {}
    # Those that encrypt are compared with what encrypts.
    for name, mine in {
        "curl": "h2",
        "h2load": "h2",
        "pywebpush_kept": "h2_sealed",
        "node_web_push": "h2_sealed",
    }.items():
        other, own = rows[name], rows[mine]
        if other is not None and own is not None:
            ratios[f"cpu_of_{name}"] = round(other.cpu_us / own.cpu_us, 2)
            ratios[f"rate_to_{name}"] = round(own.per_s / other.per_s, 2)
    return {
        "rows": {name: asdict(one) | {"sink_bound": one.sink_bound} for name, one in rows.items() if one is not None},
        "ratios": ratios,
        "body_bytes": body_bytes,
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure all, or with --only one engine for a parent that does."""
    parser = argparse.ArgumentParser(prog="python -m load_tests.micro.sender", description="What one push costs.")
    parser.add_argument("--pushes", type=int, default=100_000)
    parser.add_argument("--body-bytes", type=int, default=617)
    parser.add_argument("--quick", action="store_true", help="fewer combinations of h2load")
    parser.add_argument("--only", choices=[engine.value for engine in Engine])
    parser.add_argument("--origin", default="")
    parser.add_argument("--ca", default="")
    parser.add_argument("--sealed", action="store_true")
    given = parser.parse_args(arguments)
    if given.only:
        measured = send(given.only, given.origin, given.ca, given.pushes, given.body_bytes, sealed=given.sealed)
        print(json.dumps(asdict(measured)))
        return 0
    with tempfile.TemporaryDirectory(prefix="shirase-micro-") as name:
        folder = Path(name)
        with Sink.nghttpd(folder / "nghttpd") as http2, Sink.nginx(folder / "nginx") as http1:
            result = run(http2, http1, folder, given.pushes, given.body_bytes, quick=given.quick)
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
