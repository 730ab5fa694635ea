"""All answers of all shards, made again only where something changed.

`refresh` is told the time and does the work; a thread calls it while the process serves. Questions are
answered from `answers`, which is replaced as a whole and never changed, so that nobody waits for a lock.
"""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import h3.api.basic_int as h3

from alerts.claim import HazardSnapshot
from alerts.place import Shard
from api.known.state import State, View
from api.live.body import Body, Content, renewed
from api.live.closures import closures_in, standing
from api.live.dangers import dangers_in, newest
from api.live.facts import LiveFacts, Section
from api.live.here import HerePages
from api.live.plans import plan_in
from api.live.rivers import rivers_in
from api.live.shelters import shelters_in
from api.live.silence import sources_said
from api.live.telling import Pieces, Splitter, notices_in, split
from feeds.resident import report_ids
from streams.brokers.client import Record

log = logging.getLogger(__name__)

SHARDS = "/live/shards.json"
JSON = "application/json"
# A change is seen by the next question after this; a document that touches 34 shards is made in one go.
_LOOK_SECONDS = 0.2

Key = tuple[Shard, Section]


@dataclass(frozen=True, slots=True)
class Change:
    """The shards that say something else now, with the digests of all their sections."""

    shards: Mapping[str, Mapping[str, str]]
    facts_at: datetime | None


@dataclass(frozen=True, slots=True)
class Answers:
    """Every body by its path."""

    bodies: Mapping[str, Body] = field(default_factory=dict)
    shards: frozenset[Shard] = frozenset()


