"""`shirase channels`: where each revision stands on the channels besides the fan-out, and what a person typed in."""

import json
from dataclasses import asdict
from datetime import UTC, datetime

import click

from feeds.outgoing.forms import Form
from shirase.commands.options import broker_option


@click.group("channels")
def channels() -> None:
    """What left for L-Alert, screens, loudspeakers and the wards' own gateways."""


@channels.command("list")
@broker_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def list_(broker: str, as_json: bool) -> None:
    """Show each revision, ward and form with its state."""
    from streams.outward.stage import states

    for record in sorted(states(broker).values(), key=lambda one: (one.at, one.lineage, one.ward, one.form)):
        if as_json:
            click.echo(json.dumps(asdict(record), ensure_ascii=False, default=str))
            continue
        marks = " ".join(mark for mark, is_so in (("drill", record.drill), ("correction", record.correction)) if is_so)
        why = " ".join(filter(None, (record.reason, record.by and f"by {record.by}", marks)))
        click.echo(
            f"{record.lineage}.{record.revision}  {record.ward}  {record.form:<12} {record.state.value:<14} {why}"
        )


@channels.command("typed")
@broker_option
@click.option("--ward", required=True, help="The municipality's five digits.")
@click.option("--form", type=click.Choice([form.value for form in Form]), required=True)
@click.option("--by", required=True, help="Who typed it in at the other system.")
@click.argument("lineage")
@click.argument("revision", type=click.IntRange(1))
def typed(broker: str, ward: str, form: str, by: str, lineage: str, revision: int) -> None:
    """Write down that REVISION of LINEAGE was typed in by hand where the channel failed."""
    from streams.outward.stage import typed_by_hand

    try:
        record = typed_by_hand(
            broker, lineage=lineage, revision=revision, ward=ward, form=Form(form), by=by, at=datetime.now(UTC)
        )
    except KeyError:
        raise click.ClickException(f"{lineage}.{revision} was never to leave as {form} for {ward}") from None
    click.echo(f"{record.lineage}.{record.revision} {record.form}: {record.state.value} by {record.by}")
