"""Does a rush at the residents' door slow the console? `python -m load_tests.doors --rounds 12 --json`

Both doors are processes as in a deployment (`api.http.serve`), over state from memory. An officer's browser asks the
console's page again and again; in every other stretch h2load rushes the residents' door meanwhile, faster than it
answers. Three rows in one run, stretch by stretch in turn: `together` is what the commands do by themselves (niceness),
`apart` has the residents' door off the machine's first processor besides (`--cpus`), `first` is that with the console
before everybody (SCHED_RR, which a supervisor may give). The last line is JSON: for each row the console's p99 with and
without the rush, over all its answers, and their ratio, which R20 wants at 1.1 or below for `together`. Exit code 1:
above.

Beside the console a bare process is asked in the same stretches: it does a fixed sum and sends as many bytes, and
nothing of ours is in it. What the rush does to its p99 is the machine's part (a shared cache, a clock that is not
steady, a hypervisor): no door can do better. `low` and `high` hold nine of ten ratios that the stretches would give if
they had come out otherwise.

What makes the load, and what asks and looks at the clock, is on other machines in a deployment. So the load runs where
the door is that it rushes, and at the lowest priority; what asks goes before all, where that is permitted, or its own
waiting would be the console's. A stretch in which anybody else used more than `--others` of the machine is thrown away
and measured again. What it does not show: TLS, the broker, other machines.
"""

import argparse
import http.client
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from prometheus_client import CollectorRegistry

from alerts.claim import Provenance, Release
from alerts.notice import Notice
from api.console.app import console_app
from api.http.metrics import ApiMetrics
from api.http.processors import FIRST, allowed, left_to_residents
from api.http.reader import Freshness
from api.http.serve import serve
from api.known.desk import Desk
from api.live.facts import Section
from api.residents.app import Residents, residents_app
from geo.change import NOTHING_TOLD
from load_tests.micro.state import filled, wait_for
from load_tests.scene import danger_in, made_up
from load_tests.sinks import free_ports
from shirase.demo.summary import Percentiles
from streams.brokers.client import Record
from streams.payloads import Draft, DraftRecord, DraftState
from streams.topics import DRAFTS
from streams.wire import encode

MOST_RATIO = 1.10
# As often as ten officers' pages reload (every five seconds), and ten times that: enough answers for a p99.
_PAUSE_SECONDS = 0.02
_OPEN_DRAFTS = 12
# The bare process sums for about as long as the console thinks, and sends a page as long as the console's.
_SUMS = 15_000
_BARE_BYTES = 14_000
_BEGIN_SECONDS = 0.4
_CALM_SECONDS = 0.3
_GUESSES = 1000
_TICKS = os.sysconf("SC_CLK_TCK")


