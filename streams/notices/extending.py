"""Extend an order that runs out: the same order, cells and words of what to do, and a later end. A draft, always.

A new end is another digest, so nobody's earlier approval lets it out: it waits for a person as every draft does
(R14). It is made from what went out last and not from the order's own document: what an approver had left out
stays out.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from alerts.claim import Lane, Release
from alerts.extension_words import compose_extension
from alerts.help_words import names_help, with_help
from alerts.languages.known import LANGUAGES
from alerts.notice import SAID_OVER, Notice, NoticeKind, NoticePart, Phase, Recipients, Text
from alerts.notice_source import provenance_of
from alerts.order_words import says_order
from alerts.place import Cells
from alerts.wording import PartFacts
from geo.cells import difference
from geo.change import NOTHING_TOLD
from streams.digest import approval_digest
from streams.notices.drill import as_drill
from streams.notices.edit import ground_of
from streams.payloads import Draft

EXTENSION = "console-extension"
# It is no document of its source: among those it has no place, and none is older because of it.
_NO_DOCUMENT = 0


def extension_of(notice: Notice, until: datetime, *, at: datetime) -> Notice:
    """Return the next revision of *notice*, which ends at *until*; parts that are over are left out.

    To everybody in the cells, not only to who was told: whoever came since may have nothing but an expired push.
    """
    parts = tuple(
        replace(part, phase=Phase.CHANGED, recipients=Recipients.CELLS, texts=tuple(_words(notice, part, until, at)))
        for part in notice.parts
        if part.phase not in SAID_OVER
    )
    extended = replace(
        notice,
        revision=notice.revision + 1,
        sent=at,
        received=at,
        expires=until,
        parts=parts,
        digest="",
        approved_by="",
        approved_at=at,
    )
    return replace(extended, digest=approval_digest(extended))


def draft_of_extension(extended: Notice, *, by: str) -> Draft:
    """Return the draft of *extended*; one revision until one moment has one id, however often it is asked for."""
    name = f"{extended.lineage}|{extended.revision}|{extended.expires.isoformat()}"
    provenance = provenance_of(
        extended,
        kind=EXTENSION,
        release=Release.DRAFT,
        outcome="update",
        source_ref=f"console:{by},{extended.lineage},{extended.sent.isoformat()}",
    )
    return Draft(
        draft=hashlib.sha256(f"extend|{name}".encode()).hexdigest()[:24],
        provenance=replace(provenance, revision=_NO_DOCUMENT),
        complete=True,
        release=Release.DRAFT,
        notice=extended,
        told_after=NOTHING_TOLD,
        # Who asks for it is no second person for it, whoever wrote the order.
        edited_by=(by,),
    )


def is_extension(draft: Draft) -> bool:
    """Say whether *draft* gives an order that went out a later end."""
    return draft.provenance.kind == EXTENSION


def why_no_extension(notice: Notice, newest: int | None, lane: Lane | None, standing: Cells) -> str:
    """Return why *notice* does not extend what was sent, empty when it does.

    *newest* is its lineage's last revision (None: never sent), *standing* where the lineage still holds.
    """
    if newest is None or not notice.parts:
        return "nothing-to-extend"
    if not standing:
        return "order-ended"
    if any(part.phase is not Phase.CHANGED or part.recipients is not Recipients.CELLS for part in notice.parts):
        return "no-extension"
    if notice.kind is NoticeKind.GO_THERE or notice.lane is not lane:
        return "other-lane"
    if difference(ground_of(notice), standing):
        return "extension-widens"
    return "" if notice.revision == newest + 1 else "draft-superseded"


def _words(notice: Notice, part: NoticePart, until: datetime, at: datetime) -> Iterable[Text]:
    if not says_order(notice, part):
        # A warning beside the order says nothing of the order's end.
        return part.texts
    facts = PartFacts(
        phase=Phase.CHANGED,
        level=part.level,
        severity=part.severity,
        hazards=part.hazards,
        area_names=part.area_names,
        issuer=notice.issuer,
        sent=at,
        expires=until,
    )
    lines = part.help_lines if names_help(notice, part) else ()
    texts = (with_help(compose_extension(facts, language), lines) for language in LANGUAGES)
    return [as_drill(text) for text in texts] if notice.lane is Lane.DRILL else list(texts)
