"""Every panel's query answers on a real Prometheus that scrapes our metrics; every alarm is tested."""

import json
import math
import re
import socket
import subprocess
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server
from prometheus_client.metrics import MetricWrapperBase

from shirase.documentation import registries
from tests.house.conftest import PROJECT, system_program

RULES = PROJECT / "ops" / "prometheus"
DASHBOARD = PROJECT / "ops" / "grafana" / "dashboards" / "shirase.json"
DATASOURCE = PROJECT / "ops" / "grafana" / "provisioning" / "datasources" / "prometheus.yaml"

# A start takes a second; a machine whose two cores are busy may need twenty times that.
READY_WITHIN_SECONDS = 30.0


def _dashboard() -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    return parsed


def _queries() -> list[tuple[str, str]]:
    return [(panel["title"], target["expr"]) for panel in _dashboard()["panels"] for target in panel["targets"]]


def _move(metric: MetricWrapperBase) -> None:
    """Make every series of *metric* move once, as traffic would."""
    children = list(metric._metrics.values()) if metric._labelnames else [metric]
    for child in children:
        match child:
            case Counter():
                child.inc()
            case Histogram():
                child.observe(0.04)
            case Gauge():
                child.set_to_current_time() if "timestamp" in metric._name else child.set(3)


@pytest.fixture(scope="module")
def scraped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run Prometheus on our metrics while they move; yield its address once it has seen them twice."""
    prometheus = system_program("prometheus")
    everything = CollectorRegistry()
    metrics: list[MetricWrapperBase] = []
    for _, registry in registries():
        everything.register(registry)
        collectors = registry._names_to_collectors.values()
        metrics += [metric for metric in dict.fromkeys(collectors) if isinstance(metric, MetricWrapperBase)]
    server, serving = start_http_server(0, addr="127.0.0.1", registry=everything)
    stop = threading.Event()

    def traffic() -> None:
        while not stop.wait(0.1):
            for metric in metrics:
                _move(metric)

    moving = threading.Thread(target=traffic)
    moving.start()
    folder = tmp_path_factory.mktemp("prometheus")
    try:
        with Prometheus(prometheus, folder, server.server_port) as running:
            yield running
    finally:
        stop.set()
        moving.join()
        server.shutdown()
        server.server_close()
        serving.join()


class Prometheus:
    """A Prometheus on a free port, ended when the block is left."""

    def __init__(self, program: str, folder: Path, target_port: int) -> None:
        self._folder = folder
        self._port = _free_port()
        config = {
            "global": {"scrape_interval": "500ms", "scrape_timeout": "500ms"},
            "scrape_configs": [
                {"job_name": "shirase", "static_configs": [{"targets": [f"127.0.0.1:{target_port}"]}]},
            ],
        }
        (folder / "prometheus.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
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
            if _answer(address, 'count_over_time(up{job="shirase"}[1m]) > 3') and _answer(address, "up == 1"):
                return address
            waiting.wait(0.2)
        self.__exit__()
        pytest.fail(f"Prometheus scraped nothing: {(self._folder / 'log').read_text(encoding='utf-8')[-2000:]}")

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(timeout=10)
        self._log.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _answer(address: str, query: str) -> list[dict[str, Any]]:
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


@pytest.mark.parametrize(("title", "query"), _queries(), ids=lambda value: str(value)[:60])
def test_each_panel_shows_numbers(scraped: str, title: str, query: str) -> None:
    series = _answer(scraped, query.replace("$__rate_interval", "1m"))
    assert series, f"{title}: no series"
    assert any(math.isfinite(float(one["value"][1])) for one in series), f"{title}: no number"


def test_each_alarm_s_condition_is_a_query_that_prometheus_takes(scraped: str) -> None:
    groups = yaml.safe_load((RULES / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    for rule in (rule for group in groups for rule in group["rules"]):
        _answer(scraped, rule["expr"])
        assert rule["annotations"]["action"], rule["alert"]
        assert rule["labels"]["severity"] in {"page", "ticket"}, rule["alert"]


def test_alarms_speak_of_metrics_that_exist(scraped: str) -> None:
    groups = yaml.safe_load((RULES / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    queries = [rule["expr"] for group in groups for rule in group["rules"]]
    for name in {
        name for query in queries for name in re.findall(r"\b[a-z_]+_(?:total|records|seconds|seconds_bucket)\b", query)
    }:
        assert _answer(scraped, name), name


def test_the_configuration_and_the_alarms_pass_promtool() -> None:
    promtool = system_program("promtool")
    for command in (["check", "config", "prometheus.yml"], ["test", "rules", "alerts.test.yml"]):
        done = subprocess.run([promtool, *command], cwd=RULES, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_every_panel_names_its_source_and_says_what_it_shows() -> None:
    source = yaml.safe_load(DATASOURCE.read_text(encoding="utf-8"))["datasources"][0]
    panels = _dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        assert panel["datasource"]["uid"] == source["uid"], panel["title"]
        assert panel["description"], panel["title"]
