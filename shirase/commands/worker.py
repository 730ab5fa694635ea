"""`shirase worker`: one role of the data flow, as a process."""

import logging
import os
from pathlib import Path

import click

from shirase.roles import run_role
from streams.metrics import Role
from streams.settings import worker_settings


@click.command()
@click.argument("role", type=click.Choice([role.value for role in Role]))
@click.option(
    "--instance", default="0", show_default=True, help="Name of this instance; for fanout its share's number."
)
@click.option("--data-dir", type=click.Path(path_type=Path), required=True)
@click.option("--heartbeat", type=click.Path(path_type=Path), help="File that is touched while there is progress.")
def worker(role: str, instance: str, data_dir: Path, heartbeat: Path | None) -> None:
    """Run one worker role; settings come from SHIRASE_* (see docs/settings.md)."""
    settings = worker_settings(os.environ, data_dir=data_dir, instance=instance)
    logging.getLogger().setLevel(os.environ.get("SHIRASE_LOG", "WARNING"))
    run_role(Role(role), settings, heartbeat)
