"""Apache Kafka on loopback from its own jars: the broker of the reliability tests, without a container.

The version is pinned in ``ops/kafka/pom.xml``, every jar in ``ops/kafka/jars.sha256``. One node in KRaft
mode, broker and controller in one process, timings short enough for tests.

    python -m streams.kafka fetch | start | stop | status | checksums
"""

import argparse
import fcntl
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from streams.errors import BrokerNotReady, KafkaMissing
from streams.parent_death import die_with_parent

CHECKOUT = Path(__file__).resolve().parent.parent
POM = CHECKOUT / "ops" / "kafka" / "pom.xml"
CHECKSUMS = CHECKOUT / "ops" / "kafka" / "jars.sha256"
CACHE = CHECKOUT / ".cache" / "kafka"

# Kafka 4 brokers refuse older ones with a class-version error that says nothing to an operator.
JAVA_AT_LEAST = 17

# A cold JVM formats in 2 s and answers in 4 s on two idle cores; ten times that on a busy machine.
START_WITHIN_SECONDS = 60.0

# Any 22 characters of base64url. Fixed, because a data folder belongs to the checkout that made it.
_CLUSTER_ID = "c2hpcmFzZS1sb2NhbC0wMQ"

_JVM = (
    "-Xmx512m",
    "-XX:+UseSerialGC",  # two cores are shared with the tests: no collector threads
    "-XX:TieredStopAtLevel=1",  # half the start-up time; throughput is not what this broker is for
    "-Djava.net.preferIPv4Stack=true",
    "-Dorg.apache.logging.log4j.level=WARN",
)

Say = Callable[[str], None]


def _quiet(_line: str) -> None:
    return None


# ── the jars ──────────────────────────────────────────────────────────────────────────────────────


def fetch(say: Say = _quiet) -> Path:
    """Return the folder with the pinned jars, fetching them with Maven when they are not there.

    Safe to call from several processes at once: one fetches, the others wait for it.
    """
    expected = _pinned()
    jars = CACHE / "jars"
    with _locked(CACHE / "fetch.lock"):
        if not _differences(jars, expected):
            return jars
        maven = _tool("mvn", "maven", say)
        _tool("java", "default-jre-headless", say)
        arriving = CACHE / "jars.arriving"
        shutil.rmtree(arriving, ignore_errors=True)
        say(f"fetching Apache Kafka {_version(expected)}: {len(expected)} jars, about 45 MB, with Maven")
        _run_maven(maven, arriving, say)
        wrong = _differences(arriving, expected)
        if wrong:
            raise KafkaMissing(
                f"the fetched jars are not the pinned ones ({'; '.join(wrong[:5])}). Do not run them: "
                f"compare {POM} with {CHECKSUMS}, then delete {arriving} and try again."
            )
        shutil.rmtree(jars, ignore_errors=True)
        arriving.rename(jars)
        say(f"Apache Kafka is in {jars}, every jar verified")
    return jars


def checksums() -> str:
    """Return the sha256 list of the jars that Maven resolves now, for a reviewed change of version."""
    arriving = CACHE / "jars.arriving"
    shutil.rmtree(arriving, ignore_errors=True)
    _run_maven(_tool("mvn", "maven", _quiet), arriving, _quiet)
    return "".join(f"{_sha256(jar)}  {jar.name}\n" for jar in sorted(arriving.glob("*.jar")))


def _pinned() -> dict[str, str]:
    lines = CHECKSUMS.read_text(encoding="ascii").splitlines()
    return {name: digest for digest, name in (line.split() for line in lines if line)}


def _version(expected: dict[str, str]) -> str:
    return next(found[1] for name in expected if (found := re.fullmatch(r"kafka-clients-(.+)\.jar", name)))


