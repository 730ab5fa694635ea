"""`shirase hazards` and `shirase seam`: the map of any moment, and whom a notice reached across ward lines."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from alerts.claim import HazardSnapshot
from alerts.notice import Notice
from alerts.wording import JAPAN
from geo.cells import difference, expand, union
from geo.seam import seam_report
from shirase.areas import named_areas_at, river_zones_at, table_at
from shirase.commands.options import area_sets_option, areas_option, policy_option, river_zones_option
from shirase.demo.wards import WARDS
from shirase.errors import ShiraseError
from streams.gauges.river_desk import assumed_ties

_broker = click.option("--broker", envvar="SHIRASE_BROKER", help="HOST:PORT of Apache Kafka; also SHIRASE_BROKER.")


@click.command("hazards")
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@_broker
@click.option("--at", "moment", help="ISO time; what had been received by then. Default: everything.")
@click.option("--geojson", "as_geojson", is_flag=True, help="Write GeoJSON to standard output.")
@click.option("--png", type=click.Path(path_type=Path), help="Draw the map into this file.")
@policy_option
@river_zones_option
@area_sets_option
@areas_option
def hazards(
    paths: tuple[Path, ...],
    broker: str | None,
    moment: str | None,
    as_geojson: bool,
    png: Path | None,
    policy: Path,
    river_zones: Path | None,
    area_sets: Path | None,
    areas: Path,
) -> None:
    """Show what held at a moment: computed again from `telegrams`, or from documents in PATHS.

    Expiry ends nothing: what was not lifted by then holds.
    """
    at = _time(moment)

    def work() -> dict[Any, HazardSnapshot]:
        from shirase.policy_file import policy_at
        from streams.hazards.recompute import maps_of

        arrivals = _from_files(paths) if paths else _from_broker(broker)
        until = ((key, arrival) for key, arrival in arrivals if at is None or arrival.received <= at)
        table = table_at(areas)
        return maps_of(
            until,
            table=table,
            policy=policy_at(policy),
            rivers=river_zones_at(river_zones),
            named=named_areas_at(area_sets, table),
        )

    maps = work()
    from api.drawing.faces import faces_of

    found = tuple(face for shard in sorted(maps) for face in faces_of(maps[shard]))
    if png is not None:
        from shirase.hazard_picture import draw_png

        table = table_at(areas)
        wards = [(ward.name, cells) for ward in WARDS if (cells := _mostly_of(table, ward.code))]
        written = draw_png(
            found,
            png,
            title="危険の地図",
            at=at or datetime.now(UTC),
            wards=wards,
            attribution=table.source.attribution,
        )
        click.echo(written, err=as_geojson)
    if as_geojson:
        from api.drawing.geojson import collection

        click.echo(collection(found, at).decode())
    elif png is None:
        click.echo(
            f"{len(maps)} shards, {len(found)} faces, {len(expand(union(*(face.cells for face in found))))} cells"
        )


@click.command("seam")
@_broker
@click.option("--lineage", help="Only notices of this lineage.")
@click.option("--population", type=click.Path(exists=True, path_type=Path), help="CSV of mesh,people; else the demo's.")
@areas_option
def seam(broker: str | None, lineage: str | None, population: Path | None, areas: Path) -> None:
    """Say per notice who across a ward line was told and who was not, and what ward codes would have done."""

    def work() -> None:
        people = _people(population)
        ward_of = _ward_of(table_at(areas))
        ties = assumed_ties(_maps(broker))
        for notice in _notices(broker):
            cells = union(*(part.cells for part in notice.parts)) if notice.parts else ()
            if cells and (lineage is None or notice.lineage == lineage):
                click.echo(f"{notice.lineage} revision {notice.revision}, {notice.issuer}:")
                assumed = union(*(one.cells for one in ties if one.lineage == notice.lineage))
                for line in seam_report(cells, ward_of, people, assumed=assumed).lines():
                    click.echo(f"  {line}")

    work()


def _from_files(paths: Iterable[Path]) -> Iterator[tuple[bytes, Any]]:
    from feeds.archive import documents
    from feeds.read import series_of
    from streams.ingest.settlement import Arrival

    for number, document in enumerate(documents(paths)):
        received = document.sent or datetime.fromtimestamp(0, UTC)
        key = series_of(document.raw).encode()
        yield key, Arrival(document.raw, str(number), document.name, "", received, timedelta(0))


def _from_broker(broker: str | None) -> Iterator[tuple[bytes, Any]]:
    from streams.brokers.client import read_to_end
    from streams.ingest.agent import arrival_of
    from streams.topics import TELEGRAMS

    if broker is None:
        raise ShiraseError("give --broker HOST:PORT, or PATHS of documents")
    for record in read_to_end(broker, TELEGRAMS.name):
        yield record.key, arrival_of(record)


def _notices(broker: str | None) -> Iterator[Notice]:
    from streams.brokers.client import read_to_end
    from streams.topics import NOTICES
    from streams.wire import decode

    if broker is None:
        raise ShiraseError("give --broker HOST:PORT")
    for record in read_to_end(broker, NOTICES.name):
        if record.value is not None:
            yield decode(Notice, record.value)


def _maps(broker: str | None) -> Iterator[HazardSnapshot]:
    """Return the newest map of each shard."""
    from streams.brokers.client import read_to_end
    from streams.topics import HAZARDS
    from streams.wire import decode

    if broker is None:
        raise ShiraseError("give --broker HOST:PORT")
    newest = {record.key: record.value for record in read_to_end(broker, HAZARDS.name)}
    return (decode(HazardSnapshot, value) for value in newest.values() if value is not None)


def _people(population: Path | None) -> dict[int, int]:
    if population is not None:
        from geo.importers.population import read_csv

        return read_csv(population)
    from shirase.demo.city import people

    demo = people()
    return dict(zip(demo.cells.tolist(), demo.people.tolist(), strict=True))


def _ward_of(table: Any) -> dict[int, str]:
    """Return the ward of each cell: the one that has most of it."""
    found: dict[int, str] = {}
    for ward in WARDS:
        for cell in expand(_cells_of(table, ward.code)):
            first = table.area_at(cell)[0]
            if first.code == ward.code:
                found[cell] = ward.name
    return found


def _cells_of(table: Any, code: str) -> Any:
    from alerts.alert import GEOCODE_CLASS20, Geocode

    cover = table.lookup(Geocode(GEOCODE_CLASS20, code))
    return cover.cells if cover is not None else ()


def _mostly_of(table: Any, code: str) -> Any:
    """Return the cells of which at least half lies in the area: two wards share no line then."""
    from alerts.alert import GEOCODE_CLASS20, Geocode

    cover = table.lookup(Geocode(GEOCODE_CLASS20, code))
    return difference(cover.cells, cover.partial) if cover is not None else ()


def _time(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--at") from error
    return at if at.tzinfo is not None else at.replace(tzinfo=JAPAN)
