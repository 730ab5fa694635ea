"""`shirase import roads` and `shirase import shelters`: what was read, what was dropped and why, a picture."""

from pathlib import Path

import click

from shirase.demo.terminal import Terminal
from shirase.paths import DEFAULT_ROADS, DEFAULT_SITES

_picture = click.option("--picture", type=click.Path(path_type=Path), help="Also draw what was read, as PNG.")


@click.group("import")
def import_group() -> None:
    """Import road networks and shelter lists."""


@import_group.command("roads")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), default=DEFAULT_ROADS, show_default=True)
@_picture
def import_roads(path: Path, out: Path, picture: Path | None) -> None:
    """Import the walking network at PATH into one network file.

    PATH is an OpenStreetMap file (.osm, .osm.gz, .osm.pbf), an Overpass answer in JSON, OSMnx GraphML,
    GMNS GeoJSON or 歩行空間ネットワーク (either file of the pair), a CrowdWalk map, CSV links, or the
    prefix of a binary ngraph pair.
    """
    from routing.importers.network_file import write_network
    from routing.importers.roads import read_roads
    from shirase.ways_picture import Panel, draw

    with Terminal(live=False, page=False) as terminal:
        steps = 3 if picture else 2
        terminal.progress("reading roads", 0, steps)
        found = read_roads(path)
        terminal.progress("writing the network", 1, steps)
        out.parent.mkdir(parents=True, exist_ok=True)
        write_network(out, found.network)
        if picture:
            terminal.progress("drawing", 2, steps)
            draw(picture, [Panel(found.network, f"{path.name}: {found.report.roads} roads")])
        terminal.progress("roads", steps, steps)
    click.echo(found.report.text)
    click.echo(out)


@import_group.command("shelters")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--roads", type=click.Path(exists=True, path_type=Path), help="Network on which they must stand.")
@click.option("--out", type=click.Path(path_type=Path), default=DEFAULT_SITES, show_default=True)
@_picture
def import_shelters(paths: tuple[Path, ...], roads: Path | None, out: Path, picture: Path | None) -> None:
    """Import shelter lists: national ones (GSI, GeoJSON) and municipal tables (CSV), files or folders.

    With --roads also says which sites are too far from any way, or outside the map; they stay in the
    file, because another network may hold them.
    """
    from routing.importers.roads import read_roads
    from routing.importers.shelter_file import write_sites
    from routing.importers.shelters import read_shelters
    from routing.site import place_on
    from shirase.ways_picture import Panel, Shown, draw

    if picture and roads is None:
        raise click.UsageError("--picture needs --roads: shelters alone are points on nothing")
    with Terminal(live=False, page=False) as terminal:
        terminal.progress("reading lists", 0, 2)
        found = read_shelters(paths)
        network = read_roads(roads).network if roads else None
        out.parent.mkdir(parents=True, exist_ok=True)
        write_sites(out, found.sites)
        terminal.progress("shelters", 2, 2)
    click.echo(found.report.text)
    if network is not None:
        placed, far = place_on(network, found.sites)
        click.echo(f"on {roads}: {len(placed)} sites; too far from any way, or outside: {len(far)}")
        if picture:
            draw(picture, [Panel(network, f"{len(placed)} shelters", Shown(shelters=placed))])
    click.echo(out)
