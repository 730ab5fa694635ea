"""What the console holds closed: each can be taken back from here, long after the page of its post was left (R14)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

from alerts.road import RoadReport
from api.console.posted_page import undo_form
from api.console.posting_page import CAUSES_JA
from api.drawing.clock import clock
from api.officers.accounts import Session


@dataclass(frozen=True, slots=True)
class Closed:
    """A closure in force, and how many people it has moved so far."""

    road: RoadReport
    moved: int


def closed_section(closed: Sequence[Closed], session: Session, new_key: Callable[[], str], *, now: datetime) -> str:
    """Return the section of what is *closed*, "" where nothing is."""
    if not closed:
        return ""
    forms = "".join(undo_form(_title(one, now), one.road.id, one.moved, session, new_key()) for one in closed)
    return (
        f'<section id="closed"><h2>いまの通行止め（{len(closed)}件） <small lang="en">Closed now</small></h2>'
        f"<p>間違いなら、ここから取り消せます。</p>{forms}</section>"
    )


def _title(one: Closed, now: datetime) -> str:
    road = one.road
    name = road.place.name or "、".join(road.place.road_ids) or road.id
    moved = f"　{one.moved:,}人の行き先が変わった" if one.moved else ""
    since = clock(road.attribution.fact_at, now=now)
    return f"{escape(name)}　{CAUSES_JA.get(road.cause, '')}　{since}から{moved}"
