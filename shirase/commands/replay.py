"""`shirase replay`: documents of the past through the whole pipeline."""

import json
from pathlib import Path
from typing import Any

import click

from feeds.archive import documents as read_documents
from shirase.commands.options import (
    any_broker_option,
    areas_option,
    json_option,
    policy_option,
    seed_option,
    workers_option,
)
from shirase.demo.evening import PATIENCE_SECONDS
from shirase.demo.feeding import Clock, Pace, drain, feed_documents
from shirase.demo.run import RunSettings, running
from shirase.demo.summary import held_megabytes, summary, usage
from shirase.demo.terminal import Terminal, end_as_by_ctrl_c
from shirase.errors import ShiraseError


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--subscribers", type=click.IntRange(1), default=20_000, show_default=True)
@click.option(
    "--area", type=click.Choice(["tokyo23", "japan"]), default="japan", show_default=True, help="Where they live."
)
@click.option("--push", default="stub", show_default=True, help="stub, or the origin of a push service.")
@click.option("--speed", default="max", show_default=True, help="max, or so many times real time.")
@click.option(
    "--clock",
    type=click.Choice([clock.value for clock in Clock]),
    default=Clock.SHIFT.value,
    show_default=True,
    help="shift: their times move together, to now; document: as they are, so that old notices are over.",
)
@click.option(
    "--reports", "reports_path", type=click.Path(path_type=Path), help="Write one JSON line per document here."
)
@seed_option
@any_broker_option
@workers_option
@areas_option
@policy_option
@json_option
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
        result = _replayed(settings, paths, Clock(clock), pace, reports_path, terminal)
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
    if not telegrams:
        raise ShiraseError(f"no-documents: none in {', '.join(map(str, paths))}")
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


def _positive(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if number <= 0:
        raise click.BadParameter("is a number above 0, or max", param_hint="--speed")
    return number
