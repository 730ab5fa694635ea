"""Run one Apache Kafka node on loopback, from its own jars.

KRaft mode, broker and controller in one process, timings short enough for tests.
"""

import signal
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from streams.brokers.errors import BrokerNotReady
from streams.brokers.kafka_jars import CACHE, Say, check_java, fetch, quiet
from streams.processes.parent_death import die_with_parent

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

    def start(self, data_dir: Path, port: int = 0, say: Say = quiet) -> str:
        """Start on *port* (0: a free one) with its data in *data_dir*, wait until it answers, return host:port."""
        jars = fetch(say)
        check_java()
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


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
