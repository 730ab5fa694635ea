"""The same order by another way, or entered twice: one lineage and no second push (R16).

A municipality's order reaches us from its own system, through L-Alert, and back from what we sent out
ourselves. Documents are compared by what they order (level, danger, whether it holds, where), never by
their words or ids. Two documents that order the same within two hours are one; two that agree on the
order and not on its area are held for both officers, because one of them is wrong about somebody's street.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from alerts.alert import GEOCODE_CLASS20, Area
from alerts.cap import MsgType, ResponseType
from alerts.report import Report

# The same order within this long is the same order; after it, somebody may well mean it again.
WITHIN = timedelta(hours=2)
WHOLE = "全域"
_NUMERALS = "〇一二三四五六七八九"
_PREFECTURE = re.compile(r"^(?:東京都|北海道|(?:京都|大阪)府|.{2,3}県)")

# Level, danger, and whether it holds: what areas are compared under.
OrderKey = tuple[int, str, bool]


class Verdict(StrEnum):
    """What a document of orders is beside those that are known."""

    NEW = "new"
    UPDATE = "update"  # of a thread that is known, by whatever way
    RETURNED = "order-returned"
    AREAS_DIFFER = "order-areas-differ"


@dataclass(frozen=True, slots=True)
class OrderSaid:
    """The newest that a thread ordered: by which feed and under which name it came, when, and each order's areas."""

    thread: str
    name: str
    feed: str
    lineage: str
    received: datetime
    orders: Mapping[OrderKey, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Judged:
    """What becomes of a document: the thread that it belongs to, and for a person what differs."""

    verdict: Verdict
    thread: str
    lineage: str = ""
    detail: str = ""


def orders_of(report: Report) -> Mapping[OrderKey, frozenset[str]]:
    """Return what *report* orders; nothing for a report of facts. A cancel is one order that no longer holds."""
    found: dict[OrderKey, frozenset[str]] = {}
    if report.alert.msg_type is MsgType.CANCEL:
        return {(0, "", False): frozenset({WHOLE})}
    for info in report.alert.infos:
        holds = ResponseType.EVACUATE in info.response_types
        if info.level is None or not (holds or ResponseType.ALL_CLEAR in info.response_types):
            continue
        key = (int(info.level), info.hazard.value, holds)
        here = frozenset(area_key(area, info.sender_name) for area in info.areas)
        found[key] = found.get(key, frozenset()) | here
    return found


def area_key(area: Area, issuer: str) -> str:
    """Return one name for a place however it is written: 平井1丁目, 平井一丁目, 東京都江戸川区平井一丁目."""
    if any(code.value_name == GEOCODE_CLASS20 for code in area.geocodes):
        return WHOLE if len({code.value for code in area.geocodes}) == 1 else area.geocodes[0].value
    name = "".join(unicodedata.normalize("NFKC", area.description).split())
    name = re.sub(r"(\d{1,2})(?=丁目)", lambda found: _kanji(int(found.group(1))), name)
    bare = _PREFECTURE.sub("", name)
    return bare.removeprefix(_PREFECTURE.sub("", issuer)) or WHOLE


def judge(
    known: Iterable[OrderSaid],
    aliases: Mapping[str, str],
    report: Report,
    *,
    at: datetime,
    within: timedelta = WITHIN,
) -> Judged:
    """Return what *report* is beside the *known* newest documents of its municipality.

    *aliases* are threads that were found to be another's return. Errs towards holding: what agrees on an
    order and overlaps in area without being the same is for a person, never merged and never told twice.
    """
    thread = aliases.get(report.thread, report.thread)
    said = {one.thread: one for one in known}
    orders = orders_of(report)
    own = said.get(thread)
    if own is not None:
        another_way = own.feed != report.feed or own.name != report.thread
        if another_way and own.orders == orders and abs(at - own.received) <= within:
            return Judged(Verdict.RETURNED, thread, own.lineage)
        return Judged(Verdict.UPDATE, thread, own.lineage)
    recent = sorted(
        (one for one in said.values() if abs(at - one.received) <= within), key=lambda one: (one.received, one.thread)
    )
    for one in recent:
        if orders and all(one.orders.get(key) == areas for key, areas in orders.items()):
            # A part of what is known is no news either, but it must not go on in its place.
            return Judged(Verdict.RETURNED, one.thread if one.orders == orders else report.thread, one.lineage)
    for one in recent:
        detail = _difference(one.orders, orders)
        if detail:
            return Judged(Verdict.AREAS_DIFFER, thread, one.lineage, detail)
    return Judged(Verdict.NEW, thread)


def _difference(before: Mapping[OrderKey, frozenset[str]], after: Mapping[OrderKey, frozenset[str]]) -> str:
    """Return for a person which places only one of two documents names; "" where they speak of other places."""
    lines = []
    for key in sorted(before.keys() & after.keys()):
        old, new = before[key], after[key]
        # The whole municipality overlaps with every part of it.
        overlaps = bool(old & new) or WHOLE in old | new
        if old != new and overlaps and key[0]:
            only_old, only_new = "、".join(sorted(old - new)), "、".join(sorted(new - old))
            lines.append(f"level {key[0]} {key[1]}: only before {only_old or '-'}; only now {only_new or '-'}")
    return " / ".join(lines)


def _kanji(number: int) -> str:
    tens, ones = divmod(number, 10)
    return f"{'' if tens < 2 else _NUMERALS[tens]}{'十' if tens else ''}{_NUMERALS[ones] if ones or not tens else ''}"


# --------------------------------------------------------------------------------- plain, for tables


def said_of(report: Report, name: str, lineage: str) -> OrderSaid:
    """Return what is remembered of *report*, which called itself a document of thread *name*."""
    return OrderSaid(report.thread, name, report.feed, lineage, report.received, orders_of(report))


def to_plain(said: OrderSaid) -> dict[str, Any]:
    """Return *said* as what JSON can hold."""
    return {
        "thread": said.thread,
        "name": said.name,
        "feed": said.feed,
        "lineage": said.lineage,
        "received": said.received.isoformat(),
        "orders": [[*key, sorted(areas)] for key, areas in sorted(said.orders.items())],
    }


def from_plain(plain: Mapping[str, Any]) -> OrderSaid:
    """Return what `to_plain` wrote."""
    return OrderSaid(
        thread=plain["thread"],
        name=plain["name"],
        feed=plain["feed"],
        lineage=plain["lineage"],
        received=datetime.fromisoformat(plain["received"]),
        orders={(level, hazard, holds): frozenset(areas) for level, hazard, holds, areas in plain["orders"]},
    )


def as_thread(report: Report, thread: str) -> Report:
    """Return *report* as a document of *thread*; another way's numbers say nothing about it."""
    return report if thread == report.thread else replace(report, thread=thread, serial=0)
