"""What people should be told of their way out, what they were told, and the difference.

No broker and no clock: the worker that owns a board feeds it records and asks for what is due.
Level-triggered like the board of notices: it is rebuilt from the logs, so a crash between two sends
heals at the next comparison, and a draft that was made before is made again with the same id.

An approval covers the order, its cells, the template, the expiry and the rule below; ways fill its
blanks (R14). A way that is taken away goes out at once; where people were told to stay and could go
now, a person decides.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alerts.cap import Severity
from alerts.claim import HazardSnapshot, Release
from alerts.fact import Heartbeat
from alerts.notice import Notice, NoticeKind, NoticePart, Phase, PlanRef, Recipients, ToldWay
from alerts.place import Cell, Shard
from alerts.reception import WardCap
from alerts.road import RoadReport
from alerts.shelter import ShelterReport
from geo.cells import shard_of
from routing.change import Cause
from routing.network import RoadNetwork
from routing.plan import Advice, CellAdvice, EvacuationPlan, plan_of
from routing.planner import Planner
from streams.evacuation.fact_book import FactBook
from streams.evacuation.fact_effects import FactEffects, News
from streams.evacuation.plan_facts import facts_of
from streams.evacuation.preview import MOST_LINES
from streams.evacuation.town import Town
from streams.evacuation.ward_lines import WardLines
from streams.evacuation.way_draft import draft_of, signature_of
from streams.evacuation.ways_told import Said, WaysTold
from streams.ingest.facts import fact_key
from streams.notices.order_book import InForce, OrderBook
from streams.payloads import Asked, Command, Crossing, Draft, FactEffect, Line, Preview, Verb

# A record has to fit its topic, and a notice the memory of whoever reads it.
MOST_PARTS = 4_000
# Between two looks at the clock: water comes nearer without anybody saying so. Closures begin and end on time.
LOOK_AGAIN = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be published, in this order: plans, who crosses ward lines, drafts that name the plans, effects."""

    plans: tuple[EvacuationPlan, ...] = ()
    drafts: tuple[Draft, ...] = ()
    effects: tuple[FactEffect, ...] = ()
    crossings: tuple[Crossing, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.plans or self.drafts or self.effects or self.crossings)


