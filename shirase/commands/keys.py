"""`shirase keys`: the secrets of a deployment."""

from pathlib import Path

import click

from shirase.keys import main as make_keys


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--officers",
    type=click.Path(file_okay=False, path_type=Path),
    help="A second folder, for the keys of officers' telephones: console and pager read it.",
)
def keys(folder: Path, officers: Path | None) -> None:
    """Make the secrets of a deployment in FOLDER; a file that is there is kept."""
    make_keys([str(folder), *(() if officers is None else ("--officers", str(officers)))])
