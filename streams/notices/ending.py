"""End what has been told: the notice that lifts it or takes it back, ready before the first send.

For what has no document of ours to end it: drills, and drafts of gauges and feeds that a person let go. It
goes to those who were told and to nobody else (promise 9).
"""

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from alerts.claim import Lane, Release
from alerts.help_words import names_help, with_help
from alerts.languages.known import LANGUAGES
from alerts.notice import ENDS, Notice, NoticeKind, NoticePart, Phase, Recipients, Text
from alerts.notice_source import provenance_of
from alerts.order_words import ORDER_NAMES_JA, compose_order
from alerts.wording import PartFacts
from alerts.words import compose
from geo.change import NOTHING_TOLD
from streams.digest import approval_digest
from streams.notices.drill import as_drill
from streams.notices.edit import ground_of
from streams.payloads import Draft

_TO = {Phase.LIFTED: Recipients.TOLD, Phase.CANCELLED: Recipients.ALL_TOLD}


def ending_of(notice: Notice, phase: Phase, *, at: datetime, revision: int | None = None) -> Notice:
    """Return the notice that ends *notice* at *at*: lifted for who is there, cancelled for all who were told.

    Its words are composed from what the notice itself names: nothing is typed.
    """
    worst = notice.parts[0]
    names = tuple(dict.fromkeys(name for part in notice.parts for name in part.area_names))
    part = replace(
        worst,
        rank=0,
        phase=phase,
        recipients=_TO[phase],
        area_names=names,
        cells=ground_of(notice),
        texts=tuple(_words(notice, worst, names, phase, at)),
    )
    ended = replace(
        notice,
        revision=notice.revision + 1 if revision is None else revision,
        sent=at,
        received=at,
        # As long as what it ends, so that a phone that was off hears of it too.
        expires=max(notice.expires, at),
        parts=(part,),
        digest="",
        approved_by="",
        approved_at=at,
    )
    return replace(ended, digest=approval_digest(ended))


def draft_of_ending(ended: Notice, *, by: str) -> Draft:
    """Return the draft of *ended*; the end of one revision has one id, however often it is asked for."""
    (part,) = ended.parts
    name = f"{ended.lineage}|{ended.revision}|{part.phase.value}"
    return Draft(
        draft=hashlib.sha256(f"end|{name}".encode()).hexdigest()[:24],
        provenance=provenance_of(
            ended,
            kind="console-end",
            release=Release.DRAFT,
            outcome="cancel",
            source_ref=f"console:{by},{ended.lineage},{ended.sent.isoformat()}",
        ),
        complete=True,
        release=Release.DRAFT,
        notice=ended,
        told_after=NOTHING_TOLD,
    )


def why_no_end(notice: Notice, newest: int | None, lane: Lane | None) -> str:
    """Return why *notice* does not end what was sent: *newest* is its lineage's last revision, None if never sent."""
    if newest is None or not notice.parts:
        return "nothing-to-end"
    if any(part.phase not in ENDS or part.recipients not in _TO.values() for part in notice.parts):
        return "no-end"
    if notice.kind is NoticeKind.GO_THERE or notice.lane is not lane:
        return "other-lane"
    return "" if notice.revision == newest + 1 else "draft-superseded"


def _words(notice: Notice, worst: NoticePart, names: tuple[str, ...], phase: Phase, at: datetime) -> Iterable[Text]:
    facts = PartFacts(
        phase=phase,
        level=worst.level,
        severity=worst.severity,
        hazards=worst.hazards,
        area_names=names,
        issuer=notice.issuer,
        sent=at,
        expires=notice.expires,
    )
    ordered = worst.level in ORDER_NAMES_JA and any(
        ORDER_NAMES_JA[worst.level] in text.title for text in worst.texts if worst.level is not None
    )
    write = compose_order if ordered else compose
    for language in LANGUAGES:
        text = write(facts, language)
        text = with_help(text, worst.help_lines) if names_help(notice, worst) else text
        yield as_drill(text) if notice.lane is Lane.DRILL else text
