"""`shirase demo`: the evening in the demo city."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from shirase.commands.exits import WRONG
from shirase.commands.options import (
    any_broker_option,
    areas_option,
    json_option,
    policy_option,
    seed_option,
    workers_option,
)
from shirase.demo.evening import run_demo
from shirase.demo.run import DEMO_CITY, RunSettings
from shirase.demo.terminal import Terminal, end_as_by_ctrl_c


@click.command()
@click.option("--headless", is_flag=True, help="No page and no live view.")
@click.option("--subscribers", type=click.IntRange(100), default=100_000, show_default=True)
@click.option(
    "--seconds", type=float, default=0.0, help="Spread the evening over so many seconds; 0: as fast as it goes."
)
@click.option(
    "--silence-seconds",
    type=click.IntRange(60, 600),
    help="When people hear that nobody has decided on an order; else as the policy has it.",
)
@seed_option
@any_broker_option
@workers_option
@areas_option
@policy_option
@json_option
def demo(
    headless: bool,
    subscribers: int,
    seconds: float,
    silence_seconds: int | None,
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
        silence_after_seconds=silence_seconds,
        network=f"{DEMO_CITY}:{seed}",
    )
    end_as_by_ctrl_c()
    stays = not headless and not as_json
    with Terminal(live=stays, page=not headless) as terminal:
        result = run_demo(
            settings,
            seconds=seconds,
            say=terminal.say,
            progress=terminal.progress,
            watch=terminal.watch,
            conclude=lambda found: terminal.conclude(found, as_json=as_json),
            stays=stays,
            console_url=terminal.console_url,
        )
    sys.exit(0 if _is_good(result) else WRONG)


def _is_good(result: Mapping[str, Any]) -> bool:
    """Say whether everybody who is to hear was told, once, by the plain count as well as by the push service's log."""
    judged = result["check"]
    return bool(
        result["pushes"]["selected"] == judged["brute_force"]
        and result["pushes"]["accepted"] == judged["stub_accepted"]
        and result["pushes"]["selected"] == result["pushes"]["accepted"] + result["pushes"]["superseded"]
        and not result["unexpected"]
        and not judged["decrypt_failures"]
        and all(fact["brute_force"] == fact["accepted"] for fact in result["ways"]["facts"])
        and result["ways"]["told"] + result["ways"]["superseded"] == result["ways"]["brute_force"]
    )
