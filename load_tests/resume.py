"""The risky part alone: kill the sender at random moments and count at the sink what was lost and what came twice.

    python -m load_tests.resume --rows 200000 --kills 20 --json

Four push services: three are nginx behind 25 ms of distance each way, the fourth is the strict stub and hangs
until the last kill. Each life of the sender has a folder of its own and a dry pool; only the progress file goes
on. First a life without kills, its pool full, measures the rate.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import threading
import time
from bisect import bisect
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from dispatch.progress import decode
from dispatch.stub.behaviour import Act, Rule
from dispatch.stub.log import entries
from dispatch.stub.process import StubProcess
from load_tests.distance import Distance
from load_tests.processor_time import processor_seconds
from load_tests.sinks import HOST, Sink, free_ports

FAR = 3
MAX_IN_FLIGHT = 4096
ACCEPTED = 201
# nginx writes its log at most 200 ms late, and what was under way arrives first.
LOG_SECONDS = 0.5
LIFE_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Result:
    """What the sinks saw. `open_most` is the largest number of rows that came again after one kill."""

    rows: int
    kills: int
    rtt_ms: float
    accepted_per_s: float
    cpu_us_per_push: float
    lost: int
    duplicates: int
    changed_bodies: int
    open_most: int
    open_allowed: int
    seconds_with_kills: float

    @property
    def failures(self) -> tuple[str, ...]:
        """Return a sentence for each promise that was broken."""
        found = []
        if self.lost:
            found.append(f"{self.lost} rows were never accepted")
        if self.open_most > self.open_allowed:
            found.append(f"{self.open_most} rows came again after one kill; {self.open_allowed} may be open")
        if self.changed_bodies:
            found.append(f"{self.changed_bodies} repeats had other bytes")
        return tuple(found)


class Scene:
    """Four push services, and lives of the sender one after another."""

    def __init__(self, folder: Path, rows: int, one_way_ms: float, engine: str, sink: Sink, stub: StubProcess) -> None:
        self._folder = folder
        self._rows = rows
        self._engine = engine
        self._sink = sink
        self._stub = stub
        near = free_ports(FAR)
        pairs = list(zip(near, (int(origin.rpartition(":")[2]) for origin in sink.origins), strict=True))
        self.distance = Distance(pairs, one_way_ms)
        self.origins = (*(f"https://{HOST}:{port}" for port in near), stub.origins[0])
        self._ca = folder / "authorities.pem"
        self._ca.write_bytes(sink.ca_path.read_bytes() + stub.ca_path.read_bytes())
        self._lives = 0

    def live(self, progress: Path, pool: str) -> subprocess.Popen[str]:
        """Start a life of the sender and return when it begins to send."""
        self._lives += 1
        options = {
            "origins": ",".join(self.origins),
            "rows": self._rows,
            "progress": progress,
            "ca": self._ca,
            "data": self._folder / f"life-{self._lives}",
            "pool": pool,
            "engine": self._engine,
        }
        words = [sys.executable, "-m", "load_tests.resume_worker"]
        words += [f"--{name}={value}" for name, value in options.items()]
        process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        process.stdout.readline()
        return process

    def rate(self) -> tuple[float, float]:
        """Return pushes a second and processor microseconds for each, three services answering and one silent."""
        progress = self._folder / "rate-progress"
        process = self.live(progress, "full")
        used = processor_seconds(process.pid)
        pause = threading.Event()
        until = time.monotonic() + LIFE_SECONDS
        far = self._rows // len(self.origins) * FAR
        while sum(_finals(progress, origin) for origin in self.origins[:FAR]) < far and time.monotonic() < until:
            pause.wait(0.05)
        used = processor_seconds(process.pid) - used
        kill(process)
        pause.wait(LOG_SECONDS)
        times = sorted(seen.wall_seconds for seen in self._sink.seen() if seen.status == ACCEPTED)
        # The first and the last hundredth are the ways there, not the rate.
        first, last = times[len(times) // 100], times[-1 - len(times) // 100]
        return 0.98 * len(times) / (last - first), 1e6 * used / max(1, len(times))

    def with_kills(self, kills: int, rng: random.Random) -> list[float]:
        """Send all rows through so many deaths; return when they were."""
        progress, pause, deaths = self._folder / "progress", threading.Event(), []
        for number in range(kills):
            # With a pool it has thousands open within a tenth of a second; dry, it needs longer to get anywhere.
            pool, between = ("full", (0.05, 0.6)) if number % 2 else ("dry", (0.2, 2.0))
            process = self.live(progress, pool)
            pause.wait(rng.uniform(*between))
            kill(process)
            deaths.append(time.time())
            pause.wait(0.2)  # what was under way arrives
        self._stub.tell([])
        last = self.live(progress, "dry")
        last.communicate(timeout=LIFE_SECONDS)
        return deaths


def kill(process: subprocess.Popen[str]) -> None:
    """End a process as a power cut does."""
    process.kill()
    process.communicate()


def _finals(progress: Path, origin: str) -> int:
    return decode(progress.read_bytes())[origin].finals if progress.exists() else 0


def run(folder: Path, rows: int, kills: int, one_way_ms: float, engine: str, seed: int) -> Result:
    """Measure the rate, then kill, then count."""
    rows -= rows % (FAR + 1)
    with StubProcess.start(folder / "stub", store_every=0) as stub:
        stub.tell([Rule(Act.HANG)])
        with Sink.nginx(folder / "rate", FAR) as sink:
            scene = Scene(folder, rows, one_way_ms, engine, sink, stub)
            with scene.distance:
                per_s, cpu_us = scene.rate()
        with Sink.nginx(folder / "kills", FAR) as sink:
            began = time.monotonic()
            scene = Scene(folder / "kills", rows, one_way_ms, engine, sink, stub)
            with scene.distance:
                deaths = scene.with_kills(kills, random.Random(seed))
            seconds = time.monotonic() - began
        stub.flush()
        bodies: dict[str, set[str]] = {}
        arrivals: list[tuple[float, str]] = []
        for entry in entries(stub.log_path):
            if entry.status == ACCEPTED:
                arrivals.append((entry.wall_ms / 1000, f"stub {entry.token}"))
                bodies.setdefault(entry.token, set()).add(entry.body_sha)
    arrivals += [(seen.wall_seconds, f"{seen.port} {seen.path}") for seen in sink.seen() if seen.status == ACCEPTED]
    repeats = repeats_by_life(arrivals, deaths)
    return Result(
        rows=rows,
        kills=kills,
        rtt_ms=2 * one_way_ms,
        accepted_per_s=round(per_s),
        cpu_us_per_push=round(cpu_us, 1),
        lost=rows - len({name for _, name in arrivals}),
        duplicates=sum(repeats.values()),
        changed_bodies=sum(len(seen) - 1 for seen in bodies.values()),
        open_most=max(repeats.values(), default=0),
        open_allowed=MAX_IN_FLIGHT,
        seconds_with_kills=round(seconds, 1),
    )


def repeats_by_life(arrivals: Sequence[tuple[float, str]], deaths: Sequence[float]) -> Counter[int]:
    """Return how many rows arrived again in each life; *deaths* are the ends of all lives but the last."""
    seen: set[str] = set()
    repeats: Counter[int] = Counter()
    for wall_seconds, name in sorted(arrivals):
        if name in seen:
            repeats[bisect(deaths, wall_seconds)] += 1
        seen.add(name)
    return repeats


def main(arguments: Sequence[str] | None = None) -> int:
    """Run both parts; exit code 1 when something was lost or came again too often."""
    parser = argparse.ArgumentParser(
        prog="python -m load_tests.resume", description="Kill the sender, count at the sink."
    )
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--one-way-ms", type=float, default=25.0)
    parser.add_argument("--engine", default="h2")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="shirase-resume-") as folder:
        result = run(Path(folder), given.rows, given.kills, given.one_way_ms, given.engine, given.seed)
    for failure in result.failures:
        print(f"FAILED: {failure}", file=sys.stderr)
    print(json.dumps(asdict(result)))
    return 1 if result.failures else 0


if __name__ == "__main__":
    sys.exit(main())
