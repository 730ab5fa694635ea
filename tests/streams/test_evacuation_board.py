"""Who is told which way, and again when it is cut: the board without a broker."""

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from alerts.claim import Release
from alerts.hazard import HazardKind
from alerts.languages.known import LANGUAGES
from alerts.level import Level
from alerts.notice import NoticePart, Phase
from alerts.order_words import compose_order
from alerts.place import Cell
from alerts.reception import WardCap
from alerts.road import RoadReport
from alerts.shelter import ShelterReport
from alerts.wording import PartFacts
from dispatch.errors import PlanMissing
from dispatch.message import Messages
from dispatch.settings import DispatchSettings
from dispatch.ways import with_ways
from geo.change import NOTHING_TOLD
from streams.deciding.decision import Ledger, decide
from streams.digest import approval_digest
from streams.evacuation.evacuation_board import Due, EvacuationBoard
from streams.evacuation.town import Town
from streams.fanout.approval import mismatch_of
from streams.payloads import Asked, Command, Draft, DraftState, Verb
from tests.geo.documents import provenance
from tests.streams.small_town import (
    AT,
    CELLS,
    ORDER,
    cap,
    closure,
    order_maps,
    order_notice,
    shelter_state,
    town,
    two_wards,
)


class Desk:
    """A board with what it published, as the logs would have it."""

    def __init__(self, place: Town | None = None) -> None:
        self.place = place or town()
        self.board = EvacuationBoard(self.place)
        self.log: list[Due] = []
        self.minute = 0

    def order(self, cells: tuple[Cell, ...] = CELLS, revision: int = 1, **how: object) -> Due:
        for snapshot in order_maps(cells, revision, **how):  # type: ignore[arg-type]
            self.board.hear_map(snapshot)
        self.board.hear_notice(order_notice(revision))
        return self.due()

    def hear(self, *reports: RoadReport | ShelterReport | WardCap) -> Due:
        for report in reports:
            if isinstance(report, WardCap):
                self.board.hear_cap(report)
            elif isinstance(report, RoadReport):
                self.board.hear_road(report)
            else:
                self.board.hear_shelter(report)
        return self.due()

    def due(self, at: datetime | None = None) -> Due:
        self.minute += 1
        found = self.board.due(at or AT + timedelta(minutes=self.minute))
        self.log.append(found)
        return found

    def restarted(self, reports: Iterable[RoadReport | ShelterReport] = (), revision: int = 1) -> "Desk":
        """Return a desk whose board was rebuilt from what this one published."""
        again = Desk(self.place)
        again.minute = self.minute
        for due in self.log:
            for plan in due.plans:
                again.board.recall_plan(plan)
            for crossing in due.crossings:
                again.board.recall_crossing(crossing)
            for effect in due.effects:
                again.board.recall_effect(effect)
        for due in self.log:
            for draft in due.drafts:
                again.board.remember(Command(Verb.CREATE, draft.draft, "evacuation", AT, draft=draft))
        for snapshot in order_maps(revision=revision):
            again.board.hear_map(snapshot)
        for report in reports:
            again.board.hear_road(report) if isinstance(report, RoadReport) else again.board.hear_shelter(report)
        again.board.hear_notice(order_notice(revision))
        return again


def parts(due: Due) -> dict[Cell, NoticePart]:
    return {part.cells[0]: part for draft in due.drafts for part in draft.notice.parts}


def shelters(due: Due) -> dict[Cell, str]:
    return {cell: part.way.shelter_id for cell, part in parts(due).items() if part.way is not None}


def test_nothing_is_planned_before_an_order_has_gone_out() -> None:
    desk = Desk()
    for snapshot in order_maps():
        desk.board.hear_map(snapshot)
    assert not desk.due()
    desk.board.hear_notice(order_notice())
    assert desk.due().drafts


def test_an_order_tells_every_cell_of_it_a_way_of_a_plan_that_is_published() -> None:
    due = Desk().order()
    (draft,) = due.drafts
    assert set(parts(due)) == set(CELLS)
    assert {part.phase for part in draft.notice.parts} == {Phase.ISSUED}
    assert {part.way.advice for part in draft.notice.parts if part.way} == {"go"}
    assert {(ref.shard, ref.digest) for ref in draft.notice.plans} == {(plan.shard, plan.digest) for plan in due.plans}
    assert draft.notice.lineage == f"{ORDER}#ways"
    assert draft.release is Release.AUTOMATIC


