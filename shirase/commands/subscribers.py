"""`shirase subscribers`: synthetic ones, with the receivers' keys."""

from pathlib import Path

import click

from shirase.commands.options import seed_option
from shirase.demo.synth import synthesize
from shirase.demo.terminal import Terminal


@click.group()
def subscribers() -> None:
    """Synthetic subscribers."""


@subscribers.command()
@click.option("--count", type=click.IntRange(1), required=True)
@seed_option
@click.option("--endpoint-base", required=True, help="Origin of the push service, e.g. https://localhost:8443")
@click.option("--area", type=click.Choice(["tokyo23", "japan"]), default="tokyo23", show_default=True)
@click.option("--out", type=click.Path(path_type=Path), required=True)
def synth(count: int, seed: int, endpoint_base: str, area: str, out: Path) -> None:
    """Write a packed snapshot, the receivers' private keys and a plain list to count on."""
    with Terminal(live=False, page=False) as terminal:
        manifest = synthesize(count, seed, endpoint_base, out, area=area, progress=terminal.progress)
    click.echo(f"{manifest.count:,} subscribers with {manifest.places:,} places in {out}")
