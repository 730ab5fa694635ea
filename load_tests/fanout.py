"""One notice to everybody: `python -m load_tests.fanout --subscribers 1000000 --workers 1 --sink nginx --json`.

A telegram goes in at the front, the whole pipeline runs, and the sink counts what arrives by the paths in its log.
One endpoint in a thousand is served by the stub, which keeps bodies; all of them are opened. pywebpush, web-push and
h2load send to the same sink in the same run, so that machines may differ and ratios mean something.
"""

import argparse
import base64
import hashlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import http_ece
import numpy as np

from dispatch.layers import People
from dispatch.registry import load
from dispatch.selection import select
from dispatch.stub.bodies import stored
from dispatch.stub.log import entries
from dispatch.stub.process import StubProcess
from dispatch.vapid import Vapid, VapidKey
from load_tests.crowd import SERVICES, Crowd, make_crowd
from load_tests.distance import Distance
from load_tests.errors import LoadTestError
from load_tests.fanout_result import Ours, Peers, result_of
from load_tests.node_open import opened_by_node
from load_tests.peers import h2load_best, node_web_push
from load_tests.processor_time import processor_seconds, processor_seconds_of, pss_bytes
from load_tests.reference import measure_reference
from load_tests.sinks import HOST, Sink, free_ports, later_ports
from load_tests.tally import Arrived, tally
from shirase.areas import ensure_table
from shirase.demo import jma_writer
from shirase.demo.feeding import drain
from shirase.demo.jma_writer import Header, WardKind
from shirase.demo.observer import Observer
from shirase.demo.pipeline import Pipeline, PipelineSettings
from shirase.demo.wards import WARDS
from shirase.paths import DEFAULT_AREAS
from streams.brokers.client import Producer
from streams.brokers.kafka import KafkaServer
from streams.ingest.acceptance import receive

