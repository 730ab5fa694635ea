"""The assignment: which shelter the people of each cell are told, so that none is sent to a full one.

A pure function of the ways, the people, the places and the previous assignment. No known capacity is
exceeded; a capacity that nobody knows does not bind, and is not counted as room for others' overflow
where a known one will do. A cell is one unit, because its people read one message.

How: the transport problem is solved with parts that may be split (HiGHS, dual simplex, serial), which
leaves nearly all of them whole; the split ones are placed whole, largest first; single moves and
exchanges mend what that costs. Ties by id: the same answer on every machine. Where everybody finds
room in the nearest shelter nothing of this runs.

Those who were told already keep their shelter while their way and its place hold and no gain reaches
GAIN: advice that swings is not followed. Nobody who was told is displaced by somebody who was not.
Room that others leave is no reason to move: it goes to those whose way was cut or who found none.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_matrix

from alerts.place import Cell

# One cell's part: the cell, and the number of the part.
Key = tuple[Cell, int]
# From one ward into another at most so many people (R17). What is not listed is not limited.
WardLimits = tuple[tuple[str, str, int], ...]

# A told way is given up for another only when that is a fifth shorter.
GAIN = 0.20
# Longer than any walk that is advised: whoever has room somewhere gets it.
_NOWHERE_SECONDS = 100_000.0
_TIE = 1e-5
_WHOLE = 0.999
_PASSES = 40
_CHAIN = 16
_SETTLING = 5


@dataclass(frozen=True, slots=True)
class Demand:
    """The people of one part and the shelters they can reach: (id, seconds), nearest first.

    `held` is what they were told and can still walk: (id, seconds), or None. `may_gain` says that a way
    of theirs became shorter: only then, or where a shelter opens, is a nearer one a reason to move.
    """

    key: Key
    ward: str
    people: int
    options: tuple[tuple[str, int], ...]
    held: tuple[str, int] | None = None
    may_gain: bool = True

    @property
    def weight(self) -> int:
        """Return how much a second of this walk counts. Where nobody is counted somebody may still read it."""
        return max(1, self.people)


@dataclass(frozen=True, slots=True)
class Assignment:
    """The shelter of each part, None where no shelter has room, and how many people each shelter gets."""

    chosen: Mapping[Key, str | None]
    load: Mapping[str, int]
    crossings: tuple[tuple[str, str, int], ...] = ()


@dataclass
class _Room:
    """What is left of every shelter's places and of every ward's limit while parts are placed."""

    places: Mapping[str, int | None]
    wards: Mapping[str, str]
    limits: dict[tuple[str, str], int]
    load: dict[str, int] = field(default_factory=dict)
    crossed: dict[tuple[str, str], int] = field(default_factory=dict)

    def fits(self, demand: Demand, shelter: str, leaving: Demand | None = None) -> bool:
        """Return whether *demand* has room in *shelter*, once *leaving* has left it."""
        gone = leaving.people if leaving else 0
        places = self.places.get(shelter)
        if places is not None and self.load.get(shelter, 0) - gone + demand.people > places:
            return False
        line = (demand.ward, self.wards.get(shelter, ""))
        limit = self.limits.get(line)
        gone = gone if leaving and leaving.ward == demand.ward else 0
        return limit is None or self.crossed.get(line, 0) - gone + demand.people <= limit

    def left_over(self, line: tuple[str, str]) -> int | None:
        """Return how many more may cross from one ward into another, None where nothing limits it."""
        limit = self.limits.get(line)
        return None if limit is None else limit - self.crossed.get(line, 0)

    def add(self, demand: Demand, shelter: str, sign: int = 1) -> None:
        """Count the people of *demand* into *shelter*, or out of it."""
        self.load[shelter] = self.load.get(shelter, 0) + sign * demand.people
        line = (demand.ward, self.wards.get(shelter, ""))
        self.crossed[line] = self.crossed.get(line, 0) + sign * demand.people


def assign(
    demands: Iterable[Demand],
    places: Mapping[str, int | None],
    wards: Mapping[str, str] | None = None,
    limits: WardLimits = (),
    opened: frozenset[str] = frozenset(),
) -> Assignment:
    """Return who goes where.

    *places* are how many more people each shelter takes, None where nobody knows; *wards* the ward of
    each shelter, for *limits*; *opened* the shelters that opened or have more places than before. Options
    that a shelter does not accept (R17) are left out by the caller.
    """
    waiting = sorted(demands, key=lambda demand: demand.key)
    found = _once(waiting, places, wards or {}, limits, opened)
    # What is told must be what would be kept: told again under the same facts it changes nothing.
    for _ in range(_SETTLING):
        told = [_holding(demand, found.chosen[demand.key]) for demand in waiting]
        settled = _once(told, places, wards or {}, limits, frozenset())
        if settled.chosen == found.chosen:
            break
        found = settled
    return found


def _holding(demand: Demand, shelter: str | None) -> Demand:
    if shelter is None:
        return replace(demand, held=None)
    if demand.held is not None and shelter == demand.held[0]:
        return replace(demand, may_gain=False)
    return replace(demand, held=(shelter, dict(demand.options)[shelter]), may_gain=False)


def _once(
    waiting: list[Demand],
    places: Mapping[str, int | None],
    wards: Mapping[str, str],
    limits: WardLimits,
    opened: frozenset[str],
) -> Assignment:
    room = _Room(places, wards, {(a, b): most for a, b, most in limits})
    chosen: dict[Key, str | None] = {}
    free = [demand for demand in waiting if not _keeps(demand, room, chosen)]
    _gain(waiting, opened, room, chosen)
    if not _nearest_fits(free, room, chosen):
        _place(free, _shares(free, room), room, chosen)
        _make_room(free, room, chosen)
        _improve(free, room, chosen)
    crossings = tuple((a, b, count) for (a, b), count in sorted(room.crossed.items()) if count and a != b and a and b)
    return Assignment(chosen, {shelter: load for shelter, load in sorted(room.load.items()) if load}, crossings)


def _keeps(demand: Demand, room: _Room, chosen: dict[Key, str | None]) -> bool:
    """Keep what was told while there is room; who comes later in the order finds it full."""
    if demand.held is None or not room.fits(demand, demand.held[0]):
        return False
    chosen[demand.key] = demand.held[0]
    room.add(demand, demand.held[0])
    return True


def _gain(demands: list[Demand], opened: frozenset[str], room: _Room, chosen: dict[Key, str | None]) -> None:
    """Move those who keep theirs where a way became shorter, or a shelter opened, and that is a fifth nearer.

    Not into room that was merely left: one closed bridge would move half a ward, shelter by shelter.
    """
    for demand in demands:
        if demand.key not in chosen or demand.held is None:
            continue
        for shelter, seconds in demand.options:
            # Their own by a nearer way comes before others that are further.
            if seconds > (1 - GAIN) * demand.held[1] or seconds == demand.held[1] or shelter == demand.held[0]:
                break
            if (demand.may_gain or shelter in opened) and room.fits(demand, shelter):
                room.add(demand, demand.held[0], -1)
                room.add(demand, shelter)
                chosen[demand.key] = shelter
                break


def _nearest_fits(demands: list[Demand], room: _Room, chosen: dict[Key, str | None]) -> bool:
    """Give everybody the nearest; take it all back when somebody finds it full."""
    done: list[tuple[Demand, str]] = []
    for demand in demands:
        if not demand.options:
            chosen[demand.key] = None
            continue
        nearest = demand.options[0][0]
        if not room.fits(demand, nearest):
            for placed, shelter in done:
                room.add(placed, shelter, -1)
                del chosen[placed.key]
            return False
        room.add(demand, nearest)
        chosen[demand.key] = nearest
        done.append((demand, nearest))
    return True


def _shares(demands: list[Demand], room: _Room) -> list[dict[str, float]]:
    """Return what share of each part goes where when parts may be split: the transport problem.

    Nearly all parts come out whole, since a corner of the problem splits at most one part for each
    shelter and line. A tie is broken by a cost far under a second, so that the corner is the same on
    every machine.
    """
    pairs = [(at, shelter, walk) for at, demand in enumerate(demands) for shelter, walk in demand.options]
    limited = {s: p - room.load.get(s, 0) for s, p in room.places.items() if p is not None}
    rows: dict[tuple[str, ...], int] = {}
    most: list[int] = []
    entries: list[tuple[int, int]] = []
    for column, (at, shelter, _) in enumerate(pairs):
        line = (demands[at].ward, room.wards.get(shelter, ""))
        for bound, left in ((("at", shelter), limited.get(shelter)), (("over", *line), room.left_over(line))):
            if left is not None:
                if bound not in rows:
                    rows[bound] = len(rows)
                    most.append(left)
                entries.append((rows[bound], column))
    count = len(pairs) + len(demands)  # and one column for each part: "nowhere"
    ranks = {shelter: rank for rank, shelter in enumerate(sorted({shelter for _, shelter, _ in pairs}))}
    walks = [walk + (ranks[shelter] + 1) * _TIE for _, shelter, walk in pairs]
    costs = np.array([*walks, *([_NOWHERE_SECONDS] * len(demands))])
    owner = np.array([at for at, _, _ in pairs] + list(range(len(demands))))
    whole = csr_matrix((np.ones(count), (owner, np.arange(count))), shape=(len(demands), count))
    places = np.array(entries, dtype=np.int64).reshape(-1, 2)
    over = csr_matrix((np.ones(len(places)), (places[:, 0], places[:, 1])), shape=(len(rows), count))
    people = np.array([demand.people for demand in demands], dtype=np.float64)
    bounds = np.array(most, dtype=np.float64)
    solved = linprog(costs, A_ub=over, b_ub=bounds, A_eq=whole, b_eq=people, method="highs-ds")
    shares: list[dict[str, float]] = [{} for _ in demands]
    for (at, shelter, _), going in zip(pairs, solved.x if solved.x is not None else [0.0] * len(pairs), strict=False):
        if going > 0.5:
            shares[at][shelter] = going / demands[at].people
    return shares


def _place(demands: list[Demand], shares: list[dict[str, float]], room: _Room, chosen: dict[Key, str | None]) -> None:
    """Place whole parts where the transport problem sends them, then the split ones, largest first."""
    order = sorted(
        zip(demands, shares, strict=True),
        key=lambda pair: (max(pair[1].values(), default=0.0) < _WHOLE, -pair[0].people, pair[0].key),
    )
    for demand, share in order:
        chosen[demand.key] = None
        wanted = sorted(demand.options, key=lambda option: (-round(share.get(option[0], 0.0), 3), option[1], option[0]))
        for shelter, _ in wanted:
            if room.fits(demand, shelter):
                room.add(demand, shelter)
                chosen[demand.key] = shelter
                break


def _improve(demands: list[Demand], room: _Room, chosen: dict[Key, str | None]) -> None:
    """Shorten by single moves, exchanges of two, and making room for who found none."""
    seconds = {demand.key: dict(demand.options) for demand in demands}
    for _ in range(_PASSES):
        inside: dict[str, list[Demand]] = {}
        for demand in demands:
            shelter = chosen[demand.key]
            if shelter is not None:
                inside.setdefault(shelter, []).append(demand)
        moved = False
        for demand in demands:
            moved |= _better(demand, seconds, room, chosen, inside)
        if not moved:
            return


def _make_room(demands: list[Demand], room: _Room, chosen: dict[Key, str | None]) -> None:
    """Find places for those who got none by moving others on, along chains of at most _CHAIN moves."""
    inside: dict[str, list[Demand]] = {}
    for demand in demands:
        shelter = chosen[demand.key]
        if shelter is not None:
            inside.setdefault(shelter, []).append(demand)
    for demand in demands:
        if chosen[demand.key] is None:
            _squeeze(demand, _CHAIN, set(), room, chosen, inside)


def _squeeze(
    demand: Demand,
    moves: int,
    full: set[str],
    room: _Room,
    chosen: dict[Key, str | None],
    inside: dict[str, list[Demand]],
) -> bool:
    for shelter, _ in demand.options:
        if shelter not in full and room.fits(demand, shelter):
            _move(demand, None, shelter, room, chosen, inside)
            return True
    if not moves:
        return False
    for shelter, _ in demand.options:
        if shelter in full:
            continue
        full.add(shelter)
        # The smallest that makes enough room disturbs the fewest people.
        for other in sorted(inside.get(shelter, ()), key=lambda one: (one.people, one.key)):
            if not room.fits(demand, shelter, leaving=other):
                continue
            _move(other, shelter, None, room, chosen, inside)
            if _squeeze(other, moves - 1, full, room, chosen, inside):
                _move(demand, None, shelter, room, chosen, inside)
                return True
            _move(other, None, shelter, room, chosen, inside)
            break
    return False


def _better(
    demand: Demand,
    seconds: Mapping[Key, Mapping[str, int]],
    room: _Room,
    chosen: dict[Key, str | None],
    inside: dict[str, list[Demand]],
) -> bool:
    now = chosen[demand.key]
    cost = seconds[demand.key][now] * demand.weight if now is not None else 1 << 60
    for shelter, walk in demand.options:
        if shelter == now or walk * demand.weight >= cost:
            break
        if room.fits(demand, shelter):
            _move(demand, now, shelter, room, chosen, inside)
            return True
        best: tuple[int, Demand, str] | None = None
        for other in inside.get(shelter, ()):
            if not room.fits(demand, shelter, leaving=other):
                continue
            stays = seconds[other.key][shelter] * other.weight
            for elsewhere, far in seconds[other.key].items():
                if elsewhere == shelter:
                    continue
                gain = cost - walk * demand.weight + stays - far * other.weight
                if gain <= 0 or (best is not None and gain <= best[0]):
                    continue
                if room.fits(other, elsewhere, leaving=demand if elsewhere == now else None):
                    best = (gain, other, elsewhere)
        if best is not None:
            _, other, elsewhere = best
            _move(other, shelter, None, room, chosen, inside)
            _move(demand, now, shelter, room, chosen, inside)
            _move(other, None, elsewhere, room, chosen, inside)
            return True
    return False


def _move(
    demand: Demand,
    source: str | None,
    target: str | None,
    room: _Room,
    chosen: dict[Key, str | None],
    inside: dict[str, list[Demand]],
) -> None:
    if source is not None:
        room.add(demand, source, -1)
        inside[source].remove(demand)
    if target is not None:
        room.add(demand, target)
        inside.setdefault(target, []).append(demand)
    chosen[demand.key] = target