def test_the_same_facts_again_tell_nobody_anything() -> None:
    desk = Desk()
    desk.order()
    assert not desk.due(AT + timedelta(hours=1))


def test_a_closed_bridge_tells_exactly_those_whose_way_led_over_it() -> None:
    desk = Desk()
    first = desk.order()
    over = {
        entry.cell
        for plan in first.plans
        for entry in plan.cells
        if entry.parts[0].general.route and "bridge-6" in entry.parts[0].general.route.road_ids
    }
    assert over
    assert over != set(CELLS)
    due = desk.hear(closure(6))
    assert set(parts(due)) == over
    for part in parts(due).values():
        assert part.way is not None
        assert (part.phase, part.way.cause, part.way.because) == (Phase.CHANGED, "way-cut", ("bridge-6",))
        assert part.way.names == ("架空6号橋",)
        assert part.way.replaces is not None
    (effect,) = due.effects
    assert (effect.fact, effect.reason, effect.roads) == ("bridge-6|console", "blocks", ("bridge-6",))
    assert (effect.moved, effect.people) == (len(over), 100 * len(over))


def test_no_plan_leads_over_a_confirmed_closure() -> None:
    desk = Desk()
    desk.order()
    due = desk.hear(closure(6), closure(1))
    routes = [part.general.route for plan in due.plans for entry in plan.cells for part in entry.parts]
    assert not [route for route in routes if route and {"bridge-6", "bridge-1"} & set(route.road_ids)]


def test_a_report_alone_moves_nobody_and_is_shown_with_its_age() -> None:
    desk = Desk()
    desk.order()
    report = closure(6, confidence="reported")
    due = desk.hear(report)
    assert due.drafts == ()
    assert [effect.reason for effect in due.effects] == ["nobody-confirmed"]
    shown = [
        one
        for plan in due.plans
        for entry in plan.cells
        if entry.parts[0].general.route
        for one in entry.parts[0].general.route.unconfirmed
    ]
    assert {(one.report_id, one.reported_at) for one in shown} == {("bridge-6", report.attribution.fact_at)}


def test_an_undo_tells_exactly_those_whom_the_closure_moved_and_sends_them_back() -> None:
    desk = Desk()
    before = shelters(desk.order())
    moved = parts(desk.hear(closure(6)))
    back = desk.hear(closure(6, 2, undo=True))
    assert set(parts(back)) == set(moved)
    assert {cell: shelter for cell, shelter in before.items() if cell in moved} == shelters(back)
    assert {part.way.cause for part in parts(back).values() if part.way} == {"restored"}


def test_an_undo_is_the_same_after_a_restart() -> None:
    desk = Desk()
    desk.order()
    cut = closure(6)
    desk.hear(cut)
    undo = closure(6, 2, undo=True)
    again = desk.restarted([cut])
    assert not again.due().drafts
    assert parts(again.hear(undo)) == parts(desk.hear(undo))


def test_a_restart_after_an_undo_hears_it_again_and_tells_nobody() -> None:
    desk = Desk()
    desk.order()
    undo = closure(6, 3, undo=True)
    assert parts(desk.hear(closure(6)))
    assert parts(desk.hear(undo))
    assert not parts(desk.restarted([closure(6), undo]).due())


def test_a_full_shelter_moves_those_who_were_sent_there() -> None:
    desk = Desk()
    first = shelters(desk.order())
    due = desk.hear(shelter_state("north", "full"))
    assert set(parts(due)) == {cell for cell, shelter in first.items() if shelter == "north"}
    assert "north" not in shelters(due).values()
    assert {part.way.names for part in parts(due).values() if part.way} == {("架空north小学校",)}


