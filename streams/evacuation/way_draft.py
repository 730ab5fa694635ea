"""A draft of ways: what an approval of kind 3 covers, and the ways that fill its blanks (R14)."""

import hashlib
from dataclasses import replace

from alerts.claim import Release
from alerts.notice import Notice, NoticeKind, NoticePart, Order, PlanRef
from geo.cells import compact
from geo.change import NOTHING_TOLD
from routing.change import done_in
from routing.plan import CellAdvice
from streams.digest import approval_digest
from streams.notices.order_book import InForce
from streams.payloads import Draft

# What an approval names: another template or rule needs another approval.
TEMPLATE = "ways-1"
RULE = "nearest-open-fit-shelter-1"


def draft_of(
    order: InForce, parts: tuple[NoticePart, ...], plans: tuple[PlanRef, ...], revision: int, release: Release
) -> Draft:
    """Return the draft that tells *parts*; the same ways under the same order give the same draft id."""
    source = order.provenance
    covered = Order(
        lineage=order.lineage,
        document=source.document,
        issuer=source.issuer,
        cells=compact(order.cells),
        template=TEMPLATE,
        rule=RULE,
        expires=source.expires,
        help_lines=order.help_lines,
    )
    notice = Notice(
        lineage=order.ways,
        revision=revision,
        kind=NoticeKind.GO_THERE,
        lane=source.lane,
        document=source.document,
        feed=source.feed,
        issuer=source.issuer,
        sent=source.sent,
        received=source.received,
        expires=source.expires,
        parts=parts,
        digest="",
        approved_by="",
        approved_at=source.received,
        order=covered,
        plans=plans,
    )
    notice = replace(notice, digest=approval_digest(notice))
    ways = repr([(part.cells, part.way) for part in parts])
    name = f"{order.ways}|{revision}|{notice.digest}|{hashlib.sha256(ways.encode()).hexdigest()}"
    return Draft(
        draft=hashlib.sha256(name.encode()).hexdigest()[:24],
        provenance=replace(source, lineage=order.ways, revision=revision, release=release),
        complete=True,
        release=release,
        notice=notice,
        told_after=NOTHING_TOLD,
    )


def signature_of(entry: CellAdvice) -> str:
    """Return what tells two entries of a cell apart for a reader: another advice, shelter or way."""
    return hashlib.sha256(repr(done_in(entry)).encode()).hexdigest()[:16]
