"""What a run of the fan-out says: the figures of its last line, and why it failed."""

import argparse
import os
import platform
from dataclasses import dataclass
from typing import Any

from load_tests.peers import Ceiling
from load_tests.reference import Measured
from load_tests.river_flood import _commit
from load_tests.tally import Tally

# Above this share of one core the sink and not the sender is what was measured.
SINK_BOUND = 0.9
# What must hold on any machine; the promised figures are for a quiet one and are not gates.
# At 20,000 people the 240 handshakes and the start of a fan-out still weigh as much as the pushes.
GATES = {"ratio_pywebpush": 5.0, "ratio_pywebpush_cpu": 8.0, "ratio_pywebpush_cpu_all_in": 4.0}


@dataclass(frozen=True, slots=True)
class Peers:
    """What the others did against the same sink."""

    readme: Measured
    kept: Measured
    node: Measured | None
    h2load: Ceiling | None
    opened_by_node: int | None


@dataclass(frozen=True, slots=True)
class Ours:
    """What our workers did: `processor_seconds` from the telegram to the last receipt, `filling` before it."""

    tally: Tally
    processor_seconds: float
    filling_seconds: float
    sink_share: float
    approved_ms: float
    select_ms: float
    bytes_per_subscriber: float
    pool_bytes_per_subscriber: float
    revisions: int
    opened: int
    opened_right: bool
    restarts: int


def result_of(given: argparse.Namespace, ours: Ours, peers: Peers | None) -> dict[str, Any]:
    """Return the line that a run ends with."""
    seen = ours.tally
    accepted = seen.accepted
    # From the approval: what a feed and a decision took before is not the sender's.
    seconds = max(0.001, (seen.last_ms - ours.approved_ms) / 1000)
    per_s = accepted / seconds
    cpu = 1e6 * ours.processor_seconds / max(1, accepted)
    all_in = 1e6 * (ours.processor_seconds + ours.filling_seconds) / max(1, accepted)
    h2 = peers.h2load.measured if peers and peers.h2load else None
    result: dict[str, Any] = {
        "subscribers": given.subscribers,
        "workers": given.workers,
        "rtt_ms": given.rtt_ms,
        "pool": given.pool,
        "padded_bytes": given.pad_to,
        "accepted": accepted,
        "lost": seen.lost,
        "duplicates": seen.duplicates,
        "accepted_per_s": round(per_s),
        "cpu_us_per_push": round(cpu, 1),
        "cpu_us_per_push_all_in": round(all_in, 1),
        "first_accepted_ms": round(seen.first_ms),
        "p50_ms": round(seen.p50_ms),
        "p99_ms": round(seen.p99_ms),
        "last_ms": round(seen.last_ms),
        "bytes_per_subscriber": round(ours.bytes_per_subscriber),
        "select_ms": round(ours.select_ms, 1),
        "sink_bound": ours.sink_share > SINK_BOUND,
        "peers": {
            "pywebpush_per_s": round(peers.kept.pushes_per_second, 1) if peers else None,
            "pywebpush_readme_per_s": round(peers.readme.pushes_per_second, 1) if peers else None,
            "pywebpush_readme_cpu_us": round(peers.readme.processor_us_per_push, 1) if peers else None,
            "pywebpush_cpu_us": round(peers.kept.processor_us_per_push, 1) if peers else None,
            "node_per_s": round(peers.node.pushes_per_second, 1) if peers and peers.node else None,
            "node_cpu_us": round(peers.node.processor_us_per_push, 1) if peers and peers.node else None,
            "h2load_per_s": round(h2.pushes_per_second) if h2 else None,
            "h2load_cpu_us": round(h2.processor_us_per_push, 1) if h2 else None,
            "h2load_at": [peers.h2load.clients, peers.h2load.streams] if peers and peers.h2load else None,
        },
        "ratio_pywebpush": round(per_s / peers.kept.pushes_per_second, 1) if peers else None,
        "ratio_pywebpush_cpu": round(peers.kept.processor_us_per_push / cpu, 1) if peers else None,
        "ratio_pywebpush_cpu_all_in": round(peers.kept.processor_us_per_push / all_in, 1) if peers else None,
        "ratio_h2load": round(per_s / h2.pushes_per_second, 2) if h2 else None,
        "ratio_h2load_cpu": round(cpu / h2.processor_us_per_push, 2) if h2 else None,
        "decrypt_sample_ok": ours.opened_right,
        "decrypted": ours.opened,
        "decrypted_by_node": peers.opened_by_node if peers else None,
        "approved_ms": round(ours.approved_ms),
        "revisions": ours.revisions,
        "restarts": ours.restarts,
        "sink": given.sink,
        "sink_share": round(ours.sink_share, 2),
        "broker": given.broker,
        "commit": _commit(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "load_average": os.getloadavg(),
    }
    result["failures"] = failures_of(given, result)
    return result


def failures_of(given: argparse.Namespace, result: dict[str, Any]) -> list[str]:
    """Return why the run failed; empty when it passed. Seconds are no reason: they belong to the machine."""
    found = []
    if result["lost"]:
        found.append(f"{result['lost']:,} people got nothing")
    most = given.max_in_flight if given.pool == "moved" else 0
    if result["duplicates"] > most:
        found.append(f"{result['duplicates']:,} pushes came twice, {most:,} were open at a kill")
    if result["decrypted_by_node"] not in (None, result["decrypted"]):
        found.append(f"web-push's library opened {result['decrypted_by_node']} of {result['decrypted']} kept bodies")
    if not result["decrypt_sample_ok"]:
        found.append("a kept body did not open, or somebody of the sample has none")
    if result["ratio_pywebpush"] is not None and given.pool == "full" and not given.rtt_ms:
        found += [
            f"{name} is {result[name]}, at least {least:g} is wanted"
            for name, least in GATES.items()
            if not result[name] >= least
        ]
    return found
