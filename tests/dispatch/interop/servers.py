"""Other people's HTTP/2 servers, started for one test each."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dispatch.stub.certificate import write_certificates
from load_tests.sinks import HOST, Sink

HERE = Path(__file__).parent
PROJECT = HERE.parents[2]


@dataclass(frozen=True)
class Running:
    """A server that takes pushes. `seen` counts what arrived, by path and body; None where it keeps no log."""

    origin: str
    ca_path: Path
    seen: Callable[[], Counter[tuple[str, str]] | None]


def need(program: str) -> str:
    """Return where *program* is; skip without it, but fail in CI, which skips nothing."""
    where = shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/local/go/bin")
    if where is None:
        message = f"{program} is not installed; ops/system-packages.sh installs it"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return where


@contextmanager
def nginx(folder: Path, streams: int) -> Iterator[Running]:
    del streams  # its own 128
    need("nginx")
    with Sink.nginx(folder) as sink:
        # It throws bodies away: arrivals are judged by their path.
        def seen() -> Counter[tuple[str, str]]:
            sink.stop()
            return Counter((one.path, "") for one in sink.seen() if one.status == 201)

        yield Running(sink.origins[0], sink.ca_path, seen)


@contextmanager
def nghttpd(folder: Path, streams: int) -> Iterator[Running]:
    del streams  # its own 100
    need("nghttpd")
    with Sink.nghttpd(folder) as sink:
        yield Running(sink.origins[0], sink.ca_path, lambda: None)


@contextmanager
def _logging(folder: Path, words: list[str], streams: int) -> Iterator[Running]:
    folder.mkdir(parents=True, exist_ok=True)
    ca_path, certificate = write_certificates(folder, (HOST,), datetime.now(UTC))
    log = folder / "seen.log"
    log.touch()
    process = subprocess.Popen(
        [*words, str(certificate), str(log), str(streams)], stdout=subprocess.PIPE, text=True, cwd=PROJECT
    )
    try:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        yield Running(f"https://{HOST}:{port}", ca_path, lambda: _counted(log))
    finally:
        process.kill()
        process.communicate()


def _counted(log: Path) -> Counter[tuple[str, str]]:
    lines = log.read_text(encoding="utf-8").splitlines()
    return Counter((path, digest) for path, digest in (line.split("\t") for line in lines))


@contextmanager
def node(folder: Path, streams: int) -> Iterator[Running]:
    with _logging(folder, [need("node"), str(HERE / "node_server.js")], streams) as running:
        yield running


@contextmanager
def go(folder: Path, streams: int) -> Iterator[Running]:
    # Built once and kept: a second on a warm cache, ten on a cold one.
    binary = PROJECT / ".cache" / "go-push-server"
    source = HERE / "go_server" / "main.go"
    if not binary.exists() or binary.stat().st_mtime < source.stat().st_mtime:
        binary.parent.mkdir(exist_ok=True)
        fresh = binary.with_suffix(f".{os.getpid()}")
        environment = os.environ | {"GO111MODULE": "off", "CGO_ENABLED": "0"}
        environment.setdefault("HOME", str(folder))
        subprocess.run([need("go"), "build", "-o", str(fresh), str(source)], check=True, env=environment)
        fresh.replace(binary)
    with _logging(folder, [str(binary)], streams) as running:
        yield running


@contextmanager
def strict(folder: Path, streams: int) -> Iterator[Running]:
    words = [sys.executable, "-m", "tests.dispatch.interop.strict_server"]
    with _logging(folder, words, streams) as running:
        yield running


def digest(body: bytes) -> str:
    """Return what the servers write of a body."""
    return hashlib.sha256(body).hexdigest()
