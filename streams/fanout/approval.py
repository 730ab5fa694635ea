"""Is what is about to be sent what was approved (R14)? Asked at the last hop, of the record itself.

The digest covers words, cells, lane and expiry; of kind 3 it covers the order, and ways fill its blanks: so there the
rest is held against the order, and every way against the plan that the notice names.
"""

from collections.abc import Mapping
from enum import StrEnum

from alerts.notice import Notice, NoticeKind
from alerts.place import Shard
from geo.cells import difference
from routing.plan import EvacuationPlan, digest
from streams.digest import approval_digest
from streams.evacuation.way_draft import RULE, TEMPLATE


class Mismatch(StrEnum):
    """Why a notice is not what was approved."""

    DIGEST = "digest"
    KIND = "kind"  # an order covers ways and nothing else, and ways need an order
    CELLS = "cells-outside-order"
    EXPIRY = "expires-otherwise"
    TEMPLATE = "template"  # approved for words that this worker does not write
    RULE = "route-rule"
    LANE = "other-lane"  # a drill on the topic of what is real, or the other way round
    NO_KEY = "no-key-of-the-lane"  # drills have a key of their own, and this worker was given none
    PLAN = "plan"  # what a plan says is not what its digest says


def mismatch_of(notice: Notice) -> Mismatch | None:
    """Return why *notice* must not be sent, None when it is what was approved."""
    if approval_digest(notice) != notice.digest:
        return Mismatch.DIGEST
    order = notice.order
    if (order is not None) != (notice.kind is NoticeKind.GO_THERE):
        return Mismatch.KIND
    if order is None:
        return None
    if notice.expires != order.expires:
        return Mismatch.EXPIRY
    if order.template != TEMPLATE:
        return Mismatch.TEMPLATE
    if order.rule != RULE:
        return Mismatch.RULE
    if difference((cell for part in notice.parts for cell in part.cells), order.cells):
        return Mismatch.CELLS
    return None


def plans_mismatch(plans: Mapping[Shard, EvacuationPlan]) -> Mismatch | None:
    """Return why ways must not be written from *plans*: a digest that is not that of what the plan says."""
    false = any(plan.digest != digest(plan.hazards, plan.cells) for plan in plans.values())
    return Mismatch.PLAN if false else None