def test_ten_closures_need_no_approval_and_carry_the_digest_that_was_approved() -> None:
    desk = Desk()
    ledger = Ledger()
    ledger.has_sent(order_notice())
    digests = set()
    words: list[Due] = [desk.order()]
    for minute in range(1, 6):
        words += [desk.hear(closure(6, minute)), desk.hear(closure(6, minute, lifted=True, undo=True))]
    for due in words:
        for draft in due.drafts:
            decided = decide(ledger, Command(Verb.CREATE, draft.draft, "evacuation", AT, draft=draft), at=AT)
            assert decided.record is not None
            assert decided.record.state is DraftState.APPROVED
            assert decided.notice is not None
            digests.add(decided.notice.digest)
            ledger.knows(decided.record)
            ledger.has_sent(decided.notice)
    assert len(digests) == 1


def test_an_order_is_sent_before_any_way_is_known_says_no_way_and_gains_its_ways_later() -> None:
    """An approval waits for no plan: until there is one people read what is safe alone, and no push says GO (R14)."""
    desk, ledger = Desk(), Ledger()
    of = order_notice()
    facts = PartFacts(
        Phase.ISSUED, Level.ALL_LEAVE, of.parts[0].severity, (HazardKind.FLOOD,), ("架空市",), "架空市", AT, of.expires
    )
    said = tuple(compose_order(facts, language) for language in LANGUAGES)
    bare = replace(of, feed="console", parts=(replace(of.parts[0], texts=said),), approved_by="", digest="")
    bare = replace(bare, digest=approval_digest(bare))
    waits = Draft("order", provenance(1, ORDER), True, Release.DRAFT, bare, NOTHING_TOLD)
    for command in (
        Command(Verb.CREATE, "order", "notices", AT, draft=waits),
        Command(Verb.APPROVE, "order", "baba", AT, bare.digest),
    ):
        decided = decide(ledger, command, at=AT)
        assert decided.record is not None
        ledger.knows(decided.record)
    order = decided.notice
    assert order is not None
    assert order.plans == ()
    told, ways = with_ways(order, {})
    assert (told, ways.entries) == (order, {})
    for part in order.parts:
        assert part.way is None
        for text in part.texts:
            assert not [name for name in ("north", "east", "west") if name in text.title + text.body]
    for language in LANGUAGES:
        pushed = json.loads(Messages(told, DispatchSettings(), ways).for_part(0, language).plaintext)
        assert "way" not in pushed["shirase"]
        assert level_action_of(language) in pushed["notification"]["body"]
    # Later: the plan, under the approval that was given, and not before the plan itself is there.
    ledger.has_sent(order)
    (draft,) = desk.order().drafts
    gained = decide(ledger, Command(Verb.CREATE, draft.draft, "evacuation", AT, draft=draft), at=AT)
    assert gained.record is not None
    assert gained.notice is not None
    assert (gained.record.reason, gained.notice.approved_by) == ("ways-of-an-approved-order", "policy")
    with pytest.raises(PlanMissing):
        with_ways(gained.notice, {})
    worded, ways = with_ways(gained.notice, {plan.shard: plan for due in desk.log for plan in due.plans})
    assert {part.way.advice for part in worded.parts if part.way} == {"go"}
    assert set(ways.entries) == set(range(len(worded.parts)))


def level_action_of(language: str) -> str:
    return {
        "ja": "危険な場所から全員避難",
        "en": "Leave dangerous places",
        "ja-Hira": "にげて",
        "zh-Hans": "请离开",
        "ko": "피난하세요",
    }[language]


def test_ways_of_an_order_that_has_not_gone_out_are_held() -> None:
    (draft,) = Desk().order().drafts
    decided = decide(Ledger(), Command(Verb.CREATE, draft.draft, "evacuation", AT, draft=draft), at=AT)
    assert decided.notice is None
    assert decided.record is not None
    assert (decided.record.state, decided.record.reason) == (DraftState.HELD, "order-not-approved")


