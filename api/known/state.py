"""What residents may see now, folded from `hazards` and `notices`.

No broker and no clock. Three rules decide what is shown: drills and canaries never are; a document
that waits for a person is not, until its notice went out (then the notice's own cells are); and
nothing disappears because its time is over: only a lifted or cancelled notice ends one (R10).
"""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from alerts.cap import Certainty, Urgency
from alerts.claim import Danger, HazardSnapshot, Lane, Release, Standing
from alerts.notice import SAID_OVER, Notice, NoticeKind, NoticePart
from alerts.notice_source import provenance_of
from alerts.order_words import order_name, says_order
from alerts.place import Cells, Shard
from alerts.reception_check import is_check
from alerts.theme import Audience
from geo.cells import difference, intersection, split_by_shard, union
from geo.hazard_map import rank_of
from streams.brokers.client import Record
from streams.topics import HAZARDS, NOTICES
from streams.wire import decode

TOPICS = (HAZARDS.name, NOTICES.name)

# Ends are listed beside what is in force, so that nobody wonders where a notice has gone.
ENDS_KEPT = 20

_SHOWN = (Lane.LIFE_SAFETY, Lane.ROUTINE)


@dataclass(frozen=True, slots=True)
class Said:
    """One part of an approved notice, with the cells in which nothing newer replaced it."""

    notice: Notice
    part: NoticePart


@dataclass(frozen=True, slots=True)
class View:
    """Everything that residents may see at one moment. `generation` rises with each change."""

    generation: int
    maps: tuple[HazardSnapshot, ...]
    in_force: tuple[Said, ...]  # worst first, then newest
    ended: tuple[Said, ...]  # newest first
    facts_at: datetime | None  # when the newest record was stored
    heard: tuple[tuple[str, datetime], ...]  # issuer and its last document that is shown, newest first


@dataclass(slots=True)
class _Thread:
    """One lineage as its residents were told of it."""

    revision: int = -1
    lane: Lane = Lane.LIFE_SAFETY
    parts: tuple[Said, ...] = ()


