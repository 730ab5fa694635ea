"""What a kind 3 push carries beside its words: the ways themselves, so that it works with no network.

One payload for each cell: up to three parts, for everybody and step-free, with shelter, minutes, first
turns and the line on the ground. What does not fit into a push is told more coarsely, the line first:
the words stay whole.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from alerts.languages.known import LANGUAGES
from alerts.notice import Notice, NoticeKind, Phase
from alerts.place import LatLng, Shard
from dispatch.errors import PlanMissing
from dispatch.way_facts import WayFacts
from dispatch.way_words import way_text
from geo.cells import shard_of
from routing.plan import Answer, CellAdvice, EvacuationPlan, Part

# How coarse: turns that are told, and metres by which the line may differ from the ground.
_STEPS: tuple[tuple[int, float], ...] = ((4, 3.0), (4, 8.0), (3, 15.0), (3, 30.0), (2, 60.0), (2, 120.0), (1, 250.0))
_METRES_PER_DEGREE = 111_320.0
_MOST_POINTS = 200
# At Tokyo; elsewhere lines are a little finer or coarser, and nothing else.
_EAST = _METRES_PER_DEGREE * math.cos(math.radians(35.68))
# The polyline format of maps on the web: five decimals, a metre.
_PRECISION = 1e5


class Ways:
    """The entries of a notice's parts, by number, for the payload of each."""

    def __init__(self, entries: Mapping[int, CellAdvice], facts_at: int) -> None:
        self.entries = entries
        self._facts_at = facts_at
        # The same for every language and place: a line is made simpler once.
        self._made: dict[tuple[int, int], dict[str, Any]] = {}

    def payloads(self, part: int) -> Iterator[dict[str, Any]]:
        """Yield what *part* may carry, the finest first; the last has words only."""
        entry = self.entries.get(part)
        if entry is None:
            return
        for step, (turns, metres) in enumerate(_STEPS):
            plain = self._made.get((part, step))
            if plain is None:
                parts = [_plain_part(one, turns, metres) for one in entry.parts]
                plain = self._made[part, step] = {"at": self._facts_at, "parts": parts}
            yield plain
        yield {"at": self._facts_at}


def with_ways(notice: Notice, plans: Mapping[Shard, EvacuationPlan]) -> tuple[Notice, Ways]:
    """Return *notice* with the words of each part, and the ways for their payloads.

    Raises PlanMissing unless *plans* are those that the notice names, by digest: what was not approved
    with the rule is not sent.
    """
    if notice.kind is not NoticeKind.GO_THERE:
        return notice, Ways({}, 0)
    named = {ref.shard: ref for ref in notice.plans}
    for shard, ref in named.items():
        if shard not in plans or plans[shard].digest != ref.digest:
            raise PlanMissing("plan-missing", f"shard {shard:x}, digest {ref.digest[:12]}")
    known = {entry.cell: entry for shard in named for entry in plans[shard].cells}
    entries: dict[int, CellAdvice] = {}
    parts = []
    for number, part in enumerate(notice.parts):
        shard = shard_of(part.cells[0])
        if part.phase is not Phase.LIFTED:
            if part.cells[0] not in known:
                raise PlanMissing("plan-silent", f"shard {shard:x} does not speak of a cell that the notice tells")
            entries[number] = known[part.cells[0]]
        facts_at = named[shard].facts_at if shard in named else notice.sent
        lines = () if notice.order is None else notice.order.help_lines
        facts = WayFacts(part, entries.get(number), notice.issuer, notice.approved_at, facts_at, lines)
        parts.append(replace(part, texts=tuple(way_text(facts, language) for language in LANGUAGES)))
    oldest = min((ref.facts_at for ref in notice.plans), default=notice.sent)
    return replace(notice, parts=tuple(parts)), Ways(entries, round(oldest.timestamp()))


def _plain_part(part: Part, turns: int, metres: float) -> dict[str, Any]:
    general = _plain_answer(part.general, turns, metres)
    step_free = _plain_answer(part.step_free, turns, metres)
    plain: dict[str, Any] = {"g": general}
    if step_free != general:
        plain["s"] = step_free
    if part.outline:
        plain["o"] = polyline(part.outline)
    return plain


def _plain_answer(answer: Answer, turns: int, metres: float) -> dict[str, Any]:
    plain: dict[str, Any] = {"a": answer.advice.value, "w": answer.why.value}
    if answer.action:
        plain["x"] = answer.action
    if answer.leave_by is not None:
        plain["by"] = round(answer.leave_by.timestamp())
    if answer.refuge:
        plain["r"] = answer.refuge[:40]
    route = answer.route
    if route is not None:
        plain |= {
            "to": route.shelter_name[:40],
            "s": route.walk_seconds,
            "slow": route.slow_seconds,
            "m": route.metres,
            "t": [[turn.metres, turn.street[:16], turn.side.value[0], turn.at[:16]] for turn in route.turns[:turns]],
            "l": polyline(simplified(route.line, metres)),
        }
        if route.unconfirmed:
            plain["u"] = [round(one.reported_at.timestamp()) for one in route.unconfirmed[:3]]
    return plain


def simplified(line: Sequence[LatLng], metres: float) -> tuple[LatLng, ...]:
    """Return *line* with fewer points, nowhere further than about *metres* from where it was.

    Douglas and Peucker's method; by hand, because a fan-out worker that takes over has no time to load a
    library of shapes.
    """
    if len(line) < 3:
        return tuple(line)
    if len(line) > _MOST_POINTS:
        # An hour's walk has a few hundred crossings; a longer line is thinned before it is looked at closely.
        every = -(-len(line) // _MOST_POINTS)
        line = (*line[:-1:every], line[-1])
    flat = [(point.lng * _EAST, point.lat * _METRES_PER_DEGREE) for point in line]
    kept = {0, len(line) - 1}
    waiting = [(0, len(line) - 1)]
    while waiting:
        first, last = waiting.pop()
        distance, at = max(
            ((_off(flat[one], flat[first], flat[last]), -one) for one in range(first + 1, last)), default=(0.0, 0)
        )
        if distance > metres:
            kept.add(-at)
            waiting += [(first, -at), (-at, last)]
    return tuple(line[one] for one in sorted(kept))


def _off(point: tuple[float, float], start: tuple[float, float], end: tuple[float, float]) -> float:
    """Return how far *point* is from the stretch between *start* and *end*."""
    east, north = end[0] - start[0], end[1] - start[1]
    length = east * east + north * north
    along = ((point[0] - start[0]) * east + (point[1] - start[1]) * north) / length if length else 0.0
    along = min(1.0, max(0.0, along))
    return math.hypot(point[0] - start[0] - along * east, point[1] - start[1] - along * north)


def polyline(line: Sequence[LatLng]) -> str:
    """Return *line* in the encoded polyline format: signed differences of 1e-5 degrees, five bits a letter."""
    letters: list[str] = []
    before = (0, 0)
    for point in line:
        here = (round(point.lat * _PRECISION), round(point.lng * _PRECISION))
        for now, was in zip(here, before, strict=True):
            number = now - was
            number = ~(number << 1) if number < 0 else number << 1
            while number >= 0x20:
                letters.append(chr((0x20 | (number & 0x1F)) + 63))
                number >>= 5
            letters.append(chr(number + 63))
        before = here
    return "".join(letters)
