"""Four real pieces of Tokyo with their real shelters, and a bridge or main street that is closed.

    python -m tests.routing.stories DATA FOLDER

draws each before and after into FOLDER, and prints who is told what. DATA holds `02_shelters` and
`03_roads`. What is made up: that all sites are open, that nothing is known of the ground, the closure.
"""

import sys
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import h3.api.basic_int as h3

from alerts.fact import Attribution, Confidence
from alerts.hazard import HazardKind
from alerts.place import Cell
from alerts.road import RoadCause
from alerts.shelter import ShelterState
from routing.closure import RoadClosure
from routing.ground import Situation
from routing.importers.roads import read_roads
from routing.importers.shelters import read_shelters
from routing.network import RoadNetwork
from routing.plan import CellAdvice
from routing.planner import Facts, Planner, Replanned
from routing.shelter import Shelter
from routing.site import Site, place_on

AT = datetime(2026, 9, 18, 3, 0, tzinfo=UTC)
SAID = Attribution("ward-officer", AT, AT, Confidence.CONFIRMED)
CREDIT = "© OpenStreetMap contributors (ODbL); 国土地理院「指定緊急避難場所・指定避難所データ」を加工"


@dataclass(frozen=True)
class Story:
    """One place. `shut` are beginnings of road ids, or names of streets."""

    name: str
    title: str
    path: str
    hazard: HazardKind
    shut: tuple[str, ...]
    cause: RoadCause


STORIES = (
    Story(
        "otemachi", "大手町・日本橋：橋が通行止め", "tokyo_otemachi_overpass/overpass_raw.json.gz", HazardKind.FLOOD,
        ("w1049876232-", "w1049876234-"), RoadCause.BRIDGE_DAMAGED,
    ),
    Story(
        "ginza-tsukiji", "銀座・築地：大通りが通行止め", "tokyo_ginza_crowdwalk/ginza00c.map.xml.gz",
        HazardKind.EARTHQUAKE, ("lk_005160",), RoadCause.COLLAPSED,
    ),
    Story(
        "koenji", "高円寺：馬橋通りが通行止め", "tokyo_koenji_gmns/koenji_macro_link.geojson", HazardKind.EARTHQUAKE,
        ("馬橋通り",), RoadCause.FIRE,
    ),
    Story(
        "heiwadai", "平和台：橋が通行止め", "tokyo_heiwadai_osm/tokyo.osm.gz", HazardKind.EARTHQUAKE,
        ("w48678679-",), RoadCause.BRIDGE_DAMAGED,
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Told:
    """A story, played: the network, what was told before and after, and the roads that are closed."""

    story: Story
    network: RoadNetwork
    shelters: tuple[Shelter, ...]
    before: Replanned
    after: Replanned
    undone: Replanned
    closed: frozenset[str]

    @property
    def from_to(self) -> Counter[tuple[str, str]]:
        """Return how many cells were told to go elsewhere, or another way, by shelter before and after."""
        return Counter((_where(change.before), _where(change.after)) for change in self.after.changes)


def play(data: Path, story: Story, sites: tuple[Site, ...]) -> Told:
    """Plan, close, plan again, and undo."""
    network = read_roads(data / "03_roads" / story.path).network
    placed, _ = place_on(network, sites)
    shelters = tuple(replace(shelter, state=ShelterState.OPEN) for shelter in placed)
    cells = {Cell(h3.latlng_to_cell(point.lat, point.lng, 9)) for point in network.nodes.values()}
    closed = frozenset(
        road.id for road in network.roads.values() if road.id.startswith(story.shut) or road.name in story.shut
    )
    planner = Planner(network, cells)
    calm = Facts(Situation(frozenset({story.hazard}), AT, AT), shelters)
    before = planner.replan(calm)
    closure = RoadClosure(f"closure-{story.name}", closed, story.cause, SAID, AT, name=story.title)
    after = planner.replan(replace(calm, closures=(closure,)))
    undone = planner.replan(replace(calm, undone=frozenset({closure.id})))
    return Told(story, network, shelters, before, after, undone, closed)


def real_sites(data: Path) -> tuple[Site, ...]:
    """Return the sites of the 23 wards."""
    lists = data / "02_shelters" / "gsi_jp-shelter-api"
    return read_shelters([lists / "emergency", lists / "evacuation"]).sites


def _where(entry: CellAdvice | None) -> str:
    if entry is None:
        return "-"
    answer = entry.parts[0].general
    return answer.route.shelter_name if answer.route else answer.advice.value


def main() -> None:
    """Draw the stories and say who is told what."""
    from shirase.ways_picture import Panel, Shown, draw
    from tests.palette import shrink

    data, folder = Path(sys.argv[1]), Path(sys.argv[2])
    sites = real_sites(data)
    for story in STORIES:
        told = play(data, story, sites)
        moved = frozenset(change.cell for change in told.after.changes)
        before = Shown(told.shelters, told.before.cells, frozenset(), frozenset())
        after = Shown(told.shelters, told.after.cells, told.closed, moved)
        panels = [
            Panel(told.network, f"{story.title.split('：')[0]}：前", before),
            Panel(told.network, f"後：{len(moved)} / {len(told.after.cells)} セルに言い直す", after),
        ]
        picture = folder / f"ways-{story.name}.png"
        draw(picture, panels, credit=CREDIT)
        shrink(picture)
        said = [f"{story.title} ({len(told.closed)} roads): {len(moved)} of {len(told.after.cells)} cells told again"]
        for (was, now), count in sorted(told.from_to.items(), key=lambda pair: (-pair[1], pair[0])):
            said.append(f"  {count} cells: {was} -> {now}{' by another way' if was == now else ''}")
        sys.stdout.write("\n".join(said) + "\n")


if __name__ == "__main__":
    main()