class EvacuationBoard:
    """Facts, orders, the planner, and what was told."""

    def __init__(self, town: Town) -> None:
        self._town = town
        self._facts = FactBook(town.network, town.sites)
        self._orders = OrderBook()
        self._told = WaysTold()
        self._planner: Planner | None = None
        self._planned: frozenset[Cell] = frozenset()
        self._plans: dict[Shard, EvacuationPlan] = {}
        # Entries by signature, so that an undo finds what people were told before.
        self._entries: dict[tuple[Cell, str], CellAdvice] = {}
        self._maps: dict[Shard, HazardSnapshot] = {}
        self._new: dict[bytes, News] = {}
        self._lines = WardLines()
        self._effects = FactEffects(town.people, self._facts, self._told)
        self._waiting: dict[str, Draft] = {}
        self._stale = True
        self._look_at: datetime | None = None

    # ── what is heard ─────────────────────────────────────────────────────────────────────────────

    def hear_map(self, snapshot: HazardSnapshot) -> None:
        """Take in what holds in a shard: orders, and dangers that close ways."""
        self._maps[snapshot.shard] = snapshot
        self._orders.hear_map(snapshot)
        self._stale = True

    def orders_in_force(self) -> tuple[str, ...]:
        """Return the lineages of the orders in force."""
        return tuple(order.lineage for order in self._orders.in_force())

    def closed_at(self, at: datetime) -> tuple[str, ...]:
        """Return the ids of the closures that hold at *at*."""
        return tuple(closure.id for closure in self._facts.closures(at))

    def facts_at(self, at: datetime) -> datetime:
        """Return up to when every source of closures was heard."""
        return self._facts.facts_at(at)

    def hear_heartbeat(self, beat: Heartbeat) -> None:
        """Take in that a source of closures was heard."""
        self._facts.hear_heartbeat(beat)

    def hear_road(self, report: RoadReport) -> None:
        """Take in a source's word on a road."""
        if self._facts.hear_road(report):
            self._hear(report)

    def hear_shelter(self, report: ShelterReport) -> None:
        """Take in a source's word on a shelter."""
        if self._facts.hear_shelter(report):
            self._hear(report)

    def hear_cap(self, cap: WardCap) -> None:
        """Take in how many people of another ward a ward takes."""
        if self._facts.hear_cap(cap):
            self._hear(cap)

    def recall_crossing(self, crossing: Crossing) -> None:
        """Take back what this stage showed a receiving ward."""
        self._lines.recall(crossing)

    def _hear(self, report: News) -> None:
        self._new[fact_key(report)] = report
        self._stale = True

    def hear_notice(self, notice: Notice) -> None:
        """Take in a notice that has gone out: an order, or ways that a person let go."""
        if notice.kind is NoticeKind.GO_THERE:
            self._told.take(notice)
        elif self._orders.hear_notice(notice):
            self._stale = True

    def remember(self, command: Command) -> None:
        """Take back what this stage itself proposed, before a restart."""
        if command.verb is Verb.CREATE and command.draft is not None:
            self._propose(command.draft)

    def recall_plan(self, plan: EvacuationPlan) -> None:
        """Take back a plan that this stage published, oldest first."""
        self._plans[plan.shard] = plan
        for entry in plan.cells:
            self._entries[entry.cell, signature_of(entry)] = entry

    def recall_effect(self, effect: FactEffect) -> None:
        """Take back that a fact has been acted on: its effect is not counted a second time."""
        self._effects.recall(effect)

    # ── what is due ───────────────────────────────────────────────────────────────────────────────

    def due(self, at: datetime) -> Due:
        """Return what is to be published now; nothing when nothing changed."""
        if not self._stale and self._look_at is not None and at < self._look_at:
            return Due()
        self._stale = False
        edge, look = self._facts.next_edge(at), at + LOOK_AGAIN
        self._look_at = min(edge, look) if edge is not None else look
        orders = self._orders.in_force()
        news, self._new = self._new, {}
        if not orders:
            crossings = self._lines.news((), (), at)
            plans = tuple(self._new_plans((), {}, self._facts.facts_at(at)))
            return Due(plans, tuple(self._over((), at)), tuple(self._effects.of(news, {}, at)), crossings)
        restored = self._take_back(orders, news.values())
        replanned = self._planner_of(orders).replan(facts_of(self._town, self._facts, orders, self._maps, at))
        advice = {entry.cell: entry for entry in replanned.cells}
        facts_at = self._facts.facts_at(at)
        plans = tuple(self._new_plans(orders, advice, facts_at))
        causes = {change.cell: (change.cause, change.because) for change in replanned.changes} | restored
        moved: dict[str, set[Cell]] = {}
        drafts = [draft for order in orders for draft in self._drafts(order, advice, causes, moved, facts_at, at)]
        drafts += self._over(orders, at)
        crossings = self._lines.news(replanned.crossings, self._facts.limits(), at)
        return Due(plans, tuple(drafts), tuple(self._effects.of(news, moved, at)), crossings)

    def preview(self, asked: Asked) -> Preview:
        """Return what the closure that is asked about would block and whom it would move, as things stand now."""
        report, at = asked.report, asked.at
        book = self._facts.supposing(report)
        verdict, orders = book.verdict(report), self._orders.in_force()
        moved: list[Cell] = []
        if orders and verdict.closure is not None:
            planner = self._planner_of(orders)
            seen = planner.foresee(facts_of(self._town, book, orders, self._maps, at))
            # Against what holds without it: what else changes at this moment is not its doing.
            moved = sorted(change.cell for change in seen if report.id in change.because)
        people = sum(self._town.people.get(cell, 0) for cell in moved)
        lines = tuple(_line_of(self._town.network, road) for road in verdict.roads[:MOST_LINES])
        return Preview(asked.id, at, verdict.reason, len(verdict.roads), lines, tuple(moved), people)

    def _planner_of(self, orders: Sequence[InForce]) -> Planner:
        """Return the planner of the cells that are ordered to leave: who stays takes nobody's place in a shelter.

        A new one goes on from what was told, so that an order that grows, or a restart, moves nobody.
        """
        cells = frozenset(cell for order in orders for cell in order.cells if cell in self._town.people)
        if self._planner is None or cells != self._planned:
            told = {}
            for order in orders:
                for cell in self._told.cells(order.ways):
                    said = self._told.newest(order.ways, cell)
                    entry = self._entries.get((cell, said.way.signature)) if said and cell in cells else None
                    if entry is not None:
                        told[cell] = entry
            self._planner = Planner(self._town.network, cells, landmarks=self._town.landmarks, told=told.values())
            self._planned = cells
        return self._planner

    def _take_back(self, orders: Sequence[InForce], news: Iterable[News]) -> dict[Cell, tuple[Cause, tuple[str, ...]]]:
        """Give those whom an undone fact moved back what they were told before; nobody else is touched."""
        restored: dict[Cell, tuple[Cause, tuple[str, ...]]] = {}
        for report in news:
            if not report.undo:
                continue
            back = []
            for order in orders:
                for cell, said in self._told.moved_by(order.ways, report.id):
                    entry = self._entries.get((cell, said.way.signature))
                    if entry is not None:
                        back.append(entry)
                        restored[cell] = Cause.RESTORED, (report.id,)
            self._planner_of(orders).hold(back)
        return restored

    def _new_plans(
        self, orders: Sequence[InForce], advice: Mapping[Cell, CellAdvice], facts_at: datetime
    ) -> Iterator[EvacuationPlan]:
        ordered = sorted({cell for order in orders for cell in order.cells} & advice.keys())
        hazards = sorted({hazard for order in orders for hazard in order.hazards})
        by_shard: dict[Shard, list[CellAdvice]] = {}
        for cell in ordered:
            by_shard.setdefault(shard_of(cell), []).append(advice[cell])
        # A shard that nobody is ordered out of any more: its plan must not stay before residents as if it held.
        for shard, plan in self._plans.items():
            if plan.cells:
                by_shard.setdefault(shard, [])
        for shard, entries in sorted(by_shard.items()):
            known = self._plans.get(shard)
            plan = plan_of(shard, known.version + 1 if known else 1, hazards, facts_at, entries)
            if known is None or known.digest != plan.digest:
                self.recall_plan(plan)
                yield plan

    def _drafts(
        self,
        order: InForce,
        advice: Mapping[Cell, CellAdvice],
        causes: Mapping[Cell, tuple[Cause, tuple[str, ...]]],
        moved: dict[str, set[Cell]],
        facts_at: datetime,
        at: datetime,
    ) -> Iterator[Draft]:
        if order.provenance.expires <= at:
            return  # the order stays in force; a push after its end would be one that nobody approved
        names = self._facts.names()
        by_itself: list[NoticePart] = []
        by_person: list[NoticePart] = []
        for cell in sorted(order.cells & advice.keys()):
            entry = advice[cell]
            before = self._told.newest(order.ways, cell)
            way = self._way(entry, before, causes.get(cell), names)
            if way is None:
                continue
            # Taking back a mistake is not a new decision: who was told to go before the mistake is told so again.
            held = (
                before is not None
                and before.way.advice != Advice.GO
                and way.advice == Advice.GO
                and way.cause != Cause.RESTORED
            )
            (by_person if held else by_itself).append(self._part(order, cell, way, first=before is None))
            for fact in way.because:
                moved.setdefault(fact, set()).add(cell)
        for parts, release in ((by_itself, Release.AUTOMATIC), (by_person, Release.DRAFT)):
            for start in range(0, len(parts), MOST_PARTS):
                draft = self._draft(order, parts[start : start + MOST_PARTS], release, facts_at)
                if release is Release.DRAFT and self._waits(draft):
                    continue
                self._propose(draft)
                yield draft

    def _way(
        self,
        entry: CellAdvice,
        before: Said | None,
        cause: tuple[Cause, tuple[str, ...]] | None,
        names: Mapping[str, str],
    ) -> ToldWay | None:
        """Return what *entry* tells its cell, or None when it was told just that."""
        signature = signature_of(entry)
        if before is not None and before.way.signature == signature:
            return None
        why, because = cause or (Cause.BETTER_WAY, ())
        answer = entry.parts[0].general
        return ToldWay(
            signature=signature,
            advice=answer.advice.value,
            shelter_id=answer.route.shelter_id if answer.route else "",
            cause=why.value if before is not None else Cause.FIRST.value,
            because=because if before is not None else (),
            names=tuple(names.get(one, "") for one in because) if before is not None else (),
            replaces=before.at if before is not None else None,
        )

    def _part(self, order: InForce, cell: Cell, way: ToldWay | None, *, first: bool) -> NoticePart:
        name = self._town.names.get(cell, "")
        return NoticePart(
            rank=0,
            phase=Phase.ISSUED if first else Phase.CHANGED,
            # The end of a way goes to whoever has it on her phone.
            recipients=Recipients.CELLS if way is not None else Recipients.TOLD,
            level=order.level,
            severity=Severity.EXTREME,
            hazards=tuple(sorted(order.hazards)),
            area_names=(name,) if name else order.area_names[:1],
            cells=(cell,),
            texts=(),
            way=way,
        )

    def _draft(self, order: InForce, parts: Sequence[NoticePart], release: Release, facts_at: datetime) -> Draft:
        shards = sorted({shard_of(part.cells[0]) for part in parts})
        plans = tuple(PlanRef(s, self._plans[s].version, self._plans[s].digest, facts_at) for s in shards)
        return draft_of(order, tuple(parts), plans, self._told.next_revision(order.ways), release)

    def _over(self, orders: Iterable[InForce], at: datetime) -> Iterator[Draft]:
        """Yield the ends of ways whose cells no order names any more: a way on a phone must not outlive it."""
        in_force = {order.ways: order.cells for order in orders}
        for lineage in self._told.lineages():
            gone = sorted(set(self._told.cells(lineage)) - in_force.get(lineage, frozenset()))
            order = self._orders.ended(lineage) if gone else None
            if order is None or order.provenance.expires <= at:
                continue
            # Told under this order, whatever is left of it: those cells were approved once.
            order = replace(order, cells=order.cells | frozenset(gone))
            ends = [replace(self._part(order, cell, None, first=False), phase=Phase.LIFTED) for cell in gone]
            for start in range(0, len(ends), MOST_PARTS):
                parts = tuple(ends[start : start + MOST_PARTS])
                draft = draft_of(order, parts, (), self._told.next_revision(lineage), Release.AUTOMATIC)
                self._propose(draft)
                yield draft

    def _propose(self, draft: Draft) -> None:
        if draft.notice.kind is not NoticeKind.GO_THERE:
            return
        if draft.release is Release.AUTOMATIC:
            self._told.take(draft.notice)
        else:
            self._told.reserve(draft.notice.lineage, draft.notice.revision)
            self._waiting[draft.notice.lineage] = draft

    def _waits(self, draft: Draft) -> bool:
        """Return whether the same is already before a person, and nothing has gone out since."""
        known = self._waiting.get(draft.notice.lineage)
        return (
            known is not None
            and known.notice.revision + 1 == draft.notice.revision
            and _signatures(known) == _signatures(draft)
        )


def _signatures(draft: Draft) -> list[tuple[Cell, str]]:
    return [(part.cells[0], part.way.signature if part.way else "") for part in draft.notice.parts]


def _line_of(network: RoadNetwork, road_id: str) -> Line:
    columns = network.columns
    at = columns.road_at(road_id)
    assert at is not None, "a verdict names roads of this network only"
    start, end = (network.point_at(int(end[at])) for end in (columns.start, columns.end))
    return Line(road_id, columns.name_of(at), start, end)
