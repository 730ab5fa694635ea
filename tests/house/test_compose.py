"""compose.yaml is valid by the Compose specification, and runs what the tests run."""

import json
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import click
import pytest
import yaml
from compose_spec import PyCompose

from api.console.officer_devices import officer_settings
from api.residents.joining import joining_settings
from shirase.cli import main as cli
from shirase.demo.pipeline import make_officer_secrets, make_secrets
from streams.metrics import Role
from streams.settings import worker_settings
from tests.house.conftest import PROJECT


def _of_project(compose: dict[str, Any]) -> dict[str, list[str]]:
    """Return the commands of the services that run our image, by service."""
    return {name: service["command"] for name, service in compose["services"].items() if "build" in service}


def test_it_is_a_valid_compose_file(compose: dict[str, Any]) -> None:
    read = PyCompose.from_json(json.dumps(compose))
    read.validate()
    assert set(read.service_names()) == set(compose["services"])


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        ({"comand": ["shirase"]}, "comand"),
        ({"depends_on": {"kafka": {"condition": "service_happy"}}}, "service_happy"),
        ({"stop_grace_period": "soon"}, "soon"),
    ],
    ids=["unknown-field", "unknown-condition", "not-a-duration"],
)
def test_the_check_refuses_what_the_specification_refuses(
    compose: dict[str, Any], damage: dict[str, Any], why: str
) -> None:
    services = {**compose["services"], "ingest": {**compose["services"]["ingest"], **damage}}
    with pytest.raises(ValueError, match=why):
        PyCompose.from_json(json.dumps({**compose, "services": services}))


def test_there_is_one_service_per_worker_role(compose: dict[str, Any]) -> None:
    workers = {command[2] for command in _of_project(compose).values() if command[:2] == ["shirase", "worker"]}
    assert workers == {role.value for role in Role}


def test_each_worker_gets_settings_that_it_can_start_with(compose: dict[str, Any]) -> None:
    for role in Role:
        environment = compose["services"][role.value]["environment"]
        settings = worker_settings(environment, data_dir=Path("/var/lib/shirase") / role, instance="0")
        assert settings.broker == "127.0.0.1:9092"
        assert (PROJECT / settings.policy.relative_to("/app")).is_file()
        unknown = {name for name in environment if name.startswith("SHIRASE_")} - _known_settings()
        assert unknown == set()


def _known_settings() -> set[str]:
    return set(re.findall(r"SHIRASE_[A-Z_]+", (PROJECT / "streams" / "settings.py").read_text(encoding="utf-8")))


def test_the_stand_in_is_the_only_extra_push_origin_and_is_where_it_is_said_to_be(compose: dict[str, Any]) -> None:
    command = compose["services"]["push-stub"]["command"]
    origin = f"https://localhost:{command[command.index('--port') + 1]}"
    assert compose["services"]["fanout"]["environment"]["SHIRASE_PUSH_ORIGINS"] == origin
    authority = f"{command[command.index('--data') + 1]}/ca.pem"
    assert compose["services"]["fanout"]["environment"]["SHIRASE_PUSH_CA"] == authority


def test_every_command_is_one_that_the_command_line_knows(compose: dict[str, Any]) -> None:
    for command in _of_project(compose).values():
        if command[0] == "shirase":
            name, *rest = command[1:]
            known = cli.get_command(click.Context(cli), name)
            assert known is not None, f"there is no command {name}"
            if isinstance(known, click.Group) and not known.invoke_without_command:
                name, *rest = rest
                known = known.commands[name]
            try:
                known.make_context(name, list(rest))
            except click.BadParameter as error:
                # A file of the deployment's own: every other word was understood.
                if "/etc/shirase/" not in error.message:
                    raise
        else:
            assert command[:2] == ["python", "-m"]
            assert find_spec(command[2]) is not None, command[2]


def test_workers_wait_for_what_they_need(compose: dict[str, Any]) -> None:
    for role in Role:
        assert {"topics", "areas", "keys"} == set(compose["services"][role.value]["depends_on"])
    for once in ("topics", "areas", "keys"):
        assert compose["services"][once]["restart"] == "no"


def test_the_keys_are_the_ones_that_the_processes_are_told_of(compose: dict[str, Any], tmp_path: Path) -> None:
    folder = compose["services"]["keys"]["command"][2]
    made = {name: Path(path).name for name, path in make_secrets(tmp_path / "keys").items()}
    holders = ("fanout", "residents")
    told = {name: value for one in holders for name, value in compose["services"][one]["environment"].items()}
    assert {name: told[name] for name in made} == {name: f"{folder}/{file}" for name, file in made.items()}
    assert made == {name: Path(path).name for name, path in make_secrets(tmp_path / "keys").items()}


def test_console_and_pager_call_officers_by_the_same_keys_and_the_console_holds_no_resident_s(
    compose: dict[str, Any], tmp_path: Path
) -> None:
    more = yaml.safe_load((PROJECT / "ops" / "compose.officers.yaml").read_text(encoding="utf-8"))
    console, pager = more["services"]["console"], compose["services"]["pager"]
    keys = compose["services"]["keys"]
    folder = keys["command"][keys["command"].index("--officers") + 1]
    made = {name: f"{folder}/{Path(path).name}" for name, path in make_officer_secrets(tmp_path).items()}
    for holder in (console, pager):
        assert {name: holder["environment"][name] for name in made} == made
        assert f"officers:{folder}:ro" in holder["volumes"]
    assert f"officers:{folder}" in keys["volumes"]
    assert officer_settings(console["environment"]) is not None
    assert not [volume for volume in console["volumes"] if volume.startswith("state:")]
    assert f"-m 0700 -o shirase -g shirase {folder}" in (PROJECT / "Dockerfile").read_text(encoding="utf-8")


