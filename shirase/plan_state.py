"""The ways as they were published, and why a shelter was taken and a nearer one was not."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import h3.api.basic_int as h3

from alerts.place import Cell, LatLng, Shard
from alerts.road import RoadReport
from alerts.shelter import ShelterReport
from geo.cells import shard_of
from routing.network import metres_between
from routing.plan import Answer, CellAdvice, EvacuationPlan
from routing.shelter import Shelter, why_unusable
from streams.brokers.client import Record, read_to_end
from streams.evacuation.fact_book import FactBook
from streams.evacuation.town import Town
from streams.ingest.acceptance import epoch_ms
from streams.ingest.facts import is_heartbeat
from streams.topics import CLOSURES, PLANS, SHELTERS
from streams.wire import decode

_NEARER_TOLD = 5


def plans_at(bootstrap: str, at: datetime | None) -> dict[Shard, EvacuationPlan]:
    """Return the newest plan of every shard that was published by *at*.

    Of the past only as far back as the topic was not compacted: an hour is kept for certain.
    """
    found: dict[Shard, EvacuationPlan] = {}
    for record in _until(bootstrap, PLANS.name, at):
        if record.value is not None:
            plan = decode(EvacuationPlan, record.value)
            found[plan.shard] = plan
    return found


def facts_at(bootstrap: str, town: Town, at: datetime | None) -> FactBook:
    """Return what was said of roads and shelters by *at*."""
    book = FactBook(town.network, town.sites)
    for record in _until(bootstrap, CLOSURES.name, at):
        if record.value is not None and not is_heartbeat(record.key):
            book.hear_road(decode(RoadReport, record.value))
    for record in _until(bootstrap, SHELTERS.name, at):
        if record.value is not None and not is_heartbeat(record.key):
            book.hear_shelter(decode(ShelterReport, record.value))
    return book


def geojson_of(plans: Iterable[EvacuationPlan]) -> dict[str, Any]:
    """Return the ways as GeoJSON lines, and as points where there is none, with advice and reason."""
    features = []
    for plan in plans:
        for entry in plan.cells:
            for number, part in enumerate(entry.parts):
                answer, lat_lng = part.general, h3.cell_to_latlng(entry.cell)
                line = [[point.lng, point.lat] for point in answer.route.line] if answer.route else []
                whole = len(line) > 1
                geometry = {
                    "type": "LineString" if whole else "Point",
                    "coordinates": line if whole else [lat_lng[1], lat_lng[0]],
                }
                features.append({"type": "Feature", "geometry": geometry, "properties": _said(plan, entry, number)})
    return {"type": "FeatureCollection", "features": features}


def _said(plan: EvacuationPlan, entry: CellAdvice, number: int) -> dict[str, Any]:
    answer = entry.parts[number].general
    said: dict[str, Any] = {
        "cell": f"{entry.cell:x}",
        "part": number,
        "advice": answer.advice.value,
        "why": answer.why.value,
        "step_free": entry.parts[number].step_free.advice.value,
        "plan": f"{plan.shard:x}/{plan.version}",
        "digest": plan.digest,
        "facts_at": plan.facts_at.isoformat(),
    }
    if answer.route is not None:
        said |= {
            "shelter": answer.route.shelter_id,
            "name": answer.route.shelter_name,
            "walk_seconds": answer.route.walk_seconds,
            "slow_seconds": answer.route.slow_seconds,
            "metres": answer.route.metres,
        }
    return said


def explained(cell: Cell, plan: EvacuationPlan | None, shelters: Iterable[Shelter]) -> list[str]:
    """Return lines for an officer: what the people of *cell* are told, why, and why not the nearer sites."""
    entry = plan.advice_of(cell) if plan is not None else None
    if plan is None or entry is None:
        return ["way: no order is in force here, so that no way was told"]
    lines = [f"way: plan version {plan.version}, facts of {plan.facts_at.isoformat()}, digest {plan.digest[:12]}"]
    for number, part in enumerate(entry.parts):
        here = f"part {number + 1} of {len(entry.parts)}, " if len(entry.parts) > 1 else ""
        lines.append(f"  {here}everybody: {_answer(part.general)}")
        lines.append(f"  {here}step-free: {_answer(part.step_free)}")
    return [*lines, *_nearer(cell, entry, plan, shelters)]


def _answer(answer: Answer) -> str:
    if answer.route is None:
        by = f", by {answer.leave_by.isoformat()}" if answer.leave_by else ""
        to = f", {answer.refuge}" if answer.refuge else ""
        return f"{answer.advice.value} ({answer.why.value}{by}{to})"
    route = answer.route
    return (
        f"{answer.advice.value} to {route.shelter_name} ({answer.why.value}, {route.offer.value}): "
        f"{-(-route.walk_seconds // 60)} min, slowly {-(-route.slow_seconds // 60)} min, {route.metres} m"
    )


def _nearer(cell: Cell, entry: CellAdvice, plan: EvacuationPlan, shelters: Iterable[Shelter]) -> Iterator[str]:
    """Say of each site that is nearer as the crow flies why it was not taken."""
    route = entry.parts[0].general.route
    here = LatLng(*h3.cell_to_latlng(cell))
    reach = metres_between(here, route.line[-1]) if route is not None else float("inf")
    taken = route.shelter_id if route is not None else ""
    near = sorted((metres_between(here, site.point), site.id, site) for site in shelters if site.id != taken)
    for metres, _, site in near[:_NEARER_TOLD]:
        if metres >= reach:
            return
        why = why_unusable(site, set(plan.hazards))
        reason = why.value if why else "its way is longer, or it has no room"
        yield f"  not {site.name} ({metres:.0f} m as the crow flies): {reason}"


def shard_plan(cell: Cell, plans: dict[Shard, EvacuationPlan]) -> EvacuationPlan | None:
    """Return the plan that speaks of *cell*."""
    return plans.get(shard_of(cell))


def _until(bootstrap: str, topic: str, at: datetime | None) -> Iterator[Record]:
    last = None if at is None else epoch_ms(at)
    for record in read_to_end(bootstrap, topic):
        if last is None or record.timestamp_ms <= last:
            yield record
