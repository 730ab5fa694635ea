"""Repair a forest after a road or a shelter closed or opened: exactly as growing it again would.

Only what hangs on the change is touched. Something closed: the nodes whose way led through it are the
subtree behind it; they look for the best way out of the subtree, nearest first. Something opened:
whoever gains is found by a search that stops where nobody gains. The next arcs are then chosen again
by the rule of `routing.forest`, so that the result is the same bit for bit.
"""

import heapq
from collections.abc import Container, Iterable
from dataclasses import dataclass

from routing.forest import AT_SHELTER, NEVER, Forest
from routing.shelter import Unusable


@dataclass(frozen=True, slots=True)
class Repair:
    """What a repair did. `moved` are the positions whose way is another one now, with their labels before.

    `touched` counts the nodes that were looked at: what the repair cost.
    """

    moved: dict[int, int]
    touched: int


@dataclass(frozen=True, slots=True)
class Move:
    """A place whose way changed: the shelter and the seconds before and after, None for no way."""

    position: int
    before: tuple[str, int] | None
    after: tuple[str, int] | None


NOTHING = Repair({}, 0)


def moves(forest: Forest, repair: Repair, anchors: Container[int]) -> list[Move]:
    """Return what *repair* changed for the positions in *anchors*, from what to what."""
    labels = forest.labels
    return [
        Move(position, _told(forest, before), _told(forest, labels[position]))
        for position, before in repair.moved.items()
        if position in anchors
    ]


def _told(forest: Forest, label: int) -> tuple[str, int] | None:
    if label >= NEVER:
        return None
    return forest.shelters[label % forest.scale].id, label // forest.scale


def close_roads(forest: Forest, road_ids: Iterable[str]) -> Repair:
    """Close roads in both directions. Unknown ones are not ours to judge and are passed over."""
    return close_arcs(forest, arcs_of(forest, road_ids))


def open_roads(forest: Forest, road_ids: Iterable[str]) -> Repair:
    """Open roads again, as far as this forest's variant can walk them at all."""
    return open_arcs(forest, arcs_of(forest, road_ids))


def close_arcs(forest: Forest, arcs: Iterable[int]) -> Repair:
    """Close single directions."""
    tail, next_arc = forest.network.columns.arcs.plain.tail, forest.next_arc
    cut = []
    for arc in arcs:
        forest.costs[arc] = NEVER
        if next_arc[tail[arc]] == arc:
            cut.append(tail[arc])
    return _worsen(forest, cut) if cut else NOTHING


def open_arcs(forest: Forest, arcs: Iterable[int]) -> Repair:
    """Open single directions again."""
    lists, gains = forest.network.columns.arcs.plain, []
    for arc in arcs:
        cost = int(forest.open_costs[arc])
        forest.costs[arc] = cost
        if cost < NEVER and forest.labels[lists.head[arc]] < NEVER:
            gains.append((cost + forest.labels[lists.head[arc]], lists.tail[arc]))
    return _improve(forest, gains)


def withdraw_shelter(forest: Forest, shelter_id: str, why: Unusable) -> Repair:
    """Offer a shelter no more. An unknown or refused one changes only the reason."""
    rank = _rank(forest, shelter_id)
    already = shelter_id in forest.refused
    forest.refused[shelter_id] = why
    if already:
        return NOTHING
    forest.sources_changed()
    position = forest.network.position(forest.shelters[rank].node)
    left = [other for other in forest.sources[position] if other != rank]
    if left:
        forest.sources[position] = left
    else:
        del forest.sources[position]
    return _worsen(forest, [position]) if forest.labels[position] == rank else NOTHING


def offer_shelter(forest: Forest, shelter_id: str) -> Repair:
    """Offer a shelter of this forest (again)."""
    rank = _rank(forest, shelter_id)
    if forest.refused.pop(shelter_id, None) is None:
        return NOTHING
    forest.sources_changed()
    position = forest.network.position(forest.shelters[rank].node)
    forest.sources[position] = sorted((*forest.sources.get(position, ()), rank))
    return _improve(forest, [(rank, position)])