PROJECT = Path(__file__).resolve().parents[1]
CACHE = PROJECT / ".cache" / "bench"
POOLS = ("full", "second", "dry", "moved")
PATIENCE_SECONDS = 180.0
_ENVELOPE_BYTES = 103
_POOL_SECONDS = 3600.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run once and print the result; the last line is JSON."""
    parser = argparse.ArgumentParser(prog="python -m load_tests.fanout", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--subscribers", type=int, default=20_000)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--sink", choices=("nghttpd", "nginx", "stub"), default="nginx")
    parser.add_argument("--rtt-ms", type=float, default=0.0)
    parser.add_argument("--pool", choices=POOLS, default="full")
    parser.add_argument("--pad-to", type=int, default=1024, help="least payload; 2600 makes bodies of 2,703 bytes")
    parser.add_argument("--broker", default="embedded", help="embedded, kafka (its jars are started), or HOST:PORT")
    parser.add_argument("--max-in-flight", type=int, default=4096)
    parser.add_argument("--reference", type=int, default=300, help="how many pushes pywebpush sends, each way")
    parser.add_argument("--no-peers", action="store_true", help="ours alone; ratios are null")
    parser.add_argument("--quick", action="store_true", help="h2load at two settings instead of twelve")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", dest="as_json", help="only the last line")
    parser.add_argument("--out", type=Path, help="write the line to this file too")
    given = parser.parse_args(arguments)
    try:
        result = play(given)
    except LoadTestError as error:
        print(f"fanout: {error}", file=sys.stderr)
        return 2
    line = json.dumps(result, ensure_ascii=False)
    if given.out is not None:
        given.out.parent.mkdir(parents=True, exist_ok=True)
        given.out.write_text(line + "\n", encoding="utf-8")
    if not given.as_json:
        print(json.dumps(result, ensure_ascii=False, indent=1))
    print(line)
    return 1 if result["failures"] else 0


def play(given: argparse.Namespace) -> dict[str, Any]:
    """Set everything up, send, count, and let the peers send."""
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="shirase-fanout-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        sink = None if given.sink == "stub" else stack.enter_context(_sink(given.sink, folder / "sink"))
        ports = later_ports(len(sink.origins) if sink else 1) if given.rtt_ms else []
        behind = tuple(f"https://{HOST}:{port}" for port in ports)
        stub = stack.enter_context(StubProcess.start(folder / "stub", store_every=1, known_as=() if sink else behind))
        near = sink.origins if sink else stub.origins
        if given.rtt_ms:
            pairs = [(port, int(origin.rpartition(":")[2])) for port, origin in zip(ports, near, strict=True)]
            stack.enter_context(Distance(pairs, given.rtt_ms / 2))
        far = behind or near
        authority = folder / "authorities.pem"
        authority.write_bytes(stub.ca_path.read_bytes() + (sink.ca_path.read_bytes() if sink else b""))
        _say(f"{given.subscribers:,} subscribers")
        crowd = make_crowd(
            given.subscribers,
            given.seed,
            folder,
            origins=[far[place % len(far)] for place in range(len(SERVICES))],
            stub_origin=stub.origins[0],
            cache=CACHE,
            prefix={"nghttpd": b"/push?", "stub": b"/push/"}.get(given.sink, b""),
        )
        broker = given.broker
        if broker == "kafka":
            server = KafkaServer()
            stack.callback(server.kill)
            broker = server.start(folder / "kafka")
        ours = _send(given, stack, folder, crowd, broker, (*far, stub.origins[0]), authority, sink, stub)
        peers = None if given.no_peers else _peers(given, crowd, stub, far[0], authority, folder)
        return result_of(given, ours, peers)


def _send(
    given: argparse.Namespace,
    stack: ExitStack,
    folder: Path,
    crowd: Crowd,
    broker: str,
    origins: tuple[str, ...],
    authority: Path,
    sink: Sink | None,
    stub: StubProcess,
) -> Ours:
    depth = {"full": 1, "second": 2, "dry": 0, "moved": 1}[given.pool]
    ports = free_ports(1)
    areas = ensure_table(PROJECT / DEFAULT_AREAS, lambda *_: None).resolve()
    pipeline = stack.enter_context(
        Pipeline(
            PipelineSettings(
                run_dir=folder.resolve(),
                broker=broker,
                areas=areas,
                policy=PROJECT / "ops" / "policy.toml",
                push_origins=tuple(dict.fromkeys(origins)),
                push_ca=str(authority),
                snapshot=crowd.registry.resolve(),
                workers=given.workers,
                max_in_flight=given.max_in_flight,
                metrics_base_port=ports[0],
                pool_depth=depth,
                pad_to_bytes=given.pad_to,
            )
        )
    )
    observer = Observer(pipeline.broker.bootstrap)
    stack.callback(observer.close)
    producer = stack.enter_context(Producer(pipeline.broker.bootstrap))
    names = [name for name in pipeline.names if name.startswith("fanout")]
    metrics = [pipeline.metrics_ports()[name] for name in names]

    def processor() -> float:
        return processor_seconds_of(pipeline.supervisor.pid(name) for name in names)

    if depth:
        _say(f"filling {depth} generation(s)")
        until = time.monotonic() + _POOL_SECONDS
        while any(_metric(port, "dispatch_pool_ratio") < depth for port in metrics):
            if time.monotonic() > until:
                raise LoadTestError("the pool was not filled in time")
            time.sleep(0.2)
    filling = sum(_metric(port, "dispatch_pool_filling_seconds_total") for port in metrics)
    if given.pool == "second":
        _submit(producer, "first.xml", 1)
        drain(observer, 1, workers=given.workers, patience_seconds=PATIENCE_SECONDS)
    sent_before = set(observer.account.notices)
    selected_before = sum(_metric(port, "dispatch_select_seconds_sum") for port in metrics)
    sink_pid = sink.pid if sink else stub.pid
    refilled = sum(_metric(port, "dispatch_pool_filling_seconds_total") for port in metrics)
    before, sink_before = processor(), processor_seconds(sink_pid)
    _say("the telegram")
    begun = time.time()
    _submit(producer, "everywhere.xml", 2)
    if given.pool == "moved":
        _kill_once(pipeline, names, stub)
    drain(observer, 2 if given.pool == "second" else 1, workers=given.workers, patience_seconds=PATIENCE_SECONDS)
    used = processor() - before if given.pool != "moved" else processor()
    # What is made ahead for the next notice, while this one's receipts are waited for, is no part of sending it.
    used -= max(0.0, sum(_metric(port, "dispatch_pool_filling_seconds_total") for port in metrics) - refilled)
    sink_used = processor_seconds(sink_pid) - sink_before
    select_seconds = sum(_metric(port, "dispatch_select_seconds_sum") for port in metrics) - selected_before
    memory = sum(pss_bytes(pipeline.supervisor.pid(name)) for name in names)
    notices = [notice for key, notice in observer.account.notices.items() if key not in sent_before]
    approved_ms = min(notice.approved_at.timestamp() for notice in notices) * 1000
    time.sleep(0.3)  # the sink's log is at most 200 ms behind
    stub.flush()
    _say("counting at the sink")
    people = People(load(crowd.registry))
    expected = np.zeros(people.count, dtype=np.int64)
    for notice in notices:
        expected[select(people, notice, at=notice.approved_at).rows] += 1
    paths = _paths_of(people, expected)
    counted = tally(_arrived(sink, stub, begun), paths, begun * 1000)
    opened, right = _open_sample(crowd, stub)
    pool_bytes = 109 * (depth - 1 if given.pool in ("full", "second") else depth)
    return Ours(
        counted,
        used,
        filling,
        sink_used / max(0.001, (counted.last_ms - counted.first_ms) / 1000),
        approved_ms - begun * 1000,
        select_seconds * 1000 / max(1, len(notices)),
        memory / people.count,
        pool_bytes,
        len(notices),
        opened,
        right,
        sum(pipeline.supervisor.starts(name) - 1 for name in names),
    )


def _kill_once(pipeline: Pipeline, names: list[str], stub: StubProcess) -> None:
    """Kill a worker amid its fan-out, its data deleted: what it had left goes out with an empty pool."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not _has_begun(stub):
        if time.monotonic() > until:
            raise LoadTestError("nothing was sent")
        time.sleep(0.005)
    os.kill(pipeline.supervisor.pid(names[0]), 9)


