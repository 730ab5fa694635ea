"""The facts that a plan rests on, gathered from the books: the same for whoever plans and for whoever shows ways."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from alerts.claim import HazardSnapshot
from alerts.place import Shard
from routing.ground import Situation
from routing.planner import Facts
from streams.evacuation.fact_book import FactBook
from streams.evacuation.town import Town
from streams.hazards.outlook import is_night, outlook_of, rising_in
from streams.notices.order_book import InForce


def facts_of(
    town: Town, book: FactBook, orders: Sequence[InForce], maps: Mapping[Shard, HazardSnapshot], at: datetime
) -> Facts:
    """Return all that holds at *at* for the people whom *orders* tell to leave."""
    situation = Situation(
        hazards=frozenset(hazard for order in orders for hazard in order.hazards),
        at=at,
        facts_at=book.facts_at(at),
        night=is_night(at),
        ground=town.ground,
        outlook=outlook_of(maps, {cell for order in orders for cell in order.cells}),
        rising=rising_in(maps),
        modes=town.modes,
    )
    return Facts(
        situation=situation,
        shelters=book.shelters(),
        closures=book.closures(at),
        reported=book.reported(at),
        people=town.people,
        ward_limits=book.limits(),
    )
