"""Does a rush at the residents' door slow the console? `python -m load_tests.doors --rounds 3 --json`

Both doors are processes as in a deployment (`api.http.serve`), over state from memory. An officer's browser asks the
console's page again and again; in every other stretch h2load rushes the residents' door meanwhile. The last line is
JSON: the console's p99 with and without the rush, and their ratio, which R20 wants at 1.1 or below. Exit code 1: above.

What makes the load runs at the lowest priority: in a deployment it is the network. On two cores the residents' door
gives way by its own niceness; on one, by that alone. What asks and looks at the clock is on another machine in a
deployment too: it goes before all where that is permitted, or its own waiting would be the console's. What it does not
show: TLS, the broker, other machines.
"""

import argparse
import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from prometheus_client import CollectorRegistry

from alerts.claim import Provenance, Release
from alerts.notice import Notice
from api.console.app import console_app
from api.http.metrics import ApiMetrics
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


@dataclass(frozen=True, slots=True)
class Result:
    """The console's latency in milliseconds, and how many questions the other door answered meanwhile."""

    quiet_p50_ms: float
    quiet_p99_ms: float
    rush_p50_ms: float
    rush_p99_ms: float
    asked: int
    rush_per_second: int

    @property
    def ratio(self) -> float:
        """Return the p99 in the rush as a multiple of the p99 without it."""
        return self.rush_p99_ms / self.quiet_p99_ms


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and say whether the console was slowed."""
    parser = argparse.ArgumentParser(prog="python -m load_tests.doors", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=8.0, help="of each stretch, with and without the rush")
    parser.add_argument("--clients", type=int, default=200, help="connections of the rush")
    parser.add_argument("--json", action="store_true", dest="as_json", help="only the last line")
    parser.add_argument("--serve", choices=["residents", "console"], help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.serve:
        serve_one(given.serve, given.port)
        return 0
    go_first()
    result = measured(given.rounds, given.seconds, given.clients)
    plain = {name: getattr(result, name) for name in Result.__slots__} | {"ratio": round(result.ratio, 3)}
    if not given.as_json:
        for name, value in plain.items():
            print(f"{name:<16} {value}")
    print(json.dumps(plain))
    return 0 if result.ratio <= MOST_RATIO else 1


def go_first() -> None:
    """Let this process ask, and read answers, as soon as it wants to; what it starts is like everybody else."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(1))
    except PermissionError:
        print("doors: what asks waits for its turn like all others; as root it would not", file=sys.stderr)


def serve_one(door: str, port: int) -> None:
    """Serve one of the doors until killed."""
    registry, current = CollectorRegistry(), Freshness(True, 0, 0.5)
    if door == "console":
        app = console_app(waiting_desk(), lambda: current, ApiMetrics(registry), registry)
    else:
        board, _ = filled()
        residents = Residents(board.state, lambda: current)
        app = residents_app(residents, ApiMetrics(registry), registry, live=board)
    serve(app, "127.0.0.1", port, gives_way=door == "residents")


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


def measured(rounds: int, seconds: float, clients: int) -> Result:
    """Return the console's latency in *rounds* of a quiet stretch and a rush."""
    board, shard = filled()
    path = Section.SHELTERS.path(f"{shard:x}")
    board.refresh(datetime.now(UTC))
    quiet: list[list[float]] = []
    rush: list[list[float]] = []
    answered = 0
    with ExitStack() as stack:
        ports = dict(zip(("residents", "console"), free_ports(2), strict=True))
        for door, port in ports.items():
            command = [sys.executable, "-m", "load_tests.doors", "--serve", door, "--port", str(port)]
            child = subprocess.Popen(command)
            stack.callback(child.wait)
            stack.callback(child.kill)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for port in ports.values():
            wait_for(f"http://127.0.0.1:{port}/health")
        asked(ports["console"], 2.0)  # the first answers compile templates
        for _ in range(rounds):
            quiet.append(asked(ports["console"], seconds))
            log = folder / "rush.log"
            log.unlink(missing_ok=True)
            rushing = subprocess.Popen(
                ["nice", "-n", "19", "h2load", "--h1", "-D", str(round(seconds) + 1), "-c", str(clients),
                 "-H", "accept-encoding: gzip", f"http://127.0.0.1:{ports['residents']}{path}"],
                stdout=log.open("wb"), stderr=subprocess.DEVNULL,
            )  # fmt: skip
            time.sleep(0.5)
            rush.append(asked(ports["console"], seconds))
            rushing.wait(60)
            answered += _answered(log.read_text(encoding="utf-8"))
    return Result(
        *_middle(quiet), *_middle(rush), sum(map(len, (*quiet, *rush))), round(answered / (rounds * (seconds + 1)))
    )


def asked(port: int, seconds: float) -> list[float]:
    """Return how long each answer of the console took, in milliseconds, over one connection."""
    found = []
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        began = time.perf_counter()
        line.request("GET", "/")
        answer = line.getresponse()
        body = answer.read()
        found.append((time.perf_counter() - began) * 1000)
        if answer.status != 200 or "架空".encode() not in body:
            raise RuntimeError(f"the console answered {answer.status}")
        time.sleep(_PAUSE_SECONDS)
    line.close()
    return found


def _middle(rounds: list[list[float]]) -> tuple[float, float]:
    """Return the median over the rounds of p50 and of p99."""
    found = [Percentiles.of(one) for one in rounds]
    return (
        round(statistics.median(one.p50 or 0.0 for one in found), 2),
        round(statistics.median(one.p99 or 0.0 for one in found), 2),
    )


def _answered(said: str) -> int:
    for line in said.splitlines():
        if line.startswith("requests:"):
            return int(line.split(",")[3].split()[0])
    return 0


if __name__ == "__main__":
    sys.exit(main())