def _has_begun(stub: StubProcess) -> bool:
    with urlopen(stub.control + "/metrics", timeout=10) as reply:
        lines = reply.read().decode().splitlines()
    return any(line.startswith('stub_requests_total{status="201"') and not line.endswith(" 0") for line in lines)


def _submit(producer: Producer, name: str, number: int) -> None:
    at = datetime.now(UTC)
    header = Header(
        title="気象警報・注意報（Ｒ０６）（大雨）",
        head_title="東京都大雨警報・注意報",
        info_kind="気象警報・注意報",
        version="1.5_0",
        at=at - timedelta(seconds=3 - number),
        headline="【架空】命を守るために最善の行動を。",
    )
    kind = WardKind("33", "レベル５大雨特別警報") if number == 2 else WardKind("03", "大雨警報")
    raw = jma_writer.warnings(header, {ward.code: (kind,) for ward in WARDS})
    receive(producer, raw, name=name, feed="", received=at).stored.result(PATIENCE_SECONDS)


def _sink(name: str, folder: Path) -> Sink:
    return Sink.nginx(folder, len(SERVICES)) if name == "nginx" else Sink.nghttpd(folder, logs=True)


def _arrived(sink: Sink | None, stub: StubProcess, begun: float) -> Iterator[Arrived]:
    for entry in entries(stub.log_path):
        if entry.status == 201 and entry.wall_ms >= begun * 1000:
            yield Arrived(entry.wall_ms, f"/push/{entry.token}")
    if sink is not None:
        for seen in sink.seen():
            if seen.status // 100 == 2 and seen.wall_seconds >= begun:
                yield Arrived(seen.wall_seconds * 1000, seen.path)


def _paths_of(people: People, expected: "np.ndarray[Any, np.dtype[np.int64]]") -> dict[int, int]:
    columns = people.base.columns
    offset, path = columns.path_offset.tolist(), memoryview(columns.path.data)
    return {
        hash(bytes(path[offset[row] : offset[row + 1]]).decode("ascii")): count
        for row, count in enumerate(expected.tolist())
        if count
    }


