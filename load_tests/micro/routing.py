"""Measure the plan and its repair beside networkx's full search, on one real graph, in one run.

    python -m load_tests.micro.routing --graph PATH --shelters 1000 --closures 200 --json

PATH is whatever `shirase import roads` reads, or the common prefix of a binary pair. What is timed:

* networkx_s: `networkx.multi_source_dijkstra` from all shelters, with its paths, on a plain DiGraph;
* plan_s: the forest grown anew (labels and next arcs of every node) and the advice of every cell by R1;
  the median of five;
* repair_ms: one closure, the repair and the list of the cells that changed, from what to what. Three
  sets: random roads, the roads with the most people over them, and shelters that close. Each is
  repaired from the untouched forest and undone, untimed, before the next.

`peak_mib` is our own peak, read before networkx's graph is built. Not timed on either side: reading
the file. The run fails when one distance differs from networkx's.
"""

import argparse
import gc
import json
import random
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np

from alerts.hazard import HazardKind
from alerts.shelter import ShelterState
from routing.advice import PACE, decide, why_not_walked
from routing.forest import NEVER, Forest, grow
from routing.ground import NO_OUTLOOK, UNKNOWN_GROUND, Situation
from routing.importers.roads import read_roads
from routing.network import RoadNetwork
from routing.passable import RoadCells
from routing.plan import Answer, Route, Why
from routing.repair import Move, Repair, close_roads, moves, offer_shelter, open_roads, withdraw_shelter
from routing.shelter import Offer, Shelter, Unusable

SHELTERS_THAT_CLOSE = 50
# A plan takes a third of a second, in which a busy machine may do something else: the median of so many.
PLANS = 5
_FLOOD = HazardKind.FLOOD
_AT = datetime(2026, 9, 18, 3, 0, tzinfo=UTC)


def main() -> None:
    """Run the measurement and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--graph", type=Path, required=True)
    parser.add_argument("--shelters", type=int, default=1000)
    parser.add_argument("--closures", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="only JSON on standard output")
    given = parser.parse_args()
    say: Callable[[str], None] = (lambda _: None) if given.json else print
    result = measure(given.graph, given.shelters, given.closures, given.seed, say)
    print(json.dumps(result) if given.json else json.dumps(result, indent=2))


def measure(graph: Path, shelters: int, closures: int, seed: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Return the figures of one run."""
    imported = read_roads(graph)
    network = imported.network
    say(imported.report.text)
    chooser = random.Random(seed)
    sites = _sites(network, shelters, chooser)
    anchors = _anchors(network)
    _ = network.columns.arcs.plain  # part of opening a network, as reading its file is
    # As the planner does once it has its network; networkx is timed under the same.
    gc.collect()
    gc.freeze()
    plans = []
    for _ in range(PLANS):
        started = time.perf_counter()
        forest = grow(network, sites, _FLOOD)
        advice = _advice(forest, anchors)
        plans.append(time.perf_counter() - started)
    plan_s = statistics.median(plans)
    say(f"plan of {len(advice)} cells, {network.columns.node_count} nodes: {plan_s:.3f} s")
    people = np.random.default_rng(seed).integers(0, 12, network.columns.node_count)
    sets: dict[str, tuple[list[str], Callable[[str], Repair], Callable[[str], object]]] = {
        "random": (
            _random_roads(network, closures, chooser),
            lambda road: close_roads(forest, (road,)),
            lambda road: open_roads(forest, (road,)),
        ),
        "busiest": (
            _busiest_roads(forest, people, closures),
            lambda road: close_roads(forest, (road,)),
            lambda road: open_roads(forest, (road,)),
        ),
        "shelters": (
            [site.id for site in chooser.sample(sites, min(SHELTERS_THAT_CLOSE, len(sites)))],
            lambda site: withdraw_shelter(forest, site, Unusable.CLOSED),
            lambda site: offer_shelter(forest, site),
        ),
    }
    repair_ms = {}
    for name, (things, do, undo) in sets.items():
        repair_ms[name] = _repairs(forest, anchors, things, do, undo)
        say(f"repair, {name}: {repair_ms[name]}")
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    networkx_s, distances = _networkx(network, sites)
    say(f"networkx with paths: {networkx_s:.2f} s")
    if not _equal(forest, distances):
        sys.exit("a distance differs from networkx's")
    return {
        "networkx_s": round(networkx_s, 3),
        "plan_s": round(plan_s, 4),
        "repair_ms": repair_ms,
        "ratio_plan": round(networkx_s / plan_s, 1),
        "ratio_repair_p99": round(networkx_s * 1000 / repair_ms["random"]["p99"], 1),
        "ratio_repair_busiest_p99": round(networkx_s * 1000 / repair_ms["busiest"]["p99"], 1),
        "peak_mib": round(peak_mib, 1),
    }


