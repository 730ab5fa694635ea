"""`shirase check open`: the draft of today's check of reception, where it is a day of checks (R19)."""

import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from alerts.errors import CheckDaysError
from alerts.reception_check import NoCheck, days_from_plain
from alerts.wording import JAPAN
from shirase.commands.exits import NOT_UP, stop
from shirase.commands.options import broker_option
from shirase.paths import DEFAULT_AREAS, DEFAULT_CHECKS

if TYPE_CHECKING:
    from streams.payloads import Draft

_STORED_WITHIN_SECONDS = 30.0


@click.group("check")
def check() -> None:
    """Checks of reception: on two days a year everybody is sent a push that asks for nothing."""


@check.command("open")
@broker_option
@click.option(
    "--checks",
    type=click.Path(path_type=Path),
    envvar="SHIRASE_CHECKS",
    default=DEFAULT_CHECKS,
    show_default=True,
    help="The days; as SHIRASE_CHECKS.",
)
@click.option(
    "--areas",
    type=click.Path(path_type=Path),
    envvar="SHIRASE_AREAS",
    default=DEFAULT_AREAS,
    show_default=True,
    help="Area table; as SHIRASE_AREAS.",
)
def open_check(broker: str, checks: Path, areas: Path) -> None:
    """Open the draft of today's check for the wards whose day it is; run it each morning.

    Nothing goes out by it: two persons approve the draft on the console. On any other day, and a second time on the
    same day, it changes nothing. Exit code 1: the register is wrong; 3: no area table, or no broker.
    """
    from streams.brokers.client import Producer
    from streams.brokers.errors import StreamsError
    from streams.payloads import Command, Verb
    from streams.topics import COMMANDS
    from streams.wire import encode

    at = datetime.now(UTC)
    found = draft_at(checks, areas, at)
    if isinstance(found, NoCheck):
        click.echo(f"shirase: no draft: {found}")
        return
    command = Command(Verb.CREATE, found.draft, "check", at, draft=found)
    try:
        with Producer(broker) as producer:
            sent = producer.send(COMMANDS.name, found.notice.lineage.encode(), encode(command))
            sent.result(_STORED_WITHIN_SECONDS)
    except (StreamsError, TimeoutError) as error:
        stop(f"the broker did not take it: {type(error).__name__}; safe to run again", NOT_UP)
    click.echo(f"shirase: {found.draft} waits for two persons on the console until {found.notice.expires:%H:%M %Z}")


def draft_at(checks: Path, areas: Path, at: datetime) -> "Draft | NoCheck":
    """Return the draft of the day of *at* in Japan, or why there is none; ends the process where a file is wrong."""
    from api.known.wards import Ground
    from geo.cells import union
    from shirase.areas import table_at
    from streams.notices.check import check_draft

    try:
        days = days_from_plain(tomllib.loads(checks.read_text(encoding="utf-8")))
    except (OSError, ValueError, CheckDaysError) as error:
        stop(f"{checks}: {error}")
    day = at.astimezone(JAPAN).date()
    if not areas.exists():
        stop(f"there is no area table at {areas}; make it with `shirase areas`", NOT_UP)
    ground = Ground(table_at(areas))
    unknown = sorted(set(days.wards) - {code[:5] for code in ground.names})
    if unknown:
        stop(f"{checks}: {unknown[0]} is no ward of the area table")
    due = days.wards_on(day, frozenset(code[:5] for code in ground.names))
    if not due:
        return NoCheck.NO_DAY
    if days.ends_at(day) <= at:
        return NoCheck.DAY_OVER
    cells = union(*(ground.cells[name] for code, name in ground.names.items() if code[:5] in due))
    names = [name for code, name in ground.names.items() if code[:5] in due]
    # Somebody who asked for the whole city, or lives in one ward and works in another, is asked once for all of them.
    place = names[0] if len(names) == 1 else days.issuer
    return check_draft(days, place=place, cells=cells, day=day, at=at)
