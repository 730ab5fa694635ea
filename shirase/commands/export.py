"""`shirase export-static DIR`: keep the residents' state as files, for any web server elsewhere (R22)."""

import time
from datetime import UTC, datetime
from pathlib import Path

import click

from shirase.areas import table_at
from shirase.commands.options import area_sets_option, areas_option, broker_option, rivers_option, shelters_option
from streams.brokers.errors import StreamsError

# R22: a copy is this old at the most while we live.
EVERY_SECONDS = 15.0
_READY_WITHIN_SECONDS = 120.0


@click.command("export-static")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@broker_option
@areas_option
@click.option("--network", envvar="SHIRASE_NETWORK", default="", help="Walking network, or demo-city.")
@shelters_option
@rivers_option
@area_sets_option
@click.option("--every", "every_seconds", default=EVERY_SECONDS, show_default=True, help="Seconds between two writes.")
@click.option("--once", is_flag=True, help="Write once and end.")
def export_static(
    folder: Path,
    broker: str,
    areas: Path,
    network: str,
    shelters: Path | None,
    rivers: Path | None,
    area_sets: Path | None,
    every_seconds: float,
    once: bool,
) -> None:
    """Write HTML and JSON of every shard into FOLDER, again and again; each page says how old it is."""
    from api.residents.app import REFRESH_JS
    from api.residents.process import reading
    from shirase.demo.town import shown_town
    from shirase.static_export import StaticExport

    town = shown_town(network, shelters, area_sets, rivers)
    with reading(broker, table_at(areas) if areas.is_file() else None, town) as read:
        until = time.monotonic() + _READY_WITHIN_SECONDS
        while not read.residents.freshness().ready:
            if time.monotonic() > until:
                raise StreamsError("the topics cannot be read; nothing was written, an older copy stays")
            time.sleep(0.1)
        export = StaticExport(folder, read.board, read.residents.first_page, REFRESH_JS, read.whole_map)
        while True:
            files = export.write(read.residents.freshness(), datetime.now(UTC))
            if once:
                click.echo(f"{files} files in {folder}")
                return
            time.sleep(every_seconds)
