"""The command line.

Exit codes: 0 done, 1 it ran and something is wrong, 2 the words are off, 3 a part did not come up.
"""

import json
import logging
import os
import sys
from pathlib import Path
from typing import Any

import click

from feeds.archive import documents as read_documents
from shirase.areas import DEFAULT_AREAS, ensure_table, ward_names
from shirase.commands.accounts import accounts, audit
from shirase.commands.api import api
from shirase.commands.areas import areas_group
from shirase.commands.channels import channels
from shirase.commands.check import check
from shirase.commands.escrow import escrow
from shirase.commands.explain import explain_cell
from shirase.commands.export import export_static
from shirase.commands.gate import gate
from shirase.commands.gauges import gauges
from shirase.commands.imports import import_group
from shirase.commands.languages import languages
from shirase.commands.maps import hazards, seam
from shirase.commands.plan import approve, plan
from shirase.commands.policy import policy as policy_group
from shirase.commands.post import post_group
from shirase.commands.replay import Clock, NotDrained, Pace, drain, feed_documents
from shirase.commands.reports import reports
from shirase.commands.usage import month_of, read_usage, table_of, wards_of_accounts
from shirase.commands.ward import ward
from shirase.demo.evening import PATIENCE_SECONDS, run_demo
from shirase.demo.pipeline import PipelineFailed, changelog_topics
from shirase.demo.run import DEMO_CITY, RunSettings, running
from shirase.demo.summary import held_megabytes, summary, usage
from shirase.demo.synth import synthesize
from shirase.demo.terminal import Terminal, end_as_by_ctrl_c
from shirase.errors import ShiraseError
from shirase.keys import main as make_keys
from shirase.roles import run_role
from streams.brokers.broker import ensure_topics, open_broker
from streams.brokers.errors import StreamsError
from streams.metrics import Role
from streams.settings import SettingMissing, worker_settings
from streams.topics import ALL

WRONG, NOT_UP = 1, 3
POLICY = Path("ops/policy.toml")