def _differences(folder: Path, expected: dict[str, str]) -> list[str]:
    present = {jar.name: jar for jar in folder.glob("*.jar")}
    missing = [f"{name} is missing" for name in expected.keys() - present.keys()]
    unknown = [f"{name} is not on the list" for name in present.keys() - expected.keys()]
    changed = [
        f"{name} has another sha256"
        for name in expected.keys() & present.keys()
        if _sha256(present[name]) != expected[name]
    ]
    return sorted(missing + unknown + changed)


def _sha256(path: Path) -> str:
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _tool(name: str, debian_package: str, say: Say) -> str:
    found = shutil.which(name)
    if found:
        return found
    if os.geteuid() == 0 and shutil.which("apt-get"):
        say(f"{name} is not installed: installing {debian_package} with apt-get")
        for command in (
            ["apt-get", "-q", "update"],
            ["apt-get", "-q", "-y", "install", "--no-install-recommends", debian_package],
        ):
            quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
            subprocess.run(command, check=False, stdout=subprocess.DEVNULL, env=quiet)
        found = shutil.which(name)
        if found:
            return found
    raise KafkaMissing(
        f"{name} was not found. Apache Kafka needs Java {JAVA_AT_LEAST} or newer to run and Maven to be fetched: "
        "install them (Debian, Ubuntu: apt-get install maven default-jre-headless; macOS: brew install maven openjdk) "
        "and try again."
    )


