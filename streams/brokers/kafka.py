"""Apache Kafka on loopback from its own jars: the broker of the reliability tests, without a container.

    python -m streams.brokers.kafka fetch | start | stop | status | checksums

The version and its jars are pinned in `streams.brokers.kafka_jars`; the node itself is `KafkaServer`.
"""

import argparse
import json
import os
import signal
import sys
import time
from pathlib import Path

from streams.brokers.errors import BrokerNotReady, KafkaMissing
from streams.brokers.kafka_jars import CACHE, Say, checksums, fetch
from streams.brokers.kafka_server import KafkaServer

__all__ = ["KafkaServer", "main"]

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
        prog="python -m streams.brokers.kafka", description="Apache Kafka on loopback, no container."
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