def _sites(network: RoadNetwork, count: int, chooser: random.Random) -> list[Shelter]:
    places = chooser.sample(range(network.columns.node_count), min(count, network.columns.node_count))
    fit = frozenset({_FLOOD})
    return [
        Shelter(f"s{number:05}", "", network.point_at(at), network.node_at(at), fit, None, ShelterState.OPEN)
        for number, at in enumerate(sorted(places))
    ]


def _anchors(network: RoadNetwork) -> dict[int, int]:
    """Return one node of each cell that has any: its position, and the cell."""
    cells, first = np.unique(RoadCells(network).of_node, return_index=True)
    return dict(zip(first.tolist(), cells.tolist(), strict=True))


def _advice(forest: Forest, anchors: Iterable[int]) -> list[Answer]:
    """Decide every cell by R1. The lines that people are shown are drawn for those who are told."""
    situation = Situation(frozenset({_FLOOD}), _AT, _AT)
    decided = []
    for nearest in forest.nearest_of(anchors):
        way: Route | Why = Why.NOT_CONNECTED
        if nearest is not None:
            shelter, seconds = nearest
            slow = PACE.slow_seconds(seconds, night=False)
            # As the planner: a walk that is no advice is not made into a route.
            refusal = why_not_walked(slow, NO_OUTLOOK, situation, PACE)
            way = refusal or Route(shelter.id, shelter.name, Offer.OPEN, seconds, slow, 0, (), (), ())
        decided.append(decide(UNKNOWN_GROUND, NO_OUTLOOK, way, situation, key="unknown"))
    return decided


def _random_roads(network: RoadNetwork, count: int, chooser: random.Random) -> list[str]:
    roads = chooser.sample(range(network.columns.road_count), min(count, network.columns.road_count))
    return [network.columns.road_id(road) for road in roads]


def _busiest_roads(forest: Forest, people: np.ndarray, count: int) -> list[str]:
    """Return the roads over which most people walk to their shelter."""
    arcs, load = forest.network.columns.arcs, people.astype(np.int64)
    over = np.zeros(forest.network.columns.road_count, dtype=np.int64)
    # From the furthest inwards: when a node's turn comes, all who walk through it have been added.
    for node in np.argsort(-np.array(forest.labels), kind="stable").tolist():
        arc = forest.next_arc[node]
        if forest.labels[node] < NEVER and arc >= 0:
            load[arcs.head[arc]] += load[node]
            over[arcs.road[arc]] += load[node]
    busiest = np.argsort(-over, kind="stable")[:count]
    return [forest.network.columns.road_id(road) for road in busiest.tolist()]


def _repairs(
    forest: Forest,
    anchors: dict[int, int],
    things: list[str],
    do: Callable[[str], Repair],
    undo: Callable[[str], object],
) -> dict[str, float]:
    taken, touched = [], []
    changed: list[Move] = []
    for thing in things:
        started = time.perf_counter()
        repair = do(thing)
        changed = moves(forest, repair, anchors)
        taken.append((time.perf_counter() - started) * 1000)
        touched.append(repair.touched)
        assert len(changed) <= len(repair.moved)
        undo(thing)
    return {
        "p50": round(float(np.percentile(taken, 50)), 4),
        "p99": round(float(np.percentile(taken, 99)), 4),
        "max": round(max(taken), 4),
        "nodes_p50": int(np.percentile(touched, 50)),
    }


def _networkx(network: RoadNetwork, sites: Iterable[Shelter]) -> tuple[float, dict[int, int]]:
    arcs = network.columns.arcs
    seconds = np.asarray(network.columns.seconds)[arcs.road].tolist()
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from(range(network.columns.node_count))
    for tail, head, weight in zip(arcs.tail.tolist(), arcs.head.tolist(), seconds, strict=True):
        # Backwards, as we search; of two roads between the same nodes the shorter.
        if not graph.has_edge(head, tail) or graph[head][tail]["weight"] > weight:
            graph.add_edge(head, tail, weight=weight)
    sources = {network.position(site.node) for site in sites}
    started = time.perf_counter()
    distances, paths = nx.multi_source_dijkstra(graph, sources)
    taken = time.perf_counter() - started
    assert len(paths) == len(distances)
    return taken, distances


def _equal(forest: Forest, distances: dict[int, int]) -> bool:
    return all(
        distances.get(position) == (None if label >= NEVER else label // forest.scale)
        for position, label in enumerate(forest.labels)
    )


if __name__ == "__main__":
    main()
