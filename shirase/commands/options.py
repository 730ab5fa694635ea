"""The options that several commands share, so that one word means one thing wherever it is typed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from shirase.paths import DEFAULT_AREAS, DEFAULT_POLICY

broker_option = click.option(
    "--broker", envvar="SHIRASE_BROKER", required=True, help="HOST:PORT of Apache Kafka; also SHIRASE_BROKER."
)
any_broker_option = click.option(
    "--broker", default="embedded", show_default=True, help="embedded, or HOST:PORT of Apache Kafka."
)
areas_option = click.option(
    "--areas",
    envvar="SHIRASE_AREAS",
    type=click.Path(path_type=Path),
    default=DEFAULT_AREAS,
    show_default=True,
    help="Area table; also SHIRASE_AREAS.",
)
policy_option = click.option(
    "--policy",
    envvar="SHIRASE_POLICY",
    type=click.Path(path_type=Path, exists=True),
    default=DEFAULT_POLICY,
    show_default=True,
    help="What goes out without a person.",
)
workers_option = click.option(
    "--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="Fan-out workers."
)
seed_option = click.option("--seed", type=int, default=1, show_default=True, help="Another number, other people.")
json_option = click.option("--json", "as_json", is_flag=True, help="Only JSON on standard output, on its last line.")
river_zones_option = click.option(
    "--river-zones",
    envvar="SHIRASE_RIVER_ZONES",
    type=click.Path(exists=True, path_type=Path, dir_okay=False),
    help="What each river endangers (`shirase areas river-zones`).",
)
shelters_option = click.option(
    "--shelters",
    envvar="SHIRASE_SHELTERS",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Shelters of `shirase import shelters`; without it only those are shown of which somebody spoke.",
)
area_sets_option = click.option(
    "--area-sets",
    envvar="SHIRASE_AREA_SETS",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Imported areas (`shirase areas import`): names of places, 町丁目 that may be typed.",
)
rivers_option = click.option(
    "--rivers",
    envvar="SHIRASE_RIVERS",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Rivers' lines (`shirase areas rivers`): drawn on plain maps, and by name an order's area is made along one.",
)


def town_options(shelters_are: str) -> Callable[[Any], Any]:
    """Add `--network` and `--shelters` as the evacuation worker has them; *shelters_are* says what they serve here."""
    network = click.option(
        "--network",
        envvar="SHIRASE_NETWORK",
        default="demo-city",
        show_default=True,
        help="As SHIRASE_NETWORK of the worker.",
    )
    shelters = click.option(
        "--shelters",
        envvar="SHIRASE_SHELTERS",
        type=click.Path(exists=True, path_type=Path),
        help=f"As SHIRASE_SHELTERS of the worker: {shelters_are}.",
    )
    return lambda command: network(shelters(command))
