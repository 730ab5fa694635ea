"""Show the river gauges as the gauges stage has them: where the water stands, and which of them are silent."""

from collections.abc import Iterable
from datetime import UTC, datetime

import click

from geo.gauges.silence import Voice, voice_at
from shirase.commands.options import broker_option
from streams.brokers.client import read_to_end
from streams.gauges.record import GaugeRecord
from streams.topics import GAUGES
from streams.wire import decode


def newest_records(bootstrap: str) -> tuple[GaugeRecord, ...]:
    """Return the newest word on each station."""
    newest: dict[bytes, GaugeRecord] = {}
    for record in read_to_end(bootstrap, GAUGES.name):
        if record.value is not None:
            newest[record.key] = decode(GaugeRecord, record.value)
    return tuple(newest.values())


def board(records: Iterable[GaugeRecord], at: datetime, *, everything: bool = False) -> list[str]:
    """Return a line for each station with a level or a doubt, the highest level first; *everything* for all.

    A silent station stands among them with its level: nobody knows how high the water is, and it is not calm.
    """
    lines = []
    for record in sorted(records, key=lambda one: (-one.level, one.station)):
        voice = voice_at(record.heard_at, record.level, record.doubt, at)
        if not everything and record.level == 0 and voice is not Voice.DOUBTFUL:
            continue
        name = record.described.name if record.described is not None else "(not described)"
        stage = f"{record.stage.value_m:.2f} m" if record.stage is not None else "no stage"
        age = _age(record.heard_at, at)
        why = f"{record.doubt.value}: {record.reason}" if record.doubt is not None else record.reason
        ahead = "; ".join(
            f"in {one.horizon_minutes} min {one.stage_m:.2f} m ({one.low_m:.2f} to {one.high_m:.2f})"
            for one in record.forecasts
        )
        lines.append(f"level {record.level}  {stage:>10}  {voice.value:<8}  {age:>10}  {name}  {record.station}  {why}")
        if ahead:
            lines.append(f"         forecast, for coordinators: {ahead}")
    return lines


def _age(heard_at: datetime | None, at: datetime) -> str:
    if heard_at is None:
        return "never"
    minutes = int((at - heard_at).total_seconds() // 60)
    return f"{minutes} min ago" if minutes < 180 else f"{minutes // 60} h ago"


@click.command("gauges")
@broker_option
@click.option("--all", "everything", is_flag=True, help="Those without a level too.")
def gauges(broker: str, everything: bool) -> None:
    """Say where the rivers stand, by which gauge, and which gauges are silent or not believed."""
    lines = board(newest_records(broker), datetime.now(UTC), everything=everything)
    click.echo("\n".join(lines) if lines else "no gauge holds a level")
