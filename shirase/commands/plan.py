"""`shirase plan` and `shirase approve`: the ways as they were published, and a draft that a person lets go."""

import json
from datetime import UTC, datetime
from pathlib import Path

import click

from shirase.commands.options import broker_option, town_options
from streams.brokers.client import Producer, read_to_end
from streams.payloads import Command, DraftRecord, Verb
from streams.topics import COMMANDS, DRAFTS
from streams.wire import decode, encode

_STORED_WITHIN_SECONDS = 30.0


@click.command("plan")
@broker_option
@click.option("--at", "moment", help="ISO time: as it was published by then; an hour back for certain. Default: now.")
@click.option("--geojson", "as_geojson", is_flag=True, help="Write the ways as GeoJSON to standard output.")
@click.option("--png", type=click.Path(path_type=Path), help="Draw the ways into this file; needs --network.")
@town_options("drawn beside the ways")
def plan(
    broker: str, moment: str | None, as_geojson: bool, png: Path | None, network: str, shelters: Path | None
) -> None:
    """Show where people are told to go, cell by cell."""
    # Imported here: every worker starts through the command line, and what reads a network costs it a second.
    from shirase.demo.town import town_named
    from shirase.plan_state import facts_at, geojson_of, plans_at
    from shirase.ways_picture import Panel, Shown, draw

    at = _time(moment)
    plans = plans_at(broker, at)
    if png is not None:
        town = town_named(network, shelters)
        facts = facts_at(broker, town, at)
        entries = [entry for found in plans.values() for entry in found.cells]
        closed = frozenset(road for one in facts.closures(at or datetime.now(UTC)) for road in one.road_ids)
        shown = Shown(shelters=facts.shelters(), cells=entries, closed=closed)
        draw(png, [Panel(town.network, f"避難の道 {(at or datetime.now(UTC)):%Y-%m-%d %H:%M} UTC", shown)])
        click.echo(f"{len(entries)} cells in {png}", err=True)
    if as_geojson:
        click.echo(json.dumps(geojson_of(plans.values()), ensure_ascii=False))
        return
    for shard, found in sorted(plans.items()):
        told: dict[str, int] = {}
        for entry in found.cells:
            advice = entry.parts[0].general.advice.value
            told[advice] = told.get(advice, 0) + 1
        sums = ", ".join(f"{advice} {count}" for advice, count in sorted(told.items()))
        click.echo(f"{shard:x} version {found.version} facts {found.facts_at.isoformat()}: {sums}")


@click.command("approve")
@click.argument("draft")
@broker_option
@click.option("--by", required=True, help="Who approves; it is stored with the notice.")
def approve(draft: str, broker: str, by: str) -> None:
    """Let a draft go that waits for a person: exactly what it shows, by its digest.

    Who may do this is the console's to check: this command is for whoever may write to the broker anyway.
    """
    known: DraftRecord | None = None
    for record in read_to_end(broker, DRAFTS.name):
        if record.key == draft.encode() and record.value is not None:
            known = decode(DraftRecord, record.value)
    if known is None or known.draft is None:
        state = "unknown" if known is None else known.state.value
        raise click.ClickException(f"draft {draft} cannot be approved: it is {state}")
    notice = known.draft.notice
    for part in notice.parts[:3]:
        click.echo("\n".join(f"{text.title}\n  {text.body}" for text in part.texts if text.language == "ja"))
    command = Command(Verb.APPROVE, draft, by=by, at=datetime.now(UTC), digest=notice.digest)
    with Producer(broker) as producer:
        key = known.lineage.encode()
        producer.send(COMMANDS.name, key, encode(command)).result(_STORED_WITHIN_SECONDS)
    click.echo(f"approval of {draft} is stored; digest {notice.digest[:12]}, {len(notice.parts)} parts")


def _time(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--at") from error
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
