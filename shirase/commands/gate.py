"""`shirase gate`: codes for the doors of shelters, good for one event (R17)."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from shirase.commands.exits import stop

_keys = click.option(
    "--keys", type=click.Path(path_type=Path), required=True, help="Folder of the events' keys, mode 0700."
)
# Of a list that calls wards otherwise than was typed, enough to see how.
_MOST_WARDS_NAMED = 30
_EVENT = r"[A-Za-z0-9_-]{1,40}"


@click.group()
def gate() -> None:
    """Codes by which shelters report how full they are: no account, one shelter, one event."""


@gate.command("open")
@click.argument("event")
@click.option(
    "--sites",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    required=True,
    help="Shelters, as `shirase import shelters` wrote them.",
)
@click.option("--ward", "wards", multiple=True, help="Only the sites of these wards, as their lists name them.")
@click.option("--url", required=True, help="https address of the intake door, as phones reach it.")
@click.option("--hours", type=click.IntRange(1, 24 * 30), default=72, show_default=True, help="Until the codes end.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Where the sheets to print are written.")
@_keys
def open_gate(event: str, sites: Path, wards: tuple[str, ...], url: str, hours: int, out: Path, keys: Path) -> None:
    """Begin EVENT: make its key, and a sheet with a code for the door of each shelter."""
    from routing.importers.shelter_file import read_sites
    from shirase.gate_sheets import begin_event, sheets_for, write_sheets

    if not re.fullmatch(_EVENT, event):
        raise click.BadParameter("letters, digits, - and _", param_hint="EVENT")
    if not url.startswith("https://"):
        raise click.BadParameter("phones reach it by https://", param_hint="--url")
    listed = read_sites(sites)
    chosen = [site for site in listed if not site.out_of_use and (not wards or site.ward in wards)]
    if not chosen:
        known = ", ".join(sorted({site.ward or "-" for site in listed})[:_MOST_WARDS_NAMED])
        stop(f"no shelter of these wards is on the list, which names {known or 'none'}")
    key, ends = begin_event(event, keys), datetime.now(UTC) + timedelta(hours=hours)
    sheet = out / f"{event}.html"
    write_sheets(sheet, event, sheets_for(event, key, chosen, url=url, ends=ends))
    click.echo(f"{len(chosen):,} sheets in {sheet}; `shirase gate close {event} --keys {keys}` ends them all")


@gate.command("close")
@click.argument("event")
@_keys
def close_gate(event: str, keys: Path) -> None:
    """End EVENT: all its codes say that it is over, at once."""
    path = keys / f"{event}.key"
    if not path.is_file() or path.parent != keys:
        stop(f"no event {event} is on")
    path.unlink()
    click.echo(f"{event} is over; its codes report nothing any more")