_areas = click.option(
    "--areas", type=click.Path(path_type=Path), default=DEFAULT_AREAS, show_default=True, help="Area table."
)
_policy = click.option("--policy", type=click.Path(path_type=Path, exists=True), default=POLICY, show_default=True)
_workers = click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="Fan-out workers.")
_broker = click.option(
    "--broker", default="embedded", show_default=True, help="embedded, or HOST:PORT of Apache Kafka."
)
_json = click.option("--json", "as_json", is_flag=True, help="Only JSON on standard output, on its last line.")
_seed = click.option("--seed", type=int, default=1, show_default=True)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="shirase", prog_name="shirase")
@click.option("-v", "--verbose", is_flag=True, help="Say what happens, on standard error.")
def main(verbose: bool) -> None:
    """知らせ: disaster alerts that follow the hazard, not the ward border."""
    level = os.environ.get("SHIRASE_LOG", "INFO" if verbose else "ERROR")
    logging.basicConfig(level=level, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s %(message)s")


@main.command()
@click.option("--headless", is_flag=True, help="No page and no live view.")
@click.option("--subscribers", type=click.IntRange(100), default=100_000, show_default=True)
@click.option(
    "--seconds", type=float, default=0.0, help="Spread the evening over so many seconds; 0: as fast as it goes."
)
@_seed
@_broker
@_workers
@_areas
@_policy
@_json
def demo(
    headless: bool,
    subscribers: int,
    seconds: float,
    seed: int,
    broker: str,
    workers: int,
    areas: Path,
    policy: Path,
    as_json: bool,
) -> None:
    """Play a rainy evening in a made-up Tokyo: a river rises, warnings become encrypted pushes."""
    settings = RunSettings(
        subscribers=subscribers,
        seed=seed,
        broker=broker,
        push="stub",
        areas=areas,
        policy=policy,
        workers=workers,
        area="tokyo23",
        store_every=10,
        network=f"{DEMO_CITY}:{seed}",
    )
    end_as_by_ctrl_c()
    stays = not headless and not as_json
    with Terminal(live=stays, page=not headless) as terminal:
        result = _guarded(
            lambda: run_demo(
                settings,
                seconds=seconds,
                say=terminal.say,
                progress=terminal.progress,
                watch=terminal.watch,
                conclude=lambda found: terminal.conclude(found, as_json=as_json),
                stays=stays,
                console_url=terminal.console_url,
            )
        )
    judged = result["check"]
    good = (
        result["pushes"]["selected"] == judged["brute_force"]
        and result["pushes"]["accepted"] == judged["stub_accepted"]
        and result["pushes"]["selected"] == result["pushes"]["accepted"] + result["pushes"]["superseded"]
        and not result["unexpected"]
        and not judged["decrypt_failures"]
        and all(fact["brute_force"] == fact["accepted"] for fact in result["ways"]["facts"])
        and result["ways"]["told"] + result["ways"]["superseded"] == result["ways"]["brute_force"]
    )
    sys.exit(0 if good else WRONG)


@main.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--subscribers", type=click.IntRange(1), default=20_000, show_default=True)
@click.option(
    "--area", type=click.Choice(["tokyo23", "japan"]), default="japan", show_default=True, help="Where they live."
)
@click.option("--push", default="stub", show_default=True, help="stub, or the origin of a push service.")
@click.option("--speed", default="max", show_default=True, help="max, or so many times real time.")
@click.option(
    "--clock", type=click.Choice([clock.value for clock in Clock]), default=Clock.SHIFT.value, show_default=True
)
@click.option(
    "--reports", "reports_path", type=click.Path(path_type=Path), help="Write one JSON line per document here."
)
@_seed
@_broker
@_workers
@_areas
@_policy
@_json
def replay(
    paths: tuple[Path, ...],
    subscribers: int,
    area: str,
    push: str,
    speed: str,
    clock: str,
    reports_path: Path | None,
    seed: int,
    broker: str,
    workers: int,
    areas: Path,
    policy: Path,
    as_json: bool,
) -> None:
    """Send telegrams of the past (files, folders, archives) through the whole pipeline, in order of time."""
    settings = RunSettings(
        subscribers=subscribers,
        seed=seed,
        broker=broker,
        push=push,
        areas=areas,
        policy=policy,
        workers=workers,
        area=area,
        gauges=True,
    )
    pace = Pace(0.0 if speed == "max" else _positive(speed))
    end_as_by_ctrl_c()
    with Terminal(live=False, page=False) as terminal:
        result = _guarded(lambda: _replayed(settings, paths, Clock(clock), pace, reports_path, terminal))
        terminal.conclude(result, as_json=as_json)


def _replayed(
    settings: RunSettings,
    paths: tuple[Path, ...],
    clock: Clock,
    pace: Pace,
    reports_path: Path | None,
    terminal: Terminal,
) -> dict[str, Any]:
    skipped: list[str] = []
    telegrams = tuple(read_documents(paths, skipped.append))
    memory_mb = {"documents_read": held_megabytes()}
    with running(settings, terminal.say, terminal.progress) as run:
        sent = feed_documents(
            telegrams,
            run.producer,
            run.observer,
            clock=clock,
            pace=pace,
            patience_seconds=PATIENCE_SECONDS,
            on_sent=lambda number: terminal.progress("documents", number, len(telegrams)),
        )
        terminal.say("waiting for the last push")
        drain(
            run.observer,
            sent,
            workers=settings.workers,
            patience_seconds=PATIENCE_SECONDS,
            on_open=lambda left: terminal.progress("fan-outs open", left, 0),
        )
        account = run.observer.account
        memory_mb["end"] = held_megabytes()
        if reports_path is not None:
            with reports_path.open("w", encoding="utf-8") as lines:
                for report in sorted(account.reports.values(), key=lambda report: report.name):
                    line = {
                        "file": report.name,
                        "outcome": report.outcome.value,
                        "reason": report.reason,
                        "level": report.level,
                        "hazards": report.hazards,
                        "codes": report.codes,
                    }
                    lines.write(json.dumps(line, ensure_ascii=False) + "\n")
        # Every document that was sent has one end, or this line is not reached; other files are counted here.
        accounted = {"sent": sent, "files_that_are_no_documents": len(skipped), "memory_mb": memory_mb}
        return summary(account) | accounted | {"wards": usage(list(account.receipts.values()))}


@main.group()
def subscribers() -> None:
    """Synthetic subscribers."""


@subscribers.command()
@click.option("--count", type=click.IntRange(1), required=True)
@_seed
@click.option("--endpoint-base", required=True, help="Origin of the push service, e.g. https://localhost:8443")
@click.option("--area", type=click.Choice(["tokyo23", "japan"]), default="tokyo23", show_default=True)
@click.option("--out", type=click.Path(path_type=Path), required=True)
def synth(count: int, seed: int, endpoint_base: str, area: str, out: Path) -> None:
    """Write a packed snapshot, the receivers' private keys and a plain list to count on."""
    with Terminal(live=False, page=False) as terminal:
        manifest = _guarded(lambda: synthesize(count, seed, endpoint_base, out, area=area, progress=terminal.progress))
    click.echo(f"{manifest.count:,} subscribers with {manifest.places:,} places in {out}")


@main.command()
@click.argument("role", type=click.Choice([role.value for role in Role]))
@click.option(
    "--instance", default="0", show_default=True, help="Name of this instance; for fanout its share's number."
)
@click.option("--data-dir", type=click.Path(path_type=Path), required=True)
@click.option("--heartbeat", type=click.Path(path_type=Path), help="File that is touched while there is progress.")
def worker(role: str, instance: str, data_dir: Path, heartbeat: Path | None) -> None:
    """Run one worker role; settings come from SHIRASE_* (see docs/settings.md)."""
    settings = _guarded(lambda: worker_settings(os.environ, data_dir=data_dir, instance=instance))
    logging.getLogger().setLevel(os.environ.get("SHIRASE_LOG", "WARNING"))
    _guarded(lambda: run_role(Role(role), settings, heartbeat))


@main.command()
@_broker
@click.option("--create", is_flag=True, help="Create what is missing on the broker.")
def topics(broker: str, create: bool) -> None:
    """List the topics and their rules."""
    if create:
        with _guarded(lambda: open_broker(broker)) as opened:
            _guarded(lambda: ensure_topics(opened, [*ALL, *changelog_topics()]))
    for topic in ALL:
        click.echo(f"{topic.name:<14} {topic.key:<24} {topic.partitions:>3}  {topic.cleanup.value:<8} {topic.note}")


@main.command()
@click.argument("cell")
@_broker
@click.option("--river-zones", type=click.Path(exists=True, path_type=Path), help="Table river_zone.")
@_areas
@click.option(
    "--network",
    envvar="SHIRASE_NETWORK",
    default="demo-city",
    show_default=True,
    help="As SHIRASE_NETWORK of the worker.",
)
@click.option(
    "--shelters",
    envvar="SHIRASE_SHELTERS",
    type=click.Path(exists=True, path_type=Path),
    help="As SHIRASE_SHELTERS of the worker: why not a nearer one of them.",
)
def explain(cell: str, broker: str, areas: Path, river_zones: Path | None, network: str, shelters: Path | None) -> None:
    """Say what holds in CELL (an H3 index or LAT,LNG), who said so, and where the nearest open shelter is."""
    with Terminal(live=False, page=False) as terminal:
        ensure_table(areas, terminal.progress)
    where = None if broker == "embedded" else broker
    click.echo(_guarded(lambda: explain_cell(cell, areas, where, river_zones, network=network, shelters=shelters)))


@main.command("usage")
@click.option("--month", required=True, help="YYYY-MM, by Tokyo's clock.")
@click.option("--broker", required=True, help="HOST:PORT of Apache Kafka.")
@click.option("--accounts", type=click.Path(path_type=Path, exists=True), help="The console's accounts file.")
@_areas
@_json
def show_usage(month: str, broker: str, accounts: Path | None, areas: Path, as_json: bool) -> None:
    """Say per ward what it used: people, notices, pushes, bytes, console users; the rows sum to the total."""
    try:
        wanted = month_of(month)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--month") from error
    used = _guarded(lambda: read_usage(wanted, broker, wards_of_accounts(accounts) if accounts else ()))
    click.echo(json.dumps(used.plain(), ensure_ascii=False) if as_json else table_of(used, ward_names(areas)))


@main.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--officers",
    type=click.Path(file_okay=False, path_type=Path),
    help="A second folder, for the keys of officers' telephones: console and pager read it.",
)
def keys(folder: Path, officers: Path | None) -> None:
    """Make the secrets of a deployment in FOLDER; a file that is there is kept."""
    make_keys([str(folder), *(() if officers is None else ("--officers", str(officers)))])


main.add_command(api)
main.add_command(export_static)
main.add_command(reports)
main.add_command(channels)
main.add_command(check)
main.add_command(accounts)
main.add_command(audit)
main.add_command(escrow)
main.add_command(gauges)
main.add_command(post_group)
main.add_command(plan)
main.add_command(approve)
main.add_command(areas_group)
main.add_command(hazards)
main.add_command(seam)
main.add_command(import_group)
main.add_command(gate)
main.add_command(ward)
main.add_command(languages)
main.add_command(policy_group)


def _positive(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if number <= 0:
        raise click.BadParameter("is a number above 0, or max", param_hint="--speed")
    return number


def _guarded(work: Any) -> Any:
    """Run *work*; an error that we foresee ends with its sentence and an exit code, not with a traceback."""
    try:
        return work()
    except (PipelineFailed, StreamsError, SettingMissing) as error:
        click.echo(f"shirase: {error}", err=True)
        sys.exit(NOT_UP)
    except (ShiraseError, NotDrained, ValueError) as error:
        click.echo(f"shirase: {error}", err=True)
        sys.exit(WRONG)
