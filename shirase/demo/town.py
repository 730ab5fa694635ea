"""The town that the evacuation worker plans for: its network, its shelters, and who lives where."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import h3.api.basic_int as h3

from alerts.place import HAZARD_RESOLUTION, Cell
from api.live.here import PlaceName
from api.live.town import ShownTown
from geo.area_set import AreaSetKind
from geo.cells import expand
from geo.importers.area_set_file import load_library
from routing.errors import RoutingError
from routing.ground import Ground
from routing.importers.network_file import open_network
from routing.importers.shelter_file import read_sites
from routing.shelter import Shelter
from routing.site import Site, place_on
from shirase.areas import river_zones_at
from shirase.demo.city import city
from shirase.demo.rivers import RIVERS
from shirase.demo.run import DEMO_CITY
from shirase.demo.wards import WARDS
from shirase.errors import TownUnreadable
from shirase.ward_modes import ward_modes_at
from streams.evacuation.town import Town
from streams.settings import SettingMissing, WorkerSettings

# Of those who are told to leave most go to relatives or upstairs: in the rains of July 2018 a few in a hundred
# came to a shelter. The made-up sites of the made-up city have room for so many.
COME_TO_A_SHELTER = 0.03


def town_of(settings: WorkerSettings) -> Town:
    """Return the town that *settings* name.

    Raises:
        SettingMissing: no network is named, or the register of wards is doubtful.
        TownUnreadable: what is named cannot be read.
    """
    if not settings.network:
        raise SettingMissing("SHIRASE_NETWORK is not set: import a network, or name demo-city, which is made up")
    modes = ward_modes_at(settings.wards, settings.areas)
    return replace(town_named(settings.network, settings.shelters), modes=modes)


def town_named(network: str, shelters: Path | None) -> Town:
    """Return the demo city of *network* `demo-city` or `demo-city:SEED`, else the town in the imported files."""
    name, _, seed = network.partition(":")
    return demo_town(int(seed or "1")) if name == DEMO_CITY else imported_town(Path(network), shelters)


def shown_town(
    network: str, shelters: Path | None, area_sets: Path | None = None, rivers: Path | None = None
) -> ShownTown:
    """Return what residents are shown of a town: the sites of its lists, roads, rivers, the names of its places.

    Raises:
        TownUnreadable: a file cannot be read.
    """
    name, _, seed = network.partition(":")
    if name == DEMO_CITY:
        demo = demo_town(int(seed or "1"))
        sites = tuple(site_of(shelter) for shelter in demo.sites)
        made_up = tuple(river.line for river in RIVERS)
        return ShownTown(sites, demo.network, lambda cell: demo.names.get(cell, ""), demo, made_up)
    try:
        sites = read_sites(shelters) if shelters is not None else ()
        town = imported_town(Path(network), shelters) if network else None
    except (OSError, RoutingError) as error:
        raise TownUnreadable(f"{error}; make it again with `shirase import`") from error
    names = None if area_sets is None else _chome_in(area_sets)
    lines = tuple(course.line for course in river_zones_at(rivers).courses)
    return ShownTown(sites, town.network if town is not None else None, names, town, lines)


def _chome_in(folder: Path) -> PlaceName:
    """Return what names a cell by the 町丁目 of the newest set in *folder*."""
    library = load_library(folder)
    chome = library.on(AreaSetKind.CHOME, datetime.now(UTC).date())
    # By cell, once: of 3,141 real 町丁目 each question went through all, a minute until the first page was there.
    names: dict[int, str] = {}
    for feature in () if chome is None else chome.features:
        for cell in expand(feature.cells):
            names.setdefault(cell, feature.ja)
    return lambda cell: names.get(cell, "")


def site_of(shelter: Shelter) -> Site:
    """Return *shelter* as a row of a list."""
    return Site(
        id=shelter.id,
        name=shelter.name,
        point=shelter.point,
        fit_for=shelter.fit_for,
        ward=shelter.ward,
        site_class=shelter.site_class,
        capacity=shelter.capacity,
        step_free=shelter.step_free,
    )


def imported_town(network: Path, shelters: Path | None) -> Town:
    """Return the town in imported files. Where nobody counted the people, each cell with a way counts as one."""
    try:
        streets = open_network(network)
        sites, _ = place_on(streets, read_sites(shelters) if shelters is not None else ())
    except (OSError, RoutingError) as error:
        raise TownUnreadable(f"{error}; make it again with `shirase import`") from error
    pairs = zip(streets.columns.lat.tolist(), streets.columns.lng.tolist(), strict=True)
    cells = {Cell(h3.latlng_to_cell(lat, lng, HAZARD_RESOLUTION)) for lat, lng in pairs}
    return Town(network=streets, sites=sites, people=dict.fromkeys(sorted(cells), 1))


def demo_town(seed: int = 1) -> Town:
    """Return the demo city as a town; every name in it says that it is made up."""
    demo = city(seed)
    cells = [Cell(cell) for cell in demo.cells.cells.tolist()]
    wards = [WARDS[ward] for ward in demo.cells.ward.tolist()]
    numbers: dict[str, int] = {}
    names: dict[Cell, str] = {}
    for cell, ward in zip(cells, wards, strict=True):
        numbers[ward.code] = numbers.get(ward.code, 0) + 1
        names[cell] = f"架空{ward.name.removesuffix('区')}{numbers[ward.code]}丁目"
    return Town(
        network=demo.streets,
        sites=demo.shelters,
        people={
            cell: round(count * COME_TO_A_SHELTER)
            for cell, count in zip(cells, demo.cells.people.tolist(), strict=True)
        },
        ground={cell: Ground(ward=ward.code) for cell, ward in zip(cells, wards, strict=True)},
        names=names,
    )
