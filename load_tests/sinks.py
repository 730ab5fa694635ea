"""Push services made of other people's servers: nginx, whose log is the judge, and nghttpd, the fastest."""

import random
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from string import Template
from types import TracebackType
from typing import Self

from dispatch.stub.certificate import write_certificates
from load_tests.errors import SinkNotReady
from load_tests.processor_time import processor_seconds

HOST = "localhost"
NGINX_CONF = Path(__file__).with_name("sink") / "nginx.conf"
READY_SECONDS = 20.0
# Linux gives out ports from 32,768 on (ip(7), ip_local_port_range).
_OUT_OF_THE_WAY = range(20_000, 32_000)
_ASKED = re.compile(r"\[id=(\d+)\] \[[ .\d]+\] recv \(stream_id=(\d+)\) :path: (\S+)")
_ANSWERS = re.compile(r"\[id=(\d+)\] \[ *([.\d]+)\] send HEADERS frame <.*stream_id=(\d+)>")
_STATUS = re.compile(r" +:status: (\d+)")
STOP_SECONDS = 10.0


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports


def later_ports(count: int) -> list[int]:
    """Return ports to listen on a while later: outside of those that the system gives out by itself meanwhile."""
    found: list[int] = []
    for port in random.sample(_OUT_OF_THE_WAY, len(_OUT_OF_THE_WAY)):
        if len(found) == count:
            break
        if not _listens(port):
            found.append(port)
    return found


@dataclass(frozen=True, slots=True)
class Seen:
    """One request in a sink's log. `wall_seconds` is when its answer was written."""

    wall_seconds: float
    status: int
    port: str
    path: str


class Sink:
    """A server in a process of its own. `log_path` has one line for each request where the server writes one."""

    def __init__(self, words: list[str], ports: list[int], ca_path: Path, log_path: Path | None, errors: Path) -> None:
        self.origins = tuple(f"https://{HOST}:{port}" for port in ports)
        self.ca_path = ca_path
        self.log_path = log_path
        self._told_since: float | None = None
        with errors.open("ab") as sink:
            self._process = subprocess.Popen(words, stdout=sink, stderr=sink)
        self.pid = self._process.pid
        until = time.monotonic() + READY_SECONDS
        for port in ports:
            while not _listens(port):
                if self._process.poll() is not None or time.monotonic() > until:
                    self.stop()
                    raise SinkNotReady(f"{words[0]} does not listen: {errors.read_text(encoding='utf-8')[-500:]}")
                time.sleep(0.01)

    @classmethod
    def nginx(cls, folder: Path, count: int = 1) -> Self:
        """Start one nginx that listens as *count* origins and logs every request."""
        folder.mkdir(parents=True, exist_ok=True)
        ports = free_ports(count)
        ca_path, certificate = write_certificates(folder, (HOST,), datetime.now(UTC))
        log_path = folder / "requests.log"
        log_path.touch()
        listen = " ".join(f"listen 127.0.0.1:{port} ssl http2 backlog=1024;" for port in ports)
        conf = folder / "nginx.conf"
        text = Template(NGINX_CONF.read_text(encoding="utf-8")).safe_substitute(
            folder=folder, log=log_path, certificate=certificate, listen=listen
        )
        conf.write_text(text, encoding="utf-8")
        words = [_found("nginx"), "-p", str(folder), "-c", str(conf)]
        return cls(words, ports, ca_path, log_path, folder / "error.log")

    @classmethod
    def nghttpd(cls, folder: Path, *, logs: bool = False) -> Self:
        """Start one nghttpd with one thread; a path below `/push?` is answered 200 with nothing.

        With *logs* it tells every frame, 2 kB for a request: then it is the judge, and a third as fast.
        """
        folder.mkdir(parents=True, exist_ok=True)
        ports = free_ports(1)
        ca_path, certificate = write_certificates(folder, (HOST,), datetime.now(UTC))
        (folder / "push").touch()
        told = ["--verbose"] if logs else []
        words = [_found("nghttpd"), *told, "-n1", "-d", str(folder), str(ports[0]), str(certificate), str(certificate)]
        # It has one stream for all that it says, and tells the time since its start.
        said = folder / "said.log"
        sink = cls(words, ports, ca_path, said if logs else None, said)
        sink._told_since = time.time() if logs else None
        return sink

    @property
    def processor_seconds(self) -> float:
        """Return what it has used so far."""
        return processor_seconds(self.pid)

    def seen(self) -> Iterator[Seen]:
        """Read the log; complete after `stop`, at most 200 ms behind before."""
        if self.log_path is None:
            return
        if self._told_since is not None:
            yield from seen_by_nghttpd(self.log_path, self._told_since)
            return
        with self.log_path.open(encoding="utf-8") as lines:
            for line in lines:
                if line.endswith("\n"):
                    wall, status, port, path = line.rstrip("\n").split("\t")
                    yield Seen(float(wall), int(status), port, path)

    def stop(self) -> None:
        """End it in order, its log complete."""
        in_order = self.log_path is not None and self._told_since is None
        self._process.send_signal(signal.SIGQUIT if in_order else signal.SIGTERM)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def seen_by_nghttpd(said: Path, since: float) -> Iterator[Seen]:
    """Read what nghttpd told with --verbose: a request is seen when its answer's status was sent."""
    asked: dict[tuple[str, str], str] = {}
    answering: tuple[float, tuple[str, str]] | None = None
    with said.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if found := _ASKED.match(line):
                asked[found[1], found[2]] = found[3]
            elif found := _ANSWERS.match(line):
                answering = since + float(found[2]), (found[1], found[3])
            elif answering is not None and (status := _STATUS.match(line)):
                wall, stream = answering
                answering = None
                if stream in asked:
                    yield Seen(wall, int(status[1]), "", asked.pop(stream))


def _found(program: str) -> str:
    # Debian keeps servers where only root looks.
    where = shutil.which(program) or shutil.which(program, path="/usr/sbin")
    if where is None:
        raise SinkNotReady(f"{program} is not installed; ops/system-packages.sh installs it")
    return where


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
