"""The shelters within reach of each anchor, with seconds: what an assignment under capacity chooses from."""

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from routing.columns import Plain, plain
from routing.forest import AT_SHELTER, NEVER, Forest, next_arcs, search

# Eight nearest are enough room for an overflow, and keep a city's problem small.
MOST_OPTIONS = 8
# Searches at once: bounds memory at this many times the nodes of the network.
_TOGETHER = 32


def options_of(
    forest: Forest, positions: Sequence[int], longest_seconds: int, most: int = MOST_OPTIONS
) -> list[list[tuple[str, int]]]:
    """Return (shelter id, seconds) for each of *positions*, nearest first, within *longest_seconds*.

    The nearest is the forest's own, whatever its distance.
    """
    arcs, count = forest.network.columns.arcs, forest.network.columns.node_count
    costs = np.array(forest.costs, dtype=np.float64)[arcs.into]
    costs = np.where(costs >= NEVER, np.inf, costs // forest.scale)
    graph = csr_matrix((costs, arcs.tail[arcs.into], arcs.reaching), shape=(count, count))
    wanted = np.array(positions, dtype=np.int64)
    places = sorted(forest.sources)
    found: list[list[tuple[int, int]]] = [[] for _ in positions]
    for first in range(0, len(places), _TOGETHER):
        group = places[first : first + _TOGETHER]
        seconds = np.atleast_2d(dijkstra(graph, indices=group, limit=longest_seconds))[:, wanted]
        for row, column in np.argwhere(np.isfinite(seconds)).tolist():
            for rank in forest.sources[group[row]]:
                found[column].append((int(seconds[row, column]), rank))
    answers = []
    for nearest, pairs in zip(forest.nearest_of(positions), found, strict=True):
        if not pairs and nearest is not None:
            answers.append([(nearest[0].id, nearest[1])])
        else:
            answers.append([(forest.shelters[rank].id, seconds) for seconds, rank in sorted(pairs)[:most]])
    return answers


def arcs_towards(forest: Forest, shelter_id: str) -> Plain:
    """Return the next arc of every node on its way to one shelter, AT_SHELTER where there is none.

    By the forest's own rule for ties, so that the way to the nearest is the forest's way.
    """
    rank = next(rank for rank, shelter in enumerate(forest.shelters) if shelter.id == shelter_id)
    position = forest.network.position(forest.shelters[rank].node)
    costs = np.array(forest.costs, dtype=np.int64)
    labels = search(forest.network, costs, {position: [rank]})
    found = plain(next_arcs(forest.network, costs, labels, forest.scale))
    assert found[position] == AT_SHELTER
    return found
