"""The record of an event afterwards: what was told when and where, to how many, and how fast.

Counts under 20 read "<20", and where one alone is hidden the next larger is hidden with it: the sum would give
it away. Times are those of the notices themselves; nobody's place is finer than a ward.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from alerts.duty import alone_by
from alerts.order_words import says_order
from api.known.entries import entries
from api.open_data.book import OpenBook, Published, names
from streams.payloads import ReceiptRecord

FEWEST = 20
HIDDEN = f"<{FEWEST}"


def event_of(book: OpenBook, tag: str) -> dict[str, Any] | None:
    """Return the record of the lineage *tag*, None where nothing was told of it."""
    published = book.event(tag)
    if not published:
        return None
    first, last = published[0], published[-1]
    return {
        "event": tag,
        "drill": first.drill,
        "began": first.notice.sent,
        "last_told": last.notice.approved_at,
        "in_force": any(one.holds for one in _newest_of_each(published)),
        "issuers": tuple(dict.fromkeys(one.notice.issuer for one in published)),
        "counts_below": f"Figures under {FEWEST} read {HIDDEN}.",
        "notices": [_told(one, book.receipts(one.notice.lineage)) for one in published],
        "cap": [f"/open/cap/{name}.xml" for name in names(published)],
    }


def hidden(counts: Mapping[str, int]) -> dict[str, int | str]:
    """Return *counts* with every figure hidden that says too much of a few people."""
    small = {name for name, number in counts.items() if 0 < number < FEWEST}
    others = sorted((number, name) for name, number in counts.items() if number >= FEWEST)
    if len(small) == 1 and others:
        # One hidden figure is the sum less the others.
        small.add(others[0][1])
    return {name: HIDDEN if name in small else number for name, number in sorted(counts.items())}


def _newest_of_each(published: Iterable[Published]) -> Iterable[Published]:
    return {one.notice.lineage: one for one in published}.values()


def _told(published: Published, receipts: Iterable[ReceiptRecord]) -> dict[str, Any]:
    notice = published.notice
    mine = [receipt for receipt in receipts if receipt.revision == notice.revision]
    return {
        "name": published.name,
        "kind": int(notice.kind),
        "revision": notice.revision,
        "issuer": notice.issuer,
        "sent": notice.sent,
        "received": notice.received,
        "approved": notice.approved_at,
        "by_one_person_alone": bool(alone_by(notice.approved_by)),
        "by_policy": notice.approved_by.startswith("policy"),
        "valid_until": notice.expires,
        "said": [
            {
                "phase": entry.part.phase.value,
                "level": None if entry.part.level is None else int(entry.part.level),
                "is_order": says_order(entry.notice, entry.part),
                "hazards": [hazard.value for hazard in entry.part.hazards],
                "areas": entry.area_names,
                "texts": {text.language: {"title": text.title, "body": text.body} for text in entry.texts},
            }
            for entry in entries((*published.ends, *(one for one in published.holds if one.notice is notice)))
        ],
        "sent_to": _counted(mine, notice.received),
    }


def _counted(receipts: list[ReceiptRecord], received: datetime) -> dict[str, Any] | None:
    """Return the sums over all workers; those who joined late are counted apart, and not in the latencies."""
    if not receipts:
        return None
    at_once = [receipt for receipt in receipts if receipt.tail == 0]
    outcomes: Counter[str] = Counter()
    wards: defaultdict[str, int] = defaultdict(int)
    for receipt in at_once:
        outcomes.update(receipt.outcomes)
        for ward, number in receipt.wards.items():
            wards[ward] += number
    first = min((one.first_accepted_ms for one in at_once if one.first_accepted_ms is not None), default=None)
    final = max((one.last_accepted_ms for one in at_once if one.last_accepted_ms is not None), default=None)
    selected = sum(receipt.selected for receipt in at_once)
    later = sum(receipt.selected for receipt in receipts if receipt.tail)
    return {
        "selected": _plain(selected),
        "joined_later": _plain(later),
        "outcomes": hidden(outcomes),
        "wards": hidden(wards),
        "first_accepted_after_seconds": _after(first, received),
        "last_accepted_after_seconds": _after(final, received),
    }


def _plain(number: int) -> int | str:
    return HIDDEN if 0 < number < FEWEST else number


def _after(at_ms: int | None, received: datetime) -> float | None:
    if at_ms is None:
        return None
    return round((datetime.fromtimestamp(at_ms / 1000, UTC) - received).total_seconds(), 3)