def test_nothing_listens_beyond_loopback(compose: dict[str, Any]) -> None:
    text = json.dumps(compose)
    assert "0.0.0.0" not in text
    assert set(re.findall(r"\d+\.\d+\.\d+\.\d+", text)) == {"127.0.0.1"}
    assert all(service["network_mode"] == "host" for service in compose["services"].values())
    assert not [name for name, service in compose["services"].items() if "ports" in service]


def test_our_processes_hold_no_rights(compose: dict[str, Any]) -> None:
    for name in _of_project(compose):
        service = compose["services"][name]
        assert service["cap_drop"] == ["ALL"], name
        assert service["read_only"] is True, name


def test_kafka_is_the_version_that_the_tests_run(compose: dict[str, Any]) -> None:
    pom = ET.parse(PROJECT / "ops" / "kafka" / "pom.xml").getroot()
    name = {"m": "http://maven.apache.org/POM/4.0.0"}
    versions = {
        found.findtext("m:artifactId", namespaces=name): found.findtext("m:version", namespaces=name)
        for found in pom.iterfind(".//m:dependency", name)
    }
    assert compose["services"]["kafka"]["image"] == f"apache/kafka:{versions['kafka_2.13']}"


def _pages(compose: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the web processes that start without being asked for by a profile."""
    return {
        name: service
        for name, service in compose["services"].items()
        if "build" in service and service["command"][:2] == ["shirase", "api"] and "profiles" not in service
    }


def test_every_process_that_the_manual_names_has_a_service(compose: dict[str, Any]) -> None:
    manual = (PROJECT / "docs" / "running.md").read_text(encoding="utf-8")
    named = set(re.findall(r"shirase (worker [a-z]+|api [a-z]+|export-static)", manual))
    run = {" ".join(command[1:3]) for command in _of_project(compose).values() if command[0] == "shirase"}
    assert {"api intake", "worker pager"} <= named
    assert named - {one if one.startswith(("worker", "api")) else one.split()[0] for one in run} == set()


def test_what_needs_a_file_that_no_deployment_has_starts_only_when_asked(compose: dict[str, Any]) -> None:
    asked = {name for name, service in compose["services"].items() if "profiles" in service}
    assert asked == {"intake", "export"}
    assert not [volume for volume in compose["services"]["intake"]["volumes"] if not volume.endswith(":ro")]


def test_residents_give_way_to_the_console(compose: dict[str, Any]) -> None:
    shares = {name: compose["services"][name]["cpu_shares"] for name in ("residents", "console")}
    assert shares["console"] >= 32 * shares["residents"]


def test_officers_accounts_are_in_a_volume_of_their_own(compose: dict[str, Any]) -> None:
    more = yaml.safe_load((PROJECT / "ops" / "compose.officers.yaml").read_text(encoding="utf-8"))
    console = compose["services"]["console"] | more["services"]["console"]
    merged = {
        **compose,
        "services": {**compose["services"], "console": console},
        "volumes": {**compose["volumes"], **more["volumes"]},
    }
    PyCompose.from_json(json.dumps(merged)).validate()
    name, *words = console["command"][1:]
    parsed = cli.get_command(click.Context(cli), name)
    assert isinstance(parsed, click.Group)
    options = parsed.commands[words[0]].make_parser(click.Context(parsed.commands[words[0]])).parse_args(words[1:])[0]
    (writable,) = [volume for volume in console["volumes"] if not volume.endswith(":ro")]
    kept, folder = writable.split(":")
    assert Path(options["accounts"]).parent == Path(folder)
    sharing = [one for one, service in merged["services"].items() if f"{kept}:" in " ".join(service.get("volumes", ()))]
    assert sharing == ["console"]
    assert f"-m 0700 -o shirase -g shirase {folder}" in (PROJECT / "Dockerfile").read_text(encoding="utf-8")


def test_the_pages_are_two_processes_and_neither_can_change_a_secret(compose: dict[str, Any]) -> None:
    pages = _pages(compose)
    assert {name: service["command"][2] for name, service in pages.items()} == {
        "residents": "residents",
        "console": "console",
    }
    for service in pages.values():
        assert not [volume for volume in service["volumes"] if not volume.endswith(":ro")]
    # Only residents sign up: the officers' page has no key to lose.
    assert pages["console"]["environment"] == {}
    assert pages["console"]["volumes"] == []
    assert joining_settings(pages["residents"]["environment"]) is not None


def test_the_pages_read_the_area_table_that_is_made(compose: dict[str, Any]) -> None:
    made = compose["services"]["areas"]["command"][-1]
    assert f"--areas={made}" in compose["services"]["residents"]["command"]
    assert compose["services"]["ingest"]["environment"]["SHIRASE_AREAS"] == made


def test_prometheus_scrapes_every_process_on_its_port(compose: dict[str, Any]) -> None:
    scraped = yaml.safe_load((PROJECT / "ops" / "prometheus" / "prometheus.yml").read_text(encoding="utf-8"))
    targets = {
        entry["labels"]["process"]: entry["targets"][0] for entry in scraped["scrape_configs"][0]["static_configs"]
    }
    served = {
        name: f"127.0.0.1:{service['environment']['SHIRASE_METRICS_PORT']}"
        for name, service in compose["services"].items()
        if "SHIRASE_METRICS_PORT" in service.get("environment", {})
    }
    assert set(served) == {role.value for role in Role}
    for name, service in _pages(compose).items():
        (port,) = [word.removeprefix("--port=") for word in service["command"] if word.startswith("--port=")]
        served[name] = f"127.0.0.1:{port}"
    assert targets == served
