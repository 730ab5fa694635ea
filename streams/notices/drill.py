"""A drill of the console: a draft in the lane of drills, which never passes the stages of what is real.

It is proposed to the decider as it is: no map, no plan and no sign of danger ever hears of it, and the
selection gives its lane to subscribers of drills alone (promise 10).
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime

from alerts.cap import Severity
from alerts.claim import Lane, Release
from alerts.hazard import HazardKind
from alerts.languages.known import LANGUAGES, TABLES
from alerts.level import Level
from alerts.notice import Notice, NoticeKind, NoticePart, Phase, Recipients, Text
from alerts.notice_source import provenance_of
from alerts.order_words import compose_order
from alerts.place import Cells
from alerts.wording import PartFacts
from feeds.console import FEED
from geo.change import NOTHING_TOLD
from streams.digest import approval_digest
from streams.payloads import Draft
from streams.topics import DRILL_NOTICES, NOTICES, Topic

# Who approves in a rehearsal, played by the system. No account can be called so, and the decider lets it touch nothing
# but drills.
PRACTICE_SECOND = "rehearsal:second-person"

# Short before a body: place, what to do and when follow within the first forty characters (R15).
_MARKS = {
    "ja": ("【訓練】", "これは訓練です。"),
    "en": ("DRILL: ", "A drill. "),
    **{language: (words.names.drill_title, words.names.drill_body) for language, words in TABLES.items()},
}


@dataclass(frozen=True, slots=True)
class DrillOrder:
    """An order to leave that is practised."""

    thing: str
    level: Level
    hazard: HazardKind
    area_names: tuple[str, ...]
    cells: Cells
    issuer: str
    expires: datetime


def topic_of(lane: Lane) -> Topic:
    """Return the topic on which approved notices of *lane* stand: a drill on no other than its own."""
    return DRILL_NOTICES if lane is Lane.DRILL else NOTICES


def as_drill(text: Text) -> Text:
    """Return *text* with the word that it is a drill before everything else, in title and body."""
    title, body = _MARKS.get(text.language, _MARKS["en"])
    return Text(text.language, title + text.title, body + text.body)


def says_drill_first(text: Text) -> bool:
    """Say whether title and body of *text* begin with the word that it is a drill."""
    title, body = _MARKS.get(text.language, _MARKS["en"])
    return text.title.startswith(title) and text.body.startswith(body)


def drill_draft(order: DrillOrder, *, by: str, at: datetime) -> Draft:
    """Return the draft of *order* that *by* practises at *at*; the same order is the same draft."""
    lineage = "drill-" + hashlib.sha256(f"drill|{order.thing}".encode()).hexdigest()[:24]
    facts = PartFacts(
        phase=Phase.ISSUED,
        level=order.level,
        severity=Severity.EXTREME,
        hazards=(order.hazard,),
        area_names=order.area_names,
        issuer=order.issuer,
        sent=at,
        expires=order.expires,
    )
    part = NoticePart(
        rank=0,
        phase=Phase.ISSUED,
        recipients=Recipients.CELLS,
        level=order.level,
        severity=Severity.EXTREME,
        hazards=(order.hazard,),
        area_names=order.area_names,
        cells=order.cells,
        texts=tuple(as_drill(compose_order(facts, language)) for language in LANGUAGES),
    )
    document = hashlib.sha256(f"{lineage}|{at.isoformat()}".encode()).hexdigest()
    notice = Notice(
        lineage=lineage,
        revision=1,
        kind=NoticeKind.DANGER_IS_COMING,
        lane=Lane.DRILL,
        document=document,
        feed=FEED,
        issuer=order.issuer,
        sent=at,
        received=at,
        expires=order.expires,
        parts=(part,),
        digest="",
        approved_by="",
        approved_at=at,
    )
    notice = replace(notice, digest=approval_digest(notice))
    source = provenance_of(
        notice,
        kind="console-drill",
        release=Release.DRAFT,
        outcome="drill",
        source_ref=f"{FEED}:{by},{order.thing},{at.isoformat()}",
    )
    # By the order alone: a form that is sent twice has two times and is one drill.
    name = hashlib.sha256(f"{lineage}|draft".encode()).hexdigest()[:24]
    return Draft(name, source, True, Release.DRAFT, notice, NOTHING_TOLD)