@dataclass(slots=True)
class State:
    """Snapshots by shard and notices by lineage. One thread applies, any thread may look."""

    _snapshots: dict[Shard, HazardSnapshot] = field(default_factory=dict)
    _places: dict[bytes, Shard] = field(default_factory=dict)
    _threads: dict[str, _Thread] = field(default_factory=dict)
    _ended: tuple[Said, ...] = ()
    _heard: dict[str, datetime] = field(default_factory=dict)
    _facts_at: datetime | None = None
    _generation: int = 0
    _view: View | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def apply(self, record: Record) -> None:
        """Take in one record of either topic. Raises `Refused` for one that cannot be read."""
        if record.topic == HAZARDS.name:
            snapshot = None if record.value is None else decode(HazardSnapshot, record.value)
            with self._lock:
                self._take_snapshot(record.key, snapshot)
                self._changed(record)
        elif record.topic == NOTICES.name and record.value is not None:
            notice = decode(Notice, record.value)
            with self._lock:
                self._take_notice(notice)
                self._changed(record)

    def view(self) -> View:
        """Return what may be seen now; the same object until something changes."""
        with self._lock:
            if self._view is None:
                self._view = self._look()
            return self._view

    def _changed(self, record: Record) -> None:
        stored = datetime.fromtimestamp(record.timestamp_ms / 1000, UTC)
        if record.timestamp_ms > 0 and (self._facts_at is None or stored > self._facts_at):
            self._facts_at = stored
        self._generation += 1
        self._view = None

    def _take_snapshot(self, key: bytes, snapshot: HazardSnapshot | None) -> None:
        if snapshot is None:
            self._snapshots.pop(self._places.pop(key, Shard(0)), None)
            return
        self._places[key] = snapshot.shard
        self._snapshots[snapshot.shard] = snapshot
        for standing in snapshot.standings:
            if _released(standing):
                self._hear(standing.provenance.issuer, standing.provenance.sent)

    def _take_notice(self, notice: Notice) -> None:
        if notice.lane not in _SHOWN or is_check(notice) or notice.audience is not Audience.PUBLIC:
            return
        thread = self._threads.setdefault(notice.lineage, _Thread())
        if notice.revision <= thread.revision:
            return  # the topic may hold a notice twice after a crash; the first copy counts
        thread.revision = notice.revision
        thread.parts, ends = said_after(thread.parts, notice)
        self._ended = (*ends, *self._ended)[:ENDS_KEPT]
        self._hear(notice.issuer, notice.sent)

    def _hear(self, issuer: str, sent: datetime) -> None:
        if issuer not in self._heard or sent > self._heard[issuer]:
            self._heard[issuer] = sent

    def _look(self) -> View:
        in_force = [said for thread in self._threads.values() for said in thread.parts]
        in_force.sort(key=lambda said: said.notice.sent, reverse=True)
        in_force.sort(key=lambda said: rank_of(said.part.level, said.part.severity), reverse=True)
        return View(
            generation=self._generation,
            maps=self._maps(),
            in_force=tuple(in_force),
            ended=self._ended,
            facts_at=self._facts_at,
            heard=tuple(sorted(self._heard.items(), key=lambda pair: pair[1], reverse=True)),
        )

    def _maps(self) -> tuple[HazardSnapshot, ...]:
        """Return per shard what policy lets out, and what approved notices say beyond it."""
        maps = {
            shard: replace(snapshot, standings=tuple(filter(_released, snapshot.standings)))
            for shard, snapshot in self._snapshots.items()
        }
        by_policy = {standing.provenance.lineage for snapshot in maps.values() for standing in snapshot.standings}
        for lineage, thread in self._threads.items():
            if lineage in by_policy:
                continue
            # A way out leads through the ground of its order, and is no danger of its own.
            said = tuple(one for one in thread.parts if one.notice.kind is not NoticeKind.GO_THERE)
            for shard, standing in _standings_of(said, self._edge_of(lineage)):
                held = maps.get(shard) or HazardSnapshot(shard, 0, "", lineage, ())
                maps[shard] = replace(held, standings=(*held.standings, standing))
        return tuple(maps[shard] for shard in sorted(maps) if any(s.dangers for s in maps[shard].standings))

    def _edge_of(self, lineage: str) -> Callable[[Shard], Cells]:
        """Return the cells of a shard that lie mostly outside of what *lineage* claims.

        A notice does not say it; what it was made from does. Without it an order of one ward stood on the map of
        each ward next door, and would be obeyed there.
        """

        def edge(shard: Shard) -> Cells:
            snapshot = self._snapshots.get(shard)
            dangers = [
                danger
                for standing in (() if snapshot is None else snapshot.standings)
                if standing.provenance.lineage == lineage
                for danger in standing.dangers
            ]
            whole = union(*(difference(danger.cells, danger.partial) for danger in dangers))
            return difference(union(*(danger.partial for danger in dangers)), whole)

        return edge


def said_after(parts: tuple[Said, ...], notice: Notice) -> tuple[tuple[Said, ...], tuple[Said, ...]]:
    """Return what of a lineage holds after *notice*, given what held before, and what it ends.

    A notice says what changed; in all other cells what was said before still holds.
    """
    told = [cell for part in notice.parts for cell in part.cells]
    kept = [replace(said, part=replace(said.part, cells=_without(said.part.cells, told))) for said in parts]
    fresh = [Said(notice, part) for part in notice.parts]
    holds = tuple(said for said in kept if said.part.cells) + tuple(
        said for said in fresh if said.part.phase not in SAID_OVER
    )
    return holds, tuple(said for said in fresh if said.part.phase in SAID_OVER)


def _released(standing: Standing) -> bool:
    """Say whether residents may see *standing* without a person's approval."""
    source = standing.provenance
    return source.lane in _SHOWN and source.release is Release.AUTOMATIC and source.audience is Audience.PUBLIC


def _without(cells: Cells, told: Iterable[int]) -> Cells:
    return difference(cells, told)


def _standings_of(parts: tuple[Said, ...], edge: Callable[[Shard], Cells]) -> Iterable[tuple[Shard, Standing]]:
    """Return what notices that a person approved say, in the shape of a hazard map."""
    for said in parts:
        for shard, cells in split_by_shard(said.part.cells).items():
            dangers = tuple(
                Danger(
                    hazard=hazard,
                    level=said.part.level,
                    severity=said.part.severity,
                    urgency=Urgency.UNKNOWN,
                    certainty=Certainty.UNKNOWN,
                    event=order_name(said.part.level) if says_order(said.notice, said.part) else "",
                    area_name="、".join(said.part.area_names),
                    area_code="",
                    cells=cells,
                    partial=intersection(cells, edge(shard)),
                )
                for hazard in said.part.hazards
            )
            source = provenance_of(said.notice, kind="notice", release=Release.AUTOMATIC, outcome="notice")
            yield shard, Standing(source, 1, dangers)
