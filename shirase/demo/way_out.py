"""The way out, in the demo: a ward orders people to leave, then its busiest bridges turn out to be closed.

The order is a municipal report, written here by hand and not with our reader's code. What is posted
afterwards depends on the ways that were published, as it would for an officer: the roads that most
people walk are closed, one of them by mistake, which is taken back; one is only reported.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from alerts.place import Cell
from alerts.report import OutcomeKind
from alerts.shelter import OccupancyBand, ShelterState
from feeds.console import FEED
from feeds.console_write import console_document
from routing.plan import EvacuationPlan
from routing.shelter import Shelter
from shirase.demo.jma_writer import JST
from shirase.demo.scenario import ScenarioDocument
from shirase.demo.wards import BY_CODE

# 葛飾区 lies along the made-up river; by its JIS code with the check digit.
WARD_CODE, WARD_NAME = "131229", "葛飾区"
ORDER_MINUTE, LIFTED_MINUTE = 60, 150
ORDER_NAME = "DIS_order.json"
# Far from the rain: nothing but the order says that there is danger, so it is held and somebody is called (R9).
DRY_WARD_CODE, DRY_WARD_NAME = "131121", "世田谷区"
DRY_ORDER_NAME = "DIS_order_without_rain.json"
_CLOSED = 3
_BANDS = (OccupancyBand.EMPTY, OccupancyBand.FILLING, OccupancyBand.EMPTY, OccupancyBand.CROWDED)
_BY = "架空の当直"


@dataclass(frozen=True, slots=True)
class PostedFact:
    """A document that the demo's officer posts, and how the summary calls it."""

    name: str
    raw: bytes
    fact: str
    label: str
    at: datetime
    sent: datetime | None = None
    feed: str = FEED
    expectation: str = OutcomeKind.INFORMATIONAL.value


def orders(start: datetime, pace: float, *, lasts: timedelta | None = None) -> tuple[ScenarioDocument, ...]:
    """Return the order and its end, for an evening that starts at *start*; with *lasts* it names its own expiry."""
    return tuple(
        ScenarioDocument(
            timedelta(minutes=minute) * pace, name, _order(start, minute, pace, state, revision, lasts), outcome
        )
        for minute, name, state, revision, outcome in (
            (ORDER_MINUTE, ORDER_NAME, "発令", 1, OutcomeKind.NOTICE.value),
            (LIFTED_MINUTE, "DIS_order_lifted.json", "解除", 2, OutcomeKind.UPDATE.value),
        )
    )


def dry_order(at: datetime) -> ScenarioDocument:
    """Return an order of *at* by a ward where it does not rain: a mistake, or the first to know."""
    raw = _order(at, 0, 0, "発令", 1, None, (DRY_WARD_CODE, DRY_WARD_NAME))
    return ScenarioDocument(timedelta(0), DRY_ORDER_NAME, raw, OutcomeKind.HELD.value)


def _order(
    start: datetime,
    minute: int,
    pace: float,
    state: str,
    revision: int,
    lasts: timedelta | None,
    ward: tuple[str, str] = (WARD_CODE, WARD_NAME),
) -> bytes:
    code, name = ward
    at = (start + timedelta(minutes=minute) * pace).astimezone(JST).replace(microsecond=0)
    plain: dict[str, Any] = {
        "format": "shirase-dis",
        "version": 1,
        "id": f"kaku-order-{code}-{start.timestamp():.0f}",
        "revision": revision,
        "issuer": {"code": code, "name": name},
        "sent": at.isoformat(),
        "status": "Actual",
        "type": "発表" if revision == 1 else "更新",
        "orders": [
            {
                "level": "避難指示",
                "state": state,
                "hazard": "洪水",
                "areas": [{"name": name, "code": code}],
                "issued_at": at.isoformat(),
                **({"expires_at": (at + lasts).isoformat()} if lasts is not None else {}),
            }
        ],
    }
    return json.dumps(plain, ensure_ascii=False).encode()


def openings(shelters: Iterable[Shelter], at: datetime) -> tuple[ScenarioDocument, ...]:
    """Return what each ward says of its *shelters* at *at*: the states that the planner begins with, and how full."""
    by_ward: dict[str, list[Shelter]] = {}
    for shelter in shelters:
        by_ward.setdefault(shelter.ward, []).append(shelter)
    return tuple(
        ScenarioDocument(
            timedelta(0), f"DIS_shelters_{ward}.json", _opening(ward, found, at), OutcomeKind.INFORMATIONAL.value
        )
        for ward, found in sorted(by_ward.items())
    )


def _opening(ward: str, shelters: Iterable[Shelter], at: datetime) -> bytes:
    said = at.astimezone(JST).replace(microsecond=0).isoformat()
    rows: list[dict[str, Any]] = [
        {
            "id": one.id,
            "name": one.name,
            "as_of": said,
            "state": one.state.value,
            "lat": one.point.lat,
            "lng": one.point.lng,
            "fit_for": sorted(hazard.value for hazard in one.fit_for),
            **({"band": _BANDS[number % len(_BANDS)].value} if one.state is ShelterState.OPEN else {}),
        }
        for number, one in enumerate(shelters)
    ]
    plain: dict[str, Any] = {
        "format": "shirase-dis",
        "version": 1,
        "id": f"kaku-shelters-{ward}-{at.timestamp():.0f}",
        "revision": 1,
        "issuer": {"code": ward[:5], "name": BY_CODE[ward].name},
        "sent": said,
        "status": "Actual",
        "type": "発表",
        "shelters": rows,
    }
    return json.dumps(plain, ensure_ascii=False).encode()


def posts(
    plans: Iterable[EvacuationPlan], people: Mapping[Cell, int], bridges: Mapping[str, str], now: Iterator[datetime]
) -> Iterator[PostedFact]:
    """Yield what is posted after *plans* were published: closures of the roads that most people walk.

    *bridges* gives the name of each bridge by its road; *now* is asked at each post.
    """
    walkers: Counter[str] = Counter()
    for plan in plans:
        for entry in plan.cells:
            route = entry.parts[0].general.route
            for road in route.road_ids if route is not None else ():
                walkers[road] += people.get(entry.cell, 0)
    # Bridges first: what a river town fears for; then the streets, by people and name.
    busiest = sorted(walkers, key=lambda road: (road not in bridges, -walkers[road], road))[: _CLOSED + 1]
    for number, road in enumerate(busiest[:_CLOSED], start=1):
        label = bridges.get(road, f"架空第{number}通り")
        yield _closure(road, label, next(now), number, "closed")
    if len(busiest) > _CLOSED:
        label = bridges.get(busiest[_CLOSED], "架空第4通り")
        yield _closure(busiest[_CLOSED], label, next(now), 4, "reported", confidence="reported")
    if busiest:
        # The one that moved the most people was a mistake: exactly they are told so.
        number, road = max(enumerate(busiest[:_CLOSED], start=1), key=lambda pair: (walkers[pair[1]], pair[1]))
        label = bridges.get(road, f"架空第{number}通り")
        yield _closure(road, label, next(now), 5, "undone", undo=True)


def _closure(road: str, label: str, at: datetime, number: int, what: str, **more: Any) -> PostedFact:
    thing = f"kaku-{road.removeprefix('架空')}"
    fields: dict[str, Any] = {"roads": (road,), "name": label, "cause": "flooded", **more}
    raw = console_document("closure", thing, by=_BY, at=at, **fields)
    return PostedFact(f"post_{number}_{what}.json", raw, f"{thing}|{FEED}", label, at)
