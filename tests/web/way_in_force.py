"""Find, in what the residents' door says, a place with an order in force and a way that passes a closed bridge."""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import h3.api.basic_str as h3
import httpx

from alerts.place import LatLng
from routing.network import metres_between
from tests.api.live.test_board import decoded

_WITHIN_SECONDS = 120.0
_SHARD = 6
_LOOK_SECONDS = 1.0
# Few enough turns for a small phone, and so short that the closed bridge is in the sketch.
_TURNS = range(2, 5)
_MOST_METRES = 1_200
# What a river town fears for.
_BRIDGE = "橋"


@dataclass(frozen=True, slots=True)
class Place:
    """A cell of resolution 9, and the point beside its middle where its way begins."""

    cell: str
    point: LatLng


def way_beside_a_closure(url: str) -> Place:
    """Return the place below *url* whose way runs nearest to a bridge that is closed; waits until there is one."""
    until = time.monotonic() + _WITHIN_SECONDS
    with httpx.Client(base_url=url, timeout=_WITHIN_SECONDS) as client:
        while True:
            found = sorted(_ways(client))
            if found:
                # The first tile after a change is cut anew, which takes a moment: the page's answer comes from memory.
                client.get(f"live/ways/{h3.cell_to_parent(found[0][1], _SHARD)}")
                return Place(*found[0][1:])
            if time.monotonic() > until:
                raise TimeoutError(f"{url}: no way is in force")
            time.sleep(_LOOK_SECONDS)


def _ways(client: httpx.Client) -> Iterator[tuple[float, str, LatLng]]:
    """Yield the metres from a way to the nearest closed bridge, the cell that it is told to, and where it begins."""
    for shard in (one["id"] for one in client.get("live/shards.json").json().get("shards", ())):
        plan = client.get(f"live/{shard}/plan.json").json()
        if not plan.get("cells"):
            continue
        closed = [point for road in _closed(client, shard) for point in road]
        for entry in plan["cells"]:
            route = entry["parts"][0]["general"].get("route")
            if route and len(route["turns"]) in _TURNS and route["metres"] <= _MOST_METRES:
                line = [LatLng(*point) for point in decoded(route["line"])]
                metres = min((metres_between(a, b) for a in line for b in closed), default=math.inf)
                yield metres, entry["cell"], line[0]


def _closed(client: httpx.Client, shard: str) -> Iterator[list[LatLng]]:
    features: list[dict[str, Any]] = client.get(f"live/{shard}/closures.geojson").json()["features"]
    for feature in features:
        shape = feature["geometry"] or {}
        said = feature["properties"]
        confirmed = said["status"] == "confirmed" and said["name"].endswith(_BRIDGE)
        if confirmed and shape.get("type") == "MultiLineString":
            for line in shape["coordinates"]:
                yield [LatLng(lat, lng) for lng, lat in line]