class LiveBoard:
    """Keeps the bodies of every shard of *area*; without an area, of every shard of which something is known."""

    def __init__(
        self,
        state: State,
        facts: LiveFacts,
        area: Iterable[Shard] = (),
        here: HerePages | None = None,
    ) -> None:
        self.state, self.facts = state, facts
        self.on_change: Callable[[Change], None] = lambda _change: None
        self._here = here or HerePages(lambda _cell: "")
        self._by_ward: tuple[frozenset[Shard], Mapping[str, tuple[tuple[str, Shard], ...]]] | None = None
        self.answers = Answers()
        self._area = frozenset(area)
        self._lock = threading.Lock()
        self._splitter = Splitter()
        self._bodies: dict[Key, Body] = {}
        self._bounds: dict[Shard, tuple[float, ...]] = {}
        self._view: View | None = None
        self._maps: Mapping[Shard, HazardSnapshot] = {}
        self._pieces: Pieces = {}
        self._index: Body | None = None
        self._sources_edge: datetime | None = None
        self._silent: frozenset[str] = frozenset()

    def apply(self, record: Record) -> None:
        """Take in one record of any topic that residents' pages are made of."""
        self.state.apply(record)
        with self._lock:
            self.facts.apply(record)

    def said_by_residents(self, road: str, at: datetime) -> int:
        """Return how many reports of residents on *road* stand at *at*."""
        with self._lock:
            words = (self.facts.roads.get(name, {}) for name in report_ids(road))
            return sum(1 for word in words if standing(word.values(), at))

    def place_names(self) -> Mapping[str, tuple[str, ...]]:
        """Return the names of the places of each shard."""
        return {f"{shard:x}": self._here.names_in(shard) for shard in self.answers.shards}

    def places_by_ward(self) -> Mapping[str, tuple[tuple[str, Shard], ...]]:
        """Return the names of the places of each ward, with the shard of each; found once."""
        covered = frozenset(self.answers.shards)
        if self._by_ward is None or self._by_ward[0] != covered:
            self._by_ward = covered, self._here.by_ward(covered)
        return self._by_ward[1]

    def refresh(self, at: datetime) -> Change | None:
        """Make again what changed or grew old by *at*; return what says something else now."""
        with self._lock:
            return self._refresh(at)

    def _refresh(self, at: datetime) -> Change | None:
        view = self.state.view()
        known = frozenset(self.answers.shards)
        shards = self._area or frozenset(self.facts.shards() | {held.shard for held in view.maps})
        due = {(shard, section) for section, shard in self.facts.touched} | self._old(at)
        self.facts.touched.clear()
        if view is not self._view or shards != known:
            due |= self._compare(view, shards)
        due |= {(shard, section) for shard in shards - known for section in Section}
        if self.facts.rivers_changed:
            # The telegram and the map that it leads to come by two topics, in any order.
            due |= {(shard, Section.RIVER) for shard in self._maps}
            self.facts.rivers_changed = False
        silent = frozenset(name for name, source in self.facts.sources.items() if at > source.fresh_until)
        if silent != self._silent:
            due |= {(shard, Section.HERE) for shard in shards}
            self._silent = silent
        # The plain page says a little of everything.
        due |= {(shard, Section.HERE) for shard, _ in due}
        before = dict(self._bodies)
        for shard, section in due:
            if shard in shards:
                self._make(shard, section, at)
        changed = {
            shard
            for shard, section in due
            if shard in shards and _digest(before.get((shard, section))) != _digest(self._bodies.get((shard, section)))
        }
        quiet_edge = self._sources_edge is not None and at > self._sources_edge
        if not changed and not self.facts.sources_changed and not quiet_edge and shards == known and self._index:
            return None
        self.facts.sources_changed = False
        return self._publish(changed, shards, at)

    def _compare(self, view: View, shards: frozenset[Shard]) -> set[Key]:
        """Return which maps and notices are other ones than before."""
        maps = {held.shard: held for held in view.maps if held.shard in shards}
        pieces = split(view, self._splitter, shards)
        due: set[Key] = set()
        for shard in shards:
            if not _same(self._maps.get(shard), maps.get(shard)):
                due |= {(shard, Section.HAZARDS), (shard, Section.RIVER)}
            if not _alike(self._pieces.get(shard, ()), pieces.get(shard, ())):
                due.add((shard, Section.NOTICES))
        self._view, self._maps, self._pieces = view, maps, pieces
        return due

    def _old(self, at: datetime) -> set[Key]:
        return {key for key, body in self._bodies.items() if body.edge is not None and body.edge <= at}

    def _make(self, shard: Shard, section: Section, at: datetime) -> None:
        key = shard, section
        try:
            content = self._content(shard, section, at)
        except Exception:
            # What cannot be written must not stop the rest; what was said before stands, with its age.
            log.exception("a section cannot be made", extra={"section": section.value})
            return
        self._bodies[key] = renewed(self._bodies.get(key), content, section.media_type, at)

    def _content(self, shard: Shard, section: Section, at: datetime) -> Content:
        match section:
            case Section.HAZARDS:
                return dangers_in(self._maps.get(shard), shard)
            case Section.NOTICES:
                return notices_in(self._pieces.get(shard, ()), shard, at)
            case Section.SHELTERS:
                return shelters_in(self.facts, shard, at)
            case Section.CLOSURES:
                return closures_in(self.facts, shard, at)
            case Section.PLAN:
                return plan_in(self.facts.plans.get(shard), shard)
            case Section.HERE:
                pieces = self._pieces.get(shard, ())
                return self._here.page(shard, pieces, self._maps.get(shard), self.facts, at)
            case Section.RIVER:
                return rivers_in(self.facts, self._maps.get(shard), shard, at)

    def _publish(self, changed: set[Shard], shards: frozenset[Shard], at: datetime) -> Change:
        sources, self._sources_edge = sources_said(self.facts.sources.values(), at)
        said = {
            "not_an_all_clear": True,
            "plans_at": self.facts.plans_at,
            "shards": [self._shard(shard) for shard in sorted(shards)],
            "sources": sources,
        }
        facts_at = newest(body.facts_at for key, body in self._bodies.items() if key[0] in shards)
        self._index = renewed(self._index, Content(said, facts_at), JSON, at)
        bodies = {
            section.path(f"{shard:x}"): body for (shard, section), body in self._bodies.items() if shard in shards
        }
        bodies[SHARDS] = self._index
        self.answers = Answers(MappingProxyType(bodies), shards)
        change = Change({f"{shard:x}": self._digests(shard) for shard in sorted(changed)}, facts_at)
        self.on_change(change)
        return change

    def _shard(self, shard: Shard) -> dict[str, Any]:
        mine = [body for section in Section if (body := self._bodies.get((shard, section))) is not None]
        return {
            "id": f"{shard:x}",
            "bounds": self._bounds_of(shard),
            "facts_at": newest(body.facts_at for body in mine),
            "digests": self._digests(shard),
        }

    def _digests(self, shard: Shard) -> dict[str, str]:
        found = ((section, self._bodies.get((shard, section))) for section in Section)
        return {section.value.partition(".")[0]: body.digest for section, body in found if body is not None}

    def _bounds_of(self, shard: Shard) -> tuple[float, ...]:
        """Return west, south, east, north."""
        if shard not in self._bounds:
            border = h3.cell_to_boundary(shard)
            lats, lngs = [lat for lat, _ in border], [lng for _, lng in border]
            edges = (min(lngs), min(lats), max(lngs), max(lats))
            self._bounds[shard] = tuple(round(edge, 5) for edge in edges)
        return self._bounds[shard]

    @contextmanager
    def running(self, ready: Callable[[], bool]) -> Iterator[None]:
        """Refresh in a thread while the block lasts, from the moment on that the topics were read to their end."""
        stopping = threading.Event()

        def follow() -> None:
            while not stopping.wait(_LOOK_SECONDS):
                if ready():
                    self.refresh(datetime.now(UTC))

        thread = threading.Thread(target=follow, name="live-board", daemon=True)
        thread.start()
        try:
            yield
        finally:
            stopping.set()
            thread.join(5.0)


def _digest(body: Body | None) -> str:
    return "" if body is None else body.digest


def _same(left: HazardSnapshot | None, right: HazardSnapshot | None) -> bool:
    # By identity: a view is made anew for each change, and its standings are not.
    mine, other = () if left is None else left.standings, () if right is None else right.standings
    return len(mine) == len(other) and all(one is two for one, two in zip(mine, other, strict=True))


def _alike(left: tuple[Any, ...], right: tuple[Any, ...]) -> bool:
    return len(left) == len(right) and all(one[0] is two[0] for one, two in zip(left, right, strict=True))
