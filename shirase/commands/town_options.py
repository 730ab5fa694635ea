"""The options of a town that several commands show: its shelters and the names of its places."""

from pathlib import Path

import click

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
