"""The wards beneath the map: where they are drawn, and what touches each of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import h3.api.basic_int as h3
import numpy as np
from numpy.typing import NDArray

from alerts.claim import Danger, HazardSnapshot
from alerts.order_words import is_order
from alerts.place import HAZARD_RESOLUTION, Cells, LatLng
from api.drawing.frame import Frame, middle, nearest_to_mean, outline
from api.drawing.look import PAINT_ORDER, Look, look_of
from geo.cells import Ids, expand, ranges, shard_of

# An area reads "in part" until this much of it is touched: cells at a border count for one side only.
WHOLE_SHARE = 0.9
_RANK = {look: rank for rank, look in enumerate(PAINT_ORDER)}
_NOTHING = -1
# A badge closer than this to the name of its ward goes elsewhere, best below it, in units of the frame.
_NAME_SPACE = 95
_BELOW_NAME = 64
# Nearer than this two numbers lie over one another.
_MARK_SPACE = 92


@dataclass(frozen=True, slots=True)
class GroundArea:
    """An area drawn for orientation."""

    name: str
    path: str
    label: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Touched:
    """The worst that touches an area, how much of the area that is, and where to mark it.

    `order`: its level is that of an order to leave, somewhere in the area.
    """

    area: GroundArea
    look: Look
    whole: bool
    at: tuple[int, int]
    order: bool = False


@dataclass(frozen=True, slots=True)
class Ground:
    """Areas in the order given, and each of their cells with its owner and where it is drawn."""

    land: str
    areas: tuple[GroundArea, ...]
    ids: Ids  # resolution 9, sorted
    owners: Ids
    points: Ids

    def touched(self, maps: Iterable[HazardSnapshot]) -> tuple[Touched, ...]:
        """Return what touches each area, worst first; an area that nothing touches is left out.

        A cell counts for the area in which most of it lies: a warning for the ward next door does not
        mark this one because of the cells at their border. People there are told all the same.
        """
        ranks = np.full(len(self.ids), _NOTHING, dtype=np.int64)
        orders = np.full(len(self.ids), _NOTHING, dtype=np.int64)
        shards = {shard_of(int(cell)) for cell in self.ids}
        for snapshot in maps:
            if snapshot.shard not in shards:
                continue
            for standing in snapshot.standings:
                for danger in standing.dangers:
                    rank = _RANK[look_of(danger.level, danger.severity)]
                    here = self._core(danger)
                    ranks[here] = np.maximum(ranks[here], rank)
                    if is_order((danger.event,)):
                        orders[here] = np.maximum(orders[here], rank)
        found = []
        for number, area in enumerate(self.areas):
            mine = self.owners == number
            worst = int(ranks[mine].max(initial=_NOTHING))
            if worst == _NOTHING:
                continue
            here = mine & (ranks == worst)
            whole = bool(here.sum() >= WHOLE_SHARE * mine.sum())
            order = bool((orders[mine] == worst).any())
            at = self._mark(area.label, here, ranks == worst)
            found.append(Touched(area, PAINT_ORDER[worst], whole, at, order))
        found.sort(key=lambda touched: _RANK[touched.look], reverse=True)
        return self._apart(found, ranks)

    def _apart(self, found: Iterable[Touched], ranks: Ids) -> tuple[Touched, ...]:
        """Return *found* with each mark clear of those before it, as near as its own ground has room."""
        placed: list[Touched] = []
        for one in found:
            others = np.array([other.at for other in placed], dtype=np.int64).reshape(-1, 2)
            if _clear(np.array([one.at]), others)[0]:
                placed.append(one)
                continue
            mine = self.points[(self.owners == self.areas.index(one.area)) & (ranks == _RANK[one.look])]
            clear = _clear(mine, others)
            # A number over the name of its ward is the lesser evil: beneath another number nobody reads it.
            for free in (mine[clear & ~_covers(one.area.label, mine)], mine[clear]):
                if len(free):
                    x, y = free[((free - np.array(one.at)) ** 2).sum(axis=1).argmin()].tolist()
                    one = replace(one, at=(x, y))
                    break
            placed.append(one)
        return tuple(placed)

    def name_at(self, point: LatLng) -> str:
        """Return the area in which *point* lies, "" in none."""
        cell = h3.latlng_to_cell(point.lat, point.lng, HAZARD_RESOLUTION)
        at = int(np.searchsorted(self.ids, cell))
        return self.areas[int(self.owners[at])].name if at < len(self.ids) and int(self.ids[at]) == cell else ""

    def _mark(self, label: tuple[int, int], here: NDArray[np.bool_], same: NDArray[np.bool_]) -> tuple[int, int]:
        """Return where to mark what stands in *here*: clear of the name at *label*, and on ground of its own colour.

        A number beside another level's colour would be read as that level's. *same* are all cells of its rank.
        """
        at = nearest_to_mean(self.points[here])
        if not _covers(label, np.array([at]))[0]:
            return at
        below = np.array([label[0], label[1] + _BELOW_NAME])
        if same[np.abs(self.points - below).max(axis=1).argmin()]:
            return label[0], label[1] + _BELOW_NAME
        clear = self.points[here][~_covers(label, self.points[here])]
        if not len(clear):
            return at
        x, y = clear[np.abs(clear - below).max(axis=1).argmin()].tolist()
        return x, y

    def _core(self, danger: Danger) -> NDArray[np.bool_]:
        here = self._mask(danger.cells)
        return here & ~self._mask(danger.partial) if danger.partial else here

    def _mask(self, cells: Cells) -> NDArray[np.bool_]:
        lows, highs = ranges(cells)
        opens = np.bincount(np.searchsorted(self.ids, lows, "left"), minlength=len(self.ids) + 1)
        shuts = np.bincount(np.searchsorted(self.ids, highs, "right"), minlength=len(self.ids) + 1)
        inside: NDArray[np.bool_] = np.cumsum(opens - shuts)[:-1] > 0
        return inside


def _covers(label: tuple[int, int], points: Ids) -> NDArray[np.bool_]:
    """Return at which *points* a badge would cover the name at *label*."""
    away = np.abs(points - np.array(label))
    covered: NDArray[np.bool_] = (away[:, 0] < 2 * _NAME_SPACE) & (away[:, 1] < _NAME_SPACE)
    return covered


def _clear(points: Ids, others: Ids) -> NDArray[np.bool_]:
    """Return which of *points* have room for a number beside those at *others*."""
    away = ((points[:, None, :] - others[None, :, :]) ** 2).sum(axis=2)
    clear: NDArray[np.bool_] = (away >= _MARK_SPACE**2).all(axis=1)
    return clear


_NO_IDS = np.empty(0, dtype=np.int64)
NO_GROUND = Ground("", (), _NO_IDS, _NO_IDS, np.empty((0, 2), dtype=np.int64))


def ground_of(frame: Frame, areas: Sequence[tuple[str, Cells]]) -> Ground:
    """Return *areas* (name and cells, disjoint) as far as *frame* shows them."""
    drawn: list[GroundArea] = []
    pairs: list[tuple[int, int]] = []
    for name, cells in areas:
        at = middle(frame, cells)
        if at is not None:
            pairs += [(cell, len(drawn)) for cell in expand(cells)]
            drawn.append(GroundArea(name, outline(frame, cells), at))
    pairs.sort()
    return Ground(
        "".join(area.path for area in drawn),
        tuple(drawn),
        np.array([cell for cell, _ in pairs], dtype=np.int64),
        np.array([owner for _, owner in pairs], dtype=np.int64),
        np.array([frame.point(*h3.cell_to_latlng(cell)) for cell, _ in pairs], dtype=np.int64).reshape(-1, 2),
    )


def land_of(frame: Frame, cells: Cells) -> Ground:
    """Return *cells* as land without names: what is left where there is no room for any."""
    return replace(NO_GROUND, land=outline(frame, cells))