class Row(StrEnum):
    """How the doors share the machine."""

    APART = "apart"
    TOGETHER = "together"
    FIRST = "first"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Milliseconds of each answer, by who gave it, and how much of the machine others used meanwhile."""

    answers: Mapping[str, Sequence[float]]
    others: float
    rushed_per_second: int = 0


@dataclass(frozen=True, slots=True)
class Result:
    """The console's latency in milliseconds, the bare process' beside it, and how fast the other door answered."""

    quiet_p50_ms: float
    quiet_p99_ms: float
    rush_p50_ms: float
    rush_p99_ms: float
    ratio: float
    low: float
    high: float
    bare_quiet_p99_ms: float
    bare_rush_p99_ms: float
    bare_ratio: float
    asked: int
    rush_per_second: int
    others: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and say whether the console was slowed."""
    parser = argparse.ArgumentParser(prog="python -m load_tests.doors", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rounds", type=int, default=12, help="stretches of each kind and row that count")
    parser.add_argument("--seconds", type=float, default=2.0, help="of each stretch, with and without the rush")
    parser.add_argument("--clients", type=int, default=200, help="connections of the rush")
    parser.add_argument("--rows", type=Row, nargs="+", choices=list(Row), default=list(Row))
    parser.add_argument("--others", type=float, default=0.05, help="most of the machine that others may use")
    parser.add_argument("--within", type=float, default=900.0, help="seconds after which it ends with what it has")
    parser.add_argument("--json", action="store_true", dest="as_json", help="only the last line")
    parser.add_argument("--serve", choices=["residents", "console", "bare"], help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.serve:
        serve_one(given.serve, given.port)
        return 0
    go_first()
    found, thrown = measured(given)
    plain = {row.value: asdict(result) for row, result in found.items()}
    if not given.as_json:
        for name in Result.__slots__:
            print(f"{name:<18}", *(f"{one[name]:>10}" for one in plain.values()))
        print(f"{'':<18}", *(f"{name:>10}" for name in plain), f"  {thrown} stretches thrown away")
    print(json.dumps(plain | {"thrown": thrown, "processors": len(allowed()), "load": os.getloadavg()}))
    asked_for = found.get(Row.TOGETHER) or next(iter(found.values()))
    return 0 if asked_for.ratio <= MOST_RATIO else 1


def go_first() -> None:
    """Let this process ask, and read answers, as soon as it wants to; what it starts is like everybody else."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(2))
    except PermissionError:
        print("doors: what asks waits for its turn like all others; as root it would not", file=sys.stderr)


def serve_one(door: str, port: int) -> None:
    """Serve one of the doors until killed."""
    registry, current = CollectorRegistry(), Freshness(True, 0, 0.5)
    if door == "bare":
        serve_bare(port)
        return
    if door == "console":
        app = console_app(waiting_desk(), lambda: current, ApiMetrics(registry), registry)
    else:
        board, _ = filled()
        residents = Residents(board.state, lambda: current)
        app = residents_app(residents, ApiMetrics(registry), registry, live=board)
    serve(app, "127.0.0.1", port, gives_way=door == "residents")


def serve_bare(port: int) -> None:
    """Answer each question after a sum, one connection at a time: what a process needs that has nothing of ours."""
    page = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % _BARE_BYTES + b"." * _BARE_BYTES
    with socket.create_server(("127.0.0.1", port)) as listening:
        while True:
            line, _ = listening.accept()
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with line:
                while line.recv(65_536):
                    sum(range(_SUMS))
                    line.sendall(page)


def waiting_desk() -> Desk:
    """Return a desk with drafts that wait for a person."""
    desk = Desk()
    cells = sorted({place.cell for one in made_up(400, 1, ("https://push.example",)) for place in one.places})
    for number in range(_OPEN_DRAFTS):
        notice = danger_in((cells[number::_OPEN_DRAFTS],), f"lineage-{number}")
        record = DraftRecord(
            f"draft-{number}", notice.lineage, 1, notice.document, DraftState.OPEN, "needs-a-person", True, notice.sent,
            Draft(f"draft-{number}", _said_by(notice), True, Release.DRAFT, notice, NOTHING_TOLD),
        )  # fmt: skip
        desk.apply(Record(DRAFTS.name, 0, number, record.draft_id.encode(), encode(record)))
    return desk


def _said_by(notice: Notice) -> Provenance:
    return Provenance(
        notice.document, notice.lineage, 1, notice.feed, "load-test", notice.issuer, notice.sent, notice.received,
        notice.expires, Release.DRAFT, notice.lane, "notice",
    )  # fmt: skip


class Stage:
    """The doors that are up, and who is rushed, asked and set where."""

    def __init__(self, stack: ExitStack, clients: int) -> None:
        self.clients = clients
        self.ports = dict(zip(("residents", "console", "bare"), free_ports(3), strict=True))
        self._doors: dict[str, int] = {}
        board, shard = filled()
        self._path = Section.SHELTERS.path(f"{shard:x}")
        board.refresh(datetime.now(UTC))
        self._folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        self._beside = left_to_residents(allowed(), os.cpu_count() or 1)
        for door, port in self.ports.items():
            command = [sys.executable, "-m", "load_tests.doors", "--serve", door, "--port", str(port)]
            child = subprocess.Popen(command)
            stack.callback(child.wait)
            stack.callback(child.kill)
            self._doors[door] = child.pid
        for door in ("residents", "console"):
            wait_for(f"http://127.0.0.1:{self.ports[door]}/health")

    def set_as(self, row: Row) -> None:
        """Let the doors share the machine as *row* says; what asks is where the console is."""
        apart = row is not Row.TOGETHER
        os.sched_setaffinity(0, {FIRST} & allowed() or allowed())
        for thread in _threads(self._doors["residents"]):
            os.sched_setaffinity(thread, self._beside if apart else allowed())
        # Threads that either begins later, for its routes, are as the one that begins them.
        policy, priority = (os.SCHED_RR, 1) if row is Row.FIRST else (os.SCHED_OTHER, 0)
        for door in ("console", "bare"):
            for thread in _threads(self._doors[door]):
                os.sched_setscheduler(thread, policy, os.sched_param(priority))

    def stretch(self, row: Row, seconds: float, *, rush: bool) -> Stretch:
        """Ask for *seconds*, with or without a rush at the other door."""
        log = self._folder / "rush.log"
        rushing = None
        if rush:
            where = allowed() if row is Row.TOGETHER else self._beside
            rushing = subprocess.Popen(
                ["taskset", "-c", ",".join(map(str, sorted(where))), "nice", "-n", "19", "h2load", "--h1",
                 "-D", str(round(seconds + 2 * _BEGIN_SECONDS + 0.5)), "-c", str(self.clients),
                 "-H", "accept-encoding: gzip", f"http://127.0.0.1:{self.ports['residents']}{self._path}"],
                stdout=log.open("wb"), stderr=subprocess.DEVNULL,
            )  # fmt: skip
            time.sleep(_BEGIN_SECONDS)
        pids = (os.getpid(), *self._doors.values(), *(() if rushing is None else (rushing.pid,)))
        before, began = _worked(pids), time.perf_counter()
        answers = asked({door: self.ports[door] for door in ("console", "bare")}, seconds)
        others = share_of_others(before, _worked(pids), time.perf_counter() - began)
        if rushing is None:
            return Stretch(answers, others)
        rushing.wait(60)
        return Stretch(answers, others, rate_of(log.read_text(encoding="utf-8")))


def measured(given: argparse.Namespace) -> tuple[dict[Row, Result], int]:
    """Return each row's result, and how many stretches were thrown away because others used the machine."""
    rows = list(dict.fromkeys(given.rows))
    kept: dict[tuple[Row, bool], list[Stretch]] = {(row, rush): [] for row in rows for rush in (False, True)}
    thrown, until = 0, time.monotonic() + given.within
    with ExitStack() as stack:
        stage = Stage(stack, given.clients)
        stage.set_as(rows[0])
        asked({"console": stage.ports["console"]}, 2.0)  # the first answers compile templates
        while time.monotonic() < until and any(len(some) < given.rounds for some in kept.values()):
            for (row, rush), some in kept.items():
                _wait_for_calm(given.others, until)
                stage.set_as(row)
                one = stage.stretch(row, given.seconds, rush=rush)
                if one.others <= given.others:
                    some.append(one)
                else:
                    thrown += 1
    if not all(kept.values()):
        raise TimeoutError(f"others used the machine: {thrown} stretches thrown away, none left of some row")
    return {row: result_of(kept[row, False], kept[row, True]) for row in rows}, thrown


def result_of(quiet: Sequence[Stretch], rush: Sequence[Stretch]) -> Result:
    """Return what the stretches say together."""
    before, amid = _all(quiet, "console"), _all(rush, "console")
    bare_before, bare_amid = _p99(_all(quiet, "bare")), _p99(_all(rush, "bare"))
    low, high = between(quiet, rush)
    return Result(
        round(Percentiles.of(before).p50 or 0.0, 2),
        round(_p99(before), 2),
        round(Percentiles.of(amid).p50 or 0.0, 2),
        round(_p99(amid), 2),
        round(_p99(amid) / _p99(before), 3),
        low,
        high,
        round(bare_before, 2),
        round(bare_amid, 2),
        round(bare_amid / bare_before, 3),
        len(before) + len(amid),
        round(sum(one.rushed_per_second for one in rush) / len(rush)),
        round(sum(one.others for one in (*quiet, *rush)) / (len(quiet) + len(rush)), 3),
    )


def between(quiet: Sequence[Stretch], rush: Sequence[Stretch]) -> tuple[float, float]:
    """Return between what nine of ten ratios lie when the stretches are drawn again from those that were."""
    chance = random.Random(20)
    found = sorted(
        _p99(_all(chance.choices(rush, k=len(rush)), "console"))
        / _p99(_all(chance.choices(quiet, k=len(quiet)), "console"))
        for _ in range(_GUESSES)
    )
    return round(found[_GUESSES // 20], 3), round(found[-_GUESSES // 20], 3)


def asked(ports: Mapping[str, int], seconds: float) -> dict[str, list[float]]:
    """Return how long each answer took, in milliseconds, over one connection each, asked in turn."""
    found: dict[str, list[float]] = {door: [] for door in ports}
    lines = {door: http.client.HTTPConnection("127.0.0.1", port, timeout=30) for door, port in ports.items()}
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        for door, line in lines.items():
            began = time.perf_counter()
            line.request("GET", "/")
            answer = line.getresponse()
            body = answer.read()
            found[door].append((time.perf_counter() - began) * 1000)
            if answer.status != 200 or (door == "console" and "架空".encode() not in body):
                raise RuntimeError(f"the console answered {answer.status}")
            time.sleep(_PAUSE_SECONDS)
    for line in lines.values():
        line.close()
    return found


def _all(stretches: Iterable[Stretch], who: str) -> list[float]:
    return [one for stretch in stretches for one in stretch.answers[who]]


def _p99(values: Sequence[float]) -> float:
    return Percentiles.of(values).p99 or 0.0


def _wait_for_calm(most: float, until: float) -> None:
    """Return when others leave the machine alone: what would be thrown away is not begun."""
    while time.monotonic() < until:
        before, began = _worked(()), time.perf_counter()
        time.sleep(_CALM_SECONDS)
        if share_of_others(before, _worked(()), time.perf_counter() - began) <= most:
            return


def share_of_others(before: Mapping[int, float], after: Mapping[int, float], seconds: float) -> float:
    """Return which part of all processors went to processes, each of which had worked so long *before* and *after*.

    Too much rather than too little: what a child worked counts whole where its parent takes note of its end.
    """
    worked = sum(max(0.0, long - before.get(pid, 0.0)) for pid, long in after.items())
    return worked / (seconds * (os.cpu_count() or 1))


def _worked(ours: Collection[int]) -> dict[int, float]:
    """Return how many seconds each process but *ours* has worked, its ended children too; as -1 what a hypervisor took.

    By process and not by processor: what the network costs counts as the processes' or not, as the kernel was built.
    """
    stolen = Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()[8]
    found = {-1: int(stolen) / _TICKS}
    for one in Path("/proc").iterdir():
        if one.name.isdigit() and (pid := int(one.name)) not in ours:
            with suppress(FileNotFoundError, ProcessLookupError):
                said = (one / "stat").read_text(encoding="utf-8", errors="replace")
                found[pid] = sum(map(int, said.rpartition(")")[2].split()[11:15])) / _TICKS
    return found


def _threads(pid: int) -> list[int]:
    return [int(one.name) for one in Path(f"/proc/{pid}/task").iterdir()]


def rate_of(said: str) -> int:
    """Return how many questions a second h2load says were answered well."""
    answered = next(
        (int(line.split(",")[3].split()[0]) for line in said.splitlines() if line.startswith("requests:")), 0
    )
    taken = next((line.split()[2].rstrip(",") for line in said.splitlines() if line.startswith("finished in")), "0s")
    seconds = float(taken[:-2]) / 1000 if taken.endswith("ms") else float(taken.rstrip("s"))
    return round(answered / seconds) if seconds else 0


if __name__ == "__main__":
    sys.exit(main())