def arcs_of(forest: Forest, road_ids: Iterable[str]) -> list[int]:
    """Return both directions of each road that the network knows."""
    columns, found = forest.network.columns, []
    for road_id in road_ids:
        at = columns.road_at(road_id)
        if at is not None:
            found += [arc for arc in columns.arcs.of_road[2 * at : 2 * at + 2].tolist() if arc >= 0]
    return found


def _rank(forest: Forest, shelter_id: str) -> int:
    return next(rank for rank, shelter in enumerate(forest.shelters) if shelter.id == shelter_id)


def _worsen(forest: Forest, cut: list[int]) -> Repair:
    """Find a new way for *cut* and for all whose way led through them."""
    lists = forest.network.columns.arcs.plain
    tail, head, leaving, into, reaching = lists.tail, lists.head, lists.leaving, lists.into, lists.reaching
    labels, next_arc, costs = forest.labels, forest.next_arc, forest.costs
    behind = dict.fromkeys(cut, NEVER)
    waiting = list(behind)
    while waiting:
        node = waiting.pop()
        for arc in into[reaching[node] : reaching[node + 1]]:
            if next_arc[tail[arc]] == arc and tail[arc] not in behind:
                behind[tail[arc]] = NEVER
                waiting.append(tail[arc])
    for node in behind:
        behind[node] = labels[node]
        labels[node] = NEVER
    heap = []
    for node in behind:
        best = forest.sources[node][0] if node in forest.sources else NEVER
        for arc in range(leaving[node], leaving[node + 1]):
            # The neighbours behind the cut read NEVER; only ways out of the subtree count here.
            label = costs[arc] + labels[head[arc]]
            if label < best:
                best = label
        if best < NEVER:
            heap.append((best, node))
    heapq.heapify(heap)
    while heap:
        label, node = heapq.heappop(heap)
        if label >= labels[node]:
            continue
        labels[node] = label
        for arc in into[reaching[node] : reaching[node + 1]]:
            other = tail[arc]
            if other in behind and label + costs[arc] < labels[other]:
                heapq.heappush(heap, (label + costs[arc], other))
    for node in behind:
        next_arc[node] = _first_fitting(forest, node)
    return Repair(behind, len(behind))


def _improve(forest: Forest, gains: list[tuple[int, int]]) -> Repair:
    """Spread labels that may be better than what nodes have."""
    lists = forest.network.columns.arcs.plain
    tail, into, reaching = lists.tail, lists.into, lists.reaching
    labels, next_arc, costs = forest.labels, forest.next_arc, forest.costs
    heap = list(gains)
    heapq.heapify(heap)
    # Equal labels do not spread, but the way there may now begin with another arc.
    doubtful = {node for _, node in gains}
    better: dict[int, int] = {}
    while heap:
        label, node = heapq.heappop(heap)
        if label >= labels[node]:
            continue
        better.setdefault(node, labels[node])
        labels[node] = label
        for arc in into[reaching[node] : reaching[node + 1]]:
            doubtful.add(tail[arc])
            if label + costs[arc] < labels[tail[arc]]:
                heapq.heappush(heap, (label + costs[arc], tail[arc]))
    moved = dict(better)
    turned = []
    for node in better.keys() | doubtful:
        arc = _first_fitting(forest, node)
        if arc != next_arc[node]:
            next_arc[node] = arc
            turned.append(node)
    # Whoever walks through a node that turned walks another way, though as long as before.
    waiting = [*turned, *better]
    for node in turned:
        moved.setdefault(node, labels[node])
    while waiting:
        node = waiting.pop()
        for arc in into[reaching[node] : reaching[node + 1]]:
            if next_arc[tail[arc]] == arc and tail[arc] not in moved:
                moved[tail[arc]] = labels[tail[arc]]
                waiting.append(tail[arc])
    return Repair(moved, len(moved.keys() | doubtful))


def _first_fitting(forest: Forest, node: int) -> int:
    label = forest.labels[node]
    if label >= NEVER or label < forest.scale:
        return AT_SHELTER
    lists, costs, labels = forest.network.columns.arcs.plain, forest.costs, forest.labels
    for arc in range(lists.leaving[node], lists.leaving[node + 1]):
        if costs[arc] + labels[lists.head[arc]] == label:
            return arc
    raise AssertionError("a label that no arc explains: the forest was changed by somebody else")
