"""The ways of a shard: what the people of each cell are to do, to which shelter, and along which streets.

The phone picks the entry of its own cell; where a river or railway cuts a cell, the part in which it stands.
Lines are encoded polylines with five digits (lat, lng): a metre, in a fifth of the bytes.
"""

from collections.abc import Iterable
from typing import Any

from alerts.place import LatLng, Shard
from api.live.body import Content
from routing.go_up import row
from routing.plan import Answer, CellAdvice, EvacuationPlan, Part, Route

# What a push carries too; who wants all of them follows the line.
TURNS_TOLD = 6
_UNIT = 1e-5


def plan_in(plan: EvacuationPlan | None, shard: Shard) -> Content:
    """Return *plan* as residents' pages read it; without one no order is in force, which is no all-clear."""
    if plan is None:
        said: dict[str, Any] = {"version": None, "plan_digest": None, "hazards": [], "cells": []}
    else:
        said = {
            "version": plan.version,
            "plan_digest": plan.digest,
            "hazards": [kind.value for kind in plan.hazards],
            "cells": [_entry(entry) for entry in plan.cells],
        }
    return Content({"shard": f"{shard:x}", "not_an_all_clear": True, **said}, None if plan is None else plan.facts_at)


def polyline(points: Iterable[LatLng]) -> str:
    """Return *points* as an encoded polyline with five digits."""
    written: list[str] = []
    before = (0, 0)
    for point in points:
        here = (round(point.lat / _UNIT), round(point.lng / _UNIT))
        for old, new in zip(before, here, strict=True):
            step = new - old
            number = ~(step << 1) if step < 0 else step << 1
            while number >= 0x20:
                written.append(chr((0x20 | (number & 0x1F)) + 63))
                number >>= 5
            written.append(chr(number + 63))
        before = here
    return "".join(written)


def _entry(entry: CellAdvice) -> dict[str, Any]:
    return {"cell": f"{entry.cell:x}", "ward": entry.ward, "parts": [_part(part) for part in entry.parts]}


def _part(part: Part) -> dict[str, Any]:
    return {
        "outline": polyline(part.outline) or None,
        "general": _answer(part.general),
        # None where it is the same: most ways have no steps, and the line is most of the bytes.
        "step_free": None if part.step_free == part.general else _answer(part.step_free),
    }


def _answer(answer: Answer) -> dict[str, Any]:
    said: dict[str, Any] = {"advice": answer.advice.value, "why": answer.why.value}
    if answer.leave_by is not None:
        said["leave_by"] = answer.leave_by
    if answer.refuge:
        said["refuge"] = answer.refuge
    if answer.action:
        words = row(answer.action, refuge=answer.refuge)
        said["action"] = {"key": answer.action, "ja": words.ja, "en": words.en}
    if answer.sites:
        said["sites"] = answer.sites
    if answer.route is not None:
        said["route"] = _route(answer.route)
    return said


def _route(route: Route) -> dict[str, Any]:
    return {
        "shelter": route.shelter_id,
        "name": route.shelter_name,
        "offer": route.offer.value,
        "walk_minutes": -(-route.walk_seconds // 60),
        "slow_minutes": -(-route.slow_seconds // 60),
        "metres": route.metres,
        "turns": [
            {"metres": turn.metres, "street": turn.street, "side": turn.side.value, "at": turn.at}
            for turn in route.turns[:TURNS_TOLD]
        ],
        "line": polyline(route.line),
        "unconfirmed": [{"report": one.report_id, "reported_at": one.reported_at} for one in route.unconfirmed],
    }
