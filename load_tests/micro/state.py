"""State from memory beside a bare static file server, in one run: `python -m load_tests.micro.state --json`.

The residents' application (uvicorn, one process) and nginx (one worker) serve the same bytes on loopback; h2load
(HTTP/1.1) asks both in turn, some rounds each. A third row is the application while something changes
five times a second; a fourth the framework's own file answers on the same uvicorn.

What it does not show: a network, TLS, a cache in front, more than one machine.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import uvicorn
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from alerts.fact import Attribution, Confidence
from alerts.place import Shard
from alerts.shelter import ShelterReport, ShelterState
from api.http.metrics import ApiMetrics
from api.http.reader import Freshness
from api.http.serve import serve as serve_residents
from api.known.state import State
from api.live.board import LiveBoard
from api.live.facts import LiveFacts, Section, shard_at
from api.residents.app import Residents, residents_app
from shirase.demo.town import shown_town
from streams.brokers.client import Record
from streams.ingest.facts import fact_key
from streams.topics import SHELTERS
from streams.wire import encode

_READY_WITHIN_SECONDS = 60.0
_CHANGES_PER_SECOND = 5


def filled() -> tuple[LiveBoard, Shard]:
    """Return a board over the demo city's shelters, each with a word on its state, and its fullest shard."""
    town = shown_town("demo-city", None)
    board = LiveBoard(State(), LiveFacts(sites={site.id: site for site in town.sites}))
    for number, site in enumerate(town.sites):
        say(board, site.id, number)
    board.refresh(datetime.now(UTC))
    counts: dict[Shard, int] = {}
    for site in town.sites:
        shard = shard_at(site.point)
        counts[shard] = counts.get(shard, 0) + 1
    return board, max(counts, key=lambda shard: counts[shard])


def say(board: LiveBoard, site: str, number: int) -> None:
    """Let the console say a shelter's state."""
    now = datetime.now(UTC)
    state = ShelterState.OPEN if number % 2 else ShelterState.FULL
    report = ShelterReport(site, "", Attribution("console", now, now, Confidence.CONFIRMED), state)
    board.apply(Record(SHELTERS.name, 0, number, fact_key(report), encode(report)))


def serve(port: int, kind: str, folder: Path) -> None:
    """Serve one of the Python rows until killed."""
    if kind == "files":
        files = Starlette(routes=[Mount("/", StaticFiles(directory=folder))])
        uvicorn.run(files, port=port, loop="uvloop", access_log=False, log_level="error")
    else:
        board, _ = filled()
        registry = CollectorRegistry()
        residents = Residents(board.state, lambda: Freshness(True, 0, 0.5))
        app = residents_app(residents, ApiMetrics(registry), registry, live=board)
        if kind == "changing":
            threading.Thread(target=_change, args=(board,), daemon=True).start()
        serve_residents(app, "127.0.0.1", port)


def _change(board: LiveBoard) -> None:
    sites = list(board.facts.sites)
    number = 0
    while True:
        number += 1
        say(board, sites[number % len(sites)], number)
        board.refresh(datetime.now(UTC))
        time.sleep(1 / _CHANGES_PER_SECOND)