def _open_sample(crowd: Crowd, stub: StubProcess) -> tuple[int, bool]:
    """Open every body that the stub kept; the counts are right when each of the sample has one that opens."""
    tokens = {crowd.receivers.token_text(row): row for row in crowd.sample.tolist()}
    opened: set[str] = set()
    right = True
    for kept in stored(stub.bodies_path):
        row = tokens.get(kept.token)
        if row is None:
            continue
        receiver = crowd.receivers.at(row)
        try:
            plain = http_ece.decrypt(
                kept.body, private_key=receiver.private_key, auth_secret=receiver.auth, version="aes128gcm"
            )
            said = json.loads(plain.rstrip(b"\0 "))
            right = right and said["web_push"] == 8030 and said["shirase"]["lane"] == "life-safety"
        except (http_ece.ECEException, ValueError, KeyError):
            right = False
        opened.add(kept.token)
    return len(opened), right and opened == tokens.keys()


def _opened_by_node(crowd: Crowd, stub: StubProcess) -> int | None:
    """Return how many kept bodies web-push's own library opens to what http_ece reads; None where it is not there."""
    tokens = {crowd.receivers.token_text(row): row for row in crowd.sample.tolist()}
    sealed, expected = [], []
    for kept in stored(stub.bodies_path):
        if (row := tokens.get(kept.token)) is not None:
            one = crowd.receivers.at(row)
            sealed.append((kept.body, crowd.receivers.private[row].tobytes(), one.auth))
            plain = http_ece.decrypt(kept.body, private_key=one.private_key, auth_secret=one.auth, version="aes128gcm")
            expected.append(hashlib.sha256(plain).hexdigest())
    opened = opened_by_node(sealed, CACHE / "web-push" / "node_modules")
    return None if opened is None else sum(one == other for one, other in zip(opened, expected, strict=True))


def _peers(
    given: argparse.Namespace,
    crowd: Crowd,
    stub: StubProcess,
    origin: str,
    authority: Path,
    folder: Path,
) -> Peers:
    body_bytes = max((len(kept.body) for kept in stored(stub.bodies_path)), default=1_127)
    prefix = "/push?" if given.sink == "nghttpd" else "/push/"
    some = [
        {
            "endpoint": f"{origin}{prefix}{crowd.receivers.token_text(row)}",
            "keys": {
                "p256dh": _text(b"\x04" + crowd.receivers.public[row].tobytes()),
                "auth": _text(crowd.receivers.auth[row].tobytes()),
            },
        }
        for row in range(min(given.reference, given.subscribers))
    ]
    key = folder / "secrets" / "vapid.pem"
    _say("pywebpush")
    readme, kept = measure_reference(
        some, body_bytes=body_bytes - _ENVELOPE_BYTES, vapid_key=key, ca_path=authority, folder=folder
    )
    _say("web-push")
    node = node_web_push(some * 4, body_bytes - _ENVELOPE_BYTES, authority, CACHE)
    opened = _opened_by_node(crowd, stub)
    _say("h2load")
    authorization = Vapid({0: VapidKey.load(key)}, "mailto:load-test@shirase.example").authorization(
        origin, time.time()
    )
    headers = (
        ("TTL", "3600"),
        ("Urgency", "high"),
        ("Topic", hashlib.sha256(b"topic").hexdigest()[:16]),
        ("Content-Encoding", "aes128gcm"),
        ("Content-Type", "application/octet-stream"),
        ("Authorization", authorization),
    )
    path = prefix + "x" * 170
    requests = 10_000 if given.quick else 50_000
    # Its first request to a method with a body is a POST.
    ceiling = h2load_best(origin, path, headers, os.urandom(body_bytes), requests, quick=given.quick)
    return Peers(readme, kept, node, ceiling, opened)


def _metric(port: int, name: str) -> float:
    try:
        with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as reply:
            for line in reply.read().decode().splitlines():
                if line.startswith(name + " "):
                    return float(line.rpartition(" ")[2])
    except OSError:
        pass
    return 0.0


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _say(step: str) -> None:
    print(f"fanout: {step}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
