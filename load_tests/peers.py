"""The peers of the fan-out, against the same sink in the same run: h2load in C, web-push on Node.js.

pywebpush is measured by `load_tests.reference`.
"""

import json
import os
import re
import resource
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from load_tests.reference import Measured

# Where h2load is at its best differs by machine: the most of these counts.
CLIENTS = (1, 8, 20, 40)
STREAMS = (16, 64, 100)
_WITHIN_SECONDS = 300.0
_NODE = Path(__file__).with_name("web_push.js")
_NODE_PACKAGE = "web-push@3.6.7"
_OPEN_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Ceiling:
    """h2load at its best: how it was called and what it did."""

    clients: int
    streams: int
    measured: Measured


def h2load_best(
    origin: str, path: str, headers: Sequence[tuple[str, str]], body: bytes, requests: int, *, quick: bool = False
) -> Ceiling | None:
    """Return h2load's best over connections and streams, or None where it is not installed.

    The same body and headers for every request: nothing is encrypted, which is what makes it a ceiling.
    """
    program = shutil.which("h2load")
    if program is None:
        return None
    best: Ceiling | None = None
    with tempfile.NamedTemporaryFile() as data:
        data.write(body)
        data.flush()
        combinations = [(8, 64), (20, 100)] if quick else [(c, m) for c in CLIENTS for m in STREAMS]
        for clients, streams in combinations:
            words = [program, "-n", str(requests), "-c", str(clients), "-m", str(streams), "-d", data.name]
            words += [part for name, value in headers for part in ("-H", f"{name.lower()}: {value}")]
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            said = subprocess.run(
                [*words, origin + path], capture_output=True, text=True, timeout=_WITHIN_SECONDS, check=True
            ).stdout
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            measured = _read_h2load(said, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
            if measured is None:
                continue
            if best is None or measured.pushes_per_second > best.measured.pushes_per_second:
                best = Ceiling(clients, streams, measured)
    return best


def _read_h2load(said: str, processor_seconds: float) -> Measured | None:
    took = re.search(r"finished in ([0-9.]+)(us|ms|s),", said)
    codes = re.search(r"status codes: (\d+) 2xx", said)
    if took is None or codes is None or not int(codes[1]):
        return None
    seconds = float(took[1]) * {"us": 1e-6, "ms": 1e-3, "s": 1.0}[took[2]]
    return Measured(int(codes[1]), seconds, processor_seconds)


def web_push_modules(cache: Path) -> Path | None:
    """Return the folder that npm has put web-push into, asking npm once; None where npm cannot give it to us."""
    folder, npm = cache / "web-push", shutil.which("npm")
    if not (folder / "node_modules" / "web-push").exists():
        if npm is None:
            return None
        folder.mkdir(parents=True, exist_ok=True)
        words = [npm, "install", "--no-audit", "--no-fund", "--silent", "--prefix", str(folder), _NODE_PACKAGE]
        try:
            subprocess.run(words, check=True, capture_output=True, timeout=_WITHIN_SECONDS)
        except (subprocess.SubprocessError, OSError):
            return None
    return folder / "node_modules"


def node_web_push(
    subscriptions: Sequence[dict[str, Any]], body_bytes: int, ca_path: Path, cache: Path
) -> Measured | None:
    """Return what web-push does with a kept agent and 64 requests open; None where npm cannot give it to us."""
    node, modules = shutil.which("node"), web_push_modules(cache)
    if node is None or modules is None:
        return None
    folder = modules.parent
    task = folder / "task.json"
    task.write_text(json.dumps({"subscriptions": list(subscriptions), "bodyBytes": body_bytes, "open": _OPEN_AT_ONCE}))
    environment = os.environ | {"NODE_EXTRA_CA_CERTS": str(ca_path), "NODE_PATH": str(folder / "node_modules")}
    try:
        ended = subprocess.run(
            [node, str(_NODE), str(task)],
            env=environment,
            capture_output=True,
            text=True,
            timeout=_WITHIN_SECONDS,
            check=True,
        )
        said = json.loads(ended.stdout.splitlines()[-1])
        return Measured(said["pushes"], said["seconds"], said["processorSeconds"])
    except (subprocess.SubprocessError, OSError, ValueError, LookupError):
        return None
