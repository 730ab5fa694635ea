"""Every panel's query answers on a real Prometheus that scrapes our metrics; every alarm is tested."""

import math
import re
import subprocess
import threading
from collections.abc import Iterator

import pytest
import yaml
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server
from prometheus_client.metrics import MetricWrapperBase

from shirase.documentation import registries
from tests.house.conftest import PROJECT, system_program
from tests.house.prometheus import Prometheus, answer, answered, dashboard, panel_queries

RULES = PROJECT / "ops" / "prometheus"
DATASOURCE = PROJECT / "ops" / "grafana" / "provisioning" / "datasources" / "prometheus.yaml"


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
        with Prometheus(prometheus, folder, {"everything": server.server_port}) as running:
            yield running
    finally:
        stop.set()
        moving.join()
        server.shutdown()
        server.server_close()
        serving.join()


@pytest.mark.parametrize(("title", "query"), panel_queries(), ids=lambda value: str(value)[:60])
def test_each_panel_shows_numbers(scraped: str, title: str, query: str) -> None:
    series = answered(scraped, query)
    assert series, f"{title}: no series"
    assert any(math.isfinite(float(one["value"][1])) for one in series), f"{title}: no number"


def test_each_alarm_s_condition_is_a_query_that_prometheus_takes(scraped: str) -> None:
    groups = yaml.safe_load((RULES / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    for rule in (rule for group in groups for rule in group["rules"]):
        answer(scraped, rule["expr"])
        assert rule["annotations"]["action"], rule["alert"]
        assert rule["labels"]["severity"] in {"page", "ticket"}, rule["alert"]


def test_alarms_speak_of_metrics_that_exist(scraped: str) -> None:
    groups = yaml.safe_load((RULES / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    queries = [rule["expr"] for group in groups for rule in group["rules"]]
    for name in {
        name for query in queries for name in re.findall(r"\b[a-z_]+_(?:total|records|seconds|seconds_bucket)\b", query)
    }:
        assert answered(scraped, name), name


def test_the_configuration_and_the_alarms_pass_promtool() -> None:
    promtool = system_program("promtool")
    for command in (["check", "config", "prometheus.yml"], ["test", "rules", "alerts.test.yml"]):
        done = subprocess.run([promtool, *command], cwd=RULES, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_every_panel_names_its_source_and_says_what_it_shows() -> None:
    source = yaml.safe_load(DATASOURCE.read_text(encoding="utf-8"))["datasources"][0]
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        assert panel["datasource"]["uid"] == source["uid"], panel["title"]
        assert panel["description"], panel["title"]
