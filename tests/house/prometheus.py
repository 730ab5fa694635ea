"""A real Prometheus for tests: on a free port, scraping what it is told to."""

import json
import socket
import subprocess
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.house.conftest import PROJECT

DASHBOARD = PROJECT / "ops" / "grafana" / "dashboards" / "shirase.json"

# A start takes a second; a machine whose two cores are busy may need twenty times that.
READY_WITHIN_SECONDS = 30.0


def dashboard() -> dict[str, Any]:
    """Return the provisioned dashboard."""
    parsed: dict[str, Any] = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    return parsed


def panel_queries() -> list[tuple[str, str]]:
    """Return title and query of every panel, with a fixed window where Grafana puts its own."""
    return [
        (panel["title"], target["expr"].replace("$__rate_interval", "1m"))
        for panel in dashboard()["panels"]
        for target in panel["targets"]
    ]


class Prometheus:
    """A Prometheus on a free port, ended when the block is left."""

    def __init__(self, program: str, folder: Path, ports: Mapping[str, int]) -> None:
        self._folder = folder
        self._port = free_port()
        config = {
            "global": {"scrape_interval": "500ms", "scrape_timeout": "500ms"},
            "scrape_configs": [
                {
                    "job_name": "shirase",
                    "static_configs": [
                        {"targets": [f"127.0.0.1:{port}"], "labels": {"process": name}} for name, port in ports.items()
                    ],
                },
            ],
        }
        (folder / "prometheus.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
        self._processes = len(ports)
        self._command = [
            program,
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{self._port}",
        ]

    def __enter__(self) -> str:
        self._log = (self._folder / "log").open("wb")
        self._process = subprocess.Popen(self._command, stdout=self._log, stderr=subprocess.STDOUT)
        address = f"http://127.0.0.1:{self._port}"
        waiting = threading.Event()
        for _ in range(int(READY_WITHIN_SECONDS / 0.2)):
            if self._process.poll() is not None:
                break
            # rate() needs two samples.
            if len(answer(address, "sum_over_time(up[1m]) > 3")) == self._processes:
                return address
            waiting.wait(0.2)
        self.__exit__()
        pytest.fail(f"Prometheus scraped nothing: {(self._folder / 'log').read_text(encoding='utf-8')[-2000:]}")

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(timeout=10)
        self._log.close()


def answered(address: str, query: str) -> list[dict[str, Any]]:
    """Return the series of *query* once there are some: a scrape that comes too late leaves none until the next."""
    waiting = threading.Event()
    for _ in range(int(READY_WITHIN_SECONDS / 0.2)):
        if series := answer(address, query):
            return series
        waiting.wait(0.2)
    return []


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answer(address: str, query: str) -> list[dict[str, Any]]:
    """Return the series that *query* yields now; nothing where Prometheus is not ready yet."""
    url = f"{address}/api/v1/query?{urllib.parse.urlencode({'query': query})}"
    try:
        with urllib.request.urlopen(url, timeout=5) as reply:
            body = json.load(reply)
    except urllib.error.HTTPError as error:
        if error.code == 503:
            return []
        pytest.fail(f"{query}: {error.read().decode(errors='replace')}")
    except OSError:
        return []
    result: list[dict[str, Any]] = body["data"]["result"]
    return result
