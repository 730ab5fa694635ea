"""`shirase areas`: the built-in area table, and what is imported beside it."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import click

from geo.area_set import AreaSetKind, ImportReport
from shirase.areas import ensure_table
from shirase.commands.options import areas_option
from shirase.demo.terminal import Terminal
from shirase.paths import DEFAULT_LIBRARY, DEFAULT_RIVER_ZONES, DEFAULT_RIVERS

_day = click.option("--date", "day", required=True, help="ISO date from which this source's areas hold.")
_source = click.option("--source", required=True, help="What the data are and from whom, e.g. N03-21.")
_attribution = click.option("--attribution", default="", help="The credit that their licence asks for.")
_encoding = click.option("--encoding", help="Of a shapefile's attributes, e.g. CP932; else as the file says.")
_files = click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))


@click.group("areas", invoke_without_command=True)
@areas_option
@click.pass_context
def areas_group(context: click.Context, areas: Path) -> None:
    """Build the area table of all Japan unless it is there as this release builds it; import other areas."""
    if context.invoked_subcommand is None:
        with Terminal(live=False, page=False) as terminal:
            click.echo(ensure_table(areas, terminal.progress, newest=True))


@areas_group.command("import")
@click.argument("kind", type=click.Choice([kind.value for kind in AreaSetKind]))
@_files
@_day
@_source
@_attribution
@click.option("--code", default="", help="Attribute that holds the code, e.g. N03_007.")
@click.option("--name", default="", help="Attribute that holds the Japanese name.")
@click.option("--depth", default="", help="Attribute that holds a depth rank.")
@click.option("--layer", help="Layer of a GeoPackage.")
@_encoding
@click.option("--library", type=click.Path(path_type=Path), default=DEFAULT_LIBRARY, show_default=True)
def import_areas(
    kind: str,
    paths: tuple[Path, ...],
    day: str,
    source: str,
    attribution: str,
    code: str,
    name: str,
    depth: str,
    layer: str | None,
    encoding: str | None,
    library: Path,
) -> None:
    """Import areas of KIND from GeoJSON, GeoPackage, shapefiles, or 町丁目 lists in JSON.

    Says what was mended and what was left out, and why; what is left out is counted, never lost.
    """
    from geo.importers import area_set_file
    from geo.importers.area_sets import Columns, Imported, Origin, import_chome, import_vector

    def work(progress: Callable[[str, int, int], None]) -> Imported:
        origin = Origin(_day_of(day), source, attribution)
        if kind == AreaSetKind.CHOME and all(path.suffix == ".json" for path in paths):
            return import_chome(paths, origin, progress=progress)
        if len(paths) > 1:
            raise click.UsageError("one vector file at a time: each is a set of its own date")
        columns = Columns(code, name, "", depth)
        return import_vector(
            AreaSetKind(kind), paths[0], origin, columns, encoding=encoding, layer=layer, progress=progress
        )

    with Terminal(live=False, page=False) as terminal:
        found = work(terminal.progress)
        _tell(found.report)
        click.echo(area_set_file.save(found.areas, library))


@areas_group.command("river-zones")
@_files
@_day
@_source
@_encoding
@click.option(
    "--rivers", type=click.Path(exists=True, path_type=Path), help="JSON: name of a river to its number (A31 of 2012)."
)
@click.option("--out", type=click.Path(path_type=Path), default=DEFAULT_RIVER_ZONES, show_default=True)
def import_river_zones(
    paths: tuple[Path, ...], day: str, source: str, encoding: str | None, rivers: Path | None, out: Path
) -> None:
    """Import which ground each river endangers from flood maps A31 with attributes; adds to what OUT holds."""
    from geo.importers import river_zone_file
    from geo.importers.a31 import import_a31
    from geo.importers.area_sets import Origin
    from geo.river_zone import merged

    names: dict[str, str] = json.loads(rivers.read_text(encoding="utf-8")) if rivers else {}
    with Terminal(live=False, page=False) as terminal:
        tables = [river_zone_file.load(out)] if out.exists() else []
        for path in paths:
            origin = Origin(_day_of(day), source)

            def one(path: Path = path, origin: Origin = origin) -> Any:
                return import_a31(path, origin, rivers=names, encoding=encoding, progress=terminal.progress)

            table, report = one()
            click.echo(f"{path.name}:")
            _tell(report)
            tables.append(table)
        click.echo(river_zone_file.save(merged(tables), out))


@areas_group.command("rivers")
@_files
@click.option("--name", required=True, help="Attribute that holds the river's name, e.g. W05_004.")
@click.option("--code", default="", help="Attribute that tells rivers of one name apart, e.g. W05_002.")
@click.option("--layer", help="Layer of a GeoPackage.")
@_encoding
@click.option("--out", type=click.Path(path_type=Path), default=DEFAULT_RIVERS, show_default=True)
def import_rivers(
    paths: tuple[Path, ...], name: str, code: str, layer: str | None, encoding: str | None, out: Path
) -> None:
    """Import the lines of rivers (国土数値情報 W05 and the like), along which coordinators draw areas by name."""
    from geo.importers import river_zone_file
    from geo.importers.courses import import_courses
    from geo.river_zone import RiverZones, merged

    with Terminal(live=False, page=False) as terminal:
        tables = []
        for path in paths:

            def one(path: Path = path) -> Any:
                return import_courses(
                    path, name=name, code=code, layer=layer, encoding=encoding, progress=terminal.progress
                )

            found = one()
            click.echo(f"{path.name}:")
            _tell(found.report)
            tables.append(RiverZones((), found.courses))
        click.echo(river_zone_file.save(merged(tables), out))


@areas_group.command("list")
@click.option("--library", type=click.Path(path_type=Path), default=DEFAULT_LIBRARY, show_default=True)
def list_areas(library: Path) -> None:
    """List the imported sets by kind and date."""
    from geo.importers.area_set_file import load_library

    found = load_library(library)
    if not any(found.dates(kind) for kind in AreaSetKind):
        click.echo(f"no set below {library}: shirase areas import", err=True)
    for kind in AreaSetKind:
        for day in found.dates(kind):
            one = found.on(kind, date.fromisoformat(day))
            assert one is not None, "a set holds on its own first day"
            click.echo(f"{kind.value:<15} {day}  {len(one.features):>7,} areas  {one.source}")


def _tell(report: ImportReport) -> None:
    for line in report.lines():
        click.echo(f"  {line}")


def _day_of(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--date") from error
