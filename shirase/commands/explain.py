"""`shirase explain`: say why: what holds in a cell, which document says so, and where its people could go."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import click
import h3.api.basic_int as h3

from alerts.claim import HazardSnapshot
from alerts.hazard import HazardKind
from alerts.notice import Notice, Recipients
from alerts.place import HAZARD_RESOLUTION, Cell
from geo.cells import contains, shard_of
from geo.depth import depth_text
from geo.hazard_map import worst_at
from geo.river_zone import RiverZones, endangered_at
from shirase.areas import ensure_table, river_zones_at, table_at
from shirase.commands.options import any_broker_option, areas_option, river_zones_option, town_options
from shirase.demo.run import DEMO_CITY
from shirase.demo.terminal import Terminal
from streams.brokers.client import read_to_end
from streams.topics import HAZARDS, NOTICES
from streams.wire import decode


@click.command()
@click.argument("cell")
@any_broker_option
@river_zones_option
@areas_option
@town_options("why not a nearer one of them")
def explain(cell: str, broker: str, areas: Path, river_zones: Path | None, network: str, shelters: Path | None) -> None:
    """Say what holds in CELL (an H3 index or LAT,LNG), who said so, and where the nearest open shelter is."""
    with Terminal(live=False, page=False) as terminal:
        ensure_table(areas, terminal.progress)
    where = None if broker == "embedded" else broker
    click.echo(explain_cell(cell, areas, where, river_zones, network=network, shelters=shelters))


def explain_cell(
    named: str,
    areas: Path,
    broker: str | None,
    river_zones: Path | None = None,
    *,
    network: str = DEMO_CITY,
    shelters: Path | None = None,
) -> str:
    """Return what is known of *named*, an H3 index or ``lat,lng``; hazards need a *broker*.

    Hazards say by what they came to the cell (its area, or the ground of a river); notices say whom they
    were for, and which were told to nobody because another source had told as much. *network* and *shelters*
    name the worker's town: a nearer site is one of its own lists.

    Raises:
        ValueError: *named* is neither.
    """
    cell = cell_of(named)
    lat, lng = h3.cell_to_latlng(cell)
    names = "、".join(f"{name.ja} ({name.en})" for name in table_at(areas).area_at(cell)) or "no municipality known"
    lines = [
        f"cell {cell:x} at {lat:.5f},{lng:.5f}, shard {shard_of(cell):x}",
        f"areas: {names}",
        *zone_lines(river_zones_at(river_zones), cell),
        *(_hazards(cell, broker) if broker else ["hazards: give --broker HOST:PORT to read what holds here"]),
        *(notice_lines(_notices(broker), cell) if broker else []),
        *(_published(cell, broker, network, shelters) if broker else ()),
        *(_way(cell) if network.partition(":")[0] == DEMO_CITY else ()),
    ]
    return "\n".join(lines)


def zone_lines(table: RiverZones, cell: Cell) -> list[str]:
    """Return which rivers endanger *cell*, how deep, and by which map."""
    rows = endangered_at(table, cell)
    if not rows:
        return ["river zones: no row of the table holds this cell; that is not a dry place"]
    return [
        "river zones:",
        *(
            f"  {row.river} {row.zone}: {depth_text(row.depth, 'ja')} ({depth_text(row.depth, 'en')}), "
            f"by {row.source} of {row.date}"
            for row in rows
        ),
    ]


def notice_lines(notices: Iterable[Notice], cell: Cell) -> list[str]:
    """Return what was said about *cell*, notice by notice, and to whom."""
    found = [
        f"  {notice.sent:%Y-%m-%d %H:%M}Z {part.phase.value} for {_WHOM[part.recipients]}: "
        f"{part.texts[0].title if part.texts else ''} ({notice.issuer}, {notice.lineage} revision {notice.revision})"
        for notice in notices
        for part in notice.parts
        if contains(part.cells, cell)
    ]
    return ["notices about this cell:", *found] if found else ["notices: none was about this cell"]


_WHOM = {
    Recipients.CELLS: "everybody here",
    Recipients.TOLD: "those here who were told before",
    Recipients.NOBODY: "nobody (another source had told as much)",
    Recipients.ALL_TOLD: "all who were told, wherever they are",
}


def _notices(broker: str) -> Iterator[Notice]:
    for record in read_to_end(broker, NOTICES.name):
        if record.value is not None:
            yield decode(Notice, record.value)


def cell_of(named: str) -> Cell:
    """Return the cell that *named* means."""
    if "," in named:
        off = ValueError(f"{named} is no place: latitude first, e.g. 35.6895,139.6917")
        try:
            lat, lng = (float(part) for part in named.split(",", 1))
        except ValueError:
            raise off from None
        if not (-90 <= lat <= 90 and -180 <= lng <= 180):
            raise off
        return Cell(h3.latlng_to_cell(lat, lng, HAZARD_RESOLUTION))
    try:
        cell = h3.str_to_int(named)
    except ValueError as error:
        raise ValueError(f"{named} is neither an H3 index nor LAT,LNG") from error
    if not h3.is_valid_cell(cell) or h3.get_resolution(cell) != HAZARD_RESOLUTION:
        raise ValueError(f"{named} is no H3 cell of resolution {HAZARD_RESOLUTION}")
    return Cell(cell)


def _hazards(cell: Cell, broker: str) -> list[str]:
    newest: HazardSnapshot | None = None
    key = b"%x" % shard_of(cell)
    for record in read_to_end(broker, HAZARDS.name):
        if record.key == key and record.value is not None:
            newest = decode(HazardSnapshot, record.value)
    verdict = worst_at(newest, cell) if newest else None
    if newest is None or verdict is None:
        return ["hazards: nothing is held against this cell; this is not an all-clear"]
    level = f"level {int(verdict.level)}" if verdict.level is not None else verdict.severity.value
    return [f"hazards: {level}, map version {newest.version}", *(f"  {reason}" for reason in verdict.reasons)]


def _published(cell: Cell, broker: str, network: str, shelters: Path | None) -> list[str]:
    """Return the way as it was told, why this shelter and why not a nearer one."""
    from shirase.demo.town import town_named
    from shirase.plan_state import explained, facts_at, plans_at, shard_plan

    plan = shard_plan(cell, plans_at(broker, None))
    sites = facts_at(broker, town_named(network, shelters), None).shelters() if plan is not None else ()
    return explained(cell, plan, sites)


def _way(cell: Cell) -> list[str]:
    """Return the nearest open shelter by hazard in the demo city, whose places are made up."""
    # Imported here: every worker starts through the command line, and the city's road network costs it a second.
    from shirase.demo.city import city
    from shirase.demo.nearest import nearest_shelter

    demo = city()
    kinds = (HazardKind.FLOOD, HazardKind.EARTHQUAKE)
    return [
        f"{demo.label}, nearest open and fit shelter:",
        *(f"  {nearest_shelter(demo, cell, kind).text}" for kind in kinds),
    ]