def test_where_people_were_told_to_stay_and_could_go_now_a_person_decides() -> None:
    desk = Desk()
    desk.order()
    gone = desk.hear(*(shelter_state(name, "closed") for name in ("north", "east", "west")))
    assert {part.way.advice for part in parts(gone).values() if part.way} <= {"stay", "go-up"}
    assert {draft.release for draft in gone.drafts} == {Release.AUTOMATIC}
    opened = desk.hear(shelter_state("north", "open", 2))
    assert {draft.release for draft in opened.drafts} == {Release.DRAFT}
    assert not desk.due(AT + timedelta(hours=1)).drafts, "the same is before a person already"
    approved = opened.drafts[0].notice
    desk.board.hear_notice(approved)
    assert not desk.due(AT + timedelta(hours=2)).drafts


def test_an_order_that_ends_tells_those_whom_it_told_and_nobody_twice() -> None:
    desk = Desk()
    told = parts(desk.order())
    over = desk.order((), 2)
    assert set(parts(over)) == set(told)
    assert {(part.phase, part.way) for part in parts(over).values()} == {(Phase.LIFTED, None)}
    assert over.plans
    assert {(plan.version, plan.cells) for plan in over.plans} == {(2, ())}, "no plan is shown as if it still held"
    assert not desk.due(AT + timedelta(hours=1))