def _run_maven(maven: str, into: Path, say: Say) -> None:
    command = [maven, "-B", "-f", str(POM), "dependency:copy-dependencies", "-DincludeScope=runtime"]
    tail: list[str] = []
    with subprocess.Popen(
        [*command, f"-DoutputDirectory={into}"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as running:
        assert running.stdout is not None
        for line in running.stdout:
            tail = [*tail[-20:], line.rstrip()]
            downloaded = re.search(r"Downloaded from .*/([^/ ]+\.jar) \((.+?) at", line)
            if downloaded:
                say(f"  {downloaded[1]} ({downloaded[2]})")
    if running.returncode != 0:
        raise KafkaMissing(
            "Maven could not fetch Apache Kafka. Check that this machine reaches a Maven repository (a proxy or mirror "
            "goes into ~/.m2/settings.xml), then run `make kafka` again. Maven said last:\n" + "\n".join(tail)
        )


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as opened:
        fcntl.flock(opened, fcntl.LOCK_EX)
        yield


# ── the server ────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class KafkaServer:
    """Run one Apache Kafka node; as a context manager, stop it at the end.

    >>> with KafkaServer() as kafka:               # doctest: +SKIP
    ...     kafka.start(Path("data"))              # -> "127.0.0.1:40123"
    """

    tied_to_parent: bool = True
    bootstrap: str = ""
    data_dir: Path | None = None
    _controller_port: int = 0
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self, data_dir: Path, port: int = 0, say: Say = _quiet) -> str:
        """Start on *port* (0: a free one) with its data in *data_dir*, wait until it answers, return host:port."""
        jars = fetch(say)
        _check_java()
        self.data_dir = data_dir
        port, self._controller_port = port or _free_port(), _free_port()
        self.bootstrap = f"127.0.0.1:{port}"
        data_dir.mkdir(parents=True, exist_ok=True)
        settings = data_dir / "server.properties"
        settings.write_text(_properties(port, self._controller_port, data_dir / "log"), encoding="utf-8")
        if not (data_dir / "log" / "meta.properties").exists():
            _format(jars, settings, data_dir)
        self._launch()
        return self.bootstrap

    def stop(self) -> None:
        """Ask it to stop and wait; what it holds is kept in its data folder."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a power cut would: SIGKILL, no farewell to its clients."""
        self._end(signal.SIGKILL)

    def restart(self) -> str:
        """Start it again, same address and same data, after `stop` or `kill`."""
        if self.data_dir is None:
            raise BrokerNotReady("this server was never started: call start(data_dir) first")
        if self.is_running:
            self.stop()
        self._launch()
        return self.bootstrap

    @property
    def is_running(self) -> bool:
        """Say whether the process lives."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """Return the process id, 0 when it does not run."""
        return self._process.pid if self._process is not None and self._process.poll() is None else 0

    def __enter__(self) -> "KafkaServer":
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.stop()

    def _launch(self) -> None:
        assert self.data_dir is not None
        command = _java("kafka.Kafka", CACHE / "jars", str(self.data_dir / "server.properties"))
        log = self.data_dir / "broker.log"
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C in a terminal ends its clients first, then us, then the broker
                preexec_fn=die_with_parent() if self.tied_to_parent else None,
            )
        try:
            wait_until_ready(self.bootstrap, time.monotonic() + START_WITHIN_SECONDS, lambda: self.is_running)
        except BrokerNotReady as error:
            self.kill()
            last = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:])
            raise BrokerNotReady(f"{error}. The end of {log}:\n{last}") from None

    def _end(self, with_signal: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(with_signal)
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
        process.wait()


def wait_until_ready(bootstrap: str, until_monotonic: float, is_running: Callable[[], bool] = lambda: True) -> None:
    """Return when the broker at *bootstrap* answers a metadata request that names a broker.

    Raises `BrokerNotReady` when the process behind it has ended or the deadline has passed.
    """
    admin = AdminClient(
        {
            "bootstrap.servers": bootstrap,
            "reconnect.backoff.ms": 50,
            "reconnect.backoff.max.ms": 200,
            "log_level": 0,  # refused connections are what waiting looks like, not news
        }
    )
    while True:
        try:
            if admin.list_topics(timeout=1.0).brokers:
                return
        except KafkaException:
            pass  # not yet: asked again until the deadline below
        if not is_running():
            raise BrokerNotReady(f"the broker process for {bootstrap} ended before it answered")
        if time.monotonic() > until_monotonic:
            raise BrokerNotReady(f"no broker answers at {bootstrap}: is it started, and is the address right?")


def _properties(port: int, controller_port: int, log_dir: Path) -> str:
    return "\n".join(
        f"{name}={value}"
        for name, value in {
            "process.roles": "broker,controller",
            "node.id": 1,
            "controller.quorum.voters": f"1@127.0.0.1:{controller_port}",
            "listeners": f"PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}",
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}",
            "controller.listener.names": "CONTROLLER",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name": "PLAINTEXT",
            "log.dirs": log_dir,
            # One node: everything that wants three copies gets one.
            "default.replication.factor": 1,
            "offsets.topic.replication.factor": 1,
            "offsets.topic.num.partitions": 4,
            "transaction.state.log.replication.factor": 1,
            "transaction.state.log.min.isr": 1,
            "transaction.state.log.num.partitions": 1,
            "share.coordinator.state.topic.replication.factor": 1,
            "share.coordinator.state.topic.min.isr": 1,
            # As in production: a topic that nobody declared is a mistake, not a topic.
            "auto.create.topics.enable": "false",
            # Short, so that tests wait for work and not for timers.
            "group.initial.rebalance.delay.ms": 0,
            "group.min.session.timeout.ms": 1000,
            "replica.lag.time.max.ms": 2000,
            "broker.session.timeout.ms": 3000,
            "broker.heartbeat.interval.ms": 500,
            "log.cleaner.backoff.ms": 1000,
            "log.retention.check.interval.ms": 5000,
            "log.segment.delete.delay.ms": 1000,
            "controlled.shutdown.max.retries": 1,
            # Small: two cores and a shared machine.
            "num.network.threads": 2,
            "num.io.threads": 2,
            "background.threads": 2,
            "num.recovery.threads.per.data.dir": 1,
            "log.cleaner.dedupe.buffer.size": 16_777_216,
            "log.index.size.max.bytes": 1_048_576,
            "message.max.bytes": 8_388_608,
        }.items()
    )


def _format(jars: Path, settings: Path, data_dir: Path) -> None:
    formatted = subprocess.run(
        _java("kafka.tools.StorageTool", jars, "format", "--cluster-id", _CLUSTER_ID, "--config", str(settings)),
        capture_output=True,
        text=True,
        check=False,
    )
    if formatted.returncode != 0:
        raise BrokerNotReady(f"{data_dir} could not be formatted for Kafka: {formatted.stdout}{formatted.stderr}")


def _java(main: str, jars: Path, *arguments: str) -> list[str]:
    return ["java", *_JVM, "-cp", f"{jars}/*", main, *arguments]


def _check_java() -> None:
    said = subprocess.run(
        [_tool("java", "default-jre-headless", _quiet), "-version"], capture_output=True, text=True, check=False
    )
    found = re.search(r'version "(?:1\.)?(\d+)', said.stderr)
    if found is None or int(found[1]) < JAVA_AT_LEAST:
        raise KafkaMissing(
            f"Apache Kafka {_version(_pinned())} needs Java {JAVA_AT_LEAST} or newer; `java -version` says: "
            f"{said.stderr.splitlines()[:1]}. Install a newer one (Debian: apt-get install default-jre-headless)."
        )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


# ── make kafka ────────────────────────────────────────────────────────────────────────────────────

_STATE = CACHE / "running.json"


def _running() -> tuple[int, str] | None:
    """Return (pid, bootstrap) of the broker that `start` left behind, if it is still that broker."""
    if not _STATE.exists():
        return None
    state = json.loads(_STATE.read_text(encoding="utf-8"))
    try:
        command = Path(f"/proc/{state['pid']}/cmdline").read_bytes()
    except OSError:
        return None
    # A pid is reused sooner or later: only a JVM running from our cache may be signalled.
    return (state["pid"], state["bootstrap"]) if str(CACHE).encode() in command else None


def _start(port: int, say: Say) -> int:
    running = _running()
    if running is None:
        server = KafkaServer(tied_to_parent=False)
        server.start(CACHE / "data", port, say)
        _STATE.write_text(json.dumps({"pid": server.pid, "bootstrap": server.bootstrap}), encoding="utf-8")
        running = server.pid, server.bootstrap
    say(f"Apache Kafka runs at {running[1]} (process {running[0]}); stop it with: make kafka-stop")
    return 0


def _stop(say: Say) -> int:
    running = _running()
    if running is not None:
        os.kill(running[0], signal.SIGTERM)
        until = time.monotonic() + 20
        while _running() is not None:
            if time.monotonic() > until:
                os.kill(running[0], signal.SIGKILL)
            time.sleep(0.1)
    _STATE.unlink(missing_ok=True)
    say("Apache Kafka is stopped" if running else "Apache Kafka was not running")
    return 0


def _status(say: Say) -> int:
    running = _running()
    say(f"Apache Kafka runs at {running[1]} (process {running[0]})" if running else "Apache Kafka is not running")
    return 0 if running else 1


def main(arguments: list[str] | None = None) -> int:
    """Run one of the commands named at the top; 0 is done, 1 is not running, 2 is a failure with its remedy."""
    parser = argparse.ArgumentParser(
        prog="python -m streams.kafka", description="Apache Kafka on loopback, no container."
    )
    parser.add_argument("command", choices=("fetch", "start", "stop", "status", "checksums"))
    parser.add_argument("--port", type=int, default=9092, help="where `start` listens (default 9092)")
    asked = parser.parse_args(arguments)

    def say(line: str) -> None:
        print(line, flush=True)

    try:
        match asked.command:
            case "fetch":
                fetch(say)
                return 0
            case "start":
                return _start(asked.port, say)
            case "stop":
                return _stop(say)
            case "status":
                return _status(say)
            case _:
                print(checksums(), end="")
                return 0
    except (KafkaMissing, BrokerNotReady) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
