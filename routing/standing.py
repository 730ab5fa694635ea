"""A forest that follows the facts: it compares what should hold with what it stands for, and repairs."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from alerts.hazard import HazardKind
from routing.forest import NEVER, Forest, NoWayReason, Variant, grow, search
from routing.network import RoadNetwork
from routing.plan import Why
from routing.repair import arcs_of, close_arcs, offer_shelter, open_arcs, withdraw_shelter
from routing.shelter import Shelter, Unusable, why_unusable

# Past so many changes at once growing anew is quicker than repairing, and it is the same.
_MANY_SHELTERS = 40
_MANY_ARCS = 4_000


@dataclass(frozen=True, slots=True)
class Followed:
    """What following did. `moved` are positions whose way changed; None is "all of them"."""

    moved: frozenset[int] | None
    touched: int


class Standing:
    """One variant's forest, the arcs that are closed in it, and why."""

    def __init__(
        self, network: RoadNetwork, variant: Variant, shelters: tuple[Shelter, ...], hazards: Collection[HazardKind]
    ) -> None:
        self.network = network
        self.variant = variant
        self._closed: frozenset[int] = frozenset()
        self._by_closure: frozenset[int] = frozenset()
        self._closures_only: np.ndarray | None = None
        self.forest: Forest = grow(network, shelters, hazards, variant=variant)
        self._fresh = True

    def follow(
        self,
        shelters: Iterable[Shelter],
        hazards: Collection[HazardKind],
        closed_roads: Iterable[str],
        danger: Iterable[int],
        refused: Mapping[str, Unusable],
    ) -> Followed:
        """Make the forest stand for these facts. *danger* are arcs, *refused* shelters of the day."""
        known = tuple(sorted(shelters, key=lambda shelter: shelter.id))
        self._closures_only = None
        by_closure = frozenset(arcs_of(self.forest, closed_roads))
        closed = by_closure | frozenset(danger)
        if self._places(known) != self._places(self.forest.shelters):
            return self._grow_anew(known, hazards, closed, by_closure, refused)
        wanted = {s.id: why for s in known if (why := self._why(s, hazards, refused)) is not None}
        now = self.forest.refused
        turned = wanted.keys() ^ now.keys()
        if len(turned) > _MANY_SHELTERS or len(closed ^ self._closed) > _MANY_ARCS:
            return self._grow_anew(known, hazards, closed, by_closure, refused)
        self.forest.shelters = known
        repairs = [close_arcs(self.forest, sorted(closed - self._closed))]
        repairs += [withdraw_shelter(self.forest, id_, wanted[id_]) for id_ in sorted(wanted.keys() - now.keys())]
        repairs += [offer_shelter(self.forest, id_) for id_ in sorted(now.keys() - wanted.keys())]
        repairs.append(open_arcs(self.forest, sorted(self._closed - closed)))
        self.forest.refused = wanted  # the same shelters, perhaps for another reason
        self._closed, self._by_closure = closed, by_closure
        moved = None if self._fresh else frozenset(at for repair in repairs for at in repair.moved)
        self._fresh = False
        return Followed(moved, sum(repair.touched for repair in repairs))

    def open_arcs(self, arcs: Iterable[int]) -> bool:
        """Return whether all of *arcs* can be walked."""
        return all(self.forest.costs[arc] < NEVER for arc in arcs)

    def why_none(self, position: int) -> Why:
        """Return why there is no way from a position."""
        reason = self.forest.why_none(position)
        if reason is not NoWayReason.CUT_BY_CLOSURES:
            return Why(reason.value)
        if self._closures_only is None:
            costs = self.forest.open_costs.copy()
            costs[sorted(self._by_closure)] = NEVER
            self._closures_only = search(self.network, costs, self.forest.sources)
        return Why.CUT_BY_CLOSURES if self._closures_only[position] >= NEVER else Why.CUT_BY_DANGER

    def _why(
        self, shelter: Shelter, hazards: Collection[HazardKind], refused: Mapping[str, Unusable]
    ) -> Unusable | None:
        step_free = self.variant is Variant.STEP_FREE
        return why_unusable(shelter, hazards, step_free=step_free) or refused.get(shelter.id)

    def _grow_anew(
        self,
        shelters: tuple[Shelter, ...],
        hazards: Collection[HazardKind],
        closed: frozenset[int],
        by_closure: frozenset[int],
        refused: Mapping[str, Unusable],
    ) -> Followed:
        self.forest = grow(
            self.network, shelters, hazards, variant=self.variant, refused=refused, blocked_arcs=sorted(closed)
        )
        self._closed, self._by_closure, self._fresh = closed, by_closure, False
        return Followed(None, self.network.columns.node_count)

    @staticmethod
    def _places(shelters: Iterable[Shelter]) -> list[tuple[str, int]]:
        return [(shelter.id, shelter.node) for shelter in shelters]
