"""What is sent is what was approved: words, cells, lane, expiry, template, route rule, and plans by their digests."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import h3.api.basic_int as h3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.claim import Lane
from alerts.notice import Notice, NoticeKind
from alerts.place import Cell, Shard
from alerts.theme import Audience
from routing.plan import EvacuationPlan
from streams.digest import approval_digest
from streams.fanout.approval import Mismatch, mismatch_of, plans_mismatch
from streams.wire import decode, encode
from tests.dispatch.people import KOTO, notice, part
from tests.streams.test_evacuation_board import Desk


def approved() -> Notice:
    made = notice(part((Cell(KOTO),), rank=0))
    return replace(made, digest=approval_digest(made))


def ways() -> tuple[Notice, dict[Shard, EvacuationPlan]]:
    desk = Desk()
    desk.order()
    plans = {plan.shard: plan for due in desk.log for plan in due.plans}
    return desk.log[-1].drafts[0].notice, plans


def again(changed: Notice) -> Notice:
    """Return *changed* with a digest that fits: as somebody would who can write to the topic."""
    return replace(changed, digest=approval_digest(changed))


def test_what_was_approved_passes_also_after_the_wire() -> None:
    warning, (order, plans) = approved(), ways()
    for one in (warning, order):
        assert mismatch_of(one) is None
        assert mismatch_of(decode(Notice, encode(one))) is None
    assert plans_mismatch(plans) is None
    read = {shard: decode(EvacuationPlan, encode(plan)) for shard, plan in plans.items()}
    assert plans_mismatch(read) is None


@pytest.mark.parametrize(
    "change",
    [
        lambda one: replace(one, lane=Lane.DRILL),
        lambda one: replace(one, audience=Audience.STAFF),
        lambda one: replace(one, expires=one.expires + timedelta(seconds=1)),
        lambda one: replace(one, document="another"),
        lambda one: replace(one, lineage="another"),
        lambda one: replace(one, parts=(replace(one.parts[0], cells=(*one.parts[0].cells, Cell(KOTO + 1))),)),
        lambda one: replace(one, parts=(replace(one.parts[0], texts=one.parts[0].texts[:0]),)),
        lambda one: replace(one, parts=(replace(one.parts[0], level=None),)),
    ],
)
def test_whatever_is_changed_after_an_approval_is_found(change: Callable[[Notice], Notice]) -> None:
    assert mismatch_of(change(approved())) is Mismatch.DIGEST


def test_an_order_covers_its_template_rule_and_expiry_and_ways_alone() -> None:
    order, _ = ways()
    assert order.order is not None
    changed = {
        Mismatch.TEMPLATE: replace(order, order=replace(order.order, template="another")),
        Mismatch.RULE: replace(order, order=replace(order.order, rule="another")),
        Mismatch.EXPIRY: replace(order, expires=order.expires + timedelta(hours=1)),
        Mismatch.KIND: replace(order, kind=NoticeKind.DANGER_IS_COMING),
    }
    for mismatch, one in changed.items():
        assert mismatch_of(again(one)) is mismatch, "whoever writes the topic can write a digest, too"
        if one.order != order.order or one.kind is not order.kind:
            assert mismatch_of(one) is Mismatch.DIGEST
    assert mismatch_of(again(replace(order, order=None))) is Mismatch.KIND


@given(st.integers(0, 30), st.integers(1, 40))
def test_ways_are_told_in_the_cells_of_the_order_and_in_no_other(place: int, rings: int) -> None:
    order, _ = ways()
    inside = order.parts[place % len(order.parts)].cells[0]
    away = Cell(h3.grid_ring(inside, rings + 20)[0])
    for cell, mismatch in (
        (inside, None),
        (away, Mismatch.CELLS),
        (Cell(h3.cell_to_parent(inside, 6)), Mismatch.CELLS),
    ):
        told = replace(order, parts=(*order.parts, replace(order.parts[0], cells=(cell,))))
        assert mismatch_of(told) is mismatch


def test_a_plan_that_says_something_else_than_its_digest_is_found() -> None:
    _, plans = ways()
    shard, plan = next(iter(plans.items()))
    assert plans_mismatch({shard: replace(plan, cells=plan.cells[1:])}) is Mismatch.PLAN
    assert plans_mismatch({shard: replace(plan, hazards=())}) is Mismatch.PLAN
    assert plans_mismatch({shard: replace(plan, version=plan.version + 1)}) is None, "its age is not its advice"