@contextmanager
def nginx(port: int, folder: Path, run: Path) -> Iterator[None]:
    """Serve *folder* with one worker of nginx."""
    config = run / "nginx.conf"
    config.write_text(
        f"daemon off; pid {run}/nginx.pid; error_log {run}/error.log; worker_processes 1;\n"
        "events { worker_connections 1024; }\n"
        f"http {{ access_log off; sendfile on; open_file_cache max=100; keepalive_requests 1000000;\n"
        f"client_body_temp_path {run}; proxy_temp_path {run}; fastcgi_temp_path {run}; uwsgi_temp_path {run};\n"
        f"scgi_temp_path {run}; server {{ listen 127.0.0.1:{port}; root {folder}; }} }}\n",
        encoding="utf-8",
    )
    process = subprocess.Popen([_nginx(), "-c", str(config), "-p", str(run)], stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait(10)


def _nginx() -> str:
    return shutil.which("nginx") or "/usr/sbin/nginx"


def wait_for(url: str) -> None:
    """Return when *url* is answered."""
    until = time.monotonic() + _READY_WITHIN_SECONDS
    while True:
        try:
            if httpx.get(url).status_code == 200:
                return
        except httpx.TransportError:
            pass
        if time.monotonic() > until:
            raise TimeoutError(url)
        time.sleep(0.1)


def asked(url: str, requests: int, clients: int, log: Path) -> dict[str, float]:
    """Return rate and latencies of *requests* to *url*, in milliseconds."""
    log.unlink(missing_ok=True)
    started = time.perf_counter()
    subprocess.run(
        ["h2load", "--h1", "-n", str(requests), "-c", str(clients), "--log-file", str(log), url],
        check=True,
        capture_output=True,
    )
    seconds = time.perf_counter() - started
    rows = [line.split("\t") for line in log.read_text(encoding="ascii").splitlines()]
    if {row[1] for row in rows} != {"200"} or len(rows) != requests:
        raise RuntimeError(f"{url}: {len(rows)} answers of {requests}, not all 200")
    times = sorted(int(row[2]) / 1000 for row in rows)
    return {
        "per_second": round(requests / seconds),
        "p50_ms": round(statistics.median(times), 3),
        "p99_ms": round(times[int(0.99 * len(times))], 3),
        "max_ms": round(times[-1], 3),
    }


def main() -> None:
    """Print the table, and with --json the figures as the last line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--port", type=int, default=18480)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--serve", choices=["state", "changing", "files"], help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.serve:
        serve(args.port, args.serve, args.folder)
        return
    board, shard = filled()
    path = Section.SHELTERS.path(f"{shard:x}")
    with tempfile.TemporaryDirectory() as name:
        run = Path(name)
        run.chmod(0o755)
        folder = run / "files"
        target = folder / path[1:]
        target.parent.mkdir(parents=True)
        target.write_bytes(board.answers.bodies[path].raw)
        for open_to_all in (folder, *target.parents):
            if open_to_all.is_relative_to(folder):
                open_to_all.chmod(0o755)
        rows = _measured(args, run, folder, path)
    rows["size"] = {"bytes": float(len(board.answers.bodies[path].raw))}
    for kind, row in rows.items():
        print(f"{kind:<10} {row}")
    if args.json:
        print(json.dumps(rows))


def _measured(args: argparse.Namespace, run: Path, folder: Path, path: str) -> dict[str, dict[str, float]]:
    ports = {kind: args.port + number for number, kind in enumerate(("nginx", "state", "changing", "files"), start=1)}
    children = [
        subprocess.Popen(
            [sys.executable, "-m", "load_tests.micro.state", "--serve", kind, "--port", str(ports[kind]),
             "--folder", str(folder)],
        )
        for kind in ("state", "changing", "files")
    ]  # fmt: skip
    found: dict[str, list[dict[str, float]]] = {}
    try:
        with nginx(ports["nginx"], folder, run):
            for port in ports.values():
                wait_for(f"http://127.0.0.1:{port}{path}")
            for _ in range(args.rounds):
                for kind, port in ports.items():
                    row = asked(f"http://127.0.0.1:{port}{path}", args.requests, args.clients, run / "log")
                    found.setdefault(kind, []).append(row)
    finally:
        for child in children:
            child.kill()
            child.wait()
    # The best round of each: what else ran on the machine is in all the others.
    rows = {kind: min(many, key=lambda row: row["p99_ms"]) for kind, many in found.items()}
    beside = rows["nginx"]["p99_ms"]
    return {kind: {**row, "p99_of_nginx": round(row["p99_ms"] / beside, 2)} for kind, row in rows.items()}


if __name__ == "__main__":
    main()
