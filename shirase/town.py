"""The town that the evacuation worker plans for: its network, its shelters, and who lives where."""

from alerts.place import Cell
from routing.ground import Ground
from shirase.city import city
from shirase.errors import TownUnreadable
from shirase.run import DEMO_CITY
from shirase.wards import WARDS
from streams.settings import SettingMissing, WorkerSettings
from streams.town import Town

# Of those who are told to leave most go to relatives or upstairs: in the rains of July 2018 a few in a hundred
# came to a shelter. The made-up sites of the made-up city have room for so many.
COME_TO_A_SHELTER = 0.03


def town_of(settings: WorkerSettings) -> Town:
    """Return the town that *settings* name.

    Raises:
        SettingMissing: no network is named.
        TownUnreadable: what is named cannot be read.
    """
    if not settings.network:
        raise SettingMissing("SHIRASE_NETWORK is not set: import a network, or name demo-city, which is made up")
    if settings.network.partition(":")[0] == DEMO_CITY:
        return demo_town(int(settings.network.partition(":")[2] or "1"))
    raise TownUnreadable(f"{settings.network} is no network that can be read; name demo-city")


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