def test_an_order_that_shrinks_ends_only_where_it_no_longer_holds() -> None:
    desk = Desk()
    desk.order()
    kept = CELLS[: len(CELLS) // 2]
    due = desk.order(kept, 2)
    assert set(parts(due)) == set(CELLS) - set(kept)


def test_nothing_is_sent_after_the_order_has_expired_and_it_stays_in_force() -> None:
    desk = Desk()
    desk.order()
    desk.board.hear_road(closure(6))
    assert desk.due(AT + timedelta(hours=7)).drafts == ()
    assert desk.board.orders_in_force() == (ORDER,)


def test_an_extended_order_tells_ways_until_its_new_end_and_nobody_anything_by_itself() -> None:
    desk = Desk()
    first = desk.order()
    end = AT + timedelta(hours=9)
    desk.board.hear_notice(replace(order_notice(), revision=2, expires=end))
    assert desk.due().drafts == (), "the ways are those that people have"
    desk.board.hear_road(closure(6))
    moved = desk.due(AT + timedelta(hours=7)).drafts
    assert moved
    assert {draft.notice.expires for draft in first.drafts} == {AT + timedelta(hours=6)}
    for draft in moved:
        assert draft.notice.order is not None
        assert (draft.notice.expires, draft.notice.order.expires) == (end, end)
        assert mismatch_of(draft.notice) is None
    # An older revision that is read again later takes nothing back.
    desk.board.hear_notice(order_notice())
    desk.board.hear_road(closure(6, minute=2, lifted=True))
    assert {draft.notice.expires for draft in desk.due(AT + timedelta(hours=8)).drafts} == {end}


@pytest.mark.parametrize("published", range(3))
def test_a_board_killed_between_two_sends_ends_at_the_same(published: int) -> None:
    cut = closure(6)
    whole = Desk()
    whole.order()
    expected = whole.hear(cut)

    killed = Desk()
    killed.order()
    due = killed.hear(cut)
    survived = (Due(), Due(plans=due.plans), Due(plans=due.plans, drafts=due.drafts))[published]
    killed.log[-1] = survived
    again = killed.restarted([cut])
    after = again.due()
    assert parts(survived) | parts(after) == parts(expected)
    ids = [draft.draft for one in (survived, after) for draft in one.drafts]
    assert ids == [draft.draft for draft in expected.drafts]


def test_a_closure_begins_and_ends_on_time_without_anybody_saying_so() -> None:
    desk = Desk()
    desk.order()
    begins, ends = AT + timedelta(minutes=10), AT + timedelta(minutes=10, seconds=5)
    announced = closure(6, valid_from=begins.isoformat(), valid_until=ends.isoformat())
    assert not desk.hear(announced).drafts
    told = desk.due(begins)
    assert {part.way.because for part in parts(told).values() if part.way} == {("bridge-6",)}
    assert "bridge-6" not in {one for part in parts(desk.due(ends)).values() if part.way for one in part.way.because}
    assert desk.board.closed_at(ends) == ()


@pytest.mark.parametrize("bridge", [1, 6])
def test_a_preview_says_what_the_closure_then_does_and_changes_nothing(bridge: int) -> None:
    asked, untouched = Desk(), Desk()
    for desk in (asked, untouched):
        desk.order()
        desk.hear(closure(12))
    preview = asked.board.preview(Asked("q", closure(bridge, 2), AT + timedelta(minutes=3)))
    assert (preview.reason, preview.road_count) == ("blocks", 1)
    assert [line.road for line in preview.lines] == [f"bridge-{bridge}"]
    due = asked.hear(closure(bridge, 2))
    assert sorted(parts(due)) == list(preview.cells)
    assert [effect.people for effect in due.effects] == [preview.people]
    assert untouched.hear(closure(bridge, 2)) == due, "who asked before gets the same plans and tells the same people"
    assert preview.cells


def test_a_preview_of_a_report_or_of_no_road_moves_nobody() -> None:
    desk = Desk()
    desk.order()
    for report, reason in (
        (closure(6, confidence="reported"), "nobody-confirmed"),
        (closure(6, point=[35.0, 139.0]), "no-road-there"),
    ):
        preview = desk.board.preview(Asked("q", report, AT + timedelta(minutes=3)))
        assert (preview.reason, preview.cells, preview.people) == (reason, (), 0)
    assert not desk.due()


def sent_to(due: Due) -> dict[Cell, str]:
    return {cell: part.way.shelter_id for cell, part in parts(due).items() if part.way is not None}


def test_the_receiving_ward_sees_who_comes_and_its_cap_moves_only_those_above_it() -> None:
    desk = Desk(two_wards())
    first = desk.order()
    told = sent_to(first)
    to_mid = [cell for cell, shelter in told.items() if shelter == "north"]
    shown = {(one.from_ward, one.to_ward): one for one in first.crossings}
    assert shown["south", "mid"].people == 100 * len(to_mid) > 50, "the number is in the same step as the draft"
    assert all(one.since == one.at and one.cap is None for one in first.crossings)
    most = 100 * (len(to_mid) - 2)
    capped = desk.hear(cap(most))
    moved = sent_to(capped)
    assert len(moved) == 2
    assert moved.keys() <= set(to_mid), "who goes to another ward hears nothing"
    assert set(moved.values()) <= {"east", "west"}
    assert {part.way.cause for part in parts(capped).values() if part.way} == {"ward-full"}
    assert [(effect.fact, effect.reason, effect.moved) for effect in capped.effects] == [
        ("south>mid|console", "caps", 2)
    ]
    line = next(one for one in capped.crossings if one.to_ward == "mid")
    assert (line.people, line.cap, line.since) == (most, most, shown["south", "mid"].since)
    assert not desk.due(), "the same again is no news"


def test_a_lifted_cap_tells_only_those_who_had_found_no_room_and_an_end_of_the_order_ends_the_line() -> None:
    desk = Desk(two_wards())
    desk.order()
    without = {cell for cell, shelter in sent_to(desk.hear(cap(0))).items() if not shelter}
    lifted = desk.hear(cap(None, 2, lifted=True))
    assert without
    assert parts(lifted).keys() == without
    assert {part.way.cause for part in parts(lifted).values() if part.way} == {"room-found"}
    over = desk.order((), 2)
    assert {one.people for one in over.crossings} == {0}


def test_a_restart_shows_a_receiving_ward_nothing_twice() -> None:
    desk = Desk(two_wards())
    desk.order()
    desk.hear(cap(300))
    again = desk.restarted()
    again.board.hear_cap(cap(300))
    due = again.due()
    assert (due.crossings, parts(due)) == ((), {})


def test_a_shelter_that_takes_its_own_ward_only_moves_those_of_others() -> None:
    desk = Desk(two_wards())
    told = sent_to(desk.order())
    due = desk.hear(shelter_state("north", "open", 1, accepts="own-ward"))
    assert parts(due).keys() == {cell for cell, shelter in told.items() if shelter == "north"}
    assert "north" not in sent_to(due).values()
    agreed = Desk(two_wards())
    agreed.order()
    kept = agreed.hear(shelter_state("north", "open", 1, accepts="agreed-wards", agreed_wards=["south"]))
    assert not parts(kept)
