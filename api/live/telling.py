"""The notices of a shard: what its people were told and still holds, and what ended, in the words of the push.

An order past its time stays, and says so (R10): its time ends the push, never the order.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from alerts.notice import SAID_OVER, NoticeKind
from alerts.order_words import says_order
from alerts.place import Cells, Shard
from api.known.state import Said, View
from api.live.body import Content
from api.live.dangers import hex_cells
from api.live.words import lapsed
from dispatch.message import picture_of, topic_and_tag
from geo.cells import split_by_shard

Pieces = Mapping[Shard, tuple[tuple[Said, Cells], ...]]


class Splitter:
    """Cuts notices at the borders of shards; each once, however often the view changes around it."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Said, Mapping[Shard, Cells]]] = {}

    def pieces(self, said: Iterable[Said], shards: frozenset[Shard]) -> Pieces:
        """Return for each of *shards* what was said there, in the order of *said*."""
        known, self._known = self._known, {}
        found: dict[Shard, list[tuple[Said, Cells]]] = {}
        for one in said:
            held = known.get(id(one))
            if held is None or held[0] is not one:
                cut = split_by_shard(one.part.cells)
                held = one, {shard: cells for shard, cells in cut.items() if shard in shards}
            self._known[id(one)] = held
            for shard, cells in held[1].items():
                found.setdefault(shard, []).append((one, cells))
        return {shard: tuple(parts) for shard, parts in found.items()}


def split(view: View, splitter: Splitter, shards: frozenset[Shard]) -> Pieces:
    """Return what *view* says in each of *shards*, ends included."""
    return splitter.pieces((*view.in_force, *view.ended), shards)


def notices_in(pieces: Iterable[tuple[Said, Cells]], shard: Shard, at: datetime) -> Content:
    """Return the notices of *shard*: warnings and orders in force, ways that were told, and ends."""
    in_force: list[dict[str, Any]] = []
    ended: list[dict[str, Any]] = []
    ways: dict[str, dict[str, Any]] = {}
    times: list[datetime] = []
    edges: list[datetime] = []
    told = tuple(pieces)
    ends = _ends(told)
    for said, cells in told:
        notice, over = said.notice, said.part.phase in SAID_OVER
        times.append(notice.received)
        if not over and notice.expires > at:
            edges.append(notice.expires)
        if notice.kind is NoticeKind.GO_THERE:
            if not over:
                _add_way(ways, _lasting(said, ends), cells, at)
            continue
        (ended if over else in_force).append(_listed(said, cells, at))
    return Content(
        {
            "shard": f"{shard:x}",
            "not_an_all_clear": True,
            "in_force": in_force,
            "ways": list(ways.values()),
            "ended": ended,
        },
        max(times, default=None),
        min(edges, default=None),
    )


def _ends(told: Iterable[tuple[Said, Cells]]) -> Mapping[str, datetime]:
    """Return the latest end that each lineage in force was given."""
    ends: dict[str, datetime] = {}
    for said, _ in told:
        if said.part.phase not in SAID_OVER:
            ends[said.notice.lineage] = max(said.notice.expires, ends.get(said.notice.lineage, said.notice.expires))
    return ends


def _lasting(said: Said, ends: Mapping[str, datetime]) -> Said:
    """Return a way that lasts as long as its order, which may have been extended after the way was told."""
    notice = said.notice
    end = ends.get(notice.order.lineage) if notice.order is not None else None
    return said if end is None or end <= notice.expires else replace(said, notice=replace(notice, expires=end))


def _listed(said: Said, cells: Cells, at: datetime) -> dict[str, Any]:
    notice, part = said.notice, said.part
    return {
        **_head(said, at),
        "phase": part.phase.value,
        "severity": part.severity.value,
        "hazards": [hazard.value for hazard in part.hazards],
        "areas": part.area_names,
        "received": notice.received,
        "cells": hex_cells(cells),
        "texts": {text.language: {"title": text.title, "body": text.body} for text in part.texts},
        "picture": None if part.picture is None else picture_of(part.picture),
    }


def _head(said: Said, at: datetime) -> dict[str, Any]:
    notice, part = said.notice, said.part
    late = notice.expires <= at and part.phase not in SAID_OVER
    return {
        "lineage": notice.lineage,
        "revision": notice.revision,
        "kind": int(notice.kind),
        "tag": topic_and_tag(notice.lineage, kind3=notice.kind is NoticeKind.GO_THERE),
        "level": None if part.level is None else int(part.level),
        "is_order": says_order(notice, part),
        "issuer": notice.issuer,
        "sent": notice.sent,
        "renew_by": notice.expires,
        "lapsed": {"since": notice.expires, "texts": lapsed(notice.expires)} if late else None,
    }


def _add_way(ways: dict[str, dict[str, Any]], said: Said, cells: Cells, at: datetime) -> None:
    """Put the cells of *said* to the other cells of its order: their words are in the plan, cell by cell."""
    notice = said.notice
    way = ways.get(notice.lineage)
    if way is None or way["revision"] < notice.revision:
        known = [] if way is None else way["cells"]
        way = ways[notice.lineage] = {
            **_head(said, at),
            "order": None if notice.order is None else notice.order.lineage,
            "cells": known,
        }
    way["cells"] = sorted({*way["cells"], *hex_cells(cells)})
